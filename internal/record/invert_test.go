package record

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// The functions below turn what a record shows back into the values of the
// call, through the model and the plans and not through any operation's name.
// What cannot be read back is an error: the record has something that the
// rules do not know.

// invertCamel is the inverse of camel.
func invertCamel(shape *awsapi.Shape, v any, extras map[string][]extra) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		switch {
		case shape.Kind == awsapi.Map:
			out := make(map[string]any)
			for k, e := range v {
				value, err := invertCamel(shape.Value.Shape, e, extras)
				if err != nil {
					return nil, err
				}
				out[k] = value
			}
			return out, nil
		case shape.Kind != awsapi.Structure || shape.Document:
			return v, nil
		}
		out := make(map[string]any)
		for k, e := range v {
			if isExtra(extras[shape.Name], k) {
				continue
			}
			m := memberWhere(shape, func(m *awsapi.Member) bool { return lowerFirst(m.Name) == k })
			if m == nil {
				return nil, fmt.Errorf("%s has no member %q", shape.Name, k)
			}
			value, err := invertCamel(m.Shape, e, extras)
			if err != nil {
				return nil, err
			}
			out[m.Name] = value
		}
		return out, nil
	case []any:
		if shape.Kind != awsapi.List {
			return v, nil
		}
		out := make([]any, 0, len(v))
		for _, e := range v {
			value, err := invertCamel(shape.Elem.Shape, e, extras)
			if err != nil {
				return nil, err
			}
			out = append(out, value)
		}
		return out, nil
	default:
		return invertScalar(shape, v)
	}
}

func isExtra(extras []extra, name string) bool {
	for _, e := range extras {
		if e.name == name {
			return true
		}
	}
	return false
}

func memberWhere(shape *awsapi.Shape, is func(*awsapi.Member) bool) *awsapi.Member {
	for _, m := range shape.Members {
		if is(m) {
			return m
		}
	}
	return nil
}

// timeForms are those in which records show a moment.
var timeForms = []string{
	"Jan 2, 2006 3:04:05 PM", "Jan 2, 2006, 3:04:05 PM", "Jan 2, 2006, 3:04:05\u202fPM", time.RFC3339Nano,
}

// invertScalar gives a JSON scalar the type that the model says.
func invertScalar(shape *awsapi.Shape, v any) (any, error) {
	switch shape.Kind {
	case awsapi.Timestamp:
		return invertTime(v)
	case awsapi.Integer, awsapi.Long:
		switch v := v.(type) {
		case json.Number:
			return v.Int64()
		case string:
			return json.Number(v).Int64()
		}
	case awsapi.Float, awsapi.Double:
		if n, ok := v.(json.Number); ok {
			return n.Float64()
		}
	case awsapi.Boolean:
		if s, ok := v.(string); ok {
			return s == "true", nil
		}
	case awsapi.Blob:
		if s, ok := v.(string); ok {
			if b, err := base64.StdEncoding.DecodeString(s); err == nil {
				return b, nil
			}
			return []byte(s), nil
		}
	case awsapi.String:
		switch v := v.(type) {
		case json.Number:
			return v.String(), nil
		case bool:
			return fmt.Sprint(v), nil
		}
	}
	return v, nil
}

func invertTime(v any) (any, error) {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Int64()
		return time.UnixMilli(n).UTC(), err
	case string:
		for _, form := range timeForms {
			if t, err := time.Parse(form, v); err == nil {
				return t.UTC(), nil
			}
		}
	}
	return nil, fmt.Errorf("%v is no moment", v)
}

// invertXML is the inverse of xmlText: name is the element of a member, flat
// whether its list has no wrapper.
func invertXML(shape *awsapi.Shape, v any, name func(*awsapi.Member) string, flat func(*awsapi.Member) bool) (any, error) {
	if shape.Kind != awsapi.Structure {
		if m, ok := v.(map[string]any); ok { // an indexed scalar
			v = m["content"]
			if v == nil {
				v = ""
			}
		}
		return invertScalar(shape, v)
	}
	object, ok := v.(map[string]any)
	if !ok {
		if v == "" {
			return map[string]any{}, nil
		}
		return v, nil
	}
	out := make(map[string]any)
	for k, e := range object {
		if k == "tag" || k == "xmlns" || strings.HasPrefix(k, "xmlns:") {
			continue
		}
		m := memberWhere(shape, func(m *awsapi.Member) bool { return name(m) == k })
		if m == nil {
			return nil, fmt.Errorf("%s has no element %q", shape.Name, k)
		}
		value, err := invertXMLMember(m, e, name, flat)
		if err != nil {
			return nil, err
		}
		out[m.Name] = value
	}
	return out, nil
}

func invertXMLMember(m *awsapi.Member, v any, name func(*awsapi.Member) string, flat func(*awsapi.Member) bool) (any, error) {
	if m.Shape.Kind != awsapi.List {
		return invertXML(m.Shape, v, name, flat)
	}
	if !flat(m) {
		wrapper, ok := v.(map[string]any)
		if !ok {
			return []any{}, nil
		}
		for _, inner := range wrapper { // its one element name
			v = inner
		}
	}
	elements, ok := v.([]any)
	if !ok {
		elements = []any{v}
	}
	out := make([]any, 0, len(elements))
	for _, e := range elements {
		value, err := invertXML(m.Shape.Elem.Shape, e, name, flat)
		if err != nil {
			return nil, err
		}
		out = append(out, value)
	}
	return out, nil
}

