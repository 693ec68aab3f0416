package events

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/rule"
)

var targetOperations = map[string]operation{
	"PutTargets":            putTargets,
	"RemoveTargets":         removeTargets,
	"ListTargetsByRule":     listTargets,
	"ListRuleNamesByTarget": listRuleNames,
}

// putTargets refuses a request that no EventBridge would take, and fails entries
// for targets that this one has not.
func putTargets(r *request) (answer, error) {
	found, err := r.ruleOf("Rule")
	if err != nil {
		return nil, err
	}
	var targets []rule.Target
	failed := []any{}
	for _, p := range r.params.list("Targets") {
		if err := checkForm(p); err != nil {
			return nil, err
		}
		t := readTarget(p)
		code, message, err := r.lacks(&t)
		if err != nil {
			return nil, err
		}
		if code != "" {
			failed = append(failed, answer{"TargetId": t.ID, "ErrorCode": code, "ErrorMessage": message})
			continue
		}
		if err := checkMembers(p); err != nil {
			return nil, err
		}
		if err := r.mayInvoke(&t); err != nil {
			return nil, err
		}
		targets = append(targets, t)
	}
	if len(targets) > 0 {
		if err := r.rules().PutTargets(r.scope, found.Name, targets...); err != nil {
			return nil, err
		}
	}
	return answer{"FailedEntryCount": int64(len(failed)), "FailedEntries": failed}, nil
}

// checkForm holds a target to what does not depend on where events can be sent.
func checkForm(p params) error {
	arn := p.text("Arn")
	if strings.Count(arn, ":") < 5 || !strings.HasPrefix(arn, "arn:") {
		return invalid("Parameter %s is not valid. Reason: Provided Arn is not in correct format.", arn)
	}
	if role := p.text("RoleArn"); role != "" && !isRole(role) {
		return invalid("Parameter RoleArn is not valid for target %s. Reason: Provided Arn is not in correct format.", p.text("Id"))
	}
	return nil
}

// otherMembers are those of targets that cannot be here.
var otherMembers = []string{
	"KinesisParameters", "RunCommandParameters", "EcsParameters", "BatchParameters", "SqsParameters", "RedshiftDataParameters",
	"SageMakerPipelineParameters", "AppSyncParameters",
}

func checkMembers(p params) error {
	for _, name := range otherMembers {
		if p.given(name) {
			return invalid("Parameter %s is not valid for target %s.", name, p.text("Id"))
		}
	}
	return nil
}

func readTarget(p params) rule.Target {
	t := rule.Target{
		ID: p.text("Id"), ARN: p.text("Arn"), RoleARN: p.text("RoleArn"), Input: p.text("Input"), InputPath: p.text("InputPath"),
		DeadLetterARN: p.in("DeadLetterConfig").text("Arn"),
	}
	if in := p.in("InputTransformer"); in != nil {
		t.Transformer = &rule.Transformer{Paths: in.words("InputPathsMap"), Template: in.text("InputTemplate")}
	}
	if in := p.in("HttpParameters"); in != nil {
		t.HTTP = &rule.HTTPParameters{
			PathValues: in.texts("PathParameterValues"), Headers: in.words("HeaderParameters"), Query: in.words("QueryStringParameters"),
		}
	}
	if in := p.in("RetryPolicy"); in != nil {
		t.Retry = &rule.Retry{
			MaxAge:      time.Duration(in.number("MaximumEventAgeInSeconds", int(rule.DefaultRetry.MaxAge/time.Second))) * time.Second,
			MaxAttempts: in.number("MaximumRetryAttempts", rule.DefaultRetry.MaxAttempts),
		}
	}
	return t
}

// lacks says what the target would need that is not here. A rule sends to what
// is its account's and Region's; only topics can be another account's, for they
// have policies to say so.
func (r *request) lacks(t *rule.Target) (code, message string, err error) {
	kind := rule.KindOf(t.ARN)
	if !slices.Contains(r.service.options.Kinds, kind) {
		return string(rule.Invalid), "Parameter " + t.ARN + " is not valid. Reason: The built-in EventBridge sends to API destinations, and to the built-in SNS topics and log groups only.", nil
	}
	parts := strings.SplitN(t.ARN, ":", 6)
	if parts[3] != r.scope.Region || parts[4] != r.scope.Account && kind != rule.KindTopic {
		return string(rule.Invalid), "Parameter " + t.ARN + " is not valid. Reason: The target is in another Region or account.", nil
	}
	if kind != rule.KindHTTP {
		return "", "", nil
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(parts[5], "api-destination/"), "/")
	found, err := r.rules().Destination(r.scope, name)
	if errors.Is(err, rule.ErrNotFound) || err == nil && found.ARN() != t.ARN {
		return string(rule.NotFound), "An api-destination '" + t.ARN + "' does not exist.", nil
	}
	return "", "", err
}

