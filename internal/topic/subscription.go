package topic

import (
	"errors"
	"iter"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/state"
)

// subscriptions, by ARN: those of a topic follow its own ARN and a colon.
const subscriptions = state.Kind[Subscription]("sns.subscriptions")

// status is where a subscription is in its life.
type status string

const (
	pending   status = "pending"
	confirmed status = "confirmed"
	// deleted subscriptions are kept for a while, to be restored with the
	// token that their endpoint was told, and to be counted.
	deleted status = "deleted"
)

// deletedFor is how long those are kept: a little longer than the token is good.
const deletedFor = 72 * time.Hour

// Subscription is a subscription as it is kept.
type Subscription struct {
	ARN    string
	Owner  string // the account that subscribed
	By     string // the ARN of who did
	Status status
	// Since is when it came to be that.
	Since time.Time
	endpoint
	// Authenticated: it was confirmed with a signature. Guarded: nobody may
	// end it without one. Restorable: it was ended without one, and its
	// endpoint told how to restore it.
	Authenticated, Guarded, Restorable bool

	Attributes map[string]string
}

// Subscribing is a request to subscribe.
type Subscribing struct {
	Topic              ARN
	Protocol, Endpoint string
	Account, By        string
	Attributes         map[string]string
}

// subscriptionRules are the attributes that a subscription can be given.
var subscriptionRules = map[string]func(value string) error{
	"RawMessageDelivery": func(v string) error {
		if _, err := strconv.ParseBool(v); err != nil {
			return invalid("RawMessageDelivery: Invalid value [%s]. Must be true or false.", v)
		}
		return nil
	},
	"FilterPolicyScope": func(v string) error {
		if v != scopeAttributes && v != scopeBody {
			return invalid("FilterPolicyScope: Invalid value [%s]. Please use either MessageBody or MessageAttributes", v)
		}
		return nil
	},
	"DeliveryPolicy": func(v string) error {
		if v == "" {
			return nil
		}
		return checkSubscriptionDelivery(v)
	},
	// With its scope, in checkFilter.
	"FilterPolicy": func(string) error { return nil },
}

func checkSubscriptionAttribute(name, value string) error {
	rule := subscriptionRules[name]
	if rule == nil {
		return invalid("AttributeName")
	}
	return rule(value)
}

// Subscribe makes a subscription and asks its endpoint to confirm it. One that
// is there already is found again, and its endpoint asked again if it has not
// confirmed.
func (b *Broker) Subscribe(q Subscribing) (Subscription, error) {
	s := Subscription{
		ARN: q.Topic.of(uuid.NewString()).String(), Owner: q.Account, By: q.By,
		Status: pending, Since: time.Now().UTC(), Attributes: map[string]string{},
	}
	var err error
	if s.endpoint, err = newEndpoint(q.Protocol, q.Endpoint, b.key, s.ARN); err != nil {
		return s, err
	}
	for name, value := range q.Attributes {
		if err := checkSubscriptionAttribute(name, value); err != nil {
			return s, err
		}
	}
	maps.Copy(s.Attributes, q.Attributes)
	if err := s.checkFilter(); err != nil {
		return s, err
	}
	var queued []entry
	err = b.store.Update(func(tx *state.Tx) error {
		if _, _, err := getTopic(tx, q.Topic); err != nil {
			return err
		}
		known, err := b.subscribed(tx, &s, q)
		if err != nil {
			return err
		}
		if known == nil {
			known = &s
			if _, err := subscriptions.Create(tx, s.ARN, s); err != nil {
				return err
			}
		}
		s = *known
		if s.Status == confirmed || !s.deliverable() {
			return nil
		}
		queued, err = enqueue(tx, &message{Type: confirmation, Topic: q.Topic.String()}, s.ARN)
		return err
	})
	b.courier.add(queued...)
	return s, err
}

// subscribed finds a subscription of the topic with the same endpoint, and
// refuses one more than may be.
func (b *Broker) subscribed(tx *state.Tx, wanted *Subscription, q Subscribing) (*Subscription, error) {
	n, filters := 0, 0
	for s, err := range subscriptionsOf(tx, q.Topic) {
		if err != nil {
			return nil, err
		}
		if s.Status == deleted {
			continue
		}
		n++
		if s.Attributes["FilterPolicy"] != "" {
			filters++
		}
		if s.Protocol != q.Protocol || s.URL != wanted.URL {
			continue
		}
		if full, err := s.open(b.key, s.ARN); err != nil || full != q.Endpoint {
			continue
		}
		for name, value := range q.Attributes {
			if s.Attributes[name] != value {
				return nil, invalid("Attributes Reason: Subscription already exists with different attributes")
			}
		}
		return &s, nil
	}
	if n >= maxSubscriptions {
		return nil, refuse(SubscriptionLimitExceeded, "Subscription limit exceeded")
	}
	if filters >= maxFilters && wanted.Attributes["FilterPolicy"] != "" {
		return nil, refuse(FilterPolicyLimitExceeded, "Filter policy limit exceeded")
	}
	return nil, nil
}

