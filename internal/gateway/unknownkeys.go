package gateway

import (
	"context"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/access"
	"github.com/cairn-audit/cairn/internal/policy"
)

// storing are the operations that keep a policy, and where they have it.
var storing = map[string]map[string][]string{
	"iam": {
		"CreatePolicy": {"PolicyDocument"}, "CreatePolicyVersion": {"PolicyDocument"},
		"PutUserPolicy": {"PolicyDocument"}, "PutGroupPolicy": {"PolicyDocument"}, "PutRolePolicy": {"PolicyDocument"},
		"CreateRole": {"AssumeRolePolicyDocument"}, "UpdateAssumeRolePolicy": {"PolicyDocument"},
	},
	"s3": {"PutBucketPolicy": {"Policy"}},
	// Other attributes than Policy are no policies.
	"sns": {"CreateTopic": {"Attributes", "Policy"}, "SetTopicAttributes": {"AttributeValue"}},
}

// warnOfKeys tells the operator that a policy which was kept has conditions on
// keys that requests are never given: it may not do what its author thinks.
func (x *exchange) warnOfKeys(ctx context.Context) {
	op := x.request.Found.Operation
	if op == nil || x.call.Error != nil || x.gateway.Permissions == nil {
		return
	}
	place := storing[op.Service.ID][op.Name]
	if place == nil {
		return
	}
	if _, other := x.gateway.Routes.To(op.Service.ID, x.call.SigningName).(*Upstream); other {
		return // which knows keys of its own
	}
	keys := unknownKeys(text(x.call.Params, place))
	if len(keys) == 0 {
		return
	}
	name, _ := x.call.Params["PolicyName"].(string)
	var resources []string
	for _, need := range x.gateway.Access.Of(op.Service.ID, op.Name, x.subject.params, x.call.AccountID, x.requestedRegion()) {
		resources = append(resources, need.Resource)
	}
	x.gateway.Logger.WarnContext(ctx, "a policy has conditions on keys that no request has here; a Deny with them may deny nothing",
		"operation", op.Name, "account", x.call.AccountID, "resource", strings.Join(slices.Compact(resources), " "), "policy", name, "keys", keys)
}

// unknownKeys are the condition keys of a policy that no request is given, each
// once.
func unknownKeys(document string) []string {
	d, err := policy.Parse([]byte(document))
	if err != nil {
		return nil
	}
	var keys []string
	for _, s := range d.Statements {
		for _, c := range s.Conditions {
			if !access.KnownKey(c.Key) {
				keys = append(keys, c.Key)
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// text is a string at a place of a call's parameters, "" where there is none.
func text(params map[string]any, place []string) string {
	for _, member := range place[:len(place)-1] {
		params, _ = params[member].(map[string]any)
	}
	s, _ := params[place[len(place)-1]].(string)
	return s
}
