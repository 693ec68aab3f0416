package record

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/cairn-audit/cairn/event"
)

// buffer is JSON being written. Commas come by themselves: before a member or
// an element unless it is the first of its object or array.
type buffer []byte

func (b *buffer) open(c byte)  { *b = append(*b, c) }
func (b *buffer) close(c byte) { *b = append(*b, c) }

// name writes a member's name; the value follows.
func (b *buffer) name(s string) {
	b.separate()
	*b = append(event.AppendString(*b, s), ':')
}

// lowerName writes a member's name with its first letter in lower case.
func (b *buffer) lowerName(s string) {
	b.separate()
	start := len(*b) + 1
	*b = append(event.AppendString(*b, s), ':')
	(*b)[start] = lower((*b)[start])
}

func (b *buffer) separate() {
	if n := len(*b); n > 0 && (*b)[n-1] != '{' && (*b)[n-1] != '[' {
		*b = append(*b, ',')
	}
}

func (b *buffer) str(s string)  { *b = event.AppendString(*b, s) }
func (b *buffer) raw(s string)  { *b = append(*b, s...) }
func (b *buffer) int(n int64)   { *b = strconv.AppendInt(*b, n, 10) }
func (b *buffer) bool(v bool)   { *b = strconv.AppendBool(*b, v) }
func (b *buffer) blob(v []byte) { b.str(base64.StdEncoding.EncodeToString(v)) }

// float writes a number as encoding/json does; what JSON has no number for
// becomes a string.
func (b *buffer) float(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		b.str(strconv.FormatFloat(f, 'g', -1, 64))
		return
	}
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	*b = strconv.AppendFloat(*b, f, format, -1, 64)
}

// any writes a value of no known shape: a document, or what a backend put
// where the model says otherwise.
func (b *buffer) any(v any) {
	switch v := v.(type) {
	case nil:
		b.raw("null")
	case string:
		b.str(v)
	case bool:
		b.bool(v)
	case int64:
		b.int(v)
	case int:
		b.int(int64(v))
	case int32:
		b.int(int64(v))
	case float64:
		b.float(v)
	case []byte:
		b.blob(v)
	case time.Time:
		b.str(v.UTC().Format(time.RFC3339Nano))
	case []any:
		b.open('[')
		for _, e := range v {
			b.separate()
			b.any(e)
		}
		b.close(']')
	case map[string]any:
		b.open('{')
		for _, k := range slices.Sorted(maps.Keys(v)) {
			b.name(k)
			b.any(v[k])
		}
		b.close('}')
	default:
		encoded, err := json.Marshal(v)
		if err != nil {
			encoded = []byte("null")
		}
		*b = append(*b, encoded...)
	}
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func upperFirst(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

func lowerFirst(s string) string {
	if s == "" || lower(s[0]) == s[0] {
		return s
	}
	return string(lower(s[0])) + s[1:]
}
