package gateway

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/record"
	"github.com/cairn-audit/cairn/internal/sigv2"
	"github.com/cairn-audit/cairn/internal/sigv4"
)

// exchange is one request on its way through the gateway. One goroutine has it.
type exchange struct {
	gateway *Gateway
	http    *http.Request
	writer  *patientWriter
	body    *patientReader
	started time.Time

	// signature is what the request says of its signature, never nil once it
	// is read; version2 is the signature itself where it is of Version 2, and
	// signatureErr is why it is none. foundErr is why the request names no
	// operation. bodyErr is why a streamed body could not be read to its end.
	signature    *sigv4.Signature
	version2     *sigv2.Signature
	signatureErr error
	foundErr     error
	bodyErr      error

	// endpoint is the VPC endpoint that the request came through, nil if none;
	// stopped says that its policy denies the call, and deniedAnyway that
	// other policies do as well.
	endpoint              *VPCEndpoint
	stopped, deniedAnyway bool

	request Request
	// caller is who calls, once that is proven; its secret is left out.
	caller identity.Credential
	// subject is what policies are asked about, where they are.
	subject subject
	// call is what is known of the call so far; it becomes the event.
	call record.Call
	// intent is the number of the call's intent, 0 if it has none.
	intent journal.Seq
	// passedOn is set once the request has gone to an upstream.
	passedOn bool
	// held is what the request's body takes of Limits.Bodies.
	held int64
}

// serviceID is the service's name in the AWS CLI, or "" if it is not known.
func (x *exchange) serviceID() string {
	if s := x.request.Found.Service; s != nil {
		return s.ID
	}
	return ""
}

// announce commits the call's intent, if it needs one.
func (x *exchange) announce(ctx context.Context) error {
	x.call.Time = time.Now()
	x.noteRequest()
	seq, err := x.gateway.Recorder.intent(ctx, &x.call)
	x.intent = seq
	return err
}

// conclude commits the event of a call and returns the answer that may then
// leave. It is the only way to an answer.
func (x *exchange) conclude(ctx context.Context, result *Answer, failure error) *Answer {
	if failure != nil {
		result = x.failed(ctx, failure)
	}
	x.call.Time = time.Now()
	x.call.Output, x.call.Error = result.Output, result.Err
	x.noteRequest()
	x.noteAnswer(result)
	if id := answeredRequestID(result, x.call.Protocol); id != "" {
		x.call.RequestID = id
	}
	x.teach()
	records := x.records()
	if err := x.gateway.Recorder.event(ctx, &records[0], x.intent, records[1:]...); err != nil {
		if result.Stream != nil {
			result.Stream.Close()
		}
		return x.unrecorded(ctx, err)
	}
	x.warnOfKeys(ctx)
	return result
}

// records are the calls of the events that the call gives: its own, its copies
// for other accounts, and that of the VPC endpoint's owner.
func (x *exchange) records() []record.Call {
	copies := x.learned()
	activity, instead := x.networkActivity()
	if instead {
		return activity
	}
	return slices.Concat([]record.Call{x.call}, copies, activity)
}

// failed makes the answer to a call that has none of its destination's.
func (x *exchange) failed(ctx context.Context, failure error) *Answer {
	var lost *UnknownOutcomeError
	var unreached *unreachableError
	var unsigned *credentialsError
	var unrecorded *UnrecordedError
	e, refused := asRefusal(failure)
	switch {
	case refused:
	case errors.Is(failure, errBodiesFull):
		x.gateway.Logger.WarnContext(ctx, "a call is refused: the bodies that are held have reached their limit",
			"eventName", x.call.EventName, "requestID", x.call.RequestID)
		e = refusal(tooLarge, x.request.Found)
	case x.bodyErr != nil:
		// A destination keeps nothing of a body that broke off.
		if e, refused = asRefusal(x.refuseSignature(x.bodyErr)); !refused {
			e = errBodyIncomplete()
		}
	case errors.As(failure, &unrecorded):
		return x.unrecorded(ctx, unrecorded)
	case errors.As(failure, &lost):
		x.gateway.Logger.ErrorContext(ctx, "the outcome of a call is unknown",
			"eventName", x.call.EventName, "requestID", x.call.RequestID, "error", failure)
		x.call.OutcomeUnknown = true
		e = refusal(outcomeLost, x.request.Found)
	case errors.Is(failure, errUnmapped):
		x.call.Refused = record.Authorization
		e = x.unmapped()
	case errors.As(failure, &unsigned):
		x.gateway.Logger.WarnContext(ctx, "a call cannot be signed for its destination",
			"eventName", x.call.EventName, "requestID", x.call.RequestID, "error", failure)
		e = refusal(noCredentials, x.request.Found)
	case errors.As(failure, &unreached):
		x.gateway.Logger.WarnContext(ctx, "a destination cannot be reached",
			"eventName", x.call.EventName, "requestID", x.call.RequestID, "error", failure)
		e = refusal(unreachable, x.request.Found)
	default:
		x.gateway.Logger.ErrorContext(ctx, "a call failed",
			"eventName", x.call.EventName, "requestID", x.call.RequestID, "error", failure)
		e = refusal(internalFailure, x.request.Found)
	}
	return x.errorAnswer(e)
}

// unrecorded is the answer to a call whose event, intent, or what it brought to
// be recorded cannot be made durable. The backend's own answer, if there is one,
// is withheld: an intent that stays open will say that the outcome is unknown.
func (x *exchange) unrecorded(ctx context.Context, err error) *Answer {
	why := notRecorded
	if errors.Is(err, journal.ErrFull) {
		why = tooBusy
	}
	x.gateway.Logger.ErrorContext(ctx, "a call is refused because it cannot be recorded",
		"eventName", x.call.EventName, "requestID", x.call.RequestID, "error", err)
	a := x.errorAnswer(refusal(why, x.request.Found))
	a.Header.Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	return a
}

// retryAfter is when a refused client may try again.
const retryAfter = time.Second

func (x *exchange) errorAnswer(e *awsapi.Error) *Answer {
	encoded := x.request.Found.EncodeError(e, x.call.RequestID)
	return &Answer{
		Status: encoded.Status, Header: encoded.Header, Body: encoded.Body,
		Length: int64(len(encoded.Body)), Err: e,
	}
}

func stack() string { return string(debug.Stack()) }