// mayInvoke holds a target's role to what EventBridge does with it.
func (r *request) mayInvoke(t *rule.Target) error {
	if t.RoleARN == "" {
		if rule.KindOf(t.ARN) == rule.KindHTTP {
			return invalid("RoleArn is required for target %s.", t.ARN)
		}
		return nil
	}
	if r.service.options.Roles == nil || rule.KindOf(t.ARN) != rule.KindHTTP {
		return nil
	}
	err := r.service.options.Roles.MayInvoke(r.ctx, t.RoleARN, t.ARN)
	switch {
	case errors.Is(err, ErrTrust):
		return invalid("Provided role '%s' cannot be assumed by principal 'events.amazonaws.com'.", t.RoleARN)
	case errors.Is(err, ErrRole):
		return invalid("Provided role '%s' does not allow events:InvokeApiDestination on %s.", t.RoleARN, t.ARN)
	}
	return err
}

func removeTargets(r *request) (answer, error) {
	found, err := r.ruleOf("Rule")
	if err != nil {
		return nil, err
	}
	missing, err := r.rules().RemoveTargets(r.scope, found.Name, r.params.texts("Ids")...)
	if err != nil {
		return nil, err
	}
	failed := []any{}
	for _, id := range missing {
		failed = append(failed, answer{
			"TargetId": id, "ErrorCode": string(rule.NotFound),
			"ErrorMessage": fmt.Sprintf("Rule '%s' does not have a target with the Id '%s'.", found.Name, id),
		})
	}
	return answer{"FailedEntryCount": int64(len(failed)), "FailedEntries": failed}, nil
}

func listTargets(r *request) (answer, error) {
	found, err := r.ruleOf("Rule")
	if err != nil {
		return nil, err
	}
	return page(r, "Targets", func(after string, limit int) ([]rule.Target, bool, error) {
		targets := slices.SortedFunc(slices.Values(found.Targets), func(a, b rule.Target) int { return strings.Compare(a.ID, b.ID) })
		targets = slices.DeleteFunc(targets, func(t rule.Target) bool { return t.ID <= after })
		return targets[:min(limit, len(targets))], len(targets) > limit, nil
	}, func(t *rule.Target) (string, any, error) { return t.ID, showTarget(t), nil })
}

func showTarget(t *rule.Target) answer {
	out := answer{"Id": t.ID, "Arn": t.ARN}
	setText(out, "RoleArn", t.RoleARN)
	setText(out, "Input", t.Input)
	setText(out, "InputPath", t.InputPath)
	if t.Transformer != nil {
		in := answer{"InputTemplate": t.Transformer.Template}
		if len(t.Transformer.Paths) > 0 {
			in["InputPathsMap"] = asAny(t.Transformer.Paths)
		}
		out["InputTransformer"] = in
	}
	if t.HTTP != nil {
		out["HttpParameters"] = showHTTP(t.HTTP)
	}
	if t.Retry != nil {
		out["RetryPolicy"] = answer{
			"MaximumEventAgeInSeconds": int64(t.Retry.MaxAge / time.Second), "MaximumRetryAttempts": int64(t.Retry.MaxAttempts),
		}
	}
	if t.DeadLetterARN != "" {
		out["DeadLetterConfig"] = answer{"Arn": t.DeadLetterARN}
	}
	return out
}

func showHTTP(p *rule.HTTPParameters) answer {
	out := answer{}
	if len(p.PathValues) > 0 {
		values := make([]any, len(p.PathValues))
		for i, v := range p.PathValues {
			values[i] = v
		}
		out["PathParameterValues"] = values
	}
	if len(p.Headers) > 0 {
		out["HeaderParameters"] = asAny(p.Headers)
	}
	if len(p.Query) > 0 {
		out["QueryStringParameters"] = asAny(p.Query)
	}
	return out
}

func asAny(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

func listRuleNames(r *request) (answer, error) {
	if err := r.onDefaultBus("EventBusName"); err != nil {
		return nil, err
	}
	return page(r, "RuleNames", func(after string, limit int) ([]rule.Rule, bool, error) {
		return r.rules().ListByTarget(r.scope, r.params.text("TargetArn"), after, limit)
	}, func(found *rule.Rule) (string, any, error) { return found.Name, found.Name, nil })
}
