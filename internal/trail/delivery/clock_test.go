package delivery_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/internal/trail"
)

// TestAClockThatIsPutBackLosesNothingAndForksNoChain has the server end while a
// file cannot be delivered, and start again with a clock of some hours ago: that
// of another bubble. In one case the trail logs until the clock has caught up, in
// the other it is stopped and started before.
func TestAClockThatIsPutBackLosesNothingAndForksNoChain(t *testing.T) {
	theKey()
	for name, stop := range map[string]bool{"logging goes on": false, "stopped meanwhile": true} {
		t.Run(name, func(t *testing.T) {
			var w *world
			var r trail.Ref
			var want []string
			events := func(n int) {
				for range n {
					want = append(want, w.record(event{}))
					time.Sleep(20 * time.Minute)
				}
			}
			dir := t.TempDir()
			store := newObjects()
			synctest.Test(t, func(t *testing.T) {
				w = worldOf(t, dir, store)
				w.start()
				r = w.create("main", validated)
				want = append(want, w.startLogging(r))
				events(14)
				store.answerWith(func(context.Context, string) (bool, error) { return false, refusal("AccessDenied") })
				events(5)
				w.close()
			})
			ahead := newestEnd(w)
			synctest.Test(t, func(t *testing.T) {
				store.answerWith(nil)
				made := w.events
				w = worldOf(t, dir, store)
				w.events = made
				w.start()
				if began := time.Now(); !began.Before(ahead.Add(-3 * time.Hour)) {
					t.Fatalf("the clock is at %v, and was not put back from %v", began, ahead)
				}
				events(3)
				if b := w.contents(); len(b.logs) == 0 || len(b.events("main-bucket")) != len(want) {
					t.Errorf("%d events are delivered while the clock is behind, want %d", len(b.events("main-bucket")), len(want))
				}
				if stop {
					want = append(want, w.stopLogging(r))
					settle()
					want = append(want, w.startLogging(r))
				}
				events(24)
				want = append(want, w.stopLogging(r))
				settle()
				b := w.contents()
				b.mustHave(t, "main-bucket", want)
				if named := w.checkChains(b); len(named) != len(b.logs) {
					t.Errorf("%d of %d files are named by digests", len(named), len(b.logs))
				}
				if !newestEnd(w).After(ahead) {
					t.Errorf("there is no digest after %v", ahead)
				}
				w.close()
			})
		})
	}
}

// newestEnd is when the newest digest ends.
func newestEnd(w *world) (newest time.Time) {
	for _, d := range w.contents().digests {
		if d.EndTime.After(newest) {
			newest = d.EndTime
		}
	}
	return newest
}
