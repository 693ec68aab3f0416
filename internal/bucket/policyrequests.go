package bucket

import (
	"context"
	"crypto/rand"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/versity/versitygw/s3err"

	"github.com/cairn-audit/cairn/internal/policy"
)

// policyRequest is a request about a bucket's policy. Those are answered here
// and not by versitygw, whose policies can name its own users alone.
type policyRequest struct {
	bucket string
	status bool // GetBucketPolicyStatus
	*http.Request
}

func asPolicyRequest(r *http.Request) (policyRequest, bool) {
	bucket, key := splitPath(r.URL.Path)
	q := r.URL.Query()
	p := policyRequest{bucket: bucket, Request: r, status: q.Has("policyStatus")}
	return p, bucket != "" && key == "" && (q.Has("policy") || p.status)
}

// everyAccount is the account of Cairn's own clients, for whom every bucket is
// their own.
const everyAccount = "*"

// answerPolicy answers a policyRequest of an account, "" for a caller who is
// nobody. A refusal is an answer.
func (s *Server) answerPolicy(ctx context.Context, p policyRequest, account string) (*http.Response, error) {
	body, err := s.doPolicy(ctx, p, account)
	var refused s3err.S3Error
	switch {
	case errors.As(err, &refused):
		return p.refusal(refused), nil
	case err != nil:
		return nil, fmt.Errorf("%s the policy of bucket %s: %w", p.Method, p.bucket, err)
	case body == "":
		return p.answer(http.StatusNoContent, "", ""), nil
	case p.status:
		return p.answer(http.StatusOK, "application/xml", body), nil
	}
	return p.answer(http.StatusOK, "application/json", body), nil
}

// doPolicy returns the body of the answer.
func (s *Server) doPolicy(ctx context.Context, p policyRequest, account string) (string, error) {
	// A bucket must not be deleted and made anew in between.
	s.changes.Lock()
	defer s.changes.Unlock()
	owner, err := s.Owner(ctx, p.bucket)
	if errors.Is(err, ErrNoBucket) {
		return "", s3err.GetBucketErr(s3err.ErrNoSuchBucket, p.bucket)
	} else if err != nil {
		return "", err
	}
	if expected := p.Header.Get("X-Amz-Expected-Bucket-Owner"); expected != "" && expected != owner {
		return "", s3err.GetAPIError(s3err.ErrAccessDenied)
	}
	if account != everyAccount && account != owner && !p.status {
		// "If you have the correct permissions, but you're not using an
		// identity that belongs to the bucket owner's account" (API
		// Reference, PutBucketPolicy).
		return "", s3err.GetAPIError(s3err.ErrMethodNotAllowed)
	}
	switch p.Method {
	case http.MethodGet:
		return s.readPolicy(p)
	case http.MethodPut:
		return "", s.putPolicy(p)
	case http.MethodDelete:
		return "", s.policies.drop(p.bucket)
	}
	return "", s3err.GetAPIError(s3err.ErrMethodNotAllowed)
}

func (s *Server) readPolicy(p policyRequest) (string, error) {
	text, ok, err := s.policies.text(p.bucket)
	switch {
	case err != nil:
		return "", err
	case !ok:
		return "", s3err.GetBucketErr(s3err.ErrNoSuchBucketPolicy, p.bucket)
	case p.status:
		return xml.Header + `<PolicyStatus xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsPublic>` +
			strconv.FormatBool(isPublic(s.policies.of(p.bucket))) + `</IsPublic></PolicyStatus>`, nil
	}
	if s.principals == nil {
		return text, nil
	}
	return s.principals.Unpin(text)
}

func (s *Server) putPolicy(p policyRequest) error {
	var text []byte
	if p.Body != nil {
		var err error
		if text, err = io.ReadAll(io.LimitReader(p.Body, maxPolicy+1)); err != nil {
			return err
		}
	}
	if _, err := checkPolicy(p.bucket, text); err != nil {
		return err
	}
	pinned := string(text)
	if s.principals != nil {
		var err error
		if pinned, err = s.principals.Pin(pinned); errors.As(err, new(*policy.UnknownPrincipalError)) {
			return malformedPolicy("Invalid principal in policy")
		} else if err != nil {
			return err
		}
	}
	document, err := policy.Parse([]byte(pinned))
	if err != nil {
		return err
	}
	return s.policies.put(p.bucket, pinned, document)
}

func (p policyRequest) refusal(e s3err.S3Error) *http.Response {
	id := rand.Text()
	res := p.answer(e.StatusCode(), "application/xml", string(e.XMLBody(id, "")))
	res.Header.Set("X-Amz-Request-Id", id)
	return res
}

func (p policyRequest) answer(status int, contentType, body string) *http.Response {
	res := &http.Response{
		StatusCode: status, Status: strconv.Itoa(status) + " " + http.StatusText(status),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: p.Request,
		Header: http.Header{"X-Amz-Request-Id": {rand.Text()}},
		Body:   io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
	if body != "" {
		res.Header.Set("Content-Type", contentType)
		res.Header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	return res
}

// direct carries the requests of Cairn's own clients.
type direct struct{ server *Server }

// RoundTrip implements http.RoundTripper.
func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if p, ok := asPolicyRequest(r); ok {
		if r.Body != nil {
			defer r.Body.Close()
		}
		return d.server.answerPolicy(r.Context(), p, everyAccount)
	}
	return d.server.roundTrip(r)
}

// roundTrip sends a request to versitygw. While a bucket is made or deleted, no
// other is, and no policy of one changes.
func (s *Server) roundTrip(r *http.Request) (*http.Response, error) {
	bucket := ""
	switch p := locate(r); {
	case p.creates, p.deletes:
		bucket = p.bucket
	default:
		return s.transport.RoundTrip(r)
	}
	s.changes.Lock()
	defer s.changes.Unlock()
	if _, err := s.Owner(r.Context(), bucket); errors.Is(err, ErrNoBucket) {
		// What an earlier bucket of the name left must not be the new one's.
		if err := s.policies.drop(bucket); err != nil {
			return nil, err
		}
	}
	res, err := s.transport.RoundTrip(r)
	if err != nil || r.Method != http.MethodDelete || res.StatusCode >= 300 {
		return res, err
	}
	if err := s.policies.drop(bucket); err != nil {
		res.Body.Close()
		return nil, err
	}
	return res, nil
}
