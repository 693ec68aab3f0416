package rule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/state"
)

const (
	// maxBatchEvents and maxBatchBytes bound what is put into the queue in
	// one transaction.
	maxBatchEvents = 256
	maxBatchBytes  = 4 << 20
	// storeEvery is how often a cursor is stored that has moved over nothing
	// that a rule wants: retention waits for it.
	storeEvery = time.Minute
	// retryDisk is when what the disk refused is tried again.
	retryDisk = time.Second
)

// follow queues what rules want until the context ends.
func (d *Dispatcher) follow(ctx context.Context) {
	for ctx.Err() == nil {
		err := d.read(ctx, newBatch(d.Keep()))
		if ctx.Err() != nil {
			return
		}
		d.log.ErrorContext(ctx, "following the journal for rules stopped and will go on", "error", err)
		timer := time.NewTimer(retryDisk)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// batch is what was read and is not stored.
type batch struct {
	first, next journal.Seq // first is the stored cursor
	begun       time.Time
	bytes       int
	queued      []*queued
}

func newBatch(next journal.Seq) *batch { return &batch{first: next, next: next, begun: time.Now()} }

// read reads the journal until something fails.
func (d *Dispatcher) read(ctx context.Context, b *batch) error {
	reader := d.Journal.Follow(b.next)
	for {
		r, err := reader.NextBefore(ctx, b.deadline())
		var damage *journal.CorruptError
		var missing *journal.NotFoundError
		switch {
		case ctx.Err() != nil:
			return errors.Join(ctx.Err(), d.store(b))
		case err == nil:
			if err := d.take(b, &r); err != nil {
				return err
			}
			b.next = r.Seq + 1
		case errors.Is(err, context.DeadlineExceeded):
		case errors.As(err, &damage) && damage.Next > b.next:
			d.log.ErrorContext(ctx, "records of the journal cannot be read, and go to no rule", "error", err)
			b.next = damage.Next
			reader = d.Journal.Follow(b.next)
		case errors.As(err, &missing) && missing.First > b.next:
			b.next = missing.First
			reader = d.Journal.Follow(b.next)
		default:
			return err
		}
		if b.due(d.Journal.Last()) {
			if err := d.store(b); err != nil {
				return err
			}
			b = newBatch(b.next)
		}
	}
}

// deadline is when the batch is to be stored, even if nothing more is recorded.
func (b *batch) deadline() time.Time {
	if b.next == b.first {
		return time.Now().Add(storeEvery)
	}
	return b.begun.Add(storeEvery)
}

// due reports whether a batch is to be stored: events at once when there is
// nothing more to read, and all when its time is over, for then nothing more is
// read into it.
func (b *batch) due(last journal.Seq) bool {
	switch {
	case b.next == b.first:
		return false
	case time.Since(b.begun) >= storeEvery:
		return true
	}
	return len(b.queued) > 0 && (b.next > last || len(b.queued) >= maxBatchEvents || b.bytes >= maxBatchBytes)
}

// store makes a batch durable with the cursor: the commit point. After it the
// deliveries will be made; before it the records will be read again.
func (d *Dispatcher) store(b *batch) error {
	if b.next == b.first {
		return nil
	}
	err := d.queue.Update(func(tx *state.Tx) error {
		now := time.Now().UTC()
		for _, q := range b.queued {
			if err := enqueue(tx, q, now); err != nil {
				return err
			}
		}
		_, err := cursors.Put(tx, cursorKey, b.next)
		return err
	})
	if err != nil {
		return fmt.Errorf("queue events for rules: %w", err)
	}
	d.mu.Lock()
	d.stored = b.next
	d.mu.Unlock()
	d.courier.add(b.queued...)
	return nil
}

// take adds to the batch what a record is for rules.
func (d *Dispatcher) take(b *batch, r *journal.Entry) error {
	if r.Kind != journal.Event {
		return nil
	}
	all, err := d.Rules.current()
	if err != nil {
		return err
	}
	if len(all.rules) == 0 {
		return nil
	}
	entry, err := history.Decode(r.Data)
	if err != nil {
		d.log.Error("a record of the journal cannot be read, and goes to no rule", "record", r.Seq, "error", err)
		return nil
	}
	entry.Seq = r.Seq
	candidates := all.rules[Scope{Account: entry.Account, Region: entry.Region}]
	if len(candidates) == 0 {
		return nil
	}
	event, h, ok, err := fromRecord(&entry)
	if err != nil {
		d.log.Error("a record of the journal cannot be read, and goes to no rule", "record", r.Seq, "error", err)
	}
	if err != nil || !ok {
		return nil
	}
	if ok, err := d.Trails.Wants(&entry); err != nil || !ok {
		return err
	}
	quiet := readOnly(&entry, h)
	q, err := d.match(event, candidates, func(r *Rule) bool {
		return r.From <= entry.Seq && (r.State == EnabledForAll || !quiet)
	})
	if err != nil || q == nil {
		return err
	}
	q.key = fmt.Sprintf("%s.%d", event.ID, entry.Seq)
	b.queued = append(b.queued, q)
	b.bytes += len(q.event)
	return nil
}

// match finds the targets for an event; nil is none.
func (d *Dispatcher) match(event *envelope, candidates []*matcher, concerned func(*Rule) bool) (*queued, error) {
	object := event.object()
	candidates = slices.DeleteFunc(slices.Clone(candidates), func(m *matcher) bool {
		return !concerned(&m.Rule) || !m.pattern.MatchObject(object)
	})
	if len(candidates) == 0 {
		return nil, nil
	}
	text, err := marshal(event)
	if err != nil {
		return nil, fmt.Errorf("write event %s: %w", event.ID, err)
	}
	q := &queued{event: text}
	for _, m := range candidates {
		d.note(m.Scope, m.Name, func(s *Status) { s.Matched++ })
		for _, t := range m.Targets {
			key := lineKey(&m.Rule, t.ID)
			room, tell := d.courier.hasRoom(key, len(text))
			if room {
				q.to = append(q.to, addressee{key, t.Made})
				continue
			}
			d.note(m.Scope, m.Name, func(s *Status) { s.Dropped++ })
			if tell {
				d.log.Warn("events are dropped: too many wait for a target", "rule", m.ARN(), "target", t.ID)
			}
		}
	}
	if len(q.to) == 0 {
		return nil, nil
	}
	return q, nil
}
