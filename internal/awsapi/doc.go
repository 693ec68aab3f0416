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
// A body that is streamed (an S3 object) is not a value: its member is absent.
package awsapi

//go:generate go run ./gen -o models.zip
