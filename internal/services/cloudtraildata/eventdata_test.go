package cloudtraildata

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/cairn-audit/cairn/event"
)

// change returns goodData with a member replaced, or removed where value is
// empty.
func change(t *testing.T, name, value string) string {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(goodData), &members); err != nil {
		t.Fatal(err)
	}
	in := members
	outer, inner, nested := strings.Cut(name, ".")
	if nested {
		in = map[string]json.RawMessage{}
		if err := json.Unmarshal(members[outer], &in); err != nil {
			t.Fatal(err)
		}
		name = inner
	}
	if in[name] = json.RawMessage(value); value == "" {
		delete(in, name)
	}
	if nested {
		b, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		members[outer] = b
	}
	b, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// chars is a JSON string of n characters, of two bytes each.
func chars(n int) string { return `"` + strings.Repeat("ü", n) + `"` }

// bytesOf is a JSON object of n bytes.
func bytesOf(n int) string { return `{"x":"` + strings.Repeat("y", n-len(`{"x":""}`)) + `"}` }

func TestTheRulesOfEventData(t *testing.T) {
	type want map[string]string // value → code, empty if it is accepted
	required := func(w want) want {
		for _, absent := range []string{"", "null", `""`} {
			w[absent] = "FieldNotFound"
		}
		w["1"], w["{}"], w["[]"] = "InvalidData", "InvalidData", "InvalidData"
		return w
	}
	optional := func(w want) want {
		w[""], w["null"], w["1"], w["{}"], w["true"] = "", "", "InvalidData", "InvalidData", "InvalidData"
		return w
	}
	anObject := func(w want) want {
		w[""], w["null"], w["{}"], w[`{"a":[{"b":1e999}]}`] = "", "", "", ""
		w[`"{}"`], w["[]"], w["0"] = "InvalidData", "InvalidData", "InvalidData"
		return w
	}
	for name, values := range map[string]want{
		"version":                  required(want{chars(256): "", chars(257): "FieldTooLong"}),
		"userIdentity":             {"": "FieldNotFound", "null": "FieldNotFound", `"ana"`: "InvalidData", "[]": "InvalidData", "{}": "FieldNotFound"},
		"userIdentity.type":        required(want{chars(128): "", chars(129): "FieldTooLong"}),
		"userIdentity.principalId": required(want{chars(1024): "", chars(1025): "FieldTooLong"}),
		"userIdentity.details":     anObject(want{bytesOf(200 << 10): ""}),
		"userAgent":                optional(want{`""`: "", chars(1024): "", chars(1025): "FieldTooLong"}),
		"eventSource": required(want{
			chars(1024): "", chars(1025): "FieldTooLong", `"notamazonaws.com"`: "", `"amazonaws.com.example"`: "",
			`"iam.amazonaws.com"`: "InvalidEventSource", `"IAM.AmazonAWS.com"`: "InvalidEventSource", `"amazonaws.com"`: "InvalidEventSource",
			`"iam.amazonaws.com."`: "InvalidEventSource", `"s3.amazonaws.com.cn"`: "InvalidEventSource", `"iam.amazonaws.com "`: "InvalidEventSource",
		}),
		"eventName":         required(want{chars(1024): "", chars(1025): "FieldTooLong"}),
		"eventTime":         required(want{`"2026-11-21T10:00:00"`: "", `"yesterday"`: "InvalidData"}),
		"UID":               required(want{chars(1024): "", chars(1025): "FieldTooLong"}),
		"requestParameters": anObject(want{bytesOf(100 << 10): "", bytesOf(100<<10 + 1): "FieldTooLong"}),
		"responseElements":  anObject(want{bytesOf(100 << 10): "", bytesOf(100<<10 + 1): "FieldTooLong"}),
		"errorCode":         optional(want{`""`: "", chars(256): "", chars(257): "FieldTooLong"}),
		"errorMessage":      optional(want{`""`: "", chars(256): "", chars(257): "FieldTooLong"}),
		"sourceIPAddress": optional(want{
			`""`: "", `"192.0.2.1"`: "", `"2001:db8::1"`: "", `"192.0.2.1:80"`: "InvalidData", `"host.example"`: "InvalidData",
		}),
		"recipientAccountId":  required(want{`"444455556666"`: "InvalidRecipient", `"111122223333 "`: "InvalidRecipient"}),
		"additionalEventData": anObject(want{bytesOf(28 << 10): "", bytesOf(28<<10 + 1): "FieldTooLong"}),
		"unknown":             {`[1,"x"]`: ""},
	} {
		for value, code := range values {
			o := outcome{channel: channelOf(account), now: now}
			_, fault := o.judge(entry{id: "a", data: change(t, name, value)})
			switch {
			case fault == nil && code != "":
				t.Errorf("%s %.60s is accepted, want %s", name, value, code)
			case fault != nil && (fault.code != code || len(fault.message) > 1024):
				t.Errorf("%s %.60s: %s: %s, want %q", name, value, fault.code, fault.message, code)
			}
		}
	}
}

