package iam_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/cairn-audit/cairn/event"
)

// knock is a request that is made by hand, since SDKs correct what is wrong.
type knock struct {
	service, method, target string
	header                  map[string]string
	body                    string
}

// form is a call of a service that takes forms.
func form(service string, parameters url.Values) knock {
	return knock{
		service: service, method: http.MethodPost, target: "/", body: parameters.Encode(),
		header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
	}
}

// getCallerIdentity is a call that everybody may make.
func getCallerIdentity() knock {
	return form("sts", url.Values{"Action": {"GetCallerIdentity"}, "Version": {"2011-06-15"}})
}

// answered is what came back. REST's JSON services have the error's code in a
// header.
type answered struct {
	status    int
	requestID string
	errorType string
	body      string
	header    http.Header
}

func (a answered) has(code string) bool { return a.errorType == code || strings.Contains(a.body, code) }

// signed makes the request as if it were made at a time. It may be sent often.
func (w *world) signed(k knock, key aws.Credentials, at time.Time) *http.Request {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), k.method, w.URL+k.target, strings.NewReader(k.body))
	if err != nil {
		w.t.Fatal(err)
	}
	for name, value := range k.header {
		req.Header.Set(name, value)
	}
	sum := sha256.Sum256([]byte(k.body))
	hash := hex.EncodeToString(sum[:])
	if k.service == "s3" {
		req.Header.Set("X-Amz-Content-Sha256", hash)
	}
	if err := v4.NewSigner().SignHTTP(w.t.Context(), key, req, hash, k.service, region, at); err != nil {
		w.t.Fatal(err)
	}
	return req
}

func (w *world) send(req *http.Request) answered {
	w.t.Helper()
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			w.t.Fatal(err)
		}
		req.Body = body
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	a := answered{status: resp.StatusCode, body: string(b), requestID: resp.Header.Get("X-Amzn-Requestid"), errorType: resp.Header.Get("X-Amzn-Errortype"), header: resp.Header}
	if a.requestID == "" {
		a.requestID = resp.Header.Get("X-Amz-Request-Id")
	}
	if _, rest, found := bytes.Cut(bytes.ToLower(b), []byte("<requestid>")); a.requestID == "" && found {
		id, _, _ := bytes.Cut(rest, []byte("<"))
		a.requestID = string(id)
	}
	if a.requestID == "" {
		w.t.Fatalf("the answer %d has no request id: %.500s", a.status, b)
	}
	return a
}

// eventOf is the event of the call that got an answer.
func (w *world) eventOf(a answered, accessKeyID string) *event.Event {
	w.t.Helper()
	// The event of the look-up itself, and of one before it, may be newer.
	for _, e := range w.newest(w.Admin, "AccessKeyId", accessKeyID, 4) {
		if e.RequestID == a.requestID {
			return e
		}
	}
	w.t.Fatalf("the call %s of key %s has no event", a.requestID, accessKeyID)
	return nil
}

func keyOf(t *testing.T, c aws.CredentialsProvider) aws.Credentials {
	t.Helper()
	key, err := c.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return key
}
