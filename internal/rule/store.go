package rule

import (
	"errors"

	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/state"
)

// Store keeps rules, connections and destinations. Its methods may be called from
// any goroutine. Their errors are *Refusals (ErrNotFound, ErrExists, ErrLimit,
// ErrPattern, ErrInvalid), or the disk's.
type Store struct {
	state *state.Store
	key   *seal.Key
	last  func() journal.Seq
}

// NewStore opens what is kept in a store. The key seals secrets; last is the
// journal's last record.
func NewStore(s *state.Store, key *seal.Key, last func() journal.Seq) *Store {
	return &Store{state: s, key: key, last: last}
}

var errTodo = errors.New("not yet")

// Put makes a rule, or gives one that is there another description, pattern,
// state and role; its targets and tags then stay. It returns the rule as it is.
func (s *Store) Put(r Rule) (Rule, error) { return Rule{}, errTodo }

// Get returns a rule, or ErrNotFound.
func (s *Store) Get(at Scope, name string) (Rule, error) { return Rule{}, errTodo }

// List returns the rules whose names begin with a prefix and come after a name,
// sorted by name, at most limit, and says whether there are more.
func (s *Store) List(at Scope, prefix, after string, limit int) (rules []Rule, more bool, err error) {
	return nil, false, errTodo
}

// ListByTarget is List of the rules that have a target of that ARN.
func (s *Store) ListByTarget(at Scope, target, after string, limit int) (rules []Rule, more bool, err error) {
	return nil, false, errTodo
}

// SetState enables or disables a rule.
func (s *Store) SetState(at Scope, name string, state State) error { return errTodo }

// Delete removes a rule that has no targets. The error is ErrNotFound where there
// is none, and ErrInvalid where it has targets.
func (s *Store) Delete(at Scope, name string) error { return errTodo }

// PutTargets adds targets to a rule, in place of those of the same ids: all or
// none. The error is ErrLimit where there would be more than MaxTargets.
func (s *Store) PutTargets(at Scope, name string, targets ...Target) error { return errTodo }

// RemoveTargets removes targets from a rule and returns the ids of which it has
// none. What is on its way to them is forgotten.
func (s *Store) RemoveTargets(at Scope, name string, ids ...string) (missing []string, err error) {
	return nil, errTodo
}

// Tag adds tags to a rule, in place of those of the same keys.
func (s *Store) Tag(at Scope, name string, tags ...Tag) error { return errTodo }

// Untag removes tags from a rule.
func (s *Store) Untag(at Scope, name string, keys ...string) error { return errTodo }

// CreateConnection makes a connection, which gets an ID, and returns it.
func (s *Store) CreateConnection(c Connection) (Connection, error) { return c, errTodo }

// ChangeConnection lets f change a connection's Description and Auth, which f
// sees with its secrets, and authorizes it again. f may be called once.
func (s *Store) ChangeConnection(at Scope, name string, f func(*Connection) error) (Connection, error) {
	return Connection{}, errTodo
}

// Deauthorize forgets what a connection proves itself with.
func (s *Store) Deauthorize(at Scope, name string) (Connection, error) { return Connection{}, errTodo }

// DeleteConnection removes a connection and returns what it was. Destinations
// that use it stay, and fail.
func (s *Store) DeleteConnection(at Scope, name string) (Connection, error) {
	return Connection{}, errTodo
}

// Connection returns a connection without its secrets, or ErrNotFound.
func (s *Store) Connection(at Scope, name string) (Connection, error) { return Connection{}, errTodo }

// Connections lists connections as List does rules.
func (s *Store) Connections(at Scope, prefix, after string, limit int) (all []Connection, more bool, err error) {
	return nil, false, errTodo
}

// CreateDestination makes a destination, which gets an ID, and returns it. The
// error is ErrNotFound where there is no such connection.
func (s *Store) CreateDestination(d Destination) (Destination, error) { return d, errTodo }

// ChangeDestination lets f change a destination's Description, ConnectionARN,
// Endpoint, Method and Rate.
func (s *Store) ChangeDestination(at Scope, name string, f func(*Destination) error) (Destination, error) {
	return Destination{}, errTodo
}

// DeleteDestination removes a destination. The error may be ErrNotFound.
func (s *Store) DeleteDestination(at Scope, name string) error { return errTodo }

// Destination returns a destination, or ErrNotFound.
func (s *Store) Destination(at Scope, name string) (Destination, error) {
	return Destination{}, errTodo
}

// Destinations lists destinations as List does rules; with a connection's ARN,
// only those that use it.
func (s *Store) Destinations(at Scope, prefix, connectionARN, after string, limit int) (all []Destination, more bool, err error) {
	return nil, false, errTodo
}

// Active reports whether the connection that a destination uses is there and
// authorized: whether EventBridge calls the destination ACTIVE.
func (s *Store) Active(d *Destination) (bool, error) { return false, errTodo }
