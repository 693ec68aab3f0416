// Package events is the EventBridge API that Cairn itself is: thin handlers over
// package rule. A handler reads the parameters of a call, has the worker do what
// it asks, and words the answer.
package events

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/rule"
)

// Bus takes events that callers put; *rule.Dispatcher is one. When Put returns,
// the events are durable with a delivery for each target that wants them.
type Bus interface {
	Put(ctx context.Context, to rule.Scope, events ...rule.Custom) (ids []string, err error)
}

// Roles say whether EventBridge may invoke an API destination as a role. The error
// is ErrTrust where the role is not there or does not trust EventBridge, and
// ErrRole where the role's policies do not allow it.
type Roles interface {
	MayInvoke(ctx context.Context, roleARN, destinationARN string) error
}

// Errors of Roles.
var (
	ErrTrust = errors.New("the role does not trust events.amazonaws.com")
	ErrRole  = errors.New("the role does not allow events:InvokeApiDestination")
)

// Options are what a service may be given.
type Options struct {
	// Roles are asked about the targets' roles; without, none is.
	Roles Roles
	// Kinds are the kinds of targets that there are; without, all.
	Kinds []rule.Kind
}

// Service answers EventBridge calls. It may be used from any goroutine.
type Service struct {
	rules      *rule.Store
	bus        Bus
	options    Options
	operations map[string]operation
}

// answer is the output of an operation, and operation how one is carried out.
type (
	answer    = map[string]any
	operation func(*request) (answer, error)
)

// New makes the service.
func New(rules *rule.Store, bus Bus, o Options) *Service {
	if o.Kinds == nil {
		o.Kinds = []rule.Kind{rule.KindHTTP, rule.KindTopic, rule.KindLogGroup}
	}
	s := &Service{rules: rules, bus: bus, options: o, operations: map[string]operation{}}
	for _, table := range []map[string]operation{
		ruleOperations, targetOperations, tagOperations, busOperations, connectionOperations, destinationOperations,
	} {
		maps.Copy(s.operations, table)
	}
	return s
}

// Call implements the gateway's Backend.
func (s *Service) Call(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	do := s.operations[c.Operation.Name]
	if do == nil {
		return nil, refuse("UnknownOperationException", "The built-in EventBridge does not have "+c.Operation.Name+
			": it has rules on the default bus, and sends to API destinations, SNS topics and log groups.")
	}
	out, err := do(&request{
		Call: c, ctx: ctx, service: s, params: c.Params, scope: rule.Scope{Account: c.AccountID, Region: c.Region},
	})
	var refused *rule.Refusal
	if errors.As(err, &refused) {
		return nil, refuse(string(refused.Reason), refused.Message)
	}
	return out, err
}

func refuse(code, message string) *awsapi.Error { return &awsapi.Error{Code: code, Message: message} }

func invalid(format string, args ...any) *awsapi.Error {
	return refuse(string(rule.Invalid), fmt.Sprintf(format, args...))
}

// request is a call on its way through a handler.
type request struct {
	*awsapi.Call
	ctx     context.Context
	service *Service
	params  params
	scope   rule.Scope
}

func (r *request) rules() *rule.Store { return r.service.rules }

// params are the members of a structure of a request.
type params map[string]any

// text is a member, or "" where it is not given.
func (p params) text(name string) string {
	s, _ := p[name].(string)
	return s
}

// given reports whether the member is there, be it empty.
func (p params) given(name string) bool {
	_, ok := p[name]
	return ok
}

func (p params) flag(name string) bool {
	b, _ := p[name].(bool)
	return b
}

// number is a member, or another number where it is not given.
func (p params) number(name string, otherwise int) int {
	if n, ok := p[name].(int64); ok {
		return int(n)
	}
	return otherwise
}

// in are the members of a structure inside; none where it is not given.
func (p params) in(name string) params {
	m, _ := p[name].(map[string]any)
	return m
}

// list are the structures of a list.
func (p params) list(name string) []params {
	all, _ := p[name].([]any)
	out := make([]params, 0, len(all))
	for _, v := range all {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// texts are the texts of a list.
func (p params) texts(name string) []string {
	all, _ := p[name].([]any)
	out := make([]string, 0, len(all))
	for _, v := range all {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// words are the texts of a map.
func (p params) words(name string) map[string]string {
	all := p.in(name)
	if all == nil {
		return nil
	}
	out := make(map[string]string, len(all))
	for key := range all {
		out[key] = all.text(key)
	}
	return out
}

// oneOf holds a member to the values of its enum, in the words of AWS's front
// ends. at is how they name the member.
func oneOf[T ~string](value T, at string, set ...T) error {
	texts := make([]string, len(set))
	for i, s := range set {
		if s == value {
			return nil
		}
		texts[i] = string(s)
	}
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
		value, at, strings.Join(texts, ", "))
}
