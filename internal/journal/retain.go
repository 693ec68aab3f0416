package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Retain drops, oldest first, the segments all of whose records were committed
// before a time, and returns them. It stops at a segment that holds the record
// keep or a later one (0: there is no such limit); callers pass the least of what
// their followers still have to read. The active segment always stays, and with
// it every open intent: each segment begins with those of the one before.
//
// With an error, the segments that are returned are dropped nevertheless; if it
// comes from making that durable, a crash may bring them back.
func (j *Journal) Retain(ctx context.Context, before time.Time, keep Seq) (removed []SegmentInfo, err error) {
	select {
	case j.sealing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-j.sealing }()
	defer func() {
		if len(removed) > 0 {
			if serr := j.fs.SyncDir(filepath.Clean(j.dir)); serr != nil {
				err = errors.Join(err, fmt.Errorf("journal: retain: %w", serr))
			}
		}
	}()
	for {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		s := j.expired(before, keep)
		if s == nil {
			return removed, nil
		}
		// From the oldest on, so that after a crash what is left has no hole.
		if err := j.fs.Remove(s.path); err != nil && j.exists(s.path) {
			return removed, fmt.Errorf("journal: retain: %w", err)
		}
		j.mu.Lock()
		info := s.info()
		j.segs = append([]*segment(nil), j.segs[1:]...)
		j.mu.Unlock()
		s.file.retire()
		j.cache.drop(s)
		j.followed.drop(s)
		j.idx.Removed(info)
		removed = append(removed, info)
	}
}

// exists reports whether a file is there, as far as can be told.
func (j *Journal) exists(path string) bool {
	f, err := j.fs.OpenFile(path, os.O_RDONLY, 0)
	if err == nil {
		_ = f.Close()
	}
	return !errors.Is(err, fs.ErrNotExist)
}

// expired returns the oldest segment if it may go.
func (j *Journal) expired(before time.Time, keep Seq) *segment {
	j.mu.RLock()
	defer j.mu.RUnlock()
	s := j.segs[0]
	if len(j.segs) == 1 || !s.lastCommit.Before(before) || keep != 0 && s.last >= keep {
		return nil
	}
	return s
}
