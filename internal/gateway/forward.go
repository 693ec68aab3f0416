package gateway

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// Upstream passes requests on to another endpoint and its answers back, byte
// for byte.
type Upstream struct {
	// URL is the endpoint. Its path, if any, is put before the request's.
	URL *url.URL
	// Credentials are those with which requests are signed anew. Where it is
	// nil a request goes on as it came, Host and signature included, which
	// only an endpoint that checks no signatures accepts.
	Credentials UpstreamCredentials
	// Transport carries the requests; NewTransport makes a fitting one.
	Transport http.RoundTripper
	Limits    Limits

	signing signing
}

// NewTransport makes the transport of an upstream: it asks for no compression
// of its own and bounds every wait but the one for the answer's body.
func NewTransport(l Limits) *http.Transport {
	l = l.withDefaults()
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  l.Call,
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        60 * time.Second,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 1 << 20,
	}
}

// Do sends the request on. The request's context does not end with the client:
// what was begun is seen through.
func (u *Upstream) Do(ctx context.Context, r *Request) (*Answer, error) {
	out, err := u.outgoing(ctx, r)
	if err != nil {
		return nil, err
	}
	var wrote atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }}
	resp, err := u.Transport.RoundTrip(out.WithContext(httptrace.WithClientTrace(ctx, trace)))
	if err != nil {
		err = fmt.Errorf("call the upstream %s: %w", u.URL.Host, err)
		if wrote.Load() {
			return nil, &UnknownOutcomeError{Err: err}
		}
		return nil, &unreachableError{err: err}
	}
	return readAnswer(resp, r.Found, u.Limits.withDefaults().Answer)
}

// unreachableError says that a request never left.
type unreachableError struct{ err error }

func (e *unreachableError) Error() string { return e.err.Error() }
func (e *unreachableError) Unwrap() error { return e.err }

func (u *Upstream) outgoing(ctx context.Context, r *Request) (*http.Request, error) {
	target := *u.URL
	in := r.HTTP.URL
	target.Path = strings.TrimSuffix(u.URL.Path, "/") + in.Path
	if in.RawPath != "" {
		target.RawPath = strings.TrimSuffix(u.URL.EscapedPath(), "/") + in.RawPath
	}
	target.RawQuery, target.ForceQuery = in.RawQuery, in.ForceQuery
	header := r.HTTP.Header
	if u.Credentials != nil {
		header, target.RawQuery = r.Header, r.RawQuery
	}
	out := (&http.Request{
		Method: r.HTTP.Method, URL: &target, Header: endToEnd(header), Host: r.HTTP.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	out.Header.Del("Expect")
	if _, ok := out.Header["User-Agent"]; !ok {
		out.Header.Set("User-Agent", "") // keeps net/http from adding its own
	}
	if u.Credentials != nil {
		return out, u.sign(ctx, out, r)
	}
	switch {
	case r.Stream != nil:
		// As it came: chunked framing and its signatures are the client's.
		return out, setStream(out, r.Raw, r.HTTP.ContentLength)
	case len(r.Body) > 0:
		setBody(out, r.Body)
	}
	return out, nil
}

// setStream gives a request a body that can be sent once, of a length that is -1
// if it is unknown. An empty one is read here, where its end may prove wrong:
// net/http would send it chunked, which S3 does not take.
func setStream(out *http.Request, body io.Reader, length int64) error {
	if length == 0 {
		_, err := io.Copy(io.Discard, body)
		return err
	}
	out.Body, out.ContentLength = io.NopCloser(body), length
	return nil
}

// setBody gives a request a body that can be sent again if the connection was
// closed before anything was written.
func setBody(out *http.Request, body []byte) {
	out.ContentLength = int64(len(body))
	out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	out.Body, _ = out.GetBody()
}

// hopByHop are the headers that concern one connection only (RFC 9110, section
// 7.6.1, and those that were so before it).
var hopByHop = []string{
	"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// endToEnd copies the headers that go on to the next hop.
func endToEnd(h http.Header) http.Header {
	out := h.Clone()
	dropNamedByConnection(out)
	for _, name := range hopByHop {
		out.Del(name)
	}
	return out
}

// dropNamedByConnection takes away the headers that the sender declares to be
// for this connection only.
func dropNamedByConnection(h http.Header) {
	for _, v := range h.Values("Connection") {
		for name := range strings.SplitSeq(v, ",") {
			if name = textproto.TrimString(name); !strings.EqualFold(name, "Connection") {
				h.Del(name)
			}
		}
	}
}

// readAnswer reads an HTTP answer of an AWS API. One that is a stream by its
// model, or larger than max, is left to be streamed.
func readAnswer(resp *http.Response, found awsapi.Found, max int64) (*Answer, error) {
	if resp.StatusCode < 200 {
		resp.Body.Close()
		return nil, &UnknownOutcomeError{Err: fmt.Errorf("the answer's status is %d", resp.StatusCode)}
	}
	a := &Answer{Status: resp.StatusCode, Header: endToEnd(resp.Header), Length: resp.ContentLength}
	if resp.StatusCode < 300 && streams(found.Operation) {
		a.Stream = resp.Body
		a.decode(found, nil)
		return a, nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, max+1))
	if err != nil {
		resp.Body.Close()
		return nil, &UnknownOutcomeError{Err: fmt.Errorf("read the upstream's answer: %w", err)}
	}
	if int64(len(body)) > max {
		a.Stream = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(body), resp.Body), resp.Body}
		return a, nil
	}
	if err := resp.Body.Close(); err != nil {
		return nil, &UnknownOutcomeError{Err: fmt.Errorf("read the upstream's answer: %w", err)}
	}
	a.Body, a.Length = body, int64(len(body))
	a.decode(found, body)
	return a, nil
}

