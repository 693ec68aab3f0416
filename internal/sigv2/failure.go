package sigv2

import (
	"time"

	"github.com/cairn-audit/cairn/internal/sigv4"
)

// The refusals are S3's, as users published them, but for that of a URL which
// holds too long, which S3 does not refuse.

func errIncomplete() *sigv4.Error {
	return sigv4.RefuseObject(sigv4.BadForm, sigv4.Answer{Code: "AccessDenied", Status: 403,
		Message: "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"})
}

func errDate(value string) *sigv4.Error {
	return sigv4.RefuseObject(sigv4.BadForm, sigv4.Answer{Code: "AccessDenied", Status: 403,
		Message: "Invalid date (should be seconds since epoch): " + value})
}

func errTooFar() *sigv4.Error {
	return sigv4.RefuseObject(sigv4.NotYetCurrent, sigv4.Answer{Code: "AccessDenied", Status: 403,
		Message: "Expires must be less than a week from now"})
}

func errTwoValues(name string) *sigv4.Error {
	return sigv4.RefuseObject(sigv4.BadForm, sigv4.Answer{Code: "InvalidArgument", Status: 400,
		Message: "The header and the query parameter " + name + " differ."})
}

func errHash() *sigv4.Error {
	return sigv4.RefuseObject(sigv4.BadPayloadHeader, sigv4.Answer{Code: "InvalidArgument", Status: 400,
		Message: "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, or a valid sha256 value."})
}

func errExpired(s *Signature, now time.Time) *sigv4.Error {
	return sigv4.RefuseObject(sigv4.Expired, sigv4.Answer{Code: "AccessDenied", Status: 403,
		Message: "Request has expired", Fields: map[string]any{
			"Expires":    s.Expires.Format(time.RFC3339),
			"ServerTime": now.UTC().Format(time.RFC3339),
		}})
}

func errMismatch(s *Signature) *sigv4.Error {
	return sigv4.RefuseObject(sigv4.Mismatch, sigv4.Answer{Code: "SignatureDoesNotMatch", Status: 403,
		Message: "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
		Fields:  map[string]any{"AWSAccessKeyId": s.AccessKeyID, "SignatureProvided": s.given}})
}
