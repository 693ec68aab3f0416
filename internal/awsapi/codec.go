package awsapi

import (
	"net/http"
	"time"

	"github.com/cairn-audit/cairn/event"
)

// Request is what the codecs read of, or write to, an HTTP request. Body is the
// whole body; it is nil where the body is streamed.
type Request struct {
	Method string
	// Host is the Host header: S3 buckets may be named there.
	Host string
	// Path is the escaped path, as sent; RawQuery the query without "?".
	Path, RawQuery string
	Header         http.Header
	Body           []byte
}

// Response is what the codecs read of, or write to, an HTTP response.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Call is one request for an operation, as a backend that Cairn has built in
// receives it.
type Call struct {
	Operation *Operation
	// Params are the decoded parameters, nil where the client sent none.
	Params    map[string]any
	AccountID string
	Region    string
	RequestID string
	Time      time.Time
	// Caller is who makes the call; a backend must not change it.
	Caller *event.UserIdentity
	// SourceIP and UserAgent are the caller's, as the event shows them; Secure
	// says that the call came over TLS. All are for the conditions of policies.
	SourceIP, UserAgent string
	Secure              bool
	// VPCEndpoint is the endpoint that the call came through, nil if none.
	VPCEndpoint *VPCEndpoint
	// Learned is for the backend to fill in; it goes into the call's record.
	Learned Learned
}

// VPCEndpoint is an endpoint in a VPC that calls come through, for the conditions
// of policies. VPC is "" where it is not known.
type VPCEndpoint struct{ ID, AccountID, VPC string }

// Learned is what a backend finds out about a call beside its answer.
type Learned struct {
	// Caller is who made a call that needs no signature, where the call
	// itself proves it (AssumeRoleWithWebIdentity), and AccountID the account
	// that the call is of.
	Caller    *event.UserIdentity
	AccountID string
	// Parameters are what else the call was found to say, of what is not
	// recorded itself: an assertion, the session that a key is of.
	Parameters []Parameter
	// Shared are the ids of further accounts that the call concerns. Each
	// gets a copy of the event.
	Shared []string
}

// Parameter is a member of an event's requestParameters.
type Parameter struct {
	Name  string
	Value any
}

// PathStyle is the escaped path of a request with the S3 bucket in it, though
// the client may have named the bucket in the host's name. For other services
// it is the path as sent.
func (f Found) PathStyle(r *Request) string { return f.path(r) }
