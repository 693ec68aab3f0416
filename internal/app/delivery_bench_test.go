package app

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/internal/trail"
	"github.com/cairn-audit/cairn/internal/trail/selector"
)

// phase is how long a benchmark records at its full rate, with trails and without.
const phase = 5 * time.Second

// BenchmarkDelivery has a whole server record as much as it can, by turns without
// a trail and with a multi-Region trail that delivers everything, with digests,
// to the built-in S3; or with 25 trails that deliver everything together. Compare what stands in one line: the rates of two runs say
// more about the machine than about Cairn.
//
// alone/s and recorded/s are the rates of the recorder without and with the
// trail, kept is how much of the first is left; delivered/s is the trail's, from
// the first event until the last file and the last digest are in the bucket;
// drain-s is how long that was after the last event, and behind how many events
// of a hundred were not delivered before it.
func BenchmarkDelivery(b *testing.B) {
	for _, trails := range []int{1, 25} {
		b.Run(fmt.Sprintf("recorder/trails=%d", trails), func(b *testing.B) {
			s := benchmarkServer(b)
			s.benchmark(b, trails, func() (int, time.Duration) {
				return callers(b, 256, phase, func(ctx context.Context, rng *rand.Rand) error {
					return s.recorder.Record(ctx, busyEvent(s.server.endpoint.Account, rng))
				})
			})
		})
	}
	b.Run("gateway", func(b *testing.B) {
		s := benchmarkServer(b)
		key, err := ReadCredentials(s.server.options.Data, false)
		if err != nil {
			b.Fatal(err)
		}
		s.benchmark(b, 1, func() (int, time.Duration) {
			return callers(b, 64, phase, signedCalls(b, s.server.endpoint.URL,
				aws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey}))
		})
	})
}

// benchmarked is a server whose parts a benchmark can ask.
type benchmarked struct {
	*parts
	server *Server
}

func benchmarkServer(b *testing.B) *benchmarked {
	b.Helper()
	o := Options{
		Data: b.TempDir(), Listen: "127.0.0.1:0", DeliveryInterval: phase, DigestInterval: phase,
		Logger: slog.New(slog.DiscardHandler), Config: Config{Delivery: ConfigDelivery{AnyBucketPolicy: true}},
	}
	if err := o.validate(); err != nil {
		b.Fatal(err)
	}
	s := &benchmarked{parts: new(parts), server: &Server{options: o, failed: make(chan error, 1)}}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
		defer cancel()
		if err := s.server.Stop(ctx); err != nil {
			b.Error(err)
		}
	})
	doors, err := s.server.listen()
	if err != nil {
		b.Fatal(err)
	}
	front, err := s.server.assemble(b.Context(), s.parts)
	if err != nil {
		b.Fatal(err)
	}
	if err := s.server.open(front, doors); err != nil {
		b.Fatal(err)
	}
	return s
}

// benchmark has events recorded without trails and with some, in turns, and
// reports what became of them.
func (s *benchmarked) benchmark(b *testing.B, trails int, record func() (int, time.Duration)) {
	var alone, recorded, delivered, behind, bytes int
	var aloneTime, recordedTime, deliveredTime, drain time.Duration
	// The first caches, connections and keys.
	record()
	s.deleteTrails(b, s.createTrails(b, 1))
	for b.Loop() {
		n, took := record()
		alone, aloneTime = alone+n, aloneTime+took

		made := s.createTrails(b, trails)
		n, took = record()
		late, ended := s.undelivered(), time.Now()
		recorded, recordedTime, behind = recorded+n, recordedTime+took, behind+late
		s.deleteTrails(b, made)
		waited := time.Since(ended)
		drain, deliveredTime = drain+waited, deliveredTime+took+waited
		events, size := s.bucket(b, made[0].Bucket)
		// The calls about trails have events too.
		if events < n || events > n+2*len(made)*len(made) {
			b.Fatalf("%d events are delivered of %d, and of %d trails", events, n, len(made))
		}
		delivered, bytes = delivered+n, bytes+size
	}
	rate := func(n int, in time.Duration) float64 { return float64(n) / in.Seconds() }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(rate(alone, aloneTime), "alone/s")
	b.ReportMetric(rate(recorded, recordedTime), "recorded/s")
	b.ReportMetric(rate(recorded, recordedTime)/rate(alone, aloneTime), "kept")
	b.ReportMetric(rate(delivered, deliveredTime), "delivered/s")
	b.ReportMetric(float64(behind)/float64(recorded)*100, "%behind")
	b.ReportMetric(drain.Seconds()/float64(b.N), "drain-s")
	b.ReportMetric(float64(bytes)/float64(delivered), "B/event")
}

