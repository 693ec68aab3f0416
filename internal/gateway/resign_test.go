package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/sigv4"
)

// credentialsFunc are UpstreamCredentials for tests.
type credentialsFunc func(caller identity.Credential) (aws.Credentials, bool, error)

func (f credentialsFunc) Credentials(_ context.Context, caller identity.Credential) (aws.Credentials, bool, error) {
	return f(caller)
}

// signedFor starts a gateway before an upstream that checks nothing.
func signedFor(t *testing.T, h http.HandlerFunc, c UpstreamCredentials) *front {
	t.Helper()
	upstream := httptest.NewServer(h)
	t.Cleanup(upstream.Close)
	u, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := NewTransport(Limits{})
	t.Cleanup(transport.CloseIdleConnections)
	return newFront(t, &Upstream{URL: u, Transport: transport, Credentials: c}, func(o *Options) {
		o.Identities = knownKeys{testKey.AccessKeyID: testKey, alice.AccessKeyID: alice}
	})
}

func TestEachCallersRequestsAreSignedWithItsOwnKeyAtTheUpstream(t *testing.T) {
	keysThere := map[string]aws.Credentials{
		testKey.AccessKeyID: {AccessKeyID: "AKIAROOTTHERE0000000", SecretAccessKey: "one"},
		alice.AccessKeyID:   {AccessKeyID: "ASIAALICETHERE000000", SecretAccessKey: "two", SessionToken: "alice's"},
	}
	var mu sync.Mutex
	signed := map[string]int{}
	f := signedFor(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s, err := sigv4.Parse(sigv4.FromHTTP(r))
		for _, c := range keysThere {
			if err == nil && c.AccessKeyID == s.AccessKeyID {
				err = s.Verify(c.SecretAccessKey, time.Now(), sigv4.HashHex(body))
				if s.SessionToken != c.SessionToken {
					t.Errorf("%s came with the token %q", s.AccessKeyID, s.SessionToken)
				}
			}
		}
		if err != nil {
			t.Error(err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		signed[s.AccessKeyID]++
	}, credentialsFunc(func(caller identity.Credential) (aws.Credentials, bool, error) {
		if caller.SecretAccessKey != "" {
			t.Error("the caller's secret is handed on")
		}
		c, ok := keysThere[caller.AccessKeyID]
		return c, ok, nil
	}))
	var callers sync.WaitGroup
	for _, who := range []identity.Credential{testKey, alice} {
		callers.Go(func() {
			for range 10 {
				if a, err := f.try(f.http(request{service: "ec2", operation: "CreateKeyPair", params: createKey, key: who})); err != nil || a.status != 200 {
					t.Errorf("answer %v, %v", a, err)
				}
			}
		})
	}
	callers.Wait()
	if signed["AKIAROOTTHERE0000000"] != 10 || signed["ASIAALICETHERE000000"] != 10 {
		t.Errorf("signed %v", signed)
	}
}

func TestACallerWithoutCredentialsAtTheUpstreamIsRefusedBeforeAnythingIsSent(t *testing.T) {
	var requests atomic.Int64
	f := signedFor(t, func(http.ResponseWriter, *http.Request) { requests.Add(1) },
		credentialsFunc(func(identity.Credential) (aws.Credentials, bool, error) { return aws.Credentials{}, false, nil }))
	for _, test := range []struct {
		service, operation string
		params             map[string]any
		status             int
		text, recorded     string
	}{
		{"ec2", "CreateKeyPair", createKey, 403, "<Code>UnauthorizedOperation</Code>", "Client.UnauthorizedOperation"},
		{"ecs", "ListClusters", nil, 400, "AccessDeniedException", "AccessDenied"},
		{"lambda", "ListFunctions", nil, 403, "AccessDeniedException", "AccessDenied"},
		{"s3", "PutObject", map[string]any{"Bucket": "b", "Key": "k", "Body": []byte("x")}, 403, "<Code>AccessDenied</Code>", "AccessDenied"},
	} {
		a := f.callAs(alice, test.service, test.operation, test.params)
		a.mustHave(t, test.status, test.text)
		events := f.journal.events()
		if e := events[len(events)-1]; e.ErrorCode != test.recorded || e.UserIdentity.UserName != "alice" ||
			!strings.Contains(e.ErrorMessage, alice.Identity.ARN+" is not authorized to perform: "+test.service+":"+test.operation) {
			t.Errorf("event %+v", e)
		}
	}
	if n := requests.Load(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	if open := f.journal.openIntents(); len(open) != 0 {
		t.Errorf("%d intents are open", len(open))
	}
}

func TestCredentialsThatCannotBeGotFailTheCallBeforeAnythingIsSent(t *testing.T) {
	var requests atomic.Int64
	f := signedFor(t, func(http.ResponseWriter, *http.Request) { requests.Add(1) },
		credentialsFunc(func(identity.Credential) (aws.Credentials, bool, error) {
			return aws.Credentials{}, true, errors.New("sts: role arn:aws:iam::999988887777:role/ci")
		}))
	a := f.callAs(alice, "ec2", "CreateKeyPair", createKey)
	a.mustHave(t, 503, "credentials for the service behind this endpoint could not be obtained")
	if strings.Contains(a.body, "999988887777") {
		t.Error("the caller learns of the roles at the upstream")
	}
	if e := f.journal.only(); e.ErrorCode != "Server.Unavailable" || requests.Load() != 0 {
		t.Errorf("event %+v, %d requests", e, requests.Load())
	}
	if open := f.journal.openIntents(); len(open) != 0 {
		t.Errorf("%d intents are open", len(open))
	}
}

// TestOnlySignersOfWhatAWSHasAreKept: what is signed for is the caller's choice.
func TestOnlySignersOfWhatAWSHasAreKept(t *testing.T) {
	service, err := catalog(t).Service("ec2")
	if err != nil {
		t.Fatal(err)
	}
	var s signing
	known := &Request{Found: awsapi.Found{Service: service}}
	kept := s.signerOf(known, sigv4.Key{Region: "eu-west-1", Service: "ec2"})
	for _, test := range []struct {
		request *Request
		key     sigv4.Key
		same    bool
	}{
		{known, sigv4.Key{Region: "us-west-2", Service: "ec2"}, true},
		{known, sigv4.Key{Region: "nowhere-1", Service: "ec2"}, false},
		{known, sigv4.Key{Region: "eu-west-1", Service: "made-up"}, false},
		{&Request{}, sigv4.Key{Region: "eu-west-1", Service: "ec2"}, false},
	} {
		if same := s.signerOf(test.request, test.key) == kept; same != test.same {
			t.Errorf("%v: the same signer: %v", test.key, same)
		}
	}
}
