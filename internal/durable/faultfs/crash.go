package faultfs

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// sector is what a disk writes as one.
const sector = 512

// Exit returns what a process finds that starts after this one has ended, with
// kill -9, say: all that was written.
func (f *FS) Exit() *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := New(nil)
	maps.Copy(next.dirs, f.dirs)
	for name, n := range f.now {
		data := slices.Clone(n.data)
		// It is not safe for that: what follows may crash in turn.
		next.now[name] = &node{data: data, safe: slices.Clone(n.safe), pending: slices.Clone(n.pending)}
	}
	next.safe = f.remap(next)
	next.pending = nil
	for name, n := range next.now {
		next.note(name, func(m map[string]*node) { m[name] = n })
	}
	for name := range next.safe {
		if _, ok := next.now[name]; !ok {
			next.note(name, func(m map[string]*node) { delete(m, name) })
		}
	}
	return next
}

// remap returns safe with the nodes of next where they are the same.
func (f *FS) remap(next *FS) map[string]*node {
	twin := make(map[*node]*node)
	for name, n := range f.now {
		twin[n] = next.now[name]
	}
	safe := make(map[string]*node)
	for name, n := range f.safe {
		if t, ok := twin[n]; ok {
			safe[name] = t
			continue
		}
		safe[name] = &node{data: slices.Clone(n.data), safe: slices.Clone(n.safe), pending: slices.Clone(n.pending)}
	}
	return safe
}

// Crash returns what is on the disk after the machine has lost its power: what is
// safe, and of the rest what rng decides. Of the changes of directories it is the
// first so many, as on a file system with a journal; of each file any sectors,
// and any truncations.
func (f *FS) Crash(rng *rand.Rand) *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	names := maps.Clone(f.safe)
	for _, c := range f.pending[:rng.IntN(len(f.pending)+1)] {
		c.apply(names)
	}
	next := New(nil)
	maps.Copy(next.dirs, f.dirs)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		data := names[name].crash(rng)
		n := &node{data: data, safe: slices.Clone(data)}
		next.now[name], next.safe[name] = n, n
	}
	return next
}

func (n *node) crash(rng *rand.Rand) []byte {
	data := slices.Clone(n.safe)
	all := rng.IntN(3) // none, all or some
	for _, e := range n.pending {
		if e.p == nil {
			if all == 1 || all == 2 && rng.IntN(2) == 0 {
				data = e.apply(data)
			}
			continue
		}
		for off := e.off; off < e.off+int64(len(e.p)); {
			end := min((off/sector+1)*sector, e.off+int64(len(e.p)))
			if all == 1 || all == 2 && rng.IntN(2) == 0 {
				data = edit{off: off, p: e.p[off-e.off : end-e.off]}.apply(data)
			}
			off = end
		}
	}
	return data
}
