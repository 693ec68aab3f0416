package history

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/cairn-audit/cairn/internal/durable"
	"github.com/cairn-audit/cairn/internal/journal"
)

// rebuildBatch is how many records are indexed between two looks at the context.
const rebuildBatch = 1024

// index makes the index of a segment from its records.
func (h *History) index(ctx context.Context, seg journal.SegmentInfo, recs iter.Seq2[journal.Entry, error]) (*memory, error) {
	m := newMemory(seg.First)
	hash := newHasher(m.key)
	var b batch
	n := 0
	for entry, err := range recs {
		if err != nil {
			return nil, fmt.Errorf("indexing segment %d: %w", seg.ID, err)
		}
		if n++; n%rebuildBatch == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("indexing segment %d: %w", seg.ID, context.Cause(ctx))
		}
		b.reset()
		if err := b.prepare(hash, entry.Seq, entry.Record); err != nil {
			h.log.Error("an event cannot be indexed", "seq", entry.Seq, "error", err)
		}
		if err := b.addTo(m); err != nil {
			return nil, err
		}
	}
	m.next = seg.Last + 1
	return m, nil
}

// readable yields the records of a segment that the journal can read.
func (h *History) readable(ctx context.Context, seg journal.SegmentInfo) iter.Seq2[journal.Entry, error] {
	return func(yield func(journal.Entry, error) bool) {
		for from := seg.First; from <= seg.Last; {
			var damage *journal.CorruptError
			for entry, err := range h.journal.Read(ctx, from) {
				if errors.As(err, &damage) && damage.Next > from {
					break
				}
				from = entry.Seq + 1
				if err == nil && entry.Seq > seg.Last || !yield(entry, err) || err != nil {
					return
				}
			}
			if damage == nil {
				return
			}
			h.log.Error("records cannot be indexed", "segment", seg.ID, "error", damage)
			from = damage.Next
		}
	}
}

// store writes an index file and opens it. The caller holds h.building.
func (h *History) store(m *memory, seg journal.SegmentInfo) (*file, error) {
	b, err := build(m, seg)
	if err != nil {
		return nil, fmt.Errorf("building the index of segment %d: %w", seg.ID, err)
	}
	path := indexPath(seg)
	if err := durable.WriteFile(h.fs, path, b, 0o600); err != nil {
		return nil, fmt.Errorf("storing the index of segment %d: %w", seg.ID, err)
	}
	return openFile(h.fs, path, seg)
}

// repair builds the index of a segment again after a lookup could not read it,
// unless another lookup has done so meanwhile.
func (h *History) repair(ctx context.Context, broken *segment, cause error) error {
	h.building.Lock()
	defer h.building.Unlock()
	h.mu.RLock()
	i, there := h.find(broken.info.ID)
	current := there && h.segments[i] == broken
	h.mu.RUnlock()
	if !current {
		return nil
	}
	seg := broken.info
	h.log.Warn("the index of a segment cannot be read and is built again", "segment", seg.ID, "error", cause)
	m, err := h.index(ctx, seg, h.readable(ctx, seg))
	if err != nil {
		return err
	}
	x, err := h.store(m, seg)
	if err != nil {
		return err
	}
	h.replace(broken, &segment{info: seg, file: x})
	return nil
}

// replace puts a repaired segment in the place of the broken one, unless that
// has been removed meanwhile.
func (h *History) replace(broken, repaired *segment) {
	drop := repaired
	h.mu.Lock()
	if i, there := h.find(broken.info.ID); there && h.segments[i] == broken {
		next := append([]*segment(nil), h.segments...)
		next[i] = repaired
		h.segments, drop = next, broken
	}
	h.mu.Unlock()
	drop.file.release()
}
