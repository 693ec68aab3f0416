package journal

import "time"

// maxBatchBytes bounds the data of one write, and with it how long a sync may
// take. One append may exceed it.
const maxBatchBytes = 8 << 20

// batch is what is written and synced at once: whole appends, in frames.
type batch struct {
	seg   *segment // set by stamp
	when  time.Time
	reqs  []*request
	first Seq
	recs  []Record // of reqs, in order
	bytes int
	room  int64
	hash  Hash // after the records that are in frames

	framed int // how many of recs are in frames
	loose  int // bytes of those that are not
	packs  []*packing
	spare  []*packing
	frames []frameRef // set by assemble; their offsets count from the start of buf
	buf    []byte
}

// packing is a frame that is being packed. Whoever packs it owns it until there is
// a token in done.
type packing struct {
	first Seq
	recs  []Record
	hash  Hash
	out   []byte
	done  chan struct{}
}

func (k *packing) run(p *packer) {
	k.out = p.pack(k.out[:0], recordFrame, k.first, k.recs, k.hash)
	k.done <- struct{}{}
}

func (b *batch) empty() bool { return len(b.reqs) == 0 }

// reset empties the batch. Nothing of it is being packed.
func (b *batch) reset(first Seq, at Hash) {
	clear(b.reqs)
	clear(b.recs)
	for _, k := range b.packs {
		k.recs = nil
		if cap(k.out) <= frameFill {
			b.spare = append(b.spare, k)
		}
	}
	if cap(b.buf) > 4*maxBatchBytes {
		b.buf = nil
	}
	*b = batch{
		first: first, hash: at, reqs: b.reqs[:0], recs: b.recs[:0],
		packs: b.packs[:0], spare: b.spare, frames: b.frames[:0], buf: b.buf[:0],
	}
}

func (b *batch) next() Seq { return b.first + Seq(len(b.recs)) }

func (b *batch) add(r *request) {
	b.reqs = append(b.reqs, r)
	b.recs = append(b.recs, r.recs...)
	b.bytes += r.bytes
	b.loose += r.bytes
	b.room += r.room()
}

// full reports whether what is in no frame yet makes one.
func (b *batch) full() bool {
	return len(b.recs)-b.framed >= frameRecords || b.loose >= frameFill
}

// frame makes a frame of what is in none yet, to be packed by the caller; nil if
// there is nothing. The records of an append are never in two, so that they
// commit together.
func (b *batch) frame(c *chain) *packing {
	recs := b.recs[b.framed:]
	if len(recs) == 0 {
		return nil
	}
	var k *packing
	if n := len(b.spare); n > 0 {
		k, b.spare = b.spare[n-1], b.spare[:n-1]
	} else {
		k = &packing{done: make(chan struct{}, 1)}
	}
	b.hash = c.addAll(recs)
	k.first, k.recs, k.hash = b.first+Seq(b.framed), recs, b.hash
	b.packs = append(b.packs, k)
	b.framed, b.loose = len(b.recs), 0
	return k
}

// wait returns when nothing of the batch is being packed.
func (b *batch) wait() {
	for _, k := range b.packs {
		<-k.done
	}
}

// assemble waits for the frames, puts them together, and completes them for the
// segment that they go to.
func (b *batch) assemble(s *segment, when time.Time) {
	b.wait()
	b.seg, b.when = s, when
	for _, k := range b.packs {
		off := len(b.buf)
		stamp(k.out, &s.salt, uint32(off), when)
		b.buf = append(b.buf, k.out...)
		b.frames = append(b.frames, frameRef{
			first: k.first, off: int64(off), size: uint32(len(k.out)), count: uint32(len(k.recs)),
		})
	}
}
