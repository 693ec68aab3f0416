package sigv4

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// signedRequest is a request of each form, with what its signature covers.
func signedRequest(t *testing.T, presigned bool) (*Request, string) {
	t.Helper()
	r, err := http.NewRequest("POST", "http://example.amazonaws.com/a/b?Action=Do&Version=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", "Service.Operation")
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	key := Key{AccessKeyID: "AKIDEXAMPLE", Secret: suiteSecret, SessionToken: "token", Region: "us-east-1", Service: "lambda"}
	hash := HashHex([]byte("body"))
	if presigned {
		return presignedRequest(t, r, key, hash), hash
	}
	if err := NewSigner().Sign(t.Context(), r, key, hash, suiteTime); err != nil {
		t.Fatal(err)
	}
	return FromHTTP(r), hash
}

func presignedRequest(t *testing.T, r *http.Request, key Key, hash string) *Request {
	t.Helper()
	q := r.URL.Query()
	q.Set("X-Amz-Expires", "3600")
	r.URL.RawQuery = q.Encode()
	uri, headers, err := NewSigner().v4.PresignHTTP(t.Context(), key.credentials(), r, hash, key.Service, key.Region, suiteTime)
	if err != nil {
		t.Fatal(err)
	}
	out, err := http.NewRequest(r.Method, uri, nil)
	if err != nil {
		t.Fatal(err)
	}
	headers.Del("Host")
	out.Header = headers
	return FromHTTP(out)
}

func TestVerifyRefusesEveryChange(t *testing.T) {
	swap := func(field *string, old, new string) {
		if !strings.Contains(*field, old) {
			panic("nothing to tamper with: " + old)
		}
		*field = strings.Replace(*field, old, new, 1)
	}
	header := func(name, old, new string) func(*Request) {
		return func(r *Request) { v := r.Header.Get(name); swap(&v, old, new); r.Header.Set(name, v) }
	}
	query := func(old, new string) func(*Request) { return func(r *Request) { swap(&r.RawQuery, old, new) } }
	both := map[string]func(*Request){
		"method":         func(r *Request) { r.Method = "PUT" },
		"host":           func(r *Request) { r.Host = "evil.amazonaws.com" },
		"host port":      func(r *Request) { r.Host += ":4566" },
		"path":           func(r *Request) { r.Path = "/a/c" },
		"path encoding":  func(r *Request) { r.Path = "/a%2Fb" },
		"query value":    query("Action=Do", "Action=Du"),
		"query name":     query("Version=1", "version=1"),
		"query added":    func(r *Request) { r.RawQuery += "&x=y" },
		"query removed":  query("Version=1", ""),
		"signed header":  func(r *Request) { r.Header.Set("X-Amz-Target", "Service.Other") },
		"header twice":   func(r *Request) { r.Header.Add("X-Amz-Target", "Service.Operation") },
		"header removed": func(r *Request) { r.Header.Del("Content-Type") },
		"header case":    func(r *Request) { r.Header.Set("X-Amz-Target", "service.operation") },
	}
	forms := map[bool]map[string]func(*Request){
		false: {
			"signature":      header("Authorization", "Signature=", "Signature=0"),
			"key":            header("Authorization", "Credential=AKID", "Credential=BKID"), // does not change the signature
			"region":         header("Authorization", "us-east-1", "us-east-2"),
			"service":        header("Authorization", "/lambda/", "/sqs/"),
			"fewer headers":  header("Authorization", "content-type;", ""),
			"more headers":   header("Authorization", "SignedHeaders=", "SignedHeaders=accept;"),
			"time":           header("X-Amz-Date", "123600", "123601"),
			"token":          header("X-Amz-Security-Token", "token", "other"),
			"empty sig":      header("Authorization", "Signature=", "Signature=,x="),
			"day":            header("Authorization", "20150830", "20150831"),
			"unsigned added": func(r *Request) { r.Header.Set("X-Amz-Acl", "public-read") },
		},
		true: {
			"signature":      query("X-Amz-Signature=", "X-Amz-Signature=0"),
			"region":         query("us-east-1", "us-east-2"),
			"time":           query("T123600Z", "T123601Z"),
			"expiry":         query("X-Amz-Expires=3600", "X-Amz-Expires=3601"),
			"token":          query("X-Amz-Security-Token=token", "X-Amz-Security-Token=other"),
			"fewer headers":  query("content-type%3B", ""),
			"unsigned added": func(r *Request) { r.Header.Set("X-Amz-Acl", "public-read") },
			"second sig":     func(r *Request) { r.RawQuery += "&X-Amz-Signature=0" },
		},
	}
	for presigned, changes := range forms {
		r, hash := signedRequest(t, presigned)
		if err := verifyAll(r, hash); err != nil {
			t.Fatalf("presigned %v, unchanged: %v", presigned, err)
		}
		if err := verifyAll(r, HashHex([]byte("other"))); !errors.Is(err, Mismatch) {
			t.Errorf("presigned %v, another body: %v", presigned, err)
		}
		for _, set := range []map[string]func(*Request){both, changes} {
			for name, change := range set {
				r, hash := signedRequest(t, presigned)
				change(r)
				err := verifyAll(r, hash)
				if name == "key" {
					// The key's identifier is bound by the secret that belongs to it.
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
					continue
				}
				var refusal *Error
				if !errors.As(err, &refusal) {
					t.Errorf("presigned %v, %s changed: %v", presigned, name, err)
				}
			}
		}
	}
}

func verifyAll(r *Request, hash string) error {
	sig, err := Parse(r)
	if err != nil {
		return err
	}
	return sig.Verify(suiteSecret, suiteTime, hash)
}

func TestCheckHoldsAQuarterOfAnHourEitherWay(t *testing.T) {
	r, _ := signedRequest(t, false)
	sig, err := Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		now  time.Duration
		want error
		text string
	}{
		{15 * time.Minute, nil, ""},
		{15*time.Minute + time.Second, Expired, "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)"},
		{-15 * time.Minute, nil, ""},
		{-15*time.Minute - time.Second, NotYetCurrent, "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 min.)"},
	} {
		err := sig.Check(suiteTime.Add(c.now))
		if !errors.Is(err, c.want) {
			t.Errorf("%v: %v", c.now, err)
			continue
		}
		if c.want != nil && err.(*Error).Answer(Query).Message != c.text {
			t.Errorf("%v: %q", c.now, err.(*Error).Answer(Query).Message)
		}
	}
}

func TestVerifyDoesNotGuessABodyItNeeds(t *testing.T) {
	r, _ := signedRequest(t, false)
	sig, err := Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	var refusal *Error
	if err := sig.Verify(suiteSecret, suiteTime, ""); err == nil || errors.As(err, &refusal) || !sig.NeedsBody() {
		t.Errorf("%v", err)
	}
}

func TestPresignedTokenCallsHoldAQuarterOfAnHourWhateverTheySay(t *testing.T) {
	for service, want := range map[string]time.Duration{"sts": 15 * time.Minute, "polly": time.Hour, "s3": time.Hour} {
		r := readRequest(t, "GET /?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20150830%2Fr%2F"+service+
			"%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=0", "Host:h\n")
		sig, err := Parse(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := sig.Check(suiteTime.Add(want)); err != nil {
			t.Errorf("%s after %v: %v", service, want, err)
		}
		if err := sig.Check(suiteTime.Add(want + time.Second)); !errors.Is(err, Expired) {
			t.Errorf("%s after more than %v: %v", service, want, err)
		}
	}
}
