package state

import (
	"encoding/json"
	"iter"
)

// Kind names the values of one type, kept as JSON:
//
//	const users = state.Kind[User]("users")
//	err := store.Update(func(tx *state.Tx) error {
//		u, version, err := users.Get(tx, "alice")
//		…
//		_, err = users.Update(tx, "alice", version, u)
//		return err
//	})
//
// Its methods are those of Tx, with the same errors.
type Kind[T any] string

// Get returns a value and its version.
func (k Kind[T]) Get(tx *Tx, key string) (T, uint64, error) {
	item, err := tx.Get(string(k), key)
	if err != nil {
		var none T
		return none, 0, err
	}
	return k.decode("get", item)
}

// List yields the keys that begin with the prefix and their values, sorted by
// key, until the first error.
func (k Kind[T]) List(tx *Tx, prefix string) iter.Seq2[Typed[T], error] {
	return func(yield func(Typed[T], error) bool) {
		for item, err := range tx.List(string(k), prefix) {
			typed := Typed[T]{Key: item.Key}
			if err == nil {
				typed.Value, typed.Version, err = k.decode("list", item)
			}
			if !yield(typed, err) || err != nil {
				return
			}
		}
	}
}

// Typed is a value of a Kind with its key and its version.
type Typed[T any] struct {
	Key     string
	Version uint64
	Value   T
}

// Create stores a value under a key that has none.
func (k Kind[T]) Create(tx *Tx, key string, value T) (uint64, error) {
	b, err := json.Marshal(value)
	if err != nil {
		return 0, failed("create", string(k), key, err)
	}
	return tx.Create(string(k), key, b)
}

// Update replaces a value that still has the given version.
func (k Kind[T]) Update(tx *Tx, key string, version uint64, value T) (uint64, error) {
	b, err := json.Marshal(value)
	if err != nil {
		return 0, failed("update", string(k), key, err)
	}
	return tx.Update(string(k), key, version, b)
}

// Put stores a value whatever was there before.
func (k Kind[T]) Put(tx *Tx, key string, value T) (uint64, error) {
	b, err := json.Marshal(value)
	if err != nil {
		return 0, failed("put", string(k), key, err)
	}
	return tx.Put(string(k), key, b)
}

// Delete removes a value that still has the given version.
func (k Kind[T]) Delete(tx *Tx, key string, version uint64) error {
	return tx.Delete(string(k), key, version)
}

func (k Kind[T]) decode(verb string, item Item) (T, uint64, error) {
	var value T
	if err := json.Unmarshal(item.Value, &value); err != nil {
		var none T
		return none, 0, failed(verb, string(k), item.Key, err)
	}
	return value, item.Version, nil
}
