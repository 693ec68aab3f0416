package gateway

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/cairn-audit/cairn/internal/journal"
)

// lateEvents are the events of calls that were carried out and that the journal
// could not take then. Their clients have been told that the call was refused,
// and their intents are open. There are no more of them than calls were under
// way when the journal failed, since it takes no intents either.
type lateEvents struct {
	waiting atomic.Bool // something is in groups

	mu     sync.Mutex
	groups [][]journal.Record // guarded by mu; a group is of one call
}

func (l *lateEvents) keep(recs []journal.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.groups = append(l.groups, recs)
	l.waiting.Store(true)
}

// commit appends the events. It costs nothing while there are none.
func (l *lateEvents) commit(ctx context.Context, j Journal) error {
	if !l.waiting.Load() {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.groups) > 0 {
		// What cannot be appended for another reason than that the journal
		// cannot write would be in the way of every call.
		if _, err := j.Append(ctx, l.groups[0]...); mayPass(err) {
			return err
		}
		l.groups = l.groups[1:]
	}
	l.groups = nil
	l.waiting.Store(false)
	return nil
}

// mayPass reports whether an append that failed may succeed at another time.
func mayPass(err error) bool {
	var unavailable *journal.UnavailableError
	return errors.As(err, &unavailable) || errors.Is(err, journal.ErrFull)
}
