package identity

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestWrongTriesFromOneAddressAreSlowedDown(t *testing.T) {
	var s sources
	now := time.Unix(1_800_000_000, 0)
	try := func(address string) time.Duration {
		t.Helper()
		err := s.begin(address, now)
		var throttled *ThrottledError
		if err != nil && !errors.As(err, &throttled) {
			t.Fatal(err)
		}
		if err == nil {
			return 0
		}
		return throttled.After
	}
	for i := range sourceTries {
		if wait := try("192.0.2.7"); wait != 0 {
			t.Fatalf("try %d waits for %v", i, wait)
		}
		try("192.0.2.8") // right ones
		s.giveBack("192.0.2.8")
		if wait := try(fmt.Sprintf("2001:db8::%x", i)); wait != 0 {
			t.Fatalf("try %d of the network waits for %v", i, wait)
		}
	}
	for address, want := range map[string]time.Duration{
		"192.0.2.7": sourceRefill, "::ffff:192.0.2.7": sourceRefill, "192.0.2.8": 0, "2001:db8::ffff:1": sourceRefill,
		"2001:db8:0:1::1": 0, "": 0, "elsewhere": 0,
	} {
		if wait := try(address); wait != want {
			t.Errorf("%s waits for %v, not %v", address, wait, want)
		}
	}
	now = now.Add(sourceRefill)
	if first, second := try("192.0.2.7"), try("192.0.2.7"); first != 0 || second != sourceRefill {
		t.Errorf("then one more: %v, %v", first, second)
	}
	now = now.Add(sourceTries * sourceRefill)
	for range sourceTries {
		if wait := try("192.0.2.7"); wait != 0 {
			t.Fatalf("after a while it waits for %v", wait)
		}
	}
}

func TestSourcesTakeBoundedMemory(t *testing.T) {
	var s sources
	now := time.Unix(1_800_000_000, 0)
	for range sourceTries {
		if err := s.begin("192.0.2.7", now); err != nil {
			t.Fatal(err)
		}
	}
	for i := range maxSources + 10 {
		if err := s.begin(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), now); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.whole) > maxSources || s.begin("192.0.2.7", now) == nil {
		t.Errorf("%d are remembered; the busiest: %v", len(s.whole), s.begin("192.0.2.7", now))
	}
	now = now.Add(sourceRefill)
	if err := s.begin("198.51.100.1", now); err != nil || len(s.whole) > 2 {
		t.Errorf("%v, and %d are still remembered", err, len(s.whole))
	}
}
