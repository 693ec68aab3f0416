package rule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/state"
)

func testKey(t *testing.T) *seal.Key {
	t.Helper()
	key, err := seal.NewKey(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func openStore(t *testing.T) *Store {
	t.Helper()
	s, err := state.Open(filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return NewStore(s, testKey(t), func() journal.Seq { return 0 })
}

// request is what a server got.
type request struct {
	method, url, body string
	header            http.Header
}

// endpoint is a server that notes requests and answers as told.
type endpoint struct {
	*httptest.Server
	mu       sync.Mutex
	requests []request
}

func newEndpoint(t *testing.T, answer http.HandlerFunc) *endpoint {
	t.Helper()
	e := &endpoint{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		e.mu.Lock()
		e.requests = append(e.requests, request{r.Method, r.URL.String(), string(body), r.Header})
		e.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer(w, r)
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) last(t *testing.T) request {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.requests) == 0 {
		t.Fatal("nothing was sent")
	}
	return e.requests[len(e.requests)-1]
}

// destination makes a connection and a destination, and returns a target.
func destination(t *testing.T, s *Store, auth Auth, d Destination) Target {
	t.Helper()
	c, err := s.CreateConnection(Connection{Scope: testScope, Name: "c", Auth: auth})
	if err != nil {
		t.Fatal(err)
	}
	d.Scope, d.Name, d.ConnectionARN = testScope, "d", c.ARN()
	if d.Method == "" {
		d.Method = "POST"
	}
	if d, err = s.CreateDestination(d); err != nil {
		t.Fatal(err)
	}
	return Target{ID: "http", ARN: d.ARN()}
}

var apiKey = Auth{Kind: APIKey, Name: "X-Key", Secret: "hush"}

func TestAnswersDecideWhetherAnEventIsSentAgain(t *testing.T) {
	for status, want := range map[int]struct{ again, final bool }{
		200: {}, 202: {}, 204: {},
		301: {final: true}, 307: {final: true}, 400: {final: true}, 403: {final: true}, 404: {final: true}, 422: {final: true},
		401: {again: true}, 407: {again: true}, 409: {again: true}, 429: {again: true}, 500: {again: true}, 503: {again: true},
	} {
		e := newEndpoint(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		})
		s := openStore(t)
		target := destination(t, s, apiKey, Destination{Endpoint: e.URL})
		err := newInvoker(s, Options{}).invoke(t.Context(), &target, occasionOf(instanceEvent), []byte(`{}`))
		if (err != nil) != (want.again || want.final) || errors.Is(err, ErrFinal) != want.final {
			t.Errorf("%d: %v", status, err)
		}
		if len(e.requests) != 1 {
			t.Errorf("%d: %d requests", status, len(e.requests))
		}
	}
}

func TestRetryAfterIsHeeded(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for value, want := range map[string]struct {
		after time.Duration
		told  bool
	}{
		"":                              {0, false},
		"soon":                          {0, false},
		"120":                           {2 * time.Minute, true},
		"-5":                            {-time.Second, true},
		"99999999999999":                {1 << 31 * time.Second, true},
		"Wed, 04 Mar 2026 05:07:07 GMT": {time.Minute, true},
		"Wed, 04 Mar 2020 05:07:07 GMT": {0, true},
	} {
		if after, told := retryAfter(value, now); after != want.after || told != want.told {
			t.Errorf("%q: %v, %v", value, after, told)
		}
	}
	answer := &http.Response{StatusCode: 503, Header: http.Header{"Retry-After": {"600"}}}
	e := &entry{delivery: delivery{Failed: 1, Taken: now}}
	if until, again := (&Target{}).again(e, judge(answer), now); !again || until.Before(now.Add(10*time.Minute)) {
		t.Errorf("again %v, at %v", again, until)
	}
	answer.Header.Set("Retry-After", "-1")
	if err := judge(answer); !errors.Is(err, ErrFinal) {
		t.Errorf("a negative Retry-After: %v", err)
	}
}

func TestRequestsAreMadeOfTheDestinationTheTargetAndTheConnection(t *testing.T) {
	e := newEndpoint(t, func(http.ResponseWriter, *http.Request) {})
	s := openStore(t)
	auth := apiKey
	auth.Invocation = Parameters{
		Headers: []Parameter{{Key: "X-Both", Value: "connection"}, {Key: "Host", Value: "elsewhere.example"}},
		Query:   []Parameter{{Key: "both", Value: "connection", Secret: true}},
		Body:    []Parameter{{Key: "token", Value: "t\"1", Secret: true}},
	}
	target := destination(t, s, auth, Destination{Endpoint: e.URL + "/in/*/of/*?fixed=1&state=*", Method: "PUT"})
	target.HTTP = &HTTPParameters{
		PathValues: []string{"$.detail.instance-id", "a/b", "$.detail.state"},
		Headers:    map[string]string{"X-Both": "target", "X-State": "$.detail.state", "User-Agent": "me", "Content-Type": "application/x-test"},
		Query:      map[string]string{"both": "target", "region": "$.region"},
	}
	if err := newInvoker(s, Options{}).invoke(t.Context(), &target, occasionOf(instanceEvent), []byte(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	got := e.last(t)
	if got.method != "PUT" || got.url != "/in/i-0123456789/of/a%2Fb?both=connection&fixed=1&region=us-east-1&state=RUNNING" {
		t.Errorf("%s %s", got.method, got.url)
	}
	if got.body != `{"a":1,"token":"t\"1"}` {
		t.Errorf("the body is %s", got.body)
	}
	for name, want := range map[string]string{
		"X-Both": "connection", "X-State": "RUNNING", "X-Key": "hush", "Content-Type": "application/x-test",
		"User-Agent": "Amazon/EventBridge/ApiDestinations",
	} {
		if v := got.header.Get(name); v != want {
			t.Errorf("%s: %q, want %q", name, v, want)
		}
	}
}

func TestEventsCannotLeadRequestsElsewhere(t *testing.T) {
	e := newEndpoint(t, func(http.ResponseWriter, *http.Request) {})
	s := openStore(t)
	target := destination(t, s, apiKey, Destination{Endpoint: e.URL + "/in/*/x"})
	v := newInvoker(s, Options{})
	for name, p := range map[string]*HTTPParameters{
		"up":       {PathValues: []string{"$.detail.up"}},
		"a header": {PathValues: []string{"x"}, Headers: map[string]string{"X": "$.detail.lines"}},
	} {
		target.HTTP = p
		err := v.invoke(t.Context(), &target, occasionOf(`{"detail":{"up":"..","lines":"a\r\nX-Key: b"}}`), []byte("{}"))
		if !errors.Is(err, ErrFinal) || len(e.requests) != 0 {
			t.Errorf("%s: %v, %d requests", name, err, len(e.requests))
		}
	}
}

func TestBasicAuthorization(t *testing.T) {
	e := newEndpoint(t, func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "u" || password != "p:w" {
			w.WriteHeader(http.StatusForbidden)
		}
	})
	s := openStore(t)
	target := destination(t, s, Auth{Kind: Basic, Name: "u", Secret: "p:w"}, Destination{Endpoint: e.URL})
	if err := newInvoker(s, Options{}).invoke(t.Context(), &target, occasionOf(instanceEvent), []byte("{}")); err != nil {
		t.Error(err)
	}
	if _, err := s.Deauthorize(testScope, "c"); err != nil {
		t.Fatal(err)
	}
	err := newInvoker(s, Options{}).invoke(t.Context(), &target, occasionOf(instanceEvent), []byte("{}"))
	if err == nil || errors.Is(err, ErrFinal) || len(e.requests) != 1 {
		t.Errorf("after Deauthorize: %v, %d requests", err, len(e.requests))
	}
}

func TestTokensAreFetchedOnceAndAgainWhenRefused(t *testing.T) {
	for _, test := range []struct{ method, contentType, want string }{
		{"POST", "", "grant_type=client_credentials&audience=a b&client_id=id&client_secret=hush"},
		{"PUT", "application/json", "grant_type=client_credentials&audience=a b&client_id=id&client_secret=hush"},
		{"GET", "", "grant_type=client_credentials&audience=a b&client_id=id&client_secret=hush"},
	} {
		issued := 0
		tokens := newEndpoint(t, func(w http.ResponseWriter, r *http.Request) {
			got := map[string]string{}
			if r.Header.Get("Content-Type") == "application/json" {
				if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
					t.Error(err)
				}
			} else {
				for _, name := range []string{"grant_type", "audience", "client_id", "client_secret"} {
					got[name] = r.FormValue(name)
				}
			}
			if r.Method != test.method || got["client_id"] != "id" || got["client_secret"] != "hush" || got["audience"] != "a b" ||
				got["grant_type"] != "client_credentials" {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			issued++
			fmt.Fprintf(w, `{"access_token":"t%d","token_type":"Bearer","expires_in":"3600"}`, issued)
		})
		good := "Bearer t1"
		e := newEndpoint(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != good {
				w.WriteHeader(http.StatusUnauthorized)
			}
		})
		s := openStore(t)
		auth := Auth{
			Kind: OAuth, Name: "id", Secret: "hush", TokenURL: tokens.URL, TokenMethod: test.method,
			Token: Parameters{Body: []Parameter{{Key: "audience", Value: "a b"}}},
		}
		if test.contentType != "" {
			auth.Token.Headers = []Parameter{{Key: "Content-Type", Value: test.contentType}}
		}
		target := destination(t, s, auth, Destination{Endpoint: e.URL})
		v := newInvoker(s, Options{})
		invoke := func() error { return v.invoke(t.Context(), &target, occasionOf(instanceEvent), []byte("{}")) }
		if err := errors.Join(invoke(), invoke()); err != nil || issued != 1 {
			t.Errorf("%s: %v, %d tokens", test.method, err, issued)
		}
		good = "Bearer t2"
		if err := invoke(); err == nil || errors.Is(err, ErrFinal) {
			t.Errorf("%s, refused: %v", test.method, err)
		}
		if err := invoke(); err != nil || issued != 2 {
			t.Errorf("%s, again: %v, %d tokens", test.method, err, issued)
		}
	}
}

func TestAuthorizationEndpointsCannotHurt(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"refuses": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"redirects": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		},
		"no JSON":  func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hush") },
		"no token": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"access_token":""}`) },
		"a header": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"access_token":"a\r\nX: b"}`) },
		"endless": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"x":"`, strings.Repeat("x", 1<<20), `","access_token":"t"}`)
		},
	} {
		tokens := newEndpoint(t, answer)
		e := newEndpoint(t, func(http.ResponseWriter, *http.Request) {})
		s := openStore(t)
		target := destination(t, s, Auth{Kind: OAuth, Name: "id", Secret: "hush", TokenURL: tokens.URL, TokenMethod: "POST"}, Destination{Endpoint: e.URL})
		err := newInvoker(s, Options{}).invoke(t.Context(), &target, occasionOf(instanceEvent), []byte("{}"))
		if err == nil || errors.Is(err, ErrFinal) || len(e.requests) != 0 || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v, %d requests", name, err, len(e.requests))
		}
	}
}

func TestCertificatesAreVerified(t *testing.T) {
	e := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer e.Close()
	e.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s := openStore(t)
	target := destination(t, s, apiKey, Destination{Endpoint: e.URL})
	err := newInvoker(s, Options{}).invoke(t.Context(), &target, occasionOf(instanceEvent), []byte("{}"))
	if err == nil || errors.Is(err, ErrFinal) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("%v", err)
	}
}

func TestPublicOnlyKeepsToPublicAddresses(t *testing.T) {
	e := newEndpoint(t, func(http.ResponseWriter, *http.Request) {})
	s := openStore(t)
	target := destination(t, s, apiKey, Destination{Endpoint: strings.Replace(e.URL, "127.0.0.1", "localhost", 1)})
	err := newInvoker(s, Options{PublicOnly: true}).invoke(t.Context(), &target, occasionOf(instanceEvent), []byte("{}"))
	if !errors.Is(err, ErrFinal) || len(e.requests) != 0 {
		t.Errorf("%v, %d requests", err, len(e.requests))
	}
}

func TestADestinationThatIsGoneIsFinal(t *testing.T) {
	s := openStore(t)
	e := newEndpoint(t, func(http.ResponseWriter, *http.Request) {})
	target := destination(t, s, apiKey, Destination{Endpoint: e.URL})
	v := newInvoker(s, Options{})
	invoke := func() error { return v.invoke(t.Context(), &target, occasionOf(instanceEvent), []byte("{}")) }
	if err := invoke(); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteDestination(testScope, "d"); err != nil {
		t.Fatal(err)
	}
	if err := invoke(); !errors.Is(err, ErrFinal) || len(v.limiters) != 0 {
		t.Errorf("%v", err)
	}
	// One of the same name is another.
	c, _, err := s.Connections(testScope, "", "", 10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateDestination(Destination{Scope: testScope, Name: "d", ConnectionARN: c[0].ARN(), Endpoint: e.URL, Method: "POST"}); err != nil {
		t.Fatal(err)
	}
	if err := invoke(); !errors.Is(err, ErrFinal) {
		t.Errorf("%v", err)
	}
}

func TestSecretsAreNeitherShownNorStoredNorLogged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	kept, err := state.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	s := NewStore(kept, testKey(t), func() journal.Seq { return 0 })
	hidden := Parameters{Headers: []Parameter{{"X-H", "hush", true}}, Query: []Parameter{{"q", "hush", true}}, Body: []Parameter{{"b", "hush", true}, {"open", "seen", false}}}
	auth := Auth{Kind: OAuth, Name: "id", Secret: "hush", TokenURL: "https://tokens.example/", TokenMethod: "POST", Token: hidden, Invocation: hidden}
	shown := []any{}
	made, err := s.CreateConnection(Connection{Scope: testScope, Name: "c", Auth: auth})
	shown = append(shown, made)
	check := func(c Connection, err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
		shown = append(shown, c, c.Auth)
	}
	check(made, err)
	check(s.Connection(testScope, "c"))
	check(s.ChangeConnection(testScope, "c", func(c *Connection) error {
		if c.Auth.Secret != "hush" || c.Auth.Token.Headers[0].Value != "hush" {
			t.Error("a change does not see what it changes")
		}
		c.Description = "changed"
		return nil
	}))
	list, _, err := s.Connections(testScope, "", "", 10)
	if err != nil || len(list) != 1 || list[0].Description != "changed" {
		t.Fatalf("%v, %v", list, err)
	}
	shown = append(shown, list)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "auth", auth)
	text, err := json.Marshal(shown)
	if err != nil {
		t.Fatal(err)
	}
	if all := string(text) + log.String() + fmt.Sprintf("%v %+v", auth, auth); strings.Contains(all, "hush") || !strings.Contains(all, "seen") {
		t.Error(all)
	}
	check(s.Deauthorize(testScope, "c"))
	if c := shown[len(shown)-2].(Connection); c.State() != "DEAUTHORIZED" {
		t.Error(c.State())
	}
	if err := kept.View(func(tx *state.Tx) error {
		item, err := tx.Get(string(connections), testScope.key("c"))
		if err == nil && slices.ContainsFunc([]string{"hush", "tokens.example"}, func(s string) bool { return bytes.Contains(item.Value, []byte(s)) }) {
			t.Errorf("%s", item.Value)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}
