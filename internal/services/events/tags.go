package events

import (
	"fmt"

	"github.com/cairn-audit/cairn/internal/rule"
)

var tagOperations = map[string]operation{
	"TagResource":         tagResource,
	"UntagResource":       untagResource,
	"ListTagsForResource": listTags,
}

func (p params) tags() []rule.Tag {
	var tags []rule.Tag
	for _, t := range p.list("Tags") {
		tags = append(tags, rule.Tag{Key: t.text("Key"), Value: t.text("Value")})
	}
	return tags
}

// tagged is the rule that the call is about.
func (r *request) tagged() (string, error) {
	arn := r.params.text("ResourceARN")
	at, name, ok := rule.ParseARN(arn)
	if !ok {
		return "", invalid("Parameter %s is not valid. Reason: Rules have tags here, and nothing else does.", arn)
	}
	if at != r.scope {
		return "", refuse(string(rule.NotFound), fmt.Sprintf("Rule %s does not exist on EventBus %s.", name, rule.Bus))
	}
	return name, nil
}

func tagResource(r *request) (answer, error) {
	name, err := r.tagged()
	if err != nil {
		return nil, err
	}
	return nil, r.rules().Tag(r.scope, name, r.params.tags()...)
}

func untagResource(r *request) (answer, error) {
	name, err := r.tagged()
	if err != nil {
		return nil, err
	}
	return nil, r.rules().Untag(r.scope, name, r.params.texts("TagKeys")...)
}

func listTags(r *request) (answer, error) {
	name, err := r.tagged()
	if err != nil {
		return nil, err
	}
	found, err := r.rules().Get(r.scope, name)
	if err != nil {
		return nil, err
	}
	tags := []any{}
	for _, t := range found.Tags {
		tags = append(tags, answer{"Key": t.Key, "Value": t.Value})
	}
	return answer{"Tags": tags}, nil
}
