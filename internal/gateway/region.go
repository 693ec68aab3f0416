package gateway

// regions are AWS's ("AWS Regions", 2026). A credential scope may hold anything.
// A call that is signed for another is recorded in the gateway's own Region:
// LookupEvents answers by Region, and nobody looks in one that does not exist.
var regions = map[string]bool{
	"af-south-1": true, "ap-east-1": true, "ap-east-2": true, "ap-northeast-1": true, "ap-northeast-2": true,
	"ap-northeast-3": true, "ap-south-1": true, "ap-south-2": true, "ap-southeast-1": true, "ap-southeast-2": true,
	"ap-southeast-3": true, "ap-southeast-4": true, "ap-southeast-5": true, "ap-southeast-6": true, "ap-southeast-7": true,
	"ca-central-1": true, "ca-west-1": true, "cn-north-1": true, "cn-northwest-1": true, "eu-central-1": true,
	"eu-central-2": true, "eu-north-1": true, "eu-south-1": true, "eu-south-2": true, "eu-west-1": true,
	"eu-west-2": true, "eu-west-3": true, "eusc-de-east-1": true, "il-central-1": true, "me-central-1": true,
	"me-south-1": true, "mx-central-1": true, "sa-east-1": true, "us-east-1": true, "us-east-2": true,
	"us-gov-east-1": true, "us-gov-west-1": true, "us-west-1": true, "us-west-2": true,
}

// globalRegion is where the events of global services are recorded.
const globalRegion = "us-east-1"

// globalServices have one endpoint for all Regions, and since 22 November 2021
// their events in us-east-1 (CloudTrail User Guide, "Region and global service
// events"), whatever Region signed the request. STS is not among them: it has
// an endpoint in each Region.
var globalServices = map[string]bool{
	"iam": true, "cloudfront": true, "route53": true, "organizations": true,
}
