package gateway

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/record"
	"github.com/cairn-audit/cairn/internal/sigv4"
)

const (
	testAccount = "111122223333"
	testRegion  = "eu-central-1"
)

var testKey = identity.Credential{
	AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
	AccountID: testAccount, Identity: identity.Root(testAccount, "AKIAIOSFODNN7EXAMPLE"),
}

// knownKeys are Identities for tests.
type knownKeys map[string]identity.Credential

func (k knownKeys) Credential(_ context.Context, id, token string) (identity.Credential, error) {
	c, ok := k[id]
	switch {
	case !ok:
		return c, identity.ErrUnknownKey
	case token != "":
		return identity.Credential{}, identity.ErrInvalidToken
	}
	return c, nil
}

func (knownKeys) Used(identity.Credential, identity.Use)            {}
func (knownKeys) Learn(identity.Lesson)                             {}
func (knownKeys) Recall(string) (c identity.Credential, known bool) { return c, false }

// testCatalog is opened once: it is immutable, and slow to read.
var testCatalog = sync.OnceValues(awsapi.Open)

func catalog(t testing.TB) *awsapi.Catalog {
	t.Helper()
	c, err := testCatalog()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// backendFunc is a Backend.
type backendFunc func(context.Context, *awsapi.Call) (map[string]any, error)

func (f backendFunc) Call(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	return f(ctx, c)
}

// front is a gateway behind a real HTTP server.
type front struct {
	t           *testing.T
	journal     *memoryJournal
	server      *httptest.Server
	destination Destination
}

// staticCredentials are those of an upstream.
var staticCredentials = signAs{AccessKeyID: "AKIAUPSTREAM00000000", SecretAccessKey: "upstream secret"}

// signAs are the UpstreamCredentials of every caller.
type signAs aws.Credentials

func (c signAs) Credentials(context.Context, identity.Credential) (aws.Credentials, bool, error) {
	return aws.Credentials(c), true, nil
}

// upstream is the front's destination where it is one.
func (f *front) upstream() *Upstream { return f.destination.(*Upstream) }

// newFront starts a gateway whose services are all answered by d.
func newFront(t *testing.T, d Destination, change ...func(*Options)) *front {
	t.Helper()
	records, err := record.New(catalog(t))
	if err != nil {
		t.Fatal(err)
	}
	f := &front{t: t, journal: newMemoryJournal(t), destination: d}
	o := Options{
		Catalog: catalog(t), Recorder: NewRecorder(f.journal, records),
		Identities: knownKeys{testKey.AccessKeyID: testKey},
		Routes:     Routes{Upstream: d}, Auth: AuthVerify, Account: testAccount, Region: testRegion,
		Limits: Limits{Idle: 5 * time.Second},
	}
	for _, c := range change {
		c(&o)
	}
	f.server = httptest.NewServer(New(o))
	t.Cleanup(f.server.Close)
	return f
}

// request is a signed call of a service, as a client makes it.
type request struct {
	service, operation string
	params             map[string]any
	// key signs; the zero key does not.
	key identity.Credential
	// protocol is the service's first if it is empty.
	protocol awsapi.Protocol
}

// http makes the request of the call.
func (f *front) http(r request) *http.Request {
	f.t.Helper()
	service, err := catalog(f.t).Service(r.service)
	if err != nil {
		f.t.Fatal(err)
	}
	found := awsapi.Found{
		Service: service, Operation: service.Operation(r.operation), Protocol: r.protocol, JSONVersion: service.JSONVersion,
	}
	if found.Protocol == "" {
		found.Protocol = service.Protocols[0]
	}
	wire, err := found.EncodeRequest(r.params)
	if err != nil {
		f.t.Fatal(err)
	}
	url := f.server.URL + wire.Path
	if wire.RawQuery != "" {
		url += "?" + wire.RawQuery
	}
	req, err := http.NewRequest(wire.Method, url, bytes.NewReader(wire.Body))
	if err != nil {
		f.t.Fatal(err)
	}
	for name, values := range wire.Header {
		req.Header[name] = values
	}
	if r.key.AccessKeyID != "" {
		f.sign(req, wire.Body, service.SigningName, r.key)
	}
	return req
}

func (f *front) sign(req *http.Request, body []byte, service string, key identity.Credential) {
	f.t.Helper()
	err := sigv4.NewSigner().Sign(f.t.Context(), req, sigv4.Key{
		AccessKeyID: key.AccessKeyID, Secret: key.SecretAccessKey, Region: testRegion, Service: service,
	}, sigv4.HashHex(body), time.Now())
	if err != nil {
		f.t.Fatal(err)
	}
}

// answer is a client's view of an answer.
type answer struct {
	status int
	header http.Header
	body   string
}

func (f *front) do(req *http.Request) answer {
	f.t.Helper()
	a, err := f.try(req)
	if err != nil {
		f.t.Fatal(err)
	}
	return a
}

func (f *front) try(req *http.Request) (answer, error) {
	resp, err := (&http.Transport{DisableCompression: true}).RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(body)}, err
}

// call signs and makes a call.
func (f *front) call(service, operation string, params map[string]any) answer {
	f.t.Helper()
	return f.do(f.http(request{service: service, operation: operation, params: params, key: testKey}))
}

func (a answer) mustHave(t *testing.T, status int, text string) {
	t.Helper()
	// REST services name an error in a header.
	said := a.body + a.header.Get("X-Amzn-Errortype")
	if a.status != status || !strings.Contains(said, text) {
		t.Errorf("answer %d %s\nwant %d with %q", a.status, said, status, text)
	}
}
