package selector

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"
)

func FuzzMembersAreThoseOfTheDecoder(f *testing.F) {
	for _, body := range events() {
		f.Add([]byte(body))
	}
	for _, s := range []string{
		``, `{}`, `[]`, `null`, ` { "a" : 1 , "b":[1,{"c":"}"}] } `, `{"a":"\"","b\"":"\\","c":"\\\""}`, `{"ü":"\u00fc"}`,
		`{"a":true,"b":-1.5e9,"c":null,"d":{"e":{}},"f":[[]]}`, `{"a":`, `{"a"`, `{"a":1,`, `{"a":[1}`, `{"`, `{"a":"\`, `{"a":1]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got := map[string][]byte{}
		for name, value := range members(b) {
			got[string(name)] = value
		}
		var want map[string]json.RawMessage
		if !utf8.Valid(b) || json.Unmarshal(b, &want) != nil {
			return // it must end, and not panic
		}
		if len(got) != len(want) {
			t.Fatalf("of %q there are %d members, want %d", b, len(got), len(want))
		}
		for name, value := range want {
			if !bytes.Equal(got[name], value) {
				t.Errorf("of %q the member %q is %q, want %q", b, name, got[name], value)
			}
			var s string
			if json.Unmarshal(value, &s) == nil && text(got[name]) != s {
				t.Errorf("of %q the text %q is %q, want %q", b, name, text(got[name]), s)
			}
		}
		for name, value := range want {
			var list []json.RawMessage
			if json.Unmarshal(value, &list) != nil {
				continue
			}
			for element := range elements(got[name]) {
				if len(list) == 0 || !bytes.Equal(element, list[0]) {
					t.Fatalf("of %q the elements of %q are not those of the decoder", b, name)
				}
				list = list[1:]
			}
			if len(list) > 0 {
				t.Errorf("of %q elements of %q are missing: %q", b, name, list)
			}
		}
	})
}
