package engine

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Store keeps the documents of the sandbox. The engine is its only writer and
// never writes two changes of the same scope at once.
type Store interface {
	// Load gives the documents whose key begins with the prefix, in any
	// order. A value is valid until the next one is asked for.
	Load(ctx context.Context, prefix string) iter.Seq2[Entry, error]
	// Apply makes all the changes durable, or none. When it fails, nobody
	// may see any of them, now or later.
	Apply(ctx context.Context, changes []Entry) error
}

// Entry is a document of a store; in a change, a nil value deletes it.
type Entry struct {
	Key   string
	Value []byte
}

// Memory is a store for tests. The zero value is empty.
type Memory struct {
	mu   sync.Mutex
	docs map[string][]byte // guarded by mu
	// Fail, when set, is what Apply answers.
	Fail error
}

// Load implements Store.
func (m *Memory) Load(_ context.Context, prefix string) iter.Seq2[Entry, error] {
	m.mu.Lock()
	docs := maps.Clone(m.docs)
	m.mu.Unlock()
	return func(yield func(Entry, error) bool) {
		for _, k := range slices.Sorted(maps.Keys(docs)) {
			if strings.HasPrefix(k, prefix) && !yield(Entry{k, docs[k]}, nil) {
				return
			}
		}
	}
}

// Apply implements Store.
func (m *Memory) Apply(_ context.Context, changes []Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Fail != nil {
		return m.Fail
	}
	if m.docs == nil {
		m.docs = make(map[string][]byte)
	}
	for _, c := range changes {
		if c.Value == nil {
			delete(m.docs, c.Key)
			continue
		}
		m.docs[c.Key] = slices.Clone(c.Value)
	}
	return nil
}
