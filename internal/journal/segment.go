package journal

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// segment is one file of the journal, as known in memory. The tail of the active
// segment grows; Journal.mu guards it. Everything else is fixed once the segment
// is in Journal.segs.
type segment struct {
	path string
	header
	tail
	size int64 // of the file, once sealed
	// damage is sorted by First. Entries without a First concern the whole.
	damage []*CorruptError
	file   *handle
}

func (s *segment) info() SegmentInfo {
	i := SegmentInfo{
		ID: s.first, Path: s.path, First: s.first, Last: s.last, Sealed: s.sealed,
		Bytes: s.end, Created: s.created, LastCommit: s.lastCommit, Hash: s.hash,
	}
	if s.sealed {
		i.Bytes = s.size
	}
	if len(s.damage) > 0 {
		i.Damage = s.damage[0]
	}
	return i
}

// records is how many numbers the segment covers.
func (s *segment) records() int { return int(s.last + 1 - s.first) }

// locate returns the frame that holds a record of the segment.
func (s *segment) locate(seq Seq) (frameRef, error) {
	i, ok := slices.BinarySearchFunc(s.frames, seq, func(r frameRef, seq Seq) int {
		switch {
		case r.end() <= seq:
			return -1
		case r.first > seq:
			return 1
		}
		return 0
	})
	if ok {
		return s.frames[i], nil
	}
	next := s.last + 1
	if i < len(s.frames) {
		next = s.frames[i].first
	}
	for _, d := range s.damage {
		if d.First == 0 || d.First <= seq && seq < d.Next {
			e := *d
			e.First, e.Next = seq, next
			return frameRef{}, &e
		}
	}
	return frameRef{}, s.corrupt(s.end, seq, next, errNoFrame)
}

func (s *segment) corrupt(off int64, first, next Seq, err error) *CorruptError {
	return &CorruptError{Path: s.path, Offset: off, First: first, Next: next, Err: err}
}

// read unpacks a frame of the segment.
func (s *segment) read(u *unpacker, ref frameRef) ([]Record, frameHeader, error) {
	h, p, err := s.readPacked(ref)
	if err != nil {
		return nil, frameHeader{}, err
	}
	recs, err := u.unpack(&h, p[frameHeaderLen:])
	if err != nil {
		err = s.corrupt(ref.off, ref.first, ref.end(), err)
	}
	return recs, h, err
}

// readPacked returns a frame of the segment as it is, checked.
func (s *segment) readPacked(ref frameRef) (frameHeader, []byte, error) {
	f, err := s.file.acquire()
	if err != nil {
		return frameHeader{}, nil, err
	}
	defer s.file.release()
	if ref.size < frameHeaderLen {
		return frameHeader{}, nil, s.corrupt(ref.off, ref.first, ref.end(), errBadFrame)
	}
	p := make([]byte, ref.size)
	if _, err := f.ReadAt(p, ref.off); err != nil {
		if err = shortAsTruncated(err); err == errTruncated {
			return frameHeader{}, nil, s.corrupt(ref.off, ref.first, ref.end(), err)
		}
		return frameHeader{}, nil, fmt.Errorf("journal: %w", err)
	}
	h, err := parseFrameHeader(p, &s.salt)
	switch {
	case err != nil:
	case h.kind != recordFrame || h.first != ref.first || h.count != ref.count || h.size() != int64(ref.size):
		err = errBadFrame
	case h.crc != s.salt.crc(p[frameHeaderLen:]):
		err = errChecksum
	default:
		return h, p, nil
	}
	return frameHeader{}, nil, s.corrupt(ref.off, ref.first, ref.end(), err)
}

// readCarried returns the intents that were open when a segment began. With an
// error that is of its content, it returns those that could be read.
func readCarried(u *unpacker, f io.ReaderAt, hdr *header) (map[Seq]Record, error) {
	open := make(map[Seq]Record)
	for at := int64(headerLen); at < hdr.start; {
		h, packed, err := readFrame(f, at, hdr.start, &hdr.salt)
		if err == nil && h.kind != carryFrame {
			err = errBadFrame
		}
		var recs []Record
		if err == nil {
			recs, err = u.unpack(&h, packed)
		}
		if err != nil {
			return open, err
		}
		for _, r := range recs {
			seq := r.Settles
			r.Settles = 0
			open[seq] = r
		}
		at += h.size()
	}
	return open, nil
}

// readFrame reads and checks one frame that ends at or before limit. Its
// allocation is bounded by what the file holds.
func readFrame(f io.ReaderAt, off, limit int64, s *salt) (frameHeader, []byte, error) {
	if limit-off < frameHeaderLen {
		return frameHeader{}, nil, errTruncated
	}
	var head [frameHeaderLen]byte
	if _, err := f.ReadAt(head[:], off); err != nil {
		return frameHeader{}, nil, shortAsTruncated(err)
	}
	h, err := parseFrameHeader(head[:], s)
	if err != nil {
		return frameHeader{}, nil, err
	}
	if off+h.size() > limit {
		return frameHeader{}, nil, errTruncated
	}
	p := make([]byte, h.packed)
	if _, err := f.ReadAt(p, off+frameHeaderLen); err != nil {
		return frameHeader{}, nil, shortAsTruncated(err)
	}
	if h.crc != s.crc(p) {
		return frameHeader{}, nil, errChecksum
	}
	return h, p, nil
}

// isContent reports whether err is about what was read, not about reading.
func isContent(err error) bool {
	for _, e := range []error{errNoFrame, errBadFrame, errChecksum, errTruncated, errHash} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
