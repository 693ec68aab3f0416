package awsapi

import (
	"errors"
	"net/http"
)

// malformed turns what a decoder found wrong into the answer that AWS's front
// end gives in the protocol. Messages say what is wrong where AWS's say nothing.
func malformed(f *Found, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	var member *memberError
	outside := errors.As(err, &member) || errors.Is(err, errQuery)
	switch f.Protocol {
	case Query:
		return &Error{Code: "MalformedQueryString", Message: err.Error(), Status: http.StatusBadRequest}
	case EC2:
		return &Error{Code: "InvalidParameterValue", Message: err.Error(), Status: http.StatusBadRequest}
	case RestXML:
		switch {
		case f.isS3() && outside: // S3's list of error codes
			return &Error{Code: "InvalidArgument", Message: err.Error(), Status: http.StatusBadRequest}
		case f.isS3():
			return s3XML.because("", err.Error())
		case outside:
			return &Error{Code: "InvalidInput", Message: err.Error(), Status: http.StatusBadRequest}
		}
		return otherXML.because("", err.Error())
	}
	return &Error{Code: "SerializationException", Message: err.Error(), Status: http.StatusBadRequest}
}

// The refusals of AWS's front ends for a request that names no operation. EC2's
// text is its own; the other Query services' front end says which version of
// the API it looked at.

func unknownAction(p Protocol, action, version string) *Error {
	e := &Error{Code: "InvalidAction", Status: http.StatusBadRequest}
	switch {
	case p == EC2:
		e.Message = "The action " + action + " is not valid for this web service."
	case version == "":
		e.Message = "Could not find operation " + action + " for version NO_VERSION_SPECIFIED"
	default:
		e.Message = "Could not find operation " + action + " for version " + version
	}
	return e
}

func missingAction() *Error {
	return &Error{Code: "MissingAction", Status: http.StatusBadRequest,
		Message: "The request must contain the parameter Action."}
}

// unknownOperation is the refusal of the JSON and RPC protocols and of the REST
// services. Route 53 and CloudFront have the same code in XML.
func unknownOperation(p Protocol, what string) *Error {
	e := &Error{Code: "UnknownOperationException", Message: what, Status: http.StatusNotFound}
	if p == JSON {
		e.Status = http.StatusBadRequest
	}
	return e
}

func methodNotAllowed(method string) *Error {
	return &Error{Code: "MethodNotAllowed", Status: http.StatusMethodNotAllowed,
		Message: "The specified method is not allowed against this resource.",
		Fields:  map[string]any{"Method": method, "ResourceType": "SERVICE"}}
}
