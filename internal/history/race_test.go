package history

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/journal"
)

func find(h *History, id string) (Page, error) {
	return h.Lookup(context.Background(), Query{Attribute: EventID, Value: id, Limit: 2})
}

// TestEntryIsFoundWhenItsAppendHasReturned looks each event up right after its
// append, while others append and segments are sealed.
func TestEntryIsFoundWhenItsAppendHasReturned(t *testing.T) {
	j, h := newFake(t)
	var writers, sealer sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := range 300 {
				id := fmt.Sprintf("%d-%d", w, i)
				seq := j.appendEntry(&Entry{
					Time: epoch.Add(time.Duration(i%7) * time.Second), Category: Management,
					Attributes: Attributes{EventID: id, Username: "alice"},
				})
				page, err := find(h, id)
				if err != nil || len(page.Entries) != 1 || page.Entries[0].Seq != seq {
					t.Errorf("event %s: got %+v, %v", id, page, err)
					return
				}
			}
		})
	}
	var done atomic.Bool
	sealer.Go(func() {
		for !done.Load() {
			j.seal(j.roll())
		}
	})
	writers.Wait()
	done.Store(true)
	sealer.Wait()
	q := Query{Attribute: Username, Value: "alice", Limit: MaxLimit}
	total := 0
	for {
		page, err := h.Lookup(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		total += len(page.Entries)
		if q.After = page.Next; q.After == nil {
			break
		}
	}
	if total != 1200 {
		t.Fatalf("found %d events, want 1200", total)
	}
}

// TestLookupsRaceWithRetention: whatever retention has not dropped is found, in
// order, and what it drops meanwhile is no error.
func TestLookupsRaceWithRetention(t *testing.T) {
	j, h := newFake(t)
	const segments, each = 30, 40
	for s := range segments {
		for i := range each {
			j.appendEntry(&Entry{Time: epoch.Add(time.Duration(s*each+i) * time.Second), Category: Management})
		}
		j.seal(j.roll())
	}
	const keep = segments / 2
	var remover, readers sync.WaitGroup
	var done atomic.Bool
	for range 3 {
		readers.Go(func() {
			for last := false; !last; {
				last = done.Load() // one more round afterwards
				if n := count(t, h); n < keep*each {
					t.Errorf("found %d events, at least %d are kept", n, keep*each)
					return
				}
			}
		})
	}
	remover.Go(func() {
		for range segments - keep {
			j.remove()
		}
	})
	remover.Wait()
	done.Store(true)
	readers.Wait()
	if n := count(t, h); n != keep*each {
		t.Errorf("found %d events, want %d", n, keep*each)
	}
}

func count(t *testing.T, h *History) int {
	n := 0
	q := Query{Limit: 37}
	last := position{time: 1 << 60}
	for {
		page, err := h.Lookup(context.Background(), q)
		if err != nil {
			t.Errorf("lookup: %v", err)
			return n
		}
		for _, e := range page.Entries {
			at := position{e.Time.Unix(), e.Seq}
			if at.compare(last) >= 0 {
				t.Errorf("event %d is out of order", e.Seq)
			}
			last = at
			n++
		}
		if q.After = page.Next; q.After == nil {
			return n
		}
	}
}

func TestRemovedSegmentLeavesNoFile(t *testing.T) {
	x := newHarness(t, 3)
	x.append(20)
	x.seal()
	seg := x.j.segs[0]
	if _, err := os.Stat(indexPath(seg)); err != nil {
		t.Fatal(err)
	}
	x.append(5)
	x.j.remove()
	if _, err := os.Stat(indexPath(seg)); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("the index file: %v", err)
	}
	if got := x.h.Stats(); got.Segments != 1 || got.MemoryEvents != 5 {
		t.Fatalf("stats are %+v", got)
	}
}

// TestLookupsRepairOneDamageTogether damages a file under many lookups.
func TestLookupsRepairOneDamageTogether(t *testing.T) {
	x, seg, queries := sealed(t, 11)
	info, err := os.Stat(indexPath(seg))
	if err != nil {
		t.Fatal(err)
	}
	// All blocks, but not the directory, which is in memory.
	f, err := os.OpenFile(indexPath(seg), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(make([]byte, info.Size()/2)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, q := range queries {
				want := x.model.lookup(q, journal.Seq(len(x.j.records)))
				page, err := x.h.Lookup(context.Background(), q)
				if err != nil || len(page.Entries) != min(len(want), q.Limit) {
					t.Errorf("%+v: %d entries, %v, want %d", q, len(page.Entries), err, len(want))
				}
			}
		})
	}
	wg.Wait()
}
