package seeds

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/cairntest"
	"github.com/cairn-audit/cairn/internal/sigv4"
)

type values = map[string]any

// caller makes calls with a key, in a Region.
type caller struct {
	t       *testing.T
	server  *cairntest.Server
	catalog *awsapi.Catalog
	key     sigv4.Key
	agent   string
}

func (c caller) in(region string) caller {
	c.key.Region = region
	return c
}

// as takes the key of an answer's member.
func (c caller) as(key values) caller {
	c.key.AccessKeyID, c.key.Secret = text(key, "AccessKeyId"), text(key, "SecretAccessKey")
	c.key.SessionToken = text(key, "SessionToken")
	return c
}

// call makes a call that must succeed and returns its answer.
func (c caller) call(service, operation string, params values) values {
	c.t.Helper()
	s, err := c.catalog.Service(service)
	if err != nil {
		c.t.Fatal(err)
	}
	found := awsapi.Found{Service: s, Operation: s.Operation(operation), Protocol: s.Protocols[0], JSONVersion: "1.1"}
	encoded, err := found.EncodeRequest(params)
	if err != nil {
		c.t.Fatal(err)
	}
	answer, err := c.send(encoded, s.SigningName)
	if err != nil {
		c.t.Fatal(err)
	}
	out, refused, err := found.DecodeAnswer(answer)
	if refused != nil || err != nil {
		c.t.Fatalf("%s: %v %v", operation, refused, err)
	}
	return out
}

func (c caller) send(encoded *awsapi.Request, signingName string) (*awsapi.Response, error) {
	url := c.server.URL + encoded.Path
	if encoded.RawQuery != "" {
		url += "?" + encoded.RawQuery
	}
	r, err := http.NewRequestWithContext(c.t.Context(), encoded.Method, url, bytes.NewReader(encoded.Body))
	if err != nil {
		return nil, err
	}
	for name, v := range encoded.Header {
		r.Header[name] = v
	}
	r.Header.Set("User-Agent", c.agent)
	key := c.key
	key.Service = signingName
	if err := sigv4.NewSigner().Sign(c.t.Context(), r, key, sigv4.HashHex(encoded.Body), time.Now()); err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return &awsapi.Response{Status: answer.StatusCode, Header: answer.Header, Body: body}, err
}

// event is the newest event of a name whose record has a text; nil if there is
// none.
func (c caller) event(name, having string) json.RawMessage {
	c.t.Helper()
	out := c.call("cloudtrail", "LookupEvents", values{
		"LookupAttributes": []any{values{"AttributeKey": "EventName", "AttributeValue": name}},
	})
	for _, e := range list(out, "Events") {
		if record := text(e, "CloudTrailEvent"); bytes.Contains([]byte(record), []byte(having)) {
			return json.RawMessage(record)
		}
	}
	return nil
}

// await waits for an event.
func (c caller) await(name, having string) json.RawMessage {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if e := c.event(name, having); e != nil {
			return e
		}
		time.Sleep(100 * time.Millisecond)
	}
	c.t.Fatalf("no event %s of %s", name, having)
	return nil
}

func text(v values, name string) string {
	s, _ := v[name].(string)
	return s
}

func object(v values, name string) values {
	o, _ := v[name].(values)
	return o
}

func list(v values, name string) []values {
	var out []values
	elements, _ := v[name].([]any)
	for _, e := range elements {
		if o, ok := e.(values); ok {
			out = append(out, o)
		}
	}
	return out
}
