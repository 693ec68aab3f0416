package eventpattern

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// TestPatternsMatchAsDocumented has the examples of "Comparison operators for use
// in event patterns" (EventBridge User Guide) and of the pages on filter
// policies of the SNS Developer Guide.
func TestPatternsMatchAsDocumented(t *testing.T) {
	for _, test := range []struct {
		pattern, event string
		want           bool
	}{
		{`{"a":["x"]}`, `{"a":"x"}`, true},
		{`{"a":["x"]}`, `{"a":"X"}`, false},
		{`{"a":["x"]}`, `{"b":"x"}`, false},
		{`{"a":["x","y"],"b":["z"]}`, `{"a":"y","b":"z"}`, true},
		{`{"a":["x","y"],"b":["z"]}`, `{"a":"y"}`, false},
		{`{"a":[5]}`, `{"a":5.0}`, true},
		{`{"a":[5]}`, `{"a":"5"}`, false},
		{`{"a":["5"]}`, `{"a":5}`, false},
		{`{"a":[true]}`, `{"a":true}`, true},
		{`{"a":[true]}`, `{"a":"true"}`, false},
		{`{"a":[null]}`, `{"a":null}`, true},
		{`{"a":[null]}`, `{}`, false},
		{`{"a":[""]}`, `{"a":""}`, true},
		{`{"a":[""]}`, `{"a":null}`, false},

		{`{"a":[{"prefix":"us-"}]}`, `{"a":"us-east-1"}`, true},
		{`{"a":[{"prefix":"us-"}]}`, `{"a":"eu-us-1"}`, false},
		{`{"a":[{"prefix":{"equals-ignore-case":"EventB"}}]}`, `{"a":"EVENTBridge"}`, true},
		{`{"a":[{"prefix":{"equals-ignore-case":"EventB"}}]}`, `{"a":"EVENT"}`, false},
		{`{"a":[{"suffix":".png"}]}`, `{"a":"x.png"}`, true},
		{`{"a":[{"suffix":{"equals-ignore-case":".png"}}]}`, `{"a":"x.PNG"}`, true},
		{`{"a":[{"suffix":".png"}]}`, `{"a":7}`, false},
		{`{"a":[{"equals-ignore-case":"alice"}]}`, `{"a":"ALICE"}`, true},
		{`{"a":[{"equals-ignore-case":"alice"}]}`, `{"a":"ALICES"}`, false},
		{`{"a":[{"wildcard":"dir/*/file"}]}`, `{"a":"dir/x/y/file"}`, true},
		{`{"a":[{"wildcard":"dir/*/file"}]}`, `{"a":"dir/file"}`, false},
		{`{"a":[{"wildcard":"*a*b*"}]}`, `{"a":"xaxxb"}`, true},
		{`{"a":[{"wildcard":"*a*b*"}]}`, `{"a":"ba"}`, false},
		{`{"a":[{"wildcard":"a*a"}]}`, `{"a":"a"}`, false},
		{`{"a":[{"wildcard":"\\*"}]}`, `{"a":"*"}`, true},
		{`{"a":[{"wildcard":"\\*"}]}`, `{"a":"x"}`, false},

		{`{"a":[{"anything-but":"x"}]}`, `{"a":"y"}`, true},
		{`{"a":[{"anything-but":"x"}]}`, `{"a":"x"}`, false},
		{`{"a":[{"anything-but":"x"}]}`, `{}`, false},
		{`{"a":[{"anything-but":["x","y"]}]}`, `{"a":"y"}`, false},
		{`{"a":[{"anything-but":[1,2]}]}`, `{"a":3}`, true},
		{`{"a":[{"anything-but":[1,2]}]}`, `{"a":2}`, false},
		{`{"a":[{"anything-but":{"prefix":"x"}}]}`, `{"a":"xy"}`, false},
		{`{"a":[{"anything-but":{"prefix":["x","y"]}}]}`, `{"a":"yes"}`, false},
		{`{"a":[{"anything-but":{"suffix":"x"}}]}`, `{"a":"xy"}`, true},
		{`{"a":[{"anything-but":{"equals-ignore-case":["x"]}}]}`, `{"a":"X"}`, false},
		{`{"a":[{"anything-but":{"wildcard":"*/lib/*"}}]}`, `{"a":"/lib/x"}`, false},
		// "because it contains a value that isn't rugby or tennis"
		{`{"i":[{"anything-but":["rugby","tennis"]}]}`, `{"i":["rugby","baseball"]}`, true},
		{`{"i":[{"anything-but":["rugby","tennis"]}]}`, `{"i":["rugby"]}`, false},

		{`{"a":[{"numeric":["=",301.5]}]}`, `{"a":3.015e2}`, true},
		{`{"a":[{"numeric":[">",0]}]}`, `{"a":0}`, false},
		{`{"a":[{"numeric":[">=",0]}]}`, `{"a":0}`, true},
		{`{"a":[{"numeric":["<",0]}]}`, `{"a":-1}`, true},
		{`{"a":[{"numeric":["<=",10]}]}`, `{"a":11}`, false},
		{`{"a":[{"numeric":[">",0,"<=",5]}]}`, `{"a":5}`, true},
		{`{"a":[{"numeric":[">",0,"<=",5]}]}`, `{"a":6}`, false},
		{`{"a":[{"numeric":[">",0,"<=",5]}]}`, `{"a":"3"}`, false},
		{`{"a":[{"cidr":"10.0.0.0/24"}]}`, `{"a":"10.0.0.255"}`, true},
		{`{"a":[{"cidr":"10.0.0.0/24"}]}`, `{"a":"10.0.1.0"}`, false},
		{`{"a":[{"cidr":"2001:db8::/32"}]}`, `{"a":"2001:db8::1"}`, true},

		{`{"a":[{"exists":true}]}`, `{"a":null}`, true},
		{`{"a":[{"exists":true}]}`, `{"a":{"b":1}}`, false},
		{`{"a":[{"exists":false}]}`, `{"a":{"b":1}}`, true},
		{`{"a":[{"exists":false}]}`, `{"b":1}`, true},
		{`{"a":[{"exists":false}]}`, `{"a":1}`, false},
		{`{"a":[{"anything-but":"x"},{"exists":false}]}`, `{}`, true},
		{`{"d":{"a":[{"exists":false}]}}`, `{}`, true},
		{`{"d":{"a":[{"exists":false}]}}`, `{"d":[]}`, true},
		{`{"d":{"a":[{"exists":false}]}}`, `{"d":{"a":1}}`, false},

		{`{"a":["x"]}`, `{"a":["y",["x"]]}`, true},
		{`{"d":{"s":["on"]}}`, `{"d":{"s":"on"}}`, true},
		{`{"d":{"s":["on"]}}`, `{"d":"on"}`, false},
		{`{"r":{"n":["x"],"v":[1]}}`, `{"r":[{"n":"x","v":0},{"n":"y","v":1}]}`, false},
		{`{"r":{"n":["x"],"v":[1]}}`, `{"r":[{"n":"y","v":0},{"n":"x","v":1}]}`, true},

		{`{"$or":[{"a":["x"]},{"b":[{"numeric":["<=",10]}]}]}`, `{"b":7}`, true},
		{`{"$or":[{"a":["x"]},{"b":[{"numeric":["<=",10]}]}]}`, `{"a":"y","b":11}`, false},
		{`{"s":["z"],"$or":[{"a":["x"]},{"b":["x"]}]}`, `{"a":"x"}`, false},
		{`{"s":{"$or":[{"a":["x"]},{"b":["x"],"$or":[{"c":[1]},{"c":[2]}]}]}}`, `{"s":{"b":"x","c":2}}`, true},
	} {
		p, err := Parse([]byte(test.pattern), EventBridge)
		if err != nil {
			t.Errorf("%s: %v", test.pattern, err)
			continue
		}
		if got := p.Match([]byte(test.event)); got != test.want {
			t.Errorf("%s about %s: %v", test.pattern, test.event, got)
		}
	}
}

