package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/record"
)

// Journal is where events become durable. When Append returns nil, the records
// are durable and can be looked up; when it returns an error, they are not
// there. Append does not give up a record that it has taken because a context
// ends. Ready returns an error while an append would fail; it costs nothing
// while all is well.
type Journal interface {
	Append(ctx context.Context, recs ...journal.Record) (journal.Seq, error)
	Ready(ctx context.Context) error
}

// Recorder turns calls into events and commits them. It is the only writer of
// the journal, and may be used from any goroutine.
//
// A call that changes something is recorded twice. Its intent is durable before
// the call is handed over: it holds the event as it will be if nothing more is
// ever known, "outcome unknown". The event settles it; where the journal cannot
// take the event, it is kept and tried again before the next call. An intent
// that is still open when Cairn starts becomes the event that it holds; see
// Recover. A call that only reads has no intent, and is handed over only while
// the journal can write.
type Recorder struct {
	journal Journal
	records *record.Builder
	late    lateEvents
}

// NewRecorder makes a recorder.
func NewRecorder(j Journal, b *record.Builder) *Recorder { return &Recorder{journal: j, records: b} }

// Record commits an event that is no call's: something that a service, or a
// program of the operator's, tells of itself.
func (r *Recorder) Record(ctx context.Context, e *event.Event) error {
	data, err := encode(e)
	if err != nil {
		return fmt.Errorf("encode the event %s: %w", e.EventName, err)
	}
	_, err = r.journal.Append(ctx, journal.Record{Kind: journal.Event, Data: data})
	return err
}

// RecordActivities commits what programs told of themselves, all of it or none.
// The error is an *UnrecordedError where the journal cannot take it; the
// gateway then answers the call that brought it as one that it cannot record.
func (r *Recorder) RecordActivities(ctx context.Context, activities ...*event.Activity) error {
	recs := make([]journal.Record, len(activities))
	for i, a := range activities {
		data, err := encodeEntry(a.EventCategory, history.Entry{
			Time: a.EventTime.Time, Account: a.RecipientAccountID, Region: a.AWSRegion,
			JSON: a.AppendJSON(make([]byte, 0, typicalEvent)),
		}, a.Attributes())
		if err != nil {
			return fmt.Errorf("encode the activity %s: %w", a.EventID, err)
		}
		recs[i] = journal.Record{Kind: journal.Event, Data: data}
	}
	if _, err := r.journal.Append(ctx, recs...); err != nil {
		return &UnrecordedError{Err: err}
	}
	return nil
}

// UnrecordedError says that the journal did not take what a backend was to
// record: nothing of it is there.
type UnrecordedError struct{ Err error }

func (e *UnrecordedError) Error() string { return fmt.Sprintf("not recorded: %v", e.Err) }

func (e *UnrecordedError) Unwrap() error { return e.Err }

// intent commits that a call is about to be handed over, where that is needed,
// and returns the intent's number, else 0.
func (r *Recorder) intent(ctx context.Context, c *record.Call) (journal.Seq, error) {
	if err := r.late.commit(ctx, r.journal); err != nil {
		return 0, err
	}
	if r.records.ReadOnly(c.Operation) {
		return 0, r.journal.Ready(ctx)
	}
	unknown := *c
	unknown.OutcomeUnknown = true
	data, err := encode(r.records.Build(&unknown))
	if err != nil {
		return 0, fmt.Errorf("encode the intent of %s: %w", c.EventName, err)
	}
	return r.journal.Append(ctx, journal.Record{Kind: journal.Intent, Data: data})
}

// event commits what came of a call: all of its copies, or none.
func (r *Recorder) event(ctx context.Context, c *record.Call, intent journal.Seq, copies ...record.Call) error {
	events := []*event.Event{r.records.Build(c)}
	for i := range copies {
		events = append(events, r.records.Build(&copies[i]))
	}
	err := r.commit(ctx, intent, events)
	if errors.Is(err, journal.ErrTooLarge) {
		// The intent fitted, which has all but the answer.
		for _, e := range events {
			if len(e.ResponseElements) > 0 {
				e.ResponseElements = omitted(e.ResponseElements)
			}
		}
		err = r.commit(ctx, intent, events)
	}
	return err
}

// commit commits the events of a call.
func (r *Recorder) commit(ctx context.Context, intent journal.Seq, events []*event.Event) error {
	recs := make([]journal.Record, len(events))
	for i, e := range events {
		data, err := encode(e)
		if err != nil {
			return fmt.Errorf("encode the event of %s for account %s: %w", e.EventName, e.RecipientAccountID, err)
		}
		recs[i] = journal.Record{Kind: journal.Event, Data: data}
	}
	recs[0].Settles = intent
	_, err := r.journal.Append(ctx, recs...)
	if intent != 0 && mayPass(err) {
		r.late.keep(recs)
	}
	return err
}

// omitted stands for elements that are too large for the journal, in
// CloudTrail's form.
func omitted(elements json.RawMessage) json.RawMessage {
	return fmt.Appendf(nil, `{"reason":"responseElements too large","omitted":"true","originalSize":"%d"}`, len(elements))
}

// typicalEvent is the size in bytes that most events do not exceed.
const typicalEvent = 2 << 10

// encode makes the journal's record of an event.
func encode(e *event.Event) ([]byte, error) {
	return encodeEntry(e.EventCategory, history.Entry{
		Time: e.EventTime.Time, Account: e.RecipientAccountID, Region: e.AWSRegion,
		JSON: e.AppendJSON(make([]byte, 0, typicalEvent)),
	}, e.Attributes())
}

// encodeEntry makes the journal's record: an entry with its category and what it
// is looked up by.
func encodeEntry(category string, entry history.Entry, a event.Attributes) ([]byte, error) {
	var err error
	if entry.Category, err = history.ParseCategory(category); err != nil {
		return nil, err
	}
	entry.Attributes = history.Attributes{
		EventID: a.EventID, EventName: a.EventName, ReadOnly: a.ReadOnly, Username: a.Username,
		EventSource: a.EventSource, AccessKeyID: a.AccessKeyID,
	}
	for _, r := range a.Resources {
		entry.Resources = append(entry.Resources, history.Resource{Type: r.Type, Name: r.Name})
	}
	return entry.Encode()
}

// Recover settles the intents that an earlier process left open: each becomes
// the event that it holds, which says that its outcome is unknown. It returns
// how many there were.
func Recover(ctx context.Context, j Journal, open []journal.Entry) (int, error) {
	for i, intent := range open {
		_, err := j.Append(ctx, journal.Record{Kind: journal.Event, Settles: intent.Seq, Data: intent.Data})
		if err != nil {
			return i, fmt.Errorf("settle intent %d: %w", intent.Seq, err)
		}
	}
	return len(open), nil
}
