package record

import (
	"strings"
	"unicode/utf8"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
)

// Error codes that are Cairn's own.
const (
	// OutcomeUnknown marks a call that was handed to its backend and whose
	// answer was never recorded: it may or may not have taken effect.
	OutcomeUnknown = "OutcomeUnknown"
	// UnknownOperation is the event name of a request that names none.
	UnknownOperation = "UnknownOperation"
)

const outcomeUnknownMessage = "The call was handed to its backend, and its answer was not recorded: it may or may not have taken effect."

// shortLimit is the length in bytes at which CloudTrail cuts userAgent,
// errorCode, errorMessage and requestID.
const shortLimit = 1024

// truncate cuts s to at most limit bytes and not inside a character.
func truncate(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// shorten cuts an error's message, which ends in dots then (1b5e60ad).
func shorten(message string) string {
	const dots = "..."
	if len(message) <= shortLimit {
		return message
	}
	return truncate(message, shortLimit-len(dots)) + dots
}

// errorCode is the code as CloudTrail writes it.
func (b *Builder) errorCode(c *Call) string {
	code := c.Error.Code
	switch {
	case c.Protocol == awsapi.EC2, c.Operation != nil && c.Operation.Service.ID == "ec2":
		if strings.HasPrefix(code, "Client.") || strings.HasPrefix(code, "Server.") {
			return code
		}
		if serverFault(c.Error) {
			return "Server." + code
		}
		return "Client." + code
	default:
		return canonicalCode(c, code)
	}
}

func serverFault(e *awsapi.Error) bool {
	return (e.ServerFault || e.Status >= 500) && !throttlingCodes[e.Code]
}

// canonicalCode replaces the general codes by those of the record, and another
// wire code by the name of its exception, where the model has one.
func canonicalCode(c *Call, code string) string {
	if name, ok := recordedCodes[code]; ok {
		return name
	}
	if c.Operation != nil {
		for _, shape := range c.Operation.Errors {
			if shape.Name == code {
				return code
			}
		}
		for _, shape := range c.Operation.Errors {
			if shape.Error != nil && shape.Error.Code == code {
				return shape.Name
			}
		}
	}
	return code
}

// setCaller fills in who called, from where and with what.
func (b *Builder) setCaller(e *event.Event, c *Call, rules *serviceRules) {
	e.UserIdentity = c.Identity
	e.SourceIPAddress = c.SourceIP
	e.UserAgent = c.UserAgent
	if rules.bracketsAgent && e.UserAgent != "" {
		e.UserAgent = "[" + truncate(e.UserAgent, shortLimit-2) + "]"
	}
	e.UserAgent = truncate(e.UserAgent, shortLimit)
	e.TLSDetails = c.TLS
	if c.InvokedBy != "" {
		e.SourceIPAddress, e.UserAgent, e.TLSDetails = c.InvokedBy, c.InvokedBy, nil
		if c.Identity == nil {
			e.UserIdentity = &event.UserIdentity{Type: event.AWSService, InvokedBy: c.InvokedBy}
		} else if c.Identity.InvokedBy == "" {
			identity := *c.Identity
			identity.InvokedBy = c.InvokedBy
			if rules.hidesServiceKey && identity.Type == event.AssumedRole {
				identity.AccessKeyID = ""
			}
			e.UserIdentity = &identity
		}
	}
	if c.SessionFromConsole {
		e.SessionCredentialFromConsole = "true"
	}
}
