package sigv4

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// The parameters of a signature in the query.
const (
	queryAlgorithm     = "X-Amz-Algorithm"
	queryCredential    = "X-Amz-Credential"
	queryDate          = "X-Amz-Date"
	queryExpires       = "X-Amz-Expires"
	querySignedHeaders = "X-Amz-SignedHeaders"
	querySignature     = "X-Amz-Signature"
	queryToken         = "X-Amz-Security-Token"
	queryExpressToken  = "X-Amz-S3session-Token"
	queryContentHash   = "X-Amz-Content-Sha256"
)

// maxExpires is the longest that a presigned URL may hold.
const maxExpires = 7 * 24 * time.Hour

// maxSkew is how far a signature's time may be from now, either way.
const maxSkew = 15 * time.Minute

// ignoresExpires are the services whose presigned requests hold for maxSkew
// whatever X-Amz-Expires says. Evidence: EKS tokens are presigned
// GetCallerIdentity requests with X-Amz-Expires=60 and hold for 15 minutes;
// IAM and STS answer "Signature expired: … - 15 min." for any value.
var ignoresExpires = map[string]bool{"sts": true, "iam": true}

func (s *Signature) parsePresigned() error {
	s.Presigned = true
	credential, _ := s.param(queryCredential)
	credentialErr := s.readCredential(credential)
	s.SessionToken, _ = s.param(queryToken)
	if s.SessionToken == "" {
		s.SessionToken, _ = s.param(queryExpressToken)
	}
	if err := s.missingInQuery(); err != nil {
		return err
	}
	date, _ := s.param(queryDate)
	t, err := time.Parse(timeLayout, date)
	if err != nil {
		return errDateForm(date, true)
	}
	s.setTime(t)
	if a, _ := s.param(queryAlgorithm); a != algorithm {
		return errAlgorithm(a, true)
	}
	if credentialErr != nil {
		return credentialErr
	}
	if err := s.readExpires(); err != nil {
		return err
	}
	s.given, _ = s.param(querySignature)
	headers, _ := s.param(querySignedHeaders)
	if err := s.readSignedHeaders(headers); err != nil {
		return err
	}
	return s.readPayload()
}

// missingInQuery lists the parameters that are missing, empty or sent twice.
func (s *Signature) missingInQuery() error {
	names := []string{queryAlgorithm, queryCredential, querySignature, querySignedHeaders, queryDate}
	var text strings.Builder
	for _, name := range names {
		if v, _ := s.param(name); v == "" {
			text.WriteString("AWS query-string parameters must include '" + name + "'. ")
		}
	}
	if text.Len() > 0 {
		return errQueryIncomplete(text.String() + "Re-examine the query-string parameters.")
	}
	return nil
}

// readExpires takes X-Amz-Expires. S3 requires it; IAM and STS do not read it;
// the others may have it.
func (s *Signature) readExpires() error {
	value, ok := s.param(queryExpires)
	if !ok && s3Services[s.Service] {
		return errQueryIncomplete("AWS query-string parameters must include 'X-Amz-Expires'. Re-examine the query-string parameters.")
	}
	if !ok || ignoresExpires[s.Service] {
		return nil
	}
	// A number out of range comes as the nearest one that is in range, which
	// is refused below.
	seconds, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange):
		return errExpires("X-Amz-Expires should be a number")
	case seconds < 0:
		return errExpires("X-Amz-Expires must be non-negative")
	case seconds > int64(maxExpires/time.Second):
		return errExpires("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")
	}
	s.Expires = time.Duration(seconds) * time.Second
	return nil
}

// lifetime is how long after its time the signature holds.
func (s *Signature) lifetime() time.Duration {
	switch {
	case !s.Presigned:
		return maxSkew
	case s3Services[s.Service]:
		return s.Expires
	}
	return max(s.Expires, maxSkew)
}
