package awsapi

import "fmt"

// Error is an answer that refuses a call, in no protocol yet.
type Error struct {
	// Code is the error's code as CloudTrail records it, which is the name
	// of the shape where the model has one ("TrailNotFoundException").
	Code    string
	Message string
	// WireCode is the code that a decoded answer had, where it differs from the
	// shape's name ("DBInstanceNotFound" of DBInstanceNotFoundFault). Encoders
	// take Code, which may be either.
	WireCode string
	// Status is the HTTP status; 0 takes the model's, else 400, or 500 for
	// a server fault.
	Status      int
	ServerFault bool
	// Fields are members of the error's shape beside the message.
	Fields map[string]any
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Code
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}
