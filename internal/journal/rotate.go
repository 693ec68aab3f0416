package journal

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cairn-audit/cairn/internal/durable"
)

var zeros [1 << 20]byte

// fill writes zeros to f from one offset to another.
func fill(f durable.File, from, to int64) error {
	for from < to {
		n, err := f.WriteAt(zeros[:min(to-from, int64(len(zeros)))], from)
		if err != nil {
			return err
		}
		from += int64(n)
	}
	return nil
}

// due reports whether the active segment is to be closed.
func (c *committer) due() bool {
	s := c.active
	switch {
	case c.broken != nil || c.since.IsZero():
		return false
	case s.records() >= c.j.opts.SegmentRecords, s.end >= c.j.opts.SegmentBytes:
		return true
	}
	return time.Since(c.since) >= c.j.opts.SegmentAge
}

// reserve is the space that must stay free for the outcomes of the intents that
// are open, and of n more.
func (c *committer) reserve(n int) int64 {
	return int64(c.j.opts.baseReserve) + int64(len(c.j.open)+c.intents+n)*int64(c.j.opts.OutcomeReserve)
}

// makeRoom makes sure that the active segment has the space for a request. One
// that does more than settle intents must leave the reserve untouched, so that
// when the disk fills, calls are refused before they are made, and the outcomes
// of those that were made can still be written.
func (c *committer) makeRoom(r *request) error {
	used := c.active.end + c.building.room
	if c.inflight != nil {
		used += int64(len(c.inflight.buf))
	}
	need := used + r.room()
	if !r.urgent {
		need += c.reserve(r.intents)
	}
	if len(r.recs) == 0 {
		// A probe asks for what an intent may need.
		need += 2 * int64(c.j.opts.OutcomeReserve)
	}
	if need <= c.alloc {
		return nil
	}
	if c.grow(need+int64(c.j.opts.growBytes)) == nil {
		return nil
	}
	return c.grow(need)
}

// grow extends the zeros at the end of the active segment. A write in flight is
// not concerned: it lies before them.
func (c *committer) grow(to int64) error {
	if err := fill(c.file, c.alloc, to); err != nil {
		// Do not sit on the last free bytes of the disk. If this fails too, the
		// file is longer than it need be, which harms nobody.
		_ = c.file.Truncate(c.alloc)
		return fmt.Errorf("extend %s: %w", c.active.path, err)
	}
	c.alloc = to
	return nil
}

// begin starts the segment that follows the last committed record, and makes it
// the active one. Nothing is in flight. Attempts are probeInterval apart; in
// between, it fails as it did before.
func (c *committer) begin() error {
	now := time.Now().UTC()
	if c.beginErr != nil && now.Before(c.retry) {
		return c.beginErr
	}
	err := c.tryBegin(now)
	if err != nil {
		if c.beginErr == nil {
			c.j.log.Error("journal: cannot begin a segment; trying again", "first", c.j.last+1, "err", err)
		}
		c.retry = now.Add(c.j.opts.probeInterval)
	} else if c.beginErr != nil {
		c.j.log.Info("journal: a segment could be begun again", "first", c.active.first)
	}
	c.beginErr = err
	return err
}

func (c *committer) tryBegin(now time.Time) error {
	s := &segment{header: header{first: c.j.last + 1, created: now}}
	s.path = filepath.Join(c.j.dir, segmentName(s.first))
	s.last = c.j.last
	if c.active != nil {
		s.prevHash, s.hash = c.active.hash, c.active.hash
		s.created = latest(now, c.active.lastCommit)
	}
	s.lastCommit = s.created
	_, _ = rand.Read(s.salt[:]) // never fails
	head := c.packHead(s)
	s.end = int64(len(head))
	need := s.end + c.building.room + c.reserve(0)
	alloc := need + int64(c.j.opts.growBytes)
	err := stageSegment(c.j.fs, s.path, head, alloc)
	if err != nil {
		alloc = need
		err = stageSegment(c.j.fs, s.path, head, alloc)
	}
	if err != nil {
		return err
	}
	f, err := publishSegment(c.j.fs, s.path)
	if err != nil {
		// The successor may exist, so nothing that the active segment would get
		// from now on would count.
		c.broken = errors.Join(c.broken, err)
		return err
	}
	s.file = c.j.handles.pinned(s.path, f)
	c.take(s, f, alloc)
	return nil
}

func stageSegment(fsys durable.FS, path string, head []byte, size int64) error {
	return durable.Stage(fsys, path, 0o600, func(f durable.File) error {
		if _, err := f.WriteAt(head, 0); err != nil {
			return err
		}
		return fill(f, int64(len(head)), size)
	})
}

func publishSegment(fsys durable.FS, path string) (durable.File, error) {
	if err := durable.Publish(fsys, path); err != nil {
		return nil, err
	}
	return fsys.OpenFile(path, os.O_RDWR, 0)
}

// packHead returns a segment's header, and the frames of the intents that are
// open.
func (c *committer) packHead(s *segment) []byte {
	var frames []byte
	var recs []Record
	size := 0
	flush := func() {
		if len(recs) == 0 {
			return
		}
		at := len(frames)
		frames = c.packer.pack(frames, carryFrame, 0, recs, s.prevHash)
		stamp(frames[at:], &s.salt, 0, s.created)
		recs, size = recs[:0], 0
	}
	for _, e := range c.j.openLocked() {
		if size >= frameFill {
			flush()
		}
		recs = append(recs, Record{Kind: e.Kind, Settles: e.Seq, Data: e.Data})
		size += len(e.Data) + recordOverhead
	}
	flush()
	s.start = headerLen + int64(len(frames))
	return append(s.header.encode(), frames...)
}

// take makes a new segment the active one.
func (c *committer) take(s *segment, f durable.File, alloc int64) {
	j, old, oldFile := c.j, c.active, c.file
	j.mu.Lock()
	var replaced *segment
	if n := len(j.segs); n > 0 && j.segs[n-1].first == s.first {
		// It holds no record, and its file is gone.
		replaced = j.segs[n-1]
		j.segs = append(j.segs[:n-1:n-1], s)
	} else {
		j.segs = append(j.segs[:n:n], s)
	}
	j.mu.Unlock()
	c.active, c.file, c.alloc = s, f, alloc
	c.since, c.broken = time.Time{}, nil
	if replaced != nil {
		replaced.file.retire()
	} else if oldFile != nil {
		// Only to free the space: what is beyond is void.
		_ = oldFile.Truncate(old.end)
	}
	j.wakeSealer()
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
