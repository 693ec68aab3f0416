package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// Backend carries out the calls of services that Cairn has built in. Call
// returns the members of the operation's output, keyed by their model names; an
// *awsapi.Error where the service refuses; any other error where it failed. When
// Call returns nil, what the call changed is durable.
type Backend interface {
	Call(ctx context.Context, c *awsapi.Call) (map[string]any, error)
}

// A Destination takes a request that is identified and decoded, and answers it.
// It returns an error only where there is no answer to pass on: an *awsapi.Error
// for a refusal, an *UnknownOutcomeError where the request may have had its
// effect, and any other where it had none.
type Destination interface {
	Do(ctx context.Context, r *Request) (*Answer, error)
}

// Request is a client's request on its way to a destination.
type Request struct {
	HTTP *http.Request
	// Header and RawQuery are those of HTTP, but for a presigned URL: they
	// are those of the request that it stands for, see sigv4.Unpresign.
	Header   http.Header
	RawQuery string
	// Body is the whole body, nil where Stream is set. Both are what the
	// client meant: aws-chunked framing is taken off, and they fail where
	// they are not what was signed. Raw is the body of Stream as it comes
	// in; a destination reads one of the two.
	Body   []byte
	Stream io.Reader
	Raw    io.Reader
	// Length is the number of bytes in Stream, -1 if unknown.
	Length int64
	// Trailer returns the trailers of Stream once it has ended; nil where
	// the body can have none.
	Trailer func() http.Header

	// SigningName and SigningRegion are the service and the Region in the
	// scope of the signature, as claimed.
	SigningName, SigningRegion string
	Found                      awsapi.Found
	Call                       *awsapi.Call
	// Problem is why the request names no known operation. Destinations that
	// need to understand a request refuse it with this; an upstream judges
	// for itself, and may know more.
	Problem error
}

// Answer is what a destination says.
type Answer struct {
	Status int
	Header http.Header
	// Body is the whole answer, nil where Stream is set. The gateway closes
	// Stream. Length is that of Stream, -1 if unknown.
	Body   []byte
	Stream io.ReadCloser
	Length int64

	// Output and Err are what the record shows of the answer; both are nil
	// where the answer could not be read as one of the operation's.
	Output map[string]any
	Err    *awsapi.Error
}

// UnknownOutcomeError says that a request was handed over and its answer lost.
type UnknownOutcomeError struct{ Err error }

func (e *UnknownOutcomeError) Error() string {
	return fmt.Sprintf("the answer was lost after the request was sent: %v", e.Err)
}

func (e *UnknownOutcomeError) Unwrap() error { return e.Err }

// builtin is the destination of services that Cairn has built in.
type builtin struct{ backend Backend }

// BuiltIn makes a destination of a backend. Answers are encoded in the caller's
// protocol.
func BuiltIn(b Backend) Destination { return builtin{backend: b} }

// Validated checks parameters against the API model before a backend sees them.
// Services that word these errors in their own way do without.
func Validated(b Backend) Backend { return validated{b} }

type validated struct{ backend Backend }

func (v validated) Call(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	if err := awsapi.Validate(c.Operation, c.Params); err != nil {
		return nil, err
	}
	return v.backend.Call(ctx, c)
}

func (b builtin) Do(ctx context.Context, r *Request) (*Answer, error) {
	if r.Problem != nil {
		return nil, r.Problem
	}
	out, err := b.backend.Call(ctx, r.Call)
	if err != nil {
		return nil, err
	}
	encoded, err := r.Found.EncodeAnswer(out, r.Call.RequestID)
	if err != nil {
		// The call had its effect; only its answer cannot be written.
		return nil, &UnknownOutcomeError{Err: fmt.Errorf("encode the answer of %s: %w", r.Found.Operation.Name, err)}
	}
	return &Answer{Status: encoded.Status, Header: encoded.Header, Body: encoded.Body, Output: out}, nil
}

// refusals answers every call with the same error.
type refusals struct{ err *awsapi.Error }

func (d refusals) Do(_ context.Context, r *Request) (*Answer, error) {
	if r.Problem != nil {
		return nil, r.Problem
	}
	return nil, d.err
}

// NoBackend is the destination of services that nothing here answers.
func NoBackend(service string) Destination {
	return refusals{err: &awsapi.Error{
		Code: "NotImplemented", Status: http.StatusNotImplemented, ServerFault: true,
		Message: fmt.Sprintf("Nothing here answers %s. Start Cairn with --upstream, or give the service a route in its configuration.", service),
	}}
}

// asRefusal reports whether the error is a refusal in AWS's own terms.
func asRefusal(err error) (*awsapi.Error, bool) {
	var refusal *awsapi.Error
	ok := errors.As(err, &refusal)
	return refusal, ok
}
