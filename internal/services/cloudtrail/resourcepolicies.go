package cloudtrail

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/policy"
	"github.com/cairn-audit/cairn/internal/services/channel"
)

// maxPolicy is the length of a resource policy, in characters (API Reference,
// PutResourcePolicy).
const maxPolicy = 8192

// readGoverned reads the ARN of a resource that can have a policy. Only a channel
// of the caller's is found.
func readGoverned(c *awsapi.Call) (channel.Reference, error) {
	arn, _ := c.Params["ResourceArn"].(string)
	switch {
	case ofKind(arn, "channel"):
		r, ok := channel.ParseReference(arn, c.AccountID, c.Region)
		if ok && (r.AccountID != c.AccountID || r.Region != c.Region) {
			return r, noResource(arn)
		}
		if ok {
			return r, nil
		}
	case storeARN.MatchString(arn), dashboardARN.MatchString(arn):
		return channel.Reference{}, noResource(arn)
	case ofKind(arn, "trail"):
		return channel.Reference{}, refuse("ResourceTypeNotSupportedException", "Trails have no resource policies.")
	}
	return channel.Reference{}, refusef("ResourceARNNotValidException", "%q is not the ARN of an event data store, a dashboard or a channel.", arn)
}

func (s *Service) putResourcePolicy(c *awsapi.Call) (map[string]any, error) {
	r, err := readGoverned(c)
	if err != nil {
		return nil, err
	}
	document, _ := c.Params["ResourcePolicy"].(string)
	if !within(document, maxPolicy) {
		return nil, refusef("ResourcePolicyNotValidException", "A resource policy must have 1 to %d characters.", maxPolicy)
	}
	return s.changePolicy(r, func(ch *channel.Channel) error {
		if err := checkChannelPolicy(document, ch.ARN()); err != nil {
			return err
		}
		ch.Policy = document
		return nil
	})
}

// checkChannelPolicy checks that a document can be the policy of a channel: it
// says who may put events into it, and speaks of nothing else.
func checkChannelPolicy(document, arn string) error {
	invalid := func(format string, args ...any) error {
		return refuse("ResourcePolicyNotValidException", fmt.Sprintf(format, args...))
	}
	d, err := policy.ParseAs(policy.Resource, []byte(document))
	if wrong := (*policy.SyntaxError)(nil); errors.As(err, &wrong) {
		return invalid("The resource policy is not valid: %s", wrong.Message)
	}
	if err != nil {
		return err
	}
	for _, statement := range d.Statements {
		if len(statement.NotActions)+len(statement.NotResources)+len(statement.NotPrincipals) > 0 {
			return invalid("The resource policy of a channel cannot have NotAction, NotResource or NotPrincipal.")
		}
		for _, action := range statement.Actions {
			if !strings.EqualFold(action, "cloudtrail-data:PutAuditEvents") {
				return invalid("The resource policy of a channel can have the action cloudtrail-data:PutAuditEvents, not %s.", action)
			}
		}
		for _, resource := range statement.Resources {
			if resource != arn {
				return invalid("The resource policy of a channel can have that channel as resource, not %s.", resource)
			}
		}
	}
	return nil
}

func (s *Service) getResourcePolicy(c *awsapi.Call) (map[string]any, error) {
	r, err := readGoverned(c)
	if err != nil {
		return nil, err
	}
	found, err := s.channels.Get(r)
	if errors.Is(err, channel.ErrNotFound) {
		return nil, noResource(r.ARN())
	}
	if err == nil && found.Policy == "" {
		err = noPolicy()
	}
	if err != nil {
		return nil, err
	}
	return describePolicy(&found), nil
}

func (s *Service) deleteResourcePolicy(c *awsapi.Call) (map[string]any, error) {
	r, err := readGoverned(c)
	if err != nil {
		return nil, err
	}
	_, err = s.changePolicy(r, func(ch *channel.Channel) error {
		if ch.Policy == "" {
			return noPolicy()
		}
		ch.Policy = ""
		return nil
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{}, nil
}

func (s *Service) changePolicy(r channel.Reference, f func(*channel.Channel) error) (map[string]any, error) {
	var changed channel.Channel
	err := s.channels.Change(r, func(ch *channel.Channel) error {
		err := f(ch)
		changed = *ch
		return err
	})
	switch {
	case errors.Is(err, channel.ErrNotFound):
		return nil, noResource(r.ARN())
	case err != nil:
		return nil, err
	}
	return describePolicy(&changed), nil
}

func noPolicy() error {
	return refuse("ResourcePolicyNotFoundException", "The resource has no resource policy.")
}

func describePolicy(ch *channel.Channel) map[string]any {
	return map[string]any{"ResourceArn": ch.ARN(), "ResourcePolicy": ch.Policy}
}
