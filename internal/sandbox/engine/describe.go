package engine

import "slices"

// Describe shows resources.
type Describe struct {
	Kind string
	// IDs are the request members that name resources; nil means the kind's
	// id and its plural, an empty list that no member does.
	IDs []string
	// Lenient leaves out what does not exist, instead of refusing the call.
	Lenient bool
	// Filters is the request member with the filters; "" is the service's.
	Filters string
	// Where are request members that an attribute must equal.
	Where []Match
	// Only, where set, chooses further.
	Only func(x *Exec, a Attrs) bool
	// Page is the size of a page that the caller does not give; 0 is the
	// service's.
	Page int
	// Newest shows the newest resources first.
	Newest bool
	// List is the member of an answer that holds the ids only.
	List string
	// Out, where set, makes the answer, instead of the output shape.
	Out func(x *Exec, page []Attrs) map[string]any
}

// Match says that an attribute equals a request member, or one of its elements.
// References are resolved by the kind, if one is given.
type Match struct{ Param, Path, Kind string }

func (Describe) reads() bool { return true }

func (d Describe) run(x *Exec) (map[string]any, error) {
	k := x.Kind(d.Kind)
	found, err := d.find(x, k)
	if err != nil {
		return nil, err
	}
	keep, err := x.filter(k, d.Filters)
	if err != nil {
		return nil, err
	}
	page, err := x.page()
	if err != nil {
		return nil, err
	}
	if d.Page > 0 && page.size == x.service.Paging.Default {
		page.size = d.Page
	}
	if d.Newest {
		slices.Reverse(found)
	}
	var shown []Attrs
	for _, r := range found {
		if !page.begun(r.Seq, d.Newest) {
			continue
		}
		a := x.shown(k, r)
		if !d.matches(x, a) || !keep(a) {
			continue
		}
		if len(shown) == page.size {
			page.more = true
			break
		}
		shown = append(shown, a)
		page.last = r.Seq
	}
	out := d.answer(x, k, shown)
	page.finish(x, out)
	return out, nil
}

func (d Describe) answer(x *Exec, k *Kind, shown []Attrs) map[string]any {
	if d.Out != nil {
		return d.Out(x, shown)
	}
	if d.List == "" {
		return x.answer(k, shown)
	}
	ids := make([]any, len(shown))
	for i, a := range shown {
		ids[i] = a[k.ID]
	}
	return map[string]any{d.List: ids}
}

func (d Describe) find(x *Exec, k *Kind) ([]*Resource, error) {
	ids := d.IDs
	if ids == nil {
		ids = []string{k.ID, k.ID + "s"}
	}
	var refs []string
	for _, member := range ids {
		refs = append(refs, x.Params.Strs(member)...)
	}
	if len(refs) == 0 {
		return x.List(d.Kind), nil
	}
	if !d.Lenient {
		found, err := x.findAll(k, refs)
		return inOrder(found), err
	}
	var found []*Resource
	for _, ref := range refs {
		if r := x.Look(d.Kind, ref); r != nil {
			found = append(found, r)
		}
	}
	return inOrder(found), nil
}

// inOrder sorts by creation and drops what was asked for twice.
func inOrder(rs []*Resource) []*Resource {
	slices.SortFunc(rs, func(a, b *Resource) int {
		switch {
		case a.Seq < b.Seq:
			return -1
		case a.Seq > b.Seq:
			return 1
		}
		return 0
	})
	return slices.CompactFunc(rs, func(a, b *Resource) bool { return a.ID == b.ID })
}

func (d Describe) matches(x *Exec, a Attrs) bool {
	for _, m := range d.Where {
		if !x.Params.Has(m.Param) {
			continue
		}
		want := x.Params.All(m.Param)
		if m.Kind != "" {
			for i, ref := range want {
				if r := x.Look(m.Kind, text(ref)); r != nil {
					want[i] = r.ID
				}
			}
		}
		if !slices.ContainsFunc(a.All(m.Path), func(v any) bool { return slices.Contains(want, v) }) {
			return false
		}
	}
	return d.Only == nil || d.Only(x, a)
}
