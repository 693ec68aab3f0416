package cloudtrail

import (
	"regexp"
	"strings"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/services/channel"
	"github.com/cairn-audit/cairn/internal/trail"
)

// resource is what an ARN of CloudTrail's names: a trail or a channel, or
// neither, where it is of a kind that nobody has here.
type resource struct {
	trail   *trail.Ref
	channel *channel.Reference
}

var dashboardARN = regexp.MustCompile(`^arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:[0-9]{12}:dashboard/[a-zA-Z0-9._-]+$`)

// ofKind reports whether an ARN is one of CloudTrail's for a kind of resource,
// whether or not its end has the right form.
func ofKind(arn, kind string) bool {
	parts := strings.SplitN(arn, ":", 6)
	return len(parts) == 6 && parts[0] == "arn" && parts[2] == "cloudtrail" && strings.HasPrefix(parts[5], kind+"/")
}

// readTagged reads the ARN of a resource that can have tags.
func readTagged(c *awsapi.Call, arn string) (resource, error) {
	if r, ok := trail.ParseARN(arn); ok {
		return resource{trail: &r}, checkTrailName(r.Name)
	}
	switch {
	case ofKind(arn, "channel"):
		r, ok := channel.ParseReference(arn, c.AccountID, c.Region)
		if !ok {
			return resource{}, refusef("ChannelARNInvalidException", "%q is not the ARN of a channel.", arn)
		}
		return resource{channel: &r}, nil
	case ofKind(arn, "eventdatastore"):
		return resource{}, noStore(arn)
	case dashboardARN.MatchString(arn):
		return resource{}, noResource(arn)
	case ofKind(arn, "dashboard") || ofKind(arn, "trail"), !strings.HasPrefix(arn, "arn:"):
		return resource{}, refusef("CloudTrailARNInvalidException", "%q is not the ARN of a resource of CloudTrail.", arn)
	}
	return resource{}, refusef("ResourceTypeNotSupportedException", "%q is not the ARN of a trail, an event data store, a dashboard or a channel.", arn)
}

func noResource(arn string) error {
	return refusef("ResourceNotFoundException", "Resource not found: %s", arn)
}

// noStore refuses an event data store, of which there are none: CloudTrail Lake
// is closed to new customers.
func noStore(given string) error {
	if !storeARN.MatchString(given) && !storeID.MatchString(given) {
		return refusef("EventDataStoreARNInvalidException", "%q is neither the ARN nor the ID of an event data store.", given)
	}
	return refuse("EventDataStoreNotFoundException", "The specified event data store was not found.")
}
