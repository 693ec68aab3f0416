package awsapi

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestCBORCarriesEveryShape(t *testing.T) {
	forEachOperation(t, RPCv2, func(t *testing.T, r *rand.Rand, op *Operation) {
		for _, s := range []*Shape{op.Input, op.Output} {
			if s == nil {
				continue
			}
			v := generateValue(r, s, 5)
			b, err := encodeCBOR(s, v)
			if err != nil {
				t.Fatalf("%s: %v", s.Name, err)
			}
			got, err := decodeCBOR(s, b)
			if err != nil {
				t.Fatalf("%s: %v\nof %x", s.Name, err, b)
			}
			wantEqual(t, s.Name, got, v)
			if again, err := encodeCBOR(s, got); err != nil || !bytes.Equal(b, again) {
				t.Errorf("%s: the same value gave other bytes (%v)", s.Name, err)
			}
		}
	})
}

// cborShape is a structure with a member of each kind.
func cborShape() *Shape {
	s := &Shape{Name: "Thing", Kind: Structure, byName: map[string]*Member{}}
	add := func(name string, of *Shape) {
		m := &Member{Name: name, Shape: of}
		s.Members = append(s.Members, m)
		s.byName[name] = m
	}
	str := &Shape{Name: "S", Kind: String}
	add("s", str)
	add("b", &Shape{Name: "B", Kind: Blob})
	add("i", &Shape{Name: "I", Kind: Integer})
	add("l", &Shape{Name: "L", Kind: Long})
	add("f", &Shape{Name: "F", Kind: Float})
	add("d", &Shape{Name: "D", Kind: Double})
	add("t", &Shape{Name: "T", Kind: Timestamp})
	add("o", &Shape{Name: "O", Kind: Boolean})
	add("list", &Shape{Name: "List", Kind: List, Elem: &Member{Shape: str}})
	add("holes", &Shape{Name: "Holes", Kind: List, Sparse: true, Elem: &Member{Shape: str}})
	add("map", &Shape{Name: "Map", Kind: Map, Key: &Member{Shape: str}, Value: &Member{Shape: str}})
	add("self", s)
	return s
}

func TestDecodeCBOR(t *testing.T) {
	type list = []any
	type object = map[string]any
	for _, test := range []struct {
		name, hex string
		want      any
	}{
		{"nothing in it", "a0", object{}},
		{"indefinite lengths", "bf" + "646c697374" + "9f7f61616162ffff" + "6162" + "5f41014102ff" + "ff", object{"list": list{"ab"}, "b": []byte{1, 2}}},
		{"a half float", "a1" + "6164" + "f93e00", object{"d": 1.5}},
		{"a single float", "a1" + "6164" + "fa3fc00000", object{"d": 1.5}},
		{"a float that is an integer", "a1" + "6164" + "03", object{"d": 3.0}},
		{"infinity", "a1" + "6164" + "f97c00", object{"d": math.Inf(1)}},
		{"null and undefined", "a2" + "6173" + "f6" + "6174" + "f7", object{}},
		{"holes", "a1" + "65686f6c6573" + "83f66161f7", object{"holes": list{nil, "a", nil}}},
		{"null in a map", "a1" + "636d6170" + "a26161f661626163", object{"map": object{"b": "c"}}},
		{"seconds", "a1" + "6174" + "c11a607d2a6c", object{"t": time.Date(2021, 4, 19, 6, 59, 56, 0, time.UTC)}},
		{"milliseconds", "a1" + "6174" + "c1fb41d81f4a9b07df3b", object{"t": time.Date(2021, 4, 19, 6, 59, 56, 123e6, time.UTC)}},
		{"before 1970", "a1" + "6174" + "c120", object{"t": time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC)}},
		{"numbers in more bytes than they need", "a1" + "6169" + "1b0000000000000007", object{"i": int64(7)}},
		{"the least long", "a1" + "616c" + "3b7fffffffffffffff", object{"l": int64(math.MinInt64)}},
		{"what the shape does not have", "a1" + "616e" + "c2410a", object{}},
	} {
		b, err := hex.DecodeString(test.hex)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		got, err := decodeCBOR(cborShape(), b)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		wantEqual(t, test.name, got, test.want)
	}
}

