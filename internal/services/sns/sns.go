// Package sns is the Simple Notification Service API that Cairn itself is: thin
// handlers over a topic.Broker. A handler reads the parameters of a call, has the
// broker do what it asks, and words the answer.
package sns

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/topic"
)

// Service answers SNS calls. It may be used from any goroutine.
type Service struct {
	broker     *topic.Broker
	operations map[string]operation
}

// answer is the output of an operation, and operation how one is carried out.
type (
	answer    = map[string]any
	operation func(*request) (answer, error)
)

// New makes the service.
func New(b *topic.Broker) *Service {
	s := &Service{broker: b, operations: map[string]operation{}}
	for _, table := range []map[string]operation{topicOperations, subscriptionOperations, publishOperations} {
		maps.Copy(s.operations, table)
	}
	return s
}

// Call implements the gateway's Backend.
func (s *Service) Call(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	do := s.operations[c.Operation.Name]
	if do == nil {
		return nil, &awsapi.Error{
			Code: "InvalidAction", Status: http.StatusBadRequest,
			Message: "This endpoint's SNS does not have " + c.Operation.Name + ": it has topics, and delivers by http and https.",
		}
	}
	r := &request{ctx: ctx, call: c, broker: s.broker, caller: identity.FromContext(ctx)}
	out, err := do(r)
	var refused *topic.Refusal
	switch {
	case errors.As(err, &refused):
		return nil, &awsapi.Error{Code: string(refused.Reason), Message: refused.Message}
	case err != nil:
		return nil, fmt.Errorf("%s: %w", c.Operation.Name, err)
	}
	return out, nil
}

// request is a call on its way through a handler.
type request struct {
	ctx    context.Context
	call   *awsapi.Call
	broker *topic.Broker
	caller identity.Credential
}

// signed reports whether the caller is known at all.
func (r *request) signed() bool { return r.caller.AccessKeyID != "" }

func (r *request) text(name string) string {
	s, _ := r.call.Params[name].(string)
	return s
}

func (r *request) texts(name string) []string { return texts(r.call.Params[name]) }

func texts(v any) []string {
	list, _ := v.([]any)
	out := make([]string, 0, len(list))
	for _, item := range list {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func (r *request) attributes() map[string]string {
	m, _ := r.call.Params["Attributes"].(map[string]any)
	out := make(map[string]string, len(m))
	for name, v := range m {
		out[name], _ = v.(string)
	}
	return out
}

func (r *request) tags() []topic.Tag {
	list, _ := r.call.Params["Tags"].([]any)
	var tags []topic.Tag
	for _, v := range list {
		m, _ := v.(map[string]any)
		key, _ := m["Key"].(string)
		value, _ := m["Value"].(string)
		tags = append(tags, topic.Tag{Key: key, Value: value})
	}
	return tags
}

// topic reads the ARN of a topic of the call's Region, which may be another
// account's: whether the caller may act on it was decided before.
func (r *request) topic(parameter string) (topic.ARN, error) {
	return r.here(topic.ParseARN, parameter)
}

// subscription reads the ARN of a subscription, as topic does.
func (r *request) subscription() (topic.ARN, error) {
	return r.here(topic.ParseSubscriptionARN, "SubscriptionArn")
}

func (r *request) here(parse func(text, parameter string) (topic.ARN, error), parameter string) (topic.ARN, error) {
	a, err := parse(r.text(parameter), parameter)
	if err == nil && a.Region != r.call.Region {
		err = &topic.Refusal{Reason: topic.InvalidParameter, Message: "Invalid parameter: " + parameter}
	}
	return a, err
}

// pageSize is how many topics or subscriptions a page of a list has.
const pageSize = 100

// after is where the page that is asked for begins. A token is the last ARN of
// the page before.
func (r *request) after() (string, error) {
	token := r.text("NextToken")
	if token == "" {
		return "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || !strings.HasPrefix(string(b), "arn:") {
		return "", &topic.Refusal{Reason: topic.InvalidParameter, Message: "Invalid parameter: NextToken"}
	}
	return string(b), nil
}

func nextToken(out answer, last string, more bool) answer {
	if more {
		out["NextToken"] = base64.RawURLEncoding.EncodeToString([]byte(last))
	}
	return out
}
