package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/access"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/policy"
	"github.com/cairn-audit/cairn/internal/record"
	"github.com/cairn-audit/cairn/internal/region"
)

// Permissions says which policies apply to a caller, as they are now.
type Permissions interface {
	Permissions(ctx context.Context, c identity.Credential) (identity.Permissions, error)
	// EncodeMessage seals what only DecodeAuthorizationMessage tells, in the
	// account.
	EncodeMessage(account string, message []byte) string
	// Named finds the entity that a parameter of IAM's API names.
	Named(ctx context.Context, account, parameter, name string) (n identity.Named, ok bool, err error)
	// PassedRole is the ARN of the role that is passed with an instance
	// profile, "" where that holds none.
	PassedRole(ctx context.Context, profileARN string) (string, error)
}

// undecided are the STS operations about which policies have no say here: the
// caller's own identity and session need no permission (API Reference,
// GetCallerIdentity and GetSessionToken), and who may assume a role is for the
// service to decide, by the role's trust policy.
var undecided = map[string]bool{
	"GetCallerIdentity": true, "GetSessionToken": true,
	"AssumeRole": true, "AssumeRoleWithWebIdentity": true, "AssumeRoleWithSAML": true,
}

// authorize lets the policies of the caller, of the resources and of the VPC
// endpoint decide. All permissions that a call needs must be allowed.
func (x *exchange) authorize(ctx context.Context) error {
	decided := x.gateway.Permissions != nil && !x.needsNoSignature() && !(x.serviceID() == "sts" && undecided[x.call.EventName])
	endpoint := x.endpointPolicy()
	if !decided && endpoint == nil {
		return nil
	}
	var policies policy.Policies
	var tags []identity.Tag
	if decided {
		var err error
		if policies, tags, err = x.callerPolicies(ctx); err != nil {
			return err
		}
	}
	if err := x.findSubject(ctx); err != nil {
		return err
	}
	policies.Endpoint = endpoint
	request := policy.Request{Principal: x.caller.PolicyPrincipal(), Context: x.conditions(tags)}
	need, d, err := x.evaluate(ctx, request, policies, decided)
	if err != nil || d.Allowed {
		return err
	}
	if d.By == policy.ByEndpoint {
		policies.Endpoint = nil
		_, other, err := x.evaluate(ctx, request, policies, decided)
		if err != nil {
			return err
		}
		x.stopped, x.deniedAnyway = true, !other.Allowed
	}
	x.call.Refused = record.Authorization
	return x.denial(need, d)
}

// evaluate returns the first of the permissions that the call needs which is not
// allowed, and why. Where the caller's policies have no say, only what the VPC
// endpoint's denies counts.
func (x *exchange) evaluate(ctx context.Context, of policy.Request, p policy.Policies, decided bool) (access.Access, policy.Decision, error) {
	allowed := policy.Decision{Allowed: true, Reason: policy.Allows}
	calls, err := x.asks(ctx)
	if err != nil {
		return access.Access{}, policy.Decision{}, err
	}
	for _, c := range calls {
		r, policies := of, p
		r.Context = of.Context.Clone()
		for key, value := range access.Keys(x.gateway.Access.Prefix(c.service), c.params) {
			r.Context.Set(key, value)
		}
		if !c.own {
			policies.Endpoint = nil // it does not come through the endpoint
			if !decided {
				continue
			}
		}
		for _, need := range c.needs {
			d, err := x.decide(ctx, &c, &need, r, policies, decided)
			if err != nil || !d.Allowed && (decided || d.By == policy.ByEndpoint) {
				return need, d, err
			}
		}
	}
	return access.Access{}, allowed, nil
}

// decide decides on one permission, into which it puts the resource's own ARN.
func (x *exchange) decide(ctx context.Context, c *asked, need *access.Access, r policy.Request, p policy.Policies, decided bool) (policy.Decision, error) {
	passes, err := x.passing(ctx, need, &r)
	if err != nil {
		return policy.Decision{}, err
	}
	if !passes {
		return policy.Decision{Allowed: true, Reason: policy.Allows}, nil
	}
	tags, err := x.refer(ctx, need)
	if err != nil {
		return policy.Decision{}, err
	}
	r.Action, r.Resource = need.Action, need.Resource
	if err := x.addKeys(&r, c, tags); err != nil {
		return policy.Decision{}, err
	}
	if decided {
		if err := x.addResource(ctx, &r, &p); err != nil {
			return policy.Decision{}, err
		}
	}
	return policy.Evaluate(r, p), nil
}

