package topic

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/internal/state"
)

// What is on its way: each message once, a delivery for each subscription that
// it is for, and how many deliveries are left. All are gone when all deliveries
// are done.
const (
	messages   = state.Kind[message]("sns.messages")
	deliveries = state.Kind[delivery]("sns.deliveries")
	remaining  = state.Kind[int]("sns.remaining")
)

// messageType is what a message is, by the name that endpoints are told.
type messageType string

const (
	notification messageType = "Notification"
	confirmation messageType = "SubscriptionConfirmation"
	farewell     messageType = "UnsubscribeConfirmation"
)

// message is what is to be delivered, by its id.
type message struct {
	ID           string
	Type         messageType
	Topic        string
	Time         time.Time
	*Publication // nil for the types that SNS words itself
}

// delivery is a message on its way to a subscription. Its key is the
// subscription's ARN, the time in nanoseconds and the message's id.
type delivery struct {
	Message string
	Bytes   int
	Failed  int // attempts
	Next    time.Time
}

// entry is a delivery as the courier holds it.
type entry struct {
	key string
	delivery
}

// line is the ARN of the subscription whose line the entry is in.
func (e *entry) line() string {
	arn, _, _ := strings.Cut(e.key, "/")
	return arn
}

// enqueue makes a message's deliveries. It becomes durable with the transaction;
// only then may the courier have the entries.
func enqueue(tx *state.Tx, m *message, to ...string) ([]entry, error) {
	m.Time = time.Now().UTC()
	if m.ID == "" {
		m.ID = uuid.NewString()
	}
	if len(to) == 0 {
		return nil, nil
	}
	bytes := 0
	if m.Publication != nil {
		bytes = m.Size() + len(m.Subject)
	}
	entries := make([]entry, len(to))
	for i, arn := range to {
		entries[i] = entry{
			key:      fmt.Sprintf("%s/%020d/%s", arn, m.Time.UnixNano(), m.ID),
			delivery: delivery{Message: m.ID, Bytes: bytes, Next: m.Time},
		}
		if _, err := deliveries.Create(tx, entries[i].key, entries[i].delivery); err != nil {
			return nil, err
		}
	}
	if _, err := remaining.Create(tx, m.ID, len(to)); err != nil {
		return nil, err
	}
	_, err := messages.Create(tx, m.ID, *m)
	return entries, err
}

// dropDeliveries removes what is on its way to a subscription.
func dropDeliveries(tx *state.Tx, arn string) error {
	var all []entry
	for item, err := range deliveries.List(tx, arn+"/") {
		if err != nil {
			return err
		}
		all = append(all, entry{key: strings.Clone(item.Key), delivery: item.Value})
	}
	for i := range all {
		if err := finish(tx, &all[i]); err != nil {
			return err
		}
	}
	return nil
}

// finish removes a delivery, and its message with the last one. One that is gone
// was removed with its subscription.
func finish(tx *state.Tx, e *entry) error {
	_, version, err := deliveries.Get(tx, e.key)
	if errors.Is(err, state.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := deliveries.Delete(tx, e.key, version); err != nil {
		return err
	}
	left, version, err := remaining.Get(tx, e.Message)
	if err != nil {
		return err
	}
	if left > 1 {
		_, err = remaining.Update(tx, e.Message, version, left-1)
		return err
	}
	if err := remaining.Delete(tx, e.Message, version); err != nil {
		return err
	}
	_, version, err = messages.Get(tx, e.Message)
	if err != nil {
		return err
	}
	return messages.Delete(tx, e.Message, version)
}

// postpone keeps when a delivery is to be tried again.
func postpone(tx *state.Tx, e *entry) error {
	_, version, err := deliveries.Get(tx, e.key)
	if errors.Is(err, state.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = deliveries.Update(tx, e.key, version, e.delivery)
	return err
}
