package gateway

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/sigv4"
)

// presign2 makes a URL with a signature of Version 2. The resource is the path
// with the bucket in it and the sub-resource, path the path and query to send.
func (f *front) presign2(method, resource, path string, key identity.Credential, expires time.Time) *http.Request {
	f.t.Helper()
	h := hmac.New(sha1.New, []byte(key.SecretAccessKey))
	fmt.Fprintf(h, "%s\n\n\n%d\n%s", method, expires.Unix(), resource)
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	target := f.server.URL + path + separator + url.Values{
		"AWSAccessKeyId": {key.AccessKeyID}, "Expires": {fmt.Sprint(expires.Unix())},
		"Signature": {base64.StdEncoding.EncodeToString(h.Sum(nil))},
	}.Encode()
	req, err := http.NewRequestWithContext(f.t.Context(), method, target, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return req
}

// resigning is a front in --auth verify whose upstream shows each request that
// it gets.
func resigning(t *testing.T) (*front, func() *http.Request) {
	t.Helper()
	got := make(chan *http.Request, 1)
	f := behind(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		sig, err := sigv4.Parse(sigv4.FromHTTP(r))
		if err == nil {
			err = sig.Verify("upstream secret", time.Now(), "")
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
		}
		got <- r
	}, func(o *Options) { o.Auth = AuthVerify })
	f.upstream().Credentials = staticCredentials
	return f, func() *http.Request { return <-got }
}

func TestAURLOfVersion2IsVerifiedAndRecorded(t *testing.T) {
	f, upstream := resigning(t)
	req := f.presign2("GET", "/bucket/a%20key?versionId=v", "/bucket/a%20key?versionId=v&x-id=GetObject", testKey, time.Now().Add(time.Hour))
	f.do(req).mustHave(t, 200, "")
	got := upstream()
	if got.URL.EscapedPath() != "/bucket/a%20key" || got.URL.RawQuery != "versionId=v&x-id=GetObject" {
		t.Errorf("the upstream got %s", got.URL)
	}
	e := f.journal.only()
	if e.EventName != "GetObject" || e.ErrorCode != "" || e.UserIdentity.Type != event.Root || e.UserIdentity.AccessKeyID != testKey.AccessKeyID {
		t.Errorf("event %s, error %q, identity %+v", e.EventName, e.ErrorCode, e.UserIdentity)
	}
	for _, want := range []string{`"SignatureVersion":"SigV2"`, `"AuthenticationMethod":"QueryString"`} {
		if !strings.Contains(string(e.AdditionalEventData), want) {
			t.Errorf("no %s in %s", want, e.AdditionalEventData)
		}
	}
	if all := string(e.RequestParameters) + string(e.AdditionalEventData); strings.Contains(all, req.URL.Query().Get("Signature")) {
		t.Errorf("the signature is in the event: %s", all)
	}
}

func TestAURLOfVersion2ThatIsNotProvenIsRefusedAndRecorded(t *testing.T) {
	wrong, unknown := testKey, testKey
	wrong.SecretAccessKey, unknown.AccessKeyID = "wrong", "AKIAUNKNOWN000000000"
	soon := time.Now().Add(time.Hour)
	signed := func(f *front) *http.Request { return f.presign2("GET", "/bucket/key", "/bucket/key", testKey, soon) }
	changed := func(change func(*http.Request)) func(*front) *http.Request {
		return func(f *front) *http.Request {
			r := signed(f)
			change(r)
			return r
		}
	}
	for name, test := range map[string]struct {
		make       func(f *front) *http.Request
		status     int
		code, text string
	}{
		"expired": {func(f *front) *http.Request {
			return f.presign2("GET", "/bucket/key", "/bucket/key", testKey, time.Now().Add(-time.Hour))
		}, 403, "AccessDenied", "Request has expired"},
		"years ahead": {func(f *front) *http.Request {
			return f.presign2("GET", "/bucket/key", "/bucket/key", testKey, time.Now().AddDate(5, 0, 0))
		}, 403, "AccessDenied", "less than a week"},
		"another secret": {func(f *front) *http.Request { return f.presign2("GET", "/bucket/key", "/bucket/key", wrong, soon) },
			403, "SignatureDoesNotMatch", ""},
		"unknown key": {func(f *front) *http.Request { return f.presign2("GET", "/bucket/key", "/bucket/key", unknown, soon) },
			403, "InvalidAccessKeyId", ""},
		"another key":       {changed(func(r *http.Request) { r.URL.Path = "/bucket/other" }), 403, "SignatureDoesNotMatch", ""},
		"another bucket":    {changed(func(r *http.Request) { r.Host = "other.s3.localhost" }), 403, "SignatureDoesNotMatch", ""},
		"another method":    {changed(func(r *http.Request) { r.Method = "DELETE" }), 403, "SignatureDoesNotMatch", ""},
		"another operation": {changed(func(r *http.Request) { r.URL.RawQuery += "&attributes" }), 403, "SignatureDoesNotMatch", ""},
		"another header":    {changed(func(r *http.Request) { r.Header.Set("X-Amz-Meta-A", "b") }), 403, "SignatureDoesNotMatch", ""},
		"session token of nobody": {changed(func(r *http.Request) { r.URL.RawQuery += "&x-amz-security-token=x" }),
			400, "InvalidToken", ""},
		"Version 4's chunks": {changed(func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER") }),
			400, "InvalidArgument", ""},
		"no expiry": {changed(func(r *http.Request) { r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "Expires=", "Expired=", 1) }),
			403, "AccessDenied", "Query-string authentication requires"},
		"in a header": {changed(func(r *http.Request) {
			r.URL.RawQuery = ""
			r.Header.Set("Authorization", "AWS "+testKey.AccessKeyID+":c2lnbmF0dXJl")
		}), 400, "", "Please use AWS4-HMAC-SHA256"},
		"another service": {func(f *front) *http.Request {
			r := f.presign2("GET", "/v20180820/jobs", "/v20180820/jobs", testKey, soon)
			r.Header.Set("X-Amz-Account-Id", testAccount)
			return r
		}, 400, "", "Please use AWS4-HMAC-SHA256"},
	} {
		t.Run(name, func(t *testing.T) {
			reached := false
			f := behind(t, func(http.ResponseWriter, *http.Request) { reached = true }, func(o *Options) { o.Auth = AuthVerify })
			f.upstream().Credentials = staticCredentials
			a := f.do(test.make(f))
			a.mustHave(t, test.status, test.code)
			a.mustHave(t, test.status, test.text)
			if reached {
				t.Error("the call reached its destination")
			}
			e := f.journal.only()
			if e.UserIdentity.Type != event.Unknown || e.ErrorCode == "" || e.UserIdentity.AccessKeyID == "" {
				t.Errorf("event %s, error %q, identity %+v", e.EventName, e.ErrorCode, e.UserIdentity)
			}
		})
	}
}

