package history

import (
	"container/heap"
	"math"

	"github.com/cairn-audit/cairn/internal/journal"
)

// source is a part of a segment's index that may have results: the postings of
// one value. It is opened only when the merge has come down to its time, so a
// page of the newest events never reads an old segment.
type source struct {
	open func(span) (cursor, error)
	seg  *segment

	cursor cursor
	head   position // next result; before opening, a bound of it
}

// merge yields the positions of its sources, newest first.
type merge struct {
	in      span
	sources sourceHeap
}

func newMerge(in span, sources []*source) *merge {
	heap.Init((*sourceHeap)(&sources))
	return &merge{in: in, sources: sources}
}

// unopened is the bound of a source whose newest event has the given time.
func unopened(newest int64) position { return position{newest, math.MaxUint64} }

// sourceError is a failure of a segment's index.
type sourceError struct {
	seg *segment
	err error
}

func (e *sourceError) Error() string { return e.err.Error() }

func (e *sourceError) Unwrap() error { return e.err }

// take returns the numbers of up to n further results.
func (m *merge) take(n int) ([]journal.Seq, error) {
	seqs := make([]journal.Seq, 0, n)
	for len(seqs) < n {
		at, ok, err := m.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		seqs = append(seqs, at.seq)
	}
	return seqs, nil
}

func (m *merge) next() (position, bool, error) {
	for len(m.sources) > 0 {
		s := m.sources[0]
		if s.head.time < m.in.from {
			return position{}, false, nil
		}
		if s.cursor != nil {
			at := s.head
			return at, true, m.advance(s)
		}
		var err error
		if s.cursor, err = s.open(m.in); err != nil {
			return position{}, false, &sourceError{s.seg, err}
		}
		if err := m.advance(s); err != nil {
			return position{}, false, err
		}
	}
	return position{}, false, nil
}

// advance moves the source on top to its next result.
func (m *merge) advance(s *source) error {
	at, ok, err := s.cursor.next()
	if err != nil {
		return &sourceError{s.seg, err}
	}
	if !ok {
		heap.Pop(&m.sources)
		return nil
	}
	s.head = at
	heap.Fix(&m.sources, 0)
	return nil
}

type sourceHeap []*source

func (h sourceHeap) Len() int           { return len(h) }
func (h sourceHeap) Less(i, j int) bool { return h[i].head.compare(h[j].head) > 0 }
func (h sourceHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *sourceHeap) Push(x any)        { *h = append(*h, x.(*source)) }
func (h *sourceHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
