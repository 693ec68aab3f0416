package delivery_test

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/journal"
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
	regions := []string{virginia, tokyo, "eu-west-1"}
	var batch []journal.Record
	for i := range benchmarkEvents {
		e.region, e.category, e.resource = regions[i%3], history.Management, ""
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
