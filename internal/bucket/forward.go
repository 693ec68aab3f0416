package bucket

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/aws/smithy-go/encoding/httpbinding"

	"github.com/cairn-audit/cairn/internal/sigv4"
)

const (
	hashHeader    = "X-Amz-Content-Sha256"
	lengthHeader  = "X-Amz-Decoded-Content-Length"
	trailerHeader = "X-Amz-Trailer"

	unsignedPayload   = "UNSIGNED-PAYLOAD"
	streamingUnsigned = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

	// maxUpload is S3's limit. What is announced as longer goes as it is, for
	// the server to refuse.
	maxUpload = 5 << 30
)

// Forward sends an authenticated request of an account to the server, signed
// anew, and returns its answer, whose body the caller closes. A change is durable
// then. Whether the account may do what it asks is decided before, see
// ResourcePolicy; a caller without credentials has the account "".
//
// The request is the client's, in path style, with these differences: what a
// presigned URL stands for is in its place (sigv4.Unpresign), and where the body
// came aws-chunked, Body yields the decoded bytes, ContentLength is their
// number, and Trailer holds the decoded trailers once Body has ended.
// Body must return an error, not io.EOF, where the client sent less or other
// than it signed; nothing is stored then. Forward does not change r and does
// not close its body.
//
// An error is one of the way to the server, of r.Body, or of the sync; whether
// a change was made is then unknown. What the server refuses is an answer.
func (s *Server) Forward(ctx context.Context, account string, r *http.Request) (*http.Response, error) {
	if p, ok := asPolicyRequest(r); ok {
		return s.answerPolicy(ctx, p, account)
	}
	out := outgoing(ctx, r)
	place := locate(out)
	if err := place.prepare(out); err != nil {
		return nil, fmt.Errorf("forward to the S3 server: %w", err)
	}
	if err := s.sign(ctx, out, account, place); err != nil {
		return nil, err
	}
	res, err := s.roundTrip(out)
	if err != nil {
		return nil, fmt.Errorf("call the S3 server: %w", err)
	}
	if err := s.relocate(place, res); err != nil {
		res.Body.Close()
		return nil, err
	}
	tidy(res.Header)
	return res, nil
}

// tidy takes away what the server repeats of its identifiers.
func tidy(h http.Header) {
	for _, name := range []string{"X-Amz-Request-Id", "X-Amz-Id-2"} {
		if values := h[name]; len(values) > 1 {
			h[name] = values[:1]
		}
	}
}

// outgoing makes the request to the server, all but its signature.
func outgoing(ctx context.Context, r *http.Request) *http.Request {
	// The server verifies the signature over its own coding of the decoded
	// path, so that is how the path has to be coded.
	u := &url.URL{
		Scheme: "http", Host: "s3", RawQuery: r.URL.RawQuery,
		Path: r.URL.Path, RawPath: httpbinding.EscapePath(r.URL.Path, false),
	}
	out := (&http.Request{
		Method: r.Method, URL: u, Host: r.Host, Header: endToEnd(r.Header),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	for _, name := range []string{"Authorization", "Date", "Expect", "X-Amz-Date", "X-Amz-Security-Token"} {
		out.Header.Del(name)
	}
	if _, ok := out.Header["User-Agent"]; !ok {
		out.Header.Set("User-Agent", "") // keeps net/http from adding its own
	}
	setBody(out, r)
	return out
}

// setBody chooses the form in which the body travels. An upload whose bytes
// are not covered by a hash that the server checks goes aws-chunked, because
// the server takes the end of the connection for the end of the object
// otherwise.
func setBody(out, r *http.Request) {
	hash := out.Header.Get(hashHeader)
	streaming := strings.HasPrefix(hash, "STREAMING-")
	if streaming {
		sigv4.Unchunk(out.Header)
	}
	trailer := out.Header.Get(trailerHeader)
	out.Header.Del(trailerHeader)
	out.Header.Del(lengthHeader)
	length := r.ContentLength
	if r.Body == nil || r.Body == http.NoBody {
		length = 0
	}

	switch {
	case isHash(hash):
	case length >= 0 && length <= maxUpload && (streaming || isUpload(out)):
		out.Header.Set(hashHeader, streamingUnsigned)
		out.Header.Set(lengthHeader, strconv.FormatInt(length, 10))
		if trailer != "" {
			out.Header.Set(trailerHeader, trailer)
		}
		var body io.Reader = http.NoBody
		if r.Body != nil {
			body = r.Body // read even if it is empty: trailers come after it
		}
		f := newFramed(body, length, trailer, func(name string) string { return r.Trailer.Get(name) })
		out.Body, out.ContentLength = io.NopCloser(f), f.Len()
		return
	default:
		out.Header.Set(hashHeader, unsignedPayload)
	}
	// The server asks for a length, as S3 does, and then leaves the body on
	// the connection.
	out.Close = length < 0
	if length != 0 {
		out.Body, out.ContentLength = io.NopCloser(r.Body), length
	}
}

// isUpload reports whether a request carries an object's bytes: PutObject and
// UploadPart, the two operations for which the server takes aws-chunked.
func isUpload(r *http.Request) bool {
	_, key := splitPath(r.URL.Path)
	if r.Method != http.MethodPut || key == "" || r.Header.Get("X-Amz-Copy-Source") != "" {
		return false
	}
	q := r.URL.Query()
	for _, sub := range []string{"acl", "legal-hold", "retention", "tagging"} {
		if q.Has(sub) {
			return false
		}
	}
	return true
}

// splitPath splits a path-style path. The key is empty for a bucket.
func splitPath(path string) (bucket, key string) {
	bucket, key, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return bucket, key
}

// isChecksum reports whether a header carries a checksum of the body.
func isChecksum(name string) bool {
	return checksumLengths[strings.ToLower(name)] != 0
}

// endToEnd copies the headers that are not of one connection only (RFC 9110,
// section 7.6.1).
func endToEnd(h http.Header) http.Header {
	out := h.Clone()
	if out == nil {
		out = http.Header{}
	}
	for _, value := range h.Values("Connection") {
		for name := range strings.SplitSeq(value, ",") {
			out.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range []string{
		"Connection", "Content-Length", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
		"Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
	} {
		out.Del(name)
	}
	return out
}

// isHash reports whether the header's value is a SHA-256 sum and not the name
// of a way to do without.
func isHash(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 32
}
