// Package awsapi knows the APIs of AWS: their operations and shapes, and the
// wire protocols that carry them. It turns request bytes into calls and answers
// into bytes, and back, and knows nothing of what a service does.
//
// # Values
//
// The parameters of a call and the members of an answer are plain Go values,
// keyed by the model's member names:
//
//	structure, map  map[string]any
//	list            []any
//	string          string
//	blob            []byte
//	boolean         bool
//	integer, long   int64
//	float, double   float64
//	timestamp       time.Time, in UTC
//	document        any JSON value: nil, bool, float64, string, []any, map[string]any
//
// What was not sent is not in the map; what was sent empty is there and empty.
// A null in JSON was not sent, except in a list or map that the model calls
// sparse, and in a document. A body that is streamed (an S3 object) is not a
// value: its member is absent. The names of a map of headers (S3's metadata) are
// in lower case, for HTTP loses theirs.
//
// # Calls
//
// Find tells which operation a request is for and gives a Found, which reads the
// request and writes the answer in the caller's protocol:
//
//	found, err := catalog.Find(signingName, request)
//	params, err := found.Decode(request)
//	err = Validate(found.Operation, params)
//	answer, err := found.EncodeAnswer(out, requestID) // or found.EncodeError
//
// What is wrong with a request is an *Error, with the code that AWS's own front
// end gives; EncodeError puts it into an answer, even if Find failed.
package awsapi

//go:generate go run ./gen -o models.zip
