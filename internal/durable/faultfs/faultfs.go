// Package faultfs is a file system for tests of what must survive: it is in
// memory, fails on demand, and can crash, losing what was not synced.
package faultfs

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"github.com/cairn-audit/cairn/internal/durable"
)

// Op is an operation that is about to happen. Reading is not one.
type Op struct {
	// Kind is create, write, truncate, sync, datasync, rename, remove, mkdir or
	// syncdir.
	Kind string
	Path string
}

func (o Op) String() string { return o.Kind + " " + filepath.Base(o.Path) }

// Fault says how an operation fails.
type Fault struct {
	// Err is what it returns; nil: it does not fail.
	Err error
	// Done lets it take effect nevertheless; Half, if it is a write, lets half of
	// it.
	Done, Half bool
	// Dead lets everything after it fail as well, without effect, as if the
	// process had ended. Crash or Exit says what is left then.
	Dead bool
}

// FS is the file system. The zero value is not usable; see [New].
type FS struct {
	mu    sync.Mutex
	hook  func(Op) Fault
	limit int64
	dead  error
	locks map[string]bool

	dirs map[string]bool
	// now is what a look-up finds. safe is what it would find after a crash if
	// none of the changes in pending, which are in order, had reached the disk.
	now, safe map[string]*node
	pending   []change
}

type change struct {
	dir   string
	apply func(map[string]*node)
}

// node is a file: its bytes, those that are safe, and what happened since.
type node struct {
	data, safe []byte
	pending    []edit
}

// edit is a write of p at off, or, if p is nil, a truncation to off. It is lost
// if a sync failed to write it; by chance it was written all the same.
type edit struct {
	off  int64
	p    []byte
	lost bool
}

// covers reports whether nothing of an earlier edit can be seen after e.
func (e edit) covers(o edit) bool {
	if e.p == nil {
		return e.off <= o.off
	}
	return o.p != nil && e.off < o.off+int64(len(o.p)) && o.off < e.off+int64(len(e.p))
}

func (e edit) apply(data []byte) []byte {
	if e.p == nil {
		if e.off <= int64(len(data)) {
			return slices.Clone(data[:e.off])
		}
		return append(slices.Clone(data), make([]byte, e.off-int64(len(data)))...)
	}
	if need := e.off + int64(len(e.p)) - int64(len(data)); need > 0 {
		data = append(data, make([]byte, need)...)
	}
	copy(data[e.off:], e.p)
	return data
}

var _ durable.FS = (*FS)(nil)

// New returns an empty file system that fails as hook says; nil: never.
func New(hook func(Op) Fault) *FS {
	return &FS{
		hook: hook, locks: make(map[string]bool), dirs: map[string]bool{"/": true, ".": true},
		now: make(map[string]*node), safe: make(map[string]*node),
	}
}

// SetHook replaces the hook.
func (f *FS) SetHook(hook func(Op) Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = hook
}

// SetLimit bounds the bytes of all files: a write beyond it fails with ENOSPC
// when the space that is left is used up. 0 means no limit.
func (f *FS) SetLimit(bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limit = bytes
}

// Used is the number of bytes of all files.
func (f *FS) Used() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.used()
}

func (f *FS) used() int64 {
	var n int64
	for _, file := range f.now {
		n += int64(len(file.data))
	}
	return n
}

// do lets the hook decide about an operation. effect is what it does; half, if
// not nil, what half of it does.
func (f *FS) do(op Op, effect, half func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead != nil {
		return f.dead
	}
	var fault Fault
	if f.hook != nil {
		fault = f.hook(op)
	}
	if fault.Dead {
		f.dead = fault.Err
	}
	switch {
	case fault.Err == nil:
		return effect()
	case fault.Half && half != nil:
		_ = half()
	case fault.Done || fault.Half:
		_ = effect()
	}
	return fault.Err
}

// OpenFile opens or makes a file.
func (f *FS) OpenFile(name string, flag int, _ fs.FileMode) (durable.File, error) {
	name = filepath.Clean(name)
	f.mu.Lock()
	n, ok := f.now[name]
	dead := f.dead
	f.mu.Unlock()
	switch {
	case dead != nil:
		return nil, dead
	case ok && flag&os.O_EXCL != 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrExist}
	case !ok && flag&os.O_CREATE == 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	case !ok:
		n = &node{}
		err := f.do(Op{"create", name}, func() error {
			f.now[name] = n
			f.note(name, func(m map[string]*node) { m[name] = n })
			return nil
		}, nil)
		if err != nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: err}
		}
	}
	file := &file{fs: f, node: n, path: name}
	if flag&os.O_TRUNC != 0 {
		if err := file.Truncate(0); err != nil {
			return nil, err
		}
	}
	return file, nil
}

func (f *FS) note(name string, apply func(map[string]*node)) {
	f.pending = append(f.pending, change{filepath.Dir(name), apply})
}

