package awsapi

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// effort is how much of the exhaustive tests is done: all of it, or, under the
// race detector, which makes them ten times slower, the services of every
// fifteenth.
func effort(i int) bool { return !raceDetector || i%15 == 0 }

// forEachService calls test for every service, in a few goroutines.
func forEachService(t *testing.T, test func(t *testing.T, svc *Service)) {
	t.Helper()
	catalog := sharedCatalog(t)
	ids := make(chan string)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for id := range ids {
				svc, err := catalog.Service(id)
				if err != nil {
					t.Error(err)
					continue
				}
				test(t, svc)
			}
		})
	}
	for i, id := range catalog.Services() {
		if effort(i) {
			ids <- id
		}
	}
	close(ids)
	workers.Wait()
}

// sharedCatalog keeps the models that the tests have loaded.
func sharedCatalog(tb testing.TB) *Catalog {
	tb.Helper()
	c, err := openOnce()
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

var openOnce = sync.OnceValues(Open)

// seed makes a generator of its own for each operation, so that a failure does
// not depend on what ran before.
func seed(op *Operation, what string) *rand.Rand {
	var n uint64 = 14695981039346656037
	for _, c := range []byte(op.Service.ID + "." + op.Name + " " + what) {
		n = (n ^ uint64(c)) * 1099511628211
	}
	return rand.New(rand.NewPCG(n, 1))
}

// sizes are the inputs tried: nearly all members, few, and only those required.
var sizes = map[string]int{"full": 4, "small": 1, "required": 0}

func TestEveryRequestIsFoundAndDecoded(t *testing.T) {
	var count counter
	forEachService(t, func(t *testing.T, svc *Service) {
		for _, p := range svc.Protocols {
			for _, op := range svc.Operations {
				if hasStream(op.Input) {
					count.add("inputs with a stream, which is left out")
				}
				for name, depth := range sizes {
					carryRequest(t, op, p, name, depth, &count)
				}
			}
		}
	})
	t.Log(&count)
}

func carryRequest(t *testing.T, op *Operation, p Protocol, size string, depth int, count *counter) {
	t.Helper()
	what := fmt.Sprintf("%s.%s (%s, %s)", op.Service.ID, op.Name, p, size)
	params := map[string]any{}
	if op.Input != nil {
		params = generateValue(seed(op, size), op.Input, depth).(map[string]any)
		params = carried(op.Input, p, p == RestXML, params)
	}
	sent := Found{Service: op.Service, Operation: op, Protocol: p}
	r, err := sent.EncodeRequest(params)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	count.add("requests")
	found := findAgain(t, what, sent, r, count)
	got, err := found.Decode(r)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	if op.Name == "PutBucketNotification" { // Event and Events are the same element
		count.add("shapes with two members of one name")
		return
	}
	wantEqual(t, what, got, params)
}

// findAgain finds the operation of a request. One that is taken for another
// must be found if the host is AWS's, unless the services share that too.
func findAgain(t *testing.T, what string, sent Found, r *Request, count *counter) Found {
	t.Helper()
	op := sent.Operation
	found, err := sharedCatalog(t).Find(op.Service.SigningName, r)
	if err != nil {
		t.Errorf("%s: %s %s?%s: %v", what, r.Method, r.Path, r.RawQuery, err)
		return sent
	}
	if found.Protocol != sent.Protocol {
		t.Errorf("%s: found protocol %s", what, found.Protocol)
	}
	if found.Operation == op {
		return found
	}
	count.add("requests that could be another operation's")
	if !mayBeTaken(op, found.Operation) {
		t.Errorf("%s: %s %s?%s: found %s.%s", what, r.Method, r.Path, r.RawQuery, found.Service.ID, found.Operation.Name)
	}
	if found.Service.EndpointPrefix != op.Service.EndpointPrefix {
		r.Host = op.Service.EndpointPrefix + ".eu-west-1.amazonaws.com"
		if found, err := sharedCatalog(t).Find(op.Service.SigningName, r); err != nil || found.Operation != op {
			t.Errorf("%s: not found by the host %s", what, r.Host)
		}
	}
	return sent
}

func TestEveryAnswerIsDecoded(t *testing.T) {
	var count counter
	forEachService(t, func(t *testing.T, svc *Service) {
		for _, p := range svc.Protocols {
			for _, op := range svc.Operations {
				if hasStream(op.Output) {
					count.add("outputs with a stream, which is left out")
				}
				for name, depth := range sizes {
					carryAnswer(t, op, p, name, depth)
					count.add("answers")
				}
			}
		}
	})
	t.Log(&count)
}

func carryAnswer(t *testing.T, op *Operation, p Protocol, size string, depth int) {
	t.Helper()
	what := fmt.Sprintf("%s.%s (%s, %s)", op.Service.ID, op.Name, p, size)
	out := map[string]any{}
	if op.Output != nil {
		out = generateValue(seed(op, "answer "+size), op.Output, depth).(map[string]any)
		out = carried(op.Output, p, p != RestJSON, out)
		b := bindingsOf(op.Output)
		if b.status != nil && p == RestJSON {
			out[b.status.Name] = int64(op.Code)
		}
		if b.payload != nil && out[b.payload.Name] == nil {
			delete(out, b.payload.Name) // a null as the whole body
		}
	}
	f := Found{Service: op.Service, Operation: op, Protocol: p}
	r, err := f.EncodeAnswer(out, "request-1")
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	if op.Method == "HEAD" && r.Body != nil {
		t.Errorf("%s: an answer to HEAD has a body", what)
	}
	got, apiErr, err := f.DecodeAnswer(r)
	if err != nil || apiErr != nil {
		t.Errorf("%s: %v %v\n%.300s", what, apiErr, err, r.Body)
		return
	}
	switch op.Name {
	case "GetBucketNotification": // Event and Events are the same element
	case "SendApiAsset": // all headers of the answer are a member, with the request's id
	case "GetBucketLocation": // us-east-1 is an empty element
		if got["LocationConstraint"] != "" {
			wantEqual(t, what, got, out)
		}
	default:
		wantEqual(t, what, got, out)
	}
}

func TestEveryModelledErrorIsDecoded(t *testing.T) {
	var count counter
	forEachService(t, func(t *testing.T, svc *Service) {
		for _, p := range svc.Protocols {
			seen := map[*Shape]bool{}
			for _, op := range svc.Operations {
				for _, shape := range op.Errors {
					if !seen[shape] {
						carryError(t, op, p, shape)
						count.add("errors")
					}
					seen[shape] = true
				}
			}
		}
	})
	t.Log(&count)
}

func carryError(t *testing.T, op *Operation, p Protocol, shape *Shape) {
	t.Helper()
	what := fmt.Sprintf("%s.%s (%s) %s", op.Service.ID, op.Name, p, shape.Name)
	f := Found{Service: op.Service, Operation: op, Protocol: p, QueryMode: true}
	sent := &Error{Code: shape.Name, Message: "It is \"not\" <there> & won't be.", Fields: errorFields(shape, p)}
	r := f.EncodeError(sent, "request-1")
	out, got, err := f.DecodeAnswer(r)
	if err != nil || out != nil || got == nil {
		t.Errorf("%s: %v %v\n%.300s", what, out, err, r.Body)
		return
	}
	wire := shape.Name
	if shape.Error.Code != "" {
		wire = shape.Error.Code
	}
	if got.WireCode != wire && op.Method != "HEAD" {
		t.Errorf("%s: wire code %q, want %q", what, got.WireCode, wire)
	}
	if got.Code != shape.Name || got.Message != sent.Message {
		t.Errorf("%s: got %s: %s", what, got.Code, got.Message)
	}
	if len(sent.Fields)+len(got.Fields) > 0 {
		wantEqual(t, what, got.Fields, sent.Fields)
	}
	if want := errorStatus(sent, shape); got.Status != want {
		t.Errorf("%s: status %d, want %d", what, got.Status, want)
	}
}

// errorFields makes the members of an error beside its message. XML errors hold
// plain values only.
func errorFields(shape *Shape, p Protocol) map[string]any {
	r := rand.New(rand.NewPCG(1, uint64(len(shape.Name))))
	fields := carried(shape, p, p == RestXML, generateStructure(r, shape, 3))
	for name, v := range fields {
		m := shape.Member(name)
		_, isMap := v.(map[string]any)
		_, isList := v.([]any)
		inXML := p == Query || p == EC2 || p == RestXML
		if isMessage(m.WireName()) || isErrorElement(m.WireName()) && inXML || (isMap || isList) && inXML ||
			m.Location == InStatusCode || strings.EqualFold(m.WireName(), errorTypeHeader) || p == JSON && m.Location != "" {
			delete(fields, name)
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return fields
}

// carried is what of a value the wire has a place for.
func carried(s *Shape, p Protocol, isXML bool, v map[string]any) map[string]any {
	if p == RPCv2 || p == JSON {
		return v
	}
	inQuery := map[*Member]bool{} // what maps in the query hold
	for _, m := range s.Members {
		if m.Location == InQueryString && m.Shape.Kind == Map {
			inQuery[m.Shape.Value] = true
		}
	}
	return without(&Member{Shape: s}, v, func(m *Member, v any) bool {
		list, isList := v.([]any)
		entries, isMap := v.(map[string]any)
		empty := isList && len(list) == 0 || isMap && len(entries) == 0 && m.Shape.Kind == Map
		switch m.Location {
		case InQueryString, InHeader, InHeaders:
			return empty
		}
		return empty && (isXML && flattened(m) || inQuery[m])
	}).(map[string]any)
}

func hasStream(s *Shape) bool {
	if s == nil {
		return false
	}
	for _, m := range s.Members {
		if m.Shape.EventStream || m.Streaming || m.Shape.Streaming {
			return true
		}
	}
	return false
}

// counter counts what the exhaustive tests did.
type counter struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *counter) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = make(map[string]int)
	}
	c.n[what]++
}

func (c *counter) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.TrimPrefix(fmt.Sprint(c.n), "map")
}
