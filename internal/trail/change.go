package trail

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/cairn-audit/cairn/internal/region"
	"github.com/cairn-audit/cairn/internal/state"
)

// update runs f, which is given all trails, in a transaction, and tells who
// waits for a change. Readers see the change when update returns.
func (s *Store) update(ctx context.Context, f func(*state.Tx, []Trail) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.store.Update(func(tx *state.Tx) error {
		all, err := load(tx)
		if err != nil {
			return err
		}
		return f(tx, all)
	})
	// The disk may have what it failed to say that it has.
	s.all = nil
	if err != nil {
		return err
	}
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

// save stores a trail that was changed, with another epoch where it wants
// something else than in the last.
func (s *Store) save(tx *state.Tx, t *Trail, by string) error {
	next := t.epoch(s.last()+1, time.Now().UTC(), by)
	if !next.same(&t.Epochs[len(t.Epochs)-1]) {
		if len(t.Epochs) >= maxEpochs || t.bytes() > maxBytes {
			return ErrBusy
		}
		t.Epochs = append(slices.Clip(t.Epochs), next)
	}
	_, err := trails.Put(tx, t.ID, *t)
	return err
}

// bytes is about how much the epochs take.
func (t *Trail) bytes() int {
	n := 0
	for i := range t.Epochs {
		n += t.Epochs[i].Selectors.Bytes()
	}
	return n
}

// load reads all trails.
func load(tx *state.Tx) ([]Trail, error) {
	all := []Trail{}
	for t, err := range trails.List(tx, "") {
		if err != nil {
			return nil, err
		}
		all = append(all, t.Value)
	}
	slices.SortFunc(all, func(a, b Trail) int {
		return cmp.Or(cmp.Compare(a.AccountID, b.AccountID), cmp.Compare(a.Name, b.Name), cmp.Compare(a.HomeRegion, b.HomeRegion))
	})
	return all, nil
}

// take finds a trail that is not deleted, and the others that are not.
func take(all []Trail, r Ref) (found *Trail, others []Trail) {
	for i := range all {
		switch {
		case !all[i].Deleted.IsZero():
		case all[i].Ref() == r:
			found = &all[i]
		default:
			others = append(others, all[i])
		}
	}
	return found, others
}

// admit checks that the account has room for a trail beside its others, and that
// its name is free wherever it is to be seen.
func admit(t *Trail, others []Trail) error {
	regions := map[string]bool{t.HomeRegion: true}
	if t.MultiRegion {
		for _, name := range region.Open().Enabled() {
			regions[name] = true
		}
	}
	multi, single := 0, map[string]int{}
	for i := range others {
		o := &others[i]
		if o.AccountID != t.AccountID || !o.Deleted.IsZero() {
			continue
		}
		if o.Name == t.Name && (o.HomeRegion == t.HomeRegion || o.MultiRegion || t.MultiRegion) {
			return ErrExists
		}
		if o.MultiRegion {
			multi++
			continue
		}
		single[o.HomeRegion]++
		if t.MultiRegion {
			regions[o.HomeRegion] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(regions)) {
		if multi+single[name] >= MaxPerRegion {
			return &QuotaError{AccountID: t.AccountID, Region: name}
		}
	}
	return nil
}