func TestMalformedCBORIsRefused(t *testing.T) {
	for name, code := range map[string]string{
		"nothing":                   "",
		"not a structure":           "80",
		"cut off":                   "a16173",
		"something behind":          "a0a0",
		"a text for a number":       "a1" + "6169" + "6161",
		"a number for a text":       "a1" + "6173" + "01",
		"a text for bytes":          "a1" + "6162" + "6161",
		"more than an integer":      "a1" + "6169" + "1a80000000",
		"more than a long":          "a1" + "616c" + "1b8000000000000000",
		"a fraction for an integer": "a1" + "6169" + "f93e00",
		"a time without its tag":    "a1" + "6174" + "01",
		"a time as a text":          "a1" + "6174" + "c06161",
		"a time beyond all years":   "a1" + "6174" + "c1fb7fefffffffffffff",
		"a time that is no number":  "a1" + "6174" + "c1f97e00",
		"a time of nothing":         "a1" + "6174" + "c1f6",
		"null in a list":            "a1" + "646c697374" + "81f6",
		"a key twice":               "a2" + "6173" + "6161" + "6173" + "6162",
		"a key that is a number":    "a1" + "01" + "6161",
		"no UTF-8":                  "a1" + "6173" + "61ff",
		"a huge list":               "a1" + "646c697374" + "9bffffffffffffffff",
		"a huge map":                "bb7fffffffffffffff",
		"a huge text":               "a1" + "6173" + "7b7fffffffffffffff",
		"a list of a billion":       "a1" + "646c697374" + "9a3b9aca00",
		"deep structures":           strings.Repeat("a1"+"6473656c66", 10_000),
		"deep lists, unknown":       "a1" + "616e" + strings.Repeat("81", 100_000),
		"deep tags":                 strings.Repeat("c1", 100_000),
		"many values":               strings.Repeat("a1"+"6473656c66", 4) + "a1" + "646c697374" + "9f" + strings.Repeat("60", 200_000) + "ff",
		"a break":                   "ff",
	} {
		b, err := hex.DecodeString(code)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := decodeCBOR(cborShape(), b)
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Code != "SerializationException" {
			t.Errorf("%s: got %v and the error %v, want a SerializationException", name, got, err)
		}
	}
}

func TestEncodeCBORRefusesWhatTheModelDoesNotHave(t *testing.T) {
	for _, v := range []any{
		"x", map[string]any{"nope": "x"}, map[string]any{"s": 7}, map[string]any{"i": "7"},
		map[string]any{"list": "x"}, map[string]any{"list": []any{7}}, map[string]any{"t": 1.5},
	} {
		if b, err := encodeCBOR(cborShape(), v); err == nil {
			t.Errorf("%v became %x", v, b)
		}
	}
}

func FuzzDecodeCBOR(f *testing.F) {
	s := cborShape()
	for _, code := range []string{"a0", "bf646c6973749f7f61616162ffff61625f41014102ffff", "a26173f66174c1fb41d81f4a9b07df3b",
		"a165686f6c657383f66161f7", "a1636d6170a26161f661626163", "a16473656c66a16473656c66a0"} {
		b, err := hex.DecodeString(code)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := decodeCBOR(s, b)
		if err != nil || v == nil {
			return
		}
		again, err := encodeCBOR(s, v)
		if err != nil {
			t.Fatalf("%v cannot be encoded: %v", v, err)
		}
		got, err := decodeCBOR(s, again)
		if err != nil {
			t.Fatalf("%x is refused: %v", again, err)
		}
		third, err := encodeCBOR(s, got)
		if err != nil || !bytes.Equal(again, third) {
			t.Fatalf("%x became %x (%v)", again, third, err)
		}
	})
}
