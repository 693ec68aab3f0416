package logs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
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
	"github.com/cairn-audit/cairn/internal/trail"
	"github.com/cairn-audit/cairn/internal/trail/selector"
)

const group = "arn:aws:logs:us-east-1:123456789012:log-group:trails"

// taker is a sink. It refuses while err is set.
type taker struct {
	mu   sync.Mutex
	err  error
	got  []string // "group stream message", without what the groups have in common
	most int      // events in one call
}

func (k *taker) Put(_ context.Context, t *trail.Trail, stream string, messages []string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err != nil {
		return k.err
	}
	k.most = max(k.most, len(messages))
	_, name, _ := strings.Cut(t.LogGroupARN, "log-group:")
	for _, m := range messages {
		var e struct{ EventID string }
		if err := json.Unmarshal([]byte(m), &e); err != nil {
			return err
		}
		k.got = append(k.got, name+" "+stream+" "+e.EventID)
	}
	return nil
}

func (k *taker) refuse(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.err = err
}

func (k *taker) all() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.got)
}

type world struct {
	t       *testing.T
	store   *state.Store
	journal *journal.Journal
	trails  *trail.Store
	taker   *taker
	sink    Sink
	forward *Forwarder
	events  int
	stop    func()
}

// open makes a world inside of a synctest bubble.
func open(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	store, err := state.Open(filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(filepath.Join(dir, "journal"), journal.NoIndex{}, journal.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, store: store, journal: j, trails: trail.NewStore(store, j.Last), taker: &taker{}}
	w.sink = w.taker
	w.start()
	return w
}

func (w *world) start() {
	w.forward = New(w.store, w.journal, w.trails, w.sink)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- w.forward.Run(ctx) }()
	w.stop = func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			w.t.Errorf("the forwarder ended with %v", err)
		}
	}
}

func (w *world) close() {
	w.stop()
	if err := errors.Join(w.journal.Close(), w.store.Close()); err != nil {
		w.t.Error(err)
	}
}

func (w *world) create(name string) trail.Ref {
	w.t.Helper()
	made, err := w.trails.Create(w.t.Context(), trail.Trail{
		AccountID: "123456789012", HomeRegion: "us-east-1", Name: name, Bucket: "bucket", LogGroupARN: group,
		Created: time.Now(), Logging: true, Scope: trail.Scope{MultiRegion: true, GlobalServiceEvents: true, Selectors: selector.Set{
			Basic: []selector.Basic{{ReadWriteType: "All", IncludeManagementEvents: true}},
		}},
	}, "")
	if err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
	return made.Ref()
}

func (w *world) change(r trail.Ref, f func(*trail.Trail)) {
	w.t.Helper()
	_, err := w.trails.Change(w.t.Context(), r, "", func(t *trail.Trail) error { f(t); return nil })
	if err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
}

// record records n events in a Region and lets them be sent.
func (w *world) record(region string, n, size int) {
	w.t.Helper()
	for range n {
		w.events++
		id := fmt.Sprint(w.events)
		entry := history.Entry{
			Time: time.Now().Truncate(time.Second), Account: "123456789012", Region: region, Category: history.Management,
			Attributes: history.Attributes{EventID: id, EventName: "RunInstances", ReadOnly: "false"},
			JSON:       fmt.Appendf(nil, `{"eventID":%q,"padding":%q}`, id, strings.Repeat("x", size)),
		}
		data, err := entry.Encode()
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := w.journal.Append(w.t.Context(), journal.Record{Kind: journal.Event, Data: data}); err != nil {
			w.t.Fatal(err)
		}
	}
	time.Sleep(2 * time.Second)
	synctest.Wait()
}

func (w *world) want(lines ...string) {
	w.t.Helper()
	if got := w.taker.all(); !slices.Equal(got, lines) {
		w.t.Errorf("sent %q, want %q", got, lines)
	}
}

