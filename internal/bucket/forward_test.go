package bucket

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
)

func TestForwardLeavesTheRequestAsItWas(t *testing.T) {
	s := start(t)
	must(t, s, request("PUT", "/logs", ""))
	r := request("PUT", "/logs/key?x-id=PutObject", "body")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=them")
	r.Header.Set("Content-Encoding", "aws-chunked")
	r.Header.Set(hashHeader, streamingUnsigned)
	header, target := r.Header.Clone(), *r.URL
	must(t, s, r)
	if *r.URL != target {
		t.Errorf("URL = %v, was %v", r.URL, &target)
	}
	for name := range header {
		if r.Header.Get(name) != header.Get(name) {
			t.Errorf("%s = %q, was %q", name, r.Header.Get(name), header.Get(name))
		}
	}
}

func TestUploadThatIsCutOffStoresNothing(t *testing.T) {
	s := start(t)
	must(t, s, request("PUT", "/logs", ""))
	bad := errors.New("the client has gone")
	size := int64(3 * chunkSize)
	sum := sha256.Sum256(make([]byte, size))
	hashes := map[string]string{
		"unsigned":       unsignedPayload,
		"no hash":        "",
		"hash":           hex.EncodeToString(sum[:]),
		"signed chunks":  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
		"signed trailer": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
	}
	body := func(sent int64, end error) func() io.Reader {
		return func() io.Reader { return io.MultiReader(bytes.NewReader(make([]byte, sent)), iotest.ErrReader(end)) }
	}
	bodies := map[string]func() io.Reader{
		"error in the middle": body(size/2, bad),
		"error at the end":    body(size, bad),
		"early end":           body(size/2, io.EOF),
	}
	for hashed, hash := range hashes {
		for cut, body := range bodies {
			t.Run(hashed+", "+cut, func(t *testing.T) {
				if hashed == "hash" && cut == "error at the end" {
					t.Skip("the bytes are those that the client has signed")
				}
				r := httptest.NewRequest("PUT", "http://localhost/logs/cut", body())
				r.ContentLength = size
				if hash != "" {
					r.Header.Set(hashHeader, hash)
				}
				if res, err := s.Forward(t.Context(), account, r); err == nil {
					res.Body.Close()
					if res.StatusCode < 300 {
						t.Errorf("the upload was accepted: %s", res.Status)
					}
				}
				if status, _, _ := do(t, s, request("HEAD", "/logs/cut", "")); status != http.StatusNotFound {
					t.Errorf("HEAD after an upload that was cut off: %d, want 404", status)
				}
			})
		}
	}
}

func TestTrailingChecksumIsCheckedByTheServer(t *testing.T) {
	s := start(t)
	must(t, s, request("PUT", "/logs", ""))
	put := func(value string) *http.Request {
		r := request("PUT", "/logs/key", "hello")
		r.Header.Set(hashHeader, streamingUnsigned)
		r.Header.Set("Content-Encoding", "gzip, aws-chunked")
		r.Header.Set(lengthHeader, "5")
		r.Header.Set(trailerHeader, "x-amz-checksum-crc32")
		r.Header.Set("X-Amz-Sdk-Checksum-Algorithm", "CRC32")
		r.Trailer = http.Header{"X-Amz-Checksum-Crc32": {value}}
		return r
	}
	for _, wrong := range []string{"AAAAAA==", "", "what?"} {
		if status, _, body := do(t, s, put(wrong)); status != http.StatusBadRequest {
			t.Errorf("checksum %q: %d %s, want 400", wrong, status, body)
		}
	}
	must(t, s, put("NhCmhg=="))
	get := request("GET", "/logs/key", "")
	get.Header.Set("X-Amz-Checksum-Mode", "ENABLED")
	header, body := must(t, s, get)
	if header.Get("X-Amz-Checksum-Crc32") != "NhCmhg==" || header.Get("Content-Encoding") != "gzip" || body != "hello" {
		t.Errorf("GET: %v %q", header, body)
	}
}

func TestTrailerOfAnEmptyObjectIsRead(t *testing.T) {
	s := start(t)
	must(t, s, request("PUT", "/logs", ""))
	r := request("PUT", "/logs/key", "")
	r.Header.Set(hashHeader, streamingUnsigned)
	r.Header.Set(trailerHeader, "x-amz-checksum-crc32")
	r.Trailer = http.Header{}
	r.Body = io.NopCloser(&unchunked{
		r:       bufio.NewReader(strings.NewReader("0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n")),
		trailer: r.Trailer,
	})
	must(t, s, r)
}

