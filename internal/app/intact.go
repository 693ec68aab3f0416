package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/state"
)

// checkParts refuses a data directory of which a part is gone. A first start
// makes the master key, the state and the journal in this order, so no crash
// leaves a later one without an earlier one; and to make the missing part anew
// would hide that it is missing.
func checkParts(data string) error {
	key, err := exists(filepath.Join(data, masterKey))
	if err != nil {
		return err
	}
	kept, err := exists(filepath.Join(data, stateFile))
	if err != nil {
		return err
	}
	segments, err := filepath.Glob(filepath.Join(data, journalDir, "*.seg"))
	if err != nil {
		return err
	}
	switch {
	case kept && !key:
		return fmt.Errorf("%s has no %s, with which the secrets in %s are sealed: put it back", data, masterKey, stateFile)
	case len(segments) > 0 && !kept:
		return fmt.Errorf("%s has a journal and no %s: put it back, or start with another directory", data, stateFile)
	}
	return nil
}

func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// reached is how far the journal had come when a server last looked. It stands
// in another file than the journal, so that it shows when the journal's end has
// been cut off, which by itself looks like a crash.
const reached state.Kind[journal.Seq] = "journal-reached"

const reachedKey = "last"

// checkReached reports a journal that ends before it had ended.
func (s *Server) checkReached(ctx context.Context, p *parts) error {
	var before journal.Seq
	err := p.store.View(func(tx *state.Tx) (err error) {
		before, _, err = reached.Get(tx, reachedKey)
		return err
	})
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return fmt.Errorf("find how far the journal had come: %w", err)
	}
	if last := p.journal.Last(); last < before {
		s.options.Logger.ErrorContext(ctx, "the journal ends before it had ended: events are missing",
			"last", last, "before", before)
	}
	return nil
}

// noteReached keeps how far the journal has come.
func noteReached(p *parts) error {
	last := p.journal.Last()
	return p.store.Update(func(tx *state.Tx) error {
		_, err := reached.Put(tx, reachedKey, last)
		return err
	})
}
