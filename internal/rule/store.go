package rule

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/state"
)

// What a Store keeps, by account, Region and name.
const (
	rules        = state.Kind[Rule]("events.rules")
	connections  = state.Kind[keptConnection]("events.connections")
	destinations = state.Kind[Destination]("events.destinations")
)

// Store keeps rules, connections and destinations. Its methods may be called from
// any goroutine. Their errors are *Refusals (ErrNotFound, ErrExists, ErrLimit,
// ErrPattern, ErrInvalid), or the disk's.
type Store struct {
	state *state.Store
	key   *seal.Key
	last  func() journal.Seq

	// version counts the changes of rules; it grows before the method that
	// made the change returns.
	version atomic.Uint64

	mu       sync.Mutex // guards compiled
	compiled *compiled
}

// NewStore opens what is kept in a store. The key seals secrets; last is the
// journal's last record.
func NewStore(s *state.Store, key *seal.Key, last func() journal.Seq) *Store {
	return &Store{state: s, key: key, last: last}
}

// Put makes a rule, or gives one that is there another description, pattern,
// state and role; its targets and tags then stay. It returns the rule as it is.
func (s *Store) Put(r Rule) (Rule, error) {
	if err := r.Check(); err != nil {
		return Rule{}, err
	}
	err := s.state.Update(func(tx *state.Tx) error {
		old, _, err := rules.Get(tx, r.key(r.Name))
		switch {
		case err == nil:
			r.Tags, r.Targets, r.By, r.Created, r.From = old.Tags, old.Targets, old.By, old.Created, old.From
			if old.State == Disabled {
				r.From = s.last() + 1
			}
		case !errors.Is(err, state.ErrNotFound):
			return err
		default:
			if err := hasRoom(tx, string(rules), r.Scope, MaxRules); err != nil {
				return err
			}
			r.Created, r.From, r.Targets = time.Now().UTC(), s.last()+1, nil
		}
		_, err = rules.Put(tx, r.key(r.Name), r)
		return err
	})
	s.version.Add(1)
	return r, err
}

// hasRoom refuses one more of a kind in a scope.
func hasRoom(tx *state.Tx, kind string, at Scope, limit int) error {
	n := 0
	for _, err := range tx.List(kind, at.key("")) {
		if err != nil {
			return err
		}
		n++
	}
	if n >= limit {
		return refuse(LimitExceeded, "The requested resource exceeds the maximum number allowed.")
	}
	return nil
}

// Get returns a rule, or ErrNotFound.
func (s *Store) Get(at Scope, name string) (r Rule, err error) {
	err = s.state.View(func(tx *state.Tx) (err error) {
		r, err = getRule(tx, at, name)
		return err
	})
	return r, err
}

func getRule(tx *state.Tx, at Scope, name string) (Rule, error) {
	r, _, err := rules.Get(tx, at.key(name))
	if errors.Is(err, state.ErrNotFound) {
		return r, refuse(NotFound, "Rule %s does not exist on EventBus %s.", name, Bus)
	}
	return r, err
}

// List returns the rules whose names begin with a prefix and come after a name,
// sorted by name, at most limit, and says whether there are more.
func (s *Store) List(at Scope, prefix, after string, limit int) (found []Rule, more bool, err error) {
	return page(s, rules, cut{at, prefix, after, limit}, func(*Rule) bool { return true })
}

// ListByTarget is List of the rules that have a target of that ARN.
func (s *Store) ListByTarget(at Scope, target, after string, limit int) (found []Rule, more bool, err error) {
	return page(s, rules, cut{at, "", after, limit}, func(r *Rule) bool {
		return slices.ContainsFunc(r.Targets, func(t Target) bool { return t.ARN == target })
	})
}

// cut is the part of a list that a page is of.
type cut struct {
	at            Scope
	prefix, after string
	limit         int
}

