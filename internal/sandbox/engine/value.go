package engine

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// Field gives an attribute a value.
type Field struct {
	Path  string
	Value Value
}

// Be gives an attribute a constant.
func Be(path string, v any) Field { return Field{Path: path, Value: Lit(v)} }

// Make gives an attribute a value that is made.
func Make(path string, v Value) Field { return Field{Path: path, Value: v} }

// Value is how an attribute, or a member of an answer, is made. Its zero value
// makes nothing. The paths that it reads are known, so that a table is checked
// against the API model before it is used.
type Value struct {
	make   func(x *Exec, a Attrs) (any, error)
	params []string // of the request
	attrs  []string // of the resource
	lit    any
}

// Lit is a constant.
func Lit(v any) Value {
	v = normal(v)
	return Value{lit: v, make: func(*Exec, Attrs) (any, error) { return clone(v), nil }}
}

// Empty is a list without elements.
func Empty() Value { return Lit([]any{}) }

// Param is the request's value at the path.
func Param(path string) Value {
	return Value{params: []string{path}, make: func(x *Exec, _ Attrs) (any, error) {
		return clone(x.Params.Get(path)), nil
	}}
}

// Attr is the resource's value at the path.
func Attr(path string) Value {
	return Value{attrs: []string{path}, make: func(_ *Exec, a Attrs) (any, error) {
		return clone(a.Get(path)), nil
	}}
}

// Or is the first of the values that makes something.
func Or(values ...Value) Value {
	v := Value{make: func(x *Exec, a Attrs) (any, error) {
		for _, v := range values {
			if got, err := v.make(x, a); err != nil || got != nil {
				return got, err
			}
		}
		return nil, nil
	}}
	for _, o := range values {
		v.params = append(v.params, o.params...)
		v.attrs = append(v.attrs, o.attrs...)
	}
	return v
}

// Of is an attribute of the resource that the value names.
func Of(kind string, id Value, path string) Value {
	return Value{params: id.params, attrs: id.attrs, make: func(x *Exec, a Attrs) (any, error) {
		ref, err := id.make(x, a)
		if err != nil || ref == nil {
			return nil, err
		}
		r, err := x.Find(kind, text(ref))
		if err != nil {
			return nil, err
		}
		return clone(r.Get(path)), nil
	}}
}

// Text is a text in which names in braces are replaced: {region}, {account},
// {id}, or the path of an attribute.
func Text(template string) Value {
	return Value{attrs: templateNames(template), make: func(x *Exec, a Attrs) (any, error) {
		return x.Expand(template, a), nil
	}}
}

// Now is the time of the call.
func Now() Value { return Value{make: func(x *Exec, _ Attrs) (any, error) { return x.now, nil }} }

// Hex is the prefix and n random hexadecimal digits.
func Hex(prefix string, n int) Value {
	return Value{make: func(x *Exec, _ Attrs) (any, error) { return x.Hex(prefix, n), nil }}
}

// Func is a value that no row says well. The params are the request members
// that it reads.
func Func(f func(x *Exec, a Attrs) (any, error), params ...string) Value {
	return Value{make: f, params: params}
}

// names that a template knows beside attributes.
var builtins = []string{"region", "account", "id"}

func templateNames(template string) []string {
	var names []string
	for rest := template; ; {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			return names
		}
		name, after, _ := strings.Cut(after, "}")
		if !slices.Contains(builtins, name) {
			names = append(names, name)
		}
		rest = after
	}
}

// Expand replaces the names in braces, see [Text].
func (x *Exec) Expand(template string, a Attrs) string {
	var b strings.Builder
	for rest := template; ; {
		before, after, ok := strings.Cut(rest, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, after, _ := strings.Cut(after, "}")
		switch name {
		case "region":
			b.WriteString(x.Call.Region)
		case "account":
			b.WriteString(x.Call.AccountID)
		case "id":
			b.WriteString(a.Str(idKey))
		default:
			b.WriteString(text(a.Get(name)))
		}
		rest = after
	}
}

// idKey holds the id while a resource is made.
const idKey = ".id"

// Hex returns the prefix and n random hexadecimal digits.
func (x *Exec) Hex(prefix string, n int) string {
	var b [32]byte
	for i := range b {
		b[i] = byte(x.random())
	}
	return prefix + hex.EncodeToString(b[:])[:n]
}

// Digits returns the prefix and n random decimal digits.
func (x *Exec) Digits(prefix string, n int) string {
	b := []byte(prefix)
	for range n {
		b = append(b, byte('0'+x.random()%10))
	}
	return string(b)
}

// Number returns a random number below n.
func (x *Exec) Number(n uint64) uint64 { return x.random() % n }

// UUID returns a random identifier in the form of RFC 9562.
func (x *Exec) UUID() string {
	h := x.Hex("", 32)
	variant := strconv.FormatUint(8+x.Number(4), 16)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-" + variant + h[17:20] + "-" + h[20:]
}
