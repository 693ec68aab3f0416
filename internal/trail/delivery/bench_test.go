package delivery_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/trail"
	"github.com/cairn-audit/cairn/internal/trail/delivery"
	"github.com/cairn-audit/cairn/internal/trail/selector"
)

// sink is an S3 that forgets.
type sink struct{ bytes atomic.Int64 }

func (s *sink) PutObject(_ context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	n, err := io.Copy(io.Discard, in.Body)
	s.bytes.Add(n)
	return &s3.PutObjectOutput{}, err
}

// BenchmarkDelivery brings a journal of events to S3, and compares that with
// reading the journal alone.
func BenchmarkDelivery(b *testing.B) {
	dataEvents := selector.Set{Advanced: []selector.Advanced{{Fields: []selector.Field{
		{Field: "eventCategory", Equals: []string{"Data"}},
		{Field: "resources.type", Equals: []string{"AWS::S3::Object"}},
		{Field: "resources.ARN", StartsWith: []string{"arn:aws:s3:::wanted/"}},
	}}}}
	for _, c := range []struct {
		name      string
		selectors selector.Set
	}{{"management events", everything}, {"data events of one bucket in ten", dataEvents}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				benchmarkDelivery(b, c.selectors)
			}
		})
	}
}

const benchmarkEvents = 200_000

func benchmarkDelivery(b *testing.B, selectors selector.Set) {
	to := &sink{}
	w := newWorld(b, delivery.Options{
		DeliveryInterval: time.Second, S3: func(*trail.Trail) (delivery.S3, error) { return to, nil },
	})
	w.createWith(selectors)
	w.fill(b)
	began := time.Now()
	for _, err := range w.journal.Read(b.Context(), 1) {
		if err != nil {
			b.Fatal(err)
		}
	}
	read := time.Since(began)
	began = time.Now()
	w.start()
	all, err := w.trails.All()
	if err != nil {
		b.Fatal(err)
	}
	for w.courier.Keep() <= w.journal.Last() {
		time.Sleep(time.Millisecond)
	}
	delivered := time.Since(began)
	if got := w.courier.Backlog(all[0].ID); got != (delivery.Backlog{}) {
		b.Fatalf("left: %+v", got)
	}
	b.ReportMetric(0, "ns/op") // most of it is filling the journal
	b.ReportMetric(benchmarkEvents/read.Seconds(), "read/s")
	b.ReportMetric(benchmarkEvents/delivered.Seconds(), "delivered/s")
	b.ReportMetric(delivered.Seconds()/read.Seconds(), "times-reading")
	b.ReportMetric(float64(to.bytes.Load())/benchmarkEvents, "B/event")
	w.close()
}

// BenchmarkTrails brings a journal of events to S3 for several trails: what a
// trail more costs, of which each event is somebody else's.
func BenchmarkTrails(b *testing.B) {
	for _, n := range []int{1, 5, 25} {
		b.Run(fmt.Sprintf("trails=%d", n), func(b *testing.B) {
			var took, cpu time.Duration
			for b.Loop() {
				w := newWorld(b, delivery.Options{
					DeliveryInterval: time.Second, S3: func(*trail.Trail) (delivery.S3, error) { return &sink{}, nil },
				})
				made := w.createMany(n)
				w.fill(b)
				for _, r := range made {
					w.deleteTrail(r)
				}
				began, spent := time.Now(), processorTime(b)
				w.start()
				for w.exist(b) { // until all have delivered all
					time.Sleep(time.Millisecond)
				}
				took, cpu = took+time.Since(began), cpu+processorTime(b)-spent
				w.close()
			}
			b.ReportMetric(0, "ns/op") // most of it is filling the journal
			events := float64(b.N * benchmarkEvents)
			b.ReportMetric(events/took.Seconds(), "events/s")
			b.ReportMetric(float64(cpu.Nanoseconds())/events, "cpu-ns/event")
			b.ReportMetric(float64(cpu.Nanoseconds())/events/float64(n), "cpu-ns/event/trail")
		})
	}
}

// createMany makes trails of one Region each, which ask for something that only
// the record has.
func (w *world) createMany(n int) (made []trail.Ref) {
	for i := range n {
		r := w.create(fmt.Sprint("trail-", i), func(t *trail.Trail) {
			t.HomeRegion, t.MultiRegion = benchmarkRegions[i%len(benchmarkRegions)], false
			t.Selectors = selector.Set{Advanced: []selector.Advanced{{Fields: []selector.Field{
				{Field: "eventCategory", Equals: []string{"Management"}},
				{Field: "userIdentity.arn", EndsWith: []string{fmt.Sprintf("/session-%d", i)}},
			}}}}
		})
		w.startLogging(r)
		made = append(made, r)
	}
	return made
}

