package selector

import (
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

// body is what selectors ask of a record: the values as they stand in its JSON.
type body struct {
	userIdentity, errorCode, requestID, eventType, vpcEndpointID, tlsDetails, fromConsole []byte

	resources []resource
}

// resource is one of an event. Its ARN is an ARN's prefix where the call names no
// single object.
type resource struct{ kind, arn string }

func readResources(raw []byte) []resource {
	var list []resource
	for element := range elements(raw) {
		var r resource
		prefix := ""
		for name, value := range members(element) {
			switch string(name) {
			case "type":
				r.kind = text(value)
			case "ARN":
				r.arn = text(value)
			case "ARNPrefix":
				prefix = text(value)
			}
		}
		if r.arn == "" {
			r.arn = prefix
		}
		list = append(list, r)
	}
	return list
}

// read returns the record. One that is no JSON, which the journal's checksums
// rule out, has nothing that a selector could ask for.
func (e *Event) read() *body {
	if e.body != nil {
		return e.body
	}
	b := new(body)
	e.body = b
	for name, value := range members(e.Entry.JSON) {
		switch string(name) {
		case "userIdentity":
			b.userIdentity = value
		case "errorCode":
			b.errorCode = value
		case "requestID":
			b.requestID = value
		case "eventType":
			b.eventType = value
		case "vpcEndpointId":
			b.vpcEndpointID = value
		case "tlsDetails":
			b.tlsDetails = value
		case "sessionCredentialFromConsole":
			b.fromConsole = value
		case "resources":
			b.resources = readResources(value)
		}
	}
	return b
}

// RequestID is that of the call.
func (e *Event) RequestID() string { return text(e.read().requestID) }

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
		return textOf(e.read().tlsDetails, "clientProvidedHostHeader") == "sts.amazonaws.com"
	}
	return globalSources[e.Entry.EventSource]
}
