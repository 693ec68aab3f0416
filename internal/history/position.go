package history

import (
	"cmp"
	"container/heap"

	"github.com/cairn-audit/cairn/internal/journal"
)

// position is the place of an event in the order of results.
type position struct {
	time int64 // seconds
	seq  journal.Seq
}

func (p position) compare(q position) int {
	return cmp.Or(cmp.Compare(p.time, q.time), cmp.Compare(p.seq, q.seq))
}

// span is what a page may contain: times from `from` on, positions before
// `before`, sequence numbers up to `newest`.
type span struct {
	from   int64
	before position
	newest journal.Seq
}

func (s span) contains(p position) bool {
	return p.time >= s.from && p.compare(s.before) < 0 && p.seq <= s.newest
}

// cursor yields the positions of a span, newest first.
type cursor interface {
	next() (position, bool, error)
}

// positions is a heap with the newest position on top.
type positions []position

func (h positions) Len() int           { return len(h) }
func (h positions) Less(i, j int) bool { return h[i].compare(h[j]) > 0 }
func (h positions) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *positions) Push(x any)        { *h = append(*h, x.(position)) }
func (h *positions) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// push and pop, unlike heap.Push and heap.Pop, put nothing into an interface.

func (h *positions) push(p position) {
	*h = append(*h, p)
	heap.Fix(h, len(*h)-1)
}

func (h *positions) pop() position {
	top, last := (*h)[0], len(*h)-1
	(*h)[0] = (*h)[last]
	*h = (*h)[:last]
	if last > 0 {
		heap.Fix(h, 0)
	}
	return top
}
