package history

import (
	"log/slog"
	"runtime"
	"testing"

	"github.com/cairn-audit/cairn/internal/durable"
	"github.com/cairn-audit/cairn/internal/journal"
)

// records makes the journal records of n events.
func records(tb testing.TB, n int) []journal.Record {
	tb.Helper()
	g := newTraffic(1)
	out := make([]journal.Record, n)
	for i := range out {
		e := g.entry()
		data, err := e.Encode()
		if err != nil {
			tb.Fatal(err)
		}
		out[i] = journal.Record{Kind: journal.Event, Data: data}
	}
	return out
}

const benchSegment = 250_000

// BenchmarkCommitted is what the committer pays for an event, in batches of 128.
func BenchmarkCommitted(b *testing.B) {
	recs := records(b, benchSegment)
	h := New(durable.OS{}, slog.New(slog.DiscardHandler))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	seg, seq := journal.SegmentID(1), journal.Seq(1)
	at := 0
	for b.Loop() { // one event each
		if at%128 == 0 && at+128 <= len(recs) {
			h.Committed(seg, seq+journal.Seq(at), recs[at:at+128])
		}
		if at++; at == len(recs) {
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(recs)), "heap-B/event")
			h.Removed(journal.SegmentInfo{ID: seg, Path: b.TempDir() + "/none"})
			h.committer.mem = nil
			at, seg, seq = 0, seg+benchSegment, seq+benchSegment
		}
	}
}

// BenchmarkBuild is the making of a sealed segment's index file, without the
// writing.
func BenchmarkBuild(b *testing.B) {
	m := newMemory(1)
	hash := newHasher(m.key)
	var batch batch
	for i, r := range records(b, benchSegment) {
		batch.reset()
		if err := batch.prepare(hash, journal.Seq(i+1), r); err != nil {
			b.Fatal(err)
		}
		if err := batch.addTo(m); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		out, err := build(m, journal.SegmentInfo{First: 1, Last: benchSegment})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(out))/benchSegment, "index-B/event")
		b.ReportMetric(float64(m.postingCount())/benchSegment, "postings/event")
	}
}
