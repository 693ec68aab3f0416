package cloudtrail

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/services/channel"
	"github.com/cairn-audit/cairn/internal/trail"
)

// Limits of tags (API Reference, AddTags, ListTags; "Quotas in AWS CloudTrail").
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
	maxTagged   = 20 // resources in a call of ListTags
)

const invalidTag = "InvalidTagParameterException"

// tag is a tag of any resource. Value is empty where only the key was given.
type tag struct{ Key, Value string }

// readTags reads the tags of a call that adds some.
func readTags(v any) ([]tag, error) {
	list, _ := v.([]any)
	if len(list) > maxTags {
		return nil, tooManyTags()
	}
	tags := make([]tag, 0, len(list))
	seen := make(map[string]bool, len(list))
	for _, item := range list {
		given, _ := item.(map[string]any)
		key, _ := given["Key"].(string)
		value, hasValue := given["Value"].(string)
		switch {
		case !within(key, maxTagKey), hasValue && !within(value, maxTagValue):
			return nil, refusef(invalidTag, "A tag's key must have 1 to %d characters and its value, if there is one, 1 to %d.", maxTagKey, maxTagValue)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, refuse(invalidTag, "Keys that begin with aws: are reserved.")
		case seen[key]:
			return nil, refusef(invalidTag, "The tag %s is given twice.", key)
		}
		seen[key] = true
		tags = append(tags, tag{Key: key, Value: value})
	}
	return tags, nil
}

func tooManyTags() error {
	return refusef("TagsLimitExceededException", "A resource can have %d tags.", maxTags)
}

// within reports whether s has at least one and at most limit characters.
func within(s string, limit int) bool { return s != "" && utf8.RuneCountInString(s) <= limit }

func (s *Service) addTags(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	added, err := readTags(c.Params["TagsList"])
	if err != nil {
		return nil, err
	}
	if len(added) == 0 {
		return nil, refuse(invalidTag, "TagsList must have a tag.")
	}
	return s.changeTags(ctx, c, func(tags []tag) ([]tag, error) {
		for _, t := range added {
			if i := slices.IndexFunc(tags, func(o tag) bool { return o.Key == t.Key }); i >= 0 {
				tags[i] = t
			} else {
				tags = append(tags, t)
			}
		}
		if len(tags) > maxTags {
			return nil, tooManyTags()
		}
		return tags, nil
	})
}

// removeTags removes tags by their keys, whatever values the call names beside.
// Keys that no tag has are passed over.
func (s *Service) removeTags(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	list, _ := c.Params["TagsList"].([]any)
	removed := map[string]bool{}
	for _, item := range list {
		given, _ := item.(map[string]any)
		key, _ := given["Key"].(string)
		if !within(key, maxTagKey) {
			return nil, refusef(invalidTag, "A tag's key must have 1 to %d characters.", maxTagKey)
		}
		removed[key] = true
	}
	if len(removed) == 0 {
		return nil, refuse(invalidTag, "TagsList must have a tag.")
	}
	return s.changeTags(ctx, c, func(tags []tag) ([]tag, error) {
		return slices.DeleteFunc(tags, func(t tag) bool { return removed[t.Key] }), nil
	})
}

// changeTags lets f change a copy of the tags of the resource that a call names.
func (s *Service) changeTags(ctx context.Context, c *awsapi.Call, f func([]tag) ([]tag, error)) (map[string]any, error) {
	arn, _ := c.Params["ResourceId"].(string)
	r, err := readTagged(c, arn)
	if err != nil {
		return nil, err
	}
	if r.trail != nil {
		err = s.changeTrailTags(ctx, c, *r.trail, f)
	} else {
		err = s.changeChannelTags(c, *r.channel, f)
	}
	if err != nil {
		return nil, err
	}
	return map[string]any{}, nil
}

