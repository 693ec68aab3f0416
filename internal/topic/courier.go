package topic

import (
	"container/heap"
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Bounds of a line.
const (
	// perLine is how many deliveries to a subscription are under way at once.
	perLine = 8
	// maxLine and maxLineBytes bound the deliveries that wait in a line. What
	// they hold is on disk; in memory an entry takes some 300 bytes.
	maxLine      = 10_000
	maxLineBytes = 256 << 20
)

// courier has a line of deliveries for each subscription that has any, and a
// goroutine for each line while Run runs. All fields are guarded by mu.
type courier struct {
	broker *Broker
	mu     sync.Mutex
	lines  map[string]*line
	// walk starts a line's goroutine; nil while Run does not run.
	walk func(*line)
	// limiters are those of subscriptions whose policy throttles; they
	// outlive their lines.
	limiters map[string]*rate.Limiter
}

// line is the deliveries to one subscription. Its fields are guarded by the
// courier's mu.
type line struct {
	arn     string
	waiting soonest
	known   map[string]bool // the keys of those waiting and under way
	bytes   int
	running int  // attempts under way
	walked  bool // there is a goroutine for it
	gone    bool // the subscription was ended
	full    bool // it was told that the line is full
	wake    chan struct{}
}

func newCourier(b *Broker) *courier {
	return &courier{broker: b, lines: map[string]*line{}, limiters: map[string]*rate.Limiter{}}
}

// add puts deliveries that are durable in their lines. Those that are there
// already stay once.
func (c *courier) add(entries ...entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range entries {
		e := &entries[i]
		l := c.lines[e.line()]
		if l == nil {
			l = &line{arn: e.line(), known: map[string]bool{}, wake: make(chan struct{}, 1)}
			c.lines[l.arn] = l
		}
		if l.known[e.key] {
			continue
		}
		l.known[e.key] = true
		l.bytes += e.Bytes
		heap.Push(&l.waiting, e)
		c.stir(l)
	}
}

// stir sees to it that a line is walked, and that its goroutine looks at it.
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

// forget drops the lines of subscriptions that were ended.
func (c *courier) forget(arns ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, arn := range arns {
		delete(c.limiters, arn)
		if l := c.lines[arn]; l != nil {
			delete(c.lines, arn)
			l.waiting, l.gone = nil, true
			c.stir(l)
		}
	}
}

// hasRoom reports whether a subscription's line takes one more delivery.
func (c *courier) hasRoom(arn string, bytes int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lines[arn]
	return l == nil || len(l.known) < maxLine && l.bytes+bytes <= maxLineBytes
}

// logFull says once that a line is full, until it has been empty.
func (c *courier) logFull(arn string) {
	c.mu.Lock()
	l := c.lines[arn]
	tell := l != nil && !l.full
	if tell {
		l.full = true
	}
	c.mu.Unlock()
	if tell {
		c.broker.options.Logger.Warn("messages are dropped: too many wait for a subscription", "subscription", arn)
	}
}

// next takes a delivery that is due. Without one it says how long to wait for
// it, which is forever for what only an attempt's end or a new delivery changes;
// done says that the line is empty and its goroutine is to end.
func (c *courier) next(l *line) (e *entry, wait time.Duration, done bool) {
	const forever = 1<<63 - 1
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(l.waiting) == 0 && l.running == 0 {
		l.walked = false
		if c.lines[l.arn] == l {
			delete(c.lines, l.arn)
		}
		return nil, 0, true
	}
	if len(l.waiting) == 0 || l.running == perLine {
		return nil, forever, false
	}
	if wait = time.Until(l.waiting[0].Next); wait > 0 {
		return nil, wait, false
	}
	l.running++
	return heap.Pop(&l.waiting).(*entry), 0, false
}

// settle ends an attempt. A delivery that is to be tried again goes back.
func (c *courier) settle(l *line, e *entry, again bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l.running--
	if again && !l.gone {
		heap.Push(&l.waiting, e)
	} else {
		delete(l.known, e.key)
		l.bytes -= e.Bytes
	}
	c.stir(l)
}

// throttle is the limiter of a subscription, as the policy in force wants it;
// nil where it wants none.
func (c *courier) throttle(arn string, p *throttlePolicy) *rate.Limiter {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p == nil {
		delete(c.limiters, arn)
		return nil
	}
	limit := rate.Limit(p.MaxReceivesPerSecond)
	if c.limiters[arn] == nil {
		c.limiters[arn] = rate.NewLimiter(limit, 1)
	}
	if l := c.limiters[arn]; l.Limit() != limit {
		l.SetLimit(limit)
	}
	return c.limiters[arn]
}

// along walks a line until it is empty or the context ends, and waits for its
// attempts.
func (c *courier) along(ctx context.Context, l *line, attempt func(*line, *entry)) {
	var attempts sync.WaitGroup
	defer attempts.Wait()
	for {
		e, wait, done := c.next(l)
		switch {
		case ctx.Err() != nil || done:
			return
		case e != nil:
			attempts.Go(func() { attempt(l, e) })
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-l.wake:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// soonest is a heap of deliveries by when they are due.
type soonest []*entry

func (s soonest) Len() int           { return len(s) }
func (s soonest) Less(i, j int) bool { return s[i].Next.Before(s[j].Next) }
func (s soonest) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *soonest) Push(x any)        { *s = append(*s, x.(*entry)) }
func (s *soonest) Pop() any {
	old := *s
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*s = old[:len(old)-1]
	return last
}

// logger is for a subscription.
func (c *courier) logger(l *line) *slog.Logger {
	return c.broker.options.Logger.With("subscription", l.arn)
}
