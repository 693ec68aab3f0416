package gateway

// globalServices have one endpoint for all Regions, and since 22 November 2021
// their events in us-east-1 (CloudTrail User Guide, "Region and global service
// events"), whatever Region signed the request. STS is not among them: it has
// an endpoint in each Region.
var globalServices = map[string]bool{
	"iam": true, "cloudfront": true, "route53": true, "organizations": true,
}
