package parity

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// callHeader numbers the calls; the client sets it, outside of its signature.
const callHeader = "X-Parity-Call"

// message is what passed a tee: one request and its answer.
type message struct {
	method, target, host string
	sent                 http.Header
	sentBody             []byte
	status               int
	got                  http.Header
	gotBody              []byte
	err                  error // why there is no answer
}

// tee passes requests on to a server unchanged and keeps them, with their
// answers, by the number of the call.
type tee struct {
	server    *httptest.Server
	target    *url.URL
	transport *http.Transport

	mu       sync.Mutex
	messages map[string][]message
}

func newTee(t *testing.T, target string) *tee {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	e := &tee{target: u, messages: map[string][]message{},
		transport: &http.Transport{DisableCompression: true, ExpectContinueTimeout: time.Second}}
	e.server = httptest.NewServer(e)
	t.Cleanup(func() {
		e.server.Close()
		e.transport.CloseIdleConnections()
	})
	return e
}

// call returns what passed for a call.
func (e *tee) call(number string) []message {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.messages[number]
}

func (e *tee) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 && r.Header.Get("Expect") != "" {
		w.WriteHeader(http.StatusContinue) // net/http leaves it out, and botocore waits for it
	}
	m := message{method: r.Method, target: r.RequestURI, host: r.Host, sent: endToEnd(r.Header)}
	m.sentBody, m.err = io.ReadAll(r.Body)
	if m.err == nil {
		m.err = e.pass(r, &m)
	}
	e.mu.Lock()
	number := r.Header.Get(callHeader)
	e.messages[number] = append(e.messages[number], m)
	e.mu.Unlock()
	if m.err != nil {
		http.Error(w, m.err.Error(), http.StatusBadGateway)
		return
	}
	header := w.Header()
	for _, name := range []string{"Date", "Content-Type"} {
		header[name] = nil // keeps net/http from adding its own
	}
	for name, values := range m.got {
		header[name] = values
	}
	w.WriteHeader(m.status)
	w.Write(m.gotBody)
}

func (e *tee) pass(r *http.Request, m *message) error {
	path, query, _ := strings.Cut(r.RequestURI, "?")
	// Opaque is written as it is: another spelling of the path would be
	// another request.
	out := &http.Request{
		Method: r.Method, URL: &url.URL{Scheme: e.target.Scheme, Host: e.target.Host, Opaque: path, RawQuery: query},
		Host: r.Host, Header: m.sent.Clone(), ContentLength: int64(len(m.sentBody)),
		Body: io.NopCloser(bytes.NewReader(m.sentBody)),
	}
	if len(m.sentBody) == 0 {
		out.Body = http.NoBody
	}
	if out.Header.Get("User-Agent") == "" {
		out.Header.Set("User-Agent", "")
	}
	answer, err := e.transport.RoundTrip(out.WithContext(r.Context()))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	m.status, m.got = answer.StatusCode, endToEnd(answer.Header)
	m.gotBody, err = io.ReadAll(answer.Body)
	return err
}

// hopByHop are the headers that RFC 9110 (section 7.6.1) keeps to a connection.
var hopByHop = []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

func endToEnd(h http.Header) http.Header {
	out := http.Header{}
	for name, values := range h {
		if !slices.Contains(hopByHop, name) {
			out[name] = slices.Clone(values)
		}
	}
	return out
}
