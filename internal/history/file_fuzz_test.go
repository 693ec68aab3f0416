package history

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"math/rand/v2"
	"testing"

	"github.com/cairn-audit/cairn/internal/durable"
	"github.com/cairn-audit/cairn/internal/journal"
)

// oneFile is a file system of one file, to be read.
type oneFile struct {
	durable.FS
	data []byte
}

func (f oneFile) OpenFile(string, int, fs.FileMode) (durable.File, error) {
	return readOnlyFile{Reader: bytes.NewReader(f.data)}, nil
}

type readOnlyFile struct {
	durable.File
	*bytes.Reader
}

func (f readOnlyFile) ReadAt(b []byte, at int64) (int, error) { return f.Reader.ReadAt(b, at) }
func (f readOnlyFile) Write([]byte) (int, error)              { return 0, fs.ErrPermission }
func (f readOnlyFile) Close() error                           { return nil }
func (f readOnlyFile) Size() (int64, error)                   { return f.Reader.Size(), nil }

// resum makes all checksums right, so that the fuzzer gets behind them.
func resum(b []byte) {
	if len(b) < footerSize {
		return
	}
	tail := b[len(b)-footerSize:]
	var f footer
	sum := func() {
		binary.LittleEndian.PutUint32(tail[footerSize-12:], checksum(tail[:footerSize-12]))
	}
	sum()
	if f.parse(tail, int64(len(b))) != nil {
		return
	}
	dir := b[f.directory : int64(f.directory)+f.directorySize()]
	x := &file{footer: f}
	if x.parseDirectory(dir) == nil {
		for i, o := range x.order {
			binary.LittleEndian.PutUint32(dir[i*orderEntry+16:], checksum(b[o.at:o.end]))
		}
		for i, p := range x.postings {
			binary.LittleEndian.PutUint32(dir[len(x.order)*orderEntry+i*postEntry+12:], checksum(b[p.at:p.end]))
		}
	}
	binary.LittleEndian.PutUint32(tail[16+32+7*8:], checksum(dir))
	sum()
}

// FuzzIndexFile: whatever an index file holds, opening and searching it ends,
// with results or an error.
func FuzzIndexFile(f *testing.F) {
	gen := &generator{Rand: rand.New(rand.NewPCG(1, 1))}
	for _, events := range []int{0, 1, 40} {
		f.Add(buildSmall(f, gen, events))
	}
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = bytes.Clone(data)
		resum(data)
		var foot footer
		if len(data) < footerSize || foot.parse(data[len(data)-footerSize:], int64(len(data))) != nil {
			foot = footer{}
		}
		x, err := openFile(oneFile{data: data}, "index", journal.SegmentInfo{First: foot.first, Last: foot.last, Hash: foot.hash})
		if err != nil {
			return
		}
		defer x.release()
		prefixes := []uint64{0, 1 << 63}
		for _, p := range x.postings {
			prefixes = append(prefixes, p.first&^rankMask)
		}
		for _, prefix := range prefixes {
			walk(t, x, prefix)
		}
	})
}

func walk(t *testing.T, x *file, prefix uint64) {
	in := (&Query{}).span(1 << 62)
	c, err := newFileCursor(x, prefix, in)
	last := in.before
	for n := uint32(0); err == nil; n++ {
		var at position
		var ok bool
		if at, ok, err = c.next(); !ok {
			return
		}
		if at.compare(last) >= 0 || n > x.events {
			t.Fatalf("result %d, %v, follows %v", n, at, last)
		}
		last = at
	}
}

func buildSmall(tb testing.TB, gen *generator, events int) []byte {
	tb.Helper()
	m := newMemory(1)
	hash := newHasher(hashKey{})
	var b batch
	for i := range events {
		data, err := gen.entry().Encode()
		if err != nil {
			tb.Fatal(err)
		}
		b.reset()
		if err := b.prepare(hash, journal.Seq(i+1), journal.Record{Kind: journal.Event, Data: data}); err != nil {
			tb.Fatal(err)
		}
		if err := b.addTo(m); err != nil {
			tb.Fatal(err)
		}
	}
	m.key = hashKey{}
	out, err := build(m, journal.SegmentInfo{First: 1, Last: journal.Seq(events)})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}
