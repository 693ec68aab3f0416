package awsapi

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A formDialect is what the two query protocols differ in.
type formDialect struct {
	// memberName is the name of a structure's member.
	memberName func(*Member) string
	// flat lists have their elements at Name.N, whatever the model says.
	flatLists        bool
	structure, value refusal
}

var queryDialect = formDialect{
	memberName: func(m *Member) string { return wireName(m, m.Name) },
	structure:  queryStructure,
	value:      queryValue,
}

// decodeQuery reads the parameters of a call from its form. Action, Version and
// whatever else the operation does not have are passed over, as AWS does. What
// was sent without a value ("Tags=") is an empty value of its kind. The error is
// an *Error.
func decodeQuery(op *Operation, form url.Values) (map[string]any, error) {
	return queryDialect.decode(op, form)
}

// encodeQuery is the inverse of decodeQuery. An empty list, map or structure is
// sent as its name without a value.
func encodeQuery(op *Operation, params map[string]any) (url.Values, error) {
	return queryDialect.encode(op, params)
}

func (d *formDialect) decode(op *Operation, values url.Values) (map[string]any, error) {
	root, name, err := newForm(values)
	switch {
	case errors.Is(err, errFormSize):
		return nil, tooLarge.because("", fmt.Sprintf("at most %d parameters", maxFormFields))
	case err != nil:
		return nil, d.structure.because(name, err.Error())
	}
	if op.Input == nil {
		return nil, nil
	}
	params, err := d.decodeStructure(op.Input, root, 0)
	if err != nil {
		return nil, err
	}
	return params, nil
}

func (d *formDialect) decodeValue(m *Member, b formBranch, depth int) (any, error) {
	if depth > maxDepth {
		return nil, tooLarge.because(b.name(), "nested too deep")
	}
	text, own := b.value()
	switch m.Shape.Kind {
	case Structure, List, Map:
		if own && (text != "" || b.hasParts()) {
			return nil, d.structure.because(b.name(), "a value where only parts can stand")
		}
	default:
		if b.hasParts() {
			return nil, d.structure.because(b.name(), "parts where only a value can stand")
		}
		v, err := parseScalar(m.Shape, text)
		if err != nil {
			return nil, d.value.because(b.name(), err.Error())
		}
		return v, nil
	}
	switch m.Shape.Kind {
	case Structure:
		return d.decodeStructure(m.Shape, b, depth)
	case List:
		return d.decodeList(m, b, depth)
	default:
		return d.decodeMap(m, b, depth)
	}
}

func (d *formDialect) decodeStructure(s *Shape, b formBranch, depth int) (map[string]any, error) {
	v := make(map[string]any)
	for part, branch := range b.parts() {
		m := d.find(s, part, branch)
		if m == nil {
			continue
		}
		if _, twin := v[m.Name]; twin {
			return nil, d.structure.because(branch.name(), "given by two names")
		}
		member, err := d.decodeValue(m, branch, depth+1)
		if err != nil {
			return nil, err
		}
		v[m.Name] = member
	}
	return v, nil
}

// find returns the member that a part of a name stands for, or nil.
func (d *formDialect) find(s *Shape, part string, b formBranch) *Member {
	for _, m := range s.Members {
		if d.memberName(m) != part {
			continue
		}
		// A flattened list is under its elements' name, unless it is empty.
		if d.listName(m) == part || !b.hasParts() {
			return m
		}
	}
	for _, m := range s.Members {
		if d.listName(m) == part {
			return m
		}
	}
	return nil
}

// listName is the name under which the parts of a member are.
func (d *formDialect) listName(m *Member) string {
	if !d.flatLists && m.Shape.Kind == List && flattened(m) {
		return wireName(m.Shape.Elem, d.memberName(m))
	}
	return d.memberName(m)
}

