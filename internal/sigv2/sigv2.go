package sigv2

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strconv"
	"time"

	"github.com/cairn-audit/cairn/internal/sigv4"
)

// The parameters of the signature.
const (
	keyParam       = "AWSAccessKeyId"
	signatureParam = "Signature"
	expiresParam   = "Expires"

	amzPrefix   = "x-amz-"
	tokenHeader = "x-amz-security-token"
	hashHeader  = "x-amz-content-sha256"
)

// maxLifetime is how far ahead a URL may expire: a week, which is Version 4's
// limit, and a quarter of an hour for a clock that is fast. AWS has no limit of
// Version 2's, and a URL that holds for years is a key that nobody rotates.
const maxLifetime = 7*24*time.Hour + 15*time.Minute

// dateBits bounds a time to one that package time can add to.
const dateBits = 40

// Signature is what a presigned URL says about its signature. Until Verify
// returns nil, all of it is a claim.
type Signature struct {
	AccessKeyID string
	// Expires is when the URL ceases to hold.
	Expires time.Time
	// SessionToken is the token of temporary credentials, a secret.
	SessionToken string
	// ContentHash is the SHA-256 that the signature says the body has, in
	// hex; empty if the signature leaves the body out.
	ContentHash string

	date  string // Expires as it was sent
	given string // the signature itself, in base64
	req   *sigv4.Request
	query []param
}

// Signs reports whether a request has such a signature, well formed or not, and
// no other.
func Signs(r *sigv4.Request) bool {
	params, err := parseQuery(r.RawQuery)
	has := func(name string) bool {
		return slices.ContainsFunc(params, func(p param) bool { return p.name == name })
	}
	return err == nil && r.Header.Get("Authorization") == "" && has(keyParam) && has(signatureParam) &&
		!has("SignatureVersion") && !has("X-Amz-Signature") && !has("X-Amz-Algorithm") && !has("X-Amz-Credential")
}

// Parse reads the signature of a request that Signs. Its error is a
// *sigv4.Error. With every error the Signature holds what could be read, for
// the record of the call.
func Parse(r *sigv4.Request) (*Signature, error) {
	s := &Signature{req: r}
	var err error
	if s.query, err = parseQuery(r.RawQuery); err != nil {
		return s, errIncomplete()
	}
	var once [3]bool
	s.AccessKeyID, once[0] = s.param(keyParam)
	s.given, once[1] = s.param(signatureParam)
	s.date, once[2] = s.param(expiresParam)
	if slices.Contains(once[:], false) {
		return s, errIncomplete()
	}
	seconds, err := strconv.ParseInt(s.date, 10, dateBits)
	if err != nil || seconds < 0 {
		return s, errDate(s.date)
	}
	s.Expires = time.Unix(seconds, 0).UTC()
	return s, s.readHeaders()
}

// readHeaders takes what the rest of the request is read by from the headers
// that are signed.
func (s *Signature) readHeaders() error {
	headers := s.amz()
	for name, values := range s.amzParams() {
		if !slices.Equal(values, headers[name]) {
			return errTwoValues(name)
		}
	}
	if tokens := headers[tokenHeader]; len(tokens) > 0 {
		s.SessionToken = tokens[0]
	}
	switch hashes := headers[hashHeader]; {
	case len(hashes) == 0 || len(hashes) == 1 && hashes[0] == "UNSIGNED-PAYLOAD":
	case len(hashes) == 1 && isHash(hashes[0]):
		s.ContentHash = hashes[0]
	default:
		// Among others the codings of Version 4's chunks, whose signatures
		// begin from one of Version 4.
		return errHash()
	}
	return nil
}

// param returns a parameter that is sent once and not empty.
func (s *Signature) param(name string) (string, bool) {
	var found []string
	for _, p := range s.query {
		if p.name == name {
			found = append(found, p.value)
		}
	}
	if len(found) == 0 {
		return "", false
	}
	return found[0], len(found) == 1 && found[0] != ""
}

func isHash(v string) bool {
	b, err := hex.DecodeString(v)
	return err == nil && len(b) == 32
}

// Check makes the check that needs no secret, of the time. Its error is a
// *sigv4.Error.
func (s *Signature) Check(now time.Time) error {
	switch {
	case now.After(s.Expires):
		return errExpired(s, now)
	case s.Expires.Sub(now) > maxLifetime:
		return errTooFar()
	}
	return nil
}

// Verify reports whether secret made the signature for the request with the
// escaped path, which has the bucket in it even where the request has it in
// its host's name. Its error is a *sigv4.Error. The body is not covered but by
// ContentHash, which the caller compares.
func (s *Signature) Verify(secret, path string, now time.Time) error {
	if err := s.Check(now); err != nil {
		return err
	}
	for text := range s.stringsToSign(path) {
		if subtle.ConstantTimeCompare([]byte(sign(secret, text)), []byte(s.given)) == 1 {
			return nil
		}
	}
	return errMismatch(s)
}

func sign(secret, text string) string {
	h := hmac.New(sha1.New, []byte(secret))
	h.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}
