package gateway

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
)

// ObjectStore is an S3 server that takes requests which are authenticated and
// authorized already; account is the caller's, "" where it is unsigned. Forward
// returns the server's answer; when it does, what the request changed is durable.
// r.Body yields the body decoded, r.Trailer its trailers; what a presigned URL
// stands for is in its place.
type ObjectStore interface {
	Forward(ctx context.Context, account string, r *http.Request) (*http.Response, error)
}

// Objects makes a destination of an S3 server that is built in.
func Objects(store ObjectStore, l Limits) Destination {
	return &objects{store: store, limits: l.withDefaults()}
}

type objects struct {
	store  ObjectStore
	limits Limits
}

func (o *objects) Do(ctx context.Context, r *Request) (*Answer, error) {
	if r.Problem != nil {
		return nil, r.Problem
	}
	if err := checkKeys(r.Call.Params); err != nil {
		return nil, err
	}
	source, err := copySource(r.Call.Params)
	if err != nil {
		return nil, err
	}
	in, err := o.incoming(r)
	if err != nil {
		return nil, err
	}
	if source != "" {
		in.Header = in.Header.Clone()
		in.Header.Set("X-Amz-Copy-Source", source)
	}
	resp, err := o.store.Forward(ctx, identity.FromContext(ctx).AccountID, in)
	if err != nil {
		return nil, &UnknownOutcomeError{Err: err}
	}
	return readAnswer(resp, r.Found, o.limits.Answer)
}

// incoming is the client's request in path style with its body decoded.
func (o *objects) incoming(r *Request) (*http.Request, error) {
	path := r.Found.PathStyle(&awsapi.Request{Host: r.HTTP.Host, Path: r.HTTP.URL.EscapedPath()})
	u, err := url.ParseRequestURI(path)
	if err != nil {
		return nil, errInvalidURI()
	}
	u.RawQuery = r.RawQuery
	in := &http.Request{
		Method: r.HTTP.Method, URL: u, Host: r.HTTP.Host, Header: r.Header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Trailer: http.Header{},
	}
	switch {
	case r.Stream != nil:
		in.Body, in.ContentLength = &trailing{Reader: r.Stream, from: r.Trailer, to: in.Trailer}, r.Length
	case len(r.Body) > 0:
		in.Body, in.ContentLength = io.NopCloser(bytes.NewReader(r.Body)), int64(len(r.Body))
	}
	return in, nil
}

// errInvalidURI is S3's.
func errInvalidURI() *awsapi.Error {
	return &awsapi.Error{Code: "InvalidURI", Message: "Couldn't parse the specified URI.", Status: http.StatusBadRequest}
}

// trailing gives a body's trailers to its reader when it has ended.
type trailing struct {
	io.Reader
	from func() http.Header
	to   http.Header
}

func (t *trailing) Read(b []byte) (int, error) {
	n, err := t.Reader.Read(b)
	if err == io.EOF && t.from != nil {
		for name, values := range t.from() {
			t.to[name] = values
		}
	}
	return n, err
}

func (t *trailing) Close() error { return nil }