func (d *formDialect) decodeList(m *Member, b formBranch, depth int) (any, error) {
	elem := m.Shape.Elem
	items := b
	if !d.flatLists && !flattened(m) {
		// AWS has always taken ".member" too, where the model names the
		// elements (boto 2 sent it to RDS).
		var err error
		if items, err = d.only(b, wireName(elem, "member"), "member"); err != nil {
			return nil, err
		}
	}
	branches, err := d.indexed(items)
	if err != nil {
		return nil, err
	}
	list := make([]any, 0, len(branches))
	for _, branch := range branches {
		v, err := d.decodeValue(elem, branch, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func (d *formDialect) decodeMap(m *Member, b formBranch, depth int) (any, error) {
	entries := b
	if !flattened(m) {
		var err error
		if entries, err = d.only(b, "entry"); err != nil {
			return nil, err
		}
	}
	branches, err := d.indexed(entries)
	if err != nil {
		return nil, err
	}
	v := make(map[string]any, len(branches))
	for _, branch := range branches {
		key, value, err := d.decodeEntry(m.Shape, branch, depth+1)
		if err != nil {
			return nil, err
		}
		if _, twin := v[key]; twin {
			return nil, d.structure.because(branch.name(), "a key for the second time")
		}
		v[key] = value
	}
	return v, nil
}

func (d *formDialect) decodeEntry(s *Shape, b formBranch, depth int) (key string, value any, err error) {
	var haveKey, haveValue bool
	for part, branch := range b.parts() {
		switch part {
		case wireName(s.Key, "key"):
			var k any
			if k, err = d.decodeValue(s.Key, branch, depth); err == nil {
				key, haveKey = k.(string)
			}
		case wireName(s.Value, "value"):
			value, err = d.decodeValue(s.Value, branch, depth)
			haveValue = true
		}
		if err != nil {
			return "", nil, err
		}
	}
	if !haveValue { // clients send nothing of a value that is empty
		switch s.Value.Shape.Kind {
		case Structure, Map:
			value, haveValue = map[string]any{}, true
		case List:
			value, haveValue = []any{}, true
		}
	}
	if !haveKey || !haveValue {
		return "", nil, d.structure.because(b.name(), "an entry needs a key and a value")
	}
	return key, value, nil
}

// only steps down to the one part that a list or map has, which goes by one of
// the names. An empty branch stays where it is.
func (d *formDialect) only(b formBranch, names ...string) (formBranch, error) {
	below := formBranch{}
	for part, branch := range b.parts() {
		if !slices.Contains(names, part) || below.at != 0 {
			return formBranch{}, d.structure.because(branch.name(), fmt.Sprintf("expected %q alone", names[0]))
		}
		below = branch
	}
	if _, own := below.value(); own {
		return formBranch{}, d.structure.because(below.name(), "expected a number behind it")
	}
	return below, nil
}

// indexed returns the numbered parts in order. Gaps are closed.
func (d *formDialect) indexed(b formBranch) ([]formBranch, error) {
	type numbered struct {
		n int
		formBranch
	}
	var found []numbered
	for part, branch := range b.parts() {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil || len(part) > 1 && part[0] == '0' {
			return nil, d.structure.because(branch.name(), "expected a number")
		}
		found = append(found, numbered{int(n), branch})
	}
	slices.SortFunc(found, func(a, b numbered) int { return cmp.Compare(a.n, b.n) })
	branches := make([]formBranch, len(found))
	for i := range found {
		branches[i] = found[i].formBranch
	}
	return branches, nil
}

func (d *formDialect) encode(op *Operation, params map[string]any) (url.Values, error) {
	form := url.Values{}
	if op.Input == nil {
		return form, nil
	}
	if err := d.encodeMembers(form, "", op.Input, params); err != nil {
		return nil, fmt.Errorf("encode the parameters of %s: %w", op.Name, err)
	}
	return form, nil
}

func (d *formDialect) encodeValue(form url.Values, name string, m *Member, v any) error {
	switch v := v.(type) {
	case map[string]any:
		switch {
		case m.Shape.Kind != Structure && m.Shape.Kind != Map:
		case len(v) == 0:
			form.Set(name, "")
			return nil
		case m.Shape.Kind == Structure:
			return d.encodeMembers(form, name+".", m.Shape, v)
		default:
			return d.encodeMap(form, name, m, v)
		}
	case []any:
		if m.Shape.Kind == List {
			return d.encodeList(form, name, m, v)
		}
	}
	text, err := formatScalar(m.Shape, v, iso8601)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	form.Set(name, text)
	return nil
}

func (d *formDialect) encodeMembers(form url.Values, prefix string, s *Shape, v map[string]any) error {
	for name, value := range v {
		m := s.Member(name)
		if m == nil {
			return fmt.Errorf("%s%s: no such member", prefix, name)
		}
		if value == nil {
			continue
		}
		if err := d.encodeValue(form, prefix+d.memberName(m), m, value); err != nil {
			return err
		}
	}
	return nil
}

func (d *formDialect) encodeList(form url.Values, name string, m *Member, list []any) error {
	if len(list) == 0 {
		form.Set(name, "")
		return nil
	}
	switch elem := m.Shape.Elem; {
	case d.flatLists:
	case !flattened(m):
		name += "." + wireName(elem, "member")
	default: // the elements' name replaces the list's
		parent := name[:strings.LastIndexByte(name, '.')+1]
		name = parent + wireName(elem, name[len(parent):])
	}
	for i, item := range list {
		if err := d.encodeValue(form, name+"."+strconv.Itoa(i+1), m.Shape.Elem, item); err != nil {
			return err
		}
	}
	return nil
}

func (d *formDialect) encodeMap(form url.Values, name string, m *Member, v map[string]any) error {
	if !flattened(m) {
		name += ".entry"
	}
	for i, key := range slices.Sorted(maps.Keys(v)) {
		entry := name + "." + strconv.Itoa(i+1) + "."
		if err := d.encodeValue(form, entry+wireName(m.Shape.Key, "key"), m.Shape.Key, key); err != nil {
			return err
		}
		if err := d.encodeValue(form, entry+wireName(m.Shape.Value, "value"), m.Shape.Value, v[key]); err != nil {
			return err
		}
	}
	return nil
}
