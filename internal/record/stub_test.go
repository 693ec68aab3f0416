package record

import (
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"sync"
	"testing"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// stub is an endpoint that answers each call as its record says. A request that
// is for another operation than its record's is an error of the test.
type stub struct {
	*httptest.Server
	t       *testing.T
	catalog *awsapi.Catalog
	calls   []*served

	mu    sync.Mutex
	asked map[int]bool // guarded by mu
}

func newStub(t *testing.T, calls []*served) *stub {
	t.Helper()
	_, catalog := newBuilder(t)
	s := &stub{t: t, catalog: catalog, calls: calls, asked: map[int]bool{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Corpus-Call") == "" && r.Method == http.MethodHead {
		// Cairn's own question whether a trail's bucket is there.
		w.WriteHeader(http.StatusNotFound)
		return
	}
	n, err := strconv.Atoi(r.Header.Get("X-Corpus-Call"))
	if err != nil || n < 1 || n > len(s.calls) {
		s.t.Errorf("a request with no call: %s %s", r.Method, r.URL)
		http.Error(w, "no such call", http.StatusBadRequest)
		return
	}
	c := s.calls[n-1]
	s.mu.Lock()
	if s.asked[n] {
		s.t.Errorf("%s %s: asked twice", c.EventID, c.Name)
	}
	s.asked[n] = true
	s.mu.Unlock()
	answer, err := s.answer(c, r)
	if err != nil {
		s.t.Errorf("%s %s: %v", c.EventID, c.Name, err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body)
}

// answer reads the request, so that it is answered in the client's protocol, and
// writes the record's answer or error.
func (s *stub) answer(c *served, r *http.Request) (*awsapi.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	found, err := s.catalog.Find(c.op.Service.SigningName, &awsapi.Request{
		Method: r.Method, Host: r.Host, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Header: r.Header, Body: body,
	})
	if err != nil {
		return nil, err
	}
	if found.Operation.Name != c.op.Name || found.Service.ID != c.op.Service.ID {
		s.t.Errorf("%s %s: a request for %s of %s", c.EventID, c.Name, found.Operation.Name, found.Service.ID)
	}
	if c.answer.Error != nil {
		e := *c.answer.Error
		e.Status = http.StatusBadRequest
		if e.Code == "AccessDenied" {
			e.Status = http.StatusForbidden // all that an answer to HEAD tells
		}
		return found.EncodeError(&e, c.requestID()), nil
	}
	return found.EncodeAnswer(c.answer.Output, c.requestID())
}

// withRequestID puts the id of the call that was made in the place of the one
// that a recorded answer shows.
func withRequestID(v any, recorded, id string) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			if k == "requestId" && reflect.DeepEqual(e, recorded) {
				e = id
			}
			out[k] = withRequestID(e, recorded, id)
		}
		return out
	default:
		return v
	}
}