func TestUnknownTrailerIsRefusedByTheServer(t *testing.T) {
	s := start(t)
	must(t, s, request("PUT", "/logs", ""))
	r := request("PUT", "/logs/key", "hello")
	r.Header.Set(hashHeader, streamingUnsigned)
	r.Header.Set(trailerHeader, "x-amz-checksum-adler32")
	if status, _, body := do(t, s, r); status != http.StatusBadRequest {
		t.Errorf("%d %s, want 400", status, body)
	}
}

func TestUploadOfUnknownLengthIsAskedForIt(t *testing.T) {
	s := start(t)
	must(t, s, request("PUT", "/logs", ""))
	for _, hash := range []string{"", unsignedPayload, streamingUnsigned} {
		r := request("PUT", "/logs/key", "hello")
		r.ContentLength = -1
		r.Header.Set(hashHeader, hash)
		if status, _, body := do(t, s, r); status != http.StatusLengthRequired {
			t.Errorf("%q: %d %s, want 411", hash, status, body)
		}
	}
}

func TestUploadBeyondTheLimitIsRefused(t *testing.T) {
	s := start(t)
	must(t, s, request("PUT", "/logs", ""))
	for _, length := range []int64{maxUpload + 1, math.MaxInt64} {
		r := request("PUT", "/logs/key", "")
		r.Body = io.NopCloser(neverEnding('x'))
		r.ContentLength = length
		res, err := s.Forward(t.Context(), account, r)
		if err != nil {
			continue // the server has closed the connection before all was sent
		}
		res.Body.Close()
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("%d bytes: %s, want 400", length, res.Status)
		}
	}
}

// neverEnding is a body of one byte, again and again.
type neverEnding byte

func (b neverEnding) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

func TestKeysArriveAsTheyAre(t *testing.T) {
	s := start(t)
	must(t, s, request("PUT", "/logs", ""))
	keys := []string{
		"plain", "with space", "plus+sign", "a=b&c", "100%", "ünïcode/日本", "semi;colon", "tilde~'()*!",
		"question?mark", "hash#", "comma,at@colon:",
	}
	for _, key := range keys {
		target := (&url.URL{Path: "/logs/" + key}).EscapedPath()
		must(t, s, request("PUT", target, key))
		if _, body := must(t, s, request("GET", target, "")); body != key {
			t.Errorf("GET %s = %q", target, body)
		}
	}
	_, list := must(t, s, request("GET", "/logs?list-type=2&encoding-type=url", ""))
	if got := strings.Count(list, "<Key>"); got != len(keys) {
		t.Errorf("%d of %d keys listed: %s", got, len(keys), list)
	}
}

func TestPathsDoNotLeaveTheBucket(t *testing.T) {
	s := start(t)
	must(t, s, request("PUT", "/logs", ""))
	for _, path := range []string{
		"/logs/../../escape", "/logs/%2e%2e/%2e%2e/escape", "/logs/..%2f..%2fescape", "/../escape", "/%2e%2e/escape",
		"/logs/a/../../../escape",
	} {
		r := request("PUT", "/", "x")
		r.URL.Path, _ = url.PathUnescape(path)
		r.URL.RawPath = path
		if status, _, body := do(t, s, r); status < 400 {
			t.Errorf("PUT %s: %d %s", path, status, body)
		}
	}
}