// undelivered is how many records are not older than the oldest that is to be
// delivered.
func (s *benchmarked) undelivered() int {
	return int(s.journal.Last() + 1 - s.deliveries.courier.Keep())
}

// createTrails makes trails that log, to a new bucket.
func (s *benchmarked) createTrails(b *testing.B, n int) []trail.Trail {
	b.Helper()
	bucket := "trail-" + strings.ToLower(uuid.NewString())
	if _, err := s.objects.Client().CreateBucket(b.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		b.Fatal(err)
	}
	var made []trail.Trail
	for i := range n {
		t := trail.Trail{
			AccountID: s.server.endpoint.Account, HomeRegion: trafficRegions[0], Name: fmt.Sprint("trail-", i), Created: time.Now().UTC(),
			Bucket: bucket, Validation: true, Logging: true,
			Scope: trail.Scope{MultiRegion: true, GlobalServiceEvents: true},
		}
		if n > 1 {
			share(&t, i, n/len(trafficRegions))
		}
		s.call(b, "CreateTrail", func(by string) (err error) {
			t, err = s.trails.Create(b.Context(), t, by)
			return err
		})
		made = append(made, t)
	}
	return made
}

// share has a trail deliver its share of the events of one Region: what one in n
// of the users did, which only the records say.
func share(t *trail.Trail, i, n int) {
	t.HomeRegion, t.MultiRegion = trafficRegions[i%len(trafficRegions)], false
	var sessions []string
	for user := range trafficUsers {
		if user/len(trafficRegions)%n == i/len(trafficRegions) {
			sessions = append(sessions, fmt.Sprintf("/session-%d", user))
		}
	}
	t.Selectors = selector.Set{Advanced: []selector.Advanced{{Fields: []selector.Field{
		{Field: "eventCategory", Equals: []string{"Management"}}, {Field: "userIdentity.arn", EndsWith: sessions},
	}}}}
}

// deleteTrails returns when all of them have delivered all.
func (s *benchmarked) deleteTrails(b *testing.B, made []trail.Trail) {
	b.Helper()
	for i := range made {
		s.call(b, "DeleteTrail", func(by string) error { return s.trails.Delete(b.Context(), made[i].Ref(), by) })
	}
	for {
		left, err := s.trails.All()
		if err != nil {
			b.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// call carries out a call about trails and records it.
func (s *benchmarked) call(b *testing.B, name string, f func(by string) error) {
	b.Helper()
	e := busyEvent(s.server.endpoint.Account, rand.New(rand.NewPCG(1, 1)))
	e.EventSource, e.EventName, e.AWSRegion = "cloudtrail.amazonaws.com", name, trafficRegions[0]
	if err := f(e.RequestID); err != nil {
		b.Fatal(err)
	}
	if err := s.recorder.Record(b.Context(), e); err != nil {
		b.Fatal(err)
	}
}

// bucket counts the events that are in a bucket, and the bytes of their files.
func (s *benchmarked) bucket(b *testing.B, name string) (events, size int) {
	b.Helper()
	client := s.objects.Client()
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		for _, o := range page.Contents {
			if !strings.Contains(*o.Key, "/CloudTrail/") {
				continue
			}
			out, err := client.GetObject(b.Context(), &s3.GetObjectInput{Bucket: &name, Key: o.Key})
			if err != nil {
				b.Fatal(err)
			}
			events += countEvents(b, out.Body)
			size += int(*o.Size)
		}
	}
	return events, size
}

func countEvents(b *testing.B, file io.ReadCloser) int {
	b.Helper()
	defer file.Close()
	r, err := gzip.NewReader(file)
	if err != nil {
		b.Fatal(err)
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		b.Fatal(err)
	}
	return bytes.Count(raw, []byte(`"eventVersion":`))
}