// conditions are the global condition keys of the call ("AWS global condition
// context keys", IAM User Guide).
func (x *exchange) conditions(tags []identity.Tag) policy.Context {
	var c policy.Context
	x.caller.SetContext(&c, tags, x.started)
	now := x.started.UTC()
	c.Set("aws:CurrentTime", now.Format(time.RFC3339))
	c.Set("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	c.Set("aws:ViaAWSService", "false") // what services call for others is not decided here
	x.setSource(&c)
	c.Set("aws:SecureTransport", strconv.FormatBool(x.http.TLS != nil))
	c.Set("aws:RequestedRegion", x.requestedRegion())
	if agent := x.http.UserAgent(); agent != "" {
		c.Set("aws:UserAgent", agent)
	}
	if referer := x.http.Referer(); referer != "" {
		c.Set("aws:Referer", referer)
	}
	x.setServiceKeys(&c)
	return c
}

// requestedRegion is the Region that policies decide on. One that Cairn does not
// know is not the event's, but an upstream gets it, and may know it. It becomes a
// part of ARNs, so it must look like one.
func (x *exchange) requestedRegion() string {
	signed, service := x.signature.Region, x.request.Found.Service
	_, own := x.gateway.Routes.To(x.serviceID(), x.call.SigningName).(builtin)
	global := service != nil && globalServices[service.SigningName]
	formed := signed != "" && strings.Trim(signed, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
	if own || global || !formed {
		return x.call.Region
	}
	return signed
}

// denials are the codes and statuses of a refusal by policy, by family of
// protocol: the common errors of Query, JSON and S3, and EC2's own.
var denials = map[family]struct {
	code   string
	status int
}{
	familyQuery: {"AccessDenied", http.StatusForbidden},
	familyEC2:   {"UnauthorizedOperation", http.StatusForbidden},
	familyJSON:  {"AccessDeniedException", http.StatusBadRequest},
	familyS3:    {"AccessDenied", http.StatusForbidden},
}

// spoken are services that refuse in words of their own: another code than their
// protocol's, and another prefix of actions. They name all of their resources by an
// ARN (published records and reports of SNS).
var spoken = map[string]struct{ code, prefix string }{
	"sns": {"AuthorizationError", "SNS"},
}

// denial is the refusal in AWS's sentence. EC2 adds what it knows in a form that
// only who may call DecodeAuthorizationMessage can read.
func (x *exchange) denial(need access.Access, d policy.Decision) *awsapi.Error {
	f := familyOf(x.request.Found)
	action, resource := need.Action, need.Resource
	if f == familyS3 {
		resource = strconv.Quote(resource)
	}
	prefix, name, _ := strings.Cut(action, ":")
	if words, ok := spoken[prefix]; ok {
		action = words.prefix + ":" + name
		if resource == "*" {
			resource = "arn:" + region.Partition(x.call.Region) + ":" + prefix + ":" + x.call.Region + ":" + x.call.AccountID + ":*"
		}
	}
	message := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s %s",
		x.caller.Identity.ARN, action, resource, d.Because(action))
	if f == familyS3 && x.outsider() {
		message = "Access Denied"
	}
	if f == familyEC2 && x.gateway.Permissions != nil {
		message += ". Encoded authorization failure message: " + x.gateway.Permissions.EncodeMessage(x.caller.AccountID, x.explanation(need, d))
	}
	return x.accessDenied(message)
}

// unmapped is the refusal of a caller who has nothing at the upstream.
func (x *exchange) unmapped() *awsapi.Error {
	return x.accessDenied(fmt.Sprintf("User: %s is not authorized to perform: %s:%s because it has no credentials for the service behind this endpoint",
		x.caller.Identity.ARN, x.call.SigningName, x.call.EventName))
}

// accessDenied is the error with which the caller's service refuses access.
func (x *exchange) accessDenied(message string) *awsapi.Error {
	f := familyOf(x.request.Found)
	if f == familyEC2 {
		message = "You are not authorized to perform this operation. " + message
	}
	code := denials[f].code
	if words, ok := spoken[x.serviceID()]; ok {
		code = words.code
	}
	e := &awsapi.Error{Code: code, Status: denials[f].status, Message: message}
	if x.request.Found.Protocol == awsapi.RestJSON {
		e.Status = http.StatusForbidden
	}
	return e
}

// explanation is what DecodeAuthorizationMessage tells, in the form of the STS
// API Reference's example.
func (x *exchange) explanation(need access.Access, d policy.Decision) []byte {
	type items struct {
		Items []any `json:"items"`
	}
	none := items{[]any{}}
	matched := none.Items
	if d.Statement != nil {
		matched = append(matched, map[string]any{"statementId": d.Statement.Sid, "effect": "DENY"})
	}
	b, err := json.Marshal(map[string]any{
		"allowed":           false,
		"explicitDeny":      d.Reason == policy.ExplicitDeny,
		"matchedStatements": items{matched},
		"failures":          none,
		"context": map[string]any{
			"principal": map[string]string{
				"id": x.caller.Identity.PrincipalID, "name": x.caller.Identity.UserName, "arn": x.caller.Identity.ARN,
			},
			"action": need.Action, "resource": need.Resource, "conditions": none,
		},
	})
	if err != nil {
		x.gateway.Logger.Error("a denial cannot be explained", "error", err)
	}
	return b
}
