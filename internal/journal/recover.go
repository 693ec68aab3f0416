package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/durable"
)

var errDisagree = errors.New("does not reach to the next segment")

// recover takes what is in the directory into use, and returns a committer that
// goes on after it.
func (j *Journal) recover() (*committer, error) {
	firsts, err := j.list()
	if err != nil {
		return nil, err
	}
	packer, err := newPacker()
	if err != nil {
		return nil, err
	}
	c := &committer{
		j: j, packer: packer, building: new(batch), settling: make(map[Seq]struct{}),
		jobs: make(chan job, 1), synced: make(chan error, 1), packs: make(chan *packing, 16),
	}
	for i, first := range firsts {
		var limit Seq
		if i+1 < len(firsts) {
			limit = firsts[i+1]
		}
		if err := j.load(c, first, limit); err != nil {
			return nil, err
		}
	}
	c.chain = newChain(Hash{})
	if n := len(j.segs); n > 0 {
		s := j.segs[n-1]
		j.last = s.last
		if !s.sealed && len(s.damage) == 0 {
			c.active = s
		} else {
			// Nothing is appended to what is sealed or damaged.
			c.active = &segment{tail: s.tail}
		}
	}
	c.building.reset(j.last+1, Hash{})
	if c.file == nil {
		if err := c.begin(); err != nil {
			return nil, fmt.Errorf("journal: %w", err)
		}
	}
	c.restart()
	return c, nil
}

