package delivery_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/digest"
	"github.com/cairn-audit/cairn/internal/trail"
	"github.com/cairn-audit/cairn/internal/trail/delivery"
)

func TestEventsAreDeliveredByAccountRegionAndInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, delivery.Options{})
		w.start()
		r := w.create("main", nil)
		w.record(event{}) // nobody logs yet
		want := []string{w.startLogging(r)}
		for _, region := range []string{virginia, tokyo, "eu-west-1"} {
			want = append(want, w.record(event{region: region}), w.record(event{region: region}))
		}
		w.record(event{account: "444455556666"}) // another account's
		synctest.Wait()
		if b := w.contents(); len(b.logs) != 0 {
			t.Errorf("%d files before the interval is over", len(b.logs))
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		b := w.contents()
		b.mustHave(t, "main-bucket", want)
		if len(b.logs) != 3 {
			t.Errorf("%d files, want one for each of 3 Regions", len(b.logs))
		}
		for name := range b.logs {
			k, _ := digest.ParseLogFileKey(name[len("main-bucket/"):])
			if k.Account != account || k.Kind != digest.KindLog || !k.Time.Equal(time.Now().UTC().Truncate(time.Minute)) {
				t.Errorf("the file is named %s", name)
			}
		}
		s, err := w.courier.Status(w.id(r), tokyo)
		if err != nil || s.Delivery.IsZero() || s.DeliveryError != "" {
			t.Errorf("the status is %+v (%v)", s, err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if b := w.contents(); len(b.logs) != 3 {
			t.Errorf("%d files after an idle hour", len(b.logs))
		}
		w.close()
	})
}

func TestStopLoggingDeliversAtOnceAndItsOwnEventToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		theKey()
		w := newWorld(t, delivery.Options{})
		w.start()
		r := w.create("main", func(t *trail.Trail) { t.Validation = true })
		want := []string{w.startLogging(r), w.record(event{})}
		want = append(want, w.stopLogging(r))
		w.record(event{})
		synctest.Wait()
		b := w.contents()
		b.mustHave(t, "main-bucket", want)
		named := w.checkChains(b)
		if len(named) != len(b.logs) {
			t.Errorf("%d of %d files are named by digests", len(named), len(b.logs))
		}
		again := w.startLogging(r)
		want = append(want, again, w.deleteTrail(r))
		w.record(event{})
		time.Sleep(time.Second)
		synctest.Wait()
		b = w.contents()
		b.mustHave(t, "main-bucket", want)
		if named := w.checkChains(b); len(named) != len(b.logs) {
			t.Errorf("%d of %d files are named by digests", len(named), len(b.logs))
		}
		if all, err := w.trails.All(); err != nil || len(all) != 0 {
			t.Errorf("the deleted trail is still there (%d, %v)", len(all), err)
		}
		w.close()
	})
}
