package journal

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
)

func open(t *testing.T, dir string, o Options) *Journal {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	j, err := Open(dir, NoIndex{}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

func TestAppendIsReadableWhenItReturns(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "j")
	j := open(t, dir, Options{SegmentRecords: 300})
	ctx := t.Context()
	for i := range 1000 {
		seq, err := j.Append(ctx, Record{Kind: Event, Data: fmt.Appendf(nil, "record %d", i)})
		if err != nil || seq != Seq(i+1) {
			t.Fatal(seq, err)
		}
		recs, err := j.Get(ctx, []Seq{seq})
		if err != nil || string(recs[0].Data) != fmt.Sprintf("record %d", i) {
			t.Fatal(recs, err)
		}
	}
	check := func(j *Journal) {
		t.Helper()
		n := 0
		for e, err := range j.Read(ctx, 1) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Seq != Seq(n+1) || string(e.Data) != fmt.Sprintf("record %d", n) {
				t.Fatal(e.Seq, string(e.Data))
			}
			n++
		}
		if n != 1000 {
			t.Fatal(n)
		}
		if err := j.Verify(ctx); err != nil {
			t.Fatal(err)
		}
	}
	check(j)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, dir, Options{SegmentRecords: 300})
	check(j)
	for _, s := range j.Segments() {
		t.Log(s)
	}
}
