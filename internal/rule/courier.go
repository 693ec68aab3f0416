package rule

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/cairn-audit/cairn/internal/state"
)

// Bounds of a line.
const (
	// perLine is how many deliveries to a target are under way at once.
	perLine = 8
	// readAhead is how many deliveries of a line are read from the disk at
	// once; the others take no memory.
	readAhead = 64
	// maxLine and maxLineBytes bound what waits in a line, on disk.
	maxLine      = 100_000
	maxLineBytes = 1 << 30
)

// courier has a line of deliveries for each target that has any, and a goroutine
// for each line while Run runs.
type courier struct {
	queue *state.Store
	log   *slog.Logger

	mu    sync.Mutex
	lines map[string]*line
	// walk starts a line's goroutine; nil while Run does not run.
	walk func(*line)
}

// line is the deliveries to one target. Its fields are guarded by the courier's
// mu, but for ahead, which is its goroutine's.
type line struct {
	key     string
	pending int   // deliveries on disk
	bytes   int64 // of their events
	// busy are the keys of deliveries that are under way, or done while the
	// disk does not know it yet.
	busy    map[string]bool
	running int  // attempts under way
	walked  bool // there is a goroutine for it
	full    bool // it was told that the line is full
	failing bool // it was told that attempts fail; none has succeeded since
	stale   bool // the disk has what ahead has not
	wake    chan struct{}

	ahead []entry // the soonest, read from the disk
}

// load counts what is on disk.
func (c *courier) load() error {
	return c.queue.View(func(tx *state.Tx) error {
		for item, err := range deliveries.List(tx, "") {
			if err != nil {
				return err
			}
			e := entry{key: item.Key, delivery: item.Value}
			c.count(e.line(), e.Bytes)
		}
		return nil
	})
}

// count makes one more delivery known. The caller holds mu, or is alone.
func (c *courier) count(key string, bytes int) *line {
	l := c.lines[key]
	if l == nil {
		l = &line{key: strings.Clone(key), busy: map[string]bool{}, wake: make(chan struct{}, 1)}
		c.lines[l.key] = l
	}
	l.pending++
	l.bytes += int64(bytes)
	l.stale = true
	return l
}

// add tells of events whose deliveries have become durable.
func (c *courier) add(all ...*queued) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, q := range all {
		for _, a := range q.to {
			c.stir(c.count(a.line, len(q.event)))
		}
	}
}

// start lets lines be walked, or with nil no more.
func (c *courier) start(walk func(*line)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.walk = walk
	if walk == nil {
		return
	}
	for _, l := range c.lines {
		l.ahead, l.stale = nil, true
		clear(l.busy) // what the run before could not note
		c.stir(l)
	}
}

// stir sees to it that a line is walked, and that its goroutine looks at it. The
// caller holds mu.
func (c *courier) stir(l *line) {
	if !l.walked && c.walk != nil {
		l.walked = true
		c.walk(l)
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// hasRoom reports whether a line takes one more delivery. If not, tell says
// whether that has not been said before.
func (c *courier) hasRoom(key string, bytes int) (room, tell bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lines[key]
	if l == nil || l.pending < maxLine && l.bytes+int64(bytes) <= maxLineBytes {
		return true, false
	}
	tell = !l.full
	l.full = true
	return false, tell
}

// waiting is how many deliveries to a rule's targets are not done.
func (c *courier) waiting(rule string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, l := range c.lines {
		if strings.HasPrefix(key, rule+"/") {
			n += l.pending
		}
	}
	return n
}

// failed notes whether an attempt failed, and reports whether that is new.
func (c *courier) failed(l *line, failed bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	is := failed && !l.failing
	l.failing = failed
	return is
}

// ended ends an attempt, whose outcome is not yet on disk.
func (c *courier) ended(l *line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l.running--
	c.stir(l)
}

// noted says that outcomes are on disk.
func (c *courier) noted(all []outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range all {
		o := &all[i]
		l := o.line
		delete(l.busy, o.entry.key)
		if o.until.IsZero() {
			l.pending--
			l.bytes -= int64(o.entry.Bytes)
		} else {
			l.stale = true
		}
		c.stir(l)
	}
}

// move is what a line's goroutine does next.
type move struct {
	entry *entry        // an attempt to make
	wait  time.Duration // or, without one, how long to wait for a wake
	read  bool          // or to read from the disk
	done  bool          // or to end: the line is empty
}

const forever = time.Duration(1<<63 - 1)

// next says how a line goes on.
func (c *courier) next(l *line) move {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.pending <= 0 && l.running == 0 && len(l.busy) == 0 {
		l.walked = false
		delete(c.lines, l.key)
		return move{done: true}
	}
	if l.running >= perLine {
		return move{wait: forever}
	}
	wait := forever
	if len(l.ahead) > 0 {
		wait = time.Until(l.ahead[0].due())
	}
	switch {
	case wait > 0 && l.stale:
		l.stale = false
		return move{read: true}
	case wait > 0:
		return move{wait: wait}
	}
	e := &l.ahead[0]
	l.ahead = l.ahead[1:]
	l.stale = l.stale || len(l.ahead) == 0
	l.running++
	l.busy[e.key] = true
	return move{entry: e}
}

// read reads the soonest deliveries of a line that are not under way. Only the
// line's goroutine adds to those.
func (c *courier) read(l *line) error {
	c.mu.Lock()
	busy := maps.Clone(l.busy)
	c.mu.Unlock()
	l.ahead = nil
	err := c.queue.View(func(tx *state.Tx) error {
		for item, err := range tx.List(string(deliveries), l.key+"/") {
			if err != nil {
				return err
			}
			if busy[item.Key] {
				continue
			}
			if len(l.ahead) == readAhead {
				return nil
			}
			e := entry{key: item.Key}
			if err := json.Unmarshal(item.Value, &e.delivery); err != nil {
				return fmt.Errorf("read delivery %q: %w", item.Key, err)
			}
			l.ahead = append(l.ahead, e)
		}
		return nil
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err != nil:
		l.stale = true
	case len(l.ahead) == 0 && len(busy) == 0 && !l.stale:
		// An event can be read, delivered and noted before add counts it.
		l.pending, l.bytes = 0, 0
	}
	return err
}

// along walks a line until it is empty or the context ends, and waits for its
// attempts.
func (c *courier) along(ctx context.Context, l *line, attempt func(*line, *entry)) {
	var attempts sync.WaitGroup
	defer attempts.Wait()
	for ctx.Err() == nil {
		m := c.next(l)
		switch {
		case m.done:
			return
		case m.entry != nil:
			attempts.Go(func() { attempt(l, m.entry) })
			continue
		case m.read:
			err := c.read(l)
			if err == nil {
				continue
			}
			c.log.ErrorContext(ctx, "deliveries cannot be read; trying again", "error", err)
			m.wait = retryDisk
		}
		timer := time.NewTimer(m.wait)
		select {
		case <-timer.C:
		case <-l.wake:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	c.mu.Lock()
	l.walked = false
	c.mu.Unlock()
}
