package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
)

// scan reads the frames of an unsealed segment from s.end on, checks them, and
// fills in its tail and damage. limit is the first record of the next segment, 0
// if there is none. It reports what lies behind the last good frame.
type scan struct {
	s     *segment
	file  io.ReaderAt
	size  int64
	limit Seq
	u     *unpacker
	// each is called for every good frame.
	each func(first Seq, recs []Record)
	// batch is where the write began that the last good frame was part of.
	batch int64
}

// run returns the number of bytes behind the end of the segment that are what is
// left of a write that a crash interrupted. An error is one of reading.
func (sc *scan) run() (torn int64, err error) {
	s := sc.s
	c := newChain(s.hash)
	for {
		expect := s.last + 1
		if sc.limit != 0 && expect >= sc.limit {
			// Whatever follows was given up when the next segment began.
			return 0, nil
		}
		h, packed, err := readFrame(sc.file, s.end, sc.size, &s.salt)
		if err == nil && !sc.belongs(&h) {
			err = errBadFrame
		}
		if err == nil {
			sc.take(c, &h, packed)
			continue
		}
		if !isContent(err) {
			return 0, fmt.Errorf("journal: read %s: %w", s.path, err)
		}
		next, h, ferr := sc.find(s.end)
		if ferr != nil {
			return 0, fmt.Errorf("journal: read %s: %w", s.path, ferr)
		}
		if next < 0 {
			return sc.tornTail(err)
		}
		sc.gap(c, h.first, err)
		s.end = next
	}
}

// belongs reports whether a frame that checks can stand where it was found.
func (sc *scan) belongs(h *frameHeader) bool {
	return h.kind == recordFrame && h.first > sc.s.last && (sc.limit == 0 || h.last() < sc.limit)
}

// gap notes that the records up to next are lost. The chain has to be taken as
// the next frame states it.
func (sc *scan) gap(c *chain, next Seq, cause error) {
	s := sc.s
	first := s.last + 1
	if first == next {
		first, next = 0, 0
	}
	s.damage = append(s.damage, s.corrupt(s.end, first, next, cause))
	if next != 0 {
		s.last = next - 1
	}
	c.sum = Hash{}
}

// take accepts a frame, or notes that its records cannot be read.
func (sc *scan) take(c *chain, h *frameHeader, packed []byte) {
	s := sc.s
	if h.first != s.last+1 {
		sc.gap(c, h.first, errNoFrame)
	}
	recs, err := sc.u.unpack(h, packed)
	if err == nil && c.sum != (Hash{}) || s.last == 0 {
		if c.addAll(recs) != h.hash {
			err = errHash
		}
	}
	c.sum = h.hash
	if err != nil {
		s.damage = append(s.damage, s.corrupt(s.end, h.first, h.last()+1, err))
	} else {
		s.frames = append(s.frames, frameRef{first: h.first, off: s.end, size: uint32(h.size()), count: h.count})
		sc.each(h.first, recs)
	}
	sc.batch = s.end - int64(h.batch)
	s.end += h.size()
	s.last = h.last()
	s.lastCommit = h.when
	s.hash = h.hash
}

// tornTail decides what it means that no frame that counts follows the end.
func (sc *scan) tornTail(cause error) (int64, error) {
	s := sc.s
	if sc.limit != 0 {
		s.damage = append(s.damage, s.corrupt(s.end, s.last+1, sc.limit, cause))
		s.last = sc.limit - 1
		return 0, nil
	}
	blank, err := isZero(io.NewSectionReader(sc.file, s.end, sc.size-s.end))
	if err != nil {
		return 0, fmt.Errorf("journal: read %s: %w", s.path, err)
	}
	if blank {
		return 0, nil
	}
	return sc.size - s.end, nil
}

// find looks behind a frame that is not good for one that proves that the bad
// one was committed: one of a later write, or, in a segment that has a
// successor, any. It returns the first good frame of records then, else a
// negative offset.
func (sc *scan) find(bad int64) (int64, frameHeader, error) {
	found := int64(-1)
	var first frameHeader
	for off, err := range magics(sc.file, bad+1, sc.size) {
		if err != nil {
			return 0, frameHeader{}, err
		}
		h, _, err := readFrame(sc.file, off, sc.size, &sc.s.salt)
		if err != nil && !isContent(err) {
			return 0, frameHeader{}, err
		}
		if err != nil || !sc.belongs(&h) {
			continue
		}
		if found < 0 {
			found, first = off, h
		}
		if sc.limit != 0 || off-int64(h.batch) > bad {
			return found, first, nil
		}
	}
	return -1, frameHeader{}, nil
}

// magics yields the offsets at which a frame might begin.
func magics(f io.ReaderAt, from, size int64) iter.Seq2[int64, error] {
	var magic [4]byte
	binary.LittleEndian.PutUint32(magic[:], frameMagic)
	return func(yield func(int64, error) bool) {
		buf := make([]byte, 1<<18)
		for from+frameHeaderLen <= size {
			p := buf[:min(int64(len(buf)), size-from)]
			if _, err := f.ReadAt(p, from); err != nil && err != io.EOF {
				yield(0, err)
				return
			}
			for at := 0; ; at++ {
				i := bytes.Index(p[at:], magic[:])
				if i < 0 {
					break
				}
				at += i
				if !yield(from+int64(at), nil) {
					return
				}
			}
			// The magic may begin in the last three bytes.
			from += int64(len(p) - 3)
		}
	}
}

func isZero(r io.Reader) (bool, error) {
	buf := make([]byte, 1<<16)
	for {
		n, err := r.Read(buf)
		if len(bytes.TrimLeft(buf[:n], "\x00")) > 0 {
			return false, nil
		}
		if err == io.EOF {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
}
