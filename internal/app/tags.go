package app

import (
	"context"
	"errors"
	"strings"

	"github.com/cairn-audit/cairn/internal/loggroup"
	"github.com/cairn-audit/cairn/internal/rule"
	"github.com/cairn-audit/cairn/internal/topic"
	"github.com/cairn-audit/cairn/internal/trail"
)

// tagged finds the tags of resources that have no other name than their ARN, for
// policies that ask for them. The error is none where there is no such resource.
type tagged struct {
	find func(arn string) (map[string]string, error)
	none error
}

// Referred implements gateway.Inventory.
func (t tagged) Referred(_ context.Context, _, arn string) (own string, tags map[string]string, ok bool, err error) {
	tags, err = t.find(arn)
	if errors.Is(err, t.none) {
		return arn, nil, false, nil
	}
	return arn, tags, err == nil, err
}

// tagMap are tags by their keys.
func tagMap[T ~struct{ Key, Value string }](tags []T) map[string]string {
	byKey := make(map[string]string, len(tags))
	for _, tag := range tags {
		t := struct{ Key, Value string }(tag)
		byKey[t.Key] = t.Value
	}
	return byKey
}

func taggedTrails(s *trail.Store) tagged {
	return tagged{none: trail.ErrNotFound, find: func(arn string) (map[string]string, error) {
		ref, ok := trail.ParseARN(arn)
		if !ok {
			return nil, trail.ErrNotFound
		}
		t, err := s.Get(ref)
		return tagMap(t.Tags), err
	}}
}

func taggedRules(s *rule.Store) tagged {
	return tagged{none: rule.ErrNotFound, find: func(arn string) (map[string]string, error) {
		at, name, ok := rule.ParseARN(arn)
		if !ok {
			return nil, rule.ErrNotFound
		}
		r, err := s.Get(at, name)
		return tagMap(r.Tags), err
	}}
}

func taggedTopics(b *topic.Broker) tagged {
	return tagged{none: topic.ErrNoTopic, find: func(arn string) (map[string]string, error) {
		a, err := topic.ParseARN(arn, "TopicArn")
		if err != nil {
			return nil, topic.ErrNoTopic
		}
		t, err := b.Topic(a)
		return tagMap(t.Tags), err
	}}
}

func taggedGroups(g logGroups) tagged {
	return tagged{none: loggroup.ErrNoGroup, find: func(arn string) (map[string]string, error) {
		// Streams have no tags: those of their group are asked for.
		arn, _, _ = strings.Cut(arn, ":log-stream:")
		in, name, ok := g.find(arn)
		if !ok {
			return nil, loggroup.ErrNoGroup
		}
		group, err := g.store.Group(in, name)
		return group.Tags, err
	}}
}
