package record

import (
	"math/rand/v2"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// values makes values of any shape.
type values struct{ *rand.Rand }

var awkward = []string{
	"", "x", "i-0123456789abcdef0", "true", "null", "-1", "007", "1.5e3", "arn:aws:iam::111122223333:role/r",
	"a b\n<&>\"\\", "é\u2028", "\xff", "{\"Version\":1}", "://", "%zz/",
}

func (v values) of(shape *awsapi.Shape, depth int) any {
	switch shape.Kind {
	case awsapi.Structure:
		if shape.Document {
			return []any{nil, true, 1.5, "x", []any{"y"}, map[string]any{"z": nil}}[v.IntN(6)]
		}
		out := make(map[string]any)
		sent := make(map[string]bool) // a few members share an element; a request has one of them
		for _, m := range shape.Members {
			if depth > 0 && v.IntN(4) > 0 && !sent[m.WireName()] {
				sent[m.WireName()] = true
				out[m.Name] = v.of(m.Shape, depth-1)
			}
		}
		return out
	case awsapi.List:
		out := make([]any, v.IntN(4))
		for i := range out {
			out[i] = v.of(shape.Elem.Shape, depth-1)
		}
		return out
	case awsapi.Map:
		out := make(map[string]any)
		for range v.IntN(3) {
			out[v.text()] = v.of(shape.Value.Shape, depth-1)
		}
		return out
	case awsapi.Boolean:
		return v.IntN(2) == 0
	case awsapi.Integer, awsapi.Long:
		return v.Int64() - v.Int64()
	case awsapi.Float, awsapi.Double:
		return v.NormFloat64() * 1e6
	case awsapi.Timestamp:
		return time.UnixMilli(v.Int64N(4e12)).UTC()
	case awsapi.Blob:
		return []byte(v.text())
	default:
		return v.text()
	}
}

func (v values) text() string { return awkward[v.IntN(len(awkward))] }
