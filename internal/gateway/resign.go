package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/region"
	"github.com/cairn-audit/cairn/internal/sigv4"
)

// The headers of a signature, and of the form that a body had under it.
var signatureHeaders = []string{
	"Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256",
	"X-Amz-Decoded-Content-Length", "X-Amz-Trailer",
}

// unsignedPayload is the content hash of a body that the signature leaves out.
const unsignedPayload = "UNSIGNED-PAYLOAD"

// UpstreamCredentials says with what the requests of a caller are signed at an
// upstream. ok is false where the caller has nothing there; an error says that
// what it has could not be got. It is asked for every request, before anything
// is sent.
type UpstreamCredentials interface {
	Credentials(ctx context.Context, caller identity.Credential) (c aws.Credentials, ok bool, err error)
}

// errUnmapped says that the caller has no credentials at the upstream: nothing
// was sent.
var errUnmapped = errors.New("the caller has no credentials at the upstream")

// credentialsError says that the caller's credentials at the upstream could not
// be got: nothing was sent.
type credentialsError struct{ err error }

func (e *credentialsError) Error() string {
	return fmt.Sprintf("get credentials for the upstream: %v", e.err)
}
func (e *credentialsError) Unwrap() error { return e.err }

// credentialsTimeout bounds the wait for credentials.
const credentialsTimeout = 15 * time.Second

// signing makes the signatures of an upstream. One signer keeps its derived keys,
// by Region and service: callers choose these, so one that AWS does not have
// gets a signer of its own, and what is kept stays bounded.
type signing struct {
	once    sync.Once
	regions region.Table
	signer  *sigv4.Signer
}

func (s *signing) signerOf(r *Request, key sigv4.Key) *sigv4.Signer {
	s.once.Do(func() { s.regions, s.signer = region.Open(), sigv4.NewSigner() })
	if r.Found.Service == nil || r.Found.Service.SigningName != key.Service || !s.regions.Known(key.Region) {
		return sigv4.NewSigner()
	}
	return s.signer
}

// key is what signs the caller's request.
func (u *Upstream) key(ctx context.Context, r *Request) (sigv4.Key, error) {
	ctx, cancel := context.WithTimeout(ctx, credentialsTimeout)
	defer cancel()
	c, ok, err := u.Credentials.Credentials(ctx, identity.FromContext(ctx))
	switch {
	case err != nil:
		return sigv4.Key{}, &credentialsError{err}
	case !ok:
		return sigv4.Key{}, errUnmapped
	}
	return sigv4.Key{
		AccessKeyID: c.AccessKeyID, Secret: c.SecretAccessKey, SessionToken: c.SessionToken,
		Region: cmp.Or(r.SigningRegion, r.Call.Region), Service: r.SigningName,
	}, nil
}

// sign replaces the client's signature by one that is worth something at the
// upstream. The body goes on decoded; a streamed one is left out of the
// signature, since its hash would be known only after it is sent.
func (u *Upstream) sign(ctx context.Context, out *http.Request, r *Request) error {
	out.Host = ""
	if err := u.pathStyle(out.URL, r); err != nil {
		return err
	}
	key, err := u.key(ctx, r)
	if err != nil {
		return err
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
	if err := u.signing.signerOf(r, key).Sign(ctx, out, key, hash, time.Now()); err != nil {
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
