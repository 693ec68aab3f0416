package engine

import (
	"context"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// Exec is one call as it is carried out.
type Exec struct {
	*Tx
	Context context.Context
	Call    *awsapi.Call
	Params  Attrs // of the call; never changed
	service *Service
	op      *Op
}

// Fail makes the error of a row, with the attributes for its {names}.
func (x *Exec) Fail(f Fault, a Attrs) error {
	return &awsapi.Error{Code: f.Code, Status: f.Status, Message: x.Expand(f.Text, a)}
}

// Kind returns the kind of that name: of the call's own service, or of another
// as "service/kind". A name that no table has is a mistake in a table.
func (x *Exec) Kind(name string) *Kind {
	k := x.engine.kind(x.service, name)
	if k == nil {
		panic("sandbox: no kind " + name)
	}
	return k
}

// Look returns the resource, or nil. It must not be changed.
func (x *Exec) Look(kind, ref string) *Resource {
	k := x.Kind(kind)
	if k.Resolve != nil {
		ref = k.Resolve(x, ref)
	}
	if k.Static != nil {
		for _, a := range k.Static(x) {
			if a.Str(k.ID) == ref {
				return &Resource{ID: ref, Attrs: a}
			}
		}
		return nil
	}
	return x.get(k, ref)
}

// Before returns the resource as it was before the call, or nil. It must not be
// changed.
func (x *Exec) Before(kind, id string) *Resource {
	k := x.Kind(kind)
	t := x.scope.tables[k.key]
	if t == nil {
		return nil
	}
	return k.States.settle(t.byID[id], x.now, x.engine.tempo)
}

// Find returns the resource, or the kind's error. It must not be changed.
func (x *Exec) Find(kind, ref string) (*Resource, error) {
	if r := x.Look(kind, ref); r != nil {
		return r, nil
	}
	k := x.Kind(kind)
	if !k.Malformed.isZero() && !k.wellFormed(ref) {
		return nil, k.Malformed.With("id", ref)
	}
	return nil, k.Unknown.With("id", ref)
}

// List returns the kind's resources, oldest first. They must not be changed.
func (x *Exec) List(kind string) []*Resource {
	k := x.Kind(kind)
	if k.Static == nil {
		return x.list(k)
	}
	var all []*Resource
	for i, a := range k.Static(x) {
		all = append(all, &Resource{ID: a.Str(k.ID), Seq: uint64(i + 1), Attrs: a})
	}
	return all
}

// Edit returns the resource for changing.
func (x *Exec) Edit(kind string, r *Resource) *Resource { return x.edit(x.Kind(kind), r) }

// Remove deletes the resource.
func (x *Exec) Remove(kind, id string) { x.remove(x.Kind(kind), id) }

// Enter puts a resource that is open for changing into a state.
func (x *Exec) Enter(kind string, r *Resource, state string) {
	x.Kind(kind).States.enter(r.Attrs, state, x.now)
}

// Add makes a resource with the attributes, and what the kind gives every new
// one.
func (x *Exec) Add(kind string, a Attrs) (*Resource, error) {
	k := x.Kind(kind)
	r, err := x.prepare(k, a)
	if err != nil {
		return nil, err
	}
	if err := x.checkUnique(k, r); err != nil {
		return nil, err
	}
	x.put(k, r)
	return r, nil
}

// prepare completes the attributes of a new resource.
func (x *Exec) prepare(k *Kind, a Attrs) (*Resource, error) {
	if !a.Has(k.ID) {
		id, err := k.NewID.make(x, a)
		if err != nil {
			return nil, err
		}
		a.Set(k.ID, id)
	}
	r := &Resource{ID: a.Str(k.ID), Attrs: a}
	a[idKey] = r.ID
	if err := x.fill(a, k.New, false); err != nil {
		return nil, err
	}
	if k.States != nil {
		state := a.Str(k.States.Path)
		if state == "" {
			state = k.First
		}
		k.States.enter(a, state, x.now)
	}
	return r, nil
}

// fill makes the fields, in their order; over replaces what is there.
func (x *Exec) fill(a Attrs, fields []Field, over bool) error {
	for _, f := range fields {
		if !over && a.Has(f.Path) {
			continue
		}
		v, err := f.Value.make(x, a)
		if err != nil {
			return err
		}
		if v != nil {
			a.Set(f.Path, v)
		}
	}
	return nil
}

// Shown returns a copy of the resource's attributes as a caller sees them.
func (x *Exec) Shown(kind string, r *Resource) Attrs { return x.shown(x.Kind(kind), r) }

func (x *Exec) shown(k *Kind, r *Resource) Attrs {
	a := r.Clone()
	if k.View != nil {
		k.View(x, a)
	}
	return a
}
