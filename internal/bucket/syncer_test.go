package bucket

import (
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestSyncCoversEveryCallBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var syncs, began atomic.Int64
		s := newSyncer(func() error {
			began.Add(1)
			time.Sleep(time.Second)
			syncs.Add(1)
			return nil
		})
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 20 * time.Millisecond)
				before := began.Load()
				if err := s.Sync(); err != nil {
					t.Error(err)
				}
				if syncs.Load() <= before {
					t.Errorf("caller %d: Sync returned after sync %d, which began before the call", i, syncs.Load())
				}
			})
		}
		wg.Wait()
		// Two seconds of calls, a second per sync: one at once, and then each
		// takes all who came meanwhile.
		if n := syncs.Load(); n > 4 {
			t.Errorf("%d syncs for 100 calls, want at most 4", n)
		}
	})
}

func TestFailedSyncIsReportedToAllItsCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := errors.New("input/output error")
		s := newSyncer(func() error { time.Sleep(time.Second); return bad })
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if err := s.Sync(); !errors.Is(err, bad) {
					t.Errorf("Sync: %v, want %v", err, bad)
				}
			})
		}
		wg.Wait()
	})
}

func TestChangeIsSyncedBeforeItsAnswer(t *testing.T) {
	s := start(t)
	var syncs int
	s.transport.syncer.sync = func() error { syncs++; return nil }
	steps := []struct {
		method, target string
		want           int
	}{
		{"PUT", "/logs", 1},
		{"PUT", "/logs/key", 1},
		{"GET", "/logs/key", 0},
		{"HEAD", "/logs/key", 0},
		{"PUT", "/none/key", 0}, // refused
		{"DELETE", "/logs/key", 1},
	}
	for _, step := range steps {
		syncs = 0
		do(t, s, request(step.method, step.target, ""))
		if syncs != step.want {
			t.Errorf("%s %s: %d syncs, want %d", step.method, step.target, syncs, step.want)
		}
	}

	bad := errors.New("input/output error")
	s.transport.syncer.sync = func() error { return bad }
	if _, err := s.Forward(t.Context(), account, request(http.MethodPut, "/logs/key", "x")); !errors.Is(err, bad) {
		t.Errorf("Forward after a failed sync: %v, want %v", err, bad)
	}
}
