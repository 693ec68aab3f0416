package selector

import (
	"encoding/json"

	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/region"
)

// Event is an event as selectors look at it. Its JSON is read when a selector
// first asks for something that the entry does not hold; most never do.
type Event struct {
	Entry *history.Entry
	body  *body
}

// Of makes an Event of an entry.
func Of(entry *history.Entry) *Event { return &Event{Entry: entry} }

// body is what selectors ask of a record.
type body struct {
	UserIdentity struct {
		ARN string `json:"arn"`
	} `json:"userIdentity"`
	ErrorCode     string     `json:"errorCode"`
	RequestID     string     `json:"requestID"`
	Resources     []resource `json:"resources"`
	EventType     string     `json:"eventType"`
	VPCEndpointID string     `json:"vpcEndpointId"`
	TLSDetails    struct {
		Host string `json:"clientProvidedHostHeader"`
	} `json:"tlsDetails"`
	FromConsole string `json:"sessionCredentialFromConsole"`
}

type resource struct {
	Type string `json:"type"`
	ARN  string `json:"ARN"`
	// Prefix stands in for the ARN where a call names no single object.
	Prefix string `json:"ARNPrefix"`
}

// arn is what selectors compare.
func (r *resource) arn() string {
	if r.ARN != "" {
		return r.ARN
	}
	return r.Prefix
}

// read returns the record. One that is no JSON, which the journal's checksums
// rule out, has nothing that a selector could ask for.
func (e *Event) read() *body {
	if e.body == nil {
		e.body = new(body)
		if err := json.Unmarshal(e.Entry.JSON, e.body); err != nil {
			*e.body = body{}
		}
	}
	return e.body
}

// RequestID is that of the call.
func (e *Event) RequestID() string { return e.read().RequestID }

// readOnly is "true" or "false". What is not said to be read-only may have
// changed something.
func (e *Event) readOnly() string {
	if e.Entry.ReadOnly == "true" {
		return "true"
	}
	return "false"
}

// globalSources are the services whose events are recorded in region.Global
// wherever the call came from (CloudTrail User Guide, "Region and global service
// events").
var globalSources = map[string]bool{
	"iam.amazonaws.com": true, "cloudfront.amazonaws.com": true,
	"route53.amazonaws.com": true, "organizations.amazonaws.com": true,
}

// Global reports whether an event is one of a global service. STS is one where
// it was called by its global endpoint; its others belong to their Regions.
func (e *Event) Global() bool {
	switch {
	case e.Entry.Region != region.Global:
		return false
	case e.Entry.EventSource == "sts.amazonaws.com":
		return e.read().TLSDetails.Host == "sts.amazonaws.com"
	}
	return globalSources[e.Entry.EventSource]
}