func TestEventsOfAllRegionsGoToTheStreamOfTheTrailsRegion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		defer w.close()
		w.record("us-east-1", 1, 0) // before the trail
		w.create("first")
		w.record("us-east-1", 1, 0)
		w.record("eu-west-1", 1, 0)
		// The stream for which AWS's guide has the role allowed, and no other.
		w.want("trails 123456789012_CloudTrail_us-east-1 2", "trails 123456789012_CloudTrail_us-east-1 3")
	})
}

func TestNothingIsLostWhileTheLogGroupIsAwayOrTheServerIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		defer func() { w.close() }()
		ref := w.create("first")
		made, err := w.trails.Get(ref)
		if err != nil {
			t.Fatal(err)
		}
		w.taker.refuse(&refused{"ResourceNotFoundException"})
		w.record("us-east-1", 2, 0)
		var s trail.Status
		if w.forward.Status(made.ID, &s); s.LogsError != "ResourceNotFoundException" || !s.Logs.IsZero() {
			t.Errorf("the status is %+v", s)
		}
		if keep := w.forward.Keep(); keep != 1 {
			t.Errorf("the journal may drop what is before record %d", keep)
		}
		w.stop()
		w.record("us-east-1", 1, 0)
		w.taker.refuse(nil)
		w.start()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		const stream = "trails 123456789012_CloudTrail_us-east-1 "
		w.want(stream+"1", stream+"2", stream+"3")
		if w.forward.Status(made.ID, &s); s.LogsError != "" || s.Logs.IsZero() {
			t.Errorf("the status is %+v", s)
		}
		if keep := w.forward.Keep(); keep != 4 {
			t.Errorf("the journal may drop what is before record %d, want 4", keep)
		}
	})
}

type refused struct{ code string }

func (e *refused) Error() string     { return "refused: " + e.code }
func (e *refused) ErrorCode() string { return e.code }

func TestAnotherLogGroupGetsWhatIsRecordedFromThenOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		defer w.close()
		ref := w.create("first")
		w.record("us-east-1", 1, 0)
		w.change(ref, func(t *trail.Trail) { t.LogGroupARN = strings.Replace(group, "trails", "others", 1) })
		w.record("us-east-1", 1, 0)
		w.change(ref, func(t *trail.Trail) { t.LogGroupARN = "" })
		w.record("us-east-1", 1, 0)
		w.change(ref, func(t *trail.Trail) { t.LogGroupARN = group })
		w.record("us-east-1", 1, 0)
		const stream = " 123456789012_CloudTrail_us-east-1 "
		w.want("trails"+stream+"1", "others"+stream+"2", "trails"+stream+"4")
	})
}

func TestBatchesKeepToTheLimitsOfPutLogEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		defer w.close()
		w.create("first")
		w.record("us-east-1", 20, 200<<10)
		w.record("us-east-1", 1, maxMessage) // too large for CloudWatch Logs
		if got := len(w.taker.all()); got != 20 || w.taker.most != 5 {
			t.Errorf("%d events, at most %d at once; want 20, at most 5", got, w.taker.most)
		}
	})
	sizes := 0
	for batch := range batches(slices.Repeat([]string{"x"}, maxBatchEvents+1)) {
		if sizes++; len(batch) > maxBatchEvents {
			t.Errorf("a batch has %d events", len(batch))
		}
	}
	if sizes != 2 {
		t.Errorf("%d batches, want 2", sizes)
	}
}

func TestAPositionMovesOverWhatTheTrailDoesNotWant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		defer w.close()
		ref := w.create("first")
		w.change(ref, func(t *trail.Trail) { t.Logging = false })
		w.record("us-east-1", 3, 0)
		time.Sleep(storeEvery)
		synctest.Wait()
		if keep := w.forward.Keep(); keep != 4 {
			t.Errorf("the journal may drop what is before record %d, want 4", keep)
		}
	})
}
