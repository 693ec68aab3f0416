package awsapi

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"
	"unicode/utf8"
)

// generateValue makes a value that the shape allows, in the form that the
// package documents: required members always, others as chance has it, lengths
// and numbers within their bounds, enums from their lists. Patterns are ignored.
// Optional parts end depth levels down, so recursive shapes end too.
//
// What a member's place on the wire cannot carry is not made: a header's value
// has no line break or outer space, a label of the URI is not empty, a streamed
// body is absent. Times are whole milliseconds, or seconds where the format or a
// header has no fraction.
func generateValue(r *rand.Rand, s *Shape, depth int) any {
	switch s.Kind {
	case Structure:
		if s.Document {
			return generateDocument(r, min(depth, 2))
		}
		return generateStructure(r, s, depth)
	case List:
		list := []any{}
		for range generateLength(r, s, depth, 3) {
			list = append(list, generateMember(r, s.Elem, depth-1))
		}
		return list
	case Map:
		m := map[string]any{}
		for range generateLength(r, s, depth, 3) {
			key := generateMember(r, s.Key, depth-1).(string)
			m[key] = generateMember(r, s.Value, depth-1)
		}
		return m
	case String:
		if len(s.Enum) > 0 {
			return s.Enum[r.IntN(len(s.Enum))]
		}
		return generateString(r, generateLength(r, s, 1, 12))
	case Blob:
		b := make([]byte, generateLength(r, s, 1, 40))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	case Boolean:
		return r.IntN(2) == 0
	case Integer, Long:
		return generateInteger(r, s)
	case Float, Double:
		return generateFloat(r, s)
	case Timestamp:
		const year2100 = 4102444800
		t := time.Unix(r.Int64N(year2100), 0).UTC()
		if s.TimestampFormat == "" || s.TimestampFormat == "iso8601" {
			t = t.Add(time.Duration(r.IntN(1000)) * time.Millisecond)
		}
		return t
	}
	panic(fmt.Sprintf("shape %s has the unknown kind %q", s.Name, s.Kind))
}

func generateStructure(r *rand.Rand, s *Shape, depth int) map[string]any {
	v := map[string]any{}
	if depth < -8 { // even the required members recur
		return v
	}
	if s.Union {
		if len(s.Members) > 0 {
			m := s.Members[r.IntN(len(s.Members))]
			v[m.Name] = generateMember(r, m, depth-1)
		}
		return v
	}
	for _, m := range s.Members {
		streamed := m.Streaming || m.Shape.Streaming || m.Shape.EventStream
		chosen := m.Required || m.Location == InURI || depth > 0 && r.IntN(2) == 0
		if chosen && !streamed && m.Location != InStatusCode {
			v[m.Name] = generateMember(r, m, depth-1)
			if s.Payload == m.Name && isEmptyText(v[m.Name]) {
				v[m.Name] = nonEmptyText(m.Shape) // an empty body is no payload
			}
		}
	}
	return v
}

// generateMember makes a value that the member's place can carry.
func generateMember(r *rand.Rand, m *Member, depth int) any {
	v := generateValue(r, m.Shape, depth)
	if m.Location == "" && !m.HostLabel {
		return v
	}
	switch v := v.(type) {
	case string:
		if m.JSONValue {
			return fmt.Sprintf(`{"n":%d}`, r.IntN(1000))
		}
		if len(m.Shape.Enum) > 0 {
			return v
		}
		return generateToken(r, max(1, utf8.RuneCountInString(v)))
	case []any:
		for i, item := range v {
			if s, ok := item.(string); ok && len(m.Shape.Elem.Shape.Enum) == 0 {
				v[i] = generateToken(r, max(1, utf8.RuneCountInString(s)))
			}
		}
	case map[string]any: // the headers of a prefix
		tokens := map[string]any{}
		for range v {
			tokens[strings.ToLower(generateToken(r, 8))] = generateToken(r, 8)
		}
		if m.Location == InHeaders {
			return tokens
		}
	case time.Time:
		return v.Truncate(time.Second)
	}
	return v
}

// generateLength picks a length within the shape's bounds, near its minimum and
// about most at the longest. Nothing optional is made when depth is spent.
func generateLength(r *rand.Rand, s *Shape, depth, most int) int {
	low, high := 0, most
	if s.Min != nil {
		low = int(min(*s.Min, 4096))
	}
	if depth <= 0 {
		return low
	}
	high = max(high, low)
	if s.Max != nil {
		high = min(high, int(*s.Max))
	}
	if high <= low {
		return low
	}
	return low + r.IntN(high-low+1)
}

// letters are what strings are made of: what needs escaping in XML, JSON, forms
// and URIs, spaces that a lazy parser trims, and runes of two to four bytes.
var letters = []rune("abcXYZ019 \t\n\r<>&\"'%+=./\\;,:é漢🐟]")

func generateString(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteRune(letters[r.IntN(len(letters))])
	}
	return b.String()
}

func generateToken(r *rand.Rand, n int) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEF0123456789-"
	b := []byte("x")
	for len(b) < n {
		b = append(b, safe[r.IntN(len(safe))])
	}
	return string(b)
}

func generateInteger(r *rand.Rand, s *Shape) int64 {
	low, high := float64(math.MinInt32), float64(math.MaxInt32)
	if s.Kind == Long && s.Min == nil && s.Max == nil && r.IntN(4) == 0 {
		return int64(r.Uint64())
	}
	if s.Min != nil {
		low = *s.Min
	}
	if s.Max != nil {
		high = max(*s.Max, low)
	}
	high = max(high, low)
	if r.IntN(2) == 0 {
		high = min(high, low+300)
	}
	return int64(low) + int64(r.Float64()*(high-low))
}

func generateFloat(r *rand.Rand, s *Shape) float64 {
	if s.Min == nil && s.Max == nil && r.IntN(8) == 0 {
		return []float64{0, math.Inf(1), math.Inf(-1), 1 << 70, -0.125}[r.IntN(5)]
	}
	low, high := -1e6, 1e6
	if s.Min != nil {
		low = *s.Min
		high = max(high, low)
	}
	if s.Max != nil {
		high = *s.Max
		low = min(low, high)
	}
	v := low + r.Float64()*(high-low)
	if s.Kind == Float { // what 32 bits hold
		v = min(max(float64(float32(v)), low), high)
		return float64(float32(v))
	}
	return v
}

func generateDocument(r *rand.Rand, depth int) any {
	kinds := 6
	if depth <= 0 {
		kinds = 4
	}
	switch r.IntN(kinds) {
	case 0:
		return nil
	case 1:
		return r.IntN(2) == 0
	case 2:
		return float64(r.IntN(2000))/8 + 1.0/16 // never whole: others read 4 as an integer
	case 3:
		return generateString(r, r.IntN(8))
	case 4:
		list := []any{}
		for range r.IntN(3) {
			list = append(list, generateDocument(r, depth-1))
		}
		return list
	default:
		m := map[string]any{}
		for range r.IntN(3) {
			m[generateString(r, 4)] = generateDocument(r, depth-1)
		}
		return m
	}
}

func isEmptyText(v any) bool {
	switch v := v.(type) {
	case string:
		return v == ""
	case []byte:
		return len(v) == 0
	}
	return false
}

func nonEmptyText(s *Shape) any {
	if s.Kind == Blob {
		return []byte("payload")
	}
	return "payload"
}
