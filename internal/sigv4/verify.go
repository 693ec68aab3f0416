package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// boundOtherwise are the x-amz- headers that need not be signed as headers:
// date and hash are lines of what is signed, and a token that does not belong
// to the key is refused where the key is looked up. AWS's test suite adds the
// token after signing (post-sts-header-after), and S3 accepts an unsigned hash
// but no unsigned token.
var boundOtherwise = map[string]bool{
	"x-amz-date":           true,
	"x-amz-content-sha256": true,
	"x-amz-security-token": true,
}

// Check makes the checks that need no secret, in AWS's order: the time, that
// what must be signed is, and that the scope agrees with the time. Its error is
// an *Error.
func (s *Signature) Check(now time.Time) error {
	if err := s.checkTime(now.UTC()); err != nil {
		return err
	}
	if err := s.checkCoverage(); err != nil {
		return err
	}
	return s.checkScope()
}

func (s *Signature) checkTime(now time.Time) error {
	switch {
	case s.Time.After(now.Add(maxSkew)):
		return errNotYetCurrent(s, now)
	case s.Time.Before(now.Add(-s.lifetime())):
		return errExpired(s, now)
	}
	return nil
}

// checkCoverage refuses a signature that leaves out the host or an x-amz-
// header of the request: such a header could have been added by anyone.
func (s *Signature) checkCoverage() error {
	s3 := s3Services[s.Service]
	var missing []string
	for name := range s.req.Header {
		name = strings.ToLower(name)
		bound := boundOtherwise[name] && !(s3 && name == "x-amz-security-token")
		if strings.HasPrefix(name, "x-amz-") && !bound && !s.covers(name) {
			missing = append(missing, name)
		}
	}
	if !s.covers("host") {
		missing = append(missing, "host")
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return errNotCovered(missing)
}

func (s *Signature) checkScope() error {
	var text strings.Builder
	if s.term != terminator {
		text.WriteString("Credential should be scoped with a valid terminator: 'aws4_request', not '" + s.term + "'. ")
	}
	if day := s.Time.Format(dateLayout); s.Date != day {
		text.WriteString("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" +
			s.Date + "' != '" + day + "', from '" + s.stamp + "'.")
	}
	if text.Len() == 0 {
		return nil
	}
	return errScope(s, strings.TrimSpace(text.String()))
}

// Verify reports whether secret made the signature, that Check has nothing
// against it, and that it covers the body with the given hash (HashHex). An
// empty bodyHash is a body that was not read: if NeedsBody this is an error of
// the caller's, else the body must be read through Body. Other errors are
// *Error.
func (s *Signature) Verify(secret string, now time.Time, bodyHash string) error {
	if err := s.Check(now); err != nil {
		return err
	}
	payload, err := s.payloadLine(bodyHash)
	if err != nil {
		return err
	}
	key := s.signingKey(secret)
	var first string
	for form := range s.canonicalRequests(payload) {
		want := signHex(key, s.stringToSign(form))
		if subtle.ConstantTimeCompare([]byte(want), []byte(s.given)) == 1 {
			return nil
		}
		if first == "" {
			first = form
		}
	}
	return errMismatch(s, first)
}

func (s *Signature) scope() string {
	return s.Date + "/" + s.Region + "/" + s.Service + "/" + terminator
}

func (s *Signature) stringToSign(canonical string) string {
	return algorithm + "\n" + s.stamp + "\n" + s.scope() + "\n" + HashHex([]byte(canonical))
}

// signingKey derives the key of the signature's scope. That is four HMACs,
// 3 µs, which is why nothing caches it.
func (s *Signature) signingKey(secret string) []byte {
	key := mac([]byte("AWS4"+secret), s.Date)
	key = mac(key, s.Region)
	key = mac(key, s.Service)
	return mac(key, terminator)
}

func mac(key []byte, data string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(data))
	return h.Sum(nil)
}

func signHex(key []byte, text string) string { return hex.EncodeToString(mac(key, text)) }
