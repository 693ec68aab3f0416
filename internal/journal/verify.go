package journal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

var (
	errNotDense = errors.New("records are missing")
	errCarried  = errors.New("open intents at its beginning are not those of the segment before")
)

// Verify reads every record of the journal and computes its running hash anew. It
// compares that with what frames, headers and footers state, checks that the
// records are dense, and that each segment begins with the intents that are open
// there. The error joins a [*CorruptError] for each thing that is wrong; nil
// means that everything up to the [Journal.Last] of the call is as it was
// committed.
//
// Where retention has dropped the beginning, the hash before the oldest segment
// is taken as its header states it.
func (j *Journal) Verify(ctx context.Context) error {
	j.mu.RLock()
	v := &verifier{j: j}
	segs := slices.Clone(j.segs)
	active := *segs[len(segs)-1]
	segs[len(segs)-1] = &active
	for _, s := range segs {
		// An unsealed one stays open until it was read, even if its sealed form
		// takes its place meanwhile.
		if s.sealed {
			continue
		}
		if _, err := s.file.acquire(); err == nil {
			defer s.file.release()
		}
	}
	j.mu.RUnlock()
	for _, s := range segs {
		if err := v.segment(ctx, s); err != nil {
			return errors.Join(append(v.found, err)...)
		}
	}
	return errors.Join(v.found...)
}

// verifier goes through segments in order.
type verifier struct {
	j     *Journal
	found []error

	started bool
	chain   *chain
	next    Seq
	open    map[Seq]Record
	// doubt is set from where records could not be read until the next segment
	// states hash and intents anew.
	doubt bool
}

func (v *verifier) report(err error) {
	v.found = append(v.found, err)
	v.doubt = true
}

// segment checks one segment. Its error is not about damage.
func (v *verifier) segment(ctx context.Context, s *segment) error {
	f, err := s.file.acquire()
	if err != nil {
		if v.j.First() > s.first {
			return nil // dropped meanwhile
		}
		return fmt.Errorf("journal: verify: %w", err)
	}
	defer s.file.release()
	for _, d := range s.damage {
		v.found = append(v.found, d)
	}
	hdr, err := readHeader(f, s.first)
	if err == nil && s.sealed {
		if _, terr := readTail(f, s.size, &hdr); terr != nil && len(s.damage) == 0 {
			v.found = append(v.found, s.corrupt(s.end, 0, 0, terr))
		}
	}
	if err != nil {
		v.report(s.corrupt(0, s.first, s.last+1, err))
		v.next = s.last + 1
		return nil
	}
	carried, err := readCarried(v.j.unpacker, f, &hdr)
	if err != nil {
		v.report(s.corrupt(headerLen, 0, 0, err))
	}
	if v.started && !v.doubt {
		v.follows(s, &hdr, carried)
	}
	v.started, v.doubt = true, false
	v.chain, v.next, v.open = newChain(hdr.prevHash), s.first, carried
	for _, ref := range s.frames {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := v.frame(s, ref); err != nil {
			return err
		}
	}
	switch {
	case v.doubt:
	case v.next != s.last+1:
		v.report(s.corrupt(s.end, v.next, s.last+1, errNotDense))
	case v.chain.sum != s.hash:
		v.report(s.corrupt(s.end, 0, 0, errHash))
	}
	return nil
}

// follows checks that a segment begins where the one before ended.
func (v *verifier) follows(s *segment, hdr *header, carried map[Seq]Record) {
	if s.first != v.next {
		v.report(s.corrupt(0, v.next, s.first, errNotDense))
		return
	}
	if hdr.prevHash != v.chain.sum {
		v.report(s.corrupt(0, 0, 0, errHash))
	}
	same := maps.EqualFunc(carried, v.open, func(a, b Record) bool { return string(a.Data) == string(b.Data) })
	if !same {
		v.report(s.corrupt(headerLen, 0, 0, errCarried))
	}
}

func (v *verifier) frame(s *segment, ref frameRef) error {
	recs, h, err := s.read(v.j.unpacker, ref)
	var damage *CorruptError
	if errors.As(err, &damage) {
		v.report(damage)
		v.next = ref.end()
		return nil
	}
	if err != nil {
		return fmt.Errorf("journal: verify: %w", err)
	}
	if ref.first != v.next && len(s.damage) > 0 {
		v.doubt = true
	} else if ref.first != v.next {
		v.report(s.corrupt(ref.off, v.next, ref.first, errNotDense))
	}
	for i, r := range recs {
		delete(v.open, r.Settles)
		if r.Kind == Intent {
			v.open[ref.first+Seq(i)] = r
		}
	}
	v.next = ref.end()
	if v.doubt {
		v.chain.sum = h.hash
	} else if v.chain.addAll(recs) != h.hash {
		v.report(s.corrupt(ref.off, ref.first, ref.end(), errHash))
		v.chain.sum = h.hash
	}
	return nil
}