func TestWhatIsNoPatternIsRefused(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 200) + `["x"]` + strings.Repeat(`}`, 200)
	for pattern, message := range map[string]string{
		``:                                    "not valid JSON",
		`{"a":["x"]} {}`:                      "more than one value",
		`["x"]`:                               "not an object",
		`{}`:                                  "Empty objects",
		`{"a":"x"}`:                           `"a" must be an object or an array`,
		`{"a":[]}`:                            "Empty arrays",
		`{"a":{}}`:                            "Empty objects",
		`{"a":[["x"]]}`:                       "Match value must be",
		`{"a":[{}]}`:                          "Only one key",
		`{"a":[{"prefix":"x","suffix":"y"}]}`: "Only one key",
		`{"a":[{"like":"x"}]}`:                "Unrecognized match type like",
		`{"a":[{"prefix":5}]}`:                "must be a string",
		`{"a":[{"exists":"yes"}]}`:            "true or false",
		`{"a":[{"numeric":[]}]}`:              "must be an array",
		`{"a":[{"numeric":["<","5"]}]}`:       "Value of < must be numeric",
		`{"a":[{"numeric":["~",5]}]}`:         "Unrecognized numeric range operator: ~",
		`{"a":[{"numeric":[">",5,"<",5]}]}`:   "Bottom must be less than top",
		`{"a":[{"numeric":["<",5,">",1]}]}`:   "Too many elements",
		`{"a":[{"numeric":[">",1,">",5]}]}`:   "Bad numeric range operator",
		`{"a":[6000000000]}`:                  "Value must be between",
		`{"a":[{"cidr":"10.0.0.0"}]}`:         "CIDR",
		`{"a":[{"anything-but":[]}]}`:         "Empty arrays",
		`{"a":[{"anything-but":[null]}]}`:     "anything but",
		`{"a":[{"anything-but":{"cidr":"10.0.0.0/8"}}]}`: "Unsupported anything-but pattern",
		`{"a":[{"wildcard":"**"}]}`:                      "not a wildcard pattern",
		`{"a":[{"wildcard":"\\x"}]}`:                     "not a wildcard pattern",
		`{"$or":[{"a":["x"]}]}`:                          "$or must be",
		`{"$or":[{"a":["x"]},"y"]}`:                      "$or must be",
		deep:                                             "too deep",
	} {
		_, err := Parse([]byte(pattern), EventBridge)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(syntax.Message, message) {
			t.Errorf("%.80s: %v, want %q", pattern, err, message)
		}
	}
	for _, pattern := range []string{`{"a":[{"wildcard":"x*"}]}`, `{"a":[2000000000]}`, `{"a":[{"prefix":{"equals-ignore-case":"x"}}]}`} {
		if _, err := Parse([]byte(pattern), FilterPolicy); err == nil {
			t.Errorf("%s is a filter policy", pattern)
		}
	}
}

