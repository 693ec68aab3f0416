package gateway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/sigv4"
)

// The headers of a signature, and of the form that a body had under it.
var signatureHeaders = []string{
	"Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256",
	"X-Amz-Decoded-Content-Length", "X-Amz-Trailer",
}

// unsignedPayload is the content hash of a body that the signature leaves out.
const unsignedPayload = "UNSIGNED-PAYLOAD"

// sign replaces the client's signature by one that is worth something at the
// upstream. The body goes on decoded; a streamed one is left out of the
// signature, since its hash would be known only after it is sent.
func (u *Upstream) sign(ctx context.Context, out *http.Request, r *Request) error {
	credentials, err := u.Credentials.Retrieve(ctx)
	if err != nil {
		return &unreachableError{err: fmt.Errorf("find credentials for the upstream: %w", err)}
	}
	out.Host = ""
	if out.Header.Get("X-Amz-Trailer") != "" {
		// Names the checksum in the trailer, which was compared on the way.
		out.Header.Del("X-Amz-Sdk-Checksum-Algorithm")
	}
	for _, name := range signatureHeaders {
		out.Header.Del(name)
	}
	withoutChunked(out.Header)
	out.URL.RawQuery = withoutSignature(out.URL.RawQuery)
	hash := sigv4.HashHex(r.Body)
	if r.Stream != nil {
		hash = unsignedPayload
		out.Body, out.ContentLength = io.NopCloser(r.Stream), r.Length
	} else if len(r.Body) > 0 {
		setBody(out, r.Body)
	}
	key := sigv4.Key{
		AccessKeyID: credentials.AccessKeyID, Secret: credentials.SecretAccessKey, SessionToken: credentials.SessionToken,
		Region: r.Call.Region, Service: r.SigningName,
	}
	if err := sigv4.NewSigner().Sign(ctx, out, key, hash, time.Now()); err != nil {
		return &unreachableError{err: fmt.Errorf("sign for the upstream: %w", err)}
	}
	return nil
}

// withoutChunked takes aws-chunked from the codings of a body that has been
// decoded.
func withoutChunked(h http.Header) {
	var codings []string
	for _, v := range h.Values("Content-Encoding") {
		for coding := range strings.SplitSeq(v, ",") {
			if coding = strings.TrimSpace(coding); coding != "" && coding != "aws-chunked" {
				codings = append(codings, coding)
			}
		}
	}
	h.Del("Content-Encoding")
	if len(codings) > 0 {
		h.Set("Content-Encoding", strings.Join(codings, ","))
	}
}

// withoutSignature takes a presigned URL's signature from the query and leaves
// the rest as it was sent.
func withoutSignature(raw string) string {
	var kept []string
	for parameter := range strings.SplitSeq(raw, "&") {
		name, _, _ := strings.Cut(parameter, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		switch strings.ToLower(name) {
		case "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires",
			"x-amz-security-token", "x-amz-signature", "x-amz-signedheaders":
		default:
			kept = append(kept, parameter)
		}
	}
	return strings.Join(kept, "&")
}
