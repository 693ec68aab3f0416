package engine

import (
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// Service is the table of one service.
type Service struct {
	// ID is the service's in the API models.
	ID    string
	Kinds []*Kind
	Ops   []Op
	// Paging is the form of the service's pages.
	Paging Paging
	// Filters is the form of the service's filters.
	Filters Filtering
	// Tagging is how tags come with a create operation.
	Tagging Tagging
	// Lacks answers an operation that the tables do not have; {name} is its
	// name.
	Lacks Fault
	// TokenReused answers a client token that came before with other
	// parameters.
	TokenReused Fault
	// DryRun, where set, answers a request that has DryRun true and would
	// have succeeded.
	DryRun Fault
	// Settle, where set, is called after a call has changed a scope, to let
	// the service act on what it finds there.
	Settle func(s *Settling) error

	// Refs are request members that name a resource of a kind and are not
	// called like its id.
	Refs map[string]string

	kinds map[string]*Kind
	named map[string]*Kind // by request member
	ops   map[string]*Op
}

// Op is a row of a service's operations.
type Op struct {
	Name string
	Do   Action
	// Free are request members that need not name what exists, though they
	// are called like an id.
	Free []string
}

// Action is what an operation does.
type Action interface {
	// reads reports whether the action changes nothing.
	reads() bool
	run(x *Exec) (map[string]any, error)
	// check reports what does not agree with the API model.
	check(c *checker)
}

// Read is an action that no row says well, and that changes nothing.
type Read func(x *Exec) (map[string]any, error)

// Write is an action that no row says well.
type Write func(x *Exec) (map[string]any, error)

func (Read) reads() bool                           { return true }
func (f Read) run(x *Exec) (map[string]any, error) { return f(x) }
func (Read) check(*checker)                        {}

func (Write) reads() bool                           { return false }
func (f Write) run(x *Exec) (map[string]any, error) { return f(x) }
func (Write) check(*checker)                        {}

func (s *Service) index() {
	s.kinds = make(map[string]*Kind, len(s.Kinds))
	s.named = make(map[string]*Kind)
	for _, k := range s.Kinds {
		k.key = s.ID + "/" + k.Name
		s.kinds[k.Name] = k
		s.named[k.ID], s.named[k.ID+"s"] = k, k
	}
	for member, kind := range s.Refs {
		s.named[member] = s.kinds[kind]
	}
	s.ops = make(map[string]*Op, len(s.Ops))
	for i := range s.Ops {
		s.ops[s.Ops[i].Name] = &s.Ops[i]
	}
}

// Operations returns the names of the operations that the table has.
func (s *Service) Operations() []string {
	names := make([]string, len(s.Ops))
	for i, op := range s.Ops {
		names[i] = op.Name
	}
	return names
}

func (s *Service) lacks(op *awsapi.Operation) error { return s.Lacks.With("name", op.Name) }

// checkReferences refuses a call that names what does not exist.
func (x *Exec) checkReferences() error {
	var own string // what the operation itself looks for, or makes
	switch do := x.op.Do.(type) {
	case Create:
		own = do.Kind
	case Describe:
		own = do.Kind
	}
	for _, m := range members(x.Call.Operation.Input) {
		k := x.service.named[m.Name]
		if k == nil || k.Name == own || x.Params[m.Name] == nil || slices.Contains(x.op.Free, m.Name) {
			continue
		}
		if _, err := x.findAll(k, x.Params.Strs(m.Name)); err != nil {
			return err
		}
	}
	return nil
}

// findAll returns the resources, or the error for those that do not exist.
func (x *Exec) findAll(k *Kind, refs []string) ([]*Resource, error) {
	var found []*Resource
	var missing []string
	for _, ref := range refs {
		if !k.Malformed.isZero() && !k.wellFormed(ref) && k.Resolve == nil {
			return nil, k.Malformed.With("id", ref)
		}
		r := x.Look(k.key, ref)
		if r == nil {
			missing = append(missing, ref)
			continue
		}
		found = append(found, r)
	}
	if len(missing) > 1 && !k.Unknowns.isZero() {
		return nil, k.Unknowns.With("id", strings.Join(missing, ", "))
	}
	if len(missing) > 0 {
		_, err := x.Find(k.key, missing[0])
		return nil, err
	}
	return found, nil
}

// Reads reports whether an action changes nothing.
func Reads(a Action) bool { return a.reads() }
