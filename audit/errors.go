package audit

import (
	"fmt"

	"github.com/aws/smithy-go"
)

// EventError says that an event was not accepted. To send it again is in vain.
type EventError struct {
	// Index is the event's place in the slice that was given to RecordAll.
	Index int
	// ID is the event's.
	ID string
	// Code is CloudTrail's: FieldTooLong, FieldNotFound, InvalidChecksum,
	// InvalidData, InvalidRecipient, InvalidEventSource, and of AWS's also
	// AccountNotSubscribed, Throttling and InternalFailure.
	Code    string
	Message string
}

func (e *EventError) Error() string {
	return fmt.Sprintf("event %s was not accepted: %s: %s", e.ID, e.Code, e.Message)
}

// Error says that a request was refused, with all the events that were in it. It
// is a smithy.APIError.
type Error struct {
	// Code is the service's: ChannelNotFound, InvalidChannelARN,
	// ChannelInsufficientPermission, ValidationException and others.
	Code    string
	Message string
	// Status is the HTTP status; 500 and above are worth another try later.
	Status int
	// RequestID finds the call in the history.
	RequestID string
}

var _ smithy.APIError = (*Error)(nil)

func (e *Error) Error() string {
	return fmt.Sprintf("PutAuditEvents was refused with status %d: %s: %s", e.Status, e.Code, e.Message)
}

// ErrorCode returns Code.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorMessage returns Message.
func (e *Error) ErrorMessage() string { return e.Message }

// HTTPStatusCode returns Status.
func (e *Error) HTTPStatusCode() int { return e.Status }

// ErrorFault says whose fault it is.
func (e *Error) ErrorFault() smithy.ErrorFault {
	if e.Status >= 500 {
		return smithy.FaultServer
	}
	return smithy.FaultClient
}

// lostError says that no answer came: the events may be there or not.
type lostError struct{ err error }

func (e *lostError) Error() string {
	return fmt.Sprintf("no answer to PutAuditEvents; the events may be recorded or not: %v", e.err)
}

func (e *lostError) Unwrap() error { return e.err }

// RetryableError tells the retryer that it may be tried again: an event that is
// there is not recorded twice.
func (e *lostError) RetryableError() bool { return true }
