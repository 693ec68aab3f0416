package record

import (
	"strings"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// style is how a service's parameters and answers are written.
type style int

const (
	styleCamel style = iota
	styleEC2
	styleS3
)

// serviceRules is what the tables say of one service, put together once.
type serviceRules struct {
	id         string
	source     string // eventSource
	apiVersion string
	style      style
	stamp      stamp
	secrets    map[string]secrecy // by the model's member name
	mark       secrecy            // of sensitive members that no row names
	names      map[string]string  // event names that are not the operation's
	suffix     string             // of event names that names does not have
	extras     map[string][]extra // by shape
	// additional is additionalEventData that every event of the service has.
	additional string
	// tellsEndpoint: additionalEventData says which endpoint served the call.
	tellsEndpoint bool
	// answersReads are reads whose answer is recorded all the same.
	answersReads map[string]bool
	// keepsRefused: parameters are recorded of refused calls too.
	keepsRefused bool
	// keepsDenied are operations that keep the parameters of calls that the
	// service itself denied.
	keepsDenied map[string]bool
	// blindErrors are errors that leave the parameters unrecorded.
	blindErrors map[string]bool
	// alwaysArray are lists that are arrays even with one element (XML).
	alwaysArray map[string]bool
	// keepsElements: sensitive elements of lists and maps are recorded.
	keepsElements bool
	// bracketsAgent: the user agent stands in brackets.
	bracketsAgent bool
	// hidesServiceKey: no accessKeyId where a service made the call.
	hidesServiceKey bool
	resources       []resourceRow
}

// extra is a member that AWS records and no model has.
type extra struct{ name, json string }

// unknownService are the rules for a request that names no known operation.
var unknownService = &serviceRules{stamp: jdk8, secrets: secretsOf("")}

// serviceRules returns the rules of the operation's service.
func (b *Builder) serviceRules(op *awsapi.Operation) *serviceRules {
	if op == nil {
		return unknownService
	}
	if r, ok := b.rules.Load(op.Service.ID); ok {
		return r.(*serviceRules)
	}
	r, _ := b.rules.LoadOrStore(op.Service.ID, newServiceRules(op.Service))
	return r.(*serviceRules)
}

func newServiceRules(s *awsapi.Service) *serviceRules {
	r := services[s.ID] // a copy
	r.id = s.ID
	if r.source == "" {
		r.source = sourceOf(s.SigningName)
	}
	if r.stamp == nil {
		r.stamp = jdk8
	}
	if r.mark == "" {
		r.mark = hidden
	}
	r.secrets = secretsOf(s.ID)
	r.resources = serviceResources[s.ID]
	return &r
}

// secretsOf puts a service's rows over the names that are secret everywhere.
func secretsOf(service string) map[string]secrecy {
	secrets := make(map[string]secrecy)
	for name, s := range secretNames {
		secrets[name] = s
		secrets[strings.ToUpper(name[:1])+name[1:]] = s
	}
	for name, s := range serviceSecrets[service] {
		secrets[name] = s
	}
	return secrets
}

// sourceOf is the eventSource of a service that no row names.
func sourceOf(signingName string) string {
	if signingName == "" {
		return "unknown.amazonaws.com"
	}
	return strings.ToLower(signingName) + ".amazonaws.com"
}

func eventSource(rules *serviceRules, c *Call) string {
	if c.Operation != nil {
		return rules.source
	}
	if source, ok := signingSources[c.SigningName]; ok {
		return source
	}
	return sourceOf(c.SigningName)
}

func eventName(rules *serviceRules, c *Call) string {
	switch {
	case c.Operation != nil:
		if name, ok := rules.names[c.Operation.Name]; ok {
			return name
		}
		return c.Operation.Name + rules.suffix
	case c.EventName != "":
		return truncate(c.EventName, shortLimit)
	default:
		return UnknownOperation
	}
}

func additional(rules *serviceRules, c *Call) []byte {
	if rules.style == styleS3 {
		return s3Additional(c)
	}
	if rules.tellsEndpoint {
		return stsAdditional(c)
	}
	if rules.additional != "" {
		return []byte(rules.additional)
	}
	return nil
}
