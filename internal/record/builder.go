package record

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
)

// Builder writes events. It may be shared by goroutines.
type Builder struct {
	// historic is EC2's model of 2014-10-01: an EC2 operation that it has is
	// written in the legacy style. 103 of 103 legacy and 92 of 92 wrapped
	// operations observed obey.
	historic *awsapi.Service

	rules  sync.Map // service id → *serviceRules
	legacy sync.Map // *awsapi.Operation → *legacyPlan
}

// New returns a Builder over the catalog's models.
func New(catalog *awsapi.Catalog) (*Builder, error) {
	historic, err := catalog.Service("ec2-2014-10-01")
	if err != nil {
		return nil, fmt.Errorf("read the model that tells EC2's legacy operations: %w", err)
	}
	return &Builder{historic: historic}, nil
}

var null = json.RawMessage("null")

// Build writes the event of a call. It always gives one: what a call's values
// are worth is for its backend to judge, and no call may go without a record.
func (b *Builder) Build(c *Call) *event.Event {
	rules := b.serviceRules(c.Operation)
	if c.NetworkActivity != NotNetworkActivity {
		return networkActivity(rules, c)
	}
	e := &event.Event{
		EventVersion:         event.Version,
		EventTime:            event.Time{Time: c.Time},
		EventSource:          eventSource(rules, c),
		EventName:            eventName(rules, c),
		AWSRegion:            c.Region,
		RequestParameters:    null,
		ResponseElements:     null,
		RequestID:            truncate(c.RequestID, shortLimit),
		EventID:              c.EventID,
		EventType:            event.TypeAPICall,
		RecipientAccountID:   c.AccountID,
		SharedEventID:        c.SharedEventID,
		VPCEndpointID:        c.VPCEndpointID,
		VPCEndpointAccountID: c.VPCEndpointAccountID,
	}
	b.setCaller(e, c, rules)
	readOnly := b.ReadOnly(c.Operation)
	if c.Operation == nil {
		readOnly = readOnlyName("", e.EventName)
	}
	management, category := b.Category(c.Operation)
	e.ReadOnly, e.ManagementEvent, e.EventCategory = &readOnly, &management, category

	e.RequestParameters = b.request(rules, c)
	switch {
	case c.OutcomeUnknown:
		e.ErrorCode, e.ErrorMessage = OutcomeUnknown, outcomeUnknownMessage
	case c.Error != nil:
		code, message := s3HeadError(rules, c)
		if code == "" {
			code, message = b.errorCode(c), c.Error.Message
		}
		e.ErrorCode, e.ErrorMessage = truncate(code, shortLimit), shorten(message)
	case c.Operation != nil && (!readOnly || rules.answersReads[c.Operation.Name]):
		e.ResponseElements = b.answer(rules, c)
	}
	if e.ErrorCode != "AccessDenied" {
		e.APIVersion = rules.apiVersion
	}
	e.AdditionalEventData = additional(rules, c)
	e.Resources = resources(rules, c, e.ErrorCode)
	return e
}

// request writes requestParameters. They are null when the client sent none,
// and when the call was refused before its parameters were looked at; EC2 and
// S3 look at them first, but for those of a caller who is not known.
func (b *Builder) request(rules *serviceRules, c *Call) json.RawMessage {
	if c.Operation == nil || !rules.keepsRefused && refusedEarly(rules, c) {
		return null
	}
	if c.Refused == Authentication && c.Params == nil {
		return null
	}
	switch {
	case rules.style == styleS3:
		return s3Request(rules, c)
	case rules.style == styleEC2 && b.isLegacy(c.Operation):
		return b.legacyRequest(rules, c)
	case rules.style == styleEC2:
		return wrappedRequest(rules, c.Operation, c.Params)
	case len(c.Params) == 0 || c.Operation.Input == nil:
		return null
	}
	w := camel{rules: rules}
	w.structure(c.Operation.Input, c.Params)
	return orNull(withFound(c.Found, w.buffer))
}

// withFound puts further members before those of an object.
func withFound(found []awsapi.Parameter, object []byte) []byte {
	if len(found) == 0 {
		return object
	}
	var w buffer
	w.open('{')
	for _, p := range found {
		w.name(p.Name)
		w.any(p.Value)
	}
	w.close('}')
	if len(object) > len("{}") {
		w = append(append(w[:len(w)-1], ','), object[1:]...)
	}
	return w
}

// answer writes responseElements of a call that succeeded.
func (b *Builder) answer(rules *serviceRules, c *Call) json.RawMessage {
	op := c.Operation
	switch {
	case rules.style == styleS3:
		return s3Answer(rules, c)
	case rules.style == styleEC2 && b.isLegacy(op):
		return b.legacyAnswer(rules, c)
	case rules.style == styleEC2:
		return wrappedAnswer(rules, op, c.Output, c.RequestID)
	case op.Output == nil || len(c.Output) == 0:
		return null
	}
	w := camel{rules: rules}
	w.structure(op.Output, c.Output)
	return orNull(w.buffer)
}

// orNull is null for an object without members.
func orNull(b []byte) json.RawMessage {
	if string(b) == "{}" {
		return null
	}
	return b
}

func (b *Builder) isLegacy(op *awsapi.Operation) bool {
	return b.historic.Operation(op.Name) != nil
}

// refusedEarly reports whether a service that looks at the parameters only of
// a call that it lets in never came to look at this one's.
func refusedEarly(rules *serviceRules, c *Call) bool {
	if c.Refused != Service {
		return true
	}
	if c.Error == nil || c.OutcomeUnknown {
		return false
	}
	code := canonicalCode(c, c.Error.Code)
	return code == "AccessDenied" && !rules.keepsDenied[c.Operation.Name] || throttlingCodes[code] || rules.blindErrors[code]
}
