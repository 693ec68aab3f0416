package eventpattern

import (
	"encoding/json"
	"math"
	"net/netip"
	"strconv"
	"strings"
)

// matcher is an entry of a key's list: it looks at all values of a member, of
// which there are none where the member is absent.
type matcher func(values []any) bool

// anyOf matches where a test holds of one of the values.
func anyOf(test func(any) bool) matcher {
	return func(values []any) bool {
		for _, v := range values {
			if test(v) {
				return true
			}
		}
		return false
	}
}

// matcher reads an entry of a key's list.
func (r *reader) matcher(from any) (matcher, error) {
	operators, ok := from.(map[string]any)
	if !ok {
		test, err := r.exactly(from)
		return anyOf(test), err
	}
	if len(operators) != 1 {
		return nil, wrong("Only one key allowed in match expression")
	}
	for name, operand := range operators {
		if name == "exists" {
			return exists(operand)
		}
		test, err := r.operator(name, operand)
		return anyOf(test), err
	}
	return nil, nil // an object with one key has one
}

func exists(operand any) (matcher, error) {
	want, ok := operand.(bool)
	if !ok {
		return nil, wrong("exists match pattern must be either true or false.")
	}
	return func(values []any) bool { return len(values) > 0 == want }, nil
}

// operator reads {name: operand}.
func (r *reader) operator(name string, operand any) (func(any) bool, error) {
	switch {
	case name == "numeric":
		return r.numeric(operand)
	case name == "anything-but":
		return r.anythingBut(operand)
	case name == "cidr":
		return cidr(operand)
	case textual[name] != nil && (name != "wildcard" || r.dialect == EventBridge):
		return r.text(name, operand)
	}
	return nil, wrong("Unrecognized match type %s", name)
}

// textual are the operators that compare strings. They return the test for an
// operand, or nil where the operand is no good.
var textual = map[string]func(operand string) func(string) bool{
	"prefix": func(o string) func(string) bool {
		return func(s string) bool { return strings.HasPrefix(s, o) }
	},
	"suffix": func(o string) func(string) bool {
		return func(s string) bool { return strings.HasSuffix(s, o) }
	},
	"equals-ignore-case": func(o string) func(string) bool {
		return func(s string) bool { return strings.EqualFold(s, o) }
	},
	"wildcard": wildcard,
}

func (r *reader) text(name string, operand any) (func(any) bool, error) {
	test, err := r.textTest(name, operand)
	if err != nil {
		return nil, err
	}
	return func(v any) bool {
		s, ok := v.(string)
		return ok && test(s)
	}, nil
}

func (r *reader) textTest(name string, operand any) (func(string) bool, error) {
	if inner, ok := operand.(map[string]any); ok && len(inner) == 1 && r.dialect == EventBridge {
		end, ok := inner["equals-ignore-case"].(string)
		switch {
		case ok && name == "prefix":
			return func(s string) bool { return foldsTo(s, end, false) }, nil
		case ok && name == "suffix":
			return func(s string) bool { return foldsTo(s, end, true) }, nil
		}
	}
	text, ok := operand.(string)
	if !ok {
		return nil, wrong("%s match pattern must be a string", name)
	}
	test := textual[name](text)
	if test == nil {
		return nil, wrong("%q is not a wildcard pattern", text)
	}
	return test, nil
}

// foldsTo reports whether a string begins, or ends, with another whatever their
// letters' case. The two may differ in bytes, not in characters.
func foldsTo(s, part string, atEnd bool) bool {
	in, want := []rune(s), []rune(part)
	if len(in) < len(want) {
		return false
	}
	if atEnd {
		return strings.EqualFold(string(in[len(in)-len(want):]), part)
	}
	return strings.EqualFold(string(in[:len(want)]), part)
}

// exactly reads a value that has to be equal.
func (r *reader) exactly(from any) (func(any) bool, error) {
	if n, ok := from.(json.Number); ok {
		want, err := r.number(n)
		return func(v any) bool { f, ok := number(v); return ok && f == want }, err
	}
	switch from.(type) {
	case string, bool, nil:
		return func(v any) bool { return v == from }, nil
	}
	return nil, wrong("Match value must be String, number, true, false, or null")
}

// number reads a number of the pattern.
func (r *reader) number(n json.Number) (float64, error) {
	limit := 5e9
	if r.dialect == FilterPolicy {
		limit = 1e9
	}
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil || math.Abs(f) > limit {
		return 0, wrong("Value must be between %.0f and %.0f, inclusive", -limit, limit)
	}
	return f, nil
}

// number reads a number of an event.
func number(v any) (float64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(n), 64)
	return f, err == nil
}

func cidr(operand any) (func(any) bool, error) {
	text, _ := operand.(string)
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, wrong("Malformed CIDR, one '/' required")
	}
	return func(v any) bool {
		s, _ := v.(string)
		a, err := netip.ParseAddr(s)
		return err == nil && prefix.Contains(a)
	}, nil
}

// anythingBut reads what no value may be: a value, a list of them, or the
// operand of an operator for strings.
func (r *reader) anythingBut(operand any) (func(any) bool, error) {
	if inner, ok := operand.(map[string]any); ok {
		if len(inner) != 1 {
			return nil, wrong("Only one key allowed in anything-but match expression")
		}
		for name, of := range inner {
			return r.anythingButText(name, of)
		}
	}
	list, ok := operand.([]any)
	if !ok {
		list = []any{operand}
	}
	if len(list) == 0 {
		return nil, wrong("Empty arrays are not allowed")
	}
	var unwanted []func(any) bool
	for _, v := range list {
		switch v.(type) {
		case string, json.Number:
		default:
			return nil, wrong("Inside anything but list, either all values are number or string, mixed type is not supported")
		}
		test, err := r.exactly(v)
		if err != nil {
			return nil, err
		}
		unwanted = append(unwanted, test)
	}
	return none(unwanted), nil
}

func (r *reader) anythingButText(name string, of any) (func(any) bool, error) {
	if textual[name] == nil || name == "wildcard" && r.dialect != EventBridge {
		return nil, wrong("Unsupported anything-but pattern: %s", name)
	}
	list, ok := of.([]any)
	if !ok {
		list = []any{of}
	}
	if len(list) == 0 {
		return nil, wrong("Empty arrays are not allowed")
	}
	var unwanted []func(any) bool
	for _, v := range list {
		test, err := r.text(name, v)
		if err != nil {
			return nil, err
		}
		unwanted = append(unwanted, test)
	}
	return none(unwanted), nil
}

// none holds of a value of which no test holds.
func none(tests []func(any) bool) func(any) bool {
	return func(v any) bool {
		for _, test := range tests {
			if test(v) {
				return false
			}
		}
		return true
	}
}
