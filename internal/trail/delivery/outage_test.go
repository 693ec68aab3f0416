package delivery_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/trail"
	"github.com/cairn-audit/cairn/internal/trail/delivery"
	"github.com/cairn-audit/cairn/internal/trail/selector"
)

func TestATrailWhoseBucketIsAwayHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, delivery.Options{DeliveryInterval: time.Hour})
		var tries atomic.Int64
		w.s3.answerWith(func(_ context.Context, key string) (bool, error) {
			if strings.HasPrefix(key, "lost-bucket") {
				tries.Add(1)
				time.Sleep(25 * time.Minute) // fewer tries, for the race detector's sake
				return false, refusal("AccessDenied")
			}
			return true, nil
		})
		w.start()
		lost, fine := w.create("lost", nil), w.create("fine", nil)
		w.startLogging(lost)
		want := []string{w.startLogging(fine)}
		time.Sleep(61 * time.Minute) // decided
		first := w.journal.Last()
		if keep := w.courier.Keep(); keep > 3 {
			t.Errorf("records from %d on are kept, and a file has record 3", keep)
		}
		for range 31 {
			want = append(want, w.record(event{}))
			time.Sleep(24 * time.Hour)
		}
		synctest.Wait()
		w.contents().mustHave(t, "fine-bucket", want)
		got := w.courier.Backlog(w.id(lost))
		if got.Losses.Files == 0 || got.Losses.Events == 0 || got.Losses.Files+uint64(got.Files) != 32 {
			t.Errorf("after 31 days the trail has %+v", got)
		}
		if keep := w.courier.Keep(); keep <= first {
			t.Errorf("records from %d on are kept, and what needed them was given up", keep)
		}
		if per := float64(tries.Load()) / 31; per > 2*24*60/5 {
			t.Errorf("there were %.0f tries a day", per)
		}
		if s, err := w.courier.Status(w.id(lost), virginia); err != nil || s.DeliveryError != "AccessDenied" || !s.Delivery.IsZero() {
			t.Errorf("the status is %+v (%v)", s, err)
		}
		w.restart()
		if s, err := w.courier.Status(w.id(lost), virginia); err != nil || s.DeliveryError != "AccessDenied" {
			t.Errorf("after a restart the status is %+v (%v)", s, err)
		}
		w.close()
	})
}

// TestTheStatusOfEachRegionTellsThatTheBucketIsAway although one file at a time is
// tried.
func TestTheStatusOfEachRegionTellsThatTheBucketIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, delivery.Options{DeliveryInterval: 5 * time.Minute})
		var back atomic.Bool
		w.s3.answerWith(func(context.Context, string) (bool, error) {
			if back.Load() {
				return true, nil
			}
			return false, refusal("NoSuchBucket")
		})
		w.start()
		r := w.create("main", nil)
		w.startLogging(r)
		regions := []string{virginia}
		for n := range 30 {
			regions = append(regions, fmt.Sprintf("eu-test-%d", n))
		}
		for range 2 {
			for _, region := range regions {
				w.record(event{region: region})
			}
			time.Sleep(6 * time.Minute)
		}
		for _, want := range []string{"NoSuchBucket", ""} {
			synctest.Wait()
			for _, region := range regions {
				if s, err := w.courier.Status(w.id(r), region); err != nil || s.DeliveryError != want || s.DigestError != "" {
					t.Errorf("the status of %s is %+v (%v), want the error %q", region, s, err, want)
				}
			}
			back.Store(true)
			time.Sleep(6 * time.Minute)
		}
		w.close()
	})
}

func TestOneRefusedKeyHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, delivery.Options{})
		w.s3.answerWith(func(_ context.Context, key string) (bool, error) {
			if strings.Contains(key, tokyo) {
				return false, refusal("AccessDenied")
			}
			return true, nil
		})
		w.start()
		r := w.create("main", nil)
		want := []string{w.startLogging(r)}
		for range 20 {
			w.record(event{region: tokyo})
			want = append(want, w.record(event{}))
			time.Sleep(5 * time.Minute)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		w.contents().mustHave(t, "main-bucket", want)
		w.close()
	})
}

func TestAFileStaysWithinItsSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, delivery.Options{FileSize: 50 << 14})
		w.start()
		r := w.create("main", nil)
		want := []string{w.startLogging(r)}
		for range 70 {
			want = append(want, w.record(event{padding: 1 << 14}))
		}
		want = append(want, w.record(event{padding: 51 << 14}), w.record(event{}))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		b := w.contents()
		b.mustHave(t, "main-bucket", want)
		var sizes []int
		for name, o := range w.s3.all {
			if len(o.raw) > 50<<14 && len(b.logs[name]) > 1 {
				t.Errorf("a file of %d events has %d bytes", len(b.logs[name]), len(o.raw))
			}
			sizes = append(sizes, len(o.raw)>>14)
		}
		slices.Sort(sizes)
		if !slices.Equal(sizes, []int{0, 21, 49, 51}) {
			t.Errorf("the files have %v times 16 KB", sizes)
		}
		w.close()
	})
}

func TestSettingsChangeBetweenTwoEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, delivery.Options{})
		w.start()
		r := w.create("main", nil)
		want := []string{w.startLogging(r)}
		selectors := func(kind string) func(*trail.Trail) {
			return func(t *trail.Trail) {
				t.Selectors = selector.Set{Basic: []selector.Basic{{ReadWriteType: kind, IncludeManagementEvents: true}}}
			}
		}
		read, write := event{readOnly: "true", name: "DescribeInstances"}, event{}
		want = append(want, w.record(read), w.record(write))
		want = append(want, w.change("PutEventSelectors", r, selectors("WriteOnly")))
		w.record(read)
		want = append(want, w.record(write))
		want = append(want, w.change("PutEventSelectors", r, selectors("ReadOnly")))
		w.record(write)
		want = append(want, w.record(read))
		w.change("UpdateTrail", r, func(t *trail.Trail) { t.MultiRegion = false }) // neither wants a write
		read.region = tokyo
		w.record(read)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		w.contents().mustHave(t, "main-bucket", want)
		w.close()
	})
}

func TestKindsOfEventHaveFoldersOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, delivery.Options{})
		w.start()
		r := w.create("main", func(t *trail.Trail) {
			t.Prefix = "audit"
			t.Selectors = selector.Set{Advanced: []selector.Advanced{
				{Fields: []selector.Field{{Field: "eventCategory", Equals: []string{"NetworkActivity"}}, {Field: "eventSource", Equals: []string{"ec2.amazonaws.com"}}}},
				{Fields: []selector.Field{{Field: "eventCategory", Equals: []string{"Management"}}}},
			}}
		})
		w.startLogging(r)
		network := w.record(event{category: history.NetworkActivity})
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		b := w.contents()
		if len(b.logs) != 2 {
			t.Errorf("there are %d files, want 2", len(b.logs))
		}
		for name, ids := range b.logs {
			if strings.Contains(name, "/CloudTrail-NetworkActivity/") != slices.Contains(ids, network) || !strings.HasPrefix(name, "main-bucket/audit/AWSLogs/") {
				t.Errorf("%v are in %s", ids, name)
			}
		}
		w.close()
	})
}

// damaged is a journal of which some records cannot be read any more.
type damaged struct {
	*journal.Journal
	bad func(journal.Seq) bool
}

func (d *damaged) Get(ctx context.Context, seqs []journal.Seq) ([]journal.Record, error) {
	if i := slices.IndexFunc(seqs, d.bad); i >= 0 {
		return nil, &journal.CorruptError{Path: "segment", First: seqs[i], Next: seqs[i] + 1, Err: context.DeadlineExceeded}
	}
	return d.Journal.Get(ctx, seqs)
}

// TestADamagedRecordIsNotLeftOutSilently: the file that was decided with it is
// not delivered without it; the others are.
func TestADamagedRecordIsNotLeftOutSilently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, twoRegions)
		var bad atomic.Uint64
		w.courier = delivery.New(w.mortal, &damaged{w.journal, func(s journal.Seq) bool { return uint64(s) == bad.Load() }}, w.trails, w.options)
		w.start()
		r := w.create("main", nil)
		w.startLogging(r)
		w.record(event{region: tokyo})
		bad.Store(uint64(w.journal.Last()))
		time.Sleep(6 * time.Minute)
		want := w.record(event{})
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		b := w.contents()
		if got := b.events("main-bucket"); !slices.Contains(got, want) || len(got) != 2 {
			t.Errorf("%v were delivered", got)
		}
		if s, err := w.courier.Status(w.id(r), tokyo); err != nil || s.DeliveryError == "" {
			t.Errorf("the status is %+v (%v)", s, err)
		}
		if got := w.courier.Backlog(w.id(r)); got.Files != 1 {
			t.Errorf("the trail has %+v", got)
		}
		w.close()
	})
}
