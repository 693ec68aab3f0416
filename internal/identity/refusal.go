package identity

import (
	"errors"
	"fmt"
)

// Reason is why IAM refuses a change or finds nothing; it is the name of IAM's
// error.
type Reason string

// The reasons, as the IAM API Reference names its errors.
const (
	NoSuchEntity            Reason = "NoSuchEntityException"
	EntityAlreadyExists     Reason = "EntityAlreadyExistsException"
	DeleteConflict          Reason = "DeleteConflictException"
	LimitExceeded           Reason = "LimitExceededException"
	InvalidInput            Reason = "InvalidInputException"
	MalformedPolicyDocument Reason = "MalformedPolicyDocumentException"
	UnmodifiableEntity      Reason = "UnmodifiableEntityException"
	InvalidCode             Reason = "InvalidAuthenticationCodeException"
	PasswordRefused         Reason = "PasswordPolicyViolationException"
	ValidationError         Reason = "ValidationError"
	AccessDenied            Reason = "AccessDenied"
)

// Refusal is an error in IAM's own words, to be shown to the caller.
type Refusal struct {
	Reason  Reason
	Message string
}

func (r *Refusal) Error() string { return string(r.Reason) + ": " + r.Message }

// Refuse makes a Refusal.
func Refuse(why Reason, format string, args ...any) error {
	return &Refusal{Reason: why, Message: fmt.Sprintf(format, args...)}
}

// Refused reports whether the error is a refusal for that reason.
func Refused(err error, why Reason) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Reason == why
}
