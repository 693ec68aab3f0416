package journal

import (
	"container/list"
	"errors"
	"os"
	"sync"

	"github.com/cairn-audit/cairn/internal/durable"
)

// maxIdleFiles is how many files of sealed segments stay open while nobody reads
// them.
const maxIdleFiles = 128

// handles keeps the files of sealed segments open that were read last.
type handles struct {
	fs   durable.FS
	mu   sync.Mutex // taken alone, never while a handle's is held
	idle *list.List // of *handle, the one used last in front
}

func newHandles(fsys durable.FS) *handles { return &handles{fs: fsys, idle: list.New()} }

// touched notes that h was used, and closes the file that was not for longest.
func (hs *handles) touched(h *handle) {
	hs.mu.Lock()
	if h.elem == nil {
		h.elem = hs.idle.PushFront(h)
	} else {
		hs.idle.MoveToFront(h.elem)
	}
	var victim *handle
	if hs.idle.Len() > maxIdleFiles {
		victim = hs.idle.Remove(hs.idle.Back()).(*handle)
		victim.elem = nil
	}
	hs.mu.Unlock()
	if victim != nil {
		victim.park()
	}
}

func (hs *handles) forget(h *handle) {
	hs.mu.Lock()
	if h.elem != nil {
		hs.idle.Remove(h.elem)
		h.elem = nil
	}
	hs.mu.Unlock()
}

// handle is the file of a segment. It is open while it is used, and longer: if
// pinned, until it is retired, else until handles needs the room. The file of an
// unsealed segment is pinned, because its path may already lead to the sealed
// one, whose frames lie elsewhere.
type handle struct {
	owner *handles
	path  string
	elem  *list.Element // guarded by owner.mu

	mu      sync.Mutex
	file    durable.File
	users   int
	pinned  bool
	retired bool
}

func (hs *handles) pinned(path string, f durable.File) *handle {
	return &handle{owner: hs, path: path, file: f, pinned: true}
}

func (hs *handles) lazy(path string) *handle { return &handle{owner: hs, path: path} }

// errRetired says that the segment was replaced by its sealed form, or dropped:
// whoever wanted to read it looks it up again.
var errRetired = errors.New("segment is no longer in use")

// acquire returns the file, opening it if need be. A call of release follows.
func (h *handle) acquire() (durable.File, error) {
	h.mu.Lock()
	if h.file == nil && h.retired {
		h.mu.Unlock()
		return nil, errRetired
	}
	if h.file == nil {
		f, err := h.owner.fs.OpenFile(h.path, os.O_RDONLY, 0)
		if err != nil {
			h.mu.Unlock()
			return nil, err
		}
		h.file = f
	}
	h.users++
	f, note := h.file, !h.pinned && !h.retired
	h.mu.Unlock()
	if note {
		h.owner.touched(h)
	}
	return f, nil
}

func (h *handle) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.users--
	if h.users == 0 && h.retired {
		h.closeLocked()
	}
}

// park closes the file unless it is in use.
func (h *handle) park() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.users == 0 && !h.pinned {
		h.closeLocked()
	}
}

// retire closes the file as soon as nobody uses it. Whoever still has the
// segment may go on using it.
func (h *handle) retire() {
	h.mu.Lock()
	h.retired = true
	if h.users == 0 {
		h.closeLocked()
	}
	h.mu.Unlock()
	h.owner.forget(h)
}

func (h *handle) closeLocked() {
	if h.file != nil {
		// Nothing is written through this handle that was not synced.
		_ = h.file.Close()
		h.file = nil
	}
}
