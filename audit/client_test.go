package audit

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

const testChannel = "arn:aws:cloudtrail:eu-west-1:111122223333:channel/c-1"

// fakeService answers each attempt by the next of its steps, and by the last
// ever after.
type fakeService struct {
	*httptest.Server
	attempts atomic.Int32
	bodies   []string // written before the answer, read after it
}

func newFake(t *testing.T, steps ...http.HandlerFunc) *fakeService {
	f := &fakeService{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(f.attempts.Add(1))
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		f.bodies = append(f.bodies, string(b))
		if r.URL.Path != "/PutAuditEvents" || r.URL.Query().Get("channelArn") != testChannel ||
			!strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/cloudtrail-data/aws4_request") {
			t.Errorf("request %s, %s", r.URL, r.Header.Get("Authorization"))
		}
		steps[min(n, len(steps))-1](w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fakeService) client(t *testing.T) *Client {
	t.Helper()
	c, err := NewClient(aws.Config{
		BaseEndpoint: aws.String(f.URL), Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = 3
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Millisecond, nil })
			})
		},
	}, testChannel)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func says(status int, errorType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if errorType != "" {
			w.Header().Set("X-Amzn-Errortype", errorType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func hangsUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

const taken = `{"successful":[{"id":"1","eventID":"e-1"}],"failed":[]}`

var someEvent = Event{ID: "1", Source: "s", Name: "n", Actor: Actor{Type: "t", ID: "a"}}

func TestALostAnswerIsAskedForAgainWithTheSameBytes(t *testing.T) {
	for name, failing := range map[string]http.HandlerFunc{
		"the connection breaks": hangsUp,
		"the service is away":   says(503, "ServiceUnavailableException", `{"message":"full"}`),
		"it is too busy":        says(503, "ThrottlingException", `{}`),
		"a proxy is away":       says(502, "", "<html>"),
		"the answer is cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, taken[:10])
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, failing, failing, says(200, "", taken))
			id, err := f.client(t).Record(t.Context(), someEvent)
			if err != nil || id != "e-1" || f.attempts.Load() != 3 {
				t.Fatalf("%s, %v after %d attempts", id, err, f.attempts.Load())
			}
			if f.bodies[0] != f.bodies[1] || f.bodies[0] != f.bodies[2] {
				t.Errorf("the bodies differ: %q", f.bodies)
			}
		})
	}
}

func TestARefusalIsNotTriedAgain(t *testing.T) {
	for _, test := range []struct {
		answer http.HandlerFunc
		want   Error
	}{
		{says(400, "ChannelNotFound", `{"message":"gone"}`), Error{Code: "ChannelNotFound", Message: "gone", Status: 400}},
		{says(400, "ChannelNotFound:http://x/", `{}`), Error{Code: "ChannelNotFound", Status: 400}},
		{says(400, "", `{"__type":"com.amazon#ValidationException","message":"m"}`), Error{Code: "ValidationException", Message: "m", Status: 400}},
		{says(403, "", `{"code":"AccessDenied"}`), Error{Code: "AccessDenied", Status: 403}},
		{says(404, "", `<html>`), Error{Code: "Not Found", Status: 404}},
	} {
		f := newFake(t, test.answer)
		_, err := f.client(t).Record(t.Context(), someEvent)
		var refused *Error
		if !errors.As(err, &refused) || *refused != test.want || f.attempts.Load() != 1 {
			t.Errorf("got %#v after %d attempts, want %#v", err, f.attempts.Load(), test.want)
		}
	}
}

