package sigv2

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/sigv4"
)

const testSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

// The query string example of the S3 developer guide, "Signing and
// authenticating REST requests".
const (
	docsPath  = "/johnsmith/photos/puppy.jpg"
	docsQuery = "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620"
)

var docsTime = time.Unix(1175139620, 0)

func docsRequest() *sigv4.Request {
	return &sigv4.Request{
		Method: "GET", Host: "johnsmith.s3.amazonaws.com", Path: "/photos/puppy.jpg", RawQuery: docsQuery, Header: http.Header{},
	}
}

func TestVerifyAcceptsThePublishedURLUntilItExpires(t *testing.T) {
	s, err := Parse(docsRequest())
	if err != nil {
		t.Fatal(err)
	}
	if s.AccessKeyID != "AKIAIOSFODNN7EXAMPLE" || !s.Expires.Equal(docsTime) || s.SessionToken != "" || s.ContentHash != "" {
		t.Errorf("%+v", s)
	}
	for _, test := range []struct {
		after time.Duration
		want  error
	}{
		{0, nil}, {time.Second, sigv4.Expired}, {-7 * 24 * time.Hour, nil}, {-8 * 24 * time.Hour, sigv4.NotYetCurrent},
	} {
		if err := s.Verify(testSecret, docsPath, docsTime.Add(test.after)); !errors.Is(err, test.want) {
			t.Errorf("after %v: %v, want %v", test.after, err, test.want)
		}
	}
	if err := s.Verify(testSecret+"x", docsPath, docsTime); !errors.Is(err, sigv4.Mismatch) {
		t.Errorf("with another secret: %v", err)
	}
}

// TestTheStringToSignIsTheOneOfThePublishedExamples takes those of the header
// form, which has a date where a URL has the time when it expires.
func TestTheStringToSignIsTheOneOfThePublishedExamples(t *testing.T) {
	for _, test := range []struct {
		name, method, path, query, date, signature string
		header                                     http.Header
	}{
		{name: "object GET", method: "GET", path: "/johnsmith/photos/puppy.jpg",
			date: "Tue, 27 Mar 2007 19:36:42 +0000", signature: "bWq2s1WEIj+Ydj0vQ697zp+IXMU="},
		{name: "object PUT", method: "PUT", path: "/johnsmith/photos/puppy.jpg", header: http.Header{"Content-Type": {"image/jpeg"}},
			date: "Tue, 27 Mar 2007 21:15:45 +0000", signature: "MyyxeRY7whkBe+bq8fHCL/2kKUg="},
		{name: "list", method: "GET", path: "/johnsmith/", query: "prefix=photos&max-keys=50&marker=puppy",
			date: "Tue, 27 Mar 2007 19:42:41 +0000", signature: "htDYFYduRNen8P9ZfE/s9SuKy0U="},
		{name: "fetch", method: "GET", path: "/johnsmith/", query: "acl",
			date: "Tue, 27 Mar 2007 19:44:46 +0000", signature: "c2WLPFtWHVgbEmeEG93a4cG37dM="},
		{name: "upload", method: "PUT", path: "/static.johnsmith.net/db-backup.dat.gz", header: http.Header{
			"Content-Type": {"application/x-download"}, "Content-Md5": {"4gJE4saaMU4BqNR0kLY+lw=="},
			"X-Amz-Acl": {"public-read"}, "X-Amz-Meta-Reviewedby": {"joe@johnsmith.net", "jane@johnsmith.net"},
			"X-Amz-Meta-Filechecksum": {"0x02661779"}, "X-Amz-Meta-Checksumalgorithm": {"crc32"}, "Content-Encoding": {"gzip"},
		}, date: "Tue, 27 Mar 2007 21:06:08 +0000", signature: "ilyl83RwaSoYIEdixDQcA4OnAnc="},
		{name: "list all my buckets", method: "GET", path: "/",
			date: "Wed, 28 Mar 2007 01:29:59 +0000", signature: "qGdzdERIC03wnaRNKh6OqZehG9s="},
		{name: "Unicode keys", method: "GET", path: "/dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re",
			date: "Wed, 28 Mar 2007 01:49:49 +0000", signature: "DNEZGsoieTZ92F3bUfSPQcbGmlM="},
	} {
		t.Run(test.name, func(t *testing.T) {
			query, err := parseQuery(test.query)
			if err != nil {
				t.Fatal(err)
			}
			s := &Signature{
				req:   &sigv4.Request{Method: test.method, Header: test.header},
				query: query, date: test.date, given: test.signature, Expires: docsTime,
			}
			if err := s.Verify(testSecret, test.path, docsTime); err != nil {
				for text := range s.stringsToSign(test.path) {
					t.Logf("%q makes %s", text, sign(testSecret, text))
				}
				t.Error(err)
			}
		})
	}
}

