package signin

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const good = `{"userName":"ana","password":"` + password + `"}`

// TestWhatIsNoAttemptIsRefusedAndHasNoEvent has a good request with one thing
// wrong each.
func TestWhatIsNoAttemptIsRefusedAndHasNoEvent(t *testing.T) {
	d := open(t)
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for _, test := range []struct {
		name, method, body string
		change             func(*http.Request)
		status             int
	}{
		{"GET", http.MethodGet, "", nil, 405},
		{"preflight", http.MethodOptions, "", set("Origin", "http://evil.test"), 405},
		{"PUT", http.MethodPut, good, nil, 405},
		{"a form", http.MethodPost, "userName=ana&password=x", set("Content-Type", "application/x-www-form-urlencoded"), 415},
		{"text, which needs no preflight", http.MethodPost, good, set("Content-Type", "text/plain"), 415},
		{"no type", http.MethodPost, good, func(r *http.Request) { r.Header.Del("Content-Type") }, 415},
		{"a broken type", http.MethodPost, good, set("Content-Type", "application/json; ="), 415},
		{"another origin", http.MethodPost, good, set("Origin", "http://evil.test"), 403},
		{"no origin that has a name", http.MethodPost, good, set("Origin", "null"), 403},
		{"another site", http.MethodPost, good, set("Sec-Fetch-Site", "cross-site"), 403},
		{"a neighbour", http.MethodPost, good, set("Sec-Fetch-Site", "same-site"), 403},
		{"huge", http.MethodPost, `{"userName":"` + strings.Repeat("a", maxRequest), nil, 413},
		{"huge after its end", http.MethodPost, good + strings.Repeat(" ", maxRequest), nil, 413},
		{"empty", http.MethodPost, "", nil, 400},
		{"null", http.MethodPost, "null", nil, 400},
		{"a list", http.MethodPost, "[]", nil, 400},
		{"two", http.MethodPost, good + "{}", nil, 400},
		{"broken off", http.MethodPost, good[:20], nil, 400},
		{"an unknown member", http.MethodPost, `{"userName":"ana","password":"x","admin":true}`, nil, 400},
		{"a number for a name", http.MethodPost, `{"userName":1,"password":"x"}`, nil, 400},
		{"no name", http.MethodPost, `{"password":"x"}`, nil, 400},
		{"no password", http.MethodPost, `{"userName":"ana"}`, nil, 400},
		{"too short", http.MethodPost, strings.Replace(good, "{", `{"durationSeconds":899,`, 1), nil, 400},
		{"too long", http.MethodPost, strings.Replace(good, "{", `{"durationSeconds":43201,`, 1), nil, 400},
		{"too long by far", http.MethodPost, strings.Replace(good, "{", `{"durationSeconds":9223372036854775807,`, 1), nil, 400},
		{"a duration in words", http.MethodPost, strings.Replace(good, "{", `{"durationSeconds":"900",`, 1), nil, 400},
		{"a script to go on to", http.MethodPost, strings.Replace(good, "{", `{"redirectTo":"javascript:alert(1)",`, 1), nil, 400},
		{"a password to go on with", http.MethodPost, strings.Replace(good, "{", `{"redirectTo":"https://a:b@c.test/",`, 1), nil, 400},
		{"a long name", http.MethodPost, `{"userName":"` + strings.Repeat("a", 300) + `","password":"x"}`, nil, 400},
	} {
		r := httptest.NewRequest(test.method, "http://cairn.test"+Path, strings.NewReader(test.body))
		r.Header.Set("Content-Type", "application/json")
		if test.change != nil {
			test.change(r)
		}
		w := httptest.NewRecorder()
		d.handler.ServeHTTP(w, r)
		if w.Code != test.status || refusal(t, w) == "" {
			t.Errorf("%s: %d %s, want %d", test.name, w.Code, w.Body, test.status)
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: other sites may read the answer", test.name)
		}
	}
	if len(d.events) != 0 {
		t.Errorf("%d events", len(d.events))
	}
}

func TestBrowsersMaySignInFromTheServersOwnPages(t *testing.T) {
	d := open(t)
	for _, header := range [][2]string{{"Origin", "http://cairn.test"}, {"Sec-Fetch-Site", "same-origin"}, {"Accept", "*/*"}} {
		r := httptest.NewRequest(http.MethodPost, "http://cairn.test"+Path, strings.NewReader(strings.Replace(good, "{", `{"redirectTo":"https://cairn.test/events?a=1&b=2",`, 1)))
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		r.Header.Set(header[0], header[1])
		w := httptest.NewRecorder()
		d.handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Errorf("%v: %d %s", header, w.Code, w.Body)
		}
		if e := d.last(); !strings.Contains(string(e.AdditionalEventData), `"LoginTo":"https://cairn.test/events?a=1&b=2"`) {
			t.Errorf("additionalEventData %s", e.AdditionalEventData)
		}
	}
}

// FuzzReadRequest checks that what is taken keeps to the limits, and that errors
// repeat nothing that was sent.
func FuzzReadRequest(f *testing.F) {
	for _, seed := range []string{
		good, `{}`, `null`, `[1]`, `{"userName":"a","password":"b","durationSeconds":900}`, `{"secretMember":1}`,
		`{"userName":"a","password":"b","durationSeconds":1e3}`, `{"userName":"a","password":"b","redirectTo":"https://x.test/?q"}`,
		`{"USERNAME":"a","Password":"b"}`, `{"userName":"a","userName":"c","password":"b"}x`, "{\"userName\":\"\xff\",\"password\":\"b\"}",
		`{"password":{"secret":1},"userName":"a"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := readRequest(bytes.NewReader(body))
		if (a == nil) == (err == nil) {
			t.Fatalf("attempt %v, error %v", a, err)
		}
		if err != nil {
			if strings.Contains(err.Error(), "secret") || len(err.Error()) > 100 {
				t.Errorf("the error says too much: %v", err)
			}
			return
		}
		if a.UserName == "" || a.Password == "" || len(a.UserName) > maxName || len(a.Account) > maxName || len(a.Password) > maxPassword ||
			a.Length < 15*time.Minute || a.Length > 12*time.Hour || a.Client != (Client{}) ||
			a.LoginTo != "" && !strings.HasPrefix(strings.ToLower(a.LoginTo), "http") {
			t.Errorf("taken: %+v", a)
		}
	})
}
