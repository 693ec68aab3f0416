package engine

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
)

// Attrs are the attributes of a resource, or the parameters of a call: nested
// values of the types that awsapi describes. A path is member names joined by
// dots; it goes through every element of a list that it meets.
type Attrs map[string]any

// Get returns the first value at the path, or nil.
func (a Attrs) Get(path string) any {
	for v := range a.each(path) {
		return v
	}
	return nil
}

// All returns every value at the path. A list at its end gives its elements.
func (a Attrs) All(path string) []any {
	var all []any
	for v := range a.each(path) {
		if list, ok := v.([]any); ok {
			all = append(all, list...)
			continue
		}
		all = append(all, v)
	}
	return all
}

// Str returns the string at the path, or "".
func (a Attrs) Str(path string) string {
	s, _ := a.Get(path).(string)
	return s
}

// Strs returns the strings at the path.
func (a Attrs) Strs(path string) []string {
	var all []string
	for _, v := range a.All(path) {
		if s, ok := v.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

// Int returns the integer at the path, or 0.
func (a Attrs) Int(path string) int64 {
	n, _ := a.Get(path).(int64)
	return n
}

// Bool returns the boolean at the path, or false.
func (a Attrs) Bool(path string) bool {
	b, _ := a.Get(path).(bool)
	return b
}

// Time returns the time at the path, or the zero time.
func (a Attrs) Time(path string) time.Time {
	t, _ := a.Get(path).(time.Time)
	return t
}

// Sub returns the structure at the path, or nil.
func (a Attrs) Sub(path string) Attrs {
	m, _ := asMap(a.Get(path))
	return m
}

// Subs returns the structures of the list at the path.
func (a Attrs) Subs(path string) []Attrs {
	var all []Attrs
	for _, v := range a.All(path) {
		if m, ok := asMap(v); ok {
			all = append(all, m)
		}
	}
	return all
}

// Has reports whether there is a value at the path.
func (a Attrs) Has(path string) bool { return a.Get(path) != nil }

// Set puts the value at the path, making the structures on the way. A nil
// value removes what is there.
func (a Attrs) Set(path string, value any) {
	head, rest, nested := cutPath(path)
	if nested {
		sub, ok := asMap(a[head])
		if !ok {
			if value == nil {
				return
			}
			sub = Attrs{}
			a[head] = map[string]any(sub)
		}
		sub.Set(rest, value)
		return
	}
	if value == nil {
		delete(a, head)
		return
	}
	a[head] = normal(value)
}

// Append adds the value to the list at the path.
func (a Attrs) Append(path string, value any) {
	list, _ := a.Get(path).([]any)
	a.Set(path, append(list[:len(list):len(list)], normal(value)))
}

// Clone copies the attributes with all that is in them.
func (a Attrs) Clone() Attrs {
	c, _ := clone(map[string]any(a)).(map[string]any)
	return c
}

func (a Attrs) each(path string) func(yield func(any) bool) {
	return func(yield func(any) bool) { walk(map[string]any(a), path, yield) }
}

// walk reports whether the walk goes on.
func walk(v any, path string, yield func(any) bool) bool {
	if path == "" {
		return v == nil || yield(v)
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if !walk(e, path, yield) {
				return false
			}
		}
	case map[string]any:
		head, rest, _ := cutPath(path)
		return walk(v[head], rest, yield)
	}
	return true
}

// cutPath splits off the first member. A leading dot, of an attribute that is
// never shown, belongs to its name.
func cutPath(path string) (head, rest string, nested bool) {
	if strings.HasPrefix(path, ".") {
		head, rest, nested = strings.Cut(path[1:], ".")
		return "." + head, rest, nested
	}
	return strings.Cut(path, ".")
}

func asMap(v any) (Attrs, bool) {
	switch v := v.(type) {
	case map[string]any:
		return v, v != nil
	case Attrs:
		return v, v != nil
	}
	return nil, false
}

// normal gives a value as tables and functions write it the types of awsapi.
func normal(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case Attrs:
		return normal(map[string]any(v))
	case map[string]any:
		for k, e := range v {
			v[k] = normal(e)
		}
		return v
	case []any:
		for i, e := range v {
			v[i] = normal(e)
		}
		return v
	case []string:
		list := make([]any, len(v))
		for i, s := range v {
			list[i] = s
		}
		return list
	case []Attrs:
		list := make([]any, len(v))
		for i, m := range v {
			list[i] = normal(map[string]any(m))
		}
		return list
	}
	return v
}

func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		c := maps.Clone(v)
		for k, e := range c {
			c[k] = clone(e)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, e := range v {
			c[i] = clone(e)
		}
		return c
	}
	return v
}

// text is a scalar as a filter or a template shows it.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return fmt.Sprint(v)
}
