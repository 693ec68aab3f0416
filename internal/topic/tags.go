package topic

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cairn-audit/cairn/internal/state"
)

// Tag adds tags to a topic, in place of those of the same keys. The error is a
// *Refusal; here SNS calls a missing topic a missing resource.
func (b *Broker) Tag(a ARN, tags []Tag) error {
	if err := checkTags(tags); err != nil {
		return err
	}
	return asResource(b.updateTopic(a, func(_ *state.Tx, t *Topic) error {
		for _, tag := range tags {
			t.Tags = append(without(t.Tags, tag.Key), tag)
		}
		return checkTags(t.Tags)
	}))
}

// Untag removes tags from a topic.
func (b *Broker) Untag(a ARN, keys []string) error {
	return asResource(b.updateTopic(a, func(_ *state.Tx, t *Topic) error {
		t.Tags = without(t.Tags, keys...)
		return nil
	}))
}

// Tags are the tags of a topic.
func (b *Broker) Tags(a ARN) ([]Tag, error) {
	t, err := b.Topic(a)
	return t.Tags, asResource(err)
}

func asResource(err error) error {
	if err == ErrNoTopic {
		return refuse(ResourceNotFound, "Resource does not exist")
	}
	return err
}

func without(tags []Tag, keys ...string) []Tag {
	return slices.DeleteFunc(slices.Clone(tags), func(t Tag) bool { return slices.Contains(keys, t.Key) })
}

func checkTags(tags []Tag) error {
	if len(tags) > maxTags {
		return refuse(TagLimitExceeded, "Could not complete request: tag quota of per resource exceeded")
	}
	for _, t := range tags {
		n := utf8.RuneCountInString(t.Key)
		if n == 0 || n > 128 || utf8.RuneCountInString(t.Value) > 256 || strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return invalid("Tags Reason: %q is no key of a tag, or its value is too long", t.Key)
		}
	}
	if len(asMap(tags)) != len(tags) {
		return invalid("Tags Reason: Duplicated keys are not allowed.")
	}
	return nil
}

func asMap(tags []Tag) map[string]string {
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[t.Key] = t.Value
	}
	return m
}
