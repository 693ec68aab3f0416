// Package iam is the Identity and Access Management API that Cairn itself is:
// thin handlers over the identity directory. A handler reads the parameters of
// a call, changes or reads the directory in one transaction, and words the
// answer; what may be and what may not is the directory's to say.
package iam

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/policy"
)

// Service answers IAM calls. It may be used from any goroutine.
type Service struct {
	directory  *identity.Directory
	operations map[string]operation
}

// New makes the service.
func New(d *identity.Directory) *Service {
	s := &Service{directory: d, operations: map[string]operation{}}
	for _, table := range []map[string]operation{
		userOperations, groupOperations, keyOperations, loginOperations, roleOperations, profileOperations,
		policyOperations, deviceOperations, accountOperations, simulateOperations, samlOperations, holderOperations(), tagOperations(),
	} {
		maps.Copy(s.operations, table)
	}
	return s
}

// answer is the output of an operation.
type answer = map[string]any

// operation is how one is carried out: in a transaction that reads or writes,
// or in those that it makes itself.
type operation struct {
	mode mode
	do   func(*request) (answer, error)
}

type mode int

const (
	reads mode = iota
	writes
	// apart: the operation does work that no transaction should wait for.
	apart
)

// Call implements the gateway's Backend.
func (s *Service) Call(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	op, ok := s.operations[c.Operation.Name]
	if !ok {
		return nil, &awsapi.Error{
			Code: "InvalidAction", Status: http.StatusBadRequest,
			Message: "This endpoint's IAM does not have " + c.Operation.Name + ".",
		}
	}
	if weak(identity.FromContext(ctx).Session) {
		return nil, &awsapi.Error{
			Code: "InvalidClientTokenId", Status: http.StatusForbidden,
			Message: "The security token included in the request is invalid",
		}
	}
	var out answer
	run := func(tx *identity.Tx) (err error) {
		r := &request{ctx: ctx, call: c, tx: tx, directory: s.directory, caller: identity.FromContext(ctx)}
		out, err = op.do(r)
		return err
	}
	var err error
	switch op.mode {
	case reads:
		err = s.directory.View(c.AccountID, run)
	case writes:
		err = s.directory.Update(c.AccountID, run)
	case apart:
		err = run(nil)
	}
	if err != nil {
		return nil, answered(c, err)
	}
	return out, nil
}

// weak reports whether the session is one with which IAM cannot be called: "You
// cannot call any IAM API operations unless MFA authentication information is
// included" (STS API Reference, GetSessionToken), and none at all with those of
// GetFederationToken. Sessions of the console are not theirs.
func weak(s *identity.Session) bool {
	if s == nil || s.Console {
		return false
	}
	return s.Kind == identity.FederatedUser || s.Kind != identity.AssumedRole && !s.MFA
}

// answered puts a refusal into the API's form. Other errors are faults.
func answered(c *awsapi.Call, err error) error {
	var refused *identity.Refusal
	var syntax *policy.SyntaxError
	var unknown *policy.UnknownPrincipalError
	switch {
	case errors.As(err, &refused):
		e := &awsapi.Error{Code: string(refused.Reason), Message: refused.Message}
		if refused.Reason == identity.ValidationError {
			e.Status = http.StatusBadRequest
		}
		return e
	case errors.As(err, &syntax):
		return &awsapi.Error{Code: string(identity.MalformedPolicyDocument), Message: syntax.Message}
	case errors.As(err, &unknown):
		return &awsapi.Error{Code: string(identity.MalformedPolicyDocument), Message: unknown.Error()}
	}
	return fmt.Errorf("%s: %w", c.Operation.Name, err)
}

// request is a call on its way through a handler.
type request struct {
	ctx       context.Context
	call      *awsapi.Call
	directory *identity.Directory
	// tx is nil for operations that work apart.
	tx     *identity.Tx
	caller identity.Credential
}

func (r *request) text(name string) string {
	s, _ := r.call.Params[name].(string)
	return s
}

func (r *request) flag(name string) bool {
	b, _ := r.call.Params[name].(bool)
	return b
}

func (r *request) number(name string) int64 {
	n, _ := r.call.Params[name].(int64)
	return n
}

func (r *request) texts(name string) []string {
	list, _ := r.call.Params[name].([]any)
	texts := make([]string, 0, len(list))
	for _, v := range list {
		if s, ok := v.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}

func (r *request) tags() []identity.Tag {
	list, _ := r.call.Params["Tags"].([]any)
	var tags []identity.Tag
	for _, v := range list {
		m, _ := v.(map[string]any)
		key, _ := m["Key"].(string)
		value, _ := m["Value"].(string)
		tags = append(tags, identity.Tag{Key: key, Value: value})
	}
	return tags
}

// entity is what a call that makes one says of it.
func (r *request) entity(nameParam string) identity.Entity {
	return identity.NewEntity(r.text(nameParam), r.text("Path"), r.call.Time, r.tags())
}

// userName is the user that a call is about: the caller, where it names none.
func (r *request) userName() (string, error) {
	if name := r.text("UserName"); name != "" {
		return name, nil
	}
	if r.caller.Principal.Kind == identity.IAMUser {
		return r.caller.Principal.Name, nil
	}
	return "", identity.Refuse(identity.ValidationError, "Must specify userName when calling with non-User credentials")
}

// document reads a policy document that a call gives.
func (r *request) document(param string, kind policy.Kind) (string, error) {
	text := r.text(param)
	_, err := policy.ParseAs(kind, []byte(text))
	return text, err
}

// all selects everything.
func all[T any](*T) bool { return true }
