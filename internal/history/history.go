package history

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"log/slog"
	"slices"
	"sync"

	"github.com/cairn-audit/cairn/internal/durable"
	"github.com/cairn-audit/cairn/internal/journal"
)

// Journal is what the history needs of the journal.
type Journal interface {
	// Get returns the records of the given numbers, in their order.
	Get(ctx context.Context, seqs []journal.Seq) ([]journal.Record, error)
	// Read yields the records from a number on.
	Read(ctx context.Context, from journal.Seq) iter.Seq2[journal.Entry, error]
}

// History indexes a journal's events and looks them up. It is the journal's
// Indexer. Lookups may run at any time, from any goroutine.
type History struct {
	fs      durable.FS
	log     *slog.Logger
	journal Journal

	// building lets one index be built at a time: it takes about as much memory
	// again as the segment's index, and the disk's time.
	building sync.Mutex

	// committer is owned by the goroutine that calls Committed.
	committer committer

	// mu guards all that follows, the segments' fields, and the order of
	// additions to indexes in memory and views of them. It is held for
	// microseconds: the journal commits under it.
	mu sync.RWMutex
	// segments from the oldest. The slice is replaced, never changed.
	segments []*segment
	// newest is the last record that lookups can see.
	newest journal.Seq
}

var _ journal.Indexer = (*History)(nil)

// segment is the index of a segment: in memory until it is sealed, then a file.
// It does not change but for what is added in memory; sealing replaces it.
type segment struct {
	info journal.SegmentInfo // ID only, until it is sealed
	mem  *memory
	file *file
}

// New makes a history without events. The journal tells it of them when it is
// opened with the history as its Indexer; then Attach completes it.
func New(fsys durable.FS, log *slog.Logger) *History {
	return &History{fs: fsys, log: log}
}

// Attach says from where to read the records of what is found. It is called once,
// before the first lookup.
func (h *History) Attach(j Journal) { h.journal = j }

// Close gives up the index files. Lookups that run are not disturbed, later ones
// find nothing. The journal is closed before.
func (h *History) Close() {
	h.mu.Lock()
	segments := h.segments
	h.segments = nil
	h.mu.Unlock()
	for _, s := range segments {
		if s.file != nil {
			s.file.release()
		}
	}
}

// indexPath is where the index of a segment is.
func indexPath(seg journal.SegmentInfo) string { return seg.Path + ".index" }

// Load takes the index file of a sealed segment into use.
func (h *History) Load(_ context.Context, seg journal.SegmentInfo) error {
	x, err := openFile(h.fs, indexPath(seg), seg)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			h.log.Warn("the index of a segment cannot be used and is built again",
				"segment", seg.ID, "error", err)
		}
		return err
	}
	h.put(&segment{info: seg, file: x})
	return nil
}

// Seal writes the index file of a segment, from its index in memory if that is
// complete, else from its records.
func (h *History) Seal(ctx context.Context, seg journal.SegmentInfo, recs iter.Seq2[journal.Entry, error]) error {
	h.building.Lock()
	defer h.building.Unlock()
	m := h.memoryOf(seg.ID)
	if m == nil || m.first != seg.First || m.next != seg.Last+1 {
		var err error
		if m, err = h.index(ctx, seg, recs); err != nil {
			return err
		}
	}
	x, err := h.store(m, seg)
	if err != nil {
		return err
	}
	h.put(&segment{info: seg, file: x})
	return nil
}

// Removed forgets a segment and removes its index file.
func (h *History) Removed(seg journal.SegmentInfo) {
	h.mu.Lock()
	var old *segment
	if i, there := h.find(seg.ID); there {
		old = h.segments[i]
		h.segments = slices.Concat(h.segments[:i], h.segments[i+1:])
	}
	h.mu.Unlock()
	if old != nil && old.file != nil {
		old.file.release()
	}
	if err := durable.Remove(h.fs, indexPath(seg)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.log.Warn("the index of a removed segment stays behind", "segment", seg.ID, "error", err)
	}
}

// put adds a segment or replaces it.
func (h *History) put(s *segment) {
	h.mu.Lock()
	i, there := h.find(s.info.ID)
	var old *segment
	next := slices.Clone(h.segments)
	if there {
		old = next[i]
		next[i] = s
	} else {
		next = slices.Insert(next, i, s)
	}
	h.segments = next
	if s.file != nil {
		h.newest = max(h.newest, s.info.Last)
	}
	h.mu.Unlock()
	if old != nil && old.file != nil {
		old.file.release()
	}
}

// find is called with mu held.
func (h *History) find(id journal.SegmentID) (int, bool) {
	return slices.BinarySearchFunc(h.segments, id, func(s *segment, id journal.SegmentID) int {
		return cmp.Compare(s.info.ID, id)
	})
}

// memoryOf returns the index in memory of a segment, or nil.
func (h *History) memoryOf(id journal.SegmentID) *memory {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if i, there := h.find(id); there {
		return h.segments[i].mem
	}
	return nil
}

// Stats describes the indexes.
type Stats struct {
	Segments     int
	SealedEvents int   // events in index files
	SealedBytes  int64 // of those files
	MemoryEvents int   // events in memory
}

// Stats returns the sizes of the indexes at this moment.
func (h *History) Stats() Stats {
	h.mu.RLock()
	defer h.mu.RUnlock()
	out := Stats{Segments: len(h.segments)}
	for _, s := range h.segments {
		if s.mem != nil {
			out.MemoryEvents += int(s.mem.events.n)
			continue
		}
		out.SealedEvents += int(s.file.events)
		out.SealedBytes += s.file.size()
	}
	return out
}
