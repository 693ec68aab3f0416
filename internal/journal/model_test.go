package journal

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/cairn-audit/cairn/internal/durable"
)

// memIndex is an index that asserts what it is promised. What Seal stored
// outlives the journal that called it.
type memIndex struct {
	t      testing.TB
	stored *sync.Map // SegmentID → []Seq

	mu     sync.Mutex
	live   map[SegmentID][]Seq
	loaded map[SegmentID]bool
}

func newMemIndex(t testing.TB, before *memIndex) *memIndex {
	m := &memIndex{t: t, stored: new(sync.Map), live: make(map[SegmentID][]Seq), loaded: make(map[SegmentID]bool)}
	if before != nil {
		m.stored = before.stored
	}
	return m
}

func (m *memIndex) Load(_ context.Context, seg SegmentInfo) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	seqs, ok := m.stored.Load(seg.ID)
	if !ok {
		return errors.New("none stored")
	}
	if got := seqs.([]Seq); len(got) != int(seg.Last+1-seg.First) {
		m.t.Errorf("segment %d: stored index has %d records, segment %d", seg.ID, len(got), seg.Last+1-seg.First)
	}
	m.loaded[seg.ID] = true
	return nil
}

func (m *memIndex) Committed(seg SegmentID, first Seq, recs []Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := seg
	if l := m.live[seg]; len(l) > 0 {
		next = l[len(l)-1] + 1
	}
	if first != next {
		m.t.Errorf("segment %d: Committed from %d, want %d", seg, first, next)
	}
	for i := range recs {
		m.live[seg] = append(m.live[seg], first+Seq(i))
	}
}

func (m *memIndex) Seal(_ context.Context, seg SegmentInfo, recs iter.Seq2[Entry, error]) error {
	var seqs []Seq
	for e, err := range recs {
		if err != nil {
			return err
		}
		seqs = append(seqs, e.Seq)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stored.Store(seg.ID, seqs)
	delete(m.live, seg.ID)
	m.loaded[seg.ID] = true
	return nil
}

func (m *memIndex) Removed(seg SegmentInfo) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stored.Delete(seg.ID)
	delete(m.live, seg.ID)
	delete(m.loaded, seg.ID)
}

func (m *memIndex) check(j *Journal) {
	m.t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range j.Segments() {
		n := len(m.live[s.ID])
		if m.loaded[s.ID] {
			seqs, _ := m.stored.Load(s.ID)
			n = len(seqs.([]Seq))
		}
		if n != int(s.Last+1-s.First) {
			m.t.Errorf("segment %d has %d records, its index %d", s.ID, s.Last+1-s.First, n)
		}
	}
}

// model is what must be in a journal, from what its callers were told.
type model struct {
	t testing.TB
	// acked are the records whose append returned nil.
	acked map[Seq]Record
	last  Seq
	// refused are those whose append failed, by append.
	refused [][]Record
	n       int
}

func newModel(t testing.TB) *model { return &model{t: t, acked: make(map[Seq]Record)} }

func (m *model) clone() *model {
	c := *m
	c.acked = maps.Clone(m.acked)
	return &c
}

// record makes a record that there is only once.
func (m *model) record(kind Kind, settles Seq) Record {
	m.n++
	return Record{Kind: kind, Settles: settles, Data: fmt.Appendf(nil, "record %d of kind %d settles %d: %0*d", m.n, kind, settles, m.n%7*40, m.n)}
}

func (m *model) append(j *Journal, recs ...Record) (Seq, error) {
	seq, err := j.Append(context.Background(), recs...)
	if err != nil {
		m.refused = append(m.refused, recs)
		return seq, err
	}
	for i, r := range recs {
		if _, ok := m.acked[seq+Seq(i)]; ok {
			m.t.Errorf("record %d was given out twice", seq+Seq(i))
		}
		m.acked[seq+Seq(i)] = r
		m.last = max(m.last, seq+Seq(i))
	}
	return seq, nil
}

// check compares a journal with the model. If the process or the machine has
// crashed, appends that failed may be found behind the last that did not: that is
// the one doubt that the package comment admits. They become part of the model.
func (m *model) check(j *Journal, crashed bool) {
	m.t.Helper()
	ctx := context.Background()
	if err := j.Verify(ctx); err != nil {
		m.t.Errorf("Verify: %v", err)
	}
	next := j.First()
	open := make(map[Seq]string)
	got := make(map[string]Seq)
	for e, err := range j.Read(ctx, j.First()) {
		if err != nil {
			m.t.Fatalf("Read at %d: %v", next, err)
		}
		if e.Seq != next {
			m.t.Fatalf("read %d, want %d", e.Seq, next)
		}
		if at, ok := got[string(e.Data)]; ok {
			m.t.Errorf("%q is there twice, as %d and %d", e.Data, at, e.Seq)
		}
		got[string(e.Data)] = e.Seq
		want, ok := m.acked[e.Seq]
		switch {
		case ok && !same(want, e.Record):
			m.t.Errorf("record %d is %q, want %q", e.Seq, e.Data, want.Data)
		case !ok && (!crashed || e.Seq <= m.last):
			m.t.Errorf("record %d, %q, was never acknowledged", e.Seq, e.Data)
		case !ok:
			m.acked[e.Seq] = e.Record
		}
		if e.Kind == Intent {
			open[e.Seq] = string(e.Data)
		}
		delete(open, e.Settles)
		next++
	}
	if next <= m.last {
		m.t.Errorf("records %d to %d are lost", next, m.last)
	}
	m.last = next - 1
	if j.Last() != m.last {
		m.t.Errorf("Last is %d, read up to %d", j.Last(), m.last)
	}
	m.checkWhole(got)
	m.checkIntents(j, open)
}

// checkWhole checks that of an append that failed either all is there or nothing.
func (m *model) checkWhole(got map[string]Seq) {
	m.t.Helper()
	for _, recs := range m.refused {
		n := 0
		for _, r := range recs {
			if _, ok := got[string(r.Data)]; ok {
				n++
			}
		}
		if n != 0 && n != len(recs) {
			m.t.Errorf("%d of the %d records of an append are there", n, len(recs))
		}
	}
}

// checkIntents compares the open intents. Those from before First are known from
// the model alone.
func (m *model) checkIntents(j *Journal, open map[Seq]string) {
	m.t.Helper()
	settled := make(map[Seq]bool)
	for _, r := range m.acked {
		settled[r.Settles] = true
	}
	for seq, r := range m.acked {
		if r.Kind == Intent && !settled[seq] {
			open[seq] = string(r.Data)
		}
	}
	got := make(map[Seq]string)
	for _, e := range j.OpenIntents() {
		got[e.Seq] = string(e.Data)
	}
	if !maps.Equal(got, open) {
		m.t.Errorf("open intents are %v, want %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(open)))
	}
}

func same(a, b Record) bool {
	return a.Kind == b.Kind && a.Settles == b.Settles && string(a.Data) == string(b.Data)
}

// small are options with which little happens often.
func small(fsys durable.FS) Options {
	return Options{
		SegmentRecords: 10, FS: fsys, Logger: slog.New(slog.DiscardHandler),
		OutcomeReserve: 256, growBytes: 2048, baseReserve: 512, probeInterval: 1, sealByHand: true,
	}
}
