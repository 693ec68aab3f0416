package iam

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/policy"
)

var simulateOperations = map[string]operation{
	"SimulatePrincipalPolicy": {reads, simulatePrincipalPolicy},
	"SimulateCustomPolicy":    {reads, simulateCustomPolicy},
}

// simulation is what decides about the actions of a call.
type simulation struct {
	policies policy.Policies
	// sources name the identity policies, in their order.
	sources   []string
	principal policy.Principal
	context   policy.Context
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
	var s simulation
	if s.policies, err = permissions.Policies(); err != nil {
		return nil, err
	}
	for _, d := range permissions.Identity {
		s.sources = append(s.sources, d.Source[strings.LastIndex(d.Source, "/")+1:])
	}
	caller, err := r.simulated(arn)
	if err != nil {
		return nil, err
	}
	caller.SetContext(&s.context, permissions.Tags, r.call.Time)
	s.principal = caller.PolicyPrincipal()
	return r.simulate(&s)
}

func simulateCustomPolicy(r *request) (answer, error) {
	arn := r.text("CallerArn")
	s := simulation{principal: policy.Principal{Type: policy.User, ARN: arn, AccountID: r.call.AccountID}}
	if arn != "" {
		s.context.Set("aws:PrincipalArn", arn)
		s.context.Set("aws:PrincipalAccount", r.call.AccountID)
	}
	return r.simulate(&s)
}

// simulated is the user, or a session of the role, that an ARN names. The
// members of a group are nobody in particular.
func (r *request) simulated(arn string) (identity.Credential, error) {
	c := identity.Credential{AccountID: r.call.AccountID, Identity: event.UserIdentity{ARN: arn}}
	c.Principal = identity.Principal{Kind: identity.IAMUser, AccountID: r.call.AccountID}
	kind, name, _ := strings.Cut(arn[strings.LastIndex(arn, ":")+1:], "/")
	name = name[strings.LastIndex(name, "/")+1:]
	switch kind {
	case "user":
		u, err := r.tx.Users().Get(name)
		c.Principal.Name, c.Principal.ID, c.Identity.PrincipalID = u.Name, u.ID, u.ID
		return c, err
	case "role":
		role, err := r.tx.Roles().Get(name)
		c.Principal.Kind, c.Principal.Name, c.Principal.ID = identity.AssumedRole, role.Name, role.ID
		c.Identity.SessionContext = &event.SessionContext{SessionIssuer: &event.SessionIssuer{ARN: arn, PrincipalID: role.ID}}
		return c, err
	}
	return c, nil
}

// add puts the policies and the context of the call beside those that are there.
func (s *simulation) add(r *request) error {
	for i, text := range r.texts("PolicyInputList") {
		d, err := policy.ParseAs(policy.Identity, []byte(text))
		if err != nil {
			return err
		}
		s.policies.Identity = append(s.policies.Identity, d)
		s.sources = append(s.sources, fmt.Sprintf("PolicyInputList.%d", i+1))
	}
	for _, text := range r.texts("PermissionsBoundaryPolicyInputList") {
		d, err := policy.ParseAs(policy.Identity, []byte(text))
		if err != nil {
			return err
		}
		s.policies.Boundary = d
	}
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
		s.context.Set(key, values...)
	}
	return nil
}

// simulate decides each action on each resource.
func (r *request) simulate(s *simulation) (answer, error) {
	if err := s.add(r); err != nil {
		return nil, err
	}
	resources := r.texts("ResourceArns")
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	type result struct {
		action, resource string
		policy.Decision
	}
	var results []result
	for _, action := range r.texts("ActionNames") {
		for _, resource := range resources {
			results = append(results, result{action, resource, policy.Evaluate(policy.Request{
				Action: action, Resource: resource, Context: s.context, Principal: s.principal,
			}, s.policies)})
		}
	}
	missing := s.missing()
	return page(r, "EvaluationResults", results, func(v *result) string { return v.action + " " + v.resource },
		func(v *result) any {
			out := answer{
				"EvalActionName": v.action, "EvalResourceName": v.resource, "EvalDecision": string(v.Reason),
				"MatchedStatements": s.matched(&v.Decision), "MissingContextValues": missing,
			}
			if s.policies.Boundary != nil {
				out["PermissionsBoundaryDecisionDetail"] = answer{"AllowedByPermissionsBoundary": v.By != policy.ByBoundary}
			}
			return out
		})
}

// matched names the policy whose statement decided.
func (s *simulation) matched(d *policy.Decision) []any {
	if d.Statement == nil || d.By != policy.ByIdentity || d.Document >= len(s.sources) {
		return []any{}
	}
	return []any{answer{"SourcePolicyId": s.sources[d.Document], "SourcePolicyType": "IAM Policy"}}
}

// missing are the keys of conditions that have no value.
func (s *simulation) missing() []any {
	seen := map[string]bool{}
	for _, d := range append(slices.Clone(s.policies.Identity), s.policies.Boundary) {
		if d == nil {
			continue
		}
		for _, statement := range d.Statements {
			for _, c := range statement.Conditions {
				if s.context.Values(c.Key) == nil {
					seen[c.Key] = true
				}
			}
		}
	}
	missing := []any{}
	for _, key := range slices.Sorted(maps.Keys(seen)) {
		missing = append(missing, key)
	}
	return missing
}
