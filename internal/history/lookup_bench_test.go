package history

import (
	"cmp"
	"context"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/journal"
)

// benchEvents is CAIRN_BENCH_EVENTS, or 200,000.
func benchEvents(tb testing.TB) int {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("CAIRN_BENCH_EVENTS"), "200000"))
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// filled is a journal with its history and some of its events.
type filled struct {
	h      *History
	g      *traffic
	sample []Entry
}

func fill(b *testing.B, n int) filled {
	j, h := openJournal(b, b.TempDir(), journal.Options{SegmentRecords: max(n/20, 50_000)})
	f := filled{h: h, g: newTraffic(1)}
	batches := make(chan []journal.Record)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for recs := range batches {
				if _, err := j.Append(context.Background(), recs...); err != nil {
					b.Error(err)
				}
			}
		})
	}
	began := time.Now()
	// As many as a frame holds, as when many callers append at once.
	batch := make([]journal.Record, 0, 64)
	for i := range n {
		e := f.g.entry()
		data, err := e.Encode()
		if err != nil {
			b.Fatal(err)
		}
		if i%max(n/1000, 1) == 0 {
			e.JSON = nil
			f.sample = append(f.sample, e)
		}
		if batch = append(batch, journal.Record{Kind: journal.Event, Data: data}); len(batch) == cap(batch) || i == n-1 {
			batches <- batch
			batch = make([]journal.Record, 0, cap(batch))
		}
	}
	close(batches)
	wg.Wait()
	b.Logf("%d events generated and appended in %v", n, time.Since(began).Round(time.Millisecond))
	f.report(b, j, n)
	return f
}

// report waits until the segments are sealed and logs what an event takes.
func (f filled) report(b *testing.B, j *journal.Journal, n int) {
	unsealed := func(s journal.SegmentInfo) bool { return !s.Sealed }
	for segs := j.Segments(); slices.ContainsFunc(segs[:len(segs)-1], unsealed); segs = j.Segments() {
		time.Sleep(20 * time.Millisecond)
	}
	var log int64
	for _, s := range j.Segments() {
		log += s.Bytes
	}
	stats := f.h.Stats()
	b.Logf("%d segments, %d events sealed: %.1f bytes/event of log, %.1f of index",
		stats.Segments, stats.SealedEvents, float64(log)/float64(n), float64(stats.SealedBytes)/float64(max(1, stats.SealedEvents)))
}

// BenchmarkLookup reports the time of a page of 50 by each attribute: the newest
// page, the page after it, and a page of a random day.
func BenchmarkLookup(b *testing.B) {
	f := fill(b, benchEvents(b))
	for a := Any; a < endOfAttributes; a++ {
		b.Run(a.String(), func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				like := &f.sample[f.g.rng.IntN(len(f.sample))]
				q := f.g.query(a, like)
				switch f.g.rng.IntN(3) {
				case 0:
					q.To = like.Time.Add(time.Hour)
				case 1:
					q.From, q.To = like.Time.Add(-12*time.Hour), like.Time.Add(12*time.Hour)
				}
				for range 2 {
					began := time.Now()
					page, err := f.h.Lookup(context.Background(), q)
					took = append(took, time.Since(began))
					if err != nil {
						b.Fatal(err)
					}
					if len(page.Entries) == 0 {
						b.Fatalf("%+v: nothing found", q)
					}
					if q.After = page.Next; q.After == nil {
						break
					}
				}
			}
			slices.Sort(took)
			at := func(p float64) float64 { return took[int(p*float64(len(took)-1))].Seconds() * 1000 }
			b.ReportMetric(at(0.5), "p50-ms")
			b.ReportMetric(at(0.99), "p99-ms")
			b.ReportMetric(at(1), "max-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}