// invertLegacy is the inverse of legacyWriter.
func invertLegacy(n *legacyNode, object map[string]any, known func(string) bool) (map[string]any, error) {
	out := make(map[string]any)
	used := make(map[string]bool)
	if err := invertFields(n, object, out, used); err != nil {
		return nil, err
	}
	for k := range object {
		if !used[k] && !known(k) {
			return nil, fmt.Errorf("no member is written %q", k)
		}
	}
	return out, nil
}

func invertFields(n *legacyNode, object, out map[string]any, used map[string]bool) error {
	none := func(string) bool { return false }
	for _, f := range n.fields {
		if f.form == hoisted {
			inner := make(map[string]any)
			if err := invertFields(f.parts[0].node, object, inner, used); err != nil {
				return err
			}
			if len(inner) > 0 {
				out[f.parts[0].member.Name] = inner
			}
			continue
		}
		v, ok := object[f.name]
		if !ok {
			continue
		}
		used[f.name] = true
		if f.gathered != nil {
			items := v.(map[string]any)["items"].([]any)
			inner, err := invertLegacy(f.gathered, items[0].(map[string]any), none)
			if err != nil {
				return err
			}
			for k, e := range inner {
				out[k] = e
			}
			continue
		}
		if err := invertField(f, v, out); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return nil
}

func invertField(f *legacyField, v any, out map[string]any) error {
	p := f.parts[0]
	if !p.list {
		value, err := invertLegacyValue(p, v)
		if err == nil {
			out[p.member.Name] = value
		}
		return err
	}
	elements, ok := v.([]any)
	if wrapper, is := v.(map[string]any); is {
		elements, ok = wrapper["items"].([]any)
		if f.form == asItem {
			elements, ok = wrapper["item"].([]any)
		}
		if len(wrapper) > 0 && !ok {
			return fmt.Errorf("%v is no list", v)
		}
	} else if !ok {
		return fmt.Errorf("%v is no list", v)
	}
	if len(elements) == 0 {
		out[p.member.Name] = []any{}
	}
	for _, e := range elements {
		part := p
		if object, is := e.(map[string]any); is && len(f.parts) > 1 {
			for _, candidate := range f.parts {
				if _, has := object[candidate.item]; has {
					part = candidate
				}
			}
		}
		value, err := invertElement(part, e)
		if err != nil {
			return err
		}
		list, _ := out[part.member.Name].([]any)
		out[part.member.Name] = append(list, value)
	}
	return nil
}

func invertElement(p legacyPart, e any) (any, error) {
	object, ok := e.(map[string]any)
	if !ok || p.node != nil {
		return invertLegacyValue(p, e)
	}
	v, has := object[p.item]
	if !has || len(object) != 1 {
		return nil, fmt.Errorf("%v is not an element named %q", e, p.item)
	}
	return invertScalar(p.member.Shape.Elem.Shape, v)
}

func invertLegacyValue(p legacyPart, v any) (any, error) {
	shape := p.member.Shape
	if p.list {
		shape = shape.Elem.Shape
	}
	if object, ok := v.(map[string]any); ok && p.node != nil {
		return invertLegacy(p.node, object, func(k string) bool { return isExtra(services["ec2"].extras[shape.Name], k) })
	}
	return invertScalar(shape, v)
}

// invertS3 is the inverse of s3Request.
func invertS3(op *awsapi.Operation, object map[string]any) (map[string]any, error) {
	out := make(map[string]any)
	object = maps.Clone(object)
	if grants, ok := object["accessControlList"].(map[string]any); ok {
		for k, v := range grants {
			object[k] = v
		}
		delete(object, "accessControlList")
	}
	_, fixed, _ := strings.Cut(op.URI, "?")
	for k, v := range object {
		if k == "Host" || k == strings.Split(fixed, "=")[0] {
			continue
		}
		m := memberWhere(op.Input, func(m *awsapi.Member) bool {
			switch m.Location {
			case awsapi.InURI:
				return k == s3PathNames[m.Name]
			case awsapi.InQueryString, awsapi.InHeader:
				return k == m.LocationName
			default:
				return k == m.WireName() || k == s3Documents[m.Name]
			}
		})
		if m == nil {
			return nil, fmt.Errorf("%s has no %q", op.Name, k)
		}
		if m.Name != op.Input.Payload {
			value, err := invertScalar(m.Shape, v)
			if err != nil {
				return nil, err
			}
			out[m.Name] = value
			continue
		}
		if m.Shape.Kind != awsapi.Structure {
			text, err := json.Marshal(v)
			if err != nil {
				return nil, err
			}
			out[m.Name] = string(text)
			continue
		}
		value, err := invertXML(m.Shape, v, (*awsapi.Member).WireName, func(m *awsapi.Member) bool { return m.Flattened || m.Shape.Flattened })
		if err != nil {
			return nil, err
		}
		out[m.Name] = value
	}
	return out, nil
}
