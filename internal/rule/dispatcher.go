package rule

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

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
// one goroutine, in the order of the journal.
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

// ErrFinal is for what a target has refused and will refuse again.
var ErrFinal = errors.New("the target will not take the event")

// Options are what a dispatcher may be given. All have defaults; without Topics
// or LogGroups, targets of the kind fail.
type Options struct {
	Topics    Topics
	LogGroups LogGroups
	// PublicOnly refuses to send to loopback and private addresses, and uses
	// no proxy.
	PublicOnly bool
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
type Dispatcher struct{}

// NewDispatcher makes a dispatcher that keeps its queue and its cursor in a store
// of its own, which is written with every event. It does nothing until Run. A
// queue that is new begins with the next record of the journal.
func NewDispatcher(from Sources, queue *state.Store, o Options) (*Dispatcher, error) {
	return nil, errTodo
}

// Run follows the journal and delivers until the context ends, and returns its
// error. It runs once at a time.
func (d *Dispatcher) Run(ctx context.Context) error { return errTodo }

// Custom is an event that a caller puts.
type Custom struct {
	Source, DetailType string
	Detail             string // a JSON object
	Resources          []string
	Time               time.Time // zero is now
}

// MaxCustom is the size in bytes up to which events can be put at once.
const MaxCustom = 256 << 10

// Size is what counts of an event towards MaxCustom.
func (c *Custom) Size() int { return 0 }

// Check holds an event to EventBridge's rules. The error is a *Refusal.
func (c *Custom) Check() error { return errTodo }

// Put takes events for the bus of a scope and returns their ids. When it does,
// they are durable with a delivery for each target that wants them: all, or none.
func (d *Dispatcher) Put(ctx context.Context, to Scope, events ...Custom) (ids []string, err error) {
	return nil, errTodo
}

// Keep is the oldest record of the journal that is still to be read, 0 if none is.
func (d *Dispatcher) Keep() journal.Seq { return 0 }

// Status is what has become of a rule's events since the start.
type Status struct {
	Matched   int64 // events that the rule wanted
	Delivered int64 // a target took an event
	Failed    int64 // an attempt failed, and is made again
	Given     int64 // an event was given up for a target
	Dropped   int64 // a target's line was full
	Pending   int64 // deliveries that are not done, those of before the start included
}

// Status returns a rule's numbers.
func (d *Dispatcher) Status(at Scope, rule string) Status { return Status{} }