// list returns the first numbers of the segments in the directory, and removes
// what was never given its name.
func (j *Journal) list() ([]Seq, error) {
	names, err := j.fs.ReadDir(j.dir)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	var firsts []Seq
	for _, name := range names {
		if first, ok := parseSegmentName(name); ok {
			firsts = append(firsts, first)
			continue
		}
		if stem, ok := strings.CutSuffix(name, durable.TempSuffix); ok && strings.Contains(stem, segmentSuffix) {
			if err := j.fs.Remove(filepath.Join(j.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("journal: %w", err)
			}
		}
	}
	slices.Sort(firsts)
	return firsts, nil
}

// load adds the segment that begins with a record, and tells the index of it.
// limit is the first record of the next, 0 for the last.
func (j *Journal) load(c *committer, first, limit Seq) error {
	s := &segment{path: filepath.Join(j.dir, segmentName(first))}
	s.first, s.last = first, first-1
	f, err := j.fs.OpenFile(s.path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	s.file = j.handles.pinned(s.path, f)
	size, err := f.Size()
	if err != nil {
		s.file.retire()
		return fmt.Errorf("journal: %w", err)
	}
	s.header, err = readHeader(f, first)
	if err == nil && s.start > size {
		err = errTruncated
	}
	switch {
	case err != nil:
		err = s.unreadable(err, first, limit)
	case s.sealed:
		err = j.loadSealed(s, f, size, limit)
	default:
		err = j.loadUnsealed(c, s, f, size, limit)
	}
	if err != nil {
		s.file.retire()
		return err
	}
	j.addLoaded(s)
	return j.report(s)
}

// unreadable notes that nothing in a segment can be read. If it is the last,
// that is fatal: nobody knows how far it went.
func (s *segment) unreadable(cause error, first, limit Seq) error {
	s.first = first
	if limit == 0 {
		return s.corrupt(0, 0, 0, cause)
	}
	s.last = limit - 1
	s.damage = append(s.damage, s.corrupt(0, first, limit, cause))
	return nil
}

func (j *Journal) loadSealed(s *segment, f durable.File, size int64, limit Seq) error {
	t, err := readTail(f, size, &s.header)
	if err == nil && limit != 0 && t.last != limit-1 {
		err = errDisagree
	}
	if err != nil {
		if limit == 0 {
			return s.corrupt(size, 0, 0, err)
		}
		// The frames tell where they are, too.
		s.damage = append(s.damage, s.corrupt(size, 0, 0, err))
		s.end, s.hash = s.start, s.prevHash
		sc := &scan{s: s, file: f, size: size, limit: limit, u: j.unpacker, each: func(Seq, []Record) {}}
		if _, err := sc.run(); err != nil {
			return err
		}
	} else {
		s.tail = t
	}
	s.size = size
	if limit == 0 {
		if err := j.replayIntents(s, f); err != nil {
			return err
		}
	}
	s.file.retire()
	s.file = j.handles.lazy(s.path)
	return nil
}

// replayIntents finds the intents that are open at the end of a sealed segment:
// usually the segment after it knows, but this one is the last.
func (j *Journal) replayIntents(s *segment, f durable.File) error {
	open, err := readCarried(j.unpacker, f, &s.header)
	if err != nil {
		return s.corrupt(headerLen, 0, 0, err)
	}
	j.open = open
	for _, ref := range s.frames {
		recs, _, err := s.read(j.unpacker, ref)
		if err != nil {
			return err
		}
		j.replay(ref.first, recs)
	}
	return nil
}

// replay brings the open intents up to date with records.
func (j *Journal) replay(first Seq, recs []Record) {
	for i, r := range recs {
		if r.Settles != 0 {
			delete(j.open, r.Settles)
		}
		if r.Kind == Intent {
			r.Data = slices.Clone(r.Data)
			j.open[first+Seq(i)] = r
		}
	}
}

// loadUnsealed scans a segment that was being written, or waits to be sealed. The
// last one is made ready to be written on.
func (j *Journal) loadUnsealed(c *committer, s *segment, f durable.File, size int64, limit Seq) error {
	open, err := readCarried(j.unpacker, f, &s.header)
	if err != nil {
		if !isContent(err) {
			return fmt.Errorf("journal: read %s: %w", s.path, err)
		}
		s.damage = append(s.damage, s.corrupt(headerLen, 0, 0, err))
	}
	j.open = open
	s.end, s.hash, s.lastCommit = s.start, s.prevHash, s.created
	sc := &scan{s: s, file: f, size: size, limit: limit, u: j.unpacker}
	sc.each = func(first Seq, recs []Record) {
		j.replay(first, recs)
		j.idx.Committed(s.first, first, recs)
	}
	torn, err := sc.run()
	if err != nil || limit != 0 {
		return err
	}
	if torn > 0 {
		j.log.Warn("journal: cutting off what a crash left of a write",
			"segment", s.path, "last", s.last, "bytes", torn)
		if err := f.Truncate(s.end); err != nil {
			return fmt.Errorf("journal: cut off torn write: %w", err)
		}
		size = s.end
	}
	if err := resync(f, sc.batch, s.end); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if len(s.damage) == 0 {
		c.file, c.alloc = f, size
		if len(s.frames) > 0 {
			c.since = s.created
		}
	}
	return nil
}

// resync makes what was read from a file durable. It may so far be in the
// kernel's memory only, and if the last write's sync failed, the kernel takes
// that for written: so the last write is made again.
func resync(f durable.File, from, to int64) error {
	if from >= headerLen && from < to {
		p := make([]byte, to-from)
		if _, err := f.ReadAt(p, from); err != nil {
			return err
		}
		if _, err := f.WriteAt(p, from); err != nil {
			return err
		}
	}
	return f.Sync()
}

// addLoaded adds a segment, and another in front of it for records that are
// missing.
func (j *Journal) addLoaded(s *segment) {
	if n := len(j.segs); n > 0 {
		before := j.segs[n-1]
		if before.last+1 == s.first && len(before.damage) == 0 && before.hash != s.prevHash && s.prevHash != (Hash{}) {
			s.damage = append(s.damage, s.corrupt(0, 0, 0, fmt.Errorf("%w: of the segment before", errHash)))
		}
	}
	j.segs = append(j.segs, s)
}

// report tells of damage, and of a sealed segment to the index.
func (j *Journal) report(s *segment) error {
	for _, d := range s.damage {
		j.log.Error("journal: damage", "segment", s.path, "offset", d.Offset,
			"first", d.First, "next", d.Next, "err", d.Err)
	}
	if !s.sealed {
		return nil
	}
	ctx := context.Background()
	err := j.idx.Load(ctx, s.info())
	if err == nil {
		return nil
	}
	j.log.Warn("journal: building the index of a segment anew", "segment", s.path, "err", err)
	if err := j.idx.Seal(ctx, s.info(), j.readable(ctx, s)); err != nil {
		return fmt.Errorf("journal: index %s: %w", s.path, err)
	}
	return nil
}
