package sandbox

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
	"github.com/cairn-audit/cairn/internal/state"
)

// kind is what the sandbox's documents are called in the state.
const kind = "sandbox"

// Keep keeps a sandbox in Cairn's small state.
func Keep(s *state.Store) engine.Store { return keeper{s} }

type keeper struct{ state *state.Store }

// Load implements engine.Store.
func (k keeper) Load(_ context.Context, prefix string) iter.Seq2[engine.Entry, error] {
	return func(yield func(engine.Entry, error) bool) {
		stopped := false
		err := k.state.View(func(tx *state.Tx) error {
			for item, err := range tx.List(kind, prefix) {
				if err != nil {
					return err
				}
				if !yield(engine.Entry{Key: item.Key, Value: item.Value}, nil) {
					stopped = true
					return nil
				}
			}
			return nil
		})
		if err != nil && !stopped {
			yield(engine.Entry{}, err)
		}
	}
}

// Apply implements engine.Store.
func (k keeper) Apply(_ context.Context, changes []engine.Entry) error {
	return k.state.Update(func(tx *state.Tx) error {
		for _, c := range changes {
			if c.Value != nil {
				if _, err := tx.Put(kind, c.Key, c.Value); err != nil {
					return err
				}
				continue
			}
			item, err := tx.Get(kind, c.Key)
			if errors.Is(err, state.ErrNotFound) {
				continue
			}
			if err == nil {
				err = tx.Delete(kind, c.Key, item.Version)
			}
			if err != nil {
				return fmt.Errorf("forget a document of the sandbox: %w", err)
			}
		}
		return nil
	})
}
