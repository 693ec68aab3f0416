package delivery_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/internal/region"
	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/trail"
	"github.com/cairn-audit/cairn/internal/trail/delivery"
	"github.com/cairn-audit/cairn/internal/trail/signing"
)

// twoRegions keep tests of the schedule quick.
var twoRegions = delivery.Options{Regions: []string{virginia, tokyo}}

func validated(t *trail.Trail) { t.Validation = true }

// settle lets everything happen that is due now.
func settle() {
	time.Sleep(time.Second)
	synctest.Wait()
}

func TestDigestsOfEveryRegionFollowTheHoursIdleOrNot(t *testing.T) {
	theKey()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, delivery.Options{})
		w.start()
		time.Sleep(25*time.Minute + 500*time.Millisecond)
		began := time.Now().UTC().Truncate(time.Second)
		r := w.create("main", validated)
		want := []string{w.startLogging(r), w.record(event{region: "me-central-1"})}
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		b := w.contents()
		b.mustHave(t, "main-bucket", want)
		if named := w.checkChains(b); len(named) != len(b.logs) {
			t.Errorf("%d of %d files are named", len(named), len(b.logs))
		}
		regions := append(region.Open().Enabled(), "me-central-1")
		slices.Sort(regions)
		if got := b.regions(); !slices.Equal(got, regions) {
			t.Errorf("digests are of %v, want %v", got, regions)
		}
		for _, name := range regions {
			of := b.digestsOf(name)
			if len(of) != 3 {
				t.Errorf("%s has %d digests, want 3", name, len(of))
				continue
			}
			if first := of[0]; !first.StartTime.Equal(began) || !first.EndTime.Equal(began.Truncate(time.Hour).Add(time.Hour)) {
				t.Errorf("the first digest of %s is of %v to %v", name, first.StartTime, first.EndTime)
			}
			if last := of[2]; len(last.LogFiles) != 0 || !last.OldestEvent.IsZero() {
				t.Errorf("the digest of an idle hour of %s names %d files", name, len(last.LogFiles))
			}
		}
		w.close()
	})
}

func TestAnAbsenceIsOneDigest(t *testing.T) {
	theKey()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, twoRegions)
		w.start()
		r := w.create("main", validated)
		w.startLogging(r)
		time.Sleep(90 * time.Minute)
		w.close()
		time.Sleep(5 * time.Hour)
		w.open()
		w.start()
		settle()
		b := w.contents()
		w.checkChains(b)
		of := b.digestsOf(tokyo)
		if len(of) != 2 || of[1].EndTime.Sub(of[1].StartTime) != 5*time.Hour {
			t.Errorf("there are %d digests after an absence of 5 hours", len(of))
		}
		w.close()
	})
}

func TestGapsAreWhereLoggingOrValidationWasOff(t *testing.T) {
	theKey()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, twoRegions)
		w.start()
		r := w.create("main", validated)
		want := []string{w.startLogging(r)}
		off := func(call string, f func(*trail.Trail)) {
			time.Sleep(100 * time.Minute)
			want = append(want, w.change(call, r, f))
			time.Sleep(3 * time.Hour)
		}
		off("StopLogging", func(t *trail.Trail) { t.Logging = false })
		want = append(want, w.startLogging(r))
		off("UpdateTrail", func(t *trail.Trail) { t.Validation = false })
		unnamed := w.record(event{region: tokyo})
		time.Sleep(time.Hour)
		want = append(want, unnamed, w.change("UpdateTrail", r, validated))
		time.Sleep(100 * time.Minute)
		want = append(want, w.deleteTrail(r))
		settle()
		b := w.contents()
		b.mustHave(t, "main-bucket", want)
		named := w.checkChains(b)
		for name, ids := range b.logs {
			if _, ok := named[name]; ok == slices.Contains(ids, unnamed) {
				t.Errorf("a file with %v is named: %v", ids, ok)
			}
		}
		starts, gaps := 0, 0
		var before storedDigest
		for _, d := range b.digestsOf(virginia) {
			if d.Previous == nil {
				starts++
				if before.Digest != nil && d.StartTime.After(before.EndTime) {
					gaps++
				}
			}
			before = d
		}
		if starts != 3 || gaps != 2 {
			t.Errorf("there are %d chains with %d gaps, want 3 with 2", starts, gaps)
		}
		w.close()
	})
}

func TestTheChainGoesOnIntoAnotherBucket(t *testing.T) {
	theKey()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, twoRegions)
		w.start()
		r := w.create("main", validated)
		w.startLogging(r)
		time.Sleep(90 * time.Minute)
		w.change("UpdateTrail", r, func(t *trail.Trail) { t.Bucket, t.Prefix = "elsewhere", "logs" })
		time.Sleep(90 * time.Minute)
		synctest.Wait()
		b := w.contents()
		w.checkChains(b)
		of := b.digestsOf(virginia)
		last := of[len(of)-1]
		if last.Bucket != "elsewhere" || !strings.HasPrefix(last.Digest.Key, "logs/AWSLogs/") {
			t.Errorf("the last digest is %s", last.name())
		}
		if first := of[1]; first.Previous == nil || first.Previous.Bucket != "main-bucket" {
			t.Errorf("the first digest in the new bucket comes after %+v", first.Previous)
		}
		w.close()
	})
}