func TestBucketKeepsItsRegion(t *testing.T) {
	s := start(t)
	tests := []struct{ bucket, body, header, location string }{
		{"none", "", "us-east-1", ""},
		{"paris", "eu-west-3", "eu-west-3", "eu-west-3"},
		{"gov", "us-gov-west-1", "us-gov-west-1", "us-gov-west-1"},
	}
	for _, test := range tests {
		t.Run(test.bucket, func(t *testing.T) {
			create := request("PUT", "/"+test.bucket, "")
			if test.body != "" {
				create = request("PUT", "/"+test.bucket, `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`+
					`<LocationConstraint>`+test.body+`</LocationConstraint></CreateBucketConfiguration>`)
				create.Header.Set("X-Amz-Checksum-Crc32", "AAAAAA==")
				create.Header.Set("X-Amz-Sdk-Checksum-Algorithm", "CRC32")
				sum := sha256.Sum256([]byte("as signed"))
				create.Header.Set(hashHeader, hex.EncodeToString(sum[:]))
			}
			must(t, s, create)
			if head, _ := must(t, s, request("HEAD", "/"+test.bucket, "")); head.Get("X-Amz-Bucket-Region") != test.header {
				t.Errorf("HEAD: %v", head)
			}
			_, body := must(t, s, request("GET", "/"+test.bucket+"?location", ""))
			if test.location != "" && !strings.Contains(body, ">"+test.location+"</LocationConstraint>") ||
				test.location == "" && strings.Contains(body, "us-east-1") {
				t.Errorf("GET ?location: %s", body)
			}
		})
	}
	for _, wrong := range []string{"nowhere", "../../x", "EU-WEST-1", ""} {
		r := request("PUT", "/wrong", `<CreateBucketConfiguration><LocationConstraint>`+wrong+`</LocationConstraint></CreateBucketConfiguration>`)
		if status, _, body := do(t, s, r); status != http.StatusBadRequest {
			t.Errorf("location %q: %d %s, want 400", wrong, status, body)
		}
	}
}

func TestTheListOfBucketsSaysTheRegionOfEach(t *testing.T) {
	s := start(t)
	if _, body := must(t, s, request("GET", "/", "")); strings.Contains(body, "<Bucket>") {
		t.Errorf("no buckets: %s", body)
	}
	for bucket, location := range map[string]string{"none": "", "paris": "eu-west-3", "paris2": "eu-west-3", "gov": "us-gov-west-1"} {
		body := ""
		if location != "" {
			body = "<CreateBucketConfiguration><LocationConstraint>" + location + "</LocationConstraint></CreateBucketConfiguration>"
		}
		must(t, s, request("PUT", "/"+bucket, body))
	}
	entry := regexp.MustCompile(`<Bucket><CreationDate>[0-9TZ:-]+</CreationDate><Name>(.*?)</Name><BucketRegion>(.*?)</BucketRegion></Bucket>`)
	for query, want := range map[string]string{
		"":                         "gov us-gov-west-1, none us-east-1, paris eu-west-3, paris2 eu-west-3",
		"?bucket-region=eu-west-3": "paris eu-west-3, paris2 eu-west-3",
		"?bucket-region=us-east-1": "none us-east-1",
		"?bucket-region=nowhere":   "",
		"?prefix=p&max-buckets=1":  "paris eu-west-3",
	} {
		header, body := must(t, s, request("GET", "/"+query, ""))
		var got []string
		for _, m := range entry.FindAllStringSubmatch(body, -1) {
			got = append(got, m[1]+" "+m[2])
		}
		if strings.Join(got, ", ") != want || header.Get("Content-Length") != fmt.Sprint(len(body)) {
			t.Errorf("GET /%s: %s", query, body)
		}
		if strings.Contains(body, "<ContinuationToken>paris</ContinuationToken>") != strings.Contains(query, "max") {
			t.Errorf("GET /%s: %s", query, body)
		}
	}
}

func TestExpectedBucketOwnerIsTheAccount(t *testing.T) {
	s := start(t)
	must(t, s, request("PUT", "/logs", ""))
	for owner, want := range map[string]int{account: http.StatusOK, "210987654321": http.StatusForbidden} {
		r := request("GET", "/logs?list-type=2", "")
		r.Header.Set("X-Amz-Expected-Bucket-Owner", owner)
		if status, _, body := do(t, s, r); status != want {
			t.Errorf("owner %s: %d %s, want %d", owner, status, body, want)
		}
	}
}

func FuzzCutLocation(f *testing.F) {
	f.Add(`<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint><Tags/></CreateBucketConfiguration>`)
	f.Add(`<a><LocationConstraint>eu-west-1`)
	f.Add(`<LocationConstraint/>`)
	f.Fuzz(func(t *testing.T, doc string) {
		rest, location := cutLocation([]byte(doc))
		switch {
		case location == "" && string(rest) != doc:
			t.Errorf("a document without a location was changed to %q", rest)
		case location != "" && (!regionPattern.MatchString(location) || len(rest) >= len(doc)):
			t.Errorf("location %q of %q leaves %q", location, doc, rest)
		}
	})
}
