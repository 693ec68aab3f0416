package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ScopeID names what state belongs to.
type ScopeID struct{ AccountID, Region string }

func (id ScopeID) prefix() string { return id.AccountID + "/" + id.Region + "/" }

// seeded is the key, below a scope's prefix, that says that the resources of a
// fresh account are in the store.
const seeded = "seeded"

// scope holds the resources of one account in one Region. They are in memory;
// the store has the same.
type scope struct {
	id ScopeID

	// mu is held for reading by calls that only read, and for writing by a
	// call that changes something until its change is durable.
	mu     sync.RWMutex
	loaded bool              // guarded by mu
	saved  bool              // guarded by mu; false: the store has nothing of the scope yet
	seq    uint64            // guarded by mu; the newest resource's
	tables map[string]*table // guarded by mu; by qualified kind name
	swept  time.Time         // guarded by mu; when forgotten resources were last looked for

	// settling is held while one goroutine lets services act on what changed.
	settling  sync.Mutex
	unsettled atomic.Bool // something changed since services last acted
	// wake is when a service wants to act without a change, in nanoseconds
	// since 1970; 0 is never. Written by who holds settling.
	wake atomic.Int64
}

// table holds the resources of one kind. The resources are never changed, only
// replaced.
type table struct {
	byID  map[string]*Resource
	order []*Resource // by Seq
}

func newTable() *table { return &table{byID: make(map[string]*Resource)} }

func (t *table) put(r *Resource) {
	if old := t.byID[r.ID]; old != nil && old.Seq != r.Seq {
		t.remove(r.ID)
	}
	i, found := t.find(r.Seq)
	if found {
		t.order[i] = r
	} else {
		t.order = slices.Insert(t.order, i, r)
	}
	t.byID[r.ID] = r
}

func (t *table) remove(id string) {
	r := t.byID[id]
	if r == nil {
		return
	}
	delete(t.byID, id)
	if i, found := t.find(r.Seq); found {
		t.order = slices.Delete(t.order, i, i+1)
	}
}

func (t *table) find(seq uint64) (int, bool) {
	return slices.BinarySearchFunc(t.order, seq, func(r *Resource, seq uint64) int {
		switch {
		case r.Seq < seq:
			return -1
		case r.Seq > seq:
			return 1
		}
		return 0
	})
}

func (s *scope) table(kind string) *table {
	t := s.tables[kind]
	if t == nil {
		t = newTable()
		s.tables[kind] = t
	}
	return t
}

// load reads the scope from the store. The caller holds mu for writing.
func (s *scope) load(ctx context.Context, store Store) error {
	tables := make(map[string]*table)
	s.tables, s.saved, s.seq = tables, false, 0
	prefix := s.id.prefix()
	for e, err := range store.Load(ctx, prefix) {
		if err != nil {
			return fmt.Errorf("load the sandbox of %s in %s: %w", s.id.AccountID, s.id.Region, err)
		}
		s.saved = true
		rest := strings.TrimPrefix(e.Key, prefix)
		if rest == seeded {
			continue
		}
		parts := strings.SplitN(rest, "/", 3)
		if len(parts) != 3 {
			return fmt.Errorf("load the sandbox: key %q is not service/kind/id", e.Key)
		}
		r, err := decodeResource(parts[2], e.Value)
		if err != nil {
			return err
		}
		s.table(parts[0] + "/" + parts[1]).put(r)
		s.seq = max(s.seq, r.Seq)
	}
	return nil
}

// save makes the transaction's changes durable and then visible. The caller
// holds mu for writing.
func (s *scope) save(ctx context.Context, store Store, tx *Tx) error {
	if len(tx.changed) == 0 {
		return nil
	}
	var changes []Entry
	if !s.saved {
		changes = append(changes, Entry{Key: s.id.prefix() + seeded, Value: []byte("{}")})
		for kind, t := range s.tables {
			for _, r := range t.order {
				e, err := s.entry(key{kind, r.ID}, r)
				if err != nil {
					return err
				}
				changes = append(changes, e)
			}
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(tx.changed), key.compare) {
		e, err := s.entry(k, tx.changed[k])
		if err != nil {
			return err
		}
		changes = append(changes, e)
	}
	if err := store.Apply(ctx, changes); err != nil {
		return fmt.Errorf("keep the sandbox of %s in %s: %w", s.id.AccountID, s.id.Region, err)
	}
	s.saved = true
	s.adopt(tx)
	return nil
}

// adopt makes the transaction's changes visible.
func (s *scope) adopt(tx *Tx) {
	for k, r := range tx.changed {
		if r == nil {
			s.table(k.kind).remove(k.id)
			continue
		}
		s.table(k.kind).put(r)
	}
	s.seq = tx.seq
}

func (s *scope) entry(k key, r *Resource) (Entry, error) {
	e := Entry{Key: s.id.prefix() + k.kind + "/" + k.id}
	if r == nil {
		return e, nil
	}
	var err error
	e.Value, err = encodeResource(r)
	return e, err
}

// key names a resource within a scope.
type key struct{ kind, id string }

func (k key) compare(other key) int {
	if c := strings.Compare(k.kind, other.kind); c != 0 {
		return c
	}
	return strings.Compare(k.id, other.id)
}
