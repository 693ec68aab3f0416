package journal

import (
	"bytes"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/cairn-audit/cairn/internal/durable"
	"github.com/cairn-audit/cairn/internal/durable/faultfs"
)

// readAll returns what a file holds.
func readAll(t testing.TB, fsys durable.FS, path string) []byte {
	t.Helper()
	f, err := fsys.OpenFile(path, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, size)
	if _, err := f.ReadAt(p, 0); err != nil {
		t.Fatal(err)
	}
	return p
}

// put makes a file, and its directory.
func put(t testing.TB, fsys durable.FS, path string, p []byte) {
	t.Helper()
	if err := fsys.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(fsys, path, p, 0o600); err != nil {
		t.Fatal(err)
	}
}

// written makes a journal of a few frames and returns its only
// segment's path, and where its last frame begins and ends.
func written(t *testing.T, m *model, o Options) (path string, start, end int64) {
	t.Helper()
	j := open(t, "/j", o)
	seq, err := m.append(j, m.record(Intent, 0))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := m.append(j, m.record(Event, 0), m.record(Event, 0)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := m.append(j, m.record(Event, seq), m.record(Intent, 0)); err != nil {
		t.Fatal(err)
	}
	s := j.segs[0]
	start, end = s.frames[len(s.frames)-1].off, s.end
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return s.path, start, end
}

// TestTornTailIsCut cuts the last frame at every byte, and fills up with nothing,
// with zeros and with rubbish, as a crash would.
func TestTornTailIsCut(t *testing.T) {
	o := small(faultfs.New(nil))
	o.SegmentRecords = 1000
	m := newModel(t)
	path, start, end := written(t, m, o)
	whole := readAll(t, o.FS, path)
	// What the last frame held was acknowledged, but this crash takes it back.
	before := newModel(t)
	for seq, r := range m.acked {
		if seq <= m.last-2 {
			before.acked[seq] = r
		}
	}
	before.last, before.n = m.last-2, m.n
	tails := map[string][]byte{"": nil, "zeros": make([]byte, 3000), "rubbish": bytes.Repeat([]byte("\xc1FRMrubbish"), 300)}
	for cut := start; cut < end; cut++ {
		for name, tail := range tails {
			o.FS = faultfs.New(nil)
			put(t, o.FS, path, append(whole[:cut:cut], tail...))
			j, err := Open("/j", NoIndex{}, o)
			if err != nil {
				t.Fatalf("cut at %d, then %q: %v", cut, name, err)
			}
			m := before.clone()
			m.check(j, false)
			if _, err := m.append(j, m.record(Event, 1)); err != nil {
				t.Fatalf("cut at %d, then %q: %v", cut, name, err)
			}
			m.check(j, false)
			if d := j.Segments()[0].Damage; d != nil {
				t.Fatalf("cut at %d, then %q: %v", cut, name, d)
			}
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if t.Failed() {
			t.FailNow()
		}
	}
}

// TestDamageIsReportedAndTheRestIsServed flips each byte of a sealed and of an
// unsealed segment in turn. Whatever cannot be read must say so; all else must be
// what was appended, and the journal must go on.
func TestDamageIsReportedAndTheRestIsServed(t *testing.T) {
	for _, seal := range []bool{false, true} {
		name := map[bool]string{false: "unsealed", true: "sealed"}[seal]
		t.Run(name, func(t *testing.T) {
			fsys := faultfs.New(nil)
			o := small(fsys)
			o.SegmentRecords = 8
			m := newModel(t)
			j := open(t, "/j", o)
			for range 12 {
				if _, err := m.append(j, m.record(Event, 0)); err != nil {
					t.Fatal(err)
				}
			}
			if seal {
				if err := j.sealAll(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			first := j.Segments()[0]
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			whole := readAll(t, fsys, first.Path)
			for at := range first.Bytes {
				damaged := bytes.Clone(whole)
				damaged[at] ^= 0x10
				o.FS = fsys.Exit()
				put(t, o.FS, first.Path, damaged)
				checkDamaged(t, m, o, at)
				if t.Failed() {
					t.FailNow()
				}
			}
		})
	}
}

func checkDamaged(t *testing.T, m *model, o Options, at int64) {
	t.Helper()
	j, err := Open("/j", NoIndex{}, o)
	if err != nil {
		t.Fatalf("byte %d: %v", at, err)
	}
	defer j.Close()
	if j.Last() != m.last {
		t.Fatalf("byte %d: last is %d, want %d", at, j.Last(), m.last)
	}
	lost := 0
	r := j.Follow(1)
	for r.next <= j.Last() {
		e, err := r.Next(t.Context())
		var damage *CorruptError
		if errors.As(err, &damage) {
			if damage.First != r.next || damage.Next <= r.next {
				t.Fatalf("byte %d: at %d: %v goes on at %d", at, r.next, err, damage.Next)
			}
			lost += int(damage.Next - damage.First)
			r = j.Follow(damage.Next)
			continue
		}
		if err != nil {
			t.Fatalf("byte %d: at %d: %v", at, r.next, err)
		}
		if !same(m.acked[e.Seq], e.Record) {
			t.Fatalf("byte %d: record %d is %q", at, e.Seq, e.Data)
		}
	}
	if err := j.Verify(t.Context()); err == nil {
		t.Fatalf("byte %d: Verify found nothing; %d records lost", at, lost)
	}
}

// TestDamagedActiveSegmentIsLeftAlone damages a frame that others follow: it is
// not a torn write, so nothing is cut off, and what follows goes elsewhere.
func TestDamagedActiveSegmentIsLeftAlone(t *testing.T) {
	o := small(faultfs.New(nil))
	o.SegmentRecords = 1000
	m := newModel(t)
	path, _, _ := written(t, m, o)
	whole := readAll(t, o.FS, path)
	damaged := bytes.Clone(whole)
	damaged[headerLen+frameHeaderLen+5]++ // in the first frame, of the intent 1
	put(t, o.FS, path, damaged)
	var log bytes.Buffer
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	j := open(t, "/j", o)
	if j.Last() != m.last {
		t.Fatalf("last is %d, want %d", j.Last(), m.last)
	}
	var damage *CorruptError
	if _, err := j.Get(t.Context(), []Seq{1}); !errors.As(err, &damage) || damage.First != 1 || damage.Next != 2 {
		t.Errorf("Get(1): %v, want damage of record 1", err)
	}
	if recs, err := j.Get(t.Context(), []Seq{2}); err != nil || !same(recs[0], m.acked[2]) {
		t.Errorf("Get(2): %v, %v", recs, err)
	}
	if seq, err := m.append(j, m.record(Event, 0)); err != nil || seq != m.last {
		t.Errorf("append: %d, %v", seq, err)
	}
	if !bytes.Equal(readAll(t, o.FS, path), damaged) {
		t.Error("the damaged file was changed")
	}
	if !bytes.Contains(log.Bytes(), []byte("damage")) {
		t.Error("damage was not logged")
	}
}
