package engine

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Resource is one thing that a service keeps.
type Resource struct {
	// ID is unique among the kind's resources of a scope.
	ID string
	// Seq orders resources by their creation.
	Seq uint64
	Attrs
}

func (r *Resource) clone() *Resource {
	return &Resource{ID: r.ID, Seq: r.Seq, Attrs: r.Attrs.Clone()}
}

// document is the form of a resource in the store.
type document struct {
	Seq   uint64 `json:"seq"`
	Attrs any    `json:"attrs"`
}

// JSON has fewer types than a model, so a value that JSON would blur is an
// object with one of these keys. Keys of a map that begin with "$" get another.
const (
	keyTime  = "$time"
	keyBlob  = "$blob"
	keyFloat = "$float"
)

func encodeResource(r *Resource) ([]byte, error) {
	b, err := json.Marshal(document{Seq: r.Seq, Attrs: toJSON(map[string]any(r.Attrs))})
	if err != nil {
		return nil, fmt.Errorf("encode resource %s: %w", r.ID, err)
	}
	return b, nil
}

func decodeResource(id string, b []byte) (*Resource, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var doc document
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("decode resource %s: %w", id, err)
	}
	v, err := fromJSON(doc.Attrs)
	if err != nil {
		return nil, fmt.Errorf("decode resource %s: %w", id, err)
	}
	attrs, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("decode resource %s: its attributes are not an object", id)
	}
	return &Resource{ID: id, Seq: doc.Seq, Attrs: attrs}, nil
}

func toJSON(v any) any {
	switch v := v.(type) {
	case time.Time:
		return map[string]any{keyTime: v.UTC().Format(time.RFC3339Nano)}
	case []byte:
		return map[string]any{keyBlob: base64.StdEncoding.EncodeToString(v)}
	case float64:
		return map[string]any{keyFloat: strconv.FormatFloat(v, 'g', -1, 64)}
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			if strings.HasPrefix(k, "$") {
				k = "$" + k
			}
			m[k] = toJSON(e)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = toJSON(e)
		}
		return list
	}
	return v
}

func fromJSON(v any) (any, error) {
	switch v := v.(type) {
	case json.Number:
		return v.Int64()
	case []any:
		for i, e := range v {
			var err error
			if v[i], err = fromJSON(e); err != nil {
				return nil, err
			}
		}
		return v, nil
	case map[string]any:
		return fromObject(v)
	}
	return v, nil
}

func fromObject(object map[string]any) (any, error) {
	if len(object) == 1 {
		for k, e := range object {
			s, _ := e.(string)
			switch k {
			case keyTime:
				return time.Parse(time.RFC3339Nano, s)
			case keyBlob:
				return base64.StdEncoding.DecodeString(s)
			case keyFloat:
				return strconv.ParseFloat(s, 64)
			}
		}
	}
	m := make(map[string]any, len(object))
	for k, e := range object {
		v, err := fromJSON(e)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(k, "$$") {
			k = k[1:]
		}
		m[k] = v
	}
	return m, nil
}
