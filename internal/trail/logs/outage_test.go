package logs

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/trail"
)

// hanging is a sink that never answers for one trail.
type hanging struct {
	*taker
	name  string
	calls int
}

func (h *hanging) Put(ctx context.Context, t *trail.Trail, stream string, messages []string) error {
	if t.Name != h.name {
		return h.taker.Put(ctx, t, stream, messages)
	}
	h.mu.Lock()
	h.calls++
	h.mu.Unlock()
	<-ctx.Done()
	return ctx.Err()
}

func TestALogGroupThatHangsHoldsUpNoOtherTrailAndIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		defer func() { w.close() }()
		w.stop()
		sink := &hanging{taker: w.taker, name: "first"}
		w.sink = sink
		w.start()
		w.create("first")
		second := w.create("second")
		w.record("us-east-1", 3, 0)
		const stream = "trails 123456789012_CloudTrail_us-east-1 "
		w.want(stream+"1", stream+"2", stream+"3")
		made, err := w.trails.Get(second)
		if err != nil {
			t.Fatal(err)
		}
		var s trail.Status
		if w.forward.Status(made.ID, &s); s.Logs.IsZero() || s.LogsError != "" {
			t.Errorf("the status is %+v", s)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		sink.mu.Lock()
		defer sink.mu.Unlock()
		if sink.calls < 5 || sink.calls > 60 {
			t.Errorf("it was asked %d times in an hour", sink.calls)
		}
	})
}

func TestWhatWaitsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		defer w.close()
		all, err := w.trails.All()
		if err != nil || len(all) > 0 {
			t.Fatal(all, err)
		}
		w.create("first")
		all, err = w.trails.All()
		if err != nil {
			t.Fatal(err)
		}
		entry := history.Entry{
			Time: time.Now(), Account: "123456789012", Region: "us-east-1", Category: history.Management,
			JSON: bytes.Repeat([]byte("x"), maxMessage-eventOverhead),
		}
		data, err := entry.Encode()
		if err != nil {
			t.Fatal(err)
		}
		h, s, taken := newHeld(1), &sender{Forwarder: w.forward, log: slog.New(slog.DiscardHandler)}, 0
		for ; !h.due() && taken < 1000; taken++ {
			h.take(s, &all[0], &journal.Entry{Seq: journal.Seq(taken + 1), Record: journal.Record{Kind: journal.Event, Data: data}})
		}
		if h.bytes < maxHeld || h.bytes > maxHeld+maxMessage || h.events != taken {
			t.Errorf("%d events of %d bytes wait", h.events, h.bytes)
		}
	})
}

func TestALogGroupThatNeverComesBackDoesNotKeepTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		defer w.close()
		ref := w.create("first")
		made, err := w.trails.Get(ref)
		if err != nil {
			t.Fatal(err)
		}
		w.taker.refuse(&refused{"ResourceNotFoundException"})
		w.record("us-east-1", 10, 250<<10) // more than a batch
		time.Sleep(giveUpAfter - time.Hour)
		synctest.Wait()
		if keep := w.forward.Keep(); keep != 1 {
			t.Errorf("the journal may drop what is before record %d within 30 days", keep)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if keep := w.forward.Keep(); keep != 11 {
			t.Errorf("the journal may drop what is before record %d, want 11", keep)
		}
		var s trail.Status
		if w.forward.Status(made.ID, &s); s.LogsError != "ResourceNotFoundException" || !s.Logs.IsZero() {
			t.Errorf("the status is %+v", s)
		}
		w.record("us-east-1", 1, 0)
		w.taker.refuse(nil)
		time.Sleep(maxBackoff)
		synctest.Wait()
		w.want("trails 123456789012_CloudTrail_us-east-1 11")
	})
}

func TestAnEndpointThatDoesNotAnswerIsLoggedOnceAndIsNoErrorOfTheTrail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		defer w.close()
		var log bytes.Buffer
		w.forward.Log = slog.New(slog.NewTextHandler(&log, nil))
		ref := w.create("first")
		made, err := w.trails.Get(ref)
		if err != nil {
			t.Fatal(err)
		}
		w.taker.refuse(errors.New("connection refused"))
		w.record("us-east-1", 1, 0)
		time.Sleep(time.Hour)
		synctest.Wait()
		var s trail.Status
		if w.forward.Status(made.ID, &s); s.LogsError != "" {
			t.Errorf("the status is %+v", s)
		}
		if n := strings.Count(log.String(), "connection refused"); n != 1 {
			t.Errorf("it is logged %d times:\n%s", n, &log)
		}
	})
}

func TestTheLastDeliveryIsKnownAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		defer func() { w.close() }()
		ref := w.create("first")
		made, err := w.trails.Get(ref)
		if err != nil {
			t.Fatal(err)
		}
		w.record("us-east-1", 1, 0)
		var before, after trail.Status
		w.forward.Status(made.ID, &before)
		w.stop()
		time.Sleep(time.Hour)
		w.start()
		synctest.Wait()
		w.forward.Status(made.ID, &after)
		if before.Logs.IsZero() || !after.Logs.Equal(before.Logs) {
			t.Errorf("delivered at %v, and after a restart %v", before.Logs, after.Logs)
		}
	})
}

func TestADeletedTrailSendsTheEventOfItsDeletionAndThenEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		defer func() { w.close() }()
		ref := w.create("first")
		made, err := w.trails.Get(ref)
		if err != nil {
			t.Fatal(err)
		}
		w.taker.refuse(&refused{"ThrottlingException"})
		w.record("us-east-1", 1, 0)
		if err := w.trails.Delete(t.Context(), ref, "the-request"); err != nil {
			t.Fatal(err)
		}
		w.deletion("the-request")
		w.record("us-east-1", 1, 0) // after it
		// Its files are delivered, and the server starts again.
		w.stop()
		w.start()
		synctest.Wait()
		if err := w.trails.Forget(made.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if keep, needs := w.forward.Keep(), w.forward.Needs(made.ID); keep != 1 || needs != 1 {
			t.Errorf("the journal may drop what is before record %d, the trail needs %d", keep, needs)
		}
		w.taker.refuse(nil)
		time.Sleep(maxBackoff)
		synctest.Wait()
		const stream = "trails 123456789012_CloudTrail_us-east-1 "
		w.want(stream+"1", stream+"deletion")
		if keep, needs := w.forward.Keep(), w.forward.Needs(made.ID); keep != 0 || needs != 0 {
			t.Errorf("the journal is kept from record %d, the trail needs %d", keep, needs)
		}
		err = w.store.View(func(tx *state.Tx) error { _, _, err := positions.Get(tx, made.ID); return err })
		if !errors.Is(err, state.ErrNotFound) {
			t.Errorf("the position of a trail that is no more: %v", err)
		}
	})
}

// deletion records the event of a call that deleted a trail.
func (w *world) deletion(requestID string) {
	w.t.Helper()
	entry := history.Entry{
		Time: time.Now(), Account: "123456789012", Region: "us-east-1", Category: history.Management,
		Attributes: history.Attributes{EventID: "deletion", EventName: "DeleteTrail", EventSource: "cloudtrail.amazonaws.com", ReadOnly: "false"},
		JSON:       []byte(`{"eventID":"deletion","eventSource":"cloudtrail.amazonaws.com","requestID":"` + requestID + `"}`),
	}
	data, err := entry.Encode()
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.journal.Append(w.t.Context(), journal.Record{Kind: journal.Event, Data: data}); err != nil {
		w.t.Fatal(err)
	}
}
