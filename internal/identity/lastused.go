package identity

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/cairn-audit/cairn/internal/state"
)

// Use is the last use of an access key or a role.
type Use struct {
	Time    time.Time `json:"time"`
	Service string    `json:"service"`
	Region  string    `json:"region"`
}

// lastUses are by access key id, or by role id.
const lastUses state.Kind[Use] = "last-use"

// useInterval is how often uses are written, and so how much of what is known of
// them a crash may lose.
const useInterval = time.Minute

// maxNoted bounds how many uses are collected until they are written: whoever
// calls may claim any key, where keys are taken as given.
const maxNoted = 10_000

// noted is a use that is not written yet.
type noted struct {
	Use
	// role: it is a role's, by a session that is proven.
	role bool
}

// uses collects them in between. Its lock is held for one map operation.
type uses struct {
	mu sync.Mutex
	// pending are not written yet.
	pending map[string]noted
}

func (u *uses) note(id string, use noted) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.pending == nil {
		u.pending = map[string]noted{}
	}
	if _, known := u.pending[id]; known || len(u.pending) < maxNoted {
		u.pending[id] = use
	}
}

func (u *uses) get(id string) (Use, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	use, ok := u.pending[id]
	return use.Use, ok
}

func (u *uses) copied() map[string]noted {
	u.mu.Lock()
	defer u.mu.Unlock()
	return maps.Clone(u.pending)
}

// written forgets what is written and has not changed since.
func (u *uses) written(all map[string]noted) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for id, use := range all {
		if u.pending[id] == use {
			delete(u.pending, id)
		}
	}
}

// Used notes that a credential made a call. It writes nothing; KeepUses does.
func (d *Directory) Used(c Credential, use Use) {
	switch {
	case c.Session == nil:
		d.uses.note(c.AccessKeyID, noted{Use: use})
	case c.Principal.Kind == AssumedRole:
		d.uses.note(c.Principal.ID, noted{use, true})
	}
}

// KeepUses writes the last uses, and what Learn noted, every minute until ctx
// ends, and then once more. A failed write is reported to failed, and tried
// again.
func (d *Directory) KeepUses(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(useInterval)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
		if err := errors.Join(d.writeLearned(), d.writeUses()); err != nil {
			failed(err)
		}
	}
}

func (d *Directory) writeUses() error {
	all := d.uses.copied()
	if len(all) == 0 {
		return nil
	}
	err := d.store.Update(func(tx *state.Tx) error {
		for id, use := range all {
			if err := writeUse(tx, id, use); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		d.uses.written(all)
	}
	return err
}

// writeUse keeps the use of a role, of a key that the directory keeps, or of one
// that it has learned of. That of any other is nobody's.
func writeUse(tx *state.Tx, id string, use noted) error {
	if !use.role {
		_, _, err := accessKeys.Get(tx, id)
		if errors.Is(err, state.ErrNotFound) {
			return learnedUsed(tx, id, use.Time)
		}
		if err != nil {
			return err
		}
	}
	_, err := lastUses.Put(tx, id, use.Use)
	return err
}

// LastUse is the last use of an access key or a role, by its id; ok is false
// where there was none.
func (t *Tx) LastUse(id string) (use Use, ok bool, err error) {
	if use, ok := t.directory.uses.get(id); ok {
		return use, true, nil
	}
	use, _, err = lastUses.Get(t.tx, id)
	if errors.Is(err, state.ErrNotFound) {
		return Use{}, false, nil
	}
	return use, err == nil, err
}