// page returns those that are wanted of a part of a list.
func page[T any](s *Store, kind state.Kind[T], c cut, wanted func(*T) bool) (found []T, more bool, err error) {
	start := c.at.key(c.prefix)
	if c.after != "" {
		start = max(start, c.at.key(c.after)+"\x00")
	}
	err = s.state.View(func(tx *state.Tx) error {
		for item, err := range tx.ListFrom(string(kind), c.at.key(c.prefix), start) {
			if err != nil {
				return err
			}
			var value T
			if err := json.Unmarshal(item.Value, &value); err != nil {
				return fmt.Errorf("read %s %q: %w", kind, item.Key, err)
			}
			switch {
			case !wanted(&value):
			case len(found) == c.limit:
				more = true
				return nil
			default:
				found = append(found, value)
			}
		}
		return nil
	})
	return found, more, err
}

// change lets f change a rule.
func (s *Store) change(at Scope, name string, f func(*Rule) error) error {
	err := s.state.Update(func(tx *state.Tx) error {
		r, err := getRule(tx, at, name)
		if err != nil {
			return err
		}
		if err := f(&r); err != nil {
			return err
		}
		_, err = rules.Put(tx, at.key(name), r)
		return err
	})
	s.version.Add(1)
	return err
}

// SetState enables or disables a rule.
func (s *Store) SetState(at Scope, name string, to State) error {
	return s.change(at, name, func(r *Rule) error {
		if r.State == Disabled && to != Disabled {
			r.From = s.last() + 1
		}
		r.State = to
		return r.Check()
	})
}

// Delete removes a rule that has no targets. The error is ErrNotFound where there
// is none, and ErrInvalid where it has targets.
func (s *Store) Delete(at Scope, name string) error {
	err := s.state.Update(func(tx *state.Tx) error {
		r, err := getRule(tx, at, name)
		if err != nil {
			return err
		}
		if len(r.Targets) > 0 {
			return invalid("Rule can't be deleted since it has targets.")
		}
		return remove(tx, rules, at.key(name))
	})
	s.version.Add(1)
	return err
}

// remove deletes a value whatever its version.
func remove[T any](tx *state.Tx, kind state.Kind[T], key string) error {
	_, version, err := kind.Get(tx, key)
	if err != nil {
		return err
	}
	return kind.Delete(tx, key, version)
}

// PutTargets adds targets to a rule, in place of those of the same ids: all or
// none. The error is ErrLimit where there would be more than MaxTargets.
func (s *Store) PutTargets(at Scope, name string, targets ...Target) error {
	for i := range targets {
		if err := targets[i].Check(); err != nil {
			return err
		}
	}
	return s.change(at, name, func(r *Rule) error {
		for _, t := range targets {
			if i := r.target(t.ID); i >= 0 {
				t.Made = r.Targets[i].Made
				r.Targets[i] = t
			} else {
				t.Made = uuid.NewString()
				r.Targets = append(r.Targets, t)
			}
		}
		if len(r.Targets) > MaxTargets {
			return refuse(LimitExceeded, "The requested resource exceeds the maximum number allowed.")
		}
		return nil
	})
}

// target is the place of a target among the rule's, -1 if it has none of the id.
func (r *Rule) target(id string) int {
	return slices.IndexFunc(r.Targets, func(t Target) bool { return t.ID == id })
}

// RemoveTargets removes targets from a rule and returns the ids of which it has
// none. What is on its way to them is forgotten.
func (s *Store) RemoveTargets(at Scope, name string, ids ...string) (missing []string, err error) {
	err = s.change(at, name, func(r *Rule) error {
		for _, id := range ids {
			if i := r.target(id); i >= 0 {
				r.Targets = slices.Delete(r.Targets, i, i+1)
			} else {
				missing = append(missing, id)
			}
		}
		return nil
	})
	return missing, err
}

// Tag adds tags to a rule, in place of those of the same keys.
func (s *Store) Tag(at Scope, name string, tags ...Tag) error {
	if err := checkTags(tags); err != nil {
		return err
	}
	return s.change(at, name, func(r *Rule) error {
		for _, tag := range tags {
			r.Tags = append(without(r.Tags, tag.Key), tag)
		}
		return checkTags(r.Tags)
	})
}

// Untag removes tags from a rule.
func (s *Store) Untag(at Scope, name string, keys ...string) error {
	return s.change(at, name, func(r *Rule) error {
		r.Tags = without(r.Tags, keys...)
		return nil
	})
}

func without(tags []Tag, keys ...string) []Tag {
	return slices.DeleteFunc(tags, func(t Tag) bool { return slices.Contains(keys, t.Key) })
}
