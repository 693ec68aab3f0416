package identity

import (
	"container/list"
	"fmt"
	"sync"
	"time"
)

// How tries of a secret are slowed down: after freeTries wrong ones each try has
// to wait, twice as long as the one before, up to longestWait. So an attacker
// who never stops has about a hundred tries a day, and the owner, whom an
// attacker can keep waiting too, never waits for longer than longestWait.
const (
	freeTries   = 5
	firstWait   = time.Second
	longestWait = 15 * time.Minute
	// triesForgotten is after how long without a try all is forgiven.
	triesForgotten = 24 * time.Hour
	// maxTried is of how many holders wrong tries are remembered; those whose
	// last try is longest ago are forgotten first. Each costs some 200 bytes,
	// and who wants to be forgotten has to have as many passwords hashed.
	maxTried = 1 << 16
)

// ThrottledError says that a secret was tried wrongly too often, and was not
// looked at. Who asks only whether it was right may take it as a wrong one: it
// is an ErrWrongCode and an ErrWrongPassword.
type ThrottledError struct {
	// After is when the next try will be looked at, counted from this one.
	After time.Duration
}

func (e *ThrottledError) Error() string {
	return fmt.Sprintf("too many wrong tries: the next is possible in %v", e.After)
}

// Is makes it a wrong secret.
func (e *ThrottledError) Is(target error) bool {
	return target == ErrWrongCode || target == ErrWrongPassword
}

// attempts counts wrong tries by whose secret is tried. It is in memory only: a
// restart forgives. Its lock is held for a few map operations.
type attempts struct {
	mu     sync.Mutex
	holder map[string]*list.Element
	recent list.List // of *tries, last tried first
}

type tries struct {
	holder string
	wrong  int
	last   time.Time
	// next is when a try is possible again.
	next time.Time
}

// begin counts a try as a wrong one, until succeed says that it was not: tries
// at the same time must not all pass. The error is a *ThrottledError.
func (a *attempts) begin(holder string, now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.of(holder)
	if now.Sub(t.last) > triesForgotten {
		t.wrong = 0
	}
	if wait := t.next.Sub(now); wait > 0 && t.wrong >= freeTries {
		return &ThrottledError{After: wait}
	}
	t.wrong++
	t.last = now
	if t.wrong >= freeTries {
		t.next = now.Add(waitAfter(t.wrong))
	}
	return nil
}

// of finds the tries of a holder, or begins them.
func (a *attempts) of(holder string) *tries {
	if e, ok := a.holder[holder]; ok {
		a.recent.MoveToFront(e)
		return e.Value.(*tries)
	}
	if a.holder == nil {
		a.holder = map[string]*list.Element{}
	}
	if len(a.holder) >= maxTried {
		oldest := a.recent.Remove(a.recent.Back()).(*tries)
		delete(a.holder, oldest.holder)
	}
	t := &tries{holder: holder}
	a.holder[holder] = a.recent.PushFront(t)
	return t
}

// waitAfter is the wait after that many wrong tries.
func waitAfter(wrong int) time.Duration {
	doublings := wrong - freeTries
	if doublings >= 10 { // 1024 s
		return longestWait
	}
	return firstWait << doublings
}

// succeed forgives the holder.
func (a *attempts) succeed(holder string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if e, ok := a.holder[holder]; ok {
		a.recent.Remove(e)
		delete(a.holder, holder)
	}
}
