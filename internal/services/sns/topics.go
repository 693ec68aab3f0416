package sns

import (
	"slices"

	"github.com/cairn-audit/cairn/internal/topic"
)

var topicOperations = map[string]operation{
	"CreateTopic":         createTopic,
	"DeleteTopic":         deleteTopic,
	"ListTopics":          listTopics,
	"GetTopicAttributes":  getTopicAttributes,
	"SetTopicAttributes":  setTopicAttributes,
	"AddPermission":       addPermission,
	"RemovePermission":    removePermission,
	"TagResource":         tagResource,
	"UntagResource":       untagResource,
	"ListTagsForResource": listTags,
}

func createTopic(r *request) (answer, error) {
	a, err := topic.NewARN(r.call.Region, r.call.AccountID, r.text("Name"))
	if err != nil {
		return nil, err
	}
	if r.text("DataProtectionPolicy") != "" {
		return nil, &topic.Refusal{Reason: topic.InvalidParameter, Message: "Invalid parameter: DataProtectionPolicy: this endpoint's SNS has none"}
	}
	if err := r.broker.CreateTopic(a, r.attributes(), r.tags()); err != nil {
		return nil, err
	}
	return answer{"TopicArn": a.String()}, nil
}

func deleteTopic(r *request) (answer, error) {
	a, err := r.topic("TopicArn")
	if err != nil {
		return nil, err
	}
	return nil, r.broker.DeleteTopic(a)
}

func listTopics(r *request) (answer, error) {
	after, err := r.after()
	if err != nil {
		return nil, err
	}
	arns, more, err := r.broker.Topics(r.call.AccountID, r.call.Region, after, pageSize)
	if err != nil {
		return nil, err
	}
	list := []any{}
	last := ""
	for _, arn := range arns {
		list, last = append(list, answer{"TopicArn": arn}), arn
	}
	return nextToken(answer{"Topics": list}, last, more), nil
}

func getTopicAttributes(r *request) (answer, error) {
	a, err := r.topic("TopicArn")
	if err != nil {
		return nil, err
	}
	attributes, err := r.broker.TopicAttributes(a)
	return answer{"Attributes": asAny(attributes)}, err
}

func setTopicAttributes(r *request) (answer, error) {
	a, err := r.topic("TopicArn")
	if err != nil {
		return nil, err
	}
	return nil, r.broker.SetTopicAttribute(a, r.text("AttributeName"), r.text("AttributeValue"))
}

func addPermission(r *request) (answer, error) {
	a, err := r.topic("TopicArn")
	if err != nil {
		return nil, err
	}
	accounts, actions := r.texts("AWSAccountId"), r.texts("ActionName")
	if len(accounts) == 0 || len(actions) == 0 || slices.Contains(accounts, "") {
		return nil, &topic.Refusal{Reason: topic.InvalidParameter, Message: "Invalid parameter: AWSAccountId and ActionName must not be empty"}
	}
	return nil, r.broker.AddPermission(a, r.text("Label"), accounts, actions)
}

func removePermission(r *request) (answer, error) {
	a, err := r.topic("TopicArn")
	if err != nil {
		return nil, err
	}
	return nil, r.broker.RemovePermission(a, r.text("Label"))
}

func tagResource(r *request) (answer, error) {
	a, err := r.topic("ResourceArn")
	if err != nil {
		return nil, err
	}
	return nil, r.broker.Tag(a, r.tags())
}

func untagResource(r *request) (answer, error) {
	a, err := r.topic("ResourceArn")
	if err != nil {
		return nil, err
	}
	return nil, r.broker.Untag(a, r.texts("TagKeys"))
}

func listTags(r *request) (answer, error) {
	a, err := r.topic("ResourceArn")
	if err != nil {
		return nil, err
	}
	tags, err := r.broker.Tags(a)
	list := []any{}
	for _, t := range tags {
		list = append(list, answer{"Key": t.Key, "Value": t.Value})
	}
	return answer{"Tags": list}, err
}

func asAny(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}
