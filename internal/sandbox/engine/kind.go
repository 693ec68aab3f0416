package engine

import (
	"slices"
	"strings"
)

// Kind is a row of a service's resource kinds.
type Kind struct {
	// Name is unique in the service. In EC2 it is the type of resource that
	// tags know.
	Name string
	// Shape is the model's shape that shows the resource.
	Shape string
	// ID is the attribute that identifies the resource in its scope, NewID
	// what it is made of.
	ID    string
	NewID Value
	// Resolve turns what a caller may write for the id (a name, an ARN) into
	// the id; nil takes it as it is.
	Resolve func(x *Exec, ref string) string
	// Unknown answers an id that no resource has, Malformed one that none
	// can have because it does not begin with Prefix and go on with 8 or 17
	// hexadecimal digits. Both may hold {id}.
	Unknown, Malformed Fault
	// Unknowns, where set, answers several such ids at once.
	Unknowns Fault
	Prefix   string
	// Tags is the attribute that holds the tags; "" is a kind without tags.
	Tags string
	// New are attributes that a new resource has unless the operation gave
	// them, in the order in which they are made.
	New []Field
	// States may be nil. A new resource is in the state First, unless its
	// attributes say another.
	States *States
	First  string
	// Unique are attributes that no two resources share.
	Unique []Unique
	// HeldBy are the uses that keep a resource from being deleted.
	HeldBy []Hold
	// Filters are the names of filters that are not those of the attributes,
	// with the paths they look at.
	Filters map[string]string
	// View adds what is made of other resources, to a copy.
	View func(x *Exec, a Attrs)
	// Static kinds are not kept: they are the same for all, or follow from
	// the scope.
	Static func(x *Exec) []Attrs
	// Fresh are the resources of a fresh account.
	Fresh func(x *Exec) []Attrs

	// key is the service and the name.
	key string
}

// Unique says that no two resources have the same values at all the paths.
type Unique struct {
	Paths []string
	Taken Fault
	// Only, where set, leaves out resources that no longer count.
	Only func(a Attrs) bool
}

// Hold is a kind whose resources use a resource by an attribute.
type Hold struct {
	Kind, Path string
	InUse      Fault
	// Except, where set, leaves out uses that do not count.
	Except func(a Attrs) bool
}

// wellFormed reports whether the id could be one of the kind's.
func (k *Kind) wellFormed(id string) bool {
	if k.Prefix == "" {
		return true
	}
	rest, ok := strings.CutPrefix(id, k.Prefix)
	return ok && (len(rest) == 8 || len(rest) == 17) && strings.Trim(rest, "0123456789abcdef") == ""
}

// checkUnique refuses the resource where another has what must be its own.
func (x *Exec) checkUnique(k *Kind, r *Resource) error {
	for _, u := range k.Unique {
		for _, other := range x.list(k) {
			if other.Seq == r.Seq || u.Only != nil && !u.Only(other.Attrs) {
				continue
			}
			if !slices.ContainsFunc(u.Paths, func(p string) bool { return text(other.Get(p)) != text(r.Get(p)) }) {
				return x.Fail(u.Taken, r.Attrs)
			}
		}
	}
	return nil
}

// checkUnused refuses to delete a resource that others use.
func (x *Exec) checkUnused(k *Kind, r *Resource) error {
	for _, h := range k.HeldBy {
		for _, user := range x.list(x.Kind(h.Kind)) {
			if h.Except != nil && h.Except(user.Attrs) {
				continue
			}
			if slices.ContainsFunc(user.All(h.Path), func(v any) bool { return v == any(r.ID) }) {
				return x.Fail(h.InUse, r.Attrs)
			}
		}
	}
	return nil
}

// CheckUnused refuses to delete a resource that others use.
func (x *Exec) CheckUnused(kind string, r *Resource) error { return x.checkUnused(x.Kind(kind), r) }
