package sigv2

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/sigv4"
)

type boto3Case struct {
	Endpoint  string         `json:"endpoint"`
	Style     string         `json:"style"`
	Operation string         `json:"operation"`
	Params    map[string]any `json:"params"`
	Secret    string         `json:"secret"`
	Token     string         `json:"token,omitempty"`
	// header is what whoever has the URL must send with it.
	header http.Header
}

type boto3URL struct{ URL, Method string }

// boto3Cases crosses calls and keys that are easy to get wrong with the two
// ways to name a bucket, with and without a session token.
func boto3Cases() []boto3Case {
	object := func(key string, more ...any) map[string]any {
		m := map[string]any{"Bucket": "some-bucket", "Key": key}
		for i := 0; i < len(more); i += 2 {
			m[more[i].(string)] = more[i+1]
		}
		return m
	}
	var calls []boto3Case
	for _, key := range []string{
		"a", "a/b", "a b", "a+b", "a%20b", "ü/日本", "a//b", "a/", "~tilde/(paren)!*'@:$,;=", "100%", "a?b#c", "..%2F..", "dots/../..", "&=",
	} {
		calls = append(calls, boto3Case{Operation: "get_object", Params: object(key)})
	}
	calls = append(calls, []boto3Case{
		{Operation: "put_object", Params: object("k")},
		{Operation: "put_object", Params: object("k", "ContentType", "text/plain; charset=utf-8", "ContentMD5", "4gJE4saaMU4BqNR0kLY+lw=="),
			header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "Content-Md5": {"4gJE4saaMU4BqNR0kLY+lw=="}}},
		{Operation: "put_object", Params: object("k", "ACL", "public-read", "Metadata", map[string]string{"Odd": "  two  spaces ", "b": "a+b/c=d&e"})},
		{Operation: "get_object", Params: object("k", "VersionId", "a+b/c=", "ResponseContentType", "text/plain; x=\"a b\"", "ResponseContentDisposition", "attachment; filename=\"ü+&.txt\"", "ResponseExpires", "2026-01-01T00:00:00Z")},
		{Operation: "head_object", Params: object("k", "PartNumber", 2)},
		{Operation: "delete_object", Params: object("k", "VersionId", "v")},
		{Operation: "get_object_tagging", Params: object("k")},
		{Operation: "put_object_acl", Params: object("k", "ACL", "private")},
		{Operation: "upload_part", Params: object("k", "UploadId", "u/+=", "PartNumber", 1)},
		{Operation: "create_multipart_upload", Params: object("k")},
		{Operation: "copy_object", Params: object("k", "CopySource", "other/key with spaces")},
		{Operation: "get_object", Params: object("k", "RequestPayer", "requester")},
		{Operation: "list_buckets", Params: map[string]any{}},
		{Operation: "list_objects_v2", Params: map[string]any{"Bucket": "some-bucket", "Prefix": "a b/", "MaxKeys": 7}},
		{Operation: "list_object_versions", Params: map[string]any{"Bucket": "some-bucket"}},
		{Operation: "head_bucket", Params: map[string]any{"Bucket": "some-bucket"}},
		{Operation: "create_bucket", Params: map[string]any{"Bucket": "some-bucket"}},
		{Operation: "get_bucket_location", Params: map[string]any{"Bucket": "some-bucket"}},
		{Operation: "get_bucket_cors", Params: map[string]any{"Bucket": "some-bucket"}},
	}...)
	var all []boto3Case
	for _, style := range []string{"path", "virtual"} {
		for _, token := range []string{"", "token+/with=odd%20text"} {
			for _, c := range calls {
				c.Endpoint, c.Style, c.Secret, c.Token = "http://s3.localhost:4566", style, testSecret, token
				all = append(all, c)
			}
		}
	}
	return all
}

// ask gives the cases to boto3, or skips the test where it is not installed.
func ask(t *testing.T, cases []boto3Case) []boto3URL {
	t.Helper()
	if err := exec.CommandContext(t.Context(), "python3", "-c", "import boto3").Run(); err != nil {
		t.Skip("python3 with boto3 is not installed")
	}
	in, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "python3", "-B", "testdata/presign.py")
	var stderr strings.Builder
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	var urls []boto3URL
	if err := json.Unmarshal(out, &urls); err != nil {
		t.Fatal(err)
	}
	if len(urls) != len(cases) {
		t.Fatalf("%d URLs for %d cases", len(urls), len(cases))
	}
	return urls
}

func TestVerifyAcceptsWhatBoto3Presigns(t *testing.T) {
	cases := boto3Cases()
	urls := ask(t, cases)
	catalog, err := awsapi.Open()
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		// As net/http sends it.
		sent, err := http.NewRequestWithContext(t.Context(), urls[i].Method, urls[i].URL, nil)
		if err != nil {
			t.Errorf("%s: %v", urls[i].URL, err)
			continue
		}
		if c.header != nil {
			sent.Header = c.header
		}
		r := sigv4.FromHTTP(sent)
		found, err := catalog.Find("s3", &awsapi.Request{Method: r.Method, Host: r.Host, Path: r.Path, RawQuery: r.RawQuery, Header: r.Header})
		if err != nil {
			t.Errorf("%s %s: %v", r.Method, urls[i].URL, err)
			continue
		}
		path := found.PathStyle(&awsapi.Request{Host: r.Host, Path: r.Path})
		if !Signs(r) {
			t.Errorf("%s: not seen as signed", urls[i].URL)
			continue
		}
		s, err := Parse(r)
		if err == nil {
			err = s.Verify(testSecret, path, time.Now())
		}
		if err != nil {
			t.Errorf("%s %s %s: %v", c.Operation, c.Style, urls[i].URL, err)
			continue
		}
		if s.SessionToken != c.Token {
			t.Errorf("%s: token %q", urls[i].URL, s.SessionToken)
		}
		if s.Verify(testSecret+"x", path, time.Now()) == nil {
			t.Errorf("%s: another secret verifies", urls[i].URL)
		}
	}
}
