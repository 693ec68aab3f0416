package history

import (
	"github.com/cairn-audit/cairn/internal/journal"
)

// committer is what Committed works with: the segment that is being written, and
// memory to use again.
type committer struct {
	id     journal.SegmentID
	mem    *memory
	hasher *hasher
	batch  batch
}

// batch is events made ready outside the lock.
type batch struct {
	header   header
	events   []prepared
	prefixes []uint64
}

type prepared struct {
	seq     journal.Seq
	seconds int64
	end     int // of its prefixes
}

// Committed makes records visible to lookups. A record that is no entry is
// logged and cannot be found.
func (h *History) Committed(seg journal.SegmentID, first journal.Seq, recs []journal.Record) {
	c := &h.committer
	if c.mem == nil || c.id != seg {
		c.id, c.mem = seg, newMemory(seg)
		c.hasher = newHasher(c.mem.key)
		h.put(&segment{info: journal.SegmentInfo{ID: seg}, mem: c.mem})
	}
	c.batch.reset()
	for i, r := range recs {
		if err := c.batch.prepare(c.hasher, first+journal.Seq(i), r); err != nil {
			h.log.Error("an event cannot be indexed", "seq", first+journal.Seq(i), "error", err)
		}
	}
	h.mu.Lock()
	err := c.batch.addTo(c.mem)
	c.mem.next = first + journal.Seq(len(recs))
	h.newest = max(h.newest, c.mem.next-1)
	h.mu.Unlock()
	if err != nil {
		h.log.Error("an event cannot be indexed", "error", err)
	}
}

func (b *batch) reset() {
	b.events, b.prefixes = b.events[:0], b.prefixes[:0]
}

// prepare takes in a record; intents are not shown and not indexed.
func (b *batch) prepare(hash *hasher, seq journal.Seq, r journal.Record) error {
	if r.Kind != journal.Event {
		return nil
	}
	if err := b.header.parse(r.Data); err != nil {
		return err
	}
	b.prefixes = hash.prefixes(b.prefixes, &b.header)
	b.events = append(b.events, prepared{seq, b.header.seconds, len(b.prefixes)})
	return nil
}

// addTo adds the events to an index; the error is that of the last that could
// not be added.
func (b *batch) addTo(m *memory) (err error) {
	begin := 0
	for _, e := range b.events {
		if failed := m.add(e.seq, e.seconds, b.prefixes[begin:e.end]); failed != nil {
			err = failed
		}
		begin = e.end
	}
	return err
}
