package sigv4

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// FuzzParse: whatever is sent is parsed or refused with an answer in every
// family, and nothing but the secret makes a signature.
func FuzzParse(f *testing.F) {
	f.Add("GET", "/", presignedExample, "", "", "host")
	f.Add("GET", "/a/../b", "a=%zz&b+c=%2f&&=", "AWS4-HMAC-SHA256 Credential=A/20130524/r/s/aws4_request,SignedHeaders=host,Signature=0", "20130524T000000Z", "h:443")
	f.Add("PUT", "", "SignatureVersion=2", "AWS A:b", "", "")
	f.Add("POST", "//%", "X-Amz-Algorithm", "Bearer x", "Fri, 24 May 2013 00:00:00 GMT", "h:80")
	f.Add("POST", "/", "", "AWS4-HMAC-SHA256 Credential=A/20130524/r/s3/aws4_request,SignedHeaders=host;;x,Signature=,", "20130524T000000Z", "h")
	f.Fuzz(func(t *testing.T, method, path, query, authorization, date, host string) {
		r := &Request{Method: method, Host: host, Path: path, RawQuery: query, Header: map[string][]string{}}
		for name, value := range map[string]string{"Authorization": authorization, "X-Amz-Date": date, "X-Amz-Content-Sha256": unsignedPayload} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		sig, err := Parse(r)
		if err == nil {
			// At the signature's own time, so that most get past Check.
			err = sig.Verify("a secret that no fuzzer finds", sig.Time, emptyHash)
		}
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("accepted or no refusal: %v", err)
		}
		for family := Query; family <= S3; family++ {
			if a := e.Answer(family); a.Code == "" || a.Status < 400 || a.Message == "" {
				t.Errorf("family %d: %+v", family, a)
			}
		}
	})
}

// FuzzChunkedReader: no body makes the reader return more than the declared
// length, something else than an unchunked body holds, or hang; and how the
// body arrives does not matter.
func FuzzChunkedReader(f *testing.F) {
	f.Add([]byte(unsignedBody([]byte("hello"), 8192)), int64(5), 0)
	f.Add([]byte(unsignedBody(bytes.Repeat([]byte("ab"), 9000), 8192)), int64(18000), 0)
	f.Add([]byte(chunksBody[:200]), int64(66560), 1)
	f.Add([]byte(trailerBody[len(trailerBody)-300:]), int64(0), 2)
	f.Add([]byte("0\r\n\r\n"), int64(0), 0)
	modes := []Payload{PayloadUnsignedTrailer, PayloadChunks, PayloadChunksTrailer}
	f.Fuzz(func(t *testing.T, body []byte, length int64, mode int) {
		sig := unsignedSignature("x-amz-checksum-crc32")
		sig.Payload = modes[uint(mode)%uint(len(modes))]
		whole, err := io.ReadAll(NewChunkedReader(bytes.NewReader(body), sig, "secret", length))
		if int64(len(whole)) > max(length, 0) {
			t.Fatalf("%d bytes came out of %d declared", len(whole), length)
		}
		again, err2 := io.ReadAll(NewChunkedReader(iotest.OneByteReader(bytes.NewReader(body)), sig, "secret", length))
		if (err == nil) != (err2 == nil) || err == nil && !bytes.Equal(whole, again) {
			t.Fatalf("byte by byte: %q, %v; whole: %q, %v", again, err2, whole, err)
		}
		if err == nil && (int64(len(whole)) != length || sig.Payload != PayloadUnsignedTrailer) {
			t.Fatalf("accepted %q", body)
		}
	})
}

func FuzzCanonicalPath(f *testing.F) {
	for _, c := range suite {
		_, target, _ := strings.Cut(c.request, " ")
		f.Add(target)
	}
	f.Fuzz(func(t *testing.T, path string) {
		for _, s3 := range []bool{true, false} {
			forms := canonicalPaths(path, s3)
			if len(forms) == 0 || len(forms) > 3 {
				t.Fatalf("%d forms", len(forms))
			}
		}
		if n := normalize(path); normalize(n) != n || !strings.HasPrefix(n, "/") || strings.Contains(n, "//") {
			t.Errorf("normalize(%q) = %q", path, n)
		}
		if got := decode(escape(path, false), false); got != path {
			t.Errorf("decode(escape(%q)) = %q", path, got)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	r := &Request{Method: "POST", Host: "dynamodb.us-east-1.amazonaws.com", Path: "/", Header: map[string][]string{
		"X-Amz-Date": {"20150830T123600Z"}, "X-Amz-Target": {"DynamoDB_20120810.GetItem"}, "Content-Type": {"application/x-amz-json-1.0"},
		"X-Amz-Security-Token": {suiteToken}, "User-Agent": {"aws-cli/2"},
		"Authorization": {"AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1/dynamodb/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature="}}}
	r.Header.Set("Authorization", r.Header.Get("Authorization")+"0")
	sig, err := Parse(r)
	if err != nil {
		b.Fatal(err)
	}
	err = sig.Verify(suiteSecret, suiteTime, emptyHash)
	toSign := err.(*Error).toSign
	r.Header.Set("Authorization", strings.TrimSuffix(r.Header.Get("Authorization"), "0")+signHex(sig.signingKey(suiteSecret), toSign))
	b.ReportAllocs()
	for b.Loop() {
		sig, err := Parse(r)
		if err != nil {
			b.Fatal(err)
		}
		if err := sig.Verify(suiteSecret, suiteTime, emptyHash); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSigningKey(b *testing.B) {
	sig := &Signature{Date: "20150830", Region: "us-east-1", Service: "dynamodb"}
	for b.Loop() {
		sig.signingKey(suiteSecret)
	}
}

func BenchmarkChunkedReader(b *testing.B) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	body := unsignedBody(data, 1<<17)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := io.Copy(io.Discard, NewChunkedReader(strings.NewReader(body), unsignedSignature("x-amz-checksum-crc32"), "", int64(len(data)))); err != nil {
			b.Fatal(err)
		}
	}
}