// Confirm confirms the subscription that a token is for and returns its ARN. A
// caller who signed may have it guarded: nobody then ends it without a
// signature.
func (b *Broker) Confirm(topic ARN, token string, signed, guard bool) (arn string, err error) {
	a, ok := b.confirmedBy(token, topic, time.Now())
	if !ok {
		return "", refuse(InvalidParameter, "Invalid token")
	}
	err = b.store.Update(func(tx *state.Tx) error {
		if _, _, err := getTopic(tx, topic); err != nil {
			return err
		}
		s, version, err := subscriptions.Get(tx, a.String())
		if errors.Is(err, state.ErrNotFound) || err == nil && s.Status == deleted && !s.Restorable {
			return refuse(InvalidParameter, "Invalid token")
		}
		if err != nil || s.Status == confirmed {
			return err
		}
		s.Status, s.Since = confirmed, time.Now().UTC()
		s.Authenticated, s.Guarded, s.Restorable = signed, signed && guard, false
		_, err = subscriptions.Update(tx, s.ARN, version, s)
		return err
	})
	return a.String(), err
}

// Unsubscribe ends a subscription and forgets what is on its way to it. It is no
// error that there is none. The endpoint of one that is ended without a
// signature is told, and how to restore it.
func (b *Broker) Unsubscribe(a ARN, signed bool) error {
	var told []entry
	err := b.store.Update(func(tx *state.Tx) error {
		if _, _, err := getTopic(tx, a.Topic()); err != nil {
			return err
		}
		s, version, err := subscriptions.Get(tx, a.String())
		if errors.Is(err, state.ErrNotFound) || err == nil && s.Status == deleted {
			return nil
		}
		if err != nil {
			return err
		}
		if s.Guarded && !signed {
			return refuse(AuthorizationError, "This subscription can be ended by a signed request only")
		}
		if err := dropDeliveries(tx, s.ARN); err != nil {
			return err
		}
		if s.Restorable = s.Status == confirmed && s.deliverable() && !signed; s.Restorable {
			if told, err = enqueue(tx, &message{Type: farewell, Topic: a.Topic().String()}, s.ARN); err != nil {
				return err
			}
		}
		s.Status, s.Since = deleted, time.Now().UTC()
		_, err = subscriptions.Update(tx, s.ARN, version, s)
		return err
	})
	if err != nil {
		return err
	}
	b.courier.forget(a.String())
	b.courier.add(told...)
	return nil
}

// Subscription returns a subscription, or a *Refusal that says NotFound.
func (b *Broker) Subscription(a ARN) (s Subscription, err error) {
	err = b.store.View(func(tx *state.Tx) error {
		s, _, err = getSubscription(tx, a)
		return err
	})
	return s, err
}

func getSubscription(tx *state.Tx, a ARN) (Subscription, uint64, error) {
	s, version, err := subscriptions.Get(tx, a.String())
	if errors.Is(err, state.ErrNotFound) || err == nil && s.Status == deleted {
		return s, 0, refuse(NotFound, "Subscription does not exist")
	}
	return s, version, err
}

// SetSubscriptionAttribute gives a subscription an attribute. An empty value
// takes a policy away.
func (b *Broker) SetSubscriptionAttribute(a ARN, name, value string) error {
	if err := checkSubscriptionAttribute(name, value); err != nil {
		return err
	}
	return b.store.Update(func(tx *state.Tx) error {
		s, version, err := getSubscription(tx, a)
		if err != nil {
			return err
		}
		if s.Attributes == nil {
			s.Attributes = map[string]string{}
		}
		s.Attributes[name] = value
		if value == "" || name == "FilterPolicy" && value == "{}" {
			delete(s.Attributes, name)
		}
		if err := s.checkFilter(); err != nil {
			return err
		}
		_, err = subscriptions.Update(tx, s.ARN, version, s)
		return err
	})
}

func (s *Subscription) checkFilter() error {
	return checkFilter(s.Attributes["FilterPolicy"], s.Attributes["FilterPolicyScope"])
}

