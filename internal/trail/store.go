package trail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/state"
)

// Limits of trails.
const (
	// MaxPerRegion is how many trails an account can have in a Region, those
	// of other Regions that reach into it included ("Quotas in AWS
	// CloudTrail").
	MaxPerRegion = 5
	// maxEpochs bounds what a trail keeps of its own past. Delivery prunes
	// it; only somebody who changes settings faster than that gets there.
	maxEpochs = 1000
	// maxBytes bounds the same by what the selectors take.
	maxBytes = 16 << 20
	// quiet is how old an epoch is before it is pruned. Until then, the
	// event of the call that began it may still have to be recorded.
	quiet = time.Hour
)

// Errors on which the API decides.
var (
	ErrNotFound = errors.New("no such trail")
	ErrExists   = errors.New("another trail has the name")
	// ErrBusy means that the trail was changed too often in a short time.
	ErrBusy = errors.New("the trail is changed faster than it delivers")
)

// QuotaError means that the account has as many trails in a Region as it can
// have.
type QuotaError struct{ AccountID, Region string }

func (e *QuotaError) Error() string {
	return fmt.Sprintf("account %s has %d trails in %s", e.AccountID, MaxPerRegion, e.Region)
}

// trails are kept by id.
const trails state.Kind[Trail] = "trail"

// Store keeps trails. Its methods may be called from any goroutine. What they
// return is shared: nobody changes it.
type Store struct {
	store *state.Store
	last  func() journal.Seq

	mu sync.Mutex
	// all is what is stored, sorted by account, name and home Region, nil
	// where it must be read anew. Guarded by mu.
	all     []Trail
	changed chan struct{} // closed at the next change; guarded by mu
}

// NewStore opens the trails that are kept in a store. last is the journal's last
// record.
func NewStore(store *state.Store, last func() journal.Seq) *Store {
	return &Store{store: store, last: last, changed: make(chan struct{})}
}

// Create stores a new trail, whose first epoch begins with the next record of
// the journal, and returns it with its ID. by is the request id of the call. The
// error is ErrExists, a *QuotaError, or the disk's.
func (s *Store) Create(ctx context.Context, t Trail, by string) (Trail, error) {
	t.ID = uuid.NewString()
	return t, s.update(ctx, func(tx *state.Tx, others []Trail) error {
		if err := admit(&t, others); err != nil {
			return err
		}
		t.Epochs = []Epoch{t.epoch(s.last()+1, t.Created, by)}
		_, err := trails.Create(tx, t.ID, t)
		return err
	})
}

// Admit reports whether Create would take a trail, with its errors.
func (s *Store) Admit(t Trail) error {
	all, err := s.All()
	if err != nil {
		return err
	}
	return admit(&t, all)
}

// Change lets f change a trail. Where what it wants has changed, a new epoch
// begins with the next record of the journal; f leaves the Epochs, the ID and
// what the trail is found by alone. by is the request id of the call. The error
// is ErrNotFound, that of f, ErrExists or a *QuotaError where the trail reaches
// into more Regions than before, ErrBusy, or the disk's.
func (s *Store) Change(ctx context.Context, r Ref, by string, f func(*Trail) error) (Trail, error) {
	var t Trail
	return t, s.update(ctx, func(tx *state.Tx, all []Trail) error {
		found, others := take(all, r)
		if found == nil {
			return ErrNotFound
		}
		t = *found
		if err := f(&t); err != nil {
			return err
		}
		if t.MultiRegion && !found.MultiRegion {
			if err := admit(&t, others); err != nil {
				return err
			}
		}
		return s.save(tx, &t, by)
	})
}

// Delete ends a trail at once: it is no longer found, its name is free, and it
// delivers nothing that is recorded from now on, but for the event of the call
// itself. The error is ErrNotFound, ErrBusy or the disk's.
func (s *Store) Delete(ctx context.Context, r Ref, by string) error {
	_, err := s.Change(ctx, r, by, func(t *Trail) error {
		t.Deleted, t.Logging = time.Now().UTC(), false
		return nil
	})
	return err
}

// Get returns a trail, or ErrNotFound.
func (s *Store) Get(r Ref) (Trail, error) {
	all, err := s.All()
	if err != nil {
		return Trail{}, err
	}
	if t, _ := take(all, r); t != nil {
		return *t, nil
	}
	return Trail{}, ErrNotFound
}

// List returns the trails of an account, sorted by name and home Region.
func (s *Store) List(accountID string) ([]Trail, error) {
	all, err := s.All()
	return slices.DeleteFunc(slices.Clone(all), func(t Trail) bool {
		return t.AccountID != accountID || !t.Deleted.IsZero()
	}), err
}

// All returns every trail, those that are deleted and not forgotten included.
// It costs nothing where none has changed since the last time: whoever follows
// the journal asks after each read of it, so that an event is never weighed
// without the changes that were made before it was recorded.
func (s *Store) All() ([]Trail, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all != nil {
		return s.all, nil
	}
	all := []Trail{}
	err := s.store.View(func(tx *state.Tx) (err error) {
		all, err = load(tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read trails: %w", err)
	}
	s.all = all
	return all, nil
}

// Forget removes a deleted trail that has nothing left to deliver. It is no
// error if there is none.
func (s *Store) Forget(id string) error {
	return s.update(context.Background(), func(tx *state.Tx, _ []Trail) error {
		t, version, err := trails.Get(tx, id)
		switch {
		case errors.Is(err, state.ErrNotFound):
			return nil
		case err != nil:
			return err
		case t.Deleted.IsZero():
			return fmt.Errorf("forget trail %s: it is not deleted", t.ARN())
		}
		return trails.Delete(tx, id, version)
	})
}

// Prune drops the epochs of a trail that end before a record of the journal, the
// one that delivery reads next. Those of the last hour stay: a call that began
// one may not have been recorded yet.
func (s *Store) Prune(id string, before journal.Seq) error {
	all, err := s.All()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(t Trail) bool { return t.ID == id })
	if i < 0 || all[i].stale(before, time.Now()) == 0 {
		return nil
	}
	return s.update(context.Background(), func(tx *state.Tx, _ []Trail) error {
		t, version, err := trails.Get(tx, id)
		if errors.Is(err, state.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		t.Epochs = t.Epochs[t.stale(before, time.Now()):]
		_, err = trails.Update(tx, id, version, t)
		return err
	})
}

// stale is how many of the first epochs nobody needs any more. The event of the
// call that began an epoch needs the epoch before, so that one stays as long.
func (t *Trail) stale(before journal.Seq, now time.Time) int {
	n := 0
	for n+1 < len(t.Epochs) && t.Epochs[n+1].From <= before && now.Sub(t.Epochs[n+1].At) > quiet {
		n++
	}
	return n
}

// Changed returns a channel that is closed at the next change of any trail. Ask
// for it before All, so as to miss none.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}
