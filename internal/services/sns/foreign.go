package sns

import (
	"strconv"

	"github.com/cairn-audit/cairn/internal/policy"
	"github.com/cairn-audit/cairn/internal/topic"
)

// own are the identity-based policies of a caller whom they have let through
// already.
const own = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// unsignedOperations prove the caller by what is in them, a token or the ARN.
var unsignedOperations = map[string]bool{"ConfirmSubscription": true, "Unsubscribe": true}

// mayReach lets the policy of another account's topic decide: the policies of
// the caller's own account have no say about it.
func (r *request) mayReach(a topic.ARN) error {
	operation := r.call.Operation.Name
	if a.Account == r.call.AccountID {
		return nil
	}
	if !r.signed() && unsignedOperations[operation] {
		// The event is that of the topic's account.
		r.call.Learned.AccountID = a.Account
		return nil
	}
	doc, owner, err := r.broker.Policy(r.ctx, a.Topic().String())
	if err != nil {
		return err
	}
	allowed, err := policy.Parse([]byte(own))
	if err != nil {
		return err
	}
	if operation == "PublishBatch" {
		operation = "Publish"
	}
	d := policy.Evaluate(policy.Request{
		Action: "sns:" + operation, Resource: a.Topic().String(),
		Principal: r.caller.PolicyPrincipal(), Context: r.conditions(),
	}, policy.Policies{Identity: []*policy.Document{allowed}, Resource: doc, ResourceAccount: owner})
	if d.Allowed {
		return nil
	}
	return &topic.Refusal{Reason: topic.AuthorizationError, Message: "User: " + r.caller.Identity.ARN +
		" is not authorized to perform: SNS:" + operation + " on resource: " + a.Topic().String() + " " + d.Because("SNS:"+operation)}
}

func (r *request) conditions() policy.Context {
	var c policy.Context
	r.caller.SetContext(&c, nil, r.call.Time)
	c.Set("aws:SourceIp", r.call.SourceIP)
	c.Set("aws:SecureTransport", strconv.FormatBool(r.call.Secure))
	c.Set("aws:SourceOwner", r.call.AccountID)
	for _, parameter := range []string{"Protocol", "Endpoint"} {
		if v := r.text(parameter); v != "" {
			c.Set("sns:"+parameter, v)
		}
	}
	return c
}
