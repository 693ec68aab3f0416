package sigv4

import "strings"

// The refusals of a body. Their codes are S3's, which is where bodies are
// declared; another service answers a body that is not what was signed as a
// signature that does not match.

func errPayload(declared, got string) *Error {
	return &Error{Failure: PayloadMismatch, class: mismatched, text: mismatchText,
		s3: Answer{Code: "XAmzContentSHA256Mismatch", Status: 400,
			Message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
			Fields:  map[string]any{"ClientComputedContentSHA256": declared, "S3ComputedContentSHA256": got}}}
}

func errPayloadMissing() *Error {
	return badPayload(Answer{Code: "InvalidRequest", Status: 400,
		Message: "Missing required header for this request: x-amz-content-sha256"})
}

func errPayloadHeader(value string) *Error {
	return badPayload(Answer{Code: "InvalidArgument", Status: 400,
		Message: "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, " +
			"STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
		Fields: map[string]any{"ArgumentName": "x-amz-content-sha256", "ArgumentValue": value}})
}

func badPayload(s3 Answer) *Error {
	return &Error{Failure: BadPayloadHeader, class: incomplete, text: s3.Message, s3: s3}
}

func errDecodedLength() *Error {
	return badBody("MissingContentLength", 411, "You must provide the Content-Length HTTP header.")
}

func errCutShort() *Error {
	return badBody("IncompleteBody", 400, "The request body terminated unexpectedly")
}

func errLength() *Error {
	return badBody("IncompleteBody", 400, "You did not provide the number of bytes specified by the Content-Length HTTP header")
}

func errChunkSize() *Error {
	return badBody("InvalidChunkSizeError", 403, "Only the last chunk is allowed to have a size less than 8192 bytes")
}

func errTrailer() *Error {
	return badBody("MalformedTrailerError", 400,
		"The request contained trailing data that was not well-formed or did not conform to our published schema.")
}

func errChecksum(trailer string) *Error {
	name := strings.ToUpper(strings.TrimPrefix(trailer, checksumPrefix))
	e := badBody("BadDigest", 400, "The "+name+" you specified did not match the calculated checksum.")
	e.Failure = ChecksumMismatch
	return e
}

func badBody(code string, status int, text string) *Error {
	return &Error{Failure: BadBody, class: incomplete, text: text, s3: Answer{Code: code, Status: status, Message: text}}
}
