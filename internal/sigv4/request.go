package sigv4

import (
	"net/http"
	"strconv"
	"strings"
)

// Request is what a signature can cover of an HTTP request, as it was sent.
type Request struct {
	Method string
	// Host is the Host header, or :authority.
	Host string
	// Path is the escaped path and RawQuery the query without "?". Both are
	// as sent: a path that was decoded and encoded again may no longer be
	// the one that was signed.
	Path, RawQuery string
	Header         http.Header
	// ContentLength is used where content-length is signed and the header
	// is not in Header; negative is unknown.
	ContentLength    int64
	TransferEncoding []string
}

// FromHTTP takes the parts from a request that a server received. The result
// shares r's header.
func FromHTTP(r *http.Request) *Request {
	path, query := r.URL.EscapedPath(), r.URL.RawQuery
	// The target as sent, where there is one: URL has decoded the path, and
	// encodes it again where it was not sent in net/url's own spelling.
	if target := r.RequestURI; strings.HasPrefix(target, "/") {
		path, query, _ = strings.Cut(target, "?")
	}
	return &Request{
		Method:           r.Method,
		Host:             r.Host,
		Path:             path,
		RawQuery:         query,
		Header:           r.Header,
		ContentLength:    r.ContentLength,
		TransferEncoding: r.TransferEncoding,
	}
}

// values returns the values of a header by its name in lower case, among them
// those that net/http keeps outside the header map.
func (r *Request) values(name string) []string {
	if name == "host" {
		return []string{r.Host}
	}
	if v := r.Header.Values(name); len(v) > 0 {
		return v
	}
	switch {
	case name == "content-length" && r.ContentLength >= 0:
		return []string{strconv.FormatInt(r.ContentLength, 10)}
	case name == "transfer-encoding":
		return r.TransferEncoding
	}
	return nil
}

// one returns the value of a header that may be sent only once, and whether it
// was sent at most once.
func (r *Request) one(name string) (string, bool) {
	v := r.Header.Values(name)
	if len(v) == 0 {
		return "", true
	}
	return strings.TrimSpace(v[0]), len(v) == 1
}