// SubscriptionAttributes are what GetSubscriptionAttributes shows.
func (b *Broker) SubscriptionAttributes(a ARN) (map[string]string, error) {
	out := map[string]string{"RawMessageDelivery": "false"}
	err := b.store.View(func(tx *state.Tx) error {
		t, _, err := getTopic(tx, a.Topic())
		if err != nil {
			return err
		}
		s, _, err := getSubscription(tx, a)
		if err != nil {
			return err
		}
		maps.Copy(out, s.Attributes)
		if _, ok := out["FilterPolicy"]; ok && out["FilterPolicyScope"] == "" {
			out["FilterPolicyScope"] = scopeAttributes
		}
		maps.Copy(out, map[string]string{
			"SubscriptionArn": s.ARN, "TopicArn": t.ARN, "Owner": s.Owner, "Protocol": s.Protocol, "Endpoint": s.URL,
			"PendingConfirmation":          strconv.FormatBool(s.Status == pending),
			"ConfirmationWasAuthenticated": strconv.FormatBool(s.Authenticated),
			"SubscriptionPrincipal":        s.By,
		})
		if s.deliverable() {
			out["EffectiveDeliveryPolicy"] = compact(s.delivery(&t))
		}
		return nil
	})
	return out, err
}

// Pending reports whether the subscription waits to be confirmed.
func (s *Subscription) Pending() bool { return s.Status == pending }

// Subscriptions lists subscriptions that come after an ARN, at most limit: those
// of a topic, or with an empty Name those that the account of the ARN has in its
// Region, whatever account the topics are of.
func (b *Broker) Subscriptions(of ARN, after string, limit int) (found []Subscription, more bool, err error) {
	err = b.store.View(func(tx *state.Tx) error {
		under := "arn:" + of.Partition + ":sns:" + of.Region + ":"
		if of.Name != "" {
			if _, _, err := getTopic(tx, of); err != nil {
				return err
			}
			under = of.String() + ":"
		}
		for item, err := range subscriptions.List(tx, under) {
			if err != nil {
				return err
			}
			s := item.Value
			if item.Key <= after || s.Status == deleted || of.Name == "" && s.Owner != of.Account {
				continue
			}
			if more = len(found) == limit; more {
				return nil
			}
			found = append(found, s)
		}
		return nil
	})
	return found, more, err
}

// subscriptionsOf yields the subscriptions of a topic, deleted ones included.
func subscriptionsOf(tx *state.Tx, topic ARN) iter.Seq2[Subscription, error] {
	return func(yield func(Subscription, error) bool) {
		for item, err := range subscriptions.List(tx, topic.String()+":") {
			if !yield(item.Value, err) {
				return
			}
		}
	}
}

// dropSubscriptions removes the subscriptions of a topic and returns their ARNs.
func dropSubscriptions(tx *state.Tx, topic ARN) (gone []string, err error) {
	for s, err := range subscriptionsOf(tx, topic) {
		if err != nil {
			return nil, err
		}
		gone = append(gone, strings.Clone(s.ARN))
	}
	for _, arn := range gone {
		if err := dropSubscription(tx, arn); err != nil {
			return nil, err
		}
	}
	return gone, nil
}

func dropSubscription(tx *state.Tx, arn string) error {
	if err := dropDeliveries(tx, arn); err != nil {
		return err
	}
	_, version, err := subscriptions.Get(tx, arn)
	if err != nil {
		return err
	}
	return subscriptions.Delete(tx, arn, version)
}

// purge removes subscriptions that were never confirmed in time, and what is
// left of those that were ended.
func (b *Broker) purge(now time.Time) error {
	var old []string
	err := b.store.View(func(tx *state.Tx) error {
		for item, err := range subscriptions.List(tx, "") {
			if err != nil {
				return err
			}
			age := now.Sub(item.Value.Since)
			if item.Value.Status == pending && age > tokenLife || item.Value.Status == deleted && age > deletedFor {
				old = append(old, item.Key)
			}
		}
		return nil
	})
	if err != nil || len(old) == 0 {
		return err
	}
	err = b.store.Update(func(tx *state.Tx) error {
		for _, arn := range old {
			s, _, err := subscriptions.Get(tx, arn)
			if errors.Is(err, state.ErrNotFound) || err == nil && s.Status == confirmed {
				continue
			}
			if err == nil {
				err = dropSubscription(tx, arn)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		b.courier.forget(old...)
	}
	return err
}

// url is the endpoint's whole URL.
func (s *Subscription) url(key *seal.Key) (string, error) { return s.open(key, s.ARN) }
