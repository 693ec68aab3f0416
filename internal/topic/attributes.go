package topic

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/cairn-audit/cairn/internal/state"
)

// feedback are the attributes that ask for logs of deliveries. They are kept and
// shown, and nothing else.
var feedback = regexp.MustCompile(`^(HTTP|Firehose|Lambda|Application|SQS)(SuccessFeedbackRoleArn|FailureFeedbackRoleArn|SuccessFeedbackSampleRate)$`)

// attributeRules are the attributes that a topic can be given and what they hold.
var attributeRules = map[string]func(value string) error{
	"Policy":           checkPolicy,
	"DeliveryPolicy":   checkTopicDelivery,
	"KmsMasterKeyId":   func(string) error { return nil }, // kept and shown: topics are not encrypted
	"SignatureVersion": oneOf("SignatureVersion", "1", "2"),
	"TracingConfig":    oneOf("TracingConfig", "PassThrough", "Active"),
	"FifoTopic":        oneOf("FifoTopic", "false"),
	"DisplayName": func(v string) error {
		if utf8.RuneCountInString(v) > 100 {
			return invalid("Topic Display Name")
		}
		return nil
	},
}

// defaults are the attributes of which a topic has a value without being given
// one.
var defaults = map[string]string{
	"DisplayName": "", "SignatureVersion": "1", "TracingConfig": "PassThrough", "FifoTopic": "false",
}

func oneOf(name string, values ...string) func(string) error {
	return func(v string) error {
		if !slices.Contains(values, v) {
			return invalid("Attributes Reason: %s cannot be %q here", name, v)
		}
		return nil
	}
}

func checkAttribute(name, value string) error {
	if rule := attributeRules[name]; rule != nil {
		return rule(value)
	}
	m := feedback.FindStringSubmatch(name)
	if m == nil {
		return invalid("AttributeName")
	}
	if m[2] == "SuccessFeedbackSampleRate" {
		if n, err := strconv.Atoi(value); err != nil || n < 0 || n > 100 {
			return invalid("%s", name)
		}
	}
	return nil
}

// attribute is the value that a topic has, given or not.
func (t *Topic) attribute(name string) string {
	if v, ok := t.Attributes[name]; ok {
		return v
	}
	if name == "Policy" {
		return t.policyText()
	}
	return defaults[name]
}

// SetTopicAttribute gives a topic an attribute. An empty value takes away those
// that a topic need not have.
func (b *Broker) SetTopicAttribute(a ARN, name, value string) error {
	optional := name == "DeliveryPolicy" || name == "KmsMasterKeyId" || feedback.MatchString(name)
	if err := checkAttribute(name, value); err != nil && (value != "" || !optional) {
		return err
	}
	if name == "Policy" {
		var err error
		if value, err = b.pinned(value); err != nil {
			return err
		}
	}
	return b.updateTopic(a, func(_ *state.Tx, t *Topic) error {
		if value == "" && optional {
			delete(t.Attributes, name)
			return nil
		}
		t.Attributes[name] = value
		return nil
	})
}

// TopicAttributes are what GetTopicAttributes shows of a topic.
func (b *Broker) TopicAttributes(a ARN) (map[string]string, error) {
	out := map[string]string{"Owner": a.Account, "TopicArn": a.String()}
	err := b.store.View(func(tx *state.Tx) error {
		t, _, err := getTopic(tx, a)
		if err != nil {
			return err
		}
		maps.Copy(out, t.Attributes)
		out["Policy"], out["DisplayName"] = t.policyText(), t.Attributes["DisplayName"]
		out["EffectiveDeliveryPolicy"] = t.effectiveDelivery()
		n := map[status]int{}
		for s, err := range subscriptionsOf(tx, a) {
			if err != nil {
				return err
			}
			n[s.Status]++
		}
		out["SubscriptionsConfirmed"] = strconv.Itoa(n[confirmed])
		out["SubscriptionsPending"] = strconv.Itoa(n[pending])
		out["SubscriptionsDeleted"] = strconv.Itoa(n[deleted])
		return nil
	})
	if err == nil && b.options.Principals != nil {
		out["Policy"], err = b.options.Principals.Unpin(out["Policy"])
	}
	return out, err
}
