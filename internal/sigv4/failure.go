package sigv4

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Failure is why a request was refused. errors.Is(err, NotSigned) asks for it.
type Failure string

// The failures of a signature.
const (
	NotSigned        Failure = "not signed"
	BadForm          Failure = "malformed signature"
	Unsupported      Failure = "unsupported signature"
	Expired          Failure = "expired"
	NotYetCurrent    Failure = "not yet current"
	NotCovered       Failure = "headers not signed"
	WrongScope       Failure = "wrong credential scope"
	Mismatch         Failure = "signature does not match"
	PayloadMismatch  Failure = "payload does not match its hash"
	BadPayloadHeader Failure = "bad payload header"
	BadBody          Failure = "malformed body"
	ChecksumMismatch Failure = "payload does not match its checksum"
)

// The failures of a key, which the package cannot see but whoever looks keys up
// can, with Refuse.
const (
	UnknownKey   Failure = "unknown access key"
	InvalidToken Failure = "invalid session token"
	ExpiredToken Failure = "expired session token"
)

func (f Failure) Error() string { return string(f) }

// errNeedsBody is a mistake of the caller's, not of the client's.
var errNeedsBody = errors.New("sigv4: the signature covers the body, which was not hashed")

// Error is a refusal.
type Error struct {
	Failure Failure
	class   class  // the row of the table of answers
	text    string // the message of AWS's common front end
	s3      Answer // S3's own, if its code is set

	canonical, toSign string // of a mismatch
}

func (e *Error) Error() string {
	if e.text == "" {
		return string(e.Failure)
	}
	return string(e.Failure) + ": " + e.text
}

// Is makes errors.Is(err, f) true for a Failure f.
func (e *Error) Is(target error) bool {
	f, ok := target.(Failure)
	return ok && f == e.Failure
}

// Explain is what AWS appends to the message of a mismatch: the canonical
// request and the string to sign. It is empty for other failures. It holds the
// values of the signed headers, which may be secrets: it is for the client
// that asked, never for an event or a log.
func (e *Error) Explain() string {
	if e.canonical == "" {
		return ""
	}
	return "\n\nThe Canonical String for this request should have been\n'" + e.canonical +
		"'\n\nThe String-to-Sign should have been\n'" + e.toSign + "'\n"
}

// Refuse is the refusal of a key that was looked up: UnknownKey, InvalidToken
// or ExpiredToken.
func Refuse(f Failure, accessKeyID string) *Error {
	const (
		invalid = "The security token included in the request is invalid."
		expired = "The security token included in the request is expired"
	)
	switch f {
	case ExpiredToken:
		return &Error{Failure: f, class: expiredToken, text: expired,
			s3: Answer{Code: "ExpiredToken", Status: 400, Message: "The provided token has expired."}}
	case InvalidToken:
		return &Error{Failure: f, class: unknownKey, text: invalid,
			s3: Answer{Code: "InvalidToken", Status: 400, Message: "The provided token is malformed or otherwise invalid."}}
	}
	return &Error{Failure: UnknownKey, class: unknownKey, text: invalid,
		s3: Answer{Code: "InvalidAccessKeyId", Status: 403, Message: "The AWS Access Key Id you provided does not exist in our records.",
			Fields: map[string]any{"AWSAccessKeyId": accessKeyID}}}
}

// RefuseObject is the refusal of a signature that only S3 reads, in its words.
func RefuseObject(f Failure, a Answer) *Error {
	return &Error{Failure: f, class: incomplete, text: a.Message, s3: a}
}

func errNotSigned() *Error {
	return &Error{Failure: NotSigned, class: missing, text: "Request is missing Authentication Token",
		s3: Answer{Code: "AccessDenied", Status: 403, Message: "Access Denied"}}
}

func errTwoMechanisms() *Error {
	return &Error{Failure: BadForm, class: invalid,
		text: "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
		s3: Answer{Code: "InvalidArgument", Status: 400,
			Message: "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified"}}
}

func errVersion2() *Error {
	return &Error{Failure: Unsupported, class: incomplete,
		text: "AWS Signature Version 2 is not supported. Please use AWS4-HMAC-SHA256.", s3: s3Unsupported()}
}

func s3Unsupported() Answer {
	return Answer{Code: "InvalidRequest", Status: 400,
		Message: "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."}
}

// errAlgorithm refuses among others AWS4-ECDSA-P256-SHA256 (SigV4A).
func errAlgorithm(name string, query bool) *Error {
	e := &Error{Failure: Unsupported, class: incomplete, s3: s3Unsupported(),
		text: "Unsupported AWS 'algorithm': '" + name + "' (only AWS4-HMAC-SHA256 for now)."}
	if query {
		e.s3 = s3Query(`X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"`)
	}
	return e
}

func errIncomplete(text string) *Error {
	return &Error{Failure: BadForm, class: incomplete, text: text,
		s3: s3Header("the authorization header requires three components: Credential, SignedHeaders, and Signature.")}
}

// errScheme is errIncomplete of a header whose scheme may be another's.
func errScheme(scheme, text string) *Error {
	e := errIncomplete(text)
	if !strings.HasPrefix(scheme, "AWS4-") {
		e.s3 = Answer{Code: "InvalidArgument", Status: 400, Message: "Unsupported Authorization Type"}
	}
	return e
}

func errQueryIncomplete(text string) *Error {
	return &Error{Failure: BadForm, class: incomplete, text: text,
		s3: s3Query("Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")}
}

