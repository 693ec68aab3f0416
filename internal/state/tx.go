package state

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"

	"go.etcd.io/bbolt"
)

// Item is a value with its key and its version. The version is different after
// every change, also after a value is deleted and created again, and is never 0.
type Item struct {
	Key     string
	Version uint64
	Value   []byte
}

// Tx is a transaction. It belongs to one goroutine.
type Tx struct {
	tx *bbolt.Tx
}

// Get returns the value of a key, or ErrNotFound.
func (t *Tx) Get(kind, key string) (Item, error) {
	b := t.tx.Bucket([]byte(kind))
	if b == nil {
		return Item{}, failed("get", kind, key, ErrNotFound)
	}
	stored := b.Get([]byte(key))
	if stored == nil {
		return Item{}, failed("get", kind, key, ErrNotFound)
	}
	item, err := decode([]byte(key), stored)
	if err != nil {
		return Item{}, failed("get", kind, key, err)
	}
	return item, nil
}

// List yields the items of a kind whose keys begin with the prefix, in the order
// of their keys, until the first error. Nothing of that kind may be changed
// during the iteration.
func (t *Tx) List(kind, prefix string) iter.Seq2[Item, error] {
	return t.ListFrom(kind, prefix, prefix)
}

// ListFrom is List without the keys before start.
func (t *Tx) ListFrom(kind, prefix, start string) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		b := t.tx.Bucket([]byte(kind))
		if b == nil {
			return
		}
		c := b.Cursor()
		for k, v := c.Seek([]byte(max(prefix, start))); k != nil && bytes.HasPrefix(k, []byte(prefix)); k, v = c.Next() {
			item, err := decode(k, v)
			if err != nil {
				err = failed("list", kind, string(k), err)
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// Create stores a value under a key that has none, else fails with ErrExists. It
// returns the value's version.
func (t *Tx) Create(kind, key string, value []byte) (uint64, error) {
	b, err := t.tx.CreateBucketIfNotExists([]byte(kind))
	if err != nil {
		return 0, failed("create", kind, key, err)
	}
	if b.Get([]byte(key)) != nil {
		return 0, failed("create", kind, key, ErrExists)
	}
	return put(b, "create", kind, key, value)
}

// Update replaces a value that still has the given version. It returns the new
// version. The error is ErrNotFound if there is no value and ErrConflict if it
// has another version.
func (t *Tx) Update(kind, key string, version uint64, value []byte) (uint64, error) {
	b, err := t.expect("update", kind, key, version)
	if err != nil {
		return 0, err
	}
	return put(b, "update", kind, key, value)
}

// Put stores a value whatever was there before and returns its version. It is
// for values with one writer, such as a follower's cursor.
func (t *Tx) Put(kind, key string, value []byte) (uint64, error) {
	b, err := t.tx.CreateBucketIfNotExists([]byte(kind))
	if err != nil {
		return 0, failed("put", kind, key, err)
	}
	return put(b, "put", kind, key, value)
}

// Delete removes a value that still has the given version, with the errors of
// Update.
func (t *Tx) Delete(kind, key string, version uint64) error {
	b, err := t.expect("delete", kind, key, version)
	if err != nil {
		return err
	}
	if err := b.Delete([]byte(key)); err != nil {
		return failed("delete", kind, key, err)
	}
	return nil
}

// expect returns the bucket of a kind if the key's value has the version.
func (t *Tx) expect(verb, kind, key string, version uint64) (*bbolt.Bucket, error) {
	item, err := t.Get(kind, key)
	if err != nil {
		return nil, err
	}
	if item.Version != version {
		return nil, failed(verb, kind, key, fmt.Errorf("%w: expected %d, found %d", ErrConflict, version, item.Version))
	}
	return t.tx.Bucket([]byte(kind)), nil
}

// put writes a value with a version of its own. Versions come from the sequence
// of the bucket, which only grows, so a version names one value for ever.
func put(b *bbolt.Bucket, verb, kind, key string, value []byte) (uint64, error) {
	version, err := b.NextSequence()
	if err != nil {
		return 0, failed(verb, kind, key, err)
	}
	stored := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(value)), version)
	if err := b.Put([]byte(key), append(stored, value...)); err != nil {
		return 0, failed(verb, kind, key, err)
	}
	return version, nil
}

// decode copies what it is given: bbolt's bytes end with the transaction.
func decode(key, stored []byte) (Item, error) {
	if len(stored) < 8 {
		return Item{}, fmt.Errorf("damaged: %d bytes cannot hold a version", len(stored))
	}
	return Item{
		Key:     string(key),
		Version: binary.BigEndian.Uint64(stored),
		Value:   bytes.Clone(stored[8:]),
	}, nil
}

func failed(verb, kind, key string, err error) error {
	return fmt.Errorf("%s %s %q: %w", verb, kind, key, err)
}
