package topic

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/internal/state"
)

// Publish takes a message for a topic and returns its id. When it does, the
// message is durable with a delivery for each subscription that wants it.
// The error is ErrNoTopic, or ErrInvalid for a publication that SNS would not
// take. Whether the publisher may is not asked here: see MayPublish.
func (b *Broker) Publish(ctx context.Context, p Publication) (messageID string, err error) {
	ids, err := b.PublishAll(ctx, p)
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

// PublishAll takes several messages for one topic, all or none.
func (b *Broker) PublishAll(ctx context.Context, all ...Publication) (ids []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for i := range all {
		if err := all[i].Check(); err != nil {
			return nil, err
		}
	}
	a, err := ParseARN(all[0].TopicARN, "TopicArn")
	if err != nil {
		return nil, err
	}
	ids = make([]string, len(all))
	for i := range ids {
		ids[i] = uuid.NewString()
	}
	wanted, err := b.wanted(a, all)
	if err != nil || len(wanted) == 0 {
		return ids, err
	}
	var queued []entry
	err = b.store.Update(func(tx *state.Tx) error {
		for _, i := range slices.Sorted(maps.Keys(wanted)) {
			to, err := still(tx, wanted[i])
			if err != nil {
				return err
			}
			m := &message{ID: ids[i], Type: notification, Topic: a.String(), Publication: &all[i]}
			entries, err := enqueue(tx, m, to...)
			if err != nil {
				return err
			}
			queued = append(queued, entries...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("keep what was published to %s: %w", a, err)
	}
	b.courier.add(queued...)
	return ids, nil
}

// wanted says which subscriptions want which of the publications.
func (b *Broker) wanted(a ARN, all []Publication) (map[int][]string, error) {
	wanted := map[int][]string{}
	err := b.store.View(func(tx *state.Tx) error {
		if _, _, err := getTopic(tx, a); err != nil {
			return err
		}
		for s, err := range subscriptionsOf(tx, a) {
			if err != nil {
				return err
			}
			if s.Status != confirmed || !s.deliverable() {
				continue
			}
			for i := range all {
				switch {
				case !s.wants(&all[i]):
					b.counts.filtered.Add(1)
				case !b.courier.hasRoom(s.ARN, all[i].Size()):
					b.counts.dropped.Add(1)
					b.courier.logFull(s.ARN)
				default:
					wanted[i] = append(wanted[i], s.ARN)
				}
			}
		}
		return nil
	})
	return wanted, err
}

// still leaves out subscriptions that were ended meanwhile.
func still(tx *state.Tx, arns []string) (there []string, err error) {
	for _, arn := range arns {
		s, _, err := subscriptions.Get(tx, arn)
		switch {
		case errors.Is(err, state.ErrNotFound):
		case err != nil:
			return nil, err
		case s.Status == confirmed:
			there = append(there, arn)
		}
	}
	return there, nil
}
