package record

import "github.com/cairn-audit/cairn/event"

// What a network activity event says of a call that the policy of its VPC
// endpoint denied: always the same, whatever the service answered (CloudTrail
// User Guide, "CloudTrail record contents").
const (
	vpceDenied        = "VpceAccessDenied"
	vpceDeniedMessage = "The request was denied due to a VPC endpoint policy"
)

// networkActivity writes the event that the owner of a VPC endpoint gets of a
// call. It tells who called what through which endpoint, and no more: the
// endpoint's owner need not be the caller's, nor the resource's. Its members are
// those of the examples in "Understanding CloudTrail events", where each has a
// sharedEventID, also when nobody else gets an event.
func networkActivity(rules *serviceRules, c *Call) *event.Event {
	e := &event.Event{
		EventVersion:         event.Version,
		UserIdentity:         c.Identity,
		EventTime:            event.Time{Time: c.Time},
		EventSource:          eventSource(rules, c),
		EventName:            eventName(rules, c),
		AWSRegion:            c.Region,
		SourceIPAddress:      c.SourceIP,
		RequestID:            truncate(c.RequestID, shortLimit),
		EventID:              c.EventID,
		EventType:            event.TypeVPCEvent,
		RecipientAccountID:   c.AccountID,
		SharedEventID:        c.SharedEventID,
		VPCEndpointID:        c.VPCEndpointID,
		VPCEndpointAccountID: c.VPCEndpointAccountID,
		EventCategory:        event.CategoryNetworkActivity,
	}
	if c.NetworkActivity == Stopped {
		e.ErrorCode, e.ErrorMessage = vpceDenied, vpceDeniedMessage
	}
	return e
}
