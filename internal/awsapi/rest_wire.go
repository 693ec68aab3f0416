package awsapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// restWire is what REST-JSON and REST-XML have in common: the operation is in
// the method and the path, and its members travel all over the message.
type restWire struct{ body restBody }

// restBody is the part in which the REST protocols differ.
type restBody interface {
	// encode and decode do a structure's members that are of the body.
	encode(f *Found, s *Shape, root Member, v map[string]any) ([]byte, error)
	decode(s *Shape, body []byte) (map[string]any, error)
	// encodePayload and decodePayload do the member that is the body.
	encodePayload(m *Member, v any) ([]byte, error)
	decodePayload(m *Member, body []byte) (any, error)
	contentType() string
	decodeError(f *Found, r *Response) (*Error, error)
	encodeError(f *Found, e *Error, shape *Shape, requestID string) (*Response, error)
}

func (w restWire) decodeRequest(f *Found, r *Request) (map[string]any, error) {
	b := bindingsOf(f.Operation.Input)
	params := map[string]any{}
	r = f.asked(r)
	labels, ok := f.Operation.route.values(splitPath(f.path(r)))
	if !ok {
		return nil, fmt.Errorf("the path %.200q is not of the operation %s", r.Path, f.Operation.Name)
	}
	for name, text := range labels {
		if m := b.labels[name]; m != nil {
			v, err := parseScalar(m.Shape, text)
			if err != nil {
				return nil, &memberError{m.Name, err}
			}
			params[m.Name] = v
		}
	}
	query, err := parseQuery(r.RawQuery)
	if err != nil {
		return nil, err
	}
	if err := b.decodeQuery(f.Operation.route, query, params); err != nil {
		return nil, err
	}
	if err := b.decodeHeaders(r.Header, params); err != nil {
		return nil, err
	}
	body := r.Body
	if b.hasBody && b.payload == nil { // a payload is the service's as it came
		if body, err = r.plainBody(); err != nil {
			return nil, err
		}
	}
	return params, w.decodeBody(f.Operation.Input, b, body, params)
}

// asked is the request as the model has it. Clients send CloudSearch's searches,
// which are GET, as POST with the query in the body, for it may be long.
func (f *Found) asked(r *Request) *Request {
	if f.Service.ID != "cloudsearchdomain" || !isForm(r) {
		return r
	}
	query := string(r.Body)
	if r.RawQuery != "" {
		query = r.RawQuery + "&" + query
	}
	get := *r
	get.Method, get.RawQuery, get.Body = http.MethodGet, query, nil
	return &get
}

func (w restWire) decodeBody(s *Shape, b *bindings, body []byte, into map[string]any) error {
	switch {
	case b.streamed() || len(body) == 0:
		return nil
	case b.payload != nil:
		v, err := w.decodePayload(b.payload, body)
		if err != nil {
			return err
		}
		if v != nil {
			into[b.payload.Name] = v
		}
		return nil
	case !b.hasBody:
		return nil
	}
	members, err := w.body.decode(s, body)
	if err != nil {
		return err
	}
	for name, v := range members {
		if m := s.byName[name]; m != nil && m.Location == "" {
			into[name] = v
		}
	}
	return nil
}

func (w restWire) decodePayload(m *Member, body []byte) (any, error) {
	switch m.Shape.Kind {
	case Blob:
		return body, nil
	case String:
		return string(body), nil
	}
	return w.body.decodePayload(m, body)
}

func (w restWire) encodeRequest(f *Found, params map[string]any) (*Request, error) {
	op := f.Operation
	b := bindingsOf(op.Input)
	path, err := b.encodePath(op.route, params)
	if err != nil {
		return nil, err
	}
	query, err := b.encodeQuery(op.route, params)
	if err != nil {
		return nil, err
	}
	r := &Request{Method: op.Method, Path: path, RawQuery: query, Header: http.Header{}}
	if err := b.encodeHeaders(r.Header, params); err != nil {
		return nil, err
	}
	var contentType string
	r.Body, contentType, err = w.encodeBody(f, op.Input, op.InputRoot, params)
	if contentType != "" && !b.contentType {
		r.Header.Set("Content-Type", contentType)
	}
	return r, err
}

