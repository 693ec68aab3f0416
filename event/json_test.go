package event

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// TestAppendJSONWritesEveryField fills records at random and compares with
// encoding/json: a field that is added to the record and forgotten in
// AppendJSON, or written out of order, is found.
func TestAppendJSONWritesEveryField(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		var e Event
		fill(r, reflect.ValueOf(&e).Elem())
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(&e); err != nil {
			t.Fatal(err)
		}
		if got := string(e.AppendJSON(nil)) + "\n"; got != want.String() {
			t.Fatalf("AppendJSON\n%s\nencoding/json\n%s", got, want.String())
		}
	}
}

// fill sets each part of a value, or leaves it empty.
func fill(r *rand.Rand, v reflect.Value) {
	if v.Type() == reflect.TypeFor[Time]() {
		v.Set(reflect.ValueOf(Time{time.Unix(r.Int64N(4e9), 0).UTC()}))
		return
	}
	if v.Type() == reflect.TypeFor[json.RawMessage]() {
		if r.IntN(3) > 0 {
			v.Set(reflect.ValueOf(json.RawMessage([]string{`null`, `{"a":[1,"<b>&"]}`, `{}`}[r.IntN(3)])))
		}
		return
	}
	if r.IntN(3) == 0 && v.Kind() != reflect.Struct {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString([]string{"a", "<&>", "é\u2028\x01\"\\\n\t\r\b\f\x7f", "\xff"}[r.IntN(4)])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(r, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), r.IntN(3), 3))
		for i := range v.Len() {
			fill(r, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"b": "1", "a": "<2>"}))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("json") != "-" {
				fill(r, v.Field(i))
			}
		}
	default:
		panic(v.Type())
	}
}

func TestAppendJSONKeepsARecordOnOneLine(t *testing.T) {
	e := Event{RequestParameters: json.RawMessage("{\n\t\"a\": \"x y\"\r\n}"), ResponseElements: json.RawMessage("{\n")}
	got := string(e.AppendJSON(nil))
	if strings.ContainsAny(got, "\n\r\t") {
		t.Errorf("%q has a line break", got)
	}
	if !strings.Contains(got, `"requestParameters":{"a":"x y"},"responseElements":null`) {
		t.Errorf("got %s", got)
	}
}

func TestAppendJSONReadsBack(t *testing.T) {
	line := `{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","userName":"a<b"},"eventTime":"2026-02-09T21:27:53Z","awsRegion":"eu-west-1","userAgent":"x & y","requestParameters":{"userData":"<sensitiveDataRemoved>"},"responseElements":null,"eventID":"e","eventType":"AwsApiCall","recipientAccountId":"111122223333","eventCategory":"Management"}`
	var e Event
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		t.Fatal(err)
	}
	if got := string(e.AppendJSON(nil)); got != line {
		t.Errorf("got  %s\nwant %s", got, line)
	}
}

func TestRecordsOfNoCallHaveNoElements(t *testing.T) {
	for category, want := range map[string]bool{
		CategoryManagement: true, CategoryData: true, CategoryNetworkActivity: false, CategoryInsight: false,
	} {
		e := Event{EventCategory: category}
		line := string(e.AppendJSON(nil))
		if got := strings.Contains(line, `"requestParameters":null,"responseElements":null`); got != want {
			t.Errorf("%s: %s", category, line)
		}
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add("plain")
	f.Add("\"\\\n\u2028<>&\xff\x00é")
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		if err := json.Unmarshal(AppendString(nil, s), &back); err != nil {
			t.Fatal(err)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); utf8.ValidString(s) && back != want {
			t.Errorf("%q came back as %q", s, back)
		}
	})
}

func BenchmarkAppendJSON(b *testing.B) {
	var e Event
	fill(rand.New(rand.NewPCG(3, 4)), reflect.ValueOf(&e).Elem())
	buf := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = e.AppendJSON(buf[:0])
	}
}

func BenchmarkAttributes(b *testing.B) {
	no := false
	e := Event{
		EventSource: "ec2.amazonaws.com", EventName: "RunInstances", ReadOnly: &no,
		UserIdentity:      &UserIdentity{Type: IAMUser, UserName: "a"},
		RequestParameters: json.RawMessage(`{"instancesSet":{"items":[{"imageId":"ami-0123456789abcdef0","minCount":1,"maxCount":1,"keyName":"k"}]},"instanceType":"t3.micro","blockDeviceMapping":{},"monitoring":{"enabled":false}}`),
		ResponseElements:  json.RawMessage(`{"requestId":"ffd44d98-cea5-4b4a-9c38-b2aee9f73489","instancesSet":{"items":[{"instanceId":"i-0123456789abcdef0","vpcId":"vpc-01234567","subnetId":"subnet-01234567","groupSet":{"items":[{"groupId":"sg-0123456789abcdef0","groupName":"web"}]}}]}}`),
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = e.Attributes()
	}
}
