package rule

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// Target is where a rule sends events, and what it makes of them before. At most
// one of Input, InputPath and Transformer is given; without, the event goes as it
// is.
type Target struct {
	ID, ARN       string
	RoleARN       string // as whom an API destination is invoked; else only shown again
	Input         string // JSON, sent in the event's place
	InputPath     string // what of the event is sent
	Transformer   *Transformer
	HTTP          *HTTPParameters // for API destinations
	Retry         *Retry
	DeadLetterARN string

	// Made tells it from one that had its ID before and was removed: what was
	// on its way to that one is not for it. PutTargets sets it.
	Made string
}

// Transformer makes a text of an event: the template, with what is found at the
// paths in the place of their names in angle brackets.
type Transformer struct {
	Paths    map[string]string
	Template string
}

// HTTPParameters are added to the request to an API destination. A value that is
// a path ("$.detail.id") stands for what is found there in the event.
type HTTPParameters struct {
	// PathValues take the places of the asterisks in the URL, in order.
	PathValues     []string
	Headers, Query map[string]string
}

// Retry bounds the attempts to send an event to a target.
type Retry struct {
	// MaxAge is how old an event may become, 1 minute to 24 hours.
	MaxAge time.Duration
	// MaxAttempts is how often sending is tried again, 0 to 185.
	MaxAttempts int
}

// DefaultRetry is that of targets that have none.
var DefaultRetry = Retry{MaxAge: 24 * time.Hour, MaxAttempts: 185}

// retry is the policy in force.
func (t *Target) retry() Retry {
	if t.Retry != nil {
		return *t.Retry
	}
	return DefaultRetry
}

// Kind is what a target is.
type Kind string

// The kinds of targets that there are.
const (
	KindHTTP     Kind = "api-destination"
	KindTopic    Kind = "sns"
	KindLogGroup Kind = "log-group"
)

// KindOf is what an ARN is of, "" where events cannot be sent there.
func KindOf(arn string) Kind {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[3] == "" || parts[4] == "" {
		return ""
	}
	switch resource := parts[5]; {
	case parts[2] == "events" && strings.HasPrefix(resource, "api-destination/"):
		return KindHTTP
	case parts[2] == "sns" && resource != "" && !strings.Contains(resource, ":"):
		return KindTopic
	case parts[2] == "logs" && strings.HasPrefix(resource, "log-group:") && len(resource) > len("log-group:"):
		return KindLogGroup
	default:
		return ""
	}
}

// Limits of a target (API Reference, Target).
const (
	maxARN      = 1600
	maxInput    = 8192
	maxPath     = 256
	maxPaths    = 100
	maxHTTP     = 100
	maxHTTPText = 512
)

// Check holds a target to EventBridge's rules. The error is a *Refusal.
func (t *Target) Check() error {
	if !names.MatchString(t.ID) {
		return invalid("The target's id %q is not valid.", t.ID)
	}
	if len(t.ARN) > maxARN || KindOf(t.ARN) == "" {
		return invalid("Parameter %s is not valid. Reason: Events can be sent to API destinations, SNS topics and log groups.", t.ARN)
	}
	if r := t.Retry; r != nil && (r.MaxAge < time.Minute || r.MaxAge > DefaultRetry.MaxAge ||
		r.MaxAttempts < 0 || r.MaxAttempts > DefaultRetry.MaxAttempts) {
		return invalid("The retry policy of target %s is not valid. Reason: the age is 60 to 86400 seconds and there are 0 to 185 attempts.", t.ID)
	}
	if d := t.DeadLetterARN; d != "" && !strings.Contains(d, ":sqs:") {
		return invalid("Parameter %s is not valid. Reason: A dead-letter queue is a queue of SQS.", d)
	}
	if err := t.HTTP.check(t); err != nil {
		return err
	}
	return t.checkInput()
}

func (t *Target) checkInput() error {
	given := 0
	for _, is := range []bool{t.Input != "", t.InputPath != "", t.Transformer != nil} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		return invalid("Only one of Input, InputPath, or InputTransformer must be provided for target %s.", t.ID)
	case utf8.RuneCountInString(t.Input) > maxInput:
		return invalid("The input of target %s has more than %d characters.", t.ID, maxInput)
	case t.Input != "" && !json.Valid([]byte(t.Input)):
		return invalid("JSON syntax error in input for target %s.", t.ID)
	case t.InputPath != "":
		if _, err := parsePath(t.InputPath); err != nil {
			return invalid("Invalid InputPath for target %s: %v", t.ID, err)
		}
	case t.Transformer != nil:
		if _, err := parseTransformer(t.Transformer); err != nil {
			return invalid("Invalid InputTemplate for target %s: %v", t.ID, err)
		}
	}
	return nil
}

func (p *HTTPParameters) check(t *Target) error {
	if p == nil {
		return nil
	}
	if KindOf(t.ARN) != KindHTTP {
		return invalid("HttpParameters are for API destinations, which target %s is not.", t.ID)
	}
	if len(p.PathValues) > maxHTTP || len(p.Headers) > maxHTTP || len(p.Query) > maxHTTP {
		return invalid("Target %s has more than %d HTTP parameters of a kind.", t.ID, maxHTTP)
	}
	for name, value := range p.Headers {
		if err := checkHeader(name, value); err != nil {
			return err
		}
	}
	for name, value := range p.Query {
		if len(name) > maxHTTPText || len(value) > maxHTTPText {
			return invalid("The query parameter %q of target %s is too long.", name, t.ID)
		}
	}
	return nil
}
