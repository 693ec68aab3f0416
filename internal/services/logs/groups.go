package logs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/loggroup"
)

func (s *Service) createGroup(c *call) (map[string]any, error) {
	name := c.text("logGroupName")
	if strings.HasPrefix(strings.ToLower(name), "aws/") {
		return nil, refuse("InvalidParameterException", "Log groups starting with AWS/ are reserved for AWS.")
	}
	g := loggroup.Group{
		Name: name, Created: c.Time, Class: c.text("logGroupClass"), KMSKeyID: c.text("kmsKeyId"),
		Protected: c.flag("deletionProtectionEnabled"), Tags: map[string]string{},
	}
	if g.Class == "" {
		g.Class = "STANDARD"
	}
	if err := setTags(&g, c.Params["tags"]); err != nil {
		return nil, err
	}
	return nil, s.store.CreateGroup(c.scope, g)
}

func (s *Service) deleteGroup(c *call) (map[string]any, error) {
	g, err := s.store.Group(c.scope, c.text("logGroupName"))
	if err != nil {
		return nil, err
	}
	if g.Protected {
		return nil, refuse("ValidationException", "The log group has deletion protection enabled.")
	}
	return nil, s.store.DeleteGroup(c.scope, g.Name)
}

// maxDescribed is the largest page, and the one that is given unasked.
const maxDescribed = 50

func (s *Service) describeGroups(c *call) (map[string]any, error) {
	prefix, pattern := c.text("logGroupNamePrefix"), c.text("logGroupNamePattern")
	if prefix != "" && pattern != "" {
		return nil, refuse("InvalidParameterException", "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	all, err := s.store.Groups(c.scope, prefix)
	if err != nil {
		return nil, fmt.Errorf("list the log groups: %w", err)
	}
	class := c.text("logGroupClass")
	all = slices.DeleteFunc(all, func(g loggroup.Group) bool {
		return class != "" && g.Class != class || !strings.Contains(strings.ToLower(g.Name), strings.ToLower(pattern))
	})
	page, next, err := page(c, all, func(g *loggroup.Group) string { return g.Name })
	if err != nil {
		return nil, err
	}
	shown := make([]any, len(page))
	for i := range page {
		if shown[i], err = s.describeGroup(c.scope, &page[i]); err != nil {
			return nil, err
		}
	}
	out := map[string]any{"logGroups": shown}
	if next != "" {
		out["nextToken"] = next
	}
	return out, nil
}

func (s *Service) describeGroup(in loggroup.Scope, g *loggroup.Group) (map[string]any, error) {
	streams, err := s.store.Streams(in, g.Name, "")
	if err != nil {
		return nil, err
	}
	var stored int64
	for _, st := range streams {
		stored += st.Bytes
	}
	out := map[string]any{
		"logGroupName": g.Name, "creationTime": g.Created.UnixMilli(), "metricFilterCount": int64(0),
		"arn": g.ARN(in) + ":*", "logGroupArn": g.ARN(in), "logGroupClass": g.Class, "storedBytes": stored,
		"deletionProtectionEnabled": g.Protected,
	}
	if g.RetentionDays > 0 {
		out["retentionInDays"] = int64(g.RetentionDays)
	}
	if g.KMSKeyID != "" {
		out["kmsKeyId"] = g.KMSKeyID
	}
	return out, nil
}

// retentions are the numbers of days that can be chosen (API Reference,
// PutRetentionPolicy).
var retentions = []int64{
	1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
}

func (s *Service) putRetention(c *call) (map[string]any, error) {
	days := c.number("retentionInDays", 0)
	if !slices.Contains(retentions, days) {
		return nil, refuse("InvalidParameterException", fmt.Sprintf("%d is not a valid retention period: it can be one of %v.", days, retentions))
	}
	return nil, s.store.ChangeGroup(c.scope, c.text("logGroupName"), func(g *loggroup.Group) error {
		g.RetentionDays = int(days)
		return nil
	})
}

func (s *Service) deleteRetention(c *call) (map[string]any, error) {
	return nil, s.store.ChangeGroup(c.scope, c.text("logGroupName"), func(g *loggroup.Group) error {
		g.RetentionDays = 0
		return nil
	})
}

// maxTags is how many tags a log group can have.
const maxTags = 50

func setTags(g *loggroup.Group, given any) error {
	tags, _ := given.(map[string]any)
	for key, value := range tags {
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return refuse("InvalidParameterException", "Tag keys cannot begin with aws:.")
		}
		g.Tags[key], _ = value.(string)
	}
	if len(g.Tags) > maxTags {
		return refuse("TooManyTagsException", fmt.Sprintf("A resource can have no more than %d tags.", maxTags))
	}
	return nil
}

// tagged is the group of a call about tags.
func (c *call) tagged() (string, error) {
	if arn := c.text("resourceArn"); arn != "" {
		return c.named(arn)
	}
	return c.text("logGroupName"), nil
}

func (s *Service) tag(c *call) (map[string]any, error) {
	name, err := c.tagged()
	if err != nil {
		return nil, err
	}
	return nil, s.store.ChangeGroup(c.scope, name, func(g *loggroup.Group) error {
		if g.Tags == nil {
			g.Tags = map[string]string{}
		}
		return setTags(g, c.Params["tags"])
	})
}

func (s *Service) untag(c *call) (map[string]any, error) {
	name, err := c.tagged()
	if err != nil {
		return nil, err
	}
	keys, ok := c.Params["tagKeys"].([]any)
	if !ok {
		keys, _ = c.Params["tags"].([]any) // of UntagLogGroup
	}
	return nil, s.store.ChangeGroup(c.scope, name, func(g *loggroup.Group) error {
		maps.DeleteFunc(g.Tags, func(key, _ string) bool { return slices.Contains(keys, any(key)) })
		return nil
	})
}

func (s *Service) listTags(c *call) (map[string]any, error) {
	name, err := c.tagged()
	if err != nil {
		return nil, err
	}
	g, err := s.store.Group(c.scope, name)
	if err != nil {
		return nil, err
	}
	tags := map[string]any{}
	for key, value := range g.Tags {
		tags[key] = value
	}
	return map[string]any{"tags": tags}, nil
}
