package journal

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/cairn-audit/cairn/internal/durable/faultfs"
)

// images returns the file of a segment before and after it was sealed, and that
// of the segment that follows it.
func images(t testing.TB) (unsealed, sealed, next []byte) {
	fsys := faultfs.New(nil)
	o := small(fsys)
	j, err := Open("/j", NoIndex{}, o)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	m := newModel(t)
	seq, _ := m.append(j, m.record(Intent, 0))
	for range 10 {
		_, _ = m.append(j, m.record(Event, 0))
	}
	_, _ = m.append(j, m.record(Event, seq))
	path := j.Segments()[0].Path
	if second := j.Segments()[1].First; second != secondFirst {
		t.Fatalf("the second segment begins with %d", second)
	}
	unsealed = readAll(t, fsys, path)
	if err := j.sealAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	return unsealed, readAll(t, fsys, path), readAll(t, fsys, j.Segments()[1].Path)
}

// secondFirst is where the second segment of images begins.
const secondFirst = 11

// FuzzOpen opens a journal whose first segment, and one after it, is anything.
// With fix, the checksums of header and footer are made to fit.
func FuzzOpen(f *testing.F) {
	unsealed, sealed, next := images(f)
	for _, p := range [][]byte{nil, unsealed, sealed, unsealed[:len(unsealed)/2], sealed[:len(sealed)-10]} {
		f.Add(p, false, false)
		f.Add(p, true, true)
	}
	f.Fuzz(func(t *testing.T, p []byte, fix, last bool) {
		if fix && len(p) >= headerLen+footerLen {
			binary.LittleEndian.PutUint32(p[124:], new(salt).crc(p[:124]))
			s := salt(p[32:48])
			foot := p[len(p)-footerLen:]
			if start := binary.LittleEndian.Uint64(foot[8:]); start < uint64(len(p)-4) {
				binary.LittleEndian.PutUint32(p[len(p)-4:], s.crc(p[start:len(p)-4]))
			}
		}
		fsys := faultfs.New(nil)
		put(t, fsys, "/j/"+segmentName(1), p)
		if !last {
			put(t, fsys, "/j/"+segmentName(secondFirst), next)
		}
		j, err := Open("/j", NoIndex{}, small(fsys))
		if err != nil {
			if !last {
				t.Fatalf("a damaged segment with a successor keeps the journal from opening: %v", err)
			}
			return
		}
		defer j.Close()
		readOn(t, j)
		_ = j.Verify(t.Context())
		seq, err := j.Append(t.Context(), Record{Kind: Event, Data: []byte("more")})
		if err != nil {
			t.Fatal(err)
		}
		if recs, err := j.Get(t.Context(), []Seq{seq}); err != nil || string(recs[0].Data) != "more" {
			t.Fatalf("Get: %v, %v", recs, err)
		}
		_ = j.sealAll(t.Context())
		readOn(t, j)
	})
}

// readOn reads all that can be read, going on behind damage.
func readOn(t *testing.T, j *Journal) {
	t.Helper()
	r := j.Follow(j.First())
	for r.next <= j.Last() {
		if _, err := r.Next(t.Context()); err != nil {
			var damage *CorruptError
			if !errors.As(err, &damage) || damage.Next <= r.next {
				t.Fatalf("at %d: %v", r.next, err)
			}
			r = j.Follow(damage.Next)
		}
	}
}

// FuzzUnpack unpacks anything as a frame.
func FuzzUnpack(f *testing.F) {
	p, err := newPacker()
	if err != nil {
		f.Fatal(err)
	}
	u, err := newUnpacker()
	if err != nil {
		f.Fatal(err)
	}
	recs := []Record{{Kind: Intent, Data: []byte("one")}, {Kind: Event, Settles: 3, Data: []byte("two")}}
	frame := p.pack(nil, recordFrame, 5, recs, Hash{})
	h, err := parseFrameHeader(frame, &salt{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(frame[frameHeaderLen:], h.count, h.raw, uint64(h.first))
	f.Add([]byte{}, uint32(1), uint32(3), uint64(1))
	f.Fuzz(func(t *testing.T, packed []byte, count, raw uint32, first uint64) {
		// As parseFrameHeader has it.
		raw %= 1 << 20
		if count == 0 || count*3 > raw || count > 1<<20 {
			return
		}
		h := frameHeader{kind: recordFrame, count: count, packed: uint32(len(packed)), raw: raw, first: Seq(first)}
		recs, err := u.unpack(&h, packed)
		if err != nil {
			return
		}
		for i, r := range recs {
			if r.Settles >= h.first+Seq(i) && r.Settles != 0 {
				t.Fatalf("record %d settles %d", i, r.Settles)
			}
		}
		// What unpacks packs to the same.
		frame := p.pack(nil, recordFrame, h.first, recs, Hash{})
		g, err := parseFrameHeader(frame, &salt{})
		if err != nil {
			t.Fatal(err)
		}
		again, err := u.unpack(&g, frame[frameHeaderLen:])
		if err != nil {
			t.Fatal(err)
		}
		for i := range recs {
			if !same(recs[i], again[i]) {
				t.Fatalf("record %d is %v, was %v", i, again[i], recs[i])
			}
		}
	})
}
