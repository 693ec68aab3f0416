package engine

import (
	"slices"
	"strings"
	"unicode"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// Filtering is the form of a service's filters.
type Filtering struct {
	// Param is the request member with the list of filters; Name and Values
	// are the members of one.
	Param, Name, Values string
	// Unknown answers a name that no filter of the kind has; {name} is it.
	Unknown Fault
}

// filter returns what the request's filters let through, which are in the
// service's member for them or in the given one.
func (x *Exec) filter(k *Kind, param string) (func(a Attrs) bool, error) {
	f := x.service.Filters
	if param != "" {
		f.Param = param
	}
	if f.Param == "" {
		return func(Attrs) bool { return true }, nil
	}
	var tests []func(a Attrs) bool
	for _, spec := range x.Params.Subs(f.Param) {
		name, patterns := spec.Str(f.Name), spec.Strs(f.Values)
		values := k.tagMatch(x.service.Tagging, name)
		if values == nil {
			path, ok := k.filterPath(x.shape(k), name)
			if !ok {
				return nil, f.Unknown.With("name", name)
			}
			values = func(a Attrs) []string {
				var all []string
				for _, v := range a.All(path) {
					all = append(all, text(v))
				}
				return all
			}
		}
		tests = append(tests, func(a Attrs) bool {
			return slices.ContainsFunc(values(a), func(v string) bool {
				return slices.ContainsFunc(patterns, func(p string) bool { return like(p, v) })
			})
		})
	}
	return func(a Attrs) bool {
		return !slices.ContainsFunc(tests, func(test func(Attrs) bool) bool { return !test(a) })
	}, nil
}

// filterPath returns the attribute that a filter looks at: the one of the
// kind's table, or the attribute with that name in kebab case; "attachment.status"
// is the Status of an element of Attachments.
func (k *Kind) filterPath(shape *awsapi.Shape, name string) (string, bool) {
	if path, ok := k.Filters[name]; ok {
		return path, true
	}
	head, rest, nested := strings.Cut(name, ".")
	for _, m := range members(shape) {
		inner := m.Shape
		if inner.Kind == awsapi.List {
			inner = inner.Elem.Shape
		}
		if !nested {
			if kebab(m.Name) == head && inner.Kind != awsapi.Structure {
				return m.Name, true
			}
			continue
		}
		if kebab(m.Name) != head && kebab(singular(m.Name)) != head {
			continue
		}
		for _, child := range inner.Members {
			if kebab(child.Name) == rest || kebab(singular(child.Name)) == rest {
				return m.Name + "." + child.Name, true
			}
		}
	}
	return "", false
}

func singular(name string) string {
	if s, ok := strings.CutSuffix(name, "Set"); ok {
		return s
	}
	return strings.TrimSuffix(name, "s")
}

// kebab turns "VpcId" into "vpc-id".
func kebab(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// like reports whether the value matches a pattern in which * stands for any
// characters, ? for one, and a backslash takes the next as it is.
func like(pattern, value string) bool {
	p, v := []rune(pattern), []rune(value)
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(v) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
			continue
		case i < len(p) && p[i] == '?':
			i, j = i+1, j+1
			continue
		case i+1 < len(p) && p[i] == '\\' && p[i+1] == v[j]:
			i, j = i+2, j+1
			continue
		case i < len(p) && p[i] != '\\' && p[i] == v[j]:
			i, j = i+1, j+1
			continue
		case star >= 0:
			mark++
			i, j = star+1, mark
			continue
		}
		return false
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}
