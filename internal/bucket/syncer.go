package bucket

import "sync"

// syncer runs one sync for all callers that wait for one.
type syncer struct {
	sync func() error
	turn chan struct{} // full during a sync

	mu   sync.Mutex
	next *round // the sync that has not begun yet, if somebody waits for it
}

func newSyncer(sync func() error) *syncer {
	return &syncer{sync: sync, turn: make(chan struct{}, 1)}
}

// round is one sync. err is set before done is closed.
type round struct {
	done chan struct{}
	err  error
}

// Sync returns when a sync that began after the call is complete. The first
// caller of a round runs it; it has to wait for the one before, and meanwhile
// others join.
func (s *syncer) Sync() error {
	s.mu.Lock()
	r, joined := s.next, s.next != nil
	if !joined {
		r = &round{done: make(chan struct{})}
		s.next = r
	}
	s.mu.Unlock()
	if joined {
		<-r.done
		return r.err
	}

	s.turn <- struct{}{}
	s.mu.Lock()
	s.next = nil
	s.mu.Unlock()
	r.err = s.sync()
	<-s.turn
	close(r.done)
	return r.err
}
