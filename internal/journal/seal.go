package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cairn-audit/cairn/internal/durable"
)

// How long after a failed attempt sealing is tried again: at first, and at most.
const (
	sealRetryMin = time.Second
	sealRetryMax = time.Minute
)

func (j *Journal) wakeSealer() {
	select {
	case j.sealWake <- struct{}{}:
	default:
	}
}

// sealLoop seals the segments that are closed, oldest first.
func (j *Journal) sealLoop(ctx context.Context) {
	retry := time.NewTimer(0)
	defer retry.Stop()
	wait := sealRetryMin
	for {
		select {
		case <-ctx.Done():
			return
		case <-j.sealWake:
		case <-retry.C:
		}
		err := j.sealAll(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			wait = sealRetryMin
		default:
			j.log.Error("journal: cannot seal; trying again", "after", wait, "err", err)
			retry.Reset(wait)
			wait = min(2*wait, sealRetryMax)
		}
	}
}

func (j *Journal) sealAll(ctx context.Context) error {
	for {
		select {
		case j.sealing <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		s := j.nextToSeal()
		if s == nil {
			<-j.sealing
			return nil
		}
		err := j.seal(ctx, s)
		<-j.sealing
		if err != nil {
			return err
		}
	}
}

// nextToSeal returns the oldest segment that is closed and neither sealed nor
// damaged. A damaged one is evidence, and stays as it is.
func (j *Journal) nextToSeal() *segment {
	j.mu.RLock()
	defer j.mu.RUnlock()
	for _, s := range j.segs[:len(j.segs)-1] {
		if !s.sealed && len(s.damage) == 0 {
			return s
		}
	}
	return nil
}

// seal repacks a closed segment, has its index built, and puts the new file in
// the place of the old. A crash at any step leaves one or the other, both of
// which hold the same records.
func (j *Journal) seal(ctx context.Context, s *segment) error {
	start := time.Now()
	sealed, err := j.repack(ctx, s)
	if err != nil {
		var damage *CorruptError
		if errors.As(err, &damage) {
			j.markDamaged(s, damage)
			return nil
		}
		return fmt.Errorf("seal %s: %w", s.path, err)
	}
	if err := j.idx.Seal(ctx, sealed.info(), j.entries(ctx, s)); err != nil {
		return fmt.Errorf("index %s: %w", s.path, err)
	}
	if err := durable.Publish(j.fs, s.path); err != nil {
		// Either file may have the name now. The old one is open, and goes on
		// being read.
		return fmt.Errorf("seal: %w", err)
	}
	sealed.file = j.handles.lazy(s.path)
	j.mu.Lock()
	for i := range j.segs {
		if j.segs[i] == s {
			j.segs[i] = sealed
		}
	}
	j.mu.Unlock()
	s.file.retire()
	j.cache.drop(s)
	j.log.Info("journal: sealed a segment", "first", s.first, "last", s.last,
		"bytes", sealed.size, "before", s.end, "took", time.Since(start))
	return nil
}

// markDamaged gives up sealing a segment that turned out to be damaged.
func (j *Journal) markDamaged(s *segment, damage *CorruptError) {
	j.log.Error("journal: damage; the segment is left as it is", "segment", s.path,
		"offset", damage.Offset, "first", damage.First, "next", damage.Next, "err", damage.Err)
	j.mu.Lock()
	defer j.mu.Unlock()
	s.damage = append(s.damage, damage)
}

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
		w := &repacker{s: sealed, f: f, packer: j.packer, chain: newChain(s.prevHash), buf: head}
		w.at, w.start, w.when = s.first, s.first, s.lastCommit
		for e, err := range j.entries(ctx, s) {
			if err != nil {
				return err
			}
			if err := w.add(e.Record); err != nil {
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

// repacker writes records into large frames.
type repacker struct {
	s      *segment
	f      durable.File
	packer *packer
	chain  *chain
	when   time.Time // of the segment's last commit

	recs  []Record // not packed yet
	bytes int
	start Seq // number of the first of recs
	at    Seq // number of the next record
	buf   []byte
	off   int64 // of buf in the file
}

func (w *repacker) add(r Record) error {
	w.recs = append(w.recs, r)
	w.bytes += len(r.Data)
	w.at++
	if len(w.recs) < frameRecords && w.bytes < frameFill {
		return nil
	}
	return w.pack()
}

func (w *repacker) pack() error {
	if len(w.recs) == 0 {
		return nil
	}
	at := len(w.buf)
	hash := w.chain.addAll(w.recs)
	w.buf = w.packer.pack(w.buf, recordFrame, w.start, w.recs, hash)
	stamp(w.buf[at:], &w.s.salt, 0, w.when)
	w.s.frames = append(w.s.frames, frameRef{
		first: w.start, off: w.off + int64(at), size: uint32(len(w.buf) - at), count: uint32(len(w.recs)),
	})
	w.recs, w.bytes, w.start = w.recs[:0], 0, w.at
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
	if w.at != was.last+1 || w.chain.sum != was.hash {
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
