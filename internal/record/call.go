package record

import (
	"net/url"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
)

// Stage says how far a refused call had come.
type Stage int

const (
	// Service: the service itself answered. It is the zero value.
	Service Stage = iota
	// Authentication: the signature or key was refused.
	Authentication
	// Authorization: a policy refused the call.
	Authorization
	// Throttling: the call came too often.
	Throttling
)

// NetworkActivity says what the owner of a VPC endpoint is told of a call.
type NetworkActivity int

const (
	// NotNetworkActivity: nothing; the event is the call's own. It is the
	// zero value.
	NotNetworkActivity NetworkActivity = iota
	// Passed: the endpoint let the call through. What came of it is not told.
	Passed
	// Stopped: the endpoint's policy denied the call.
	Stopped
)

// Call is what the gateway knows of a call once it is over. Build reads it and
// changes nothing in it.
type Call struct {
	// Operation is nil when the request named none, or none that is known.
	// EventName and SigningName then stand in, as far as the request gave
	// them.
	Operation              *awsapi.Operation
	SigningName, EventName string
	Protocol               awsapi.Protocol

	// Params are the decoded parameters: nil where the client sent none, or
	// where they could not be read.
	Params map[string]any
	// Found are further members of requestParameters.
	Found []awsapi.Parameter
	// Output is the answer; Error is not nil when the call was refused or
	// failed, and Refused then says where.
	Output  map[string]any
	Error   *awsapi.Error
	Refused Stage
	// OutcomeUnknown: the process stopped after the backend was called and
	// before its answer was recorded.
	OutcomeUnknown bool

	EventID, RequestID string
	// Time is when the call was completed.
	Time time.Time
	// AccountID is the account that the event belongs to.
	Region, AccountID string
	Identity          *event.UserIdentity
	// InvokedBy is the AWS service that made the call for the caller
	// ("autoscaling.amazonaws.com"); it stands in for the source address
	// and the agent, and there is no TLS to tell of.
	InvokedBy           string
	SourceIP, UserAgent string
	TLS                 *event.TLSDetails
	// VPCEndpointID and VPCEndpointAccountID are set for calls through an
	// endpoint; SharedEventID when several accounts get a copy.
	VPCEndpointID, VPCEndpointAccountID, SharedEventID string
	// NetworkActivity: the event is not that of the call, but the one that the
	// owner of the VPC endpoint gets of it.
	NetworkActivity NetworkActivity
	// SessionFromConsole: the credentials are those of a console session.
	SessionFromConsole bool

	HTTP HTTP
}

// HTTP is what only S3, and of it a little STS, records of a request.
type HTTP struct {
	// Host is the Host header.
	Host string
	// Query are the parameters of the URL as they came, those that the
	// operation's model does not know included.
	Query url.Values
	// BytesIn and BytesOut are the lengths of the bodies.
	BytesIn, BytesOut int64
	// SignatureVersion is SigV4 or SigV2, AuthMethod AuthHeader or QueryString; both
	// are empty for an unsigned call.
	SignatureVersion, AuthMethod string
	// ExtendedID is the answer's second id: x-amz-id-2 of S3,
	// x-amz-sts-extended-request-id of STS.
	ExtendedID string
}
