package awsapi

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

// EncodeError writes an error in the caller's protocol. It never fails: fields
// that do not fit the error's shape are left out.
func (f Found) EncodeError(e *Error, requestID string) *Response {
	shape := f.errorShape(e.Code)
	wire := *e
	wire.Code = wireCode(shape, e.Code)
	if shape != nil && shape.Error != nil && !shape.Error.SenderFault && shape.Error.Status >= 500 {
		wire.ServerFault = true
	}
	wire.Status = errorStatus(e, shape)
	wire.ServerFault = wire.ServerFault || wire.Status >= 500
	r, err := f.wire().encodeError(&f, &wire, shape, requestID)
	if err != nil {
		wire.Fields = nil
		r, _ = f.wire().encodeError(&f, &wire, nil, requestID)
	}
	r.Status = wire.Status
	f.addRequestID(r.Header, requestID)
	if f.head || f.Operation != nil && f.Operation.Method == http.MethodHead {
		r.Body = nil
		r.Header.Del("Content-Type")
	}
	return r
}

// errorStatus is the status of an answer that carries the error.
func errorStatus(e *Error, shape *Shape) int {
	if e.Status >= 300 && e.Status <= 599 {
		return e.Status
	}
	if shape != nil && shape.Error != nil && shape.Error.Status >= 300 {
		return shape.Error.Status
	}
	if e.ServerFault {
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// errorShape returns the shape of an error by its name or its wire code, or
// nil. Several shapes may have one code; the operation's own comes first.
func (f *Found) errorShape(code string) *Shape {
	if f.Operation != nil {
		for _, s := range f.Operation.Errors {
			if s.Name == code || s.Error != nil && s.Error.Code == code {
				return s
			}
		}
	}
	if f.Service == nil {
		return nil
	}
	return errorShape(f.Service, code)
}

// decodeError reads an answer that is an error. Code is the shape's name if the
// model has one.
func (f *Found) decodeError(r *Response) (*Error, error) {
	if len(bytes.TrimSpace(r.Body)) == 0 && r.Header.Get(errorTypeHeader) == "" {
		return &Error{Code: codeOfStatus(r.Status), WireCode: codeOfStatus(r.Status),
			Message: http.StatusText(r.Status), Status: r.Status, ServerFault: r.Status >= 500}, nil
	}
	e, err := f.wire().decodeError(f, r)
	if err != nil {
		return &Error{Code: codeOfStatus(r.Status), WireCode: codeOfStatus(r.Status),
			Status: r.Status, ServerFault: r.Status >= 500}, fmt.Errorf("decode an error: %w", err)
	}
	e.Status, e.ServerFault = r.Status, e.ServerFault || r.Status >= 500
	if e.Code == "" {
		e.Code = codeOfStatus(r.Status)
	}
	if e.WireCode == "" {
		e.WireCode = e.Code
	}
	e.Code = modelCode(f.errorShape(e.Code), e.Code)
	return e, nil
}

// codeOfStatus names an error that has nothing but its status, as AWS's SDKs
// do: "NotFound" for the answer to HEAD of an object that is not there.
func codeOfStatus(status int) string {
	return strings.ReplaceAll(cmp.Or(http.StatusText(status), fmt.Sprint(status)), " ", "")
}

// hostID makes the second id of S3's answers. Nobody but AWS can read the real
// ones; ours says nothing new.
func hostID(requestID string) string {
	return base64.StdEncoding.EncodeToString([]byte("cairn/" + requestID))
}

const (
	errorTypeHeader  = "X-Amzn-Errortype"
	queryErrorHeader = "X-Amzn-Query-Error"
)

func (w queryWire) encodeError(f *Found, e *Error, _ *Shape, requestID string) (*Response, error) {
	return xmlError(f, w.protocol, e, requestID, textXML), nil
}

func (restXML) encodeError(f *Found, e *Error, _ *Shape, requestID string) (*Response, error) {
	contentType := "text/xml"
	if f.isS3() {
		contentType = "application/xml"
	}
	return xmlError(f, RestXML, e, requestID, contentType), nil
}

func xmlError(f *Found, p Protocol, e *Error, requestID, contentType string) *Response {
	svc := f.Service
	if svc == nil {
		svc = &Service{}
	}
	return &Response{
		Header: http.Header{"Content-Type": {contentType}},
		Body:   encodeXMLError(svc, p, e, requestID),
	}
}

func (w queryWire) decodeError(f *Found, r *Response) (*Error, error) {
	e, _, err := decodeXMLError(f.Service, w.protocol, r.Body)
	return e, err
}

func (restXML) decodeError(f *Found, r *Response) (*Error, error) {
	e, _, err := decodeXMLError(f.Service, RestXML, r.Body)
	return e, err
}