// Rename renames a file.
func (f *FS) Rename(oldname, newname string) error {
	oldname, newname = filepath.Clean(oldname), filepath.Clean(newname)
	return f.do(Op{"rename", newname}, func() error {
		n, ok := f.now[oldname]
		if !ok {
			return &fs.PathError{Op: "rename", Path: oldname, Err: fs.ErrNotExist}
		}
		rename := func(m map[string]*node) {
			delete(m, oldname)
			m[newname] = n
		}
		rename(f.now)
		f.note(newname, rename)
		return nil
	}, nil)
}

// Remove unlinks a file.
func (f *FS) Remove(name string) error {
	name = filepath.Clean(name)
	return f.do(Op{"remove", name}, func() error {
		if _, ok := f.now[name]; !ok {
			return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
		}
		remove := func(m map[string]*node) { delete(m, name) }
		remove(f.now)
		f.note(name, remove)
		return nil
	}, nil)
}

// MkdirAll makes directories. They are safe at once.
func (f *FS) MkdirAll(name string, _ fs.FileMode) error {
	return f.do(Op{"mkdir", name}, func() error {
		for d := filepath.Clean(name); !f.dirs[d]; d = filepath.Dir(d) {
			f.dirs[d] = true
		}
		return nil
	}, nil)
}

// ReadDir lists a directory.
func (f *FS) ReadDir(name string) ([]string, error) {
	name = filepath.Clean(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead != nil {
		return nil, f.dead
	}
	if !f.dirs[name] {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	var names []string
	for p := range f.now {
		if filepath.Dir(p) == name {
			names = append(names, filepath.Base(p))
		}
	}
	slices.Sort(names)
	return names, nil
}

// SyncDir makes the changes of a directory safe.
func (f *FS) SyncDir(name string) error {
	name = filepath.Clean(name)
	return f.do(Op{"syncdir", name}, func() error {
		f.pending = slices.DeleteFunc(f.pending, func(c change) bool {
			if c.dir == name {
				c.apply(f.safe)
			}
			return c.dir == name
		})
		return nil
	}, nil)
}

// Lock takes a lock, which ends with Crash and Exit.
func (f *FS) Lock(name string) (io.Closer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead != nil {
		return nil, f.dead
	}
	if f.locks[name] {
		return nil, durable.ErrLocked
	}
	f.locks[name] = true
	return unlock{f, name}, nil
}

type unlock struct {
	fs   *FS
	name string
}

func (u unlock) Close() error {
	u.fs.mu.Lock()
	defer u.fs.mu.Unlock()
	delete(u.fs.locks, u.name)
	return nil
}

type file struct {
	fs   *FS
	node *node
	path string
	at   int64
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.fs.dead != nil {
		return 0, f.fs.dead
	}
	if off >= int64(len(f.node.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.node.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) Write(p []byte) (int, error) {
	n, err := f.WriteAt(p, f.at)
	f.at += int64(n)
	return n, err
}

func (f *file) WriteAt(p []byte, off int64) (n int, err error) {
	write := func(p []byte) error {
		grow := max(0, off+int64(len(p))-int64(len(f.node.data)))
		if free := f.fs.limit - f.fs.used(); f.fs.limit > 0 && grow > free {
			p = p[:max(0, int64(len(p))-grow+max(0, free))]
			err = syscall.ENOSPC
		}
		f.edit(edit{off: off, p: append([]byte{}, p...)})
		n = len(p)
		return err
	}
	err = f.fs.do(Op{"write", f.path}, func() error { return write(p) }, func() error { return write(p[:len(p)/2]) })
	if err != nil {
		err = &fs.PathError{Op: "write", Path: f.path, Err: err}
	}
	return n, err
}

func (f *file) edit(e edit) {
	f.node.data = e.apply(f.node.data)
	f.node.pending = append(f.node.pending, e)
}

func (f *file) Truncate(size int64) error {
	return f.fs.do(Op{"truncate", f.path}, func() error {
		f.edit(edit{off: size})
		return nil
	}, nil)
}

func (f *file) Sync() error     { return f.sync("sync") }
func (f *file) Datasync() error { return f.sync("datasync") }

// sync makes the file safe. One that fails without effect has forgotten what it
// should have written: as on Linux, a later sync that succeeds does not write it.
func (f *file) sync(kind string) error {
	err := f.fs.do(Op{kind, f.path}, func() error {
		var lost []edit
		for _, e := range f.node.pending {
			if e.lost {
				lost = append(lost, e)
				continue
			}
			f.node.safe = e.apply(f.node.safe)
			lost = slices.DeleteFunc(lost, e.covers)
		}
		f.node.pending = lost
		return nil
	}, nil)
	if err != nil {
		f.fs.mu.Lock()
		for i := range f.node.pending {
			f.node.pending[i].lost = true
		}
		f.fs.mu.Unlock()
		return fmt.Errorf("%s %s: %w", kind, f.path, err)
	}
	return nil
}

func (f *file) Size() (int64, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	return int64(len(f.node.data)), f.fs.dead
}

func (f *file) Close() error { return nil }