// streams reports whether the operation's answer is a stream: a blob that may
// be of any size, or events that go on.
func streams(op *awsapi.Operation) bool {
	if op == nil || op.Output == nil {
		return false
	}
	return slices.ContainsFunc(op.Output.Members, func(m *awsapi.Member) bool {
		return m.Streaming || m.Shape.Streaming || m.Shape.EventStream
	})
}

// takesStream reports the same of the operation's input.
func takesStream(op *awsapi.Operation) bool {
	if op == nil || op.Input == nil {
		return false
	}
	m := op.Input.Member(op.Input.Payload)
	return m != nil && (m.Streaming || m.Shape.Streaming || m.Shape.EventStream)
}

// decode reads what the record shows of an answer. An answer that is none of
// the operation's is passed on all the same; a failing status then stands for
// the error.
func (a *Answer) decode(found awsapi.Found, body []byte) {
	failed := a.Status >= 300 && a.Status != http.StatusNotModified
	if found.Operation != nil {
		plain, err := uncompressed(a.Header, body)
		if err == nil {
			a.Output, a.Err, err = found.DecodeAnswer(&awsapi.Response{Status: a.Status, Header: a.Header, Body: plain})
		}
		if err != nil {
			a.Output = nil
		}
	}
	if failed && a.Err == nil {
		a.Output = nil
		a.Err = &awsapi.Error{
			Code: strings.ReplaceAll(http.StatusText(a.Status), " ", ""), Status: a.Status,
			ServerFault: a.Status >= 500,
		}
	}
}

// maxInflated bounds an answer that is compressed, in bytes of plain text.
const maxInflated = 256 << 20

var errInflated = errors.New("the answer is too large when uncompressed")

func uncompressed(h http.Header, body []byte) ([]byte, error) {
	if !strings.EqualFold(h.Get("Content-Encoding"), "gzip") || len(body) == 0 {
		return body, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxInflated+1))
	if err == nil && len(plain) > maxInflated {
		err = errInflated
	}
	return plain, err
}