func TestInOpenModeAURLOfVersion2GoesOnAsItCame(t *testing.T) {
	var got string
	f := behind(t, func(w http.ResponseWriter, r *http.Request) { got = r.RequestURI })
	someone := identity.Credential{AccessKeyID: "test", SecretAccessKey: "test"}
	req := f.presign2("GET", "/bucket/key", "/bucket/key", someone, time.Now().Add(-time.Hour))
	f.do(req).mustHave(t, 200, "")
	if want := req.URL.RequestURI(); got != want {
		t.Errorf("the upstream got %s, want %s", got, want)
	}
	if e := f.journal.only(); e.EventName != "GetObject" || e.UserIdentity.Type != event.Root ||
		!strings.Contains(string(e.AdditionalEventData), `"SignatureVersion":"SigV2"`) {
		t.Errorf("event %s, identity %+v, %s", e.EventName, e.UserIdentity, e.AdditionalEventData)
	}
}

// TestAPresignedURLIsWhatItStandsFor: signers move headers into the query. The
// record, and what is handed over, must not take a copy for an upload.
func TestAPresignedURLIsWhatItStandsFor(t *testing.T) {
	f, upstream := resigning(t)
	req, err := http.NewRequestWithContext(t.Context(), "PUT", f.server.URL+
		"/bucket/key?X-Amz-Expires=60&x-amz-copy-source=other%2Fkey&x-amz-acl=private&x-id=CopyObject", nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, _, err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).PresignHTTP(t.Context(),
		aws.Credentials{AccessKeyID: testKey.AccessKeyID, SecretAccessKey: testKey.SecretAccessKey},
		req, unsignedPayload, "s3", testRegion, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if req, err = http.NewRequestWithContext(t.Context(), "PUT", signed, nil); err != nil {
		t.Fatal(err)
	}
	f.do(req).mustHave(t, 200, "")
	got := upstream()
	if got.Header.Get("X-Amz-Copy-Source") != "other/key" || got.Header.Get("X-Amz-Acl") != "private" || got.URL.RawQuery != "x-id=CopyObject" {
		t.Errorf("the upstream got %s with %v", got.URL, got.Header)
	}
	e := f.journal.only()
	if e.EventName != "CopyObject" || !strings.Contains(string(e.RequestParameters), `"x-amz-acl":"private"`) ||
		!strings.Contains(string(e.RequestParameters), `"x-amz-copy-source":"other/key"`) ||
		!strings.Contains(string(e.RequestParameters), `"X-Amz-Expires":"60"`) {
		t.Errorf("event %s, %s", e.EventName, e.RequestParameters)
	}
}

func TestABucketInTheHostsNameGoesUpstreamInThePath(t *testing.T) {
	f, upstream := resigning(t)
	req, err := http.NewRequestWithContext(t.Context(), "GET", f.server.URL+"/a%20key?acl", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "bucket.s3.localhost"
	f.sign(req, nil, "s3", testKey)
	f.do(req).mustHave(t, 200, "")
	if got := upstream(); got.URL.EscapedPath() != "/bucket/a%20key" || got.Host == req.Host {
		t.Errorf("the upstream %s got %s", got.Host, got.URL)
	}
	if e := f.journal.only(); e.EventName != "GetObjectAcl" || !strings.Contains(string(e.RequestParameters), `"bucketName":"bucket"`) {
		t.Errorf("event %s, %s", e.EventName, e.RequestParameters)
	}
}
