package engine

import (
	"slices"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// Answer makes the call's answer of the resources, by the output shape.
func (x *Exec) Answer(kind string, rs ...*Resource) map[string]any {
	k := x.Kind(kind)
	shown := make([]Attrs, len(rs))
	for i, r := range rs {
		shown[i] = x.shown(k, r)
	}
	return x.answer(k, shown)
}

func (x *Exec) answer(k *Kind, shown []Attrs) map[string]any {
	output := x.Call.Operation.Output
	if output == nil {
		return nil
	}
	if output.Name == k.Shape && len(shown) > 0 {
		return Project(output, shown[0])
	}
	out := make(map[string]any)
	for _, m := range output.Members {
		switch {
		case m.Shape.Name == k.Shape:
			if len(shown) > 0 {
				out[m.Name] = Project(m.Shape, shown[0])
			}
		case m.Shape.Kind == awsapi.List && m.Shape.Elem.Shape.Name == k.Shape:
			list := make([]any, len(shown))
			for i, a := range shown {
				list[i] = Project(m.Shape.Elem.Shape, a)
			}
			out[m.Name] = list
		case m.Name == "Return" && m.Shape.Kind == awsapi.Boolean:
			out[m.Name] = true
		case len(shown) == 1:
			if v := project(m.Shape, shown[0][m.Name]); v != nil {
				out[m.Name] = v
			}
		}
	}
	return out
}

// Project returns a copy of the attributes with what the structure has.
func Project(shape *awsapi.Shape, a Attrs) map[string]any {
	out := make(map[string]any)
	for _, m := range shape.Members {
		if v := project(m.Shape, a[m.Name]); v != nil {
			out[m.Name] = v
		}
	}
	return out
}

// project returns a copy of the value as the shape has it, or nil where it is
// of another type.
func project(shape *awsapi.Shape, v any) any {
	switch v := v.(type) {
	case map[string]any:
		switch {
		case shape.Document:
			return clone(v)
		case shape.Kind == awsapi.Structure:
			return Project(shape, v)
		case shape.Kind == awsapi.Map:
			out := make(map[string]any, len(v))
			for k, e := range v {
				if e = project(shape.Value.Shape, e); e != nil {
					out[k] = e
				}
			}
			return out
		}
		return nil
	case []any:
		if shape.Kind != awsapi.List {
			return nil
		}
		out := make([]any, 0, len(v))
		for _, e := range v {
			if e = project(shape.Elem.Shape, e); e != nil {
				out = append(out, e)
			}
		}
		return out
	}
	if !slices.Contains(kindsOf(v), shape.Kind) {
		return nil
	}
	return v
}

// kindsOf are the kinds of shape that a scalar can be.
func kindsOf(v any) []awsapi.Kind {
	switch v.(type) {
	case string:
		return []awsapi.Kind{awsapi.String}
	case int64:
		return []awsapi.Kind{awsapi.Integer, awsapi.Long}
	case float64:
		return []awsapi.Kind{awsapi.Float, awsapi.Double}
	case bool:
		return []awsapi.Kind{awsapi.Boolean}
	case []byte:
		return []awsapi.Kind{awsapi.Blob}
	case time.Time:
		return []awsapi.Kind{awsapi.Timestamp}
	}
	return nil
}

// alike reports whether every value of one shape is a value of the other, so
// that it can be copied. Depth bounds shapes that contain themselves.
func alike(from, to *awsapi.Shape, depth int) bool {
	if from == to {
		return true
	}
	if from == nil || to == nil || from.Kind != to.Kind || depth == 0 {
		return false
	}
	switch from.Kind {
	case awsapi.Structure:
		return !slices.ContainsFunc(from.Members, func(m *awsapi.Member) bool {
			other := to.Member(m.Name)
			return other == nil || !alike(m.Shape, other.Shape, depth-1)
		})
	case awsapi.List:
		return alike(from.Elem.Shape, to.Elem.Shape, depth-1)
	case awsapi.Map:
		return alike(from.Value.Shape, to.Value.Shape, depth-1)
	}
	return true
}

// copied puts the request's members into the attributes of the same name and
// form. A member that only wraps a value, as in ModifyInstanceAttribute, gives
// the value.
func (x *Exec) copied(k *Kind, a Attrs) {
	shape := x.Call.Operation.Service.Shape(k.Shape)
	for _, m := range members(x.Call.Operation.Input) {
		v := x.Params[m.Name]
		attr := shape.Member(m.Name)
		if v == nil || attr == nil || m.Name == k.ID {
			continue
		}
		if only := m.Shape.Member("Value"); only != nil && len(m.Shape.Members) == 1 && attr.Shape.Kind != awsapi.Structure {
			v = Attrs(v.(map[string]any)).Get("Value")
			if v != nil && alike(only.Shape, attr.Shape, 8) {
				a[m.Name] = v
			}
			continue
		}
		if alike(m.Shape, attr.Shape, 8) {
			a[m.Name] = clone(v)
		}
	}
}

func members(s *awsapi.Shape) []*awsapi.Member {
	if s == nil {
		return nil
	}
	return s.Members
}
