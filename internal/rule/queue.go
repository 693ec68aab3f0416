package rule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/state"
)

// What the queue keeps: each event once, a delivery for each target that it is
// for, how many of these are left, and the cursor. An event is gone when all of
// its deliveries are done.
const (
	queuedEvents = "events.queued" // JSON as it is
	deliveries   = state.Kind[delivery]("events.deliveries")
	remaining    = state.Kind[int]("events.remaining")
	cursors      = state.Kind[journal.Seq]("events.cursor")

	cursorKey = "next"
)

// delivery is an event on its way to a target. Its key is the target's line, when
// it is due, and the event's key: a line's keys are in the order in which they are
// due.
type delivery struct {
	Bytes  int
	Failed int       // attempts
	Taken  time.Time // when the event came
	For    string    // the target's Made
}

// entry is a delivery as the courier holds it.
type entry struct {
	key string
	delivery
}

// lineKey names the line of a target. None of its parts has a slash in it.
func lineKey(r *Rule, target string) string { return r.key(r.Name) + "/" + target }

// lineOf takes the name of a line apart.
func lineOf(key string) (at Scope, rule, target string) {
	parts := strings.SplitN(key, "/", 5)
	return Scope{Account: parts[0], Region: parts[1]}, parts[2], parts[3]
}

// deliveryKey is where a delivery is kept.
func deliveryKey(line string, due time.Time, event string) string {
	return fmt.Sprintf("%s/%020d/%s", line, due.UnixNano(), event)
}

// due is when the delivery is to be made.
func (e *entry) due() time.Time {
	parts := strings.SplitN(e.key, "/", 6)
	n, err := strconv.ParseInt(parts[4], 10, 64)
	if err != nil {
		return time.Time{} // at once
	}
	return time.Unix(0, n)
}

// event is the key of the delivery's event.
func (e *entry) event() string { return e.key[strings.LastIndexByte(e.key, '/')+1:] }

// line is the line that the delivery is in.
func (e *entry) line() string {
	at, rule, target := lineOf(e.key)
	return at.key(rule) + "/" + target
}

// queued is an event and whom it is for.
type queued struct {
	key   string // the event's id, and what makes it the only one of the key
	event []byte
	to    []addressee
}

// addressee is a target, by its line and its Made.
type addressee struct{ line, made string }

// enqueue makes an event's deliveries. It becomes durable with the transaction;
// only then may the courier be told.
func enqueue(tx *state.Tx, q *queued, now time.Time) error {
	for _, a := range q.to {
		d := delivery{Bytes: len(q.event), Taken: now, For: a.made}
		if _, err := deliveries.Create(tx, deliveryKey(a.line, now, q.key), d); err != nil {
			return err
		}
	}
	if _, err := remaining.Create(tx, q.key, len(q.to)); err != nil {
		return err
	}
	_, err := tx.Create(queuedEvents, q.key, q.event)
	return err
}

// finish removes a delivery, and its event with the last one. What is missing is
// no error: all other outcomes would wait for it.
func finish(tx *state.Tx, e *entry) error {
	err := remove(tx, deliveries, e.key)
	var left int
	var version uint64
	if err == nil {
		left, version, err = remaining.Get(tx, e.event())
	}
	switch {
	case errors.Is(err, state.ErrNotFound):
		return nil
	case err != nil:
		return err
	case left > 1:
		_, err = remaining.Update(tx, e.event(), version, left-1)
		return err
	}
	if err := remaining.Delete(tx, e.event(), version); err != nil {
		return err
	}
	item, err := tx.Get(queuedEvents, e.event())
	if errors.Is(err, state.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return tx.Delete(queuedEvents, e.event(), item.Version)
}

// postpone keeps a delivery for later.
func postpone(tx *state.Tx, e *entry, until time.Time) error {
	if err := remove(tx, deliveries, e.key); errors.Is(err, state.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	_, err := deliveries.Create(tx, deliveryKey(e.line(), until, e.event()), e.delivery)
	return err
}
