package journal

import "time"

// maxBatchBytes bounds the data of one write, and with it how long a sync may
// take. One append may exceed it.
const maxBatchBytes = 8 << 20

// batch is what is written and synced at once: whole appends, in frames.
type batch struct {
	seg    *segment // set by dispatch
	when   time.Time
	reqs   []*request
	first  Seq
	recs   []Record // of reqs, in order
	bytes  int
	room   int64
	packed int // how many of recs are in frames
	loose  int // bytes of those that are not
	frames []frameRef
	buf    []byte // the frames; their offsets count from its start
	hash   Hash   // after the records that are packed
}

func (b *batch) empty() bool { return len(b.reqs) == 0 }

func (b *batch) reset(first Seq, at Hash) {
	clear(b.reqs)
	clear(b.recs)
	if cap(b.buf) > 4*maxBatchBytes {
		b.buf = nil
	}
	*b = batch{first: first, hash: at, reqs: b.reqs[:0], recs: b.recs[:0], frames: b.frames[:0], buf: b.buf[:0]}
}

func (b *batch) next() Seq { return b.first + Seq(len(b.recs)) }

func (b *batch) add(r *request) {
	b.reqs = append(b.reqs, r)
	b.recs = append(b.recs, r.recs...)
	b.bytes += r.bytes
	b.loose += r.bytes
	b.room += r.room()
}

// full reports whether what is not packed yet makes a frame.
func (b *batch) full() bool {
	return len(b.recs)-b.packed >= frameRecords || b.loose >= frameFill
}

// pack puts what is not packed yet into a frame. The records of an append are
// never in two, so that they commit together.
func (b *batch) pack(p *packer, c *chain) {
	recs := b.recs[b.packed:]
	if len(recs) == 0 {
		return
	}
	first := b.first + Seq(b.packed)
	off := len(b.buf)
	b.hash = c.addAll(recs)
	b.buf = p.pack(b.buf, recordFrame, first, recs, b.hash)
	b.frames = append(b.frames, frameRef{
		first: first, off: int64(off), size: uint32(len(b.buf) - off), count: uint32(len(recs)),
	})
	b.packed, b.loose = len(b.recs), 0
}

// stamp completes the frames for the segment that the batch goes to.
func (b *batch) stamp(s *segment, when time.Time) {
	b.seg, b.when = s, when
	for _, f := range b.frames {
		stamp(b.buf[f.off:f.off+int64(f.size)], &s.salt, uint32(f.off), when)
	}
}
