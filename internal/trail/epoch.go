package trail

import (
	"reflect"
	"sort"
	"time"

	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/trail/selector"
)

// Epoch is what a trail wants from a record of the journal on.
type Epoch struct {
	From journal.Seq
	At   time.Time
	// By is the request id of the call that began the epoch. That call's own
	// event is delivered if either the epoch before or this one wants it:
	// nobody can take a trail's eyes off and not be seen doing it.
	By      string
	Logging bool
	// Validation says whether the files of this epoch are in digests.
	Validation bool
	Scope
}

// source is where the calls that begin epochs are recorded.
const source = "cloudtrail.amazonaws.com"

// Wants reports whether the trail delivers an event: whether the epoch in which
// the event was recorded wants it, or, for the event of a call that began an
// epoch, that epoch or the one before. The two are looked for by the call's
// request id and not by the event's place, because calls that run at once may be
// recorded after each other's epochs have begun.
func (t *Trail) Wants(entry *history.Entry) bool {
	current, _ := t.EpochAt(entry.Seq)
	if current == nil {
		return false
	}
	e := selector.Of(entry)
	if current.wants(t, e) {
		return true
	}
	if entry.EventSource != source || entry.Category != history.Management {
		return false
	}
	id := e.RequestID()
	if id == "" {
		return false
	}
	for i := len(t.Epochs) - 1; i > 0; i-- {
		if t.Epochs[i].By == id {
			return t.Epochs[i].wants(t, e) || t.Epochs[i-1].wants(t, e)
		}
	}
	return false
}

// EpochAt returns the epoch that a record of the journal falls into, and the one
// before it; nil where there is none.
func (t *Trail) EpochAt(seq journal.Seq) (current, previous *Epoch) {
	after := sort.Search(len(t.Epochs), func(i int) bool { return t.Epochs[i].From > seq })
	if after > 0 {
		current = &t.Epochs[after-1]
	}
	if after > 1 {
		previous = &t.Epochs[after-2]
	}
	return current, previous
}

// Wants reports whether the trail delivers an event under the settings of this
// epoch. Events that programs outside AWS sent in are no trail's.
func (e *Epoch) Wants(t *Trail, entry *history.Entry) bool {
	return e.wants(t, selector.Of(entry))
}

func (e *Epoch) wants(t *Trail, event *selector.Event) bool {
	entry := event.Entry
	switch {
	case !e.Logging || entry.Category == history.ActivityAuditLog:
		return false
	case entry.Account != t.AccountID && !e.Organization:
		return false
	case entry.Region != t.HomeRegion && !e.MultiRegion:
		return false
	case !e.GlobalServiceEvents && event.Global():
		return false
	case entry.Category == history.Insight:
		return len(t.Insights) > 0
	}
	return e.Selectors.Wants(event)
}

// epoch is what the trail wants as it is now.
func (t *Trail) epoch(from journal.Seq, at time.Time, by string) Epoch {
	return Epoch{From: from, At: at, By: by, Logging: t.Logging, Validation: t.Validation, Scope: t.Scope}
}

// same reports whether two epochs want the same and sign the same.
func (e *Epoch) same(o *Epoch) bool {
	return e.Logging == o.Logging && e.Validation == o.Validation && reflect.DeepEqual(e.Scope, o.Scope)
}