func (w *world) exist(b *testing.B) bool {
	b.Helper()
	all, err := w.trails.All()
	if err != nil {
		b.Fatal(err)
	}
	return len(all) > 0
}

var benchmarkRegions = []string{virginia, tokyo, "eu-west-1", "eu-central-1", "us-west-2"}

// processorTime is what the process has used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// away is an S3 that refuses everything until it is back.
type away struct {
	sink
	back  atomic.Bool
	first atomic.Int64 // when the first object came, in Unix nanoseconds
}

func (a *away) PutObject(ctx context.Context, in *s3.PutObjectInput, o ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	if !a.back.Load() {
		return nil, refusal("SlowDown")
	}
	a.first.CompareAndSwap(0, time.Now().UnixNano())
	return a.sink.PutObject(ctx, in, o...)
}

// BenchmarkOutage decides about events while S3 is away, and delivers them when it
// is back: what waiting takes of the state's file, and how fast it is made up for.
// Most of the memory is what the journal keeps of what was read, at most 48 MiB.
func BenchmarkOutage(b *testing.B) {
	var disk, heap, drained float64
	for b.Loop() {
		to := &away{}
		w := newWorld(b, delivery.Options{
			DeliveryInterval: time.Second, S3: func(*trail.Trail) (delivery.S3, error) { return to, nil },
		})
		r := w.create("main", nil)
		w.startLogging(r)
		w.fill(b)
		w.stopLogging(r)
		diskBefore, heapBefore := w.stateSize(b), heapSize()
		w.start()
		for !w.decided(r) {
			time.Sleep(time.Millisecond)
		}
		disk += w.stateSize(b) - diskBefore
		heap += heapSize() - heapBefore
		to.back.Store(true)
		for w.courier.Backlog(w.id(r)).Files > 0 {
			time.Sleep(time.Millisecond)
		}
		drained += benchmarkEvents / time.Since(time.Unix(0, to.first.Load())).Seconds()
		w.close()
	}
	n := float64(b.N)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(disk/n/benchmarkEvents, "state-B/event")
	b.ReportMetric(heap/n/(1<<20), "heap-MB")
	b.ReportMetric(drained/n, "drained/s")
}

func (w *world) stateSize(b *testing.B) float64 {
	b.Helper()
	info, err := os.Stat(filepath.Join(w.dir, "state.db"))
	if err != nil {
		b.Fatal(err)
	}
	return float64(info.Size())
}

func heapSize() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// decided reports whether the trail's worker has decided files and come to the end
// of logging.
func (w *world) decided(r trail.Ref) bool {
	type position struct {
		Logging bool
		Made    uint64
	}
	var p position
	err := w.store.View(func(tx *state.Tx) (err error) {
		p, _, err = state.Kind[position]("trail-position").Get(tx, w.id(r))
		return err
	})
	return err == nil && p.Made > 0 && !p.Logging
}

func (w *world) createWith(selectors selector.Set) {
	r := w.create("main", func(t *trail.Trail) { t.Selectors = selectors })
	w.startLogging(r)
}

// fill appends events of about the usual size.
func (w *world) fill(b *testing.B) {
	b.Helper()
	w.journal.Close()
	var err error
	w.journal, err = journal.Open(filepath.Join(w.dir, "journal"), journal.NoIndex{}, journal.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	w.trails = trail.NewStore(w.store, w.journal.Last)
	w.courier = delivery.New(w.mortal, w.journal, w.trails, w.options)
	e := event{}
	var batch []journal.Record
	for i := range benchmarkEvents {
		e.region, e.category, e.resource = benchmarkRegions[i%len(benchmarkRegions)], history.Management, ""
		if i%2 == 0 {
			e.category, e.resource = history.Data, "arn:aws:s3:::other/key"
			if i%20 == 0 {
				e.resource = "arn:aws:s3:::wanted/key"
			}
		}
		e.padding = 1100 + i%200
		_, data := w.encode(e)
		if batch = append(batch, journal.Record{Kind: journal.Event, Data: data}); len(batch) == 1000 {
			if _, err := w.journal.Append(b.Context(), batch...); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
}
