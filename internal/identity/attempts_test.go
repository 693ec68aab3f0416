package identity

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestWrongTriesWaitLongerAndLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a attempts
		for range freeTries {
			if err := a.begin("ana", time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		for n, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900} {
			want *= time.Second
			var throttled *ThrottledError
			if err := a.begin("ana", time.Now()); !errors.As(err, &throttled) || throttled.After != want {
				t.Fatalf("after %d wrong tries: %v, want a wait of %v", freeTries+n, err, want)
			}
			if !errors.Is(throttled, ErrWrongCode) || !errors.Is(throttled, ErrWrongPassword) {
				t.Error("a refused try is not a wrong one")
			}
			time.Sleep(want - time.Nanosecond)
			if err := a.begin("ana", time.Now()); err == nil {
				t.Fatalf("a try was possible before %v had gone by", want)
			}
			if err := a.begin("eva", time.Now()); err != nil {
				t.Errorf("another's try: %v", err)
			}
			a.succeed("eva")
			time.Sleep(time.Nanosecond)
			if err := a.begin("ana", time.Now()); err != nil {
				t.Fatalf("after %v: %v", want, err)
			}
		}
		a.succeed("ana")
		for range freeTries {
			if err := a.begin("ana", time.Now()); err != nil {
				t.Fatalf("after a success: %v", err)
			}
		}
		time.Sleep(triesForgotten + time.Second)
		for range freeTries {
			if err := a.begin("ana", time.Now()); err != nil {
				t.Fatalf("after a day: %v", err)
			}
		}
	})
}

// TestTriesAtTheSameTimeDoNotAllPass: what is being looked at counts already.
func TestTriesAtTheSameTimeDoNotAllPass(t *testing.T) {
	var a attempts
	now := time.Unix(1_800_000_000, 0)
	passed := 0
	for range 100 {
		if a.begin("ana", now) == nil {
			passed++
		}
	}
	if passed != freeTries {
		t.Errorf("%d tries passed at once, want %d", passed, freeTries)
	}
}

func TestTriesOfMoreHoldersThanAreRememberedTakeNoMoreMemory(t *testing.T) {
	var a attempts
	now := time.Unix(1_800_000_000, 0)
	for range freeTries {
		if err := a.begin("first", now); err != nil {
			t.Fatal(err)
		}
	}
	for i := range maxTried - 1 {
		if err := a.begin(fmt.Sprint(i), now); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.begin("first", now); err == nil {
		t.Error("the first holder is forgotten while there is room")
	}
	// It was the last tried now; the others go first.
	for i := range maxTried - 1 {
		_ = a.begin(fmt.Sprint("more ", i), now)
	}
	if err := a.begin("first", now); err == nil {
		t.Error("the holder that was tried last is forgotten first")
	}
	if len(a.holder) != maxTried || a.recent.Len() != maxTried {
		t.Errorf("%d holders, %d in order; want %d", len(a.holder), a.recent.Len(), maxTried)
	}
}
