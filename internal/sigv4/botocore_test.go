package sigv4

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

type botocoreCase struct {
	Signer  string            `json:"signer"`
	Service string            `json:"service"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Secret  string            `json:"secret"`
	Token   string            `json:"token,omitempty"`
}

// botocoreCases crosses the signers with targets and headers that are easy to
// get wrong. Targets are as an HTTP client sends them.
func botocoreCases() []botocoreCase {
	targets := []string{
		"/", "/a/b", "/a%20b/c%2Fd", "/%E1%88%B4", "/a//b/", "/a/./b/../c", "/key%2Bplus+plus", "/~tilde/(paren)!*'@:$,;=",
		"/100%25", "/?a=b", "/?b=2&a=1&a=0", "/?a", "/?a=&b", "/?x=%2F%2F&y=a-b&y=a%2Fb", "/?q=a%20b%26c%3Dd", "/?acl&prefix=J%C3%BC",
		"/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Af/invocations?Qualifier=%24LATEST",
	}
	headers := []map[string]string{
		{},
		{"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Service_20150101.Operation"},
		{"X-Amz-Meta-Odd": "  two   spaces\tand a tab ", "Range": "bytes=0-9"},
		{"User-Agent": "unsigned", "Expect": "100-continue", "X-Amzn-Trace-Id": "Root=1"},
	}
	var cases []botocoreCase
	for signer, service := range map[string]string{"v4": "lambda", "s3v4": "s3", "v4-query": "sts", "s3v4-query": "s3"} {
		for i, target := range targets {
			for j, h := range headers {
				c := botocoreCase{Signer: signer, Service: service, Method: "GET", URL: "http://localhost:4566" + target,
					Headers: h, Secret: suiteSecret}
				if (i+j)%2 == 0 && !strings.HasSuffix(signer, "query") {
					c.Method, c.Body = "POST", `{"name":"Jürgen"}`
				}
				if (i+j)%3 == 0 {
					c.Token = suiteToken
				}
				cases = append(cases, c)
			}
		}
	}
	return cases
}

// request is what an HTTP client sends for a signed request.
func (c botocoreCase) request(url string, headers [][2]string) *Request {
	target := strings.TrimPrefix(url, "http://localhost:4566")
	path, query, _ := strings.Cut(target, "?")
	r := &Request{Method: c.Method, Host: "localhost:4566", Path: path, RawQuery: query, Header: http.Header{}, ContentLength: int64(len(c.Body))}
	for _, h := range headers {
		r.Header.Add(h[0], h[1])
	}
	return r
}

func TestVerifyAcceptsWhatBotocoreSigns(t *testing.T) {
	if err := exec.Command("python3", "-c", "import botocore.auth").Run(); err != nil {
		t.Skip("python3 with botocore is not installed")
	}
	cases := botocoreCases()
	in, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("python3", "testdata/botocore_sign.py")
	cmd.Stdin = bytes.NewReader(in)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	var signed []struct {
		URL     string      `json:"url"`
		Headers [][2]string `json:"headers"`
	}
	if err := json.Unmarshal(out, &signed); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for i, c := range cases {
		t.Run(fmt.Sprintf("%s %s %d", c.Signer, c.URL, i%4), func(t *testing.T) {
			sig, err := Parse(c.request(signed[i].URL, signed[i].Headers))
			if err != nil {
				t.Fatal(err)
			}
			if sig.SessionToken != c.Token {
				t.Errorf("token %q", sig.SessionToken)
			}
			hash := HashHex([]byte(c.Body))
			if err := sig.Verify(c.Secret, now, hash); err != nil {
				var e *Error
				errors.As(err, &e)
				t.Errorf("%v%s", err, e.Explain())
			}
			if err := sig.Verify(c.Secret+"x", now, hash); !errors.Is(err, Mismatch) {
				t.Errorf("with another secret: %v", err)
			}
		})
	}
}