// encodeBody returns the body and its type, or nothing for a body that is
// streamed or that has nothing to hold.
func (w restWire) encodeBody(f *Found, s *Shape, root Member, v map[string]any) ([]byte, string, error) {
	b := bindingsOf(s)
	switch {
	case b.streamed():
		return nil, "", nil
	case b.payload != nil:
		value := v[b.payload.Name]
		if value == nil {
			return nil, "", nil
		}
		return w.encodePayload(b.payload, value)
	case !b.hasBody:
		return nil, "", nil
	}
	body, err := w.body.encode(f, s, root, v)
	if len(body) == 0 {
		return nil, "", err
	}
	return body, w.body.contentType(), err
}

func (w restWire) encodePayload(m *Member, v any) ([]byte, string, error) {
	switch v := v.(type) {
	case []byte:
		if m.Shape.Kind == Blob {
			return v, "application/octet-stream", nil
		}
	case string:
		if m.Shape.Kind == String {
			return []byte(v), "text/plain", nil
		}
	default:
		body, err := w.body.encodePayload(m, v)
		return body, w.body.contentType(), err
	}
	return nil, "", typeError(m.Shape, v)
}

func (w restWire) decodeAnswer(f *Found, r *Response) (map[string]any, error) {
	out := map[string]any{}
	b := bindingsOf(f.Operation.Output)
	if b.status != nil {
		out[b.status.Name] = int64(r.Status)
	}
	if err := b.decodeHeaders(r.Header, out); err != nil {
		return nil, err
	}
	if f.Operation.Output == nil || f.Operation.Method == http.MethodHead {
		return out, nil
	}
	return out, w.decodeBody(f.Operation.Output, b, r.Body, out)
}

func (w restWire) encodeAnswer(f *Found, out map[string]any, _ string) (*Response, error) {
	op := f.Operation
	b := bindingsOf(op.Output)
	r := &Response{Status: op.Code, Header: http.Header{}}
	if b.status != nil {
		if status, ok := out[b.status.Name].(int64); ok && status >= 200 && status <= 599 {
			r.Status = int(status)
		}
	}
	if err := b.encodeHeaders(r.Header, out); err != nil {
		return nil, err
	}
	if op.Output == nil {
		return r, nil
	}
	body, contentType, err := w.encodeBody(f, op.Output, Member{Shape: op.Output}, out)
	r.Body = body
	if contentType != "" && !b.contentType {
		r.Header.Set("Content-Type", contentType)
	}
	return r, err
}

func (w restWire) decodeError(f *Found, r *Response) (*Error, error) { return w.body.decodeError(f, r) }

func (w restWire) encodeError(f *Found, e *Error, shape *Shape, requestID string) (*Response, error) {
	r, err := w.body.encodeError(f, e, shape, requestID)
	if err != nil || shape == nil {
		return r, err
	}
	code, hasCode := r.Header[errorTypeHeader]
	err = bindingsOf(shape).encodeHeaders(r.Header, e.Fields)
	if hasCode {
		r.Header[errorTypeHeader] = code
	}
	return r, err
}

// memberError says which member a value is wrong for.
type memberError struct {
	member string
	err    error
}

func (e *memberError) Error() string { return fmt.Sprintf("%s: %v", e.member, e.err) }
func (e *memberError) Unwrap() error { return e.err }

var errQuery = errors.New("the query string is malformed")

// parseQuery reads a query string or a form. Unlike the library it takes a
// semicolon for itself, as AWS does, and as many parameters as a form may have.
func parseQuery(raw string) (url.Values, error) {
	values := url.Values{}
	return values, addQueryTo(values, raw)
}

func addQueryTo(values url.Values, raw string) error {
	if strings.Count(raw, "&") >= maxFormFields {
		return fmt.Errorf("%w: %w", errQuery, errFormSize)
	}
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		key, value, _ := strings.Cut(part, "=")
		key, err := url.QueryUnescape(key)
		if err != nil {
			return fmt.Errorf("%w: %w", errQuery, err)
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return fmt.Errorf("%w: %w", errQuery, err)
		}
		values[key] = append(values[key], value)
	}
	return nil
}
