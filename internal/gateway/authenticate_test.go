package gateway

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/identity"
)

func TestACallThatIsNotProvenIsRefusedRecordedAndGoesNowhere(t *testing.T) {
	wrong, unknown, inactive := testKey, testKey, testKey
	wrong.SecretAccessKey = "wrong"
	unknown.AccessKeyID = "AKIAUNKNOWN000000000"
	inactive.AccessKeyID, inactive.Inactive = "AKIAINACTIVE00000000", true
	tamper := func(change func(*http.Request)) func(*http.Request) { return change }
	for _, test := range []struct {
		name               string
		service, operation string
		key                identity.Credential
		tamper             func(*http.Request)
		status             int
		code, claimed      string
	}{
		{"wrong secret", "ec2", "DescribeVpcs", wrong, nil, 401, "AuthFailure", wrong.AccessKeyID},
		{"wrong secret", "ecs", "ListClusters", wrong, nil, 400, "InvalidSignatureException", wrong.AccessKeyID},
		{"wrong secret", "sts", "GetCallerIdentity", wrong, nil, 403, "SignatureDoesNotMatch", wrong.AccessKeyID},
		{"wrong secret", "s3", "ListBuckets", wrong, nil, 403, "SignatureDoesNotMatch", wrong.AccessKeyID},
		{"wrong secret", "lambda", "ListFunctions", wrong, nil, 403, "InvalidSignatureException", wrong.AccessKeyID},
		{"unknown key", "sts", "GetCallerIdentity", unknown, nil, 403, "InvalidClientTokenId", unknown.AccessKeyID},
		{"unknown key", "s3", "ListBuckets", unknown, nil, 403, "InvalidAccessKeyId", unknown.AccessKeyID},
		{"inactive key", "ecs", "ListClusters", inactive, nil, 400, "UnrecognizedClientException", inactive.AccessKeyID},
		{"unsigned", "ecs", "ListClusters", identity.Credential{}, nil, 400, "MissingAuthenticationTokenException", ""},
		{"unsigned", "s3", "ListBuckets", identity.Credential{}, nil, 403, "AccessDenied", ""},
		{"session token of nobody", "sts", "GetCallerIdentity", testKey, tamper(func(r *http.Request) {
			r.Header.Set("X-Amz-Security-Token", "made up")
		}), 403, "", testKey.AccessKeyID},
		{"changed body", "ecs", "ListClusters", testKey, tamper(func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(`{"maxResults":1}`)), 16
		}), 400, "InvalidSignatureException", testKey.AccessKeyID},
	} {
		t.Run(test.service+" "+test.name, func(t *testing.T) {
			var calls atomic.Int64
			f := newFront(t, keys(&calls, nil), func(o *Options) {
				o.Identities = knownKeys{testKey.AccessKeyID: testKey, inactive.AccessKeyID: inactive}
			})
			req := f.http(request{service: test.service, operation: test.operation, key: test.key})
			if test.tamper != nil {
				test.tamper(req)
			}
			f.do(req).mustHave(t, test.status, test.code)
			if calls.Load() != 0 {
				t.Error("the call reached its backend")
			}
			e := f.journal.only()
			if !strings.HasPrefix(e.EventName, test.operation) || e.UserIdentity.Type != event.Unknown || e.UserIdentity.AccessKeyID != test.claimed ||
				e.UserIdentity.ARN != "" || e.ErrorCode == "" || e.RecipientAccountID != testAccount {
				t.Errorf("event %s, identity %+v, error %q", e.EventName, e.UserIdentity, e.ErrorCode)
			}
		})
	}
}

func TestAnObjectThatIsNotWhatWasSignedIsRefusedBeforeTheUpstreamHasIt(t *testing.T) {
	signed := bytes.Repeat([]byte("s"), 300<<10)
	for name, sent := range map[string][]byte{
		"another":                  bytes.Repeat([]byte("x"), len(signed)),
		"another in its last byte": append(bytes.Clone(signed[1:]), 'x'),
	} {
		t.Run(name, func(t *testing.T) {
			got := make(chan int64, 1)
			f := behind(t, func(w http.ResponseWriter, r *http.Request) {
				n, _ := io.Copy(io.Discard, r.Body)
				got <- n
			}, func(o *Options) { o.Auth = AuthVerify })
			// An upstream in --auth verify gets the body decoded and proven.
			f.upstream().Credentials = staticCredentials
			req, _ := http.NewRequest("PUT", f.server.URL+"/bucket/key", nil)
			f.sign(req, signed, "s3", testKey)
			req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(sent)), int64(len(sent))
			f.do(req).mustHave(t, 400, "XAmzContentSHA256Mismatch")
			if n := <-got; n == int64(len(sent)) {
				t.Error("the upstream got all of it")
			}
			if e := f.journal.only(); e.EventName != "PutObject" || e.ErrorCode != "XAmzContentSHA256Mismatch" {
				t.Errorf("event %s, error %q", e.EventName, e.ErrorCode)
			}
		})
	}
}

