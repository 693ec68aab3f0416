package identity

import (
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/state"
)

// Tx sees, and in Update changes, one account, as of one moment. It is valid
// until the function that it was given to returns.
type Tx struct {
	tx        *state.Tx
	directory *Directory
	account   string
}

// AccountID is the account that the transaction is of.
func (t *Tx) AccountID() string { return t.account }

// View runs f with an account as it is.
func (d *Directory) View(account string, f func(*Tx) error) error {
	return d.store.View(func(tx *state.Tx) error { return f(&Tx{tx, d, account}) })
}

// Update runs f, which may change an account. All of its changes are durable
// when Update returns nil, and none is made if it returns an error. f runs while
// no one else can change anything: it must be short.
func (d *Directory) Update(account string, f func(*Tx) error) error {
	return d.store.Update(func(tx *state.Tx) error { return f(&Tx{tx, d, account}) })
}

// kept is an entity's type; the pointer has what Entity gives it.
type kept[T any] interface {
	*T
	entity() *Entity
}

// Book is all entities of one type in an account, found by their names, which
// are unique whatever their case.
type Book[T any, P kept[T]] struct {
	tx     *Tx
	kind   state.Kind[T]
	prefix string // of ids
	noun   string // as in "The user with name x cannot be found."
	title  string // as in "User with name x already exists."
}

func (b Book[T, P]) key(name string) string { return b.tx.account + "/" + strings.ToLower(name) }

// Get returns an entity, or a NoSuchEntity refusal.
func (b Book[T, P]) Get(name string) (T, error) {
	v, _, err := b.kind.Get(b.tx.tx, b.key(name))
	if errors.Is(err, state.ErrNotFound) {
		return v, notFound(b.noun, name)
	}
	return v, err
}

// Create keeps a new entity, which gets its id, or refuses with
// EntityAlreadyExists.
func (b Book[T, P]) Create(v T) (T, error) {
	e := P(&v).entity()
	if err := CheckTags(e.Tags); err != nil {
		return v, err
	}
	if e.ID == "" && b.prefix != "" {
		e.ID = uniqueID(b.prefix, b.tx.account, idLength)
	}
	_, err := b.kind.Create(b.tx.tx, b.key(e.Name), v)
	if errors.Is(err, state.ErrExists) {
		return v, exists(b.title, e.Name)
	}
	return v, err
}

// Change reads an entity, lets f change it and keeps it. f may change its name.
func (b Book[T, P]) Change(name string, f func(*T) error) (T, error) {
	v, version, err := b.kind.Get(b.tx.tx, b.key(name))
	if errors.Is(err, state.ErrNotFound) {
		return v, notFound(b.noun, name)
	}
	if err != nil {
		return v, err
	}
	if err := f(&v); err != nil {
		return v, err
	}
	renamed := P(&v).entity().Name
	if b.key(renamed) == b.key(name) {
		_, err = b.kind.Update(b.tx.tx, b.key(name), version, v)
		return v, err
	}
	if err := b.kind.Delete(b.tx.tx, b.key(name), version); err != nil {
		return v, err
	}
	_, err = b.kind.Create(b.tx.tx, b.key(renamed), v)
	if errors.Is(err, state.ErrExists) {
		return v, exists(b.title, renamed)
	}
	if err != nil {
		return v, err
	}
	return v, b.tx.followPin(P(&v).entity())
}

// remove deletes an entity unless check refuses.
func (b Book[T, P]) remove(name string, check func(*T) error) error {
	v, version, err := b.kind.Get(b.tx.tx, b.key(name))
	if errors.Is(err, state.ErrNotFound) {
		return notFound(b.noun, name)
	}
	if err != nil {
		return err
	}
	if err := check(&v); err != nil {
		return err
	}
	return b.kind.Delete(b.tx.tx, b.key(name), version)
}

// All yields the entities in the order of their names.
func (b Book[T, P]) All() iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item, err := range b.kind.List(b.tx.tx, b.tx.account+"/") {
			if !yield(item.Value, err) || err != nil {
				return
			}
		}
	}
}

// Select returns the entities that want accepts, in the order of their names.
func (b Book[T, P]) Select(want func(*T) bool) ([]T, error) {
	var found []T
	for v, err := range b.All() {
		if err != nil {
			return nil, err
		}
		if want(&v) {
			found = append(found, v)
		}
	}
	return found, nil
}

// sameName compares names as IAM does.
func sameName(a, b string) bool { return strings.EqualFold(a, b) }

func containsName(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return sameName(n, name) })
}

func withoutName(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return sameName(n, name) })
}
