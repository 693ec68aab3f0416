package sigv4

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// The examples of the S3 API reference: key AKIAIOSFODNN7EXAMPLE, bucket
// examplebucket, 2013-05-24T00:00:00Z.
const docsSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

var docsTime = time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)

func docsRequest(t *testing.T, line, headers, signed, signature string) *Request {
	t.Helper()
	r := readRequest(t, line, headers+"X-Amz-Date:20130524T000000Z\n")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders="+
		signed+",Signature="+signature)
	return r
}

func TestVerifyAcceptsTheS3Examples(t *testing.T) {
	const bucket = "Host:examplebucket.s3.amazonaws.com\n"
	for _, c := range []struct{ name, line, headers, signed, signature, body string }{
		{"get object", "GET /test.txt", bucket + "Range:bytes=0-9\nx-amz-content-sha256:" + emptyHash + "\n",
			"host;range;x-amz-content-sha256;x-amz-date", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", ""},
		{"put object", "PUT /test$file.text", bucket + "Date:Fri, 24 May 2013 00:00:00 GMT\nx-amz-storage-class:REDUCED_REDUNDANCY\n" +
			"x-amz-content-sha256:44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072\n",
			"date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd", "Welcome to Amazon S3."},
		{"get lifecycle", "GET /?lifecycle", bucket + "x-amz-content-sha256:" + emptyHash + "\n",
			"host;x-amz-content-sha256;x-amz-date", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543", ""},
		{"list objects", "GET /?max-keys=2&prefix=J", bucket + "x-amz-content-sha256:" + emptyHash + "\n",
			"host;x-amz-content-sha256;x-amz-date", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			sig, err := Parse(docsRequest(t, c.line, c.headers, c.signed, c.signature))
			if err != nil {
				t.Fatal(err)
			}
			for _, hash := range []string{"", HashHex([]byte(c.body))} {
				if err := sig.Verify(docsSecret, docsTime, hash); err != nil {
					t.Errorf("%v%s", err, err.(*Error).Explain())
				}
			}
			if err := sig.Verify(docsSecret, docsTime, HashHex([]byte("other"))); !errors.Is(err, PayloadMismatch) {
				t.Errorf("another body: %v", err)
			}
		})
	}
}

const presignedExample = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request" +
	"&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host" +
	"&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"

func TestVerifyAcceptsThePresignedExampleUntilItExpires(t *testing.T) {
	r := readRequest(t, "GET /test.txt?"+presignedExample, "Host:examplebucket.s3.amazonaws.com\n")
	sig, err := Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	if !sig.Presigned || sig.Expires != 24*time.Hour || sig.Payload != PayloadUnsigned {
		t.Errorf("%+v", sig)
	}
	for _, c := range []struct {
		after time.Duration
		want  error
	}{{0, nil}, {24 * time.Hour, nil}, {24*time.Hour + time.Second, Expired}, {-15 * time.Minute, nil}, {-16 * time.Minute, NotYetCurrent}} {
		if err := sig.Verify(docsSecret, docsTime.Add(c.after), ""); !errors.Is(err, c.want) {
			t.Errorf("after %v: %v, want %v", c.after, err, c.want)
		}
	}
}

const (
	chunksHeaders = "Host:s3.amazonaws.com\nx-amz-storage-class:REDUCED_REDUNDANCY\nx-amz-content-sha256:STREAMING-AWS4-HMAC-SHA256-PAYLOAD\n" +
		"Content-Encoding:aws-chunked\nx-amz-decoded-content-length:66560\nContent-Length:66824\n"
	trailerHeaders = "Host:s3.amazonaws.com\nx-amz-storage-class:REDUCED_REDUNDANCY\nx-amz-content-sha256:STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER\n" +
		"Content-Encoding:aws-chunked\nx-amz-decoded-content-length:66560\nx-amz-trailer:x-amz-checksum-crc32c\nContent-Length:66824\n"
	trailerSig = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"
)

var (
	chunksBody = "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" + strings.Repeat("a", 65536) + "\r\n" +
		"400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" + strings.Repeat("a", 1024) + "\r\n" +
		"0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
	trailerBody = "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n" + strings.Repeat("a", 65536) + "\r\n" +
		"400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n" + strings.Repeat("a", 1024) + "\r\n" +
		"0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n" +
		"x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:" + trailerSig + "\r\n\r\n"
)

func chunksSignature(t *testing.T, trailer bool) *Signature {
	t.Helper()
	headers, signed, signature := chunksHeaders,
		"content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
		"4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
	if trailer {
		headers, signed, signature = trailerHeaders,
			"content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
			"106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
	}
	sig, err := Parse(docsRequest(t, "PUT /examplebucket/chunkObject.txt", headers, signed, signature))
	if err != nil {
		t.Fatal(err)
	}
	if err := sig.Verify(docsSecret, docsTime, ""); err != nil {
		t.Fatalf("%v%s", err, err.(*Error).Explain())
	}
	return sig
}

func TestBodyDecodesAndProvesTheChunkedExamples(t *testing.T) {
	for name, c := range map[string]struct {
		body    string
		trailer bool
	}{
		"chunks":                            {chunksBody, false},
		"trailer":                           {trailerBody, true},
		"trailer after an empty line":       {strings.Replace(trailerBody, "f992\r\nx-amz", "f992\r\n\r\nx-amz", 1), true},
		"trailer with a bare newline":       {strings.Replace(trailerBody, "Q==\r\n", "Q==\n\r\n", 1), true},
		"trailer without its last line end": {strings.TrimSuffix(trailerBody, "\r\n"), true},
	} {
		t.Run(name, func(t *testing.T) {
			for rname, wrap := range map[string]func(io.Reader) io.Reader{
				"whole": func(r io.Reader) io.Reader { return r },
				"bytes": iotest.OneByteReader, "halves": iotest.HalfReader, "eof": iotest.DataErrReader,
			} {
				body, err := chunksSignature(t, c.trailer).Body(io.NopCloser(wrap(strings.NewReader(c.body))), docsSecret)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(body)
				if err != nil {
					t.Fatalf("%s: %v", rname, err)
				}
				if !bytes.Equal(got, bytes.Repeat([]byte("a"), 66560)) {
					t.Errorf("%s: %d bytes", rname, len(got))
				}
				if c.trailer && body.(*ChunkedReader).Trailer().Get("x-amz-checksum-crc32c") != "sOO8/Q==" {
					t.Errorf("%s: trailer %v", rname, body.(*ChunkedReader).Trailer())
				}
			}
		})
	}
}

func TestUnprovenBodiesAreDecodedWithoutTheSecret(t *testing.T) {
	for _, c := range []struct {
		body    string
		trailer bool
		want    error
	}{
		{strings.Replace(chunksBody, "=ad80", "=ad81", 1), false, nil},
		{strings.Replace(trailerBody, "ture:d81f", "ture:d81e", 1), true, nil},
		{strings.Replace(trailerBody, "sOO8", "sOO9", 1), true, ChecksumMismatch},
		{strings.Replace(chunksBody, "9df9\r\n\r\n", "9df9\r\n", 1), false, BadBody},
	} {
		unproven := chunksSignature(t, c.trailer).Unproven()
		body, err := unproven.Body(io.NopCloser(strings.NewReader(c.body)), "")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(body); !errors.Is(err, c.want) || len(got) != 66560 {
			t.Errorf("%d bytes, %v; want %v", len(got), err, c.want)
		}
	}
}
