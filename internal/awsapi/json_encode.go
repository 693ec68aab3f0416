package awsapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// encodeJSONObject writes the members of a structure that travel in the body.
// A nil shape is an operation without parameters.
func encodeJSONObject(s *Shape, v map[string]any) ([]byte, error) {
	if s == nil {
		return []byte("{}"), nil
	}
	return appendJSON(make([]byte, 0, 256), s, v)
}

// appendJSON appends a value of the shape as JSON.
func appendJSON(b []byte, s *Shape, v any) ([]byte, error) {
	if s.Document {
		text, err := json.Marshal(v)
		return append(b, text...), err
	}
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case map[string]any:
		switch s.Kind {
		case Structure:
			return appendJSONStructure(b, s, v)
		case Map:
			return appendJSONMap(b, s, v)
		}
	case []any:
		if s.Kind == List {
			return appendJSONList(b, s, v)
		}
	case string:
		if s.Kind == String {
			return appendJSONString(b, v), nil
		}
	case []byte:
		if s.Kind == Blob {
			b = append(b, '"')
			b = base64.StdEncoding.AppendEncode(b, v)
			return append(b, '"'), nil
		}
	case bool:
		if s.Kind == Boolean {
			return strconv.AppendBool(b, v), nil
		}
	case int64:
		if s.Kind == Integer || s.Kind == Long {
			return strconv.AppendInt(b, v, 10), nil
		}
	case float64:
		if s.Kind == Float || s.Kind == Double {
			return appendJSONFloat(b, v), nil
		}
	case time.Time:
		if s.Kind == Timestamp {
			return appendJSONTime(b, s, v), nil
		}
	}
	return b, typeError(s, v)
}

func appendJSONStructure(b []byte, s *Shape, v map[string]any) ([]byte, error) {
	b = append(b, '{')
	start := len(b)
	for _, m := range s.Members {
		value, ok := v[m.Name]
		if !ok || m.Location != "" || value == nil && !m.Shape.Document {
			continue
		}
		if len(b) > start {
			b = append(b, ',')
		}
		b = appendJSONString(b, m.WireName())
		b = append(b, ':')
		var err error
		if b, err = appendJSON(b, m.Shape, value); err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

func appendJSONMap(b []byte, s *Shape, v map[string]any) ([]byte, error) {
	b = append(b, '{')
	for i, key := range slices.Sorted(maps.Keys(v)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSONString(b, key)
		b = append(b, ':')
		var err error
		if b, err = appendJSON(b, s.Value.Shape, v[key]); err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

func appendJSONList(b []byte, s *Shape, v []any) ([]byte, error) {
	b = append(b, '[')
	for i, item := range v {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendJSON(b, s.Elem.Shape, item); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

// appendJSONString quotes a string. Most need no escape; the library does
// the others.
func appendJSONString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			quoted, _ := json.Marshal(s) // a string always has a JSON form
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendJSONFloat(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return appendJSONString(b, formatFloat(f))
	}
	start := len(b)
	b = strconv.AppendFloat(b, f, 'g', -1, 64)
	if !bytes.ContainsAny(b[start:], ".e") {
		b = append(b, ".0"...) // as AWS does; Python would read an integer
	}
	return b
}

func appendJSONTime(b []byte, s *Shape, t time.Time) []byte {
	if s.TimestampFormat == "" || s.TimestampFormat == unixTimestamp {
		return appendEpoch(b, t)
	}
	return appendJSONString(b, formatTimestamp(s, t, unixTimestamp))
}
