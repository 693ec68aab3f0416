package rule

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestACrashLosesNothing: the queue's file is closed at random moments, after
// which nothing can be written, as if the process had ended there.
func TestACrashLosesNothing(t *testing.T) {
	for seed := range uint64(3) {
		synctest.Test(t, func(t *testing.T) { crash(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func crash(t *testing.T, random *rand.Rand) {
	w := newWorld(t)
	defer w.close()
	w.rule("r", anyCall, topicTarget(), Target{ID: "group", ARN: testGroup})
	w.answers(func(call) error {
		w.mu.Lock() // guards random as well
		bad, slow := random.IntN(3) == 0, random.IntN(4) == 0
		w.mu.Unlock()
		if slow {
			time.Sleep(time.Second)
		}
		if bad {
			return errors.New("away")
		}
		return nil
	})
	intN := func(n int) int {
		w.mu.Lock()
		defer w.mu.Unlock()
		return random.IntN(n)
	}
	want := map[string]bool{}
	for range 6 {
		for range intN(12) {
			want[w.record("RunInstances", "false")] = true
			if intN(3) == 0 {
				time.Sleep(time.Duration(intN(400)) * time.Millisecond)
			}
		}
		if intN(4) > 0 {
			if err := w.queue.Close(); err != nil {
				t.Fatal(err)
			}
			for range intN(3) { // recorded while nothing can be queued
				want[w.record("RunInstances", "false")] = true
			}
			time.Sleep(time.Duration(intN(1500)) * time.Millisecond)
		}
		w.stop()
		w.start()
	}
	w.answers(nil)
	time.Sleep(24 * time.Hour)
	synctest.Wait()

	ids := map[string]string{} // of envelopes, by the record's
	for _, via := range []string{"topic", "group"} {
		seen := map[string]bool{}
		for _, c := range w.calls {
			if c.via != via {
				continue
			}
			id, event := between(c.what, `"id":"`), between(c.what, `"eventID":"`)
			if ids[event] != "" && ids[event] != id {
				t.Errorf("event %s came as %s and as %s", event, ids[event], id)
			}
			ids[event], seen[event] = id, true
		}
		if len(seen) != len(want) {
			t.Errorf("%d of %d events came by %s", len(seen), len(want), via)
		}
	}
	if n := w.queuedItems(); n != 0 {
		t.Errorf("%d records are left in the queue", n)
	}
}

func between(s, before string) string {
	_, after, _ := strings.Cut(s, before)
	s, _, _ = strings.Cut(after, `"`)
	return s
}
