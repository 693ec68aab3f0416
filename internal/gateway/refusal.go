package gateway

import (
	"net/http"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// A reason is why the gateway itself refuses a call or cannot answer it.
type reason int

const (
	// notRecorded: the event cannot be made durable.
	notRecorded reason = iota
	// tooBusy: the journal's queue is full.
	tooBusy
	// tooLarge: the bodies of the requests under way are too large together.
	tooLarge
	// unreachable: the destination could not be reached; nothing happened.
	unreachable
	// noCredentials: the caller's credentials at the destination could not be
	// got; nothing happened.
	noCredentials
	// outcomeLost: the destination may have carried out the call.
	outcomeLost
	// internalFailure: a fault in the backend.
	internalFailure
)

// family groups the protocols by the vocabulary of their common errors.
type family int

const (
	familyQuery family = iota // Query, as in the "Common Errors" page of each Query service
	familyEC2                 // EC2's own list, "Error codes for the Amazon EC2 API"
	familyJSON                // JSON, REST-JSON and CBOR services
	familyS3                  // S3's "List of error codes"
)

func familyOf(found awsapi.Found) family {
	switch found.Protocol {
	case awsapi.Query:
		return familyQuery
	case awsapi.EC2:
		return familyEC2
	case awsapi.RestXML:
		return familyS3
	default:
		return familyJSON
	}
}

// codes are AWS's error codes for each reason. All say "try again later" to an
// SDK, except outcomeLost, where trying again could do the call twice: 502 is
// retried by some SDKs for want of a better status, so its code says what
// happened.
var codes = map[reason]map[family]string{
	notRecorded: {
		familyQuery: "ServiceUnavailable", familyEC2: "Unavailable",
		familyJSON: "ServiceUnavailableException", familyS3: "ServiceUnavailable",
	},
	tooBusy: {
		familyQuery: "Throttling", familyEC2: "RequestLimitExceeded",
		familyJSON: "ThrottlingException", familyS3: "SlowDown",
	},
	tooLarge: {
		familyQuery: "Throttling", familyEC2: "RequestLimitExceeded",
		familyJSON: "ThrottlingException", familyS3: "SlowDown",
	},
	unreachable: {
		familyQuery: "ServiceUnavailable", familyEC2: "Unavailable",
		familyJSON: "ServiceUnavailableException", familyS3: "ServiceUnavailable",
	},
	noCredentials: {
		familyQuery: "ServiceUnavailable", familyEC2: "Unavailable",
		familyJSON: "ServiceUnavailableException", familyS3: "ServiceUnavailable",
	},
	internalFailure: {
		familyQuery: "InternalFailure", familyEC2: "InternalError",
		familyJSON: "InternalFailure", familyS3: "InternalError",
	},
}

var statuses = map[reason]int{
	notRecorded:     http.StatusServiceUnavailable,
	tooBusy:         http.StatusServiceUnavailable,
	tooLarge:        http.StatusServiceUnavailable,
	unreachable:     http.StatusServiceUnavailable,
	noCredentials:   http.StatusServiceUnavailable,
	outcomeLost:     http.StatusBadGateway,
	internalFailure: http.StatusInternalServerError,
}

var messages = map[reason]string{
	notRecorded:     "The call was refused because it cannot be recorded: the event journal cannot be written.",
	tooBusy:         "The event journal cannot keep up. Reduce your request rate.",
	tooLarge:        "Too many large requests are under way. Reduce your request rate.",
	unreachable:     "The service behind this endpoint cannot be reached.",
	noCredentials:   "The call was not sent: credentials for the service behind this endpoint could not be obtained.",
	outcomeLost:     "The answer of the service behind this endpoint was lost. The call may have been carried out.",
	internalFailure: "An internal error occurred. The call may have been carried out.",
}

func refusal(why reason, found awsapi.Found) *awsapi.Error {
	code := codes[why][familyOf(found)]
	if why == outcomeLost {
		code = "OutcomeUnknown"
	}
	return &awsapi.Error{Code: code, Message: messages[why], Status: statuses[why], ServerFault: true}
}
