package journal

import (
	"context"
	"fmt"
	"time"

	"github.com/cairn-audit/cairn/internal/durable"
)

// repack writes the sealed form of a segment beside it.
func (j *Journal) repack(ctx context.Context, s *segment) (*segment, error) {
	sealed := &segment{path: s.path, header: s.header}
	sealed.sealed = true
	err := durable.Stage(j.fs, s.path, 0o600, func(f durable.File) error {
		head := make([]byte, s.start)
		old, err := s.file.acquire()
		if err != nil {
			return err
		}
		_, err = old.ReadAt(head, 0)
		s.file.release()
		if err != nil {
			return fmt.Errorf("read %s: %w", s.path, err)
		}
		// The frames of carried intents stay as they are: the salt does too.
		copy(head, sealed.header.encode())
		w := &repacker{
			s: sealed, f: f, packer: j.packer, unpacker: j.unpacker, chain: newChain(s.prevHash),
			first: s.first, next: s.first, when: s.lastCommit, buf: head,
		}
		for _, ref := range s.frames {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := w.take(s, ref); err != nil {
				return err
			}
		}
		return w.finish(&s.tail)
	})
	if err != nil {
		return nil, err
	}
	return sealed, nil
}

// repacker writes the records of a segment in frames that are not small.
type repacker struct {
	s        *segment // the sealed one
	f        durable.File
	packer   *packer
	unpacker *unpacker
	chain    *chain
	when     time.Time // of the segment's last commit

	recs  []Record // in no frame yet
	bytes int
	first Seq // number of the first of recs
	next  Seq // number of the next record
	buf   []byte
	off   int64 // of buf in the file
}

// take goes on with a frame of the old segment. One that is large enough is
// copied as it is: under load nearly all are, and packing is most of the work.
func (w *repacker) take(old *segment, ref frameRef) error {
	h, p, err := old.readPacked(ref)
	if err != nil {
		return err
	}
	if h.count >= frameRecords/2 || h.raw >= frameFill/2 {
		return w.copy(h, p)
	}
	recs, err := w.unpacker.unpack(&h, p[frameHeaderLen:])
	if err != nil {
		return old.corrupt(ref.off, ref.first, ref.end(), err)
	}
	for _, r := range recs {
		w.recs = append(w.recs, r)
		w.bytes += len(r.Data)
		w.next++
		if len(w.recs) < frameRecords && w.bytes < frameFill {
			continue
		}
		if err := w.pack(); err != nil {
			return err
		}
	}
	return nil
}

// copy adds a frame whose checksum was checked.
func (w *repacker) copy(h frameHeader, p []byte) error {
	if err := w.pack(); err != nil {
		return err
	}
	w.chain.sum = h.hash
	w.next += Seq(h.count)
	h.batch, h.when = 0, w.when
	h.put(p, &w.s.salt)
	at := len(w.buf)
	w.buf = append(w.buf, p...)
	return w.framed(at, int(h.count))
}

// pack makes a frame of the records that are in none.
func (w *repacker) pack() error {
	if len(w.recs) == 0 {
		return nil
	}
	at := len(w.buf)
	hash := w.chain.addAll(w.recs)
	w.buf = w.packer.pack(w.buf, recordFrame, w.first, w.recs, hash)
	stamp(w.buf[at:], &w.s.salt, 0, w.when)
	n := len(w.recs)
	clear(w.recs)
	w.recs, w.bytes = w.recs[:0], 0
	return w.framed(at, n)
}

// framed notes a frame of n records that begins at a place of buf.
func (w *repacker) framed(at, n int) error {
	w.s.frames = append(w.s.frames, frameRef{
		first: w.first, off: w.off + int64(at), size: uint32(len(w.buf) - at), count: uint32(n),
	})
	w.first += Seq(n)
	if len(w.buf) < 1<<20 {
		return nil
	}
	return w.flush()
}

func (w *repacker) flush() error {
	n, err := w.f.WriteAt(w.buf, w.off)
	w.off += int64(n)
	w.buf = w.buf[:0]
	return err
}

// finish completes the file. was is what is known of the segment from when it was
// written: what was read now must be the same.
func (w *repacker) finish(was *tail) error {
	if err := w.pack(); err != nil {
		return err
	}
	if w.next != was.last+1 || w.chain.sum != was.hash {
		return w.s.corrupt(0, 0, 0, errHash)
	}
	s := w.s
	s.last, s.hash, s.lastCommit = was.last, was.hash, was.lastCommit
	s.end = w.off + int64(len(w.buf))
	w.buf = append(w.buf, s.tail.encode(&s.salt)...)
	if err := w.flush(); err != nil {
		return err
	}
	s.size = w.off
	return nil
}
