package engine

import "slices"

// Update changes a resource.
type Update struct {
	Kind string
	// Target is the request member that names the resource; "" means the
	// kind's id.
	Target string
	// Set are attributes beside the request members of the same name. An
	// attribute whose value makes nothing stays.
	Set []Field
	// In are the states in which the operation is allowed, Wrong the answer
	// in others; none means all.
	In    []string
	Wrong Fault
	// Check, where set, refuses what the model allows and the service does
	// not.
	Check func(x *Exec, r *Resource) error
	// Then does what else follows.
	Then func(x *Exec, r *Resource) error
}

func (Update) reads() bool { return false }

func (u Update) run(x *Exec) (map[string]any, error) {
	k := x.Kind(u.Kind)
	found, err := x.findAll(k, x.Params.Strs(target(u.Target, k)))
	if err != nil || len(found) == 0 {
		return x.Answer(u.Kind), err
	}
	r := found[0]
	if err := x.allowed(k, r, u.In, u.Wrong); err != nil {
		return nil, err
	}
	if u.Check != nil {
		if err := u.Check(x, r); err != nil {
			return nil, err
		}
	}
	r = x.edit(k, r)
	x.copied(k, r.Attrs)
	if err := x.fill(r.Attrs, u.Set, true); err != nil {
		return nil, err
	}
	if err := x.checkUnique(k, r); err != nil {
		return nil, err
	}
	if u.Then != nil {
		if err := u.Then(x, r); err != nil {
			return nil, err
		}
	}
	return x.Answer(u.Kind, r), nil
}

func (x *Exec) allowed(k *Kind, r *Resource, in []string, wrong Fault) error {
	if len(in) == 0 || slices.Contains(in, r.Str(k.States.Path)) {
		return nil
	}
	return x.Fail(wrong, r.Attrs)
}

// Delete removes resources.
type Delete struct {
	Kind string
	// Target is the request member that names the resource, or the list of
	// them; "" means the kind's id.
	Target string
	// Lenient succeeds where there is nothing to delete.
	Lenient bool
	// In are the states in which the operation is allowed, Wrong the answer
	// in others; none means all.
	In    []string
	Wrong Fault
	// Into is the state that the resource enters; "" forgets it at once.
	Into string
	// Check, where set, refuses what the model allows and the service does
	// not.
	Check func(x *Exec, r *Resource) error
	// Then does what else follows.
	Then func(x *Exec, r *Resource) error
}

func (Delete) reads() bool { return false }

func (d Delete) run(x *Exec) (map[string]any, error) {
	k := x.Kind(d.Kind)
	var gone []*Resource
	for _, ref := range x.Params.Strs(target(d.Target, k)) {
		r, err := x.Find(d.Kind, ref)
		if err != nil {
			if d.Lenient && x.Look(d.Kind, ref) == nil && (k.Malformed.isZero() || k.wellFormed(ref)) {
				continue
			}
			return nil, err
		}
		r, err = d.one(x, k, r)
		if err != nil {
			return nil, err
		}
		gone = append(gone, r)
	}
	return x.Answer(d.Kind, gone...), nil
}

func (d Delete) one(x *Exec, k *Kind, r *Resource) (*Resource, error) {
	if err := x.allowed(k, r, d.In, d.Wrong); err != nil {
		return nil, err
	}
	if d.Check != nil {
		if err := d.Check(x, r); err != nil {
			return nil, err
		}
	}
	if err := x.checkUnused(k, r); err != nil {
		return nil, err
	}
	if d.Into != "" {
		r = x.edit(k, r)
		k.States.enter(r.Attrs, d.Into, x.now)
	} else {
		x.remove(k, r.ID)
	}
	if d.Then == nil {
		return r, nil
	}
	return r, d.Then(x, r)
}

// target is the request member that names what the operation is about.
func target(member string, k *Kind) string {
	if member != "" {
		return member
	}
	return k.ID
}
