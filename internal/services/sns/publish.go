package sns

import (
	"encoding/base64"
	"errors"
	"regexp"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/topic"
)

var publishOperations = map[string]operation{"Publish": publish, "PublishBatch": publishBatch}

// maxBatch is how many messages a batch has.
const maxBatch = 10

func invalid(message string) error {
	return &topic.Refusal{Reason: topic.InvalidParameter, Message: "Invalid parameter: " + message}
}

func publish(r *request) (answer, error) {
	if r.text("PhoneNumber") != "" {
		return nil, invalid("PhoneNumber Reason: this endpoint's SNS sends no text messages")
	}
	parameter := "TopicArn"
	if r.text("TargetArn") != "" {
		if r.text("TopicArn") != "" {
			return nil, invalid("TopicArn Reason: Only one of TopicArn, TargetArn and PhoneNumber can be given")
		}
		parameter = "TargetArn"
	}
	a, err := r.topic(parameter)
	if err != nil {
		return nil, err
	}
	p, err := publication(a, r.call.Params)
	if err != nil {
		return nil, err
	}
	id, err := r.broker.Publish(r.ctx, p)
	if err != nil {
		return nil, err
	}
	return answer{"MessageId": id}, nil
}

// publication reads a message from the parameters of Publish, or an entry of
// those of PublishBatch.
func publication(a topic.ARN, params map[string]any) (topic.Publication, error) {
	text := func(name string) string { s, _ := params[name].(string); return s }
	p := topic.Publication{TopicARN: a.String(), Subject: text("Subject"), Message: text("Message")}
	if text("MessageDeduplicationId") != "" {
		return p, invalid("MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type")
	}
	switch text("MessageStructure") {
	case "":
	case "json":
		p.PerProtocol = true
	default:
		return p, invalid("MessageStructure")
	}
	attributes, _ := params["MessageAttributes"].(map[string]any)
	for name, v := range attributes {
		m, _ := v.(map[string]any)
		var t topic.Attribute
		t.Type, _ = m["DataType"].(string)
		text, isText := m["StringValue"].(string)
		binary, isBinary := m["BinaryValue"].([]byte)
		switch {
		case isText && isBinary:
			return p, invalid("MessageAttributes Reason: " + name + " has two values")
		case isBinary:
			t.Value = base64.StdEncoding.EncodeToString(binary)
		default:
			t.Value = text
		}
		if p.Attributes == nil {
			p.Attributes = map[string]topic.Attribute{}
		}
		p.Attributes[name] = t
	}
	return p, nil
}

// batchID is what an entry of a batch can be called.
var batchID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// publishBatch publishes the entries that are messages, together, and says what
// is wrong with the others.
func publishBatch(r *request) (answer, error) {
	a, err := r.topic("TopicArn")
	if err != nil {
		return nil, err
	}
	if _, err := r.broker.Topic(a); err != nil {
		return nil, err
	}
	entries, _ := r.call.Params["PublishBatchRequestEntries"].([]any)
	if err := checkBatch(entries); err != nil {
		return nil, err
	}
	successful, failed := []any{}, []any{}
	var good []topic.Publication
	var ids []string
	size := 0
	for _, v := range entries {
		entry, _ := v.(map[string]any)
		id, _ := entry["Id"].(string)
		p, err := publication(a, entry)
		size += p.Size()
		if err == nil {
			err = p.Check()
		}
		var refused *topic.Refusal
		switch {
		case errors.As(err, &refused):
			failed = append(failed, answer{
				"Id": id, "Code": wireCode(refused.Reason), "Message": refused.Message, "SenderFault": true,
			})
		case err != nil:
			return nil, err
		default:
			good, ids = append(good, p), append(ids, id)
		}
	}
	if size > topic.MaxMessage {
		return nil, batchError("BatchRequestTooLongException", "The length of all the messages put together is more than the limit.")
	}
	if len(good) > 0 {
		published, err := r.broker.PublishAll(r.ctx, good...)
		if err != nil {
			return nil, err
		}
		for i, messageID := range published {
			successful = append(successful, answer{"Id": ids[i], "MessageId": messageID})
		}
	}
	return answer{"Successful": successful, "Failed": failed}, nil
}

// wireCode is the code of a reason as clients get it.
func wireCode(r topic.Reason) string {
	if r == topic.ParameterValueInvalid {
		return "ParameterValueInvalid"
	}
	return "InvalidParameter"
}

func checkBatch(entries []any) error {
	if len(entries) == 0 {
		return batchError("EmptyBatchRequestException", "The batch request doesn't contain any entries.")
	}
	if len(entries) > maxBatch {
		return batchError("TooManyEntriesInBatchRequestException", "The batch request contains more entries than permissible.")
	}
	seen := map[string]bool{}
	for _, v := range entries {
		entry, _ := v.(map[string]any)
		id, _ := entry["Id"].(string)
		if !batchID.MatchString(id) {
			return batchError("InvalidBatchEntryIdException", "The Id of a batch entry in a batch request doesn't abide by the specification.")
		}
		if seen[id] {
			return batchError("BatchEntryIdsNotDistinctException", "Two or more batch entries in the request have the same Id.")
		}
		seen[id] = true
	}
	return nil
}

func batchError(code, message string) error { return &awsapi.Error{Code: code, Message: message} }