func errDateMissing(text string) *Error {
	return &Error{Failure: BadForm, class: incomplete, text: text, s3: Answer{Code: "AccessDenied", Status: 403,
		Message: "AWS authentication requires a valid Date or x-amz-date header"}}
}

func errDateForm(value string, query bool) *Error {
	e := errDateMissing("Date must be in ISO-8601 'basic format'. Got '" + value + "'. See http://en.wikipedia.org/wiki/ISO_8601")
	if query {
		e.s3 = s3Query(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`)
	}
	return e
}

func errCredential(value string, query bool) *Error {
	const s3Text = `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`
	e := &Error{Failure: BadForm, class: incomplete, s3: s3Header(s3Text),
		text: "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" + value + "'"}
	if query {
		e.s3 = s3Query("Error parsing the X-Amz-Credential parameter; " + s3Text)
	}
	return e
}

func errExpires(text string) *Error {
	return &Error{Failure: BadForm, class: incomplete, text: text, s3: s3Query(text)}
}

func errScope(s *Signature, text string) *Error {
	e := &Error{Failure: WrongScope, class: invalid, text: text}
	var detail string
	if s.term != terminator {
		detail = fmt.Sprintf("incorrect terminal %q. This endpoint uses %q.", s.term, terminator)
		if s.Presigned {
			detail = "Error parsing the X-Amz-Credential parameter; " + detail
		}
	} else {
		detail = fmt.Sprintf("Invalid credential date %q. This date is not the same as X-Amz-Date: %q.", s.Date, s.Time.Format(dateLayout))
	}
	if e.s3 = s3Header(detail); s.Presigned {
		e.s3 = s3Query(detail)
	}
	return e
}

func s3Header(detail string) Answer {
	return Answer{Code: "AuthorizationHeaderMalformed", Status: 400, Message: "The authorization header is malformed; " + detail}
}

func s3Query(text string) Answer {
	return Answer{Code: "AuthorizationQueryParametersError", Status: 400, Message: text}
}

func errExpired(s *Signature, now time.Time) *Error {
	lifetime := s.lifetime()
	e := &Error{Failure: Expired, class: stale,
		text: fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - %d min.)",
			s.stamp, now.Add(-lifetime).Format(timeLayout), now.Format(timeLayout), int(lifetime.Minutes())),
		s3: s3Skewed(s, now)}
	if s.Presigned {
		e.s3 = Answer{Code: "AccessDenied", Status: 403, Message: "Request has expired", Fields: map[string]any{
			queryExpires: fmt.Sprint(int(s.Expires.Seconds())),
			"Expires":    s.Time.Add(s.Expires).Format(time.RFC3339),
			"ServerTime": now.Format(time.RFC3339)}}
	}
	return e
}

func errNotYetCurrent(s *Signature, now time.Time) *Error {
	e := &Error{Failure: NotYetCurrent, class: early,
		text: fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + %d min.)",
			s.stamp, now.Add(maxSkew).Format(timeLayout), now.Format(timeLayout), int(maxSkew.Minutes())),
		s3: s3Skewed(s, now)}
	if s.Presigned {
		e.s3 = Answer{Code: "AccessDenied", Status: 403, Message: "Request is not yet valid", Fields: map[string]any{
			// S3 gives the milliseconds of the epoch here.
			queryDate:    fmt.Sprint(s.Time.UnixMilli()),
			"Expires":    s.Time.Add(s.Expires).Format(time.RFC3339),
			"ServerTime": now.Format(time.RFC3339)}}
	}
	return e
}

func s3Skewed(s *Signature, now time.Time) Answer {
	return Answer{Code: "RequestTimeTooSkewed", Status: 403,
		Message: "The difference between the request time and the current time is too large.",
		Fields: map[string]any{
			"RequestTime":                s.stamp,
			"ServerTime":                 now.Format(time.RFC3339),
			"MaxAllowedSkewMilliseconds": fmt.Sprint(maxSkew.Milliseconds())}}
}

func errNotCovered(names []string) *Error {
	var text strings.Builder
	for _, name := range names {
		if name == "host" {
			name = "Host' or ':authority"
		}
		text.WriteString("'" + name + "' must be a 'SignedHeader' in the AWS Authorization. ")
	}
	return &Error{Failure: NotCovered, class: invalid, text: strings.TrimSpace(text.String()),
		s3: Answer{Code: "AccessDenied", Status: 403, Message: "There were headers present in the request which were not signed",
			Fields: map[string]any{"HeadersNotSigned": strings.Join(names, ", ")}}}
}

const mismatchText = "The request signature we calculated does not match the signature you provided. " +
	"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

func errMismatch(s *Signature, canonical string) *Error {
	e := errSignature(s)
	e.canonical, e.toSign = canonical, s.stringToSign(canonical)
	return e
}

// errSignature is also the answer to a chunk whose signature does not match.
func errSignature(s *Signature) *Error {
	return &Error{Failure: Mismatch, class: mismatched, text: mismatchText,
		s3: Answer{Code: "SignatureDoesNotMatch", Status: 403,
			Message: "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
			Fields:  map[string]any{"AWSAccessKeyId": s.AccessKeyID, "SignatureProvided": s.given}}}
}

// hashText is how AWS now names an Authorization header that it does not
// repeat.
func hashText(v string) string {
	sum := sha256.Sum256([]byte(v))
	return base64.StdEncoding.EncodeToString(sum[:])
}
