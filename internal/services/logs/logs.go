// Package logs is the CloudWatch Logs API over Cairn's own log groups.
package logs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/loggroup"
)

// Service answers CloudWatch Logs calls.
type Service struct {
	store      *loggroup.Store
	operations map[string]operation
}

type operation func(*call) (map[string]any, error)

// call is a call with what every operation asks of it.
type call struct {
	*awsapi.Call
	scope loggroup.Scope
}

// New makes the service.
func New(store *loggroup.Store) *Service {
	s := &Service{store: store}
	s.operations = map[string]operation{
		"CreateLogGroup":        s.createGroup,
		"DeleteLogGroup":        s.deleteGroup,
		"DescribeLogGroups":     s.describeGroups,
		"PutRetentionPolicy":    s.putRetention,
		"DeleteRetentionPolicy": s.deleteRetention,
		"TagResource":           s.tag,
		"UntagResource":         s.untag,
		"ListTagsForResource":   s.listTags,
		"TagLogGroup":           s.tag,
		"UntagLogGroup":         s.untag,
		"ListTagsLogGroup":      s.listTags,
		"CreateLogStream":       s.createStream,
		"DeleteLogStream":       s.deleteStream,
		"DescribeLogStreams":    s.describeStreams,
		"PutLogEvents":          s.putEvents,
		"GetLogEvents":          s.getEvents,
		"FilterLogEvents":       s.filterEvents,
	}
	return s
}

// Call implements the gateway's Backend.
func (s *Service) Call(_ context.Context, c *awsapi.Call) (map[string]any, error) {
	do := s.operations[c.Operation.Name]
	if do == nil {
		return nil, refuse("UnknownOperationException", "The built-in CloudWatch Logs does not have "+c.Operation.Name+".")
	}
	out, err := do(&call{Call: c, scope: loggroup.Scope{Account: c.AccountID, Region: c.Region}})
	return out, refusal(err)
}

func refuse(code, message string) *awsapi.Error { return &awsapi.Error{Code: code, Message: message} }

// refusal words what the store says as AWS does; the disk's errors stay as they
// are.
func refusal(err error) error {
	for _, known := range []struct {
		err           error
		code, message string
	}{
		{loggroup.ErrNoGroup, "ResourceNotFoundException", "The specified log group does not exist."},
		{loggroup.ErrNoStream, "ResourceNotFoundException", "The specified log stream does not exist."},
		{loggroup.ErrGroupExists, "ResourceAlreadyExistsException", "The specified log group already exists"},
		{loggroup.ErrStreamExists, "ResourceAlreadyExistsException", "The specified log stream already exists"},
	} {
		if errors.Is(err, known.err) {
			return refuse(known.code, known.message)
		}
	}
	return err
}

// text is a parameter, or "" where it is not given.
func (c *call) text(name string) string {
	s, _ := c.Params[name].(string)
	return s
}

func (c *call) flag(name string) bool {
	b, _ := c.Params[name].(bool)
	return b
}

// number is a parameter, or another number where it is not given.
func (c *call) number(name string, otherwise int64) int64 {
	if n, ok := c.Params[name].(int64); ok {
		return n
	}
	return otherwise
}

// group is the name of the log group that the call is about: by its name, or by
// an identifier, which may be its ARN.
func (c *call) group() (string, error) {
	name, identifier := c.text("logGroupName"), c.text("logGroupIdentifier")
	switch {
	case name != "" && identifier != "":
		return "", refuse("InvalidParameterException", "Only one of logGroupName and logGroupIdentifier can be given.")
	case name != "":
		return name, nil
	case identifier == "":
		return "", refuse("InvalidParameterException", "Either logGroupName or logGroupIdentifier must be given.")
	case !strings.HasPrefix(identifier, "arn:"):
		return identifier, nil
	}
	return c.named(identifier)
}

// named is the name in a log group's ARN, which must be of the call's account
// and Region.
func (c *call) named(arn string) (string, error) {
	prefix := fmt.Sprintf("arn:aws:logs:%s:%s:log-group:", c.scope.Region, c.scope.Account)
	name, ok := strings.CutPrefix(arn, prefix)
	if name = strings.TrimSuffix(name, ":*"); !ok || name == "" || strings.Contains(name, ":") {
		return "", refuse("ResourceNotFoundException", "The specified log group does not exist.")
	}
	return name, nil
}
