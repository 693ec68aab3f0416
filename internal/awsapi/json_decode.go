package awsapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf8"
)

// maxJSONDepth bounds how deep JSON nests. DynamoDB allows 32 levels of its
// attribute values, each of which takes two or three of JSON's.
const maxJSONDepth = 256

// maxJSONValues bounds the values of a body, each of which takes a hundred bytes
// and may be two bytes of JSON. The largest real request, PutLogEvents, has
// 30,000.
const maxJSONValues = 1_000_000

// mismatch says that JSON is of the wrong type, in the words of AWS's front end,
// observed with Athena, SQS and SES.
type mismatch string

func (m mismatch) Error() string { return string(m) }

const (
	listNotExpected mismatch = "Start of list found where not expected"
	mapNotExpected  mismatch = "Start of structure or map found where not expected."
	listExpected    mismatch = "Expected list or null"
	nullExpected    mismatch = "Expected null"
)

// decodeJSONObject reads the members of a structure that travel in the body.
// Nothing at all is an empty object. A nil shape takes no parameters, and any
// body.
func decodeJSONObject(s *Shape, body []byte) (map[string]any, error) {
	body = bytes.TrimSpace(body)
	if s == nil || len(body) == 0 {
		return nil, nil
	}
	v, err := decodeJSON(s, body)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok { // null
		return nil, nullExpected
	}
	return m, nil
}

// decodeJSON reads a value of the shape. Of a key that is there twice the last
// one holds, as with AWS.
func decodeJSON(s *Shape, body []byte) (any, error) {
	if !utf8.Valid(body) {
		return nil, errors.New("the body is not valid UTF-8")
	}
	if atLeastJSONValues(body) > maxJSONValues {
		return nil, fmt.Errorf("the body has more than %d values", maxJSONValues)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("the body is not valid JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the body has something after its JSON value")
	}
	return typeJSON(s, v, 0)
}

// atLeastJSONValues counts what begins a value or separates two, outside of
// strings. The body need not be valid JSON.
func atLeastJSONValues(body []byte) int {
	n := 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case ',', '[', '{':
			n++
		case '"':
			for i++; i < len(body) && body[i] != '"'; i++ {
				if body[i] == '\\' {
					i++
				}
			}
		}
	}
	return n
}

// typeJSON turns parsed JSON into a value of the shape, reusing its maps and
// slices.
func typeJSON(s *Shape, v any, depth int) (any, error) {
	if depth > maxJSONDepth {
		return nil, fmt.Errorf("the body nests more than %d levels deep", maxJSONDepth)
	}
	if s.Document {
		return typeDocument(v, depth)
	}
	switch v := v.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		switch s.Kind {
		case Structure:
			return typeJSONStructure(s, v, depth)
		case Map:
			return typeJSONMap(s, v, depth)
		}
		return nil, mapNotExpected
	case []any:
		if s.Kind == List {
			return typeJSONList(s, v, depth)
		}
		return nil, listNotExpected
	}
	switch s.Kind {
	case List:
		return nil, listExpected
	case Structure, Map:
		return nil, nullExpected
	}
	return typeJSONScalar(s, v)
}

func typeJSONStructure(s *Shape, v map[string]any, depth int) (any, error) {
	out := v
	if s.byWire != nil { // names change, so the map cannot be kept
		out = make(map[string]any, len(v))
	}
	for name, value := range v {
		m := s.memberOnWire(name)
		if m == nil || m.Location != "" || value == nil && !m.Shape.Document {
			if s.byWire == nil {
				delete(v, name)
			}
			continue
		}
		typed, err := typeJSON(m.Shape, value, depth+1)
		if err != nil {
			return nil, err
		}
		out[m.Name] = typed
	}
	return out, nil
}

func typeJSONMap(s *Shape, v map[string]any, depth int) (any, error) {
	for key, value := range v {
		if value == nil && !s.Sparse && !s.Value.Shape.Document {
			delete(v, key)
			continue
		}
		typed, err := typeJSON(s.Value.Shape, value, depth+1)
		if err != nil {
			return nil, err
		}
		v[key] = typed
	}
	return v, nil
}

func typeJSONList(s *Shape, v []any, depth int) (any, error) {
	kept := v[:0]
	for _, value := range v {
		if value == nil && !s.Sparse && !s.Elem.Shape.Document {
			continue // AWS passes over nulls
		}
		typed, err := typeJSON(s.Elem.Shape, value, depth+1)
		if err != nil {
			return nil, err
		}
		kept = append(kept, typed)
	}
	return kept, nil
}

func typeJSONScalar(s *Shape, v any) (any, error) {
	switch v := v.(type) {
	case string:
		switch s.Kind {
		case String:
			return v, nil
		case Blob, Timestamp, Boolean:
			typed, err := parseScalar(s, v)
			if err != nil && s.Kind != Blob {
				return nil, cannotConvert("STRING_VALUE", s.Kind)
			}
			return typed, err
		case Float, Double:
			if f, err := parseFloat(v); err == nil && (math.IsNaN(f) || math.IsInf(f, 0)) {
				return f, nil
			}
		}
		return nil, cannotConvert("STRING_VALUE", s.Kind)
	case bool:
		if s.Kind == Boolean {
			return v, nil
		}
		if v {
			return nil, cannotConvert("TRUE_VALUE", s.Kind)
		}
		return nil, cannotConvert("FALSE_VALUE", s.Kind)
	case json.Number:
		switch s.Kind {
		case Integer, Long:
			return parseInteger(Long, v.String()) // that it fits 32 bits is for Validate
		case Float, Double:
			return parseFloat(v.String())
		case Timestamp:
			return parseTimestamp(v.String())
		}
		return nil, cannotConvert("NUMBER_VALUE", s.Kind)
	}
	return nil, fmt.Errorf("unexpected JSON value %T", v)
}

// javaTypes are the names by which the front end knows the kinds.
var javaTypes = map[Kind]string{
	String: "a String", Integer: "an Integer", Long: "a Long", Float: "a Float", Double: "a Double",
	Boolean: "a Boolean", Blob: "a Blob", Timestamp: "milliseconds since epoch",
}

func cannotConvert(found string, want Kind) error {
	return mismatch(found + " can not be converted to " + javaTypes[want])
}

// typeDocument makes the numbers of a free JSON value floats.
func typeDocument(v any, depth int) (any, error) {
	if depth > maxJSONDepth {
		return nil, fmt.Errorf("the body nests more than %d levels deep", maxJSONDepth)
	}
	var err error
	switch v := v.(type) {
	case json.Number:
		f, err := strconv.ParseFloat(v.String(), 64)
		if err != nil {
			return nil, fmt.Errorf("%.64q is more than a number holds", v)
		}
		return f, nil
	case []any:
		for i := range v {
			if v[i], err = typeDocument(v[i], depth+1); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for key := range v {
			if v[key], err = typeDocument(v[key], depth+1); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}
