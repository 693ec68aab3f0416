package awsapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Found is an operation together with the dialect that its caller speaks, which
// is all that is needed to read the request and to answer it. The zero Operation
// belongs to a request that names none that is known: it can still be refused,
// with EncodeError.
//
// A Found may be made by hand from a Service, an Operation and a Protocol.
type Found struct {
	Service   *Service
	Operation *Operation
	Protocol  Protocol
	// Name is the operation's name as the caller gave it. It is set even if no
	// such operation is known, where the protocol sends the name at all.
	Name string
	// JSONVersion is "1.0" or "1.1" in a JSON request.
	JSONVersion string
	// QueryMode says that the caller wants the error codes of the time when
	// the service spoke Query.
	QueryMode bool
	// Unclear is set beside an error of Find if the request can be read in
	// several ways, or not to its end: servers will differ in what they make
	// of it, so nobody can say what it asks of a server that it is passed to.
	Unclear bool

	form url.Values // of a Query request, read already
	head bool       // the answer may have no body
}

// wire is a protocol: how a call and its answer travel.
type wire interface {
	decodeRequest(f *Found, r *Request) (map[string]any, error)
	encodeRequest(f *Found, params map[string]any) (*Request, error)
	decodeAnswer(f *Found, r *Response) (map[string]any, error)
	encodeAnswer(f *Found, out map[string]any, requestID string) (*Response, error)
	decodeError(f *Found, r *Response) (*Error, error)
	// encodeError is given the error's wire code and its shape, if it has one.
	encodeError(f *Found, e *Error, shape *Shape, requestID string) (*Response, error)
}

func (f *Found) wire() wire {
	switch f.Protocol {
	case Query, EC2:
		return queryWire{f.Protocol}
	case RestJSON:
		return restWire{restJSON{}}
	case RestXML:
		return restWire{restXML{}}
	case RPCv2:
		return cborWire{}
	}
	return jsonWire{}
}

// Decode reads the parameters of the request that f was found for. The error
// is an *Error in the words of the protocol. Members that the model does not
// have are ignored, as AWS ignores them.
func (f Found) Decode(r *Request) (map[string]any, error) {
	if f.Operation == nil {
		return nil, errNoOperation
	}
	params, err := f.wire().decodeRequest(&f, r)
	if err != nil {
		return nil, malformed(&f, err)
	}
	if params == nil {
		params = map[string]any{}
	}
	return params, nil
}

// EncodeRequest writes a request for the operation, without a signature and
// for no host in particular. The error says that params are not of the
// operation's shape.
func (f Found) EncodeRequest(params map[string]any) (*Request, error) {
	if f.Operation == nil {
		return nil, errNoOperation
	}
	r, err := f.wire().encodeRequest(&f, params)
	if err != nil {
		return nil, fmt.Errorf("encode a request for %s: %w", f.Operation.Name, err)
	}
	return r, nil
}

// DecodeAnswer reads an answer: either what the operation gave, or the error
// that it was refused with. The last result says that the answer could not be
// understood; apiErr is then set too if at least its status says that it is an
// error.
func (f Found) DecodeAnswer(r *Response) (out map[string]any, apiErr *Error, err error) {
	if f.Operation == nil {
		return nil, nil, errNoOperation
	}
	if r.Status >= 300 && r.Status != f.Operation.Code || f.isS3() && isLateError(r.Body) {
		apiErr, err = f.decodeError(r)
		return nil, apiErr, err
	}
	out, err = f.wire().decodeAnswer(&f, r)
	if err != nil {
		return nil, nil, fmt.Errorf("decode the answer of %s: %w", f.Operation.Name, err)
	}
	if out == nil {
		out = map[string]any{}
	}
	return out, nil, nil
}

// EncodeAnswer writes the answer of a call that succeeded. The error says that
// out is not of the operation's shape.
func (f Found) EncodeAnswer(out map[string]any, requestID string) (*Response, error) {
	if f.Operation == nil {
		return nil, errNoOperation
	}
	r, err := f.wire().encodeAnswer(&f, out, requestID)
	if err != nil {
		return nil, fmt.Errorf("encode the answer of %s: %w", f.Operation.Name, err)
	}
	f.addRequestID(r.Header, requestID)
	if f.Operation.Method == http.MethodHead {
		r.Body = nil
	}
	return r, nil
}

var errNoOperation = errors.New("awsapi: no operation was found")

// addRequestID sets the headers that carry a request's id beside its body.
func (f *Found) addRequestID(h http.Header, requestID string) {
	if f.isS3() {
		h.Set("X-Amz-Request-Id", requestID)
		h.Set("X-Amz-Id-2", hostID(requestID))
		return
	}
	h.Set("X-Amzn-Requestid", requestID)
}

// isS3 reports whether the service has S3's own conventions.
func (f *Found) isS3() bool {
	return f.Service != nil && f.Service.SigningName == "s3" && f.Protocol == RestXML
}
