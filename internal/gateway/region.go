package gateway

import "regexp"

// regionName is the form of a Region's name. A credential scope may hold
// anything; what is not a Region is not recorded as one.
var regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$`)

// globalRegion is where the events of global services are recorded.
const globalRegion = "us-east-1"

// globalServices have one endpoint for all Regions, and since 22 November 2021
// their events in us-east-1 (CloudTrail User Guide, "Region and global service
// events"), whatever Region signed the request. STS is not among them: it has
// an endpoint in each Region.
var globalServices = map[string]bool{
	"iam": true, "cloudfront": true, "route53": true, "organizations": true,
}
