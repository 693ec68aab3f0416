package events

import (
	"cmp"
	"encoding/json"
	"errors"
	"strings"

	"github.com/cairn-audit/cairn/internal/eventpattern"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/rule"
)

var ruleOperations = map[string]operation{
	"PutRule":          putRule,
	"DeleteRule":       deleteRule,
	"DescribeRule":     describeRule,
	"ListRules":        listRules,
	"EnableRule":       enableRule,
	"DisableRule":      disableRule,
	"TestEventPattern": testEventPattern,
}

func putRule(r *request) (answer, error) {
	if err := r.onDefaultBus("EventBusName"); err != nil {
		return nil, err
	}
	if r.params.text("ScheduleExpression") != "" {
		return nil, invalid("Parameter ScheduleExpression is not valid. Reason: The built-in EventBridge has no schedules. A rule needs an EventPattern.")
	}
	state := cmp.Or(rule.State(r.params.text("State")), rule.Enabled)
	if err := oneOf(state, "state", rule.Enabled, rule.Disabled, rule.EnabledForAll); err != nil {
		return nil, err
	}
	role := r.params.text("RoleArn")
	if role != "" && !isRole(role) {
		return nil, invalid("Parameter RoleArn is not valid. Reason: Provided Arn is not in correct format.")
	}
	made, err := r.rules().Put(rule.Rule{
		Scope: r.scope, Name: r.params.text("Name"), Description: r.params.text("Description"),
		Pattern: r.params.text("EventPattern"), State: state, RoleARN: role,
		By: identity.FromContext(r.ctx).Identity.ARN, Created: r.Time, Tags: r.params.tags(),
	})
	if err != nil {
		return nil, err
	}
	return answer{"RuleArn": made.ARN()}, nil
}

// isRole reports whether a text has the form of a role's ARN.
func isRole(arn string) bool {
	parts := strings.SplitN(arn, ":", 6)
	return len(parts) == 6 && parts[0] == "arn" && parts[2] == "iam" && strings.HasPrefix(parts[5], "role/")
}

// deleteRule does not mind if there is no such rule ("If you call delete rule
// multiple times for the same rule, all calls will succeed", API Reference).
// Force is for rules that other services manage, of which there are none.
func deleteRule(r *request) (answer, error) {
	if err := r.onDefaultBus("EventBusName"); err != nil {
		return nil, err
	}
	if err := r.rules().Delete(r.scope, r.params.text("Name")); err != nil && !errors.Is(err, rule.ErrNotFound) {
		return nil, err
	}
	return nil, nil
}

func describeRule(r *request) (answer, error) {
	found, err := r.ruleOf("Name")
	if err != nil {
		return nil, err
	}
	out := showRule(&found)
	out["CreatedBy"] = found.Account
	return out, nil
}

// ruleOf is the rule that a parameter names.
func (r *request) ruleOf(parameter string) (rule.Rule, error) {
	if err := r.onDefaultBus("EventBusName"); err != nil {
		return rule.Rule{}, err
	}
	return r.rules().Get(r.scope, r.params.text(parameter))
}

func showRule(found *rule.Rule) answer {
	out := answer{
		"Name": found.Name, "Arn": found.ARN(), "EventPattern": found.Pattern, "State": string(found.State), "EventBusName": rule.Bus,
	}
	setText(out, "Description", found.Description)
	setText(out, "RoleArn", found.RoleARN)
	return out
}

func listRules(r *request) (answer, error) {
	if err := r.onDefaultBus("EventBusName"); err != nil {
		return nil, err
	}
	return page(r, "Rules", func(after string, limit int) ([]rule.Rule, bool, error) {
		return r.rules().List(r.scope, r.params.text("NamePrefix"), after, limit)
	}, func(found *rule.Rule) (string, any, error) { return found.Name, showRule(found), nil })
}

func enableRule(r *request) (answer, error) { return setState(r, rule.Enabled) }

func disableRule(r *request) (answer, error) { return setState(r, rule.Disabled) }

func setState(r *request, state rule.State) (answer, error) {
	if err := r.onDefaultBus("EventBusName"); err != nil {
		return nil, err
	}
	return nil, r.rules().SetState(r.scope, r.params.text("Name"), state)
}

// eventFields must be in an event to be tested (API Reference, TestEventPattern).
var eventFields = []string{"id", "account", "source", "time", "region", "resources", "detail-type"}

func testEventPattern(r *request) (answer, error) {
	text := r.params.text("EventPattern")
	if err := rule.CheckPattern(text); err != nil {
		return nil, err
	}
	pattern, err := eventpattern.Parse([]byte(text), eventpattern.EventBridge)
	if err != nil {
		return nil, err
	}
	event := []byte(r.params.text("Event"))
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(event, &fields); err != nil || fields == nil {
		return nil, invalid("Parameter Event is not valid. Reason: It is not a JSON object.")
	}
	for _, name := range eventFields {
		if _, ok := fields[name]; !ok {
			return nil, invalid("Parameter Event is not valid. Reason: It has no %q.", name)
		}
	}
	return answer{"Result": pattern.Match(event)}, nil
}
