package engine

import (
	"slices"
	"time"
)

// Tx is one look at a scope, with the changes that it has made so far. It
// belongs to one goroutine.
type Tx struct {
	engine  *Engine
	scope   *scope
	now     time.Time
	random  func() uint64
	writes  bool
	seq     uint64
	changed map[key]*Resource // nil: deleted
}

// Now is the time of the call.
func (tx *Tx) Now() time.Time { return tx.now }

// get returns the resource as it is now, or nil. It must not be changed.
func (tx *Tx) get(k *Kind, id string) *Resource {
	r, ok := tx.changed[key{k.key, id}]
	if !ok {
		t := tx.scope.tables[k.key]
		if t == nil {
			return nil
		}
		r = t.byID[id]
	}
	return k.States.settle(r, tx.now, tx.engine.tempo)
}

// list returns the kind's resources as they are now, oldest first. They must
// not be changed.
func (tx *Tx) list(k *Kind) []*Resource {
	var all []*Resource
	if t := tx.scope.tables[k.key]; t != nil {
		for _, r := range t.order {
			if _, ok := tx.changed[key{k.key, r.ID}]; !ok {
				all = append(all, r)
			}
		}
	}
	for at, r := range tx.changed {
		if at.kind == k.key && r != nil {
			all = append(all, r)
		}
	}
	if len(tx.changed) > 0 {
		slices.SortFunc(all, func(a, b *Resource) int {
			if a.Seq < b.Seq {
				return -1
			}
			return 1
		})
	}
	live := all[:0:0]
	for _, r := range all {
		if r = k.States.settle(r, tx.now, tx.engine.tempo); r != nil {
			live = append(live, r)
		}
	}
	return live
}

// put keeps the resource. The caller must not change it afterwards, except
// through the pointer that it gave.
func (tx *Tx) put(k *Kind, r *Resource) {
	if !tx.writes {
		panic("sandbox: an operation that only reads changes " + k.key)
	}
	if r.Seq == 0 {
		tx.seq++
		r.Seq = tx.seq
	}
	tx.changed[key{k.key, r.ID}] = r
}

func (tx *Tx) remove(k *Kind, id string) {
	if !tx.writes {
		panic("sandbox: an operation that only reads deletes " + k.key)
	}
	tx.changed[key{k.key, id}] = nil
}

// edit returns the resource for changing.
func (tx *Tx) edit(k *Kind, r *Resource) *Resource {
	if own := tx.changed[key{k.key, r.ID}]; own == r {
		return r
	}
	c := r.clone()
	tx.put(k, c)
	return c
}
