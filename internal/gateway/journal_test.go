package gateway

import (
	"context"
	"encoding/json"
	"sync"
	"testing"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/journal"
)

// memoryJournal is a Journal for tests. It fails the test if a record settles
// what is not an open intent, and keeps nothing of an append that it refuses.
type memoryJournal struct {
	t *testing.T

	mu     sync.Mutex
	recs   []journal.Record
	open   map[journal.Seq]bool
	fail   func(journal.Record) error // nil: nothing fails
	before func(journal.Record)       // runs before an append takes effect
}

func newMemoryJournal(t *testing.T) *memoryJournal {
	return &memoryJournal{t: t, open: make(map[journal.Seq]bool)}
}

func (j *memoryJournal) Append(_ context.Context, recs ...journal.Record) (journal.Seq, error) {
	for _, r := range recs {
		if j.before != nil {
			j.before(r)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	first := journal.Seq(len(j.recs) + 1)
	for _, r := range recs {
		if j.fail != nil {
			if err := j.fail(r); err != nil {
				return 0, err
			}
		}
	}
	for _, r := range recs {
		if r.Settles != 0 && !j.open[r.Settles] {
			j.t.Errorf("record settles %d, which is not an open intent", r.Settles)
		}
		delete(j.open, r.Settles)
		j.recs = append(j.recs, r)
		if r.Kind == journal.Intent {
			j.open[journal.Seq(len(j.recs))] = true
		}
	}
	return first, nil
}

func (j *memoryJournal) Ready(context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fail != nil {
		return j.fail(journal.Record{})
	}
	return nil
}

// failing makes every append fail, or none if err is nil.
func (j *memoryJournal) failing(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.fail = nil
	if err != nil {
		j.fail = func(journal.Record) error { return err }
	}
}

// openIntents returns the intents without an outcome.
func (j *memoryJournal) openIntents() []journal.Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	var open []journal.Entry
	for i, r := range j.recs {
		if j.open[journal.Seq(i+1)] {
			open = append(open, journal.Entry{Seq: journal.Seq(i + 1), Record: r})
		}
	}
	return open
}

// events returns what is recorded, in order.
func (j *memoryJournal) events() []event.Event {
	j.t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	var events []event.Event
	for _, r := range j.recs {
		if r.Kind == journal.Event {
			events = append(events, decodeEvent(j.t, r.Data))
		}
	}
	return events
}

func decodeEvent(t *testing.T, data []byte) event.Event {
	t.Helper()
	entry, err := history.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	var e event.Event
	if err := json.Unmarshal(entry.JSON, &e); err != nil {
		t.Fatalf("the event is not JSON: %v\n%s", err, entry.JSON)
	}
	return e
}

// only returns the one event that is recorded.
func (j *memoryJournal) only() event.Event {
	j.t.Helper()
	events := j.events()
	if len(events) != 1 {
		j.t.Fatalf("%d events are recorded, want 1", len(events))
	}
	return events[0]
}
