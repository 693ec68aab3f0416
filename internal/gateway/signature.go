package gateway

import (
	"errors"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/sigv2"
	"github.com/cairn-audit/cairn/internal/sigv4"
)

// readSignature reads what the request says of its signature, which is one of
// Version 4, or in the URL of an S3 object of Version 2.
func (x *exchange) readSignature() {
	seen := sigv4.FromHTTP(x.http)
	x.signature, x.signatureErr = sigv4.Parse(seen)
	if errors.Is(x.signatureErr, sigv4.Unsupported) && sigv2.Signs(seen) {
		x.version2, x.signatureErr = sigv2.Parse(seen)
		x.signature = inVersion4(x.version2)
	}
	x.request.Header, x.request.RawQuery = x.http.Header, seen.RawQuery
	if x.signature.Presigned {
		x.request.Header, x.request.RawQuery = sigv4.Unpresign(x.http.Header, seen.RawQuery)
	}
}

// inVersion4 says in the terms of Version 4 what a signature of Version 2 does.
func inVersion4(s *sigv2.Signature) *sigv4.Signature {
	out := &sigv4.Signature{
		AccessKeyID: s.AccessKeyID, SessionToken: s.SessionToken, Service: "s3", Presigned: true,
		Payload: sigv4.PayloadUnsigned,
	}
	if s.ContentHash != "" {
		out.Payload, out.DeclaredHash = sigv4.PayloadHash, s.ContentHash
	}
	return out
}

// checkSignature refuses what can be refused without the key.
func (x *exchange) checkSignature(now time.Time) error {
	switch {
	case x.signatureErr != nil:
		return x.signatureErr
	case x.version2 == nil:
		return x.signature.Check(now)
	}
	if s := x.request.Found.Service; s == nil || s.ID != "s3" {
		// Services beside S3 that sign with its name never had Version 2.
		_, err := sigv4.Parse(sigv4.FromHTTP(x.http))
		return err
	}
	return x.version2.Check(now)
}

// verifySignature reports whether the key made the signature.
func (x *exchange) verifySignature(key identity.Credential, now time.Time) error {
	if x.version2 != nil {
		seen := x.wireRequest()
		path := x.request.Found.PathStyle(&awsapi.Request{Host: seen.Host, Path: seen.Path})
		return x.version2.Verify(key.SecretAccessKey, path, now)
	}
	hash := ""
	if !x.isObjectStore() {
		hash = sigv4.HashHex(x.request.Body)
	}
	return x.signature.Verify(key.SecretAccessKey, now, hash)
}
