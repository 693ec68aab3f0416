package topic

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cairn-audit/cairn/internal/state"
)

const (
	// grace is for attempts that are under way when Run is to end. What they
	// do not finish is delivered again at the next start.
	grace = 2 * time.Second
	// purgeEvery is how often subscriptions are looked through for old ones.
	purgeEvery = time.Hour
	// settleAtOnce is how many outcomes are kept in one transaction.
	settleAtOnce = 256
	// settleRetry is when outcomes that could not be kept are kept again.
	settleRetry = time.Second
)

// Counts are how many deliveries there were since the start.
type Counts struct {
	Delivered int64 // an endpoint took them
	Failed    int64 // they were given up
	Dropped   int64 // the subscription's line was full
	Filtered  int64 // the subscription's filter kept them back
}

type counts struct{ delivered, failed, dropped, filtered atomic.Int64 }

// Counts returns them.
func (b *Broker) Counts() Counts {
	return Counts{
		Delivered: b.counts.delivered.Load(), Failed: b.counts.failed.Load(),
		Dropped: b.counts.dropped.Load(), Filtered: b.counts.filtered.Load(),
	}
}

// outcome is what came of an attempt: the delivery is done, or again to be made.
type outcome struct {
	entry entry
	again bool
}

// run is one run of Run. Its goroutines are those of the lines, and the one that
// keeps outcomes.
type run struct {
	broker   *Broker
	sending  context.Context
	outcomes chan outcome
}

// Run delivers until the context ends. It runs once at a time.
func (b *Broker) Run(ctx context.Context) error {
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	r := &run{broker: b, sending: sending, outcomes: make(chan outcome, settleAtOnce)}
	var lines, keeper sync.WaitGroup
	if err := b.purge(time.Now()); err != nil {
		return fmt.Errorf("remove old subscriptions: %w", err)
	}
	kept, err := b.load()
	if err != nil {
		return fmt.Errorf("read what is on its way: %w", err)
	}
	keeper.Go(r.keep)
	c := b.courier
	c.mu.Lock()
	c.walk = func(l *line) { lines.Go(func() { c.along(ctx, l, r.attempt) }) }
	for _, l := range c.lines { // what was published before
		c.stir(l)
	}
	c.mu.Unlock()
	c.add(kept...)

	b.purgeUntil(ctx)

	c.mu.Lock()
	c.walk = nil
	c.mu.Unlock()
	defer time.AfterFunc(grace, cancel).Stop() // for the keeper as well
	lines.Wait()
	close(r.outcomes)
	keeper.Wait()
	c.mu.Lock()
	clear(c.lines) // the next run reads them again
	c.mu.Unlock()
	return ctx.Err()
}

// purgeUntil removes what is old, now and then, until the context ends.
func (b *Broker) purgeUntil(ctx context.Context) {
	ticker := time.NewTicker(purgeEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			if err := b.purge(now); err != nil {
				b.options.Logger.ErrorContext(ctx, "old subscriptions cannot be removed", "error", err)
			}
		}
	}
}

// load reads the deliveries that are not done.
func (b *Broker) load() (entries []entry, err error) {
	err = b.store.View(func(tx *state.Tx) error {
		for item, err := range deliveries.List(tx, "") {
			if err != nil {
				return err
			}
			entries = append(entries, entry{key: strings.Clone(item.Key), delivery: item.Value})
		}
		return nil
	})
	return entries, err
}

// attempt makes one delivery, and says what came of it.
func (r *run) attempt(l *line, e *entry) {
	c, b := r.broker.courier, r.broker
	retries, err := r.deliver(l, e)
	if r.sending.Err() != nil && err != nil {
		c.settle(l, e, true) // cut off by the end of the run: the next makes it
		return
	}
	again := false
	switch {
	case errors.Is(err, errNobody):
	case err == nil:
		b.counts.delivered.Add(1)
	case errors.Is(err, errOurs):
		again, e.Next = true, time.Now().UTC().Add(oursRetry)
		c.logger(l).Error("a message waits", "message", e.Message, "error", err)
	default:
		e.Failed++
		var delay time.Duration
		if delay, again = retries.delay(e.Failed); again && !final(err) {
			e.Next = time.Now().UTC().Add(delay)
			break
		}
		again = false
		b.counts.failed.Add(1)
		c.logger(l).Warn("a message is given up", "message", e.Message, "attempts", e.Failed, "error", reason(err))
	}
	r.outcomes <- outcome{*e, again}
	c.settle(l, e, again)
}

// reason is an error without the endpoint's URL, which may have secrets in it.
func reason(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err.Error()
	}
	return err.Error()
}

// What ends an attempt before anything is sent.
var (
	// errNobody: the message is for nobody any more.
	errNobody = errors.New("the subscription is gone")
	// errOurs: the fault is on this side, and uses up no retry.
	errOurs = errors.New("a message cannot be made ready")
)

// oursRetry is when an attempt is made again that failed for such a fault.
const oursRetry = 20 * time.Second

// deliver sends a delivery's message, and returns by what policy to try again.
func (r *run) deliver(l *line, e *entry) (*retryPolicy, error) {
	b := r.broker
	retries := &defaultRetries
	var m message
	var s Subscription
	var t Topic
	err := b.store.View(func(tx *state.Tx) (err error) {
		if m, _, err = messages.Get(tx, e.Message); err != nil {
			return err
		}
		if s, _, err = subscriptions.Get(tx, l.arn); err != nil {
			return err
		}
		t, _, err = topics.Get(tx, m.Topic)
		return err
	})
	if errors.Is(err, state.ErrNotFound) || err == nil && !s.expects(m.Type) {
		return retries, errNobody
	}
	if err != nil {
		return retries, fmt.Errorf("%w: %w", errOurs, err)
	}
	policy := s.delivery(&t)
	retries = policy.HealthyRetryPolicy
	out, err := b.pack(&m, &s, &t)
	if err != nil {
		return retries, fmt.Errorf("%w: %w", errOurs, err)
	}
	if limiter := b.courier.throttle(l.arn, policy.ThrottlePolicy); limiter != nil {
		if err := limiter.Wait(r.sending); err != nil {
			return retries, err
		}
	}
	return retries, b.post.send(r.sending, out)
}

// expects reports whether a subscription still wants a message of the type.
func (s *Subscription) expects(t messageType) bool {
	return map[messageType]status{notification: confirmed, confirmation: pending, farewell: deleted}[t] == s.Status
}

// keep keeps outcomes, all that wait in one transaction, until there are no
// more. Outcomes that cannot be kept are kept again until the run ends; what is
// lost then is delivered again.
func (r *run) keep() {
	for first := range r.outcomes {
		batch := []outcome{first}
		for len(batch) < settleAtOnce && len(r.outcomes) > 0 {
			batch = append(batch, <-r.outcomes)
		}
		for {
			err := r.broker.store.Update(func(tx *state.Tx) error { return keepAll(tx, batch) })
			if err == nil {
				break
			}
			r.broker.options.Logger.Error("what was delivered cannot be noted", "deliveries", len(batch), "error", err)
			select {
			case <-time.After(settleRetry):
				continue
			case <-r.sending.Done():
			}
			break
		}
	}
}

func keepAll(tx *state.Tx, batch []outcome) error {
	for i := range batch {
		settle := finish
		if batch[i].again {
			settle = postpone
		}
		if err := settle(tx, &batch[i].entry); err != nil {
			return err
		}
	}
	return nil
}
