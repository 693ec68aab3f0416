package awsapi

import "net/http"

// Request is what the codecs read of, or write to, an HTTP request. Body is the
// whole body; it is nil where the body is streamed.
type Request struct {
	Method string
	// Host is the Host header: S3 buckets may be named there.
	Host string
	// Path is the escaped path, as sent; RawQuery the query without "?".
	Path, RawQuery string
	Header         http.Header
	Body           []byte
}

// Response is what the codecs read of, or write to, an HTTP response.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}