// presigned is a request for a URL that the package's own text makes; the tests
// against the examples and boto3 say that the text is right.
func presigned(t *testing.T, method, target string, header http.Header) *sigv4.Request {
	t.Helper()
	path, query, _ := strings.Cut(target, "?")
	r := &sigv4.Request{Method: method, Host: "localhost:4566", Path: path, RawQuery: query, Header: header}
	r.RawQuery += "&AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=1175139620&Signature="
	unsigned := *r
	unsigned.RawQuery += "0"
	s, err := Parse(&unsigned)
	if err != nil {
		t.Fatal(err)
	}
	for text := range s.stringsToSign(path) {
		r.RawQuery += strings.NewReplacer("+", "%2B", "/", "%2F", "=", "%3D").Replace(sign(testSecret, text))
		break
	}
	return r
}

func verify(r *sigv4.Request) error {
	if !Signs(r) {
		return errIncomplete()
	}
	s, err := Parse(r)
	if err != nil {
		return err
	}
	return s.Verify(testSecret, r.Path, docsTime.Add(-time.Hour))
}

func TestVerifyRefusesEveryChange(t *testing.T) {
	original := func() *sigv4.Request {
		return presigned(t, "PUT", "/bucket/a%20key?versionId=one&response-content-type=text%2Fplain&x-amz-security-token=token&prefix=p",
			http.Header{"X-Amz-Acl": {"private"}, "Content-Type": {"text/plain"}, "Content-Md5": {"4gJE4saaMU4BqNR0kLY+lw=="}})
	}
	if err := verify(original()); err != nil {
		t.Fatalf("unchanged: %v", err)
	}
	query := func(old, new string) func(*sigv4.Request) {
		return func(r *sigv4.Request) {
			if !strings.Contains(r.RawQuery, old) {
				t.Fatalf("nothing to tamper with: %s", old)
			}
			r.RawQuery = strings.Replace(r.RawQuery, old, new, 1)
		}
	}
	add := func(what string) func(*sigv4.Request) { return func(r *sigv4.Request) { r.RawQuery += "&" + what } }
	header := func(name string, values ...string) func(*sigv4.Request) {
		return func(r *sigv4.Request) { r.Header[name] = values }
	}
	for name, change := range map[string]func(*sigv4.Request){
		"method":               func(r *sigv4.Request) { r.Method = "GET" },
		"key":                  func(r *sigv4.Request) { r.Path = "/bucket/a%20kez" },
		"bucket":               func(r *sigv4.Request) { r.Path = "/buckets/a%20key" },
		"path encoding":        func(r *sigv4.Request) { r.Path = "/bucket%2Fa%20key" },
		"path double encoding": func(r *sigv4.Request) { r.Path = "/bucket/a%2520key" },
		"path with dots":       func(r *sigv4.Request) { r.Path = "/other/../bucket/a%20key" },
		"expiry":               query("Expires=1175139620", "Expires=1175139621"),
		"expiry spelt again":   query("Expires=1175139620", "Expires=01175139620"),
		"expiry twice":         add("Expires=1175139620"),
		"no expiry":            query("&Expires=1175139620", ""),
		"signature":            query("Signature=", "Signature=A"),
		"no signature":         query("&Signature=", "&NoSignature="),
		"empty signature":      query("&Signature=", "&Signature=&x="),
		"signature twice":      add("Signature=x"),
		"key twice":            add("AWSAccessKeyId=x"),
		"sub-resource":         query("versionId=one", "versionId=two"),
		"sub-resource removed": query("versionId=one", ""),
		"sub-resource added":   add("acl"),
		"encoded sub-resource": add("%61cl"),
		"later sub-resource":   add("retention"),
		"override":             query("text%2Fplain", "text%2Fhtml"),
		"override plus":        query("text%2Fplain", "text+plain"),
		"token":                query("=token", "=other"),
		"token removed":        query("x-amz-security-token=token", ""),
		"token in the header":  header("X-Amz-Security-Token", "other"),
		"header":               header("X-Amz-Acl", "public-read"),
		"header twice":         header("X-Amz-Acl", "private", "public-read"),
		"header removed":       func(r *sigv4.Request) { delete(r.Header, "X-Amz-Acl") },
		"header added":         header("X-Amz-Copy-Source", "/other/key"),
		"header in the query":  add("x-amz-copy-source=/other/key"),
		"other case":           add("X-Amz-Acl=public-read"),
		"content type":         header("Content-Type", "text/html"),
		"second content type":  header("Content-Type", "text/plain", "text/html"),
		"no content type":      header("Content-Type"),
		"content hash":         header("Content-Md5", "XXXX4saaMU4BqNR0kLY+lw=="),
		"other mechanism":      header("Authorization", "AWS AKIAIOSFODNN7EXAMPLE:x"),
		"Version 4 beside it":  add("X-Amz-Signature=x"),
		"not a query":          add("%zz"),
		"semicolons":           add("a;b"),
	} {
		t.Run(name, func(t *testing.T) {
			r := original()
			change(r)
			var refusal *sigv4.Error
			if err := verify(r); !errors.As(err, &refusal) {
				t.Fatalf("%s?%s: %v", r.Path, r.RawQuery, err)
			}
			if a := refusal.Answer(sigv4.S3); a.Code == "" || a.Status < 400 || a.Message == "" {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestWhatASignatureDoesNotCoverDoesNotMatter(t *testing.T) {
	r := presigned(t, "GET", "/bucket/key", http.Header{})
	r.RawQuery += "&prefix=x&list-type=2&x-id=GetObject&cache-buster=1"
	r.Header = http.Header{"Range": {"bytes=0-1"}, "If-Match": {"x"}, "X-Amzn-Trace-Id": {"Root=1"}}
	if err := verify(r); err != nil {
		t.Error(err)
	}
}

// TestNoOperationCanBeMadeOfAnother holds the table of sub-resources against
// S3's model: what selects an operation is signed, but for what selects a
// form of list, and names that SDKs add.
func TestNoOperationCanBeMadeOfAnother(t *testing.T) {
	catalog, err := awsapi.Open()
	if err != nil {
		t.Fatal(err)
	}
	s3, err := catalog.Service("s3")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, op := range s3.Operations {
		_, fixed, _ := strings.Cut(op.URI, "?")
		for part := range strings.SplitSeq(fixed, "&") {
			name, _, _ := strings.Cut(part, "=")
			if name == "" || name == "list-type" || name == "x-id" {
				continue
			}
			seen++
			if !subresources[name] {
				t.Errorf("%s: ?%s is not signed", op.Name, name)
			}
		}
	}
	if seen < 50 {
		t.Errorf("the model has %d sub-resources; this test sees nothing", seen)
	}
}

func TestAHashThatIsSignedIsTheBodys(t *testing.T) {
	const sum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for value, want := range map[string]error{
		sum: nil, "UNSIGNED-PAYLOAD": nil, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": sigv4.BadPayloadHeader,
		"STREAMING-UNSIGNED-PAYLOAD-TRAILER": sigv4.BadPayloadHeader, "x": sigv4.BadPayloadHeader,
	} {
		r := docsRequest()
		r.Header.Set("X-Amz-Content-Sha256", value)
		s, err := Parse(r)
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", value, err)
		}
		if (s.ContentHash == sum) != (value == sum) {
			t.Errorf("%s: hash %q", value, s.ContentHash)
		}
	}
}

func TestRefusalsAreInS3sWords(t *testing.T) {
	for query, want := range map[string]string{
		"AWSAccessKeyId=A&Signature=x":                               "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
		"AWSAccessKeyId=A&Signature=x&Expires=tomorrow":              "Invalid date (should be seconds since epoch): tomorrow",
		"AWSAccessKeyId=A&Signature=x&Expires=-1":                    "Invalid date (should be seconds since epoch): -1",
		"AWSAccessKeyId=A&Signature=x&Expires=1":                     "Request has expired",
		"AWSAccessKeyId=A&Signature=x&Expires=9223372036854775807":   "Invalid date (should be seconds since epoch): 9223372036854775807",
		"AWSAccessKeyId=A&Signature=x&Expires=99999999999":           "Expires must be less than a week from now",
		"AWSAccessKeyId=A&Signature=x&Expires=99999999999999999999":  "Invalid date (should be seconds since epoch): 99999999999999999999",
		"AWSAccessKeyId=A&Signature=x&Expires=1175139620":            "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
		"AWSAccessKeyId=A&Signature=x&Expires=1&x-amz-acl=a":         "Request has expired",
		"AWSAccessKeyId=A&Signature=x&Expires=1&x-amz-meta-a=a":      "The header and the query parameter x-amz-meta-a differ.",
		"AWSAccessKeyId=A&Signature=x&Expires=1&Signature=y&x=y&x=z": "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
	} {
		r := &sigv4.Request{Method: "GET", Path: "/b/k", RawQuery: query, Header: http.Header{"X-Amz-Meta-A": {"b"}}}
		var refusal *sigv4.Error
		if err := verify(r); !errors.As(err, &refusal) || refusal.Answer(sigv4.S3).Message != want {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// FuzzParse: whatever is sent is parsed or refused with an answer, and nothing
// but the secret makes a signature.
func FuzzParse(f *testing.F) {
	f.Add("GET", docsPath, docsQuery, "")
	f.Add("PUT", "", "AWSAccessKeyId&Signature&Expires", "x")
	f.Add("GET", "/%zz", "AWSAccessKeyId=a&Signature=b&Expires=1&acl=&acl&x-amz-acl=a&X-AMZ-ACL=b&%", "private")
	f.Fuzz(func(t *testing.T, method, path, query, acl string) {
		r := &sigv4.Request{Method: method, Path: path, RawQuery: query, Header: http.Header{}}
		if acl != "" {
			r.Header.Set("X-Amz-Acl", acl)
		}
		Signs(r)
		s, err := Parse(r)
		if err == nil {
			err = s.Verify("a secret that no fuzzer finds", path, s.Expires)
		}
		var refusal *sigv4.Error
		if !errors.As(err, &refusal) {
			t.Fatalf("accepted or no refusal: %v", err)
		}
		for family := sigv4.Query; family <= sigv4.S3; family++ {
			if a := refusal.Answer(family); a.Code == "" || a.Status < 400 || a.Message == "" {
				t.Errorf("family %d: %+v", family, a)
			}
		}
	})
}
