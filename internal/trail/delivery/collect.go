package delivery

import (
	"context"
	"errors"
	"time"

	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/trail"
	"github.com/cairn-audit/cairn/internal/trail/selector"
)

const (
	// maxFull is how many full files wait at most for the interval to end.
	maxFull = 8
	// storeAfter and storeEvery say when a position is stored that has moved
	// over nothing that the trail wants.
	storeAfter = 100_000
	storeEvery = time.Hour
)

// collector reads the journal for a trail and decides what is delivered. It
// belongs to one goroutine.
type collector struct {
	*worker
	reader *journal.Reader
	// pos is as stored, but for Next, which moves with every record.
	pos   position
	saved time.Time
	tick  time.Time
	// backlog is the last record that was there at the start. What an earlier
	// run left is decided as soon as all of it is read.
	backlog journal.Seq

	groups map[place]*group
	full   []*group

	// shown is what All returned last, and now this trail in it.
	shown []trail.Trail
	now   *trail.Trail
}

func newCollector(w *worker) *collector {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := &collector{
		worker: w, pos: w.stored, saved: time.Now(), tick: nextTick(w.DeliveryInterval),
		groups: map[place]*group{},
	}
	if last := w.journal.Last(); last >= c.pos.Next {
		c.backlog = last
	}
	if e := c.pos.Ending; e != nil {
		// The call's event may be there and not have been read.
		c.pos.Ending = &ending{From: e.From, By: e.By, Until: time.Now().UTC().Add(ownEvent)}
	}
	return c
}

// nextTick is the next multiple of an interval. It does not depend on when the
// server was started, so one that is restarted often delivers nevertheless.
func nextTick(interval time.Duration) time.Time {
	return time.Now().Truncate(interval).Add(interval)
}

// reached reports whether a moment has come that was a wait ahead. One that is
// further ahead was set by a clock that has been put back since.
func reached(now, moment time.Time, wait time.Duration) bool {
	return !now.Before(moment) || moment.Sub(now) > wait
}

func (c *collector) run(ctx context.Context) error {
	c.reader = c.journal.Follow(c.pos.Next)
	for ctx.Err() == nil {
		changed := c.trails.Changed()
		if err := c.look(); err != nil {
			return err
		}
		if err := c.read(ctx, changed); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// read takes records until something else is to be done.
func (c *collector) read(ctx context.Context, changed <-chan struct{}) error {
	wait, stop := context.WithDeadline(ctx, c.deadline())
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-changed:
		case <-c.wakeCollect:
		case <-wait.Done():
		}
		stop()
	}()
	defer func() {
		stop()
		<-watched
	}()
	for {
		record, err := c.reader.Next(wait)
		switch {
		case err == nil:
			err = c.take(&record)
		case wait.Err() != nil:
			return nil
		default:
			err = c.skip(err)
		}
		if err != nil {
			return err
		}
	}
}

// deadline is when something is to be done even if nothing is recorded.
func (c *collector) deadline() time.Time {
	if e := c.pos.Ending; e != nil && c.backlog == 0 && e.Until.Before(c.tick) {
		return e.Until
	}
	return c.tick
}

// look does what is due without a record.
func (c *collector) look() error {
	if err := c.current(); err != nil {
		return err
	}
	if err := c.follow(c.pos.Next); err != nil {
		return err
	}
	now := time.Now()
	if e := c.pos.Ending; e != nil && c.backlog == 0 && reached(now, e.Until, ownEvent) {
		if err := c.end(); err != nil {
			return err
		}
	}
	if reached(now, c.tick, c.DeliveryInterval) {
		c.tick = nextTick(c.DeliveryInterval)
		if err := c.flush(now); err != nil {
			return err
		}
	}
	if done, err := c.finished(); err != nil || !done {
		return err
	}
	return c.forget(c.id)
}

