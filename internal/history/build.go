package history

import (
	"cmp"
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"github.com/cairn-audit/cairn/internal/journal"
)

// ranked is an event in the order of results.
type ranked struct {
	time   int64
	offset uint32
	event  uint32 // place in the order of the journal
}

// build returns the index file of a segment, from its index in memory. The
// memory may be read meanwhile.
func build(m *memory, seg journal.SegmentInfo) ([]byte, error) {
	order := make([]ranked, m.events.n)
	for i := range m.events.n {
		e := m.events.at(i)
		order[i] = ranked{e.time, e.offset, i}
	}
	slices.SortFunc(order, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.offset, b.offset))
	})
	rank := make([]uint32, len(order))
	for r, e := range order {
		rank[e.event] = uint32(r)
	}

	b := builder{out: append(make([]byte, 0, 64+32*len(order)), magic...)}
	for r, e := range order {
		b.addEvent(r, e)
	}
	b.endBlock()
	b.inPostings = true
	for _, prefix := range slices.Sorted(maps.Keys(m.heads)) {
		b.addChain(m, prefix, rank)
	}
	b.endBlock()

	f := footer{
		key: m.key, first: seg.First, last: seg.Last, hash: seg.Hash,
		events: uint32(len(order)), postings: b.postings,
	}
	if len(order) > 0 {
		f.minTime, f.maxTime = order[0].time, order[len(order)-1].time
	}
	return b.finish(&f)
}

// builder writes blocks and remembers their directory.
type builder struct {
	out        []byte
	block      int // where the open block begins; 0 if none is open
	inPostings bool
	orderDir   []byte
	postDir    []byte

	last     ranked // the event before
	posting  uint64 // the posting before
	postings uint64
	ranks    []uint32
}

func (b *builder) addEvent(rank int, e ranked) {
	if rank%blockLen == 0 {
		b.endBlock()
		b.orderDir = binary.LittleEndian.AppendUint64(b.orderDir, uint64(e.time))
		b.orderDir = binary.LittleEndian.AppendUint32(b.orderDir, e.offset)
		b.beginBlock(&b.orderDir)
	} else {
		b.out = binary.AppendUvarint(b.out, uint64(e.time-b.last.time))
		b.out = binary.AppendVarint(b.out, int64(e.offset)-int64(b.last.offset))
	}
	b.last = e
}

// addChain writes the postings of a value, oldest first.
func (b *builder) addChain(m *memory, prefix uint64, rank []uint32) {
	b.ranks = b.ranks[:0]
	for at := m.heads[prefix]; at != 0; {
		n := m.nodes.at(at - 1)
		b.ranks = append(b.ranks, rank[n.event])
		at = n.prev
	}
	slices.Sort(b.ranks)
	for _, r := range b.ranks {
		b.addPosting(prefix | uint64(r))
	}
}

func (b *builder) addPosting(p uint64) {
	if b.postings%blockLen == 0 {
		b.endBlock()
		b.postDir = binary.LittleEndian.AppendUint64(b.postDir, p)
		b.beginBlock(&b.postDir)
	} else {
		b.out = binary.AppendUvarint(b.out, p-b.posting)
	}
	b.posting = p
	b.postings++
}

func (b *builder) beginBlock(dir *[]byte) {
	b.block = len(b.out)
	*dir = binary.LittleEndian.AppendUint32(*dir, uint32(b.block))
}

// endBlock adds the checksum of the block that is open, if one is, to the
// directory.
func (b *builder) endBlock() {
	if b.block == 0 {
		return
	}
	dir := &b.orderDir
	if b.inPostings {
		dir = &b.postDir
	}
	*dir = binary.LittleEndian.AppendUint32(*dir, checksum(b.out[b.block:]))
	b.block = 0
}

func (b *builder) finish(f *footer) ([]byte, error) {
	f.directory = uint64(len(b.out))
	b.out = append(b.out, b.orderDir...)
	b.out = append(b.out, b.postDir...)
	f.dirChecksum = checksum(b.out[f.directory:])
	b.out = f.append(b.out)
	if len(b.out) > maxIndexSize {
		return nil, errors.New("the index is larger than 4 GiB")
	}
	return b.out, nil
}
