package logs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/trail"
)

// Limits of a batch (API Reference, PutLogEvents), with room for what each log
// event counts beside its message, and of a message: larger records are not sent
// ("Sending events to CloudWatch Logs", CloudTrail User Guide).
const (
	maxBatchEvents = 10_000
	maxBatchBytes  = 1 << 20
	eventOverhead  = 26
	maxMessage     = 256 << 10
	// maxWait is how long an event waits for others to be sent with it.
	maxWait = time.Second
	// maxHeld bounds what waits of all streams.
	maxHeld = 8 << 20
	// storeEvery is how often a position is stored that has moved over
	// nothing that the trail wants: retention waits for it.
	storeEvery = time.Hour

	minBackoff = time.Second
	maxBackoff = 5 * time.Minute
	// putTime is how long a log group may take to answer.
	putTime = 30 * time.Second
	// giveUpAfter is how old events are that are left out where they cannot be
	// sent, as it is for S3. It bounds what the journal keeps for a log group
	// that never comes back.
	giveUpAfter = 30 * 24 * time.Hour
	// lastWait is how long after the deletion of a trail the event of the call
	// that deleted it may be recorded.
	lastWait = time.Minute
)

// sender sends what one trail wants. One goroutine runs it.
type sender struct {
	*Forwarder
	id, group string
	log       *slog.Logger
	until     journal.Seq // the last record that a deleted trail is read to, 0 before lastWait is over

	mu      sync.Mutex   // guards what others may ask for
	known   *trail.Trail // as it was when it last was the group's
	next    journal.Seq
	sent    time.Time
	failure string
}

func (s *sender) stored() journal.Seq {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next
}

func (s *sender) status() (time.Time, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent, s.failure
}

// errOver ends the sender of a trail that has no such log group any more;
// errGivenUp ends the tries for what is held.
var (
	errOver    = errors.New("the trail does not send to the log group any more")
	errGivenUp = errors.New("events could not be sent for 30 days")
)

func (s *sender) run(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; failures++ {
		err := s.follow(ctx)
		if errors.Is(err, errOver) || ctx.Err() != nil {
			return
		}
		s.log.ErrorContext(ctx, "sending to the log group stopped and will go on", "error", err)
		pause(ctx, failures)
	}
}

// held is what is read and not sent.
type held struct {
	next    journal.Seq
	begun   time.Time
	since   time.Time // when the first event came, zero while there is none
	newest  time.Time // the latest time of an event
	bytes   int
	events  int
	streams map[string][]string
}

func newHeld(next journal.Seq) held {
	return held{next: next, begun: time.Now(), streams: map[string][]string{}}
}

// follow reads the journal from where the last position was stored.
func (s *sender) follow(ctx context.Context) error {
	h := newHeld(s.stored())
	reader := s.journal.Follow(h.next)
	for {
		if s.finished(&h) {
			return s.finish()
		}
		entry, err := reader.NextBefore(ctx, s.deadline(&h))
		t, gone := s.current()
		switch {
		case gone != nil:
			return gone
		case t == nil:
			return errOver
		case ctx.Err() != nil:
			return ctx.Err()
		}
		var damage *journal.CorruptError
		var missing *journal.NotFoundError
		switch {
		case err == nil:
			h.take(s, t, &entry)
		case errors.Is(err, context.DeadlineExceeded):
		case errors.As(err, &damage) && damage.Next > h.next:
			s.log.ErrorContext(ctx, "records of the journal cannot be read, and are not sent", "error", err)
			h.next = damage.Next
			reader = s.journal.Follow(h.next)
		case errors.As(err, &missing) && missing.First > h.next:
			h.next = missing.First
			reader = s.journal.Follow(h.next)
		default:
			return err
		}
		if h.due() {
			if err := s.flush(ctx, t, &h); err != nil {
				return err
			}
		}
	}
}

// deadline is when something is to be done that no record says.
func (s *sender) deadline(h *held) time.Time {
	d := h.deadline()
	if end, deleted := s.end(); deleted && s.until == 0 && end.Before(d) {
		return end
	}
	return d
}

// finished reports whether a trail that was deleted has sent all that it ever will.
func (s *sender) finished(h *held) bool {
	end, deleted := s.end()
	if !deleted || time.Now().Before(end) {
		return false
	}
	if s.until == 0 {
		s.until = max(1, s.journal.Last())
	}
	return h.next > s.until && h.events == 0
}

// finish forgets how far a trail has sent that will send no more.
func (s *sender) finish() error {
	err := s.state.Update(func(tx *state.Tx) error {
		_, version, err := positions.Get(tx, s.id)
		if err == nil {
			err = positions.Delete(tx, s.id, version)
		}
		return err
	})
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return fmt.Errorf("forget how far a trail has sent: %w", err)
	}
	return errOver
}