func TestInOpenModeAnyKeyIsTakenAsGiven(t *testing.T) {
	named := identity.Credential{AccessKeyID: "AKIANAMED00000000000", AccountID: "444455556666",
		Identity: event.UserIdentity{Type: event.IAMUser, UserName: "alice", AccountID: "444455556666"}}
	var calls atomic.Int64
	f := newFront(t, keys(&calls, nil), func(o *Options) {
		o.Auth = AuthOpen
		o.Identities = knownKeys{named.AccessKeyID: named}
	})
	for _, test := range []struct {
		key                  identity.Credential
		kind, account, owner string
	}{
		{identity.Credential{AccessKeyID: "test", SecretAccessKey: "test"}, event.Root, testAccount, testAccount},
		{named, event.IAMUser, "444455556666", "444455556666"},
		{identity.Credential{}, event.AWSAccount, "ANONYMOUS_PRINCIPAL", testAccount},
	} {
		f.do(f.http(request{service: "ec2", operation: "DescribeKeyPairs", key: test.key})).mustHave(t, 200, "")
		events := f.journal.events()
		e := events[len(events)-1]
		if e.UserIdentity.Type != test.kind || e.UserIdentity.AccountID != test.account || e.RecipientAccountID != test.owner {
			t.Errorf("key %q: identity %+v, recipient %s", test.key.AccessKeyID, e.UserIdentity, e.RecipientAccountID)
		}
	}
}

func TestHostileRequestsAreRefusedAndRecorded(t *testing.T) {
	for name, test := range map[string]struct {
		make   func(f *front) *http.Request
		status int
	}{
		"a body over the limit": {func(f *front) *http.Request {
			body := bytes.Repeat([]byte("a"), 2<<20)
			r, _ := http.NewRequest("POST", f.server.URL, bytes.NewReader(body))
			r.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.ListClusters")
			f.sign(r, body, "ecs", testKey)
			return r
		}, 413},
		"a body that does not say its length, over the limit": {func(f *front) *http.Request {
			r, _ := http.NewRequest("POST", f.server.URL, io.LimitReader(zeros{}, 4<<20))
			r.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.ListClusters")
			f.sign(r, nil, "ecs", testKey)
			return r
		}, 413},
		"nothing at all": {func(f *front) *http.Request {
			r, _ := http.NewRequest("POST", f.server.URL, nil)
			return r
		}, 0},
		"an unknown service": {func(f *front) *http.Request {
			r, _ := http.NewRequest("POST", f.server.URL, nil)
			f.sign(r, nil, "no-such-service", testKey)
			return r
		}, 0},
		"not JSON": {func(f *front) *http.Request {
			r, _ := http.NewRequest("POST", f.server.URL, strings.NewReader("{"))
			r.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.ListClusters")
			r.Header.Set("Content-Type", "application/x-amz-json-1.1")
			f.sign(r, []byte("{"), "ecs", testKey)
			return r
		}, 400},
		"a name of a megabyte": {func(f *front) *http.Request {
			r := f.http(request{service: "ecs", operation: "CreateCluster", key: testKey,
				params: map[string]any{"clusterName": strings.Repeat("n", 1<<20-100)}})
			return r
		}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int64
			f := newFront(t, keys(&calls, nil), func(o *Options) { o.Limits.Body = 1 << 20 })
			a := f.do(test.make(f))
			if test.status != 0 && a.status != test.status || test.status == 0 && (a.status < 400 || a.status > 499) {
				t.Errorf("status %d, %s", a.status, a.body)
			}
			if e := f.journal.only(); a.status >= 400 && e.ErrorCode == "" {
				t.Errorf("no error in the event of %s", e.EventName)
			}
		})
	}
}

func TestABodyThatStallsIsGivenUp(t *testing.T) {
	var calls atomic.Int64
	f := newFront(t, keys(&calls, nil), func(o *Options) { o.Limits.Idle = 50 * time.Millisecond })
	stalled, writer := io.Pipe()
	defer writer.Close()
	r, _ := http.NewRequest("POST", f.server.URL, stalled)
	r.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.ListClusters")
	f.sign(r, nil, "ecs", testKey)
	if a, err := f.try(r); err == nil && a.status != http.StatusBadRequest {
		t.Errorf("status %d", a.status)
	}
	if e := f.journal.only(); e.ErrorCode != "IncompleteBody" {
		t.Errorf("error %q", e.ErrorCode)
	}
}