func (s *Service) changeTrailTags(ctx context.Context, c *awsapi.Call, r trail.Ref, f func([]tag) ([]tag, error)) error {
	t, err := s.trails.Store.Get(r)
	switch {
	case errors.Is(err, trail.ErrNotFound) || err == nil && t.AccountID != c.AccountID && !t.Organization:
		return noResource(r.ARN())
	case err != nil:
		return trailRefusal(c, r, err)
	case t.AccountID != c.AccountID:
		return notManagement()
	case t.HomeRegion != c.Region:
		return refusef("CloudTrailARNInvalidException", "Region in ARN is wrong, you can only access resources in region %s.", c.Region)
	}
	_, err = s.trails.Store.Change(ctx, r, c.RequestID, func(t *trail.Trail) error {
		tags := make([]tag, len(t.Tags))
		for i := range t.Tags {
			tags[i] = tag(t.Tags[i])
		}
		changed, err := f(tags)
		if err != nil {
			return err
		}
		t.Tags = make([]trail.Tag, len(changed))
		for i := range changed {
			t.Tags[i] = trail.Tag(changed[i])
		}
		return nil
	})
	if err != nil {
		return trailRefusal(c, r, err)
	}
	return nil
}

func (s *Service) changeChannelTags(c *awsapi.Call, r channel.Reference, f func([]tag) ([]tag, error)) error {
	if r.AccountID != c.AccountID || r.Region != c.Region {
		return channelRefusal(channel.ErrNotFound)
	}
	err := s.channels.Change(r, func(ch *channel.Channel) error {
		tags := make([]tag, len(ch.Tags))
		for i := range ch.Tags {
			tags[i] = tag(ch.Tags[i])
		}
		changed, err := f(tags)
		if err != nil {
			return err
		}
		ch.Tags = make([]channel.Tag, len(changed))
		for i := range changed {
			ch.Tags[i] = channel.Tag(changed[i])
		}
		return nil
	})
	if refusal := (*awsapi.Error)(nil); errors.As(err, &refusal) {
		return refusal
	}
	if err != nil {
		return channelRefusal(err)
	}
	return nil
}

func (s *Service) listTags(c *awsapi.Call) (map[string]any, error) {
	if token, _ := c.Params["NextToken"].(string); token != "" {
		return nil, refuse("InvalidTokenException", "Invalid NextToken.")
	}
	arns := strs(c.Params["ResourceIdList"])
	if len(arns) > maxTagged {
		return nil, refusef("CloudTrailARNInvalidException", "ResourceIdList can have %d ARNs.", maxTagged)
	}
	list := make([]any, len(arns))
	for i, arn := range arns {
		tags, err := s.tagsOf(c, arn)
		if err != nil {
			return nil, err
		}
		list[i] = map[string]any{"ResourceId": arn, "TagsList": describeTags(tags)}
	}
	return map[string]any{"ResourceTagList": list}, nil
}

func (s *Service) tagsOf(c *awsapi.Call, arn string) ([]tag, error) {
	r, err := readTagged(c, arn)
	if err != nil {
		return nil, err
	}
	var tags []tag
	if r.trail != nil {
		t, err := s.seeTrail(c, arn)
		if refusal := (*awsapi.Error)(nil); errors.As(err, &refusal) && refusal.Code == "TrailNotFoundException" {
			return nil, noResource(arn)
		}
		if err != nil {
			return nil, err
		}
		for _, given := range t.Tags {
			tags = append(tags, tag(given))
		}
		return tags, nil
	}
	if r.channel.AccountID != c.AccountID || r.channel.Region != c.Region {
		return nil, noResource(arn)
	}
	found, err := s.channels.Get(*r.channel)
	if errors.Is(err, channel.ErrNotFound) {
		return nil, noResource(arn)
	}
	for _, given := range found.Tags {
		tags = append(tags, tag(given))
	}
	return tags, err
}

func describeTags(tags []tag) []any {
	out := make([]any, len(tags))
	for i, t := range tags {
		described := map[string]any{"Key": t.Key}
		addStrings(described, map[string]string{"Value": t.Value})
		out[i] = described
	}
	return out
}