func TestPatternsAreMeasuredAsQuotasDo(t *testing.T) {
	p, err := Parse([]byte(`{"key_a":{"key_b":{"key_c":["value_one","value_two","value_three","value_four"]}},"key_d":{"key_e":["value_one","value_two","value_three"]}}`), FilterPolicy)
	if err != nil || p.Keys() != 2 || p.Combinations() != 12 || !p.Nested() {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestDeepEventsMatchNothing(t *testing.T) {
	p, err := Parse([]byte(`{"a":["x"]}`), EventBridge)
	if err != nil {
		t.Fatal(err)
	}
	deep := `{"a":` + strings.Repeat(`[`, 5000) + `"x"` + strings.Repeat(`]`, 5000) + `}`
	if p.Match([]byte(deep)) {
		t.Error("a value 5,000 lists deep was found")
	}
}

// FuzzPattern holds matching to an invariant that does not depend on the
// operators: what matches a pattern matches either alternative of it twice.
func FuzzPattern(f *testing.F) {
	f.Add(`{"a":[{"prefix":"x"}],"$or":[{"b":[1]},{"c":[{"exists":false}]}]}`, `{"a":"xy","b":[1,2]}`)
	f.Add(`{"a":[{"wildcard":"*x\\**"},{"cidr":"10.0.0.0/8"}]}`, `{"a":["10.1.1.1",null,true,{"b":[]}]}`)
	f.Add(`{"r":{"n":[{"anything-but":{"suffix":["x"]}}],"v":[{"numeric":[">",-1e3,"<=",0.5]}]}}`, `{"r":[{"n":"y","v":-1},[{"v":1}]]}`)
	f.Fuzz(func(t *testing.T, pattern, event string) {
		p, err := Parse([]byte(pattern), EventBridge)
		if err != nil {
			return
		}
		got := p.Match([]byte(event))
		twice, err := json.Marshal(map[string]any{"$or": []json.RawMessage{json.RawMessage(pattern), json.RawMessage(pattern)}})
		if err != nil {
			t.Fatal(err)
		}
		q, err := Parse(twice, EventBridge)
		if err != nil {
			return // one level deeper, or a name that occurs twice
		}
		if q.Match([]byte(event)) != got {
			t.Errorf("%s about %s: %v alone", pattern, event, got)
		}
	})
}
