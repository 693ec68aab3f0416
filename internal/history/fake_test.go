package history

import (
	"context"
	"iter"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/cairn-audit/cairn/internal/durable"
	"github.com/cairn-audit/cairn/internal/journal"
)

// fakeJournal keeps records in memory and keeps the journal's contract with its
// indexer. Sealing and removal happen when a test says so.
type fakeJournal struct {
	t   testing.TB
	dir string
	idx journal.Indexer

	mu      sync.Mutex
	records []journal.Record // of all times; record n is records[n-1]
	first   journal.Seq
	segs    []journal.SegmentInfo // the last one is being written
}

func newFake(t testing.TB) (*fakeJournal, *History) {
	t.Helper()
	j := &fakeJournal{t: t, dir: t.TempDir(), first: 1}
	j.begin()
	h := j.open()
	return j, h
}

// open is a restart: a new history is told of what the journal has.
func (j *fakeJournal) open() *History {
	j.t.Helper()
	h := New(durable.OS{}, slog.New(slog.DiscardHandler))
	j.idx = h
	ctx := context.Background()
	for i, seg := range j.segs {
		if !seg.Sealed {
			for first := seg.First; first <= j.last(i); first += 3 { // in several calls
				j.idx.Committed(seg.ID, first, j.records[first-1:min(j.last(i), first+2)])
			}
			continue
		}
		if err := j.idx.Load(ctx, seg); err != nil {
			if err := j.idx.Seal(ctx, seg, j.segment(seg)); err != nil {
				j.t.Fatal(err)
			}
		}
	}
	h.Attach(j)
	j.t.Cleanup(h.Close)
	return h
}

func (j *fakeJournal) last(i int) journal.Seq {
	if i+1 < len(j.segs) {
		return j.segs[i+1].First - 1
	}
	return journal.Seq(len(j.records))
}

func (j *fakeJournal) begin() {
	id := journal.Seq(len(j.records) + 1)
	j.segs = append(j.segs, journal.SegmentInfo{
		ID: id, First: id, Last: id - 1,
		Path: filepath.Join(j.dir, strconv.FormatUint(uint64(id), 10)+".seg"),
	})
}

func (j *fakeJournal) append(recs ...journal.Record) journal.Seq {
	j.mu.Lock()
	defer j.mu.Unlock()
	first := journal.Seq(len(j.records) + 1)
	j.records = append(j.records, recs...)
	j.idx.Committed(j.segs[len(j.segs)-1].ID, first, recs)
	return first
}

func (j *fakeJournal) appendEntry(e *Entry) journal.Seq {
	j.t.Helper()
	data, err := e.Encode()
	if err != nil {
		j.t.Fatal(err)
	}
	return j.append(journal.Record{Kind: journal.Event, Data: data})
}

// roll closes the segment that is being written and returns it.
func (j *fakeJournal) roll() journal.SegmentInfo {
	j.mu.Lock()
	defer j.mu.Unlock()
	seg := &j.segs[len(j.segs)-1]
	seg.Last = journal.Seq(len(j.records))
	seg.Hash[0] = byte(seg.Last)
	closed := *seg
	if closed.Last >= closed.First {
		j.begin()
	}
	return closed
}

func (j *fakeJournal) seal(seg journal.SegmentInfo) {
	j.t.Helper()
	if seg.Last < seg.First {
		return
	}
	if err := j.idx.Seal(context.Background(), seg, j.segment(seg)); err != nil {
		j.t.Error(err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.segs {
		if j.segs[i].ID == seg.ID {
			j.segs[i].Sealed = true
		}
	}
}

// remove drops the oldest segment.
func (j *fakeJournal) remove() {
	j.mu.Lock()
	seg := j.segs[0]
	j.segs = slices.Clone(j.segs[1:])
	j.first = j.segs[0].First
	j.mu.Unlock()
	j.idx.Removed(seg)
}

func (j *fakeJournal) segment(seg journal.SegmentInfo) iter.Seq2[journal.Entry, error] {
	return func(yield func(journal.Entry, error) bool) {
		for e, err := range j.Read(context.Background(), seg.First) {
			if e.Seq > seg.Last || !yield(e, err) {
				return
			}
		}
	}
}

func (j *fakeJournal) Get(_ context.Context, seqs []journal.Seq) ([]journal.Record, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make([]journal.Record, len(seqs))
	for i, s := range seqs {
		if s < j.first || s > journal.Seq(len(j.records)) {
			return nil, &journal.NotFoundError{Seq: s, First: j.first, Last: journal.Seq(len(j.records))}
		}
		out[i] = j.records[s-1]
	}
	return out, nil
}

func (j *fakeJournal) Read(_ context.Context, from journal.Seq) iter.Seq2[journal.Entry, error] {
	return func(yield func(journal.Entry, error) bool) {
		for ; ; from++ {
			recs, err := j.Get(context.Background(), []journal.Seq{from})
			if err != nil {
				return
			}
			if !yield(journal.Entry{Seq: from, Record: recs[0]}, nil) {
				return
			}
		}
	}
}
