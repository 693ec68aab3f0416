package gateway

import (
	"context"
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"testing"
)

// memoryStore is an ObjectStore that keeps the last upload.
type memoryStore struct {
	body    string
	trailer http.Header
	length  int64
	err     error
}

func (m *memoryStore) Forward(_ context.Context, _ string, r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		if body, m.err = io.ReadAll(r.Body); m.err != nil {
			return nil, m.err
		}
	}
	m.body, m.trailer, m.length = string(body), r.Trailer, r.ContentLength
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}, nil
}

// chunked codes a body as aws-chunked; signature is that of each chunk, and
// trailer its last lines.
func chunked(body, signature, trailer string) string {
	var b strings.Builder
	for _, chunk := range []string{body[:len(body)/2], body[len(body)/2:], ""} {
		fmt.Fprintf(&b, "%x", len(chunk))
		if signature != "" {
			b.WriteString(";chunk-signature=" + signature)
		}
		b.WriteString("\r\n" + chunk)
		if chunk != "" {
			b.WriteString("\r\n")
		}
	}
	return b.String() + trailer + "\r\n"
}

func TestInOpenModeUploadsAreDecodedAndTheirSignaturesTakenAsGiven(t *testing.T) {
	body := strings.Repeat("what a client sends ", 1<<10)
	var sum [4]byte
	crc := crc32.ChecksumIEEE([]byte(body))
	for i := range sum {
		sum[i] = byte(crc >> (24 - 8*i))
	}
	right := "x-amz-checksum-crc32:" + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n"
	wrong := "x-amz-checksum-crc32:AAAAAA==\r\n"
	signed := strings.Repeat("0", 64)
	for _, test := range []struct {
		name, payload, sent, refused string
	}{
		{"plain", "UNSIGNED-PAYLOAD", body, ""},
		{"signed chunks", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", chunked(body, signed, ""), ""},
		{"signed trailer", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", chunked(body, signed, right+"x-amz-trailer-signature:"+signed+"\r\n"), ""},
		{"trailer", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", chunked(body, "", right), ""},
		{"wrong checksum", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", chunked(body, "", wrong), "BadDigest"},
		{"wrong hash", strings.Repeat("0", 64), body, "XAmzContentSHA256Mismatch"},
		{"cut off", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", chunked(body, signed, "")[:9000], "IncompleteBody"},
	} {
		for _, unsigned := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, unsigned %v", test.name, unsigned), func(t *testing.T) {
				store := &memoryStore{}
				// Streams are not held in memory, so their limit is not that of other bodies.
				f := newFront(t, Objects(store, Limits{}), func(o *Options) { o.Auth, o.Limits.Body = AuthOpen, 10<<10 })
				req, err := http.NewRequestWithContext(t.Context(), "PUT", f.server.URL+"/bucket/key", strings.NewReader(test.sent))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("X-Amz-Content-Sha256", test.payload)
				if strings.HasPrefix(test.payload, "STREAMING-") {
					req.Header.Set("Content-Encoding", "aws-chunked")
					req.Header.Set("X-Amz-Decoded-Content-Length", fmt.Sprint(len(body)))
				}
				if strings.HasSuffix(test.payload, "TRAILER") {
					req.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32")
				}
				if !unsigned {
					req.Header.Set("X-Amz-Date", "20260101T000000Z")
					req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
				}
				a := f.do(req)
				e := f.journal.only()
				if e.EventName != "PutObject" || e.ErrorCode != test.refused {
					t.Errorf("event %s, error %q", e.EventName, e.ErrorCode)
				}
				if test.refused != "" {
					a.mustHave(t, 400, test.refused)
					return
				}
				a.mustHave(t, 200, "")
				if store.body != body || store.length != int64(len(body)) {
					t.Errorf("%d bytes are stored of a length of %d", len(store.body), store.length)
				}
				if got := store.trailer.Get("X-Amz-Checksum-Crc32"); (got != "") != strings.HasSuffix(test.payload, "TRAILER") {
					t.Errorf("trailer %v", store.trailer)
				}
			})
		}
	}
}
