package sns

import (
	"strings"

	"github.com/cairn-audit/cairn/internal/topic"
)

var subscriptionOperations = map[string]operation{
	"Subscribe":                 subscribe,
	"ConfirmSubscription":       confirmSubscription,
	"Unsubscribe":               unsubscribe,
	"ListSubscriptions":         listSubscriptions,
	"ListSubscriptionsByTopic":  listSubscriptionsByTopic,
	"GetSubscriptionAttributes": getSubscriptionAttributes,
	"SetSubscriptionAttributes": setSubscriptionAttributes,
}

func subscribe(r *request) (answer, error) {
	a, err := r.topic("TopicArn")
	if err != nil {
		return nil, err
	}
	s, err := r.broker.Subscribe(topic.Subscribing{
		Topic: a, Protocol: r.text("Protocol"), Endpoint: r.text("Endpoint"),
		Account: r.call.AccountID, By: r.caller.Identity.ARN, Attributes: r.attributes(),
	})
	if err != nil {
		return nil, err
	}
	arn := s.ARN
	if all, _ := r.call.Params["ReturnSubscriptionArn"].(bool); s.Pending() && !all {
		arn = "pending confirmation"
	}
	return answer{"SubscriptionArn": arn}, nil
}

func confirmSubscription(r *request) (answer, error) {
	a, err := r.topic("TopicArn")
	if err != nil {
		return nil, err
	}
	arn, err := r.broker.Confirm(a, r.text("Token"), r.signed(), strings.EqualFold(r.text("AuthenticateOnUnsubscribe"), "true"))
	if err != nil {
		return nil, err
	}
	r.place(a)
	return answer{"SubscriptionArn": arn}, nil
}

// place makes the event of a call that nobody signed one of the account that the
// topic is of. There has to be such a topic: else anybody could write into the
// history of any account.
func (r *request) place(a topic.ARN) {
	if !r.signed() {
		r.call.Learned.AccountID = a.Account
	}
}

func unsubscribe(r *request) (answer, error) {
	a, err := r.subscription()
	if err != nil {
		return nil, err
	}
	if err := r.broker.Unsubscribe(a, r.signed()); err != nil {
		return nil, err
	}
	r.place(a)
	return nil, nil
}

func listSubscriptions(r *request) (answer, error) {
	of, err := topic.NewARN(r.call.Region, r.call.AccountID, "all")
	if err != nil {
		return nil, err
	}
	of.Name = ""
	return list(r, of)
}

func listSubscriptionsByTopic(r *request) (answer, error) {
	of, err := r.topic("TopicArn")
	if err != nil {
		return nil, err
	}
	return list(r, of)
}

func list(r *request, of topic.ARN) (answer, error) {
	after, err := r.after()
	if err != nil {
		return nil, err
	}
	found, more, err := r.broker.Subscriptions(of, after, pageSize)
	if err != nil {
		return nil, err
	}
	out := []any{}
	last := ""
	for i := range found {
		s := &found[i]
		arn := s.ARN
		if s.Pending() {
			arn = "PendingConfirmation"
		}
		out, last = append(out, answer{
			"SubscriptionArn": arn, "Owner": s.Owner, "Protocol": s.Protocol, "Endpoint": s.URL,
			"TopicArn": s.ARN[:strings.LastIndexByte(s.ARN, ':')],
		}), s.ARN
	}
	return nextToken(answer{"Subscriptions": out}, last, more), nil
}

func getSubscriptionAttributes(r *request) (answer, error) {
	a, err := r.subscription()
	if err != nil {
		return nil, err
	}
	attributes, err := r.broker.SubscriptionAttributes(a)
	return answer{"Attributes": asAny(attributes)}, err
}

func setSubscriptionAttributes(r *request) (answer, error) {
	a, err := r.subscription()
	if err != nil {
		return nil, err
	}
	return nil, r.broker.SetSubscriptionAttribute(a, r.text("AttributeName"), r.text("AttributeValue"))
}