// take keeps an event that the trail wants.
func (h *held) take(s *sender, t *trail.Trail, r *journal.Entry) {
	h.next = r.Seq + 1
	if r.Kind != journal.Event {
		return
	}
	entry, err := history.Decode(r.Data)
	if err != nil {
		s.log.Error("a record of the journal cannot be read, and is not sent", "record", r.Seq, "error", err)
		return
	}
	entry.Seq = r.Seq
	if !t.Wants(&entry) || len(entry.JSON)+eventOverhead > maxMessage {
		return
	}
	if h.since.IsZero() {
		h.since = time.Now()
	}
	stream := streamName(t, &entry)
	h.streams[stream] = append(h.streams[stream], string(entry.JSON))
	h.bytes += len(entry.JSON) + eventOverhead
	h.events++
	if entry.Time.After(h.newest) {
		h.newest = entry.Time
	}
}

// streamName is where an event goes: the Region in it is the trail's, of whichever
// the event is ("CloudWatch log group and log stream naming for CloudTrail",
// CloudTrail User Guide). The trail's role may write to these streams only.
func streamName(t *trail.Trail, entry *history.Entry) string {
	name := entry.Account + "_CloudTrail_" + t.HomeRegion
	if t.Organization {
		name = t.OrganizationID + "_" + name
	}
	return name
}

func (h *held) deadline() time.Time {
	if h.since.IsZero() {
		return h.begun.Add(storeEvery)
	}
	return h.since.Add(maxWait)
}

func (h *held) due() bool {
	return h.bytes >= maxHeld || !time.Now().Before(h.deadline())
}

// flush sends what is held and stores the position.
func (s *sender) flush(ctx context.Context, t *trail.Trail, h *held) error {
	err := s.sendAll(ctx, t, h)
	if err != nil && !errors.Is(err, errGivenUp) {
		return err
	}
	at := position{Next: h.next, Group: s.group}
	s.mu.Lock()
	if h.events > 0 && err == nil {
		s.sent, s.failure = time.Now().UTC(), ""
	}
	at.Sent = s.sent
	s.mu.Unlock()
	err = s.state.Update(func(tx *state.Tx) error {
		_, err := positions.Put(tx, s.id, at)
		return err
	})
	if err != nil {
		return fmt.Errorf("store how far a trail has sent: %w", err)
	}
	s.mu.Lock()
	s.next = h.next
	s.mu.Unlock()
	*h = newHeld(h.next)
	return nil
}

// sendAll sends what is held. Where it gives up, it does so for all that is left:
// a log group that is gone or hangs would otherwise take longer to leave events out
// than new ones take to come.
func (s *sender) sendAll(ctx context.Context, t *trail.Trail, h *held) error {
	sent := 0
	for stream, messages := range h.streams {
		for batch := range batches(messages) {
			err := s.send(ctx, t, stream, batch, h.newest)
			if errors.Is(err, errGivenUp) {
				s.log.ErrorContext(ctx, "events could not be sent to the log group for 30 days, and are given up",
					"events", h.events-sent, "newest", h.newest, "error", err)
			}
			if err != nil {
				return err
			}
			sent += len(batch)
		}
	}
	return nil
}

// send sends a batch, and tries until it is taken, the trail sends there no more,
// or it is too late for events of that time.
func (s *sender) send(ctx context.Context, t *trail.Trail, stream string, batch []string, newest time.Time) error {
	for failures := 0; ; failures++ {
		err := s.put(ctx, t, stream, batch)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.failed(ctx, err, failures)
		if time.Since(newest) >= giveUpAfter {
			return fmt.Errorf("%w: %w", errGivenUp, err)
		}
		pause(ctx, failures)
		if now, err := s.current(); err != nil || now == nil {
			return errors.Join(err, errOver)
		}
	}
}

func (s *sender) put(ctx context.Context, t *trail.Trail, stream string, batch []string) error {
	ctx, cancel := context.WithTimeout(ctx, putTime)
	defer cancel()
	return s.sink.Put(ctx, t, stream, batch)
}

// failed shows a failure, and logs the first of a row and those of another kind.
func (s *sender) failed(ctx context.Context, err error, failures int) {
	var coded interface{ ErrorCode() string }
	code := ""
	if errors.As(err, &coded) {
		code = coded.ErrorCode()
	}
	s.mu.Lock()
	another := code != "" && s.failure != code
	if another {
		s.failure = code
	}
	s.mu.Unlock()
	if another || failures == 0 {
		s.log.WarnContext(ctx, "events cannot be sent to the log group; trying again", "error", err)
	}
}

// batches cuts messages into what one call takes.
func batches(messages []string) func(func([]string) bool) {
	return func(yield func([]string) bool) {
		for len(messages) > 0 {
			n, size := 0, 0
			for n < len(messages) && n < maxBatchEvents {
				if size += len(messages[n]) + eventOverhead; size > maxBatchBytes {
					break
				}
				n++
			}
			if !yield(messages[:n]) {
				return
			}
			messages = messages[n:]
		}
	}
}

// pause waits longer the more has failed.
func pause(ctx context.Context, failures int) {
	d := maxBackoff
	if failures < 9 {
		d = min(d, minBackoff<<failures)
	}
	timer := time.NewTimer(d/2 + rand.N(d/2+1))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
