// Package sts is the Security Token Service that Cairn itself is: it opens
// sessions and says who has them.
//
// AssumeRole is decided here and not before: the role's trust policy and the
// caller's own policies decide together.
package sts

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/policy"
)

// Options are the service's settings.
type Options struct {
	// Issuers are whose tokens AssumeRoleWithWebIdentity takes.
	Issuers []*Issuer
	// Open: callers are taken as given, so their policies and the roles'
	// decide nothing.
	Open bool
}

// Service answers STS calls. It may be used from any goroutine.
type Service struct {
	directory *identity.Directory
	options   Options
}

// New makes the service.
func New(d *identity.Directory, o Options) *Service { return &Service{directory: d, options: o} }

// answer is the output of an operation.
type answer = map[string]any

var operations = map[string]func(*request) (answer, error){
	"GetCallerIdentity":          getCallerIdentity,
	"GetAccessKeyInfo":           getAccessKeyInfo,
	"GetSessionToken":            getSessionToken,
	"GetFederationToken":         getFederationToken,
	"AssumeRole":                 assumeRole,
	"AssumeRoleWithWebIdentity":  assumeRoleWithWebIdentity,
	"AssumeRoleWithSAML":         assumeRoleWithSAML,
	"DecodeAuthorizationMessage": decodeAuthorizationMessage,
}

// request is a call on its way through a handler.
type request struct {
	*Service
	ctx    context.Context
	call   *awsapi.Call
	caller identity.Credential
}

// Call implements the gateway's Backend.
func (s *Service) Call(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	do, ok := operations[c.Operation.Name]
	if !ok {
		return nil, refuse("InvalidAction", "This endpoint's STS does not have %s.", c.Operation.Name)
	}
	out, err := do(&request{Service: s, ctx: ctx, call: c, caller: identity.FromContext(ctx)})
	if err != nil {
		return nil, answered(c, err)
	}
	return out, nil
}

// answered puts a refusal into the API's form. Other errors are faults.
func answered(c *awsapi.Call, err error) error {
	var refused *identity.Refusal
	var syntax *policy.SyntaxError
	var e *awsapi.Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &refused):
		return refuse("ValidationError", "%s", refused.Message)
	case errors.As(err, &syntax):
		return &awsapi.Error{Code: "MalformedPolicyDocumentException", Message: syntax.Message}
	}
	return fmt.Errorf("%s: %w", c.Operation.Name, err)
}

func refuse(code, format string, args ...any) *awsapi.Error {
	return &awsapi.Error{Code: code, Message: fmt.Sprintf(format, args...), Status: http.StatusBadRequest}
}

func denied(format string, args ...any) *awsapi.Error {
	return &awsapi.Error{Code: "AccessDenied", Message: fmt.Sprintf(format, args...), Status: http.StatusForbidden}
}

func (r *request) text(name string) string {
	s, _ := r.call.Params[name].(string)
	return s
}

func (r *request) texts(name string) []string {
	list, _ := r.call.Params[name].([]any)
	var texts []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}

func getCallerIdentity(r *request) (answer, error) {
	return answer{"UserId": r.call.Caller.PrincipalID, "Account": r.call.AccountID, "Arn": r.call.Caller.ARN}, nil
}

// getAccessKeyInfo tells the account of a key. That of a temporary one, which is
// not stored, is in its id.
func getAccessKeyInfo(r *request) (answer, error) {
	id := r.text("AccessKeyId")
	account, known := identity.AccountInID(id)
	err := r.directory.View(r.call.AccountID, func(tx *identity.Tx) error {
		owner, _, err := tx.KeyOwner(id)
		if err == nil {
			account, known = owner, true
		} else if identity.Refused(err, identity.NoSuchEntity) {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, refuse("ValidationError", "The access key id is not valid.")
	}
	return answer{"Account": account}, nil
}

func decodeAuthorizationMessage(r *request) (answer, error) {
	message, err := r.directory.DecodeMessage(r.caller.AccountID, r.text("EncodedMessage"))
	if err != nil {
		return nil, refuse("InvalidAuthorizationMessageException", "Message is not valid")
	}
	return answer{"DecodedMessage": string(message)}, nil
}
