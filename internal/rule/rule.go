package rule

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cairn-audit/cairn/internal/eventpattern"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/region"
)

// Bus is the name of the only bus there is.
const Bus = "default"

// Limits ("Amazon EventBridge quotas", EventBridge User Guide).
const (
	MaxRules       = 300 // in an account's Region
	MaxTargets     = 5   // of a rule
	MaxPattern     = 2048
	MaxDescription = 512
	MaxTags        = 50
)

// Scope is an account's Region, which has one default bus.
type Scope struct{ Account, Region string }

// BusARN is the ARN of the default bus.
func (s Scope) BusARN() string { return s.arn("event-bus/" + Bus) }

func (s Scope) arn(resource string) string {
	return fmt.Sprintf("arn:%s:events:%s:%s:%s", region.Partition(s.Region), s.Region, s.Account, resource)
}

// key is where something of the scope is kept, by name.
func (s Scope) key(name string) string { return s.Account + "/" + s.Region + "/" + name }

// State says whether a rule is followed.
type State string

// The states of a rule.
const (
	// Enabled rules get no read-only management events.
	Enabled  State = "ENABLED"
	Disabled State = "DISABLED"
	// EnabledForAll rules get those as well.
	EnabledForAll State = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
)

// Rule says which events go to which targets.
type Rule struct {
	Scope
	Name, Description string
	// Pattern is the event pattern, JSON in the language of package
	// eventpattern.
	Pattern string
	State   State
	RoleARN string // shown again; nothing is done with it
	By      string // the ARN of who made it
	Created time.Time
	Tags    []Tag
	Targets []Target

	// From is the first record of the journal that it is about.
	From journal.Seq
}

// ARN is the rule's.
func (r *Rule) ARN() string { return r.arn("rule/" + r.Name) }

// ParseARN reads the ARN of a rule of the default bus. It reports whether it has
// the form of one.
func ParseARN(arn string) (s Scope, name string, ok bool) {
	s, resource, ok := cutARN(arn)
	name, is := strings.CutPrefix(resource, "rule/")
	name = strings.TrimPrefix(name, Bus+"/")
	return s, name, ok && is && names.MatchString(name)
}

// cutARN reads an ARN of EventBridge's.
func cutARN(arn string) (s Scope, resource string, ok bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "events" || parts[1] != region.Partition(parts[3]) {
		return Scope{}, "", false
	}
	return Scope{Region: parts[3], Account: parts[4]}, parts[5], true
}

// names are those that rules, targets, connections and destinations can have.
var names = regexp.MustCompile(`^[.\-_A-Za-z0-9]{1,64}$`)

// Check holds a rule, without its targets, to EventBridge's rules. The error is a
// *Refusal.
func (r *Rule) Check() error {
	switch {
	case !names.MatchString(r.Name):
		return invalid("1 validation error detected: Value '%s' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+", r.Name)
	case utf8.RuneCountInString(r.Description) > MaxDescription:
		return invalid("The description has more than %d characters.", MaxDescription)
	case r.State != Enabled && r.State != Disabled && r.State != EnabledForAll:
		return invalid("There is no state %q.", r.State)
	case r.Pattern == "":
		return invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	case utf8.RuneCountInString(r.Pattern) > MaxPattern:
		return refuse(LimitExceeded, "The event pattern has more than %d characters.", MaxPattern)
	}
	if err := CheckPattern(r.Pattern); err != nil {
		return err
	}
	return checkTags(r.Tags)
}

// CheckPattern reports whether a text is an event pattern. The error is a
// *Refusal for which ErrPattern stands.
func CheckPattern(text string) error {
	if _, err := eventpattern.Parse([]byte(text), eventpattern.EventBridge); err != nil {
		return refuse(InvalidPattern, "Event pattern is not valid. Reason: %v", err)
	}
	return nil
}

// Tag is a tag of a rule.
type Tag struct{ Key, Value string }

func checkTags(tags []Tag) error {
	if len(tags) > MaxTags {
		return refuse(LimitExceeded, "A rule can have at most %d tags.", MaxTags)
	}
	seen := map[string]bool{}
	for _, t := range tags {
		switch {
		case t.Key == "" || utf8.RuneCountInString(t.Key) > 128 || utf8.RuneCountInString(t.Value) > 256:
			return invalid("The tag %q is too long, or has no key.", t.Key)
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return invalid("The tag %q begins with \"aws:\", which is reserved.", t.Key)
		case seen[t.Key]:
			return invalid("The tag %q is there twice.", t.Key)
		}
		seen[t.Key] = true
	}
	return nil
}
