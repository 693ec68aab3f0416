package history

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cairn-audit/cairn/internal/journal"
)

// A record can have many megabytes. What a lookup has in memory is bounded by
// reading a few records at a time, and by ending a page that has grown large.
const (
	readBatch    = 16
	maxPageBytes = 16 << 20
)

// Lookup returns a page of what the query asks for, newest first by (time,
// sequence). It shows every event whose Append returned before Lookup was
// called. The error is ErrQuery for a malformed query, else a failure of the
// disk or the context's.
func (h *History) Lookup(ctx context.Context, q Query) (Page, error) {
	if err := q.check(); err != nil {
		return Page{}, err
	}
	repaired := map[journal.SegmentID]bool{}
	for {
		page, err := h.lookup(ctx, &q)
		if err == nil {
			return page, nil
		}
		var broken *sourceError
		if errors.As(err, &broken) && !repaired[broken.seg.info.ID] {
			repaired[broken.seg.info.ID] = true
			err = h.repair(ctx, broken.seg, broken.err)
		}
		if err != nil {
			return Page{}, fmt.Errorf("looking up events: %w", err)
		}
	}
}

func (h *History) lookup(ctx context.Context, q *Query) (Page, error) {
	snap := h.snapshot(q)
	defer snap.release()
	found := newMerge(snap.in, snap.sources)

	var page Page
	// One more than the page holds tells whether there is a next.
	for size := 0; len(page.Entries) <= q.Limit && size < maxPageBytes; {
		seqs, err := found.take(min(readBatch, q.Limit+1-len(page.Entries)))
		if err != nil {
			return Page{}, err
		}
		if len(seqs) == 0 {
			return page, nil
		}
		before := len(page.Entries)
		if err := h.read(ctx, q, seqs, &page); err != nil {
			return Page{}, err
		}
		for _, e := range page.Entries[before:] {
			size += len(e.JSON)
		}
	}
	page.Entries = page.Entries[:min(q.Limit, len(page.Entries))]
	last := &page.Entries[len(page.Entries)-1]
	page.Next = &Position{Time: last.Time, Seq: last.Seq, Newest: snap.in.newest}
	return page, nil
}

// read appends the entries of the given numbers that do match. Records that
// retention has dropped meanwhile are left out.
func (h *History) read(ctx context.Context, q *Query, seqs []journal.Seq, page *Page) error {
	for len(seqs) > 0 {
		recs, err := h.fetch(ctx, seqs)
		if err == nil {
			return q.take(seqs, recs, page)
		}
		before := len(seqs)
		var dropped *journal.NotFoundError
		var damage *journal.CorruptError
		switch {
		case errors.As(err, &dropped):
			seqs = slices.DeleteFunc(seqs, func(s journal.Seq) bool { return s < dropped.First })
		case errors.As(err, &damage):
			seqs = slices.DeleteFunc(seqs, func(s journal.Seq) bool { return s >= damage.First && s < damage.Next })
			page.Unreadable += before - len(seqs)
			h.log.Error("events cannot be shown", "events", before-len(seqs), "error", err)
		}
		if len(seqs) == before {
			return err
		}
	}
	return nil
}

// take decodes the records and appends those that match.
func (q *Query) take(seqs []journal.Seq, recs []journal.Record, page *Page) error {
	if len(recs) != len(seqs) {
		return fmt.Errorf("asked the journal for %d records and got %d", len(seqs), len(recs))
	}
	for i, r := range recs {
		e, err := Decode(r.Data)
		if err != nil {
			return fmt.Errorf("record %d: %w", seqs[i], err)
		}
		if q.matches(&e) {
			e.Seq = seqs[i]
			page.Entries = append(page.Entries, e)
		}
	}
	return nil
}

// snapshot is the indexes at one moment, as far as they can have results.
type snapshot struct {
	in      span
	sources []*source
	files   []*segment // to be released
}

func (s *snapshot) release() {
	for _, seg := range s.files {
		seg.file.release()
	}
}

func (h *History) snapshot(q *Query) *snapshot {
	s := h.hold(q)
	for _, seg := range s.files {
		for _, prefix := range q.prefixes(seg.file.key) {
			s.sources = append(s.sources, &source{
				seg: seg, head: unopened(seg.file.maxTime),
				open: func(in span) (cursor, error) { return newFileCursor(seg.file, prefix, in) },
			})
		}
	}
	return s
}

// hold takes what needs the lock: the files' references and the views of the
// indexes in memory.
func (h *History) hold(q *Query) *snapshot {
	h.mu.RLock()
	defer h.mu.RUnlock()
	s := &snapshot{in: q.span(h.newest)}
	for _, seg := range h.segments {
		if seg.info.ID > s.in.newest {
			break // all of it came after the first page
		}
		if seg.mem != nil {
			s.addMemory(q, seg)
		} else if x := seg.file; x.events > 0 && x.maxTime >= s.in.from && x.minTime <= s.in.before.time {
			x.acquire()
			s.files = append(s.files, seg)
		}
	}
	return s
}

func (s *snapshot) addMemory(q *Query, seg *segment) {
	newest, ok := seg.mem.newest()
	if !ok || newest < s.in.from {
		return
	}
	for _, prefix := range q.prefixes(seg.mem.key) {
		if c := seg.mem.view(prefix); c.head != 0 {
			s.sources = append(s.sources, &source{
				seg: seg, head: unopened(newest),
				open: func(in span) (cursor, error) { return newChainCursor(c, in), nil },
			})
		}
	}
}