func TestRecordGivesUpWithTheLastError(t *testing.T) {
	f := newFake(t, hangsUp)
	_, err := f.client(t).Record(t.Context(), someEvent)
	var lost *lostError
	if !errors.As(err, &lost) || f.attempts.Load() != 3 {
		t.Errorf("%v after %d attempts", err, f.attempts.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	f = newFake(t, func(w http.ResponseWriter, r *http.Request) { cancel(); hangsUp(w, r) })
	if _, err := f.client(t).Record(ctx, someEvent); err == nil || f.attempts.Load() != 1 {
		t.Errorf("a context that ends: %v after %d attempts", err, f.attempts.Load())
	}
}

func TestAnEventThatTheAnswerForgetsIsNotTakenForRecorded(t *testing.T) {
	for _, body := range []string{`{"successful":[],"failed":[]}`, `{}`, `{"successful":[{"id":"2","eventID":"x"}]}`, `no JSON`} {
		f := newFake(t, says(200, "", body))
		if id, err := f.client(t).Record(t.Context(), someEvent); err == nil {
			t.Errorf("%s: taken as %q", body, id)
		}
	}
}

func TestNoRequestIsMadeAfterOneThatFailed(t *testing.T) {
	f := newFake(t, says(400, "ChannelNotFound", `{}`))
	events := make([]Event, 150)
	ids, err := f.client(t).RecordAll(t.Context(), events)
	if err == nil || len(ids) != len(events) || f.attempts.Load() != 1 {
		t.Errorf("%d ids, %v after %d attempts", len(ids), err, f.attempts.Load())
	}
	if ids, err := f.client(t).RecordAll(t.Context(), nil); err != nil || len(ids) != 0 || f.attempts.Load() != 1 {
		t.Errorf("no events: %v, %v", ids, err)
	}
}

func TestRequestsKeepToTheServicesLimits(t *testing.T) {
	big := func(n int) auditEvent { return auditEvent{ID: "1", Data: strings.Repeat("x", n-1)} }
	for name, test := range map[string]struct {
		events []auditEvent
		want   []int
	}{
		"a hundred":            {make([]auditEvent, 100), []int{100}},
		"one more":             {make([]auditEvent, 101), []int{100, 101}},
		"a megabyte":           {[]auditEvent{big(maxBytes / 2), big(maxBytes / 2)}, []int{2}},
		"a byte more":          {[]auditEvent{big(maxBytes / 2), big(maxBytes/2 + 1)}, []int{1, 2}},
		"too large by itself":  {[]auditEvent{big(maxBytes + 1), big(1)}, []int{1, 2}},
		"large behind a small": {[]auditEvent{big(1), big(maxBytes + 1), big(1)}, []int{1, 2, 3}},
	} {
		var ends []int
		for begin := 0; begin < len(test.events); {
			begin = batch(test.events, begin)
			ends = append(ends, begin)
		}
		if len(ends) != len(test.want) {
			t.Errorf("%s: %v, want %v", name, ends, test.want)
			continue
		}
		for i := range ends {
			if ends[i] != test.want[i] {
				t.Errorf("%s: %v, want %v", name, ends, test.want)
			}
		}
	}
}

func TestEventsThatCannotBeEncodedAreNotSent(t *testing.T) {
	f := newFake(t, says(200, "", taken))
	for name, events := range map[string][]Event{
		"a list":      {{Parameters: []string{"a"}}},
		"a channel":   {{Response: map[string]any{"c": make(chan int)}}},
		"a string":    {{Actor: Actor{Details: "x"}}},
		"an id twice": {{ID: "1"}, {ID: "1"}},
	} {
		ids, err := f.client(t).RecordAll(t.Context(), events)
		if err == nil || len(ids) != len(events) || f.attempts.Load() != 0 {
			t.Errorf("%s: %v after %d attempts", name, err, f.attempts.Load())
		}
	}
}

func TestWhatAnEventDoesNotSayIsFilledIn(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 999, time.FixedZone("", 3600))
	var none map[string]any
	e, err := Event{Source: "s", Name: "n", Parameters: none}.encode("111122223333", now)
	if err != nil {
		t.Fatal(err)
	}
	var data map[string]any
	if err := json.Unmarshal([]byte(e.Data), &data); err != nil {
		t.Fatal(err)
	}
	if e.ID == "" || data["UID"] != e.ID || data["eventTime"] != "2026-11-21T11:00:00Z" || data["version"] != "1.0" ||
		data["recipientAccountId"] != "111122223333" {
		t.Errorf("event %+v", e)
	}
	if _, there := data["requestParameters"]; there {
		t.Error("no parameters are sent as some")
	}
}

func TestConfigurationsThatCannotWorkAreRefused(t *testing.T) {
	key := credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")
	for name, test := range map[string]struct {
		cfg     aws.Config
		channel string
	}{
		"no ARN":          {aws.Config{Credentials: key}, "payments"},
		"another's ARN":   {aws.Config{Credentials: key}, "arn:aws:cloudtrail:eu-west-1:111122223333:trail/t"},
		"no credentials":  {aws.Config{}, testChannel},
		"a bad endpoint":  {aws.Config{Credentials: key, BaseEndpoint: aws.String("localhost:4566")}, testChannel},
		"a file endpoint": {aws.Config{Credentials: key, BaseEndpoint: aws.String("file:///tmp")}, testChannel},
	} {
		if _, err := NewClient(test.cfg, test.channel); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for channel, want := range map[string]string{
		testChannel: "https://cloudtrail-data.eu-west-1.amazonaws.com/PutAuditEvents?",
		"arn:aws-cn:cloudtrail:cn-north-1:111122223333:channel/c": "https://cloudtrail-data.cn-north-1.amazonaws.com.cn/PutAuditEvents?",
	} {
		if c, err := NewClient(aws.Config{Credentials: key}, channel); err != nil || !strings.HasPrefix(c.url, want) {
			t.Errorf("%s: %+v, %v", channel, c, err)
		}
	}
}
