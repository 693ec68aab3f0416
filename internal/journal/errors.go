package journal

import (
	"errors"
	"fmt"
)

var (
	// ErrFull says that too many appends are waiting: slow down, try later.
	ErrFull = errors.New("journal: too many appends are waiting")
	// ErrClosed says that the journal was closed.
	ErrClosed = errors.New("journal: closed")
	// ErrTooLarge says that an append exceeds [MaxAppendBytes].
	ErrTooLarge = errors.New("journal: append too large")
	// ErrNotOpen says that a record settles an intent that is not open: there
	// never was one, or it is settled already.
	ErrNotOpen = errors.New("journal: settles an intent that is not open")
)

// UnavailableError says that the journal cannot write at the moment: the disk is
// full, or an operation on it failed. Later appends try again.
type UnavailableError struct {
	// Cause is the operation that failed; errors.Is(err, syscall.ENOSPC) tells a
	// full disk.
	Cause error
}

func (e *UnavailableError) Error() string { return "journal: cannot write: " + e.Cause.Error() }

func (e *UnavailableError) Unwrap() error { return e.Cause }

// LockedError says that another process has the journal open.
type LockedError struct {
	Dir string
	Err error
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("journal: %s is in use: %v", e.Dir, e.Err)
}

func (e *LockedError) Unwrap() error { return e.Err }

// NotFoundError says that the journal has no such record: it has been dropped by
// retention (Seq < First) or was never written (Seq > Last).
type NotFoundError struct {
	Seq, First, Last Seq
}

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("journal: no record %d (first %d, last %d)", e.Seq, e.First, e.Last)
}

// CorruptError says that what a file holds is not what was written there.
type CorruptError struct {
	// Path and Offset say where.
	Path   string
	Offset int64
	// First is the first record that cannot be read for it, Next the number at
	// which reading can be taken up again. Both are 0 if no record is concerned,
	// or it is not known which.
	First, Next Seq
	// Err says what is wrong.
	Err error
}

func (e *CorruptError) Error() string {
	if e.First == 0 {
		return fmt.Sprintf("journal: %s is damaged at byte %d: %v", e.Path, e.Offset, e.Err)
	}
	return fmt.Sprintf("journal: %s is damaged at byte %d: %v; records %d to %d cannot be read",
		e.Path, e.Offset, e.Err, e.First, e.Next-1)
}

func (e *CorruptError) Unwrap() error { return e.Err }
