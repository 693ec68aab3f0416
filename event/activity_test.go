package event

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

func TestAnActivityIsWrittenFieldByField(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		var a Activity
		fill(r, reflect.ValueOf(&a).Elem())
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(&a); err != nil {
			t.Fatal(err)
		}
		if got := string(a.AppendJSON(nil)) + "\n"; got != want.String() {
			t.Fatalf("AppendJSON\n%s\nencoding/json\n%s", got, want.String())
		}
	}
}

func TestAnActivityIsFoundByWhatItsProgramSays(t *testing.T) {
	channel := []LookupResource{{Type: "AWS::CloudTrail::Channel", Name: "arn:c"}}
	for name, c := range map[string]struct {
		data string
		want Attributes
	}{
		"all of it": {
			`{"eventName":"Pay","eventSource":"shop.example","userIdentity":{"principalId":"ana","type":"User"},"UID":"u"}`,
			Attributes{EventName: "Pay", EventSource: "shop.example", Username: "ana"},
		},
		"names in another case":         {`{"EventName":"x","eventsource":"y","UserIdentity":{"principalId":"z"}}`, Attributes{}},
		"what is no string":             {`{"eventName":1,"eventSource":["s"],"userIdentity":{"principalId":{}}}`, Attributes{}},
		"an identity that is no object": {`{"eventName":"n","userIdentity":"ana"}`, Attributes{EventName: "n"}},
		"no object":                     {`["eventName"]`, Attributes{}},
		"no JSON":                       {`{"eventName":"x"`, Attributes{}},
		"nothing":                       {``, Attributes{}},
	} {
		c.want.EventID, c.want.Resources = "id", channel
		a := Activity{EventID: "id", Metadata: ActivityMetadata{ChannelARN: "arn:c"}, EventData: json.RawMessage(c.data)}
		if got := a.Attributes(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v\nwant %+v", name, got, c.want)
		}
	}
}

func TestAnActivityStaysOnOneLine(t *testing.T) {
	a := Activity{EventData: json.RawMessage("{\n\t\"eventName\": \"a b\"\r\n}")}
	if got := string(a.AppendJSON(nil)); strings.ContainsAny(got, "\n\r\t") || !strings.HasSuffix(got, `"eventData":{"eventName":"a b"}}`) {
		t.Errorf("got %q", got)
	}
}
