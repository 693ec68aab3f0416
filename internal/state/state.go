// Package state keeps Cairn's small state (trails, users, alarms, cursors,
// sandbox resources) in one bbolt file: values under a kind and a key, each with
// a version for compare-and-set.
//
// A change is durable when [Store.Update] returns without an error; all of a
// transaction's changes become durable and visible together, or none does.
// There is one writer at a time; readers see the state as it was when their
// transaction began and neither wait for the writer nor delay it.
//
// The package knows nothing of what it keeps. Secrets are sealed before they
// come here (package seal).
package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/cairn-audit/cairn/internal/durable"
)

// Errors on which a caller decides. They are wrapped with the kind and the key.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("already exists")
	// ErrConflict means that the value has changed since the caller read it.
	ErrConflict = errors.New("version conflict")
	// ErrLocked means that another process has the file open.
	ErrLocked = errors.New("in use by another process")
)

// lockTimeout is how long Open waits for another process to let go of the file:
// long enough for a restart that overlaps, short enough for a person.
const lockTimeout = 2 * time.Second

// Store is an open state file. Its methods may be called from any goroutine.
type Store struct {
	db *bbolt.DB
}

// Open opens the file, which it makes (mode 0600) if there is none. The error is
// ErrLocked if another process still has the file open after two seconds.
func Open(path string) (*Store, error) {
	_, err := os.Lstat(path)
	created := errors.Is(err, os.ErrNotExist)
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:      lockTimeout,
		FreelistType: bbolt.FreelistMapType,
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("opening state file %s: %w", path, ErrLocked)
	}
	if err != nil {
		return nil, fmt.Errorf("opening state file %s: %w", path, err)
	}
	if created {
		// bbolt syncs the file but not its name.
		if err := (durable.OS{}).SyncDir(filepath.Dir(path)); err != nil {
			return nil, errors.Join(fmt.Errorf("opening state file %s: %w", path, err), db.Close())
		}
	}
	return &Store{db: db}, nil
}

// Close waits for transactions that are running and lets go of the file.
func (s *Store) Close() error {
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("closing state file: %w", err)
	}
	return nil
}

// View runs f in a transaction that reads. The Tx is valid until f returns.
func (s *Store) View(f func(*Tx) error) error {
	return s.db.View(func(tx *bbolt.Tx) error { return f(&Tx{tx}) })
}

// Update runs f in a transaction that may write. If f returns nil its changes
// are durable when Update does so too; if f or Update returns an error, nothing
// has changed. The Tx is valid until f returns. f must not call the Store.
func (s *Store) Update(f func(*Tx) error) error {
	return s.db.Update(func(tx *bbolt.Tx) error { return f(&Tx{tx}) })
}