func TestTheFinalDigestWaitsForItsFiles(t *testing.T) {
	theKey()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, twoRegions)
		var mu sync.Mutex
		away := false
		w.s3.answerWith(func(context.Context, string) (bool, error) {
			mu.Lock()
			defer mu.Unlock()
			if away {
				return false, refusal("NoSuchBucket")
			}
			return true, nil
		})
		set := func(value bool) {
			mu.Lock()
			defer mu.Unlock()
			away = value
		}
		w.start()
		r := w.create("main", validated)
		want := []string{w.startLogging(r)}
		set(true)
		want = append(want, w.record(event{}), w.stopLogging(r))
		time.Sleep(7 * time.Hour)
		if s, err := w.courier.Status(w.id(r), virginia); err != nil || s.DeliveryError != "NoSuchBucket" {
			t.Errorf("the status is %+v (%v)", s, err)
		}
		want = append(want, w.startLogging(r))
		time.Sleep(7 * time.Hour)
		set(false)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		b := w.contents()
		b.mustHave(t, "main-bucket", want)
		if named := w.checkChains(b); len(named) != len(b.logs) {
			t.Errorf("%d of %d files are named", len(named), len(b.logs))
		}
		if s, err := w.courier.Status(w.id(r), virginia); err != nil || s.DeliveryError != "" || s.Digest.IsZero() {
			t.Errorf("the status is %+v (%v)", s, err)
		}
		w.close()
	})
}

// TestATrailOfTheSameNameNeverTakesADigestsPlace makes trails anew as fast as it
// can.
func TestATrailOfTheSameNameNeverTakesADigestsPlace(t *testing.T) {
	theKey()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, twoRegions)
		w.start()
		var want []string
		for range 5 {
			r := w.create("main", validated)
			want = append(want, w.startLogging(r), w.record(event{}), w.deleteTrail(r))
			synctest.Wait()
		}
		settle()
		b := w.contents()
		b.mustHave(t, "main-bucket", want)
		if named := w.checkChains(b); len(named) != len(b.logs) {
			t.Errorf("%d of %d files are named", len(named), len(b.logs))
		}
		if n := len(b.digestsOf(virginia)); n != 5 {
			t.Errorf("there are %d digests of 5 trails", n)
		}
		w.close()
	})
}

// TestDigestsOfTrailsOfOneNameDoNotOverlap although the next trail begins before
// the event is recorded with which the one before it ends.
func TestDigestsOfTrailsOfOneNameDoNotOverlap(t *testing.T) {
	theKey()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, twoRegions)
		w.start()
		var want []string
		for n := range 12 {
			r, by := w.create("main", validated), fmt.Sprintf("delete-%d", n)
			want = append(want, w.startLogging(r), w.stopLogging(r), w.startLogging(r))
			if err := w.trails.Delete(t.Context(), r, by); err != nil {
				t.Fatal(err)
			}
			next := w.create("main", validated)
			want = append(want, w.startLogging(next))
			time.Sleep(300 * time.Millisecond)
			synctest.Wait()
			w.record(event{source: "cloudtrail.amazonaws.com", name: "DeleteTrail", request: by})
			w.deleteTrail(next)
			time.Sleep(300 * time.Millisecond)
		}
		settle()
		b := w.contents()
		for _, id := range want {
			if !slices.Contains(b.events("main-bucket"), id) {
				t.Errorf("%s is not delivered", id)
			}
		}
		if named := w.checkChains(b); len(named) != len(b.logs) {
			t.Errorf("%d of %d files are named", len(named), len(b.logs))
		}
		w.close()
	})
}

func TestAMonthOfDigestsIsSignedWithKeysThatAreListed(t *testing.T) {
	pool := make([]*rsa.PrivateKey, 4)
	for i := range pool {
		var err error
		if pool[i], err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, delivery.Options{Keys: oneKey{}, DigestInterval: 12 * time.Hour, Regions: []string{}})
		master, err := seal.NewKey(make([]byte, seal.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		signer := signing.New(w.store, master, signing.WithKeys(func() (*rsa.PrivateKey, error) {
			key := pool[0]
			pool = pool[1:]
			return key, nil
		}))
		w.options.Keys = signer
		w.courier = delivery.New(w.mortal, w.journal, w.trails, w.options)
		w.start()
		began := time.Now()
		r := w.create("main", validated)
		w.startLogging(r)
		time.Sleep(35 * 24 * time.Hour)
		synctest.Wait()
		keys, err := signer.PublicKeys(virginia, began, time.Now())
		if err != nil || len(keys) != 2 {
			t.Fatalf("35 days took %d keys (%v), want 2", len(keys), err)
		}
		of := w.contents().digestsOf(virginia)
		if len(of) != 70 {
			t.Errorf("35 days have %d digests, want 70", len(of))
		}
		for _, d := range of {
			listed, err := signer.PublicKeys(virginia, d.StartTime, d.EndTime)
			if err != nil {
				t.Fatal(err)
			}
			checkSigned(t, d, listed)
		}
		w.close()
	})
}
