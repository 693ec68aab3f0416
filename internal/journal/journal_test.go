package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/internal/durable/faultfs"
)

// open opens a journal for the time of a test.
func open(t testing.TB, dir string, o Options) *Journal {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	j, err := Open(dir, NoIndex{}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

// TestReadersSeeTheSameRecordsWhileTheyAreCommittedAndSealed runs writers,
// followers, random reads and Verify at once.
func TestReadersSeeTheSameRecordsWhileTheyAreCommittedAndSealed(t *testing.T) {
	const writers, each = 16, 150
	j := open(t, filepath.Join(t.TempDir(), "j"), Options{SegmentRecords: 300})
	acked := new(sync.Map) // Seq → string
	var readers, appends sync.WaitGroup
	for w := range writers {
		appends.Go(func() {
			for i := range each {
				appendAndGet(t, j, acked, fmt.Sprintf("writer %d record %d", w, i))
			}
		})
	}
	for f := range 3 {
		readers.Go(func() { follow(t, j, acked, Seq(1+500*f), writers*each) })
	}
	done := make(chan struct{})
	readers.Go(func() { verifyAndGet(t, j, done) })
	appends.Wait()
	close(done)
	readers.Wait()
	if err := j.sealAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	segs := j.Segments()
	for _, s := range segs[:len(segs)-1] {
		if !s.Sealed {
			t.Errorf("segment %d is not sealed", s.ID)
		}
	}
}

// appendAndGet checks that what is durable is visible.
func appendAndGet(t *testing.T, j *Journal, acked *sync.Map, data string) {
	seq, err := j.Append(t.Context(), Record{Kind: Event, Data: []byte(data)})
	if err != nil {
		t.Error(err)
		return
	}
	acked.Store(seq, data)
	recs, err := j.Get(t.Context(), []Seq{seq})
	if err != nil || string(recs[0].Data) != data {
		t.Errorf("Get(%d): %v, %v", seq, recs, err)
	}
}

// follow reads from one number to another as they come.
func follow(t *testing.T, j *Journal, acked *sync.Map, next, last Seq) {
	// The number may not have been given out yet.
	for j.Last() < next {
		time.Sleep(time.Millisecond)
	}
	for r := j.Follow(next); next <= last; next++ {
		e, err := r.Next(t.Context())
		if err != nil || e.Seq != next {
			t.Errorf("Next: %d, %v, want %d", e.Seq, err, next)
			return
		}
		if want, ok := acked.Load(e.Seq); ok && want != string(e.Data) {
			t.Errorf("record %d is %q, want %q", e.Seq, e.Data, want)
		}
	}
}

func verifyAndGet(t *testing.T, j *Journal, done <-chan struct{}) {
	rng := rand.New(rand.NewPCG(5, 5))
	for {
		select {
		case <-done:
			return
		default:
		}
		if err := j.Verify(t.Context()); err != nil {
			t.Error(err)
		}
		for range 20 {
			last := j.Last()
			if last == 0 {
				continue
			}
			if _, err := j.Get(t.Context(), []Seq{1 + Seq(rng.Uint64N(uint64(last))), last}); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestSealingPacksWhatCameOneByOne keeps an event under 190 bytes, however slowly
// it came.
func TestSealingPacksWhatCameOneByOne(t *testing.T) {
	o := small(faultfs.New(nil))
	o.SegmentRecords = 640
	j := open(t, "/j", o)
	g := newTraffic(3)
	for range o.SegmentRecords + 1 {
		if _, err := j.Append(t.Context(), Record{Kind: Event, Data: g.event()}); err != nil {
			t.Fatal(err)
		}
	}
	before := j.Segments()[0]
	if err := j.sealAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := j.Segments()[0]
	if !after.Sealed || after.Bytes > 190*int64(o.SegmentRecords) || after.Hash != before.Hash {
		t.Errorf("sealed: %v, %d bytes an event, before %d", after.Sealed,
			after.Bytes/int64(o.SegmentRecords), before.Bytes/int64(o.SegmentRecords))
	}
	if err := j.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSecondProcessIsKeptOut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "j")
	j := open(t, dir, Options{})
	var locked *LockedError
	if _, err := Open(dir, NoIndex{}, Options{}); !errors.As(err, &locked) || locked.Dir != dir {
		t.Fatalf("second Open: %v, want LockedError", err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir, Options{})
}

func TestSegmentIsClosedWhenItIsOldEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := small(faultfs.New(nil))
		o.SegmentAge = time.Hour
		j, err := Open("/j", NoIndex{}, o)
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		m := newModel(t)
		time.Sleep(5 * time.Hour)
		synctest.Wait()
		if n := len(j.Segments()); n != 1 {
			t.Fatalf("%d segments without a record", n)
		}
		_, _ = m.append(j, m.record(Event, 0))
		time.Sleep(59 * time.Minute)
		synctest.Wait()
		if n := len(j.Segments()); n != 1 {
			t.Fatalf("%d segments before the hour", n)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if n := len(j.Segments()); n != 2 {
			t.Fatalf("%d segments after the hour, want 2", n)
		}
		m.check(j, false)
	})
}

func TestRetentionKeepsOpenIntentsAndWhatFollowersNeed(t *testing.T) {
	fsys := faultfs.New(nil)
	j := open(t, "/j", small(fsys))
	m := newModel(t)
	ctx := t.Context()
	intent, err := m.append(j, m.record(Intent, 0))
	if err != nil {
		t.Fatal(err)
	}
	for range 45 {
		_, _ = m.append(j, m.record(Event, 0))
	}
	if err := j.sealAll(ctx); err != nil {
		t.Fatal(err)
	}
	if removed, err := j.Retain(ctx, time.Now().Add(-time.Hour), 0); err != nil || len(removed) != 0 {
		t.Fatalf("removed %v, %v: nothing is that old", removed, err)
	}
	later := time.Now().Add(time.Hour)
	removed, err := j.Retain(ctx, later, 21)
	if err != nil || len(removed) != 2 || j.First() != 21 {
		t.Fatalf("removed %v, %v; first is %d, want 21: that is to be kept", removed, err, j.First())
	}
	follower := j.Follow(21)
	if _, err := follower.Next(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Retain(ctx, later, 0); err != nil || j.First() != 41 {
		t.Fatalf("first is %d, %v, want 41: the active segment stays", j.First(), err)
	}
	var gone *NotFoundError
	if _, err := j.Get(ctx, []Seq{intent}); !errors.As(err, &gone) || gone.First != 41 {
		t.Errorf("Get of a dropped record: %v, want NotFoundError", err)
	}
	if _, err := j.Follow(99).Next(ctx); !errors.As(err, &gone) {
		t.Errorf("following from beyond the end: %v, want NotFoundError", err)
	}
	m.check(j, false)
	again := open(t, "/j", small(fsys.Exit()))
	m.check(again, false)
	if _, err := m.append(again, m.record(Event, intent)); err != nil {
		t.Errorf("settling an intent whose segment was dropped: %v", err)
	}
	m.check(again, false)
}

// TestQueueIsBounded holds the committer in a write: appends are refused once the
// queue is full, but never those that settle.
func TestQueueIsBounded(t *testing.T) {
	fsys := faultfs.New(nil)
	o := small(fsys)
	o.QueueAppends = 3
	j := open(t, "/j", o)
	m := newModel(t)
	intent, err := m.append(j, m.record(Intent, 0))
	if err != nil {
		t.Fatal(err)
	}
	release, held := make(chan struct{}), make(chan struct{})
	var once sync.Once
	fsys.SetHook(func(op faultfs.Op) faultfs.Fault {
		if op.Kind == "datasync" {
			once.Do(func() { close(held) })
			<-release
		}
		return faultfs.Fault{}
	})
	ctx, cancel := context.WithCancel(t.Context())
	results := make(chan error, 4)
	send := func(r Record) {
		_, err := j.Append(ctx, r)
		results <- err
	}
	go send(m.record(Event, 0))
	<-held
	waitFor := func(n int) {
		for there := false; !there; time.Sleep(time.Millisecond) {
			j.queue.mu.Lock()
			there = j.queue.appends == n
			j.queue.mu.Unlock()
		}
	}
	go send(m.record(Event, 0))
	go send(m.record(Event, 0))
	waitFor(3)
	go send(m.record(Event, intent))
	waitFor(4)
	if _, err := j.Append(t.Context(), m.record(Event, 0)); !errors.Is(err, ErrFull) {
		t.Errorf("append to a full queue: %v, want ErrFull", err)
	}
	// Whoever waits already is served, though the context is done.
	cancel()
	close(release)
	for range 4 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if j.Last() != 5 {
		t.Errorf("last is %d, want 5", j.Last())
	}
	if _, err := j.Append(ctx, m.record(Event, 0)); !errors.Is(err, context.Canceled) {
		t.Errorf("append with a context that is done: %v", err)
	}
}

func TestClosedJournalRefusesAndWakesFollowers(t *testing.T) {
	j := open(t, "/j", small(faultfs.New(nil)))
	got := make(chan error)
	go func() {
		_, err := j.Follow(1).Next(context.Background())
		got <- err
	}()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; !errors.Is(err, ErrClosed) {
		t.Errorf("waiting reader: %v, want ErrClosed", err)
	}
	if _, err := j.Append(t.Context(), Record{Kind: Event}); !errors.Is(err, ErrClosed) {
		t.Errorf("append: %v, want ErrClosed", err)
	}
}

func TestTooLargeAppendIsRefused(t *testing.T) {
	j := open(t, "/j", small(faultfs.New(nil)))
	if _, err := j.Append(t.Context(), Record{Kind: Event, Data: make([]byte, MaxAppendBytes)}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("append: %v, want ErrTooLarge", err)
	}
	big := make([]byte, 20<<20)
	seq, err := j.Append(t.Context(), Record{Kind: Event, Data: big})
	if err != nil {
		t.Fatal(err)
	}
	recs, err := j.Get(t.Context(), []Seq{seq})
	if err != nil || len(recs[0].Data) != len(big) {
		t.Errorf("a large record: %v", err)
	}
}
