package eventpattern

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Dialect is whose rules a pattern keeps.
type Dialect int

const (
	// EventBridge has every operator, and numbers up to ±5·10⁹.
	EventBridge Dialect = iota
	// FilterPolicy is SNS's: no wildcard, no ignored case in prefix and
	// suffix, and numbers up to ±10⁹.
	FilterPolicy
)

// maxDepth bounds the objects in one another of a pattern, and the objects and
// lists of an event; what is deeper in an event matches nothing.
const maxDepth = 100

// Pattern is a parsed pattern. It may be used from any goroutine.
type Pattern struct {
	root         object
	keys         []int // the number of values under each key that has a list
	nested       bool
	combinations int
}

// Keys is how many keys of the pattern have a list of values.
func (p *Pattern) Keys() int { return len(p.keys) }

// Nested reports whether a key looks into a member.
func (p *Pattern) Nested() bool { return p.nested }

// Combinations is the product of the lengths of the lists, by which quotas
// measure a pattern; at most 1<<30.
func (p *Pattern) Combinations() int { return p.combinations }

// SyntaxError says why a text is no pattern.
type SyntaxError struct{ Message string }

func (e *SyntaxError) Error() string { return e.Message }

func wrong(format string, args ...any) error {
	return &SyntaxError{Message: fmt.Sprintf(format, args...)}
}

// object is a pattern about a JSON object: all of its parts have to match.
type object struct {
	members      []member
	alternatives [][]object // each an "$or"
}

// member is what a pattern says of a member: inside where it looks into it,
// else one of matchers has to match one of its values.
type member struct {
	name     string
	inside   *object
	matchers []matcher
}

// Parse reads a pattern. The error is a *SyntaxError.
func Parse(text []byte, d Dialect) (*Pattern, error) {
	v, err := decode(text)
	if err != nil {
		return nil, wrong("Filter is not valid JSON: %s", err)
	}
	top, ok := v.(map[string]any)
	if !ok {
		return nil, wrong("Filter is not an object")
	}
	if len(top) == 0 && d == EventBridge {
		return nil, wrong("Empty objects are not allowed")
	}
	r := &reader{dialect: d, pattern: &Pattern{combinations: 1}}
	root, err := r.object(top, 0)
	if err != nil {
		return nil, err
	}
	r.pattern.root = *root
	for _, n := range r.pattern.keys {
		r.pattern.combinations = min(r.pattern.combinations*n, 1<<30)
	}
	return r.pattern, nil
}

// decode reads one JSON value, with numbers as they are written.
func decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return v, nil
}

type reader struct {
	dialect Dialect
	pattern *Pattern
}

func (r *reader) object(from map[string]any, depth int) (*object, error) {
	if depth > maxDepth {
		return nil, wrong("The pattern is nested too deep")
	}
	var o object
	for _, name := range slices.Sorted(maps.Keys(from)) {
		if name == "$or" {
			alternatives, err := r.alternatives(from[name], depth)
			if err != nil {
				return nil, err
			}
			o.alternatives = append(o.alternatives, alternatives)
			continue
		}
		m, err := r.member(name, from[name], depth)
		if err != nil {
			return nil, err
		}
		o.members = append(o.members, m)
	}
	return &o, nil
}

func (r *reader) alternatives(from any, depth int) ([]object, error) {
	list, ok := from.([]any)
	if !ok || len(list) < 2 {
		return nil, wrong("$or must be a list of at least two objects")
	}
	var all []object
	for _, v := range list {
		o, ok := v.(map[string]any)
		if !ok || len(o) == 0 {
			return nil, wrong("$or must be a list of at least two objects")
		}
		one, err := r.object(o, depth+1)
		if err != nil {
			return nil, err
		}
		all = append(all, *one)
	}
	return all, nil
}

func (r *reader) member(name string, from any, depth int) (member, error) {
	switch from := from.(type) {
	case map[string]any:
		if len(from) == 0 {
			return member{}, wrong("Empty objects are not allowed")
		}
		r.pattern.nested = true
		inside, err := r.object(from, depth+1)
		return member{name: name, inside: inside}, err
	case []any:
		if len(from) == 0 {
			return member{}, wrong("Empty arrays are not allowed")
		}
		m := member{name: name}
		for _, v := range from {
			one, err := r.matcher(v)
			if err != nil {
				return m, err
			}
			m.matchers = append(m.matchers, one)
		}
		r.pattern.keys = append(r.pattern.keys, len(from))
		return m, nil
	}
	return member{}, wrong("%q must be an object or an array", name)
}
