package rule

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/state"
)

const (
	testTopic = "arn:aws:sns:eu-west-1:123456789012:t"
	testGroup = "arn:aws:logs:eu-west-1:123456789012:log-group:g"
)

// world is a dispatcher with a journal, and targets of the test's own. It lives
// inside of a synctest bubble.
type world struct {
	t       *testing.T
	dir     string
	small   *state.Store
	queue   *state.Store
	journal *journal.Journal
	rules   *Store
	*Dispatcher
	log    *bytes.Buffer
	events int
	stop   func() // ends the dispatcher's life
	pause  func() // ends only Run

	mu     sync.Mutex
	wants  bool
	broken error // of the trails
	answer func(call) error
	calls  []call
}

// call is what a target got.
type call struct {
	ctx                         context.Context
	at                          time.Time
	to, stream, rule, what, via string
	stamp                       time.Time
}

// took keeps a call and answers it.
func (w *world) took(c call) error {
	c.at = time.Now()
	w.mu.Lock()
	w.calls = append(w.calls, c)
	answer := w.answer
	w.mu.Unlock()
	if answer == nil {
		return nil
	}
	return answer(c)
}

func (w *world) answers(f func(call) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = f
}

// got are the calls since the last time.
func (w *world) got() []call {
	w.mu.Lock()
	defer w.mu.Unlock()
	calls := w.calls
	w.calls = nil
	return calls
}

func (w *world) Wants(*history.Entry) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.wants, w.broken
}

type (
	topicsOf struct{ *world }
	groupsOf struct{ *world }
)

func (w topicsOf) Publish(ctx context.Context, topicARN, ruleARN, message string) error {
	return w.took(call{ctx: ctx, to: topicARN, rule: ruleARN, what: message, via: "topic"})
}

func (w groupsOf) Put(_ context.Context, groupARN, stream, ruleARN string, at time.Time, message string) error {
	return w.took(call{to: groupARN, stream: stream, rule: ruleARN, stamp: at, what: message, via: "group"})
}

// RoundTrip is the network.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	text, err := io.ReadAll(r.Body)
	if err == nil {
		err = w.took(call{to: r.URL.String(), what: string(text), via: "http"})
	}
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: 200, Body: http.NoBody, Request: r}, nil
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), wants: true, log: &bytes.Buffer{}}
	w.small = w.openState("state.db")
	var err error
	w.journal, err = journal.Open(filepath.Join(w.dir, "journal"), journal.NoIndex{}, journal.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	w.rules = NewStore(w.small, testKey(t), w.journal.Last)
	w.start()
	return w
}

func (w *world) openState(name string) *state.Store {
	w.t.Helper()
	s, err := state.Open(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// start begins a life of the dispatcher.
func (w *world) start() {
	w.t.Helper()
	w.queue = w.openState("events.db")
	var err error
	w.Dispatcher, err = NewDispatcher(Sources{Rules: w.rules, Journal: w.journal, Trails: w}, w.queue, Options{
		Topics: topicsOf{w}, LogGroups: groupsOf{w}, Transport: w, Logger: slog.New(slog.NewTextHandler(w.log, nil)),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.run()
}

// run runs the dispatcher; stop ends that and closes its queue.
func (w *world) run() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	w.pause = func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			w.t.Errorf("the dispatcher ended with %v", err)
		}
	}
	w.stop = func() {
		w.pause()
		if err := w.queue.Close(); err != nil {
			w.t.Error(err)
		}
	}
}

func (w *world) close() {
	w.stop()
	if err := errors.Join(w.journal.Close(), w.small.Close()); err != nil {
		w.t.Error(err)
	}
}

func (w *world) rule(name, pattern string, targets ...Target) {
	w.t.Helper()
	_, err := w.rules.Put(Rule{Scope: testScope, Name: name, Pattern: pattern, State: Enabled})
	if err == nil {
		err = w.rules.PutTargets(testScope, name, targets...)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// made is the Made of a rule's first target.
func (w *world) made(rule string) string {
	w.t.Helper()
	r, err := w.rules.Get(testScope, rule)
	if err != nil {
		w.t.Fatal(err)
	}
	return r.Targets[0].Made
}

// record records an event of a call and returns its id.
func (w *world) record(name, readOnly string) string {
	w.t.Helper()
	w.events++
	e := recorded(history.Management, "AwsApiCall", "ec2.amazonaws.com", name, readOnly)
	e.EventID = fmt.Sprintf("event-%04d", w.events)
	e.JSON = bytes.Replace(e.JSON, []byte("6ec1c5a5-0a6f-4f0e-8c55-0f7c1bd0a1c2"), []byte(e.EventID), 1)
	w.append(&e)
	return e.EventID
}

// append records events at once.
func (w *world) append(all ...*history.Entry) {
	w.t.Helper()
	var records []journal.Record
	for _, e := range all {
		data, err := e.Encode()
		if err != nil {
			w.t.Fatal(err)
		}
		records = append(records, journal.Record{Kind: journal.Event, Data: data})
	}
	if _, err := w.journal.Append(w.t.Context(), records...); err != nil {
		w.t.Fatal(err)
	}
}

// settle lets pass what happens at once.
func (w *world) settle() {
	time.Sleep(10 * time.Millisecond)
	synctest.Wait()
}

// want compares the events that came, by their names in what was sent.
func (w *world) want(events ...string) {
	w.t.Helper()
	w.settle()
	var got []string
	for _, c := range w.got() {
		_, after, _ := strings.Cut(c.what, `"eventID":"`)
		id, _, _ := strings.Cut(after, `"`)
		got = append(got, id)
	}
	slices.Sort(got)
	if !slices.Equal(got, events) {
		w.t.Errorf("sent %q, want %q", got, events)
	}
}

// queuedItems is how many records of undone deliveries the queue has.
func (w *world) queuedItems() (n int) {
	w.t.Helper()
	if err := w.queue.View(func(tx *state.Tx) error {
		for _, kind := range []string{queuedEvents, string(deliveries), string(remaining)} {
			for _, err := range tx.List(kind, "") {
				if err != nil {
					return err
				}
				n++
			}
		}
		return nil
	}); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func topicTarget() Target { return Target{ID: "topic", ARN: testTopic} }
