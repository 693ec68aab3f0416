package identity

import (
	"net/netip"
	"sync"
	"time"
)

// How wrong passwords from one address are slowed down, whatever names they are
// for: sourceTries at once, and one more each sourceRefill. An office behind one
// address makes fewer typing errors; who tries a password on many names has about
// 2,900 tries a day.
const (
	sourceTries  = 100
	sourceRefill = 30 * time.Second
	// maxSources is of how many addresses tries are remembered; those who have
	// made the fewest are forgotten first.
	maxSources = 1 << 16
)

// sources counts wrong tries by the address that they come from. It is in memory
// only: a restart forgives.
type sources struct {
	mu sync.Mutex
	// whole is when a source has all of its tries again, if it makes no more.
	whole map[netip.Prefix]time.Time // guarded by mu
}

// sourceOf is what counts as one source: an address, or the network of 64 bits
// that a host of IPv6 can choose its own from. ok is false for what is no address.
func sourceOf(address string) (source netip.Prefix, ok bool) {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return source, false
	}
	ip = ip.Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	source, err = ip.Prefix(bits)
	return source, err == nil
}

// begin counts a try as a wrong one, until giveBack says that it was not. The
// error is a *ThrottledError. What is no address is not counted.
func (s *sources) begin(address string, now time.Time) error {
	source, ok := sourceOf(address)
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	whole := s.whole[source]
	if whole.Before(now) {
		whole = now
	}
	whole = whole.Add(sourceRefill)
	if wait := whole.Sub(now) - sourceTries*sourceRefill; wait > 0 {
		return &ThrottledError{After: wait}
	}
	if _, known := s.whole[source]; !known && len(s.whole) >= maxSources {
		s.forget(now)
	}
	if s.whole == nil {
		s.whole = map[netip.Prefix]time.Time{}
	}
	s.whole[source] = whole
	return nil
}

// giveBack takes back that a try was a wrong one.
func (s *sources) giveBack(address string) {
	source, ok := sourceOf(address)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if whole, known := s.whole[source]; known {
		s.whole[source] = whole.Add(-sourceRefill)
	}
}

// forget makes room for a source. The lock is held.
func (s *sources) forget(now time.Time) {
	var first netip.Prefix
	for source, whole := range s.whole {
		if !whole.After(now) {
			delete(s.whole, source)
		} else if at, found := s.whole[first]; !found || whole.Before(at) {
			first = source
		}
	}
	if len(s.whole) >= maxSources {
		delete(s.whole, first)
	}
}
