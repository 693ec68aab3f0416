package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sort"
	"sync/atomic"

	"github.com/cairn-audit/cairn/internal/durable"
	"github.com/cairn-audit/cairn/internal/journal"
)

// DamagedError says that an index file does not hold what was written to it. The
// index can be built again from its segment.
type DamagedError struct {
	Path string
	Err  error
}

func (e *DamagedError) Error() string { return fmt.Sprintf("index %s is damaged: %v", e.Path, e.Err) }

func (e *DamagedError) Unwrap() error { return e.Err }

// file is the index of a sealed segment, open for reading by any number of
// goroutines. Its owner holds one reference and every lookup that uses it
// another; the last one closes it.
type file struct {
	footer
	path string
	f    durable.File
	refs atomic.Int32

	order    []orderBlock
	postings []postingBlock
}

type orderBlock struct {
	first    position // of the first event
	at, end  uint32
	checksum uint32
}

type postingBlock struct {
	first    uint64
	at, end  uint32
	checksum uint32
}

// openFile opens the index of a segment. The error is a *DamagedError where the
// file is not the index of just these records.
func openFile(fsys durable.FS, path string, seg journal.SegmentInfo) (*file, error) {
	f, err := fsys.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("opening index: %w", err)
	}
	x := &file{path: path, f: f}
	x.refs.Store(1)
	if err := x.readDirectory(seg); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return x, nil
}

func (x *file) readDirectory(seg journal.SegmentInfo) error {
	size, err := x.f.Size()
	if err != nil {
		return fmt.Errorf("opening index: %w", err)
	}
	if size < int64(len(magic))+footerSize {
		return x.damaged(errNotIndex)
	}
	b, err := x.read(0, len(magic))
	if err != nil {
		return err
	}
	if string(b) != magic {
		return x.damaged(errNotIndex)
	}
	if b, err = x.read(size-footerSize, footerSize); err != nil {
		return err
	}
	if err := x.footer.parse(b, size); err != nil {
		return x.damaged(err)
	}
	if x.first != seg.First || x.last != seg.Last || x.hash != seg.Hash {
		return x.damaged(fmt.Errorf("it is of records %d to %d with another hash or number", x.first, x.last))
	}
	if b, err = x.read(int64(x.directory), int(x.directorySize())); err != nil {
		return err
	}
	if checksum(b) != x.dirChecksum {
		return x.damaged(errors.New("the directory's checksum is wrong"))
	}
	return x.parseDirectory(b)
}

// parseDirectory checks what the readers of blocks rely on: blocks follow each
// other and their first elements ascend.
func (x *file) parseDirectory(b []byte) error {
	place := func(b []byte) (uint32, uint32) {
		return binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	}
	x.order = make([]orderBlock, x.orderBlocks())
	x.postings = make([]postingBlock, x.postingBlocks())
	for i := range x.order {
		o := &x.order[i]
		o.first.time = int64(binary.LittleEndian.Uint64(b))
		o.first.seq = x.footer.first + journal.Seq(binary.LittleEndian.Uint32(b[8:]))
		o.at, o.checksum = place(b[12:])
		b = b[orderEntry:]
	}
	for i := range x.postings {
		p := &x.postings[i]
		p.first = binary.LittleEndian.Uint64(b)
		p.at, p.checksum = place(b[8:])
		b = b[postEntry:]
	}
	end := uint32(x.directory)
	for i := len(x.postings) - 1; i >= 0; i-- {
		p := &x.postings[i]
		if p.at > end || p.first&rankMask >= uint64(x.events) ||
			i+1 < len(x.postings) && p.first >= x.postings[i+1].first {
			return x.damaged(fmt.Errorf("posting block %d is out of order", i))
		}
		p.end, end = end, p.at
	}
	for i := len(x.order) - 1; i >= 0; i-- {
		o := &x.order[i]
		if o.at > end || i+1 < len(x.order) && o.first.compare(x.order[i+1].first) >= 0 {
			return x.damaged(fmt.Errorf("order block %d is out of order", i))
		}
		o.end, end = end, o.at
	}
	return nil
}

func (x *file) read(at int64, n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := x.f.ReadAt(b, at); err != nil {
		return nil, fmt.Errorf("reading index %s: %w", x.path, err)
	}
	return b, nil
}

// readOrder reads an order block: the positions of the events of ranks
// block·blockLen and following.
func (x *file) readOrder(block int) ([]position, error) {
	o := &x.order[block]
	r, err := x.readBlock(o.at, o.end, o.checksum)
	if err != nil {
		return nil, err
	}
	out := make([]position, inBlock(block, uint64(x.events)))
	out[0] = o.first
	for i := 1; i < len(out); i++ {
		out[i].time = out[i-1].time + int64(r.uvarint())
		out[i].seq = journal.Seq(int64(out[i-1].seq) + r.varint())
		if out[i].compare(out[i-1]) <= 0 {
			return nil, x.damaged(fmt.Errorf("order block %d does not ascend", block))
		}
	}
	return out, x.endOfBlock(r)
}

// readPostings reads a posting block.
func (x *file) readPostings(block int) ([]uint64, error) {
	p := &x.postings[block]
	r, err := x.readBlock(p.at, p.end, p.checksum)
	if err != nil {
		return nil, err
	}
	out := make([]uint64, inBlock(block, x.footer.postings))
	out[0] = p.first
	for i := 1; i < len(out); i++ {
		out[i] = out[i-1] + r.uvarint()
		if out[i] <= out[i-1] || out[i]&rankMask >= uint64(x.events) {
			return nil, x.damaged(fmt.Errorf("posting block %d is out of order", block))
		}
	}
	return out, x.endOfBlock(r)
}

func (x *file) readBlock(at, end, sum uint32) (*reader, error) {
	b, err := x.read(int64(at), int(end-at))
	if err != nil {
		return nil, err
	}
	if checksum(b) != sum {
		return nil, x.damaged(fmt.Errorf("the checksum of the block at %d is wrong", at))
	}
	return &reader{b: b}, nil
}

func (x *file) endOfBlock(r *reader) error {
	if r.err != nil {
		return x.damaged(r.err)
	}
	if len(r.b) > 0 {
		return x.damaged(errors.New("a block is too long"))
	}
	return nil
}

// rankOf returns how many events have positions less than p.
func (x *file) rankOf(p position) (uint32, error) {
	block := sort.Search(len(x.order), func(i int) bool { return x.order[i].first.compare(p) >= 0 }) - 1
	if block < 0 {
		return 0, nil
	}
	events, err := x.readOrder(block)
	if err != nil {
		return 0, err
	}
	in := sort.Search(len(events), func(i int) bool { return events[i].compare(p) >= 0 })
	return uint32(block*blockLen + in), nil
}

func (x *file) damaged(err error) error { return &DamagedError{Path: x.path, Err: err} }

func (x *file) acquire() { x.refs.Add(1) }

// release gives a reference back. The file was only read, so there is nothing
// that an error of its closing could tell.
func (x *file) release() {
	if x.refs.Add(-1) == 0 {
		_ = x.f.Close()
	}
}