// flush decides what was collected, if there is anything.
func (c *collector) flush(now time.Time) error {
	switch {
	case len(c.groups) > 0 || len(c.full) > 0:
	case c.pos.Next-c.storedNext() >= storeAfter:
	case c.pos.Next > c.storedNext() && now.Sub(c.saved) >= storeEvery:
	default:
		return nil
	}
	return c.decide(nil)
}

func (c *collector) storedNext() journal.Seq {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stored.Next
}

// current takes the trail as it is now. It comes after each read, so that every
// change is seen that was made before what was read was recorded.
func (c *collector) current() error {
	all, err := c.trails.All()
	if err != nil {
		return err
	}
	if c.now != nil && len(all) == len(c.shown) && &all[0] == &c.shown[0] {
		return nil
	}
	c.shown = all
	for i := range all {
		if all[i].ID == c.id {
			c.now = &all[i]
			return nil
		}
	}
	return errForgotten
}

// take decides whether the trail wants a record.
func (c *collector) take(r *journal.Entry) error {
	if err := c.current(); err != nil {
		return err
	}
	if err := c.follow(r.Seq); err != nil {
		return err
	}
	if r.Kind == journal.Event {
		entry, err := history.Decode(r.Data)
		if err != nil {
			return c.miss(r.Seq+1, err)
		}
		entry.Seq = r.Seq
		if err := c.weigh(&entry); err != nil {
			return err
		}
	}
	c.pos.Next = r.Seq + 1
	if len(c.full) >= maxFull || c.backlog != 0 && c.pos.Next > c.backlog {
		c.backlog = 0
		return c.flush(time.Now())
	}
	return nil
}

// weigh adds an event to the group in which the trail wants it.
func (c *collector) weigh(entry *history.Entry) error {
	period, last := c.pos.Period, false
	if e := c.pos.Ending; e != nil {
		// Only the call's own event belongs to what has ended.
		last = entry.Category == history.Management && selector.Of(entry).RequestID() == e.By && e.By != ""
		if !last {
			period = 0
		}
	}
	if c.now.Wants(entry) {
		c.add(place{entry.Account, entry.Region, kindOf(entry.Category), period}, entry)
	}
	if !last {
		return nil
	}
	c.pos.Next = entry.Seq + 1
	return c.end()
}

func (c *collector) add(p place, entry *history.Entry) {
	g := c.groups[p]
	if g != nil && !g.fits(entry, c.FileSize) {
		c.full = append(c.full, g)
		g = nil
	}
	if g == nil {
		g = newGroup(p)
		c.groups[p] = g
	}
	g.add(entry)
}

// skip goes on after what cannot be read. Nothing is known of it, so it is told
// and counted.
func (c *collector) skip(err error) error {
	var damage *journal.CorruptError
	var gone *journal.NotFoundError
	switch {
	case errors.As(err, &damage) && damage.Next > c.pos.Next:
		return c.miss(damage.Next, err)
	case errors.As(err, &gone) && gone.First > c.pos.Next:
		return c.miss(gone.First, err)
	case errors.As(err, &gone) && gone.Last+1 < c.pos.Next:
		c.log.Error("the journal ends before what this trail has read of it; the trail goes on at its end",
			"next", c.pos.Next, "last", gone.Last)
		c.pos.Next = gone.Last + 1
		c.reader = c.journal.Follow(c.pos.Next)
		return c.decide(nil)
	}
	return err
}

// miss goes on at a record and counts those before it as lost.
func (c *collector) miss(next journal.Seq, err error) error {
	n := uint64(next - c.pos.Next)
	c.log.Error("records of the journal cannot be read, and are not delivered",
		"first", c.pos.Next, "records", n, "error", err)
	c.pos.Next = next
	c.reader = c.journal.Follow(next)
	var sum Losses
	err = c.decide(func(tx *state.Tx, _ *position) (err error) {
		sum, err = c.lose(tx, func(l *Losses) { l.Records += n })
		return err
	})
	if err == nil {
		c.keepCount(sum)
	}
	return err
}
