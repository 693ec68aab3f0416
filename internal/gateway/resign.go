package gateway

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
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
	out.Host = ""
	if err := u.pathStyle(out.URL, r); err != nil {
		return err
	}
	credentials, err := u.Credentials.Retrieve(ctx)
	if err != nil {
		return &unreachableError{err: fmt.Errorf("find credentials for the upstream: %w", err)}
	}
	if out.Header.Get("X-Amz-Trailer") != "" {
		// Names the checksum in the trailer, which was compared on the way.
		out.Header.Del("X-Amz-Sdk-Checksum-Algorithm")
	}
	for _, name := range signatureHeaders {
		out.Header.Del(name)
	}
	sigv4.Unchunk(out.Header)
	hash := sigv4.HashHex(r.Body)
	if r.Stream != nil {
		hash = unsignedPayload
		if err := setStream(out, newProvenReader(r.Stream), r.Length); err != nil {
			return err
		}
	} else if len(r.Body) > 0 {
		setBody(out, r.Body)
	}
	key := sigv4.Key{
		AccessKeyID: credentials.AccessKeyID, Secret: credentials.SecretAccessKey, SessionToken: credentials.SessionToken,
		Region: cmp.Or(r.SigningRegion, r.Call.Region), Service: r.SigningName,
	}
	if err := sigv4.NewSigner().Sign(ctx, out, key, hash, time.Now()); err != nil {
		return &unreachableError{err: fmt.Errorf("sign for the upstream: %w", err)}
	}
	return nil
}

// pathStyle moves a bucket that the client named in the host into the path, for
// the upstream has one host.
func (u *Upstream) pathStyle(out *url.URL, r *Request) error {
	if r.Found.Service == nil || r.Found.Service.ID != "s3" {
		return nil
	}
	sent := sigv4.FromHTTP(r.HTTP).Path
	path := r.Found.PathStyle(&awsapi.Request{Host: r.HTTP.Host, Path: sent})
	if path == sent {
		return nil
	}
	path = strings.TrimSuffix(u.URL.EscapedPath(), "/") + path
	plain, err := url.PathUnescape(path)
	if err != nil {
		return errInvalidURI()
	}
	out.Path, out.RawPath = plain, path
	return nil
}
