package rule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/cairn-audit/cairn/internal/egress"
	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/state"
)

// Journal is where events come from; *journal.Journal is one.
type Journal interface {
	Follow(from journal.Seq) *journal.Reader
	Last() journal.Seq
}

// Trails say whether a trail that is logging wants an event. They are asked from
// one goroutine, in the order of the journal, for events that a rule may want.
type Trails interface {
	Wants(e *history.Entry) (bool, error)
}

// Topics take messages for topics on behalf of a rule, whose ARN a topic's policy
// may ask for. An error that is ErrFinal is not tried again.
type Topics interface {
	Publish(ctx context.Context, topicARN, ruleARN, message string) error
}

// LogGroups take log events for log groups on behalf of a rule. They make the
// stream where there is none. An error that is ErrFinal is not tried again.
type LogGroups interface {
	Put(ctx context.Context, groupARN, stream, ruleARN string, at time.Time, message string) error
}

// Roles say whether EventBridge may invoke an API destination as the role of a
// target. An error that is ErrFinal is not tried again.
type Roles interface {
	MayInvoke(ctx context.Context, roleARN, destinationARN string) error
}

// ErrFinal is for what a target has refused and will refuse again.
var ErrFinal = errors.New("the target does not take the event")

// Options are what a dispatcher may be given. All have defaults; without Topics
// or LogGroups, targets of the kind take nothing, and without Roles no role is
// asked for.
type Options struct {
	Topics    Topics
	LogGroups LogGroups
	Roles     Roles
	// PublicOnly refuses to send to loopback and private addresses, and uses
	// no proxy.
	PublicOnly bool
	// Own are this server's own addresses, to which nothing is sent.
	Own egress.Own
	// Transport replaces the way to API destinations.
	Transport http.RoundTripper
	Logger    *slog.Logger
}

// Sources are where a dispatcher reads.
type Sources struct {
	Rules   *Store
	Journal Journal
	Trails  Trails
}

// Dispatcher sends events to the targets of rules. Its methods may be called from
// any goroutine.
type Dispatcher struct {
	Sources
	queue   *state.Store
	options Options
	log     *slog.Logger
	courier *courier
	http    *invoker

	mu      sync.Mutex // guards what follows
	stored  journal.Seq
	numbers map[string]*Status // by the rule's key; Pending is not kept
}

// NewDispatcher makes a dispatcher that keeps its queue and its cursor in a store
// of its own, which is written with every event that a rule wants. It does
// nothing until Run. A queue that is new begins with the next record of the
// journal.
func NewDispatcher(from Sources, queue *state.Store, o Options) (*Dispatcher, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	d := &Dispatcher{
		Sources: from, queue: queue, options: o, log: o.Logger,
		courier: &courier{queue: queue, log: o.Logger, lines: map[string]*line{}},
		http:    newInvoker(from.Rules, o),
		numbers: map[string]*Status{},
	}
	if err := d.begin(); err != nil {
		return nil, fmt.Errorf("read how far events went to rules: %w", err)
	}
	if err := d.courier.load(); err != nil {
		return nil, fmt.Errorf("read what is on its way to targets: %w", err)
	}
	return d, nil
}

// begin reads the cursor.
func (d *Dispatcher) begin() error {
	all, err := d.Rules.current()
	if err != nil {
		return err
	}
	return d.queue.Update(func(tx *state.Tx) error {
		next, _, err := cursors.Get(tx, cursorKey)
		end := d.Journal.Last() + 1
		switch {
		case err != nil && !errors.Is(err, state.ErrNotFound):
			return err
		case err == nil && next <= end:
			d.stored = next
			return nil
		case err != nil && len(all.rules) > 0:
			d.log.Warn("the queue of rules is gone: what was on its way to targets is lost; going on at the journal's end", "end", end)
		case err == nil:
			d.log.Warn("the journal ends before what was sent to rules last; going on at its end", "cursor", next, "end", end)
		}
		d.stored = end
		_, err = cursors.Put(tx, cursorKey, end)
		return err
	})
}

// Run follows the journal and delivers until the context ends, and returns its
// error. It runs once at a time.
func (d *Dispatcher) Run(ctx context.Context) error {
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	r := &run{
		Dispatcher: d, sending: sending, outcomes: make(chan outcome, noteAtOnce),
		room: semaphore.NewWeighted(maxUnderWay),
	}
	var lines, keeper sync.WaitGroup
	keeper.Go(r.keep)
	d.courier.start(func(l *line) { lines.Go(func() { d.courier.along(ctx, l, r.attempt) }) })

	d.follow(ctx)

	d.courier.start(nil)
	defer time.AfterFunc(grace, cancel).Stop()
	lines.Wait()
	close(r.outcomes)
	keeper.Wait()
	return ctx.Err()
}

// Keep is the oldest record of the journal that is still to be read.
func (d *Dispatcher) Keep() journal.Seq {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stored
}

// Status is what has become of a rule's events since the start.
type Status struct {
	Matched   int64 // events that the rule wanted
	Delivered int64 // a target took an event
	Failed    int64 // an attempt failed
	GivenUp   int64 // no more attempts are made for a target
	Dropped   int64 // a target's line was full
	Pending   int64 // deliveries that are not done, those of before the start included
}

// Status returns a rule's numbers.
func (d *Dispatcher) Status(at Scope, rule string) Status {
	key := at.key(rule)
	pending := int64(d.courier.waiting(key))
	d.mu.Lock()
	defer d.mu.Unlock()
	s := Status{}
	if kept := d.numbers[key]; kept != nil {
		s = *kept
	}
	s.Pending = pending
	return s
}

// note changes a rule's numbers.
func (d *Dispatcher) note(at Scope, rule string, f func(*Status)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := at.key(rule)
	if d.numbers[key] == nil {
		d.numbers[key] = &Status{}
	}
	f(d.numbers[key])
}
