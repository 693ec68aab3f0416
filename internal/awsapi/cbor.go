package awsapi

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// The CBOR of Smithy's RPC v2: members by their names, timestamps as tag 1.

const (
	cborTagTime = 1
	cborNull    = 0xf6
	cborUndef   = 0xf7
)

// cborIn reads from the network. Every limit is explicit; a length that the
// body does not back is found before anything is allocated for it.
var cborIn = must(cbor.DecOptions{
	DupMapKey:        cbor.DupMapKeyEnforcedAPF,
	MaxNestedLevels:  maxDepth,
	MaxArrayElements: 131_072,
	MaxMapPairs:      131_072,
	IndefLength:      cbor.IndefLengthAllowed,
	UTF8:             cbor.UTF8RejectInvalid,
}.DecMode())

// cborOut writes the same bytes for the same value.
var cborOut = must(cbor.EncOptions{Sort: cbor.SortBytewiseLexical}.EncMode())

// must is for options that are constants of this file.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// encodeCBOR writes a value of the shape.
func encodeCBOR(s *Shape, v any) ([]byte, error) {
	item, err := cborItem(s, v)
	if err != nil {
		return nil, fmt.Errorf("encode CBOR: %w", err)
	}
	b, err := cborOut.Marshal(item)
	if err != nil {
		return nil, fmt.Errorf("encode CBOR: %w", err)
	}
	return b, nil
}

// cborItem turns a value into what the library writes as the shape demands.
func cborItem(s *Shape, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		if s.Kind == Structure || s.Kind == Map {
			return cborMap(s, v)
		}
	case []any:
		if s.Kind != List {
			break
		}
		items := make([]any, len(v))
		for i := range v {
			var err error
			if items[i], err = cborItem(s.Elem.Shape, v[i]); err != nil {
				return nil, fmt.Errorf("[%d]: %w", i, err)
			}
		}
		return items, nil
	case time.Time:
		if s.Kind != Timestamp {
			break
		}
		if ms := v.UnixMilli(); ms%1000 != 0 {
			return cbor.Tag{Number: cborTagTime, Content: float64(ms) / 1000}, nil
		}
		return cbor.Tag{Number: cborTagTime, Content: v.Unix()}, nil
	case float64:
		if s.Kind == Float {
			return float32(v), nil
		}
		if s.Kind == Double {
			return v, nil
		}
	case int64:
		if s.Kind == Integer || s.Kind == Long {
			return v, nil
		}
	case string:
		if s.Kind == String {
			return v, nil
		}
	case []byte:
		if s.Kind == Blob {
			return v, nil
		}
	case bool:
		if s.Kind == Boolean {
			return v, nil
		}
	}
	return nil, typeError(s, v)
}

func cborMap(s *Shape, v map[string]any) (any, error) {
	items := make(map[string]any, len(v))
	for name, value := range v {
		var m *Member
		if s.Kind == Map {
			m = s.Value
		} else if m = s.Member(name); m == nil {
			return nil, fmt.Errorf("%s: no such member of %s", name, s.Name)
		}
		if value == nil && !s.Sparse {
			continue
		}
		item, err := cborItem(m.Shape, value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		items[name] = item
	}
	return items, nil
}

// decodeCBOR reads a value of the shape: items of definite and indefinite length
// and floats of any size. Null and undefined are absent, or nil in a sparse list
// or map. The error is an *Error.
func decodeCBOR(s *Shape, b []byte) (any, error) {
	var r cborReader
	v, err := r.value(s, b)
	if err != nil {
		return nil, notCBOR.because("", err.Error())
	}
	return v, nil
}

// A cborReader counts the values that it makes: an empty structure is one byte
// on the wire and many in memory.
type cborReader struct{ values int }

// maxCBORValues is twenty times what the largest real request has: CloudWatch's
// PutMetricData holds some 25,000 values in its 1 MB.
const maxCBORValues = 500_000

func (r *cborReader) value(s *Shape, raw cbor.RawMessage) (any, error) {
	if r.values++; r.values > maxCBORValues {
		return nil, fmt.Errorf("more than %d values", maxCBORValues)
	}
	if isCBORNull(raw) {
		return nil, nil
	}
	switch s.Kind {
	case Structure:
		return r.structure(s, raw)
	case List:
		return r.list(s, raw)
	case Map:
		return r.entries(s, raw)
	case String:
		return cborScalar[string](raw)
	case Blob:
		return cborScalar[[]byte](raw)
	case Boolean:
		return cborScalar[bool](raw)
	case Integer, Long:
		return cborInteger(s, raw)
	case Float, Double:
		return cborScalar[float64](raw)
	case Timestamp:
		return cborTime(raw)
	}
	return nil, fmt.Errorf("shape %s has the unknown kind %q", s.Name, s.Kind)
}

func isCBORNull(raw cbor.RawMessage) bool {
	return len(raw) == 1 && (raw[0] == cborNull || raw[0] == cborUndef)
}

func cborScalar[T any](raw cbor.RawMessage) (any, error) {
	var v T
	if err := cborIn.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	return v, nil
}

func (r *cborReader) structure(s *Shape, raw cbor.RawMessage) (any, error) {
	var members map[string]cbor.RawMessage
	if err := cborIn.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	v := make(map[string]any)
	for _, m := range s.Members {
		item, given := members[m.Name]
		if !given || isCBORNull(item) {
			continue
		}
		member, err := r.value(m.Shape, item)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
		v[m.Name] = member
	}
	return v, nil
}

func (r *cborReader) list(s *Shape, raw cbor.RawMessage) (any, error) {
	var items []cbor.RawMessage
	if err := cborIn.Unmarshal(raw, &items); err != nil {
		return nil, err
	}
	list := make([]any, len(items))
	for i, item := range items {
		if isCBORNull(item) && !s.Sparse {
			return nil, fmt.Errorf("[%d]: null in a list that has no nulls", i)
		}
		var err error
		if list[i], err = r.value(s.Elem.Shape, item); err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return list, nil
}

func (r *cborReader) entries(s *Shape, raw cbor.RawMessage) (any, error) {
	var items map[string]cbor.RawMessage
	if err := cborIn.Unmarshal(raw, &items); err != nil {
		return nil, err
	}
	v := make(map[string]any, len(items))
	for key, item := range items {
		if isCBORNull(item) && !s.Sparse {
			continue
		}
		value, err := r.value(s.Value.Shape, item)
		if err != nil {
			return nil, fmt.Errorf("%.64q: %w", key, err)
		}
		v[key] = value
	}
	return v, nil
}

func cborInteger(s *Shape, raw cbor.RawMessage) (any, error) {
	var n int64
	if err := cborIn.Unmarshal(raw, &n); err != nil {
		return nil, err
	}
	if s.Kind == Integer && (n < math.MinInt32 || n > math.MaxInt32) {
		return nil, fmt.Errorf("%d is more than an integer holds", n)
	}
	return n, nil
}

func cborTime(raw cbor.RawMessage) (any, error) {
	var tag cbor.RawTag
	if err := cborIn.Unmarshal(raw, &tag); err != nil {
		return nil, err
	}
	if tag.Number != cborTagTime {
		return nil, fmt.Errorf("tag %d is not a timestamp", tag.Number)
	}
	var seconds float64
	if isCBORNull(tag.Content) {
		return nil, errors.New("a timestamp is null")
	}
	if err := cborIn.Unmarshal(tag.Content, &seconds); err != nil {
		return nil, err
	}
	if !(math.Abs(seconds) <= maxEpoch) { // not NaN either
		return nil, errors.New("a timestamp is after the year 9999")
	}
	return epochTime(seconds), nil
}
