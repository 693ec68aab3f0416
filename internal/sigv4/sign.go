package sigv4

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Signer signs requests. It may be used by several goroutines.
type Signer struct{ v4 *v4.Signer }

// NewSigner returns a signer.
func NewSigner() *Signer { return &Signer{v4: v4.NewSigner()} }

// Key is who signs, for which Region and service. SessionToken may be empty.
type Key struct {
	AccessKeyID, Secret, SessionToken string
	Region, Service                   string
}

func (k Key) credentials() aws.Credentials {
	return aws.Credentials{AccessKeyID: k.AccessKeyID, SecretAccessKey: k.Secret, SessionToken: k.SessionToken}
}

// Sign signs a request that a client is about to send, by its Authorization
// header. payloadHash is HashHex of the body, or a value that x-amz-content-sha256
// may have instead. The URL of r is given the spelling that is signed; every
// header that r has is signed, so those that a proxy on the way adds or changes
// must not be there yet.
func (s *Signer) Sign(ctx context.Context, r *http.Request, key Key, payloadHash string, now time.Time) error {
	s3 := s3Services[key.Service]
	if s3 {
		r.Header.Set("X-Amz-Content-Sha256", payloadHash)
		if err := respell(r.URL); err != nil {
			return err
		}
	}
	err := s.v4.SignHTTP(ctx, key.credentials(), r, payloadHash, key.Service, key.Region, now,
		func(o *v4.SignerOptions) { o.DisableURIPathEscaping = s3 })
	if err != nil {
		return fmt.Errorf("sigv4: signing for %s: %w", key.Service, err)
	}
	return nil
}

// respell makes the path of an S3 request the one that S3 will compute, which
// the signer takes as it is.
func respell(u *url.URL) error {
	raw := recode(u.EscapedPath(), true)
	path, err := url.PathUnescape(raw)
	if err != nil {
		return fmt.Errorf("sigv4: path of %s: %w", u.Redacted(), err)
	}
	u.Path, u.RawPath = path, raw
	return nil
}
