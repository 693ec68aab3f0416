package iam

import (
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/policy"
)

var simulateOperations = map[string]operation{
	"SimulatePrincipalPolicy": {reads, simulatePrincipalPolicy},
	"SimulateCustomPolicy":    {reads, simulateCustomPolicy},
}

func simulatePrincipalPolicy(r *request) (answer, error) {
	arn := r.text("PolicySourceArn")
	permissions, ok, err := r.tx.PrincipalPermissions(arn)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, identity.Refuse(identity.NoSuchEntity, "The entity %s cannot be found.", arn)
	}
	policies, err := permissions.Policies()
	if err != nil {
		return nil, err
	}
	return r.simulate(arn, policies)
}

func simulateCustomPolicy(r *request) (answer, error) {
	return r.simulate(r.text("CallerArn"), policy.Policies{})
}

// simulate decides each action on each resource by the policies and those that
// the call gives.
func (r *request) simulate(arn string, policies policy.Policies) (answer, error) {
	for _, text := range r.texts("PolicyInputList") {
		d, err := policy.ParseAs(policy.Identity, []byte(text))
		if err != nil {
			return nil, err
		}
		policies.Identity = append(policies.Identity, d)
	}
	for _, text := range r.texts("PermissionsBoundaryPolicyInputList") {
		d, err := policy.ParseAs(policy.Identity, []byte(text))
		if err != nil {
			return nil, err
		}
		policies.Boundary = d
	}
	resources := r.texts("ResourceArns")
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	type result struct{ action, resource, decision string }
	var results []result
	context := r.simulatedContext(arn)
	for _, action := range r.texts("ActionNames") {
		for _, resource := range resources {
			d := policy.Evaluate(policy.Request{
				Action: action, Resource: resource, Context: context,
				Principal: policy.Principal{Type: policy.User, ARN: arn, AccountID: r.call.AccountID},
			}, policies)
			results = append(results, result{action, resource, string(d.Reason)})
		}
	}
	return page(r, "EvaluationResults", results, func(v *result) string { return v.action + " " + v.resource },
		func(v *result) any {
			return answer{
				"EvalActionName": v.action, "EvalResourceName": v.resource, "EvalDecision": v.decision,
				"MatchedStatements": []any{}, "MissingContextValues": []any{},
			}
		})
}

func (r *request) simulatedContext(arn string) policy.Context {
	var c policy.Context
	c.Set("aws:PrincipalArn", arn)
	c.Set("aws:PrincipalAccount", r.call.AccountID)
	entries, _ := r.call.Params["ContextEntries"].([]any)
	for _, v := range entries {
		entry, _ := v.(map[string]any)
		key, _ := entry["ContextKeyName"].(string)
		list, _ := entry["ContextKeyValues"].([]any)
		var values []string
		for _, v := range list {
			if s, ok := v.(string); ok {
				values = append(values, s)
			}
		}
		c.Set(key, values...)
	}
	return c
}
