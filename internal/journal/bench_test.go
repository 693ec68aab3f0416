package journal

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cairn-audit/cairn/internal/durable"
)

// BenchmarkAppend appends events from many goroutines, each waiting for its own
// to be durable, and beside it writes the same events in writes of the same
// sizes, each followed by fdatasync: the limit.
func BenchmarkAppend(b *testing.B) {
	events := make([][]byte, 1<<14)
	size := 0
	g := newTraffic(1)
	for i := range events {
		events[i] = g.event()
		size += len(events[i])
	}
	for _, callers := range []int{1, 16, 64, 256, 1024} {
		var perSync float64
		b.Run(fmt.Sprintf("journal/callers=%d", callers), func(b *testing.B) {
			perSync = benchJournal(b, events, callers)
		})
		b.Run(fmt.Sprintf("raw/callers=%d", callers), func(b *testing.B) {
			benchRaw(b, events, max(1, int(perSync+0.5)))
		})
	}
}

// syncCounter counts the syncs of files.
type syncCounter struct {
	durable.OS
	syncs atomic.Int64
}

type countedFile struct {
	durable.File
	fs *syncCounter
}

func (c *syncCounter) OpenFile(name string, flag int, perm os.FileMode) (durable.File, error) {
	f, err := c.OS.OpenFile(name, flag, perm)
	return countedFile{f, c}, err
}

func (f countedFile) Datasync() error {
	f.fs.syncs.Add(1)
	return f.File.Datasync()
}

func benchJournal(b *testing.B, events [][]byte, callers int) (perSync float64) {
	fsys := &syncCounter{}
	j, err := Open(filepath.Join(b.TempDir(), "j"), NoIndex{}, Options{FS: fsys, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	ctx := context.Background()
	var n atomic.Int64
	var wg sync.WaitGroup
	fsys.syncs.Store(0)
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
				if _, err := j.Append(ctx, Record{Kind: Event, Data: events[i%int64(len(events))]}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	perSync = float64(b.N) / float64(fsys.syncs.Load())
	var bytes int64
	for _, s := range j.Segments() {
		bytes += s.Bytes
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(bytes)/float64(b.N), "bytes/event")
	b.ReportMetric(perSync, "events/sync")
	return perSync
}

func benchRaw(b *testing.B, events [][]byte, perSync int) {
	f, err := durable.OS{}.OpenFile(filepath.Join(b.TempDir(), "raw"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	var buf []byte
	var off int64
	for i := 0; i < b.N; i += perSync {
		buf = buf[:0]
		for k := range min(perSync, b.N-i) {
			buf = append(buf, events[(i+k)%len(events)]...)
		}
		if err := durable.Append(f, buf, off); err != nil {
			b.Fatal(err)
		}
		off += int64(len(buf))
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(off)/float64(b.N), "bytes/event")
}

// BenchmarkGet reads 50 records from anywhere in a journal of sealed segments.
func BenchmarkGet(b *testing.B) {
	j, err := Open(filepath.Join(b.TempDir(), "j"), NoIndex{},
		Options{SegmentRecords: 50_000, CacheBytes: 1 << 20, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	ctx := context.Background()
	g := newTraffic(1)
	for range 200 {
		recs := make([]Record, 1000)
		for i := range recs {
			recs[i] = Record{Kind: Event, Data: g.event()}
		}
		var wg sync.WaitGroup
		for i := range recs {
			wg.Go(func() { _, _ = j.Append(ctx, recs[i]) })
		}
		wg.Wait()
	}
	rng := rand.New(rand.NewPCG(1, 1))
	seqs := make([]Seq, 50)
	for b.Loop() {
		for i := range seqs {
			seqs[i] = 1 + Seq(rng.Uint64N(uint64(j.Last())))
		}
		if _, err := j.Get(ctx, seqs); err != nil {
			b.Fatal(err)
		}
	}
}