func TestEventDataThatReadersMayDisagreeAboutIsRefused(t *testing.T) {
	more := func(s string) string { return strings.TrimSuffix(goodData, "}") + "," + s + "}" }
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for name, test := range map[string]struct {
		data string
		ok   bool
	}{
		"as it should be":                 {goodData, true},
		"white space around":              {" \n" + goodData + "\t", true},
		"a member twice":                  {more(`"eventName":"Other"`), false},
		"a member in another case":        {more(`"EventName":"Other"`), false},
		"a member with a long s":          {more(`"eventſource":"Other"`), false},
		"a member by its escape":          {more(`"eventN\u0061me":"Other"`), false},
		"an actor twice":                  {strings.Replace(goodData, `"ana"`, `"ana","PRINCIPALID":"eve"`, 1), false},
		"a parameter twice":               {more(`"requestParameters":{"a":1,"a":2}`), false},
		"a parameter in a list twice":     {more(`"requestParameters":{"l":[{"a":1,"a":2}]}`), false},
		"parameters in two cases":         {more(`"requestParameters":{"a":1,"A":2}`), true},
		"parameters of the same name":     {more(`"requestParameters":{"a":{"a":1}}`), true},
		"63 levels":                       {more(`"x":` + deep(63)), true},
		"64 levels":                       {more(`"x":` + deep(64)), false},
		"very many levels":                {more(`"x":` + deep(100_000)), false},
		"a number that no float can hold": {more(`"x":1e400`), true},
		"two values":                      {goodData + goodData, false},
		"a list":                          {"[" + goodData + "]", false},
		"a string":                        {`"x"`, false},
		"null":                            {"null", false},
		"nothing":                         {"", false},
		"cut short":                       {goodData[:len(goodData)-1], false},
		"a comma too many":                {more(`"x":[1,]`), false},
		"a comment":                       {more(`"x":1/**/`), false},
		"NaN":                             {more(`"x":NaN`), false},
		"not UTF-8":                       {more("\"x\":\"\xff\""), false},
		"a byte order mark":               {"\ufeff" + goodData, false},
	} {
		o := outcome{channel: channelOf(account), now: now}
		_, fault := o.judge(entry{id: "a", data: test.data})
		if (fault == nil) != test.ok || fault != nil && fault.code != "InvalidData" {
			t.Errorf("%s: %+v", name, fault)
		}
	}
}

func TestChecksumsAreThoseOfTheData(t *testing.T) {
	sum := sha256.Sum256([]byte(goodData))
	right := base64.StdEncoding.EncodeToString(sum[:])
	other := sha256.Sum256([]byte(goodData + " "))
	for sum, ok := range map[string]bool{
		right: true, base64.StdEncoding.EncodeToString(other[:]): false, "": false, "x": false,
		strings.TrimRight(right, "="): false, right + "\n": true, base64.StdEncoding.EncodeToString(other[:31]): false,
	} {
		o := outcome{channel: channelOf(account), now: now}
		_, fault := o.judge(entry{id: "a", data: goodData, checksum: &sum})
		if (fault == nil) != ok || fault != nil && fault.code != "InvalidChecksum" {
			t.Errorf("%q: %+v", sum, fault)
		}
	}
}

// FuzzEventData: whatever is accepted can be stored, and its record says the
// same to every reader as the event that was sent.
func FuzzEventData(f *testing.F) {
	f.Add(goodData)
	f.Add(`{"userIdentity":{"principalId":"a","PrincipalId":"b"}}`)
	f.Add(strings.Replace(goodData, `"Pay"`, `"\ud800\u0000\u2028"`, 1))
	f.Add(strings.Replace(goodData, `"u-1"`, `"u","requestParameters":{"a":[[[{"b":-0.0e-0}]]]}`, 1))
	f.Add(strings.Replace(goodData, `2026`, `0001`, 1))
	f.Fuzz(func(t *testing.T, data string) {
		o := outcome{channel: channelOf(account), now: now}
		o.add(entry{id: "a", data: data})
		if len(o.accepted)+len(o.failed) != 1 {
			t.Fatalf("%d are accepted and %d failed", len(o.accepted), len(o.failed))
		}
		if len(o.failed) > 0 {
			return
		}
		a := o.accepted[0]
		checkStorable(t, a)
		line := a.AppendJSON(nil)
		if bytes.ContainsAny(line, "\n\r") {
			t.Errorf("a record of several lines: %q", line)
		}
		var back event.Activity
		if err := json.Unmarshal(line, &back); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		var sent, stored any
		if json.Unmarshal([]byte(data), &sent) == nil && json.Unmarshal(back.EventData, &stored) == nil {
			x, _ := json.Marshal(sent)
			y, _ := json.Marshal(stored)
			if !bytes.Equal(x, y) {
				t.Errorf("sent   %s\nstored %s", x, y)
			}
		}
		// A reader that does not tell letters' case apart.
		var loose struct {
			EventName, EventSource, RecipientAccountID string
			UserIdentity                               struct{ PrincipalID string }
		}
		if err := json.Unmarshal([]byte(data), &loose); err != nil {
			t.Fatal(err)
		}
		found := back.Attributes()
		if found.EventName != loose.EventName || found.EventSource != loose.EventSource ||
			found.Username != loose.UserIdentity.PrincipalID || loose.RecipientAccountID != account {
			t.Errorf("found by %+v, read as %+v", found, loose)
		}
	})
}
