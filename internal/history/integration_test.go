package history

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/durable"
	"github.com/cairn-audit/cairn/internal/journal"
)

// openJournal opens a real journal with a history.
func openJournal(tb testing.TB, dir string, o journal.Options) (*journal.Journal, *History) {
	tb.Helper()
	o.Logger = slog.New(slog.DiscardHandler)
	h := New(durable.OS{}, o.Logger)
	j, err := journal.Open(dir, h, o)
	if err != nil {
		tb.Fatal(err)
	}
	h.Attach(j)
	tb.Cleanup(func() {
		if err := j.Close(); err != nil {
			tb.Error(err)
		}
		h.Close()
	})
	return j, h
}

// TestHistoryOverTheRealJournal appends from several goroutines, with segments
// sealed all the while, finds each event at once, and finds all of them again
// after reopening.
func TestHistoryOverTheRealJournal(t *testing.T) {
	dir := t.TempDir()
	o := journal.Options{SegmentRecords: 150}
	j, h := openJournal(t, dir, o)
	var mu sync.Mutex
	var all model
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			gen := &generator{Rand: rand.New(rand.NewPCG(uint64(w), 3))}
			for range 250 {
				e := gen.entry()
				e.EventID = fmt.Sprintf("%d-%s", w, e.EventID)
				if err := appendAndFind(j, h, e); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				all = append(all, *e)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j, h = openJournal(t, dir, o)
	slices.SortFunc(all, func(a, b Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	gen := &generator{Rand: rand.New(rand.NewPCG(9, 9))}
	compare := func() {
		t.Helper()
		for range 40 {
			q := gen.query(250)
			want := all.lookup(q, j.Last())
			page, err := h.Lookup(t.Context(), q)
			if err != nil || !slices.EqualFunc(page.Entries, want[:min(len(want), q.Limit)], sameEntry) {
				t.Fatalf("%+v\ngot  %v, %v\nwant %v", q, brief(page.Entries), err, brief(want))
			}
		}
	}
	compare()
	removed, err := j.Retain(t.Context(), time.Now(), all[len(all)/2].Seq)
	if err != nil || len(removed) == 0 {
		t.Fatalf("removed %d segments, %v", len(removed), err)
	}
	all = slices.DeleteFunc(all, func(e Entry) bool { return e.Seq < j.First() })
	compare()
}

func appendAndFind(j *journal.Journal, h *History, e *Entry) error {
	data, err := e.Encode()
	if err != nil {
		return err
	}
	if e.Seq, err = j.Append(context.Background(), journal.Record{Kind: journal.Event, Data: data}); err != nil {
		return err
	}
	page, err := h.Lookup(context.Background(), Query{
		Account: e.Account, Region: e.Region, Categories: In(e.Category),
		Attribute: EventID, Value: e.EventID, Limit: 1,
	})
	if err != nil {
		return err
	}
	if len(page.Entries) != 1 || !sameEntry(page.Entries[0], *e) {
		return fmt.Errorf("appended %+v, found %+v", e, page.Entries)
	}
	return nil
}
