package loggroup

import (
	"cmp"
	"container/heap"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/cairn-audit/cairn/internal/state"
)

// Position is the place of an event among those of its stream: by time, and among
// those of a time in the order in which they were put.
type Position struct {
	Millis int64
	Batch  uint64
	Index  int
}

func (p Position) compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Millis, q.Millis), cmp.Compare(p.Batch, q.Batch), cmp.Compare(p.Index, q.Index))
}

// Read is an event as it is read.
type Read struct {
	Event
	Stream   string
	StreamID string
	Position
}

// Span bounds what is read: From included, To excluded. The zero Position after
// which reading goes on is before all.
type Span struct{ From, To time.Time }

// spanMillis are the bounds in milliseconds.
func (s Span) millis() (from, to int64) {
	from, to = 0, int64(1)<<62
	if !s.From.IsZero() {
		from = max(0, s.From.UnixMilli())
	}
	if !s.To.IsZero() {
		to = s.To.UnixMilli()
	}
	return from, to
}

// Events yields the events of a stream in a span of time, in order, those at or
// before the position after left out.
func (s *Store) Events(st *Stream, span Span, after Position) iter.Seq2[Read, error] {
	from, to := span.millis()
	from = max(from, after.Millis)
	return func(yield func(Read, error) bool) {
		var waiting pending
		emit := func(before int64) bool {
			for len(waiting) > 0 && waiting[0].Millis < before {
				r := heap.Pop(&waiting).(Read)
				if r.Position.compare(after) > 0 && !yield(r, nil) {
					return false
				}
			}
			return true
		}
		for batch, err := range s.batchesOf(st, from, to) {
			if err != nil {
				yield(Read{}, err)
				return
			}
			// Batches come by the time of their oldest events: nothing
			// older than this one's is still to come.
			if !emit(batch.oldest) {
				return
			}
			events, err := s.unpack(batch.packed, batch.oldest)
			if err != nil {
				yield(Read{}, fmt.Errorf("read the log stream %s: %w", st.Name, err))
				return
			}
			for i, e := range events {
				if ms := e.Time.UnixMilli(); ms >= from && ms < to {
					heap.Push(&waiting, Read{
						Event: e, Stream: st.Name, StreamID: st.ID,
						Position: Position{Millis: ms, Batch: batch.number, Index: i},
					})
				}
			}
		}
		emit(to)
	}
}

// pending are events that wait for their turn, the oldest on top.
type pending []Read

func (p pending) Len() int           { return len(p) }
func (p pending) Less(i, j int) bool { return p[i].Position.compare(p[j].Position) < 0 }
func (p pending) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *pending) Push(x any)        { *p = append(*p, x.(Read)) }
func (p *pending) Pop() any {
	last := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return last
}

type batch struct {
	oldest int64
	number uint64
	packed []byte
}

// batchesOf yields the batches that may hold events from a time to another, by
// the times of their oldest events. Each is read in a transaction of its own:
// a reader that is slow keeps nothing from being freed.
func (s *Store) batchesOf(st *Stream, from, to int64) iter.Seq2[batch, error] {
	prefix := st.ID + ":"
	start := fmt.Sprintf("%s%016x", prefix, max(0, from-MaxSpan.Milliseconds()))
	return func(yield func(batch, error) bool) {
		for {
			var found *batch
			err := s.state.View(func(tx *state.Tx) error {
				for item, err := range tx.ListFrom(batches, prefix, start) {
					if err != nil {
						return err
					}
					start = item.Key + "\x00"
					b := batch{packed: item.Value}
					if b.oldest, b.number, err = parseKey(item.Key); err != nil {
						return err
					}
					if b.oldest >= to {
						return nil
					}
					if newest(b.packed) >= from {
						found = &b
						return nil
					}
				}
				return nil
			})
			switch {
			case err != nil:
				yield(batch{}, err)
				return
			case found == nil || !yield(*found, nil):
				return
			}
		}
	}
}

// Latest returns the newest events of a stream in a span of time that lie before
// a position, at most limit of them, in order.
func (s *Store) Latest(st *Stream, span Span, before Position, limit int) ([]Read, error) {
	from, to := span.millis()
	to = min(to, before.Millis+1, st.Last.UnixMilli()+1)
	from = max(from, st.First.UnixMilli())
	// The time that is looked at doubles until it holds enough.
	for width := time.Minute.Milliseconds(); ; width *= 2 {
		start := max(from, to-width)
		var found []Read
		window := Span{From: time.UnixMilli(start), To: time.UnixMilli(max(start, to))}
		for r, err := range s.Events(st, window, Position{}) {
			if err != nil {
				return nil, err
			}
			if r.Position.compare(before) < 0 {
				found = append(found, r)
			}
		}
		if len(found) >= limit || start <= from {
			return slices.Clone(found[max(0, len(found)-limit):]), nil
		}
	}
}

// Merge yields the events of several streams in the order of their times; among
// those of a time, by the streams' names.
func (s *Store) Merge(all []Stream, span Span, after func(*Stream) Position) iter.Seq2[Read, error] {
	return func(yield func(Read, error) bool) {
		type source struct {
			head Read
			next func() (Read, error, bool)
		}
		var sources []*source
		for i := range all {
			next, stop := iter.Pull2(s.Events(&all[i], span, after(&all[i])))
			defer stop()
			head, err, ok := next()
			if err != nil {
				yield(Read{}, err)
				return
			}
			if ok {
				sources = append(sources, &source{head, next})
			}
		}
		for len(sources) > 0 {
			first := slices.MinFunc(sources, func(a, b *source) int {
				return cmp.Or(cmp.Compare(a.head.Millis, b.head.Millis), cmp.Compare(a.head.Stream, b.head.Stream))
			})
			if !yield(first.head, nil) {
				return
			}
			head, err, ok := first.next()
			if err != nil {
				yield(Read{}, err)
				return
			}
			if first.head = head; !ok {
				sources = slices.DeleteFunc(sources, func(s *source) bool { return s == first })
			}
		}
	}
}
