// Package durable holds the few file operations whose effects must survive a
// crash. Each names the system calls that it must make, in their order; a test
// checks them. Nothing else in Cairn renames, syncs or unlinks a file that
// matters.
//
// The package knows nothing of what the files hold.
package durable

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// TempSuffix ends the name of a file that [Stage] has written and [Publish] has
// not yet given its name. After a crash such files are garbage: whoever owns the
// directory removes them.
const TempSuffix = ".tmp"

// FS is the file system as this package needs it, and the seam at which tests
// inject faults. [OS] is the real one.
type FS interface {
	// OpenFile is as [os.OpenFile].
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	// Rename gives a file another name, replacing what had it, atomically.
	Rename(oldname, newname string) error
	Remove(name string) error
	// MkdirAll is as [os.MkdirAll].
	MkdirAll(name string, perm fs.FileMode) error
	// ReadDir returns the names in a directory, sorted.
	ReadDir(name string) ([]string, error)
	// SyncDir makes the creations, renames and removals in a directory durable.
	SyncDir(name string) error
	// Lock takes an exclusive lock that other processes respect and that ends
	// with the process, creating the file if need be. It does not wait: if
	// another holds the lock, the error is [ErrLocked].
	Lock(name string) (io.Closer, error)
}

// File is an open file of an [FS]. ReadAt and WriteAt may be called at once
// from several goroutines.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Writer
	io.Closer
	// Sync makes the file's bytes and metadata durable.
	Sync() error
	// Datasync makes the file's bytes durable, and of its metadata what is
	// needed to read them.
	Datasync() error
	Truncate(size int64) error
	Size() (int64, error)
}

// Append writes p at off and makes it durable:
//
//	pwrite(f, p, off); fdatasync(f)
//
// After an error nobody knows which bytes of p are on the disk, nor will a later
// sync tell: the kernel may have dropped the pages that it could not write.
func Append(f File, p []byte, off int64) error {
	if _, err := f.WriteAt(p, off); err != nil {
		return fmt.Errorf("append: %w", err)
	}
	if err := f.Datasync(); err != nil {
		return fmt.Errorf("append: %w", err)
	}
	return nil
}

// Stage writes a file beside path, under path + [TempSuffix], and makes its
// bytes durable:
//
//	openat(tmp, O_CREAT|O_TRUNC); write…; fsync(tmp); close(tmp)
//
// If it fails, nothing is left behind except, at worst, the temporary file.
func Stage(fsys FS, path string, perm fs.FileMode, write func(File) error) (err error) {
	tmp := path + TempSuffix
	f, err := fsys.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil {
		return fmt.Errorf("stage %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = fsys.Remove(tmp)
			err = fmt.Errorf("stage %s: %w", path, err)
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// Publish gives a staged file its name, replacing what had it, durably:
//
//	rename(tmp, path); fsync(dir)
//
// After an error the file may have either name, now and after a crash.
func Publish(fsys FS, path string) error {
	if err := fsys.Rename(path+TempSuffix, path); err != nil {
		return fmt.Errorf("publish %s: %w", path, err)
	}
	if err := fsys.SyncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("publish %s: %w", path, err)
	}
	return nil
}

// Replace writes a file whole: at every moment, and after a crash, path has
// either its old content or all of the new. It is [Stage] and [Publish].
func Replace(fsys FS, path string, perm fs.FileMode, write func(File) error) error {
	if err := Stage(fsys, path, perm, write); err != nil {
		return err
	}
	return Publish(fsys, path)
}

// WriteFile is [Replace] with the bytes of data.
func WriteFile(fsys FS, path string, data []byte, perm fs.FileMode) error {
	return Replace(fsys, path, perm, func(f File) error {
		_, err := f.Write(data)
		return err
	})
}

// Create makes a file that must not exist yet, durably, and removes it again if
// that fails:
//
//	openat(path, O_CREAT|O_EXCL); write…; fsync(path); close(path); fsync(dir)
//
// A crash may leave it partly written; where that matters, use [Replace].
func Create(fsys FS, path string, perm fs.FileMode, write func(File) error) (err error) {
	f, err := fsys.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = fsys.Remove(path)
			err = fmt.Errorf("create %s: %w", path, err)
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return fsys.SyncDir(filepath.Dir(path))
}

// Remove unlinks a file, durably:
//
//	unlink(path); fsync(dir)
func Remove(fsys FS, path string) error {
	if err := fsys.Remove(path); err != nil {
		return fmt.Errorf("remove: %w", err)
	}
	if err := fsys.SyncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}

// MkdirAll makes a directory and its missing parents, durably:
//
//	mkdir(dir)…; fsync(parent)… for each that was missing
func MkdirAll(fsys FS, dir string, perm fs.FileMode) error {
	dir = filepath.Clean(dir)
	var missing []string
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := fsys.ReadDir(d); err == nil || d == filepath.Dir(d) {
			break
		}
		missing = append(missing, d)
	}
	if err := fsys.MkdirAll(dir, perm); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	for _, d := range missing {
		if err := fsys.SyncDir(filepath.Dir(d)); err != nil {
			return fmt.Errorf("make directory %s: %w", dir, err)
		}
	}
	return nil
}
