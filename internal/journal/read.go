package journal

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"slices"
	"time"
)

// find returns the segment and the frame that hold a record.
func (j *Journal) find(seq Seq) (*segment, frameRef, error) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	if first := j.segs[0].first; seq < first || seq > j.last {
		return nil, frameRef{}, &NotFoundError{Seq: seq, First: first, Last: j.last}
	}
	i, ok := slices.BinarySearchFunc(j.segs, seq, func(s *segment, seq Seq) int {
		switch {
		case s.first > seq:
			return 1
		case s.last < seq:
			return -1
		}
		return 0
	})
	if !ok {
		// Open made sure that segments cover what lies between them.
		s := j.segs[max(i-1, 0)]
		return nil, frameRef{}, s.corrupt(s.end, seq, seq+1, errDisagree)
	}
	ref, err := j.segs[i].locate(seq)
	return j.segs[i], ref, err
}

// frame unpacks the frame that holds a record, or takes it from a cache.
func (j *Journal) frame(seq Seq, cache *frameCache) (frameRef, []Record, error) {
	for {
		s, ref, err := j.find(seq)
		if err != nil {
			return frameRef{}, nil, err
		}
		recs, err := cache.load(frameKey{s, ref.off}, func() ([]Record, error) {
			recs, _, err := s.read(j.unpacker, ref)
			return recs, err
		})
		if errors.Is(err, errRetired) || errors.Is(err, fs.ErrNotExist) && seq < j.First() {
			// It was sealed or dropped after it was found.
			continue
		}
		return ref, recs, err
	}
}

// Get returns the records with the given numbers, in the order of these. It is
// made for few records from anywhere: it unpacks the frames that they are in,
// and keeps the last ones. If one cannot be had, the error is a [*NotFoundError]
// or a [*CorruptError] that names it, and no records are returned.
func (j *Journal) Get(ctx context.Context, seqs []Seq) ([]Record, error) {
	out := make([]Record, len(seqs))
	order := make([]int, len(seqs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case seqs[a] < seqs[b]:
			return -1
		case seqs[a] > seqs[b]:
			return 1
		}
		return 0
	})
	var ref frameRef
	var recs []Record
	for _, i := range order {
		if seqs[i] < ref.first || seqs[i] >= ref.end() {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			var err error
			if ref, recs, err = j.frame(seqs[i], j.cache); err != nil {
				return nil, err
			}
		}
		out[i] = recs[seqs[i]-ref.first]
	}
	return out, nil
}

// Reader reads records in order. It is not safe for concurrent use, and needs no
// closing.
type Reader struct {
	j    *Journal
	next Seq
	recs []Record // those of a frame from next on
}

// Follow returns a reader whose first record is the one with the given number.
func (j *Journal) Follow(from Seq) *Reader { return &Reader{j: j, next: from} }

// Next returns the next record, and waits until there is one: until it is
// committed, ctx is done, or the journal is closed ([ErrClosed]). Once retention
// has dropped the next record, or if it lies further ahead than the one after
// [Journal.Last], the error is a [*NotFoundError]. At damage it is a
// [*CorruptError]; a new reader may go on at its Next. After an error Next can
// be called again, and tries the same record again.
func (r *Reader) Next(ctx context.Context) (Entry, error) {
	for {
		e, ok, err := r.tryNext(ctx)
		if ok || err != nil {
			return e, err
		}
		r.j.mu.RLock()
		wake, last, closed := r.j.wake, r.j.last, r.j.closed
		r.j.mu.RUnlock()
		switch {
		case last >= r.next:
			continue
		case closed:
			return Entry{}, ErrClosed
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return Entry{}, ctx.Err()
		}
	}
}

// NextBefore is Next until a deadline: when that or ctx is over, the error is
// theirs, [context.DeadlineExceeded] or [context.Canceled].
func (r *Reader) NextBefore(ctx context.Context, deadline time.Time) (Entry, error) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	e, err := r.Next(ctx)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return e, err
}

// tryNext returns the next record if it is there already.
func (r *Reader) tryNext(ctx context.Context) (Entry, bool, error) {
	if err := ctx.Err(); err != nil {
		return Entry{}, false, err
	}
	if len(r.recs) == 0 {
		if r.next == r.j.Last()+1 {
			return Entry{}, false, nil
		}
		ref, recs, err := r.j.frame(r.next, r.j.followed)
		if err != nil {
			return Entry{}, false, err
		}
		r.recs = recs[r.next-ref.first:]
	}
	e := Entry{Seq: r.next, Record: r.recs[0]}
	r.recs = r.recs[1:]
	r.next++
	return e, true, nil
}

// Read yields the records from a number on, up to the last that is committed
// when it gets there; errors, after which it ends, are those of [Reader.Next].
func (j *Journal) Read(ctx context.Context, from Seq) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		r := j.Follow(from)
		for {
			e, ok, err := r.tryNext(ctx)
			if !ok && err == nil {
				return
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// wakeReaders lets waiting readers see what is new.
func (j *Journal) wakeReaders() {
	j.mu.Lock()
	defer j.mu.Unlock()
	close(j.wake)
	j.wake = make(chan struct{})
}

// entries yields the records of a segment.
func (j *Journal) entries(ctx context.Context, s *segment) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for _, ref := range s.frames {
			recs, _, err := s.read(j.unpacker, ref)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(Entry{}, err)
				return
			}
			for i, r := range recs {
				if !yield(Entry{Seq: ref.first + Seq(i), Record: r}, nil) {
					return
				}
			}
		}
	}
}

// readable yields what can be read of a segment, for an index that is made in
// spite of damage, and logs what cannot.
func (j *Journal) readable(ctx context.Context, s *segment) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for _, ref := range s.frames {
			if err := ctx.Err(); err != nil {
				yield(Entry{}, err)
				return
			}
			recs, _, err := s.read(j.unpacker, ref)
			var damage *CorruptError
			switch {
			case errors.As(err, &damage):
				j.log.Error("journal: damage", "segment", s.path, "offset", damage.Offset,
					"first", damage.First, "next", damage.Next, "err", damage.Err)
			case err != nil:
				yield(Entry{}, err)
				return
			}
			for i, r := range recs {
				if !yield(Entry{Seq: ref.first + Seq(i), Record: r}, nil) {
					return
				}
			}
		}
	}
}
