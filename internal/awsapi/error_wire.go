package awsapi

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
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

func (w jsonWire) encodeError(f *Found, e *Error, shape *Shape, _ string) (*Response, error) {
	r := &Response{Header: http.Header{"Content-Type": {f.jsonType()}}}
	code := f.codeBeforeQuery(e, shape, r.Header)
	var err error
	r.Body, err = jsonError(e, shape, code)
	return r, err
}

// codeBeforeQuery returns the code that stands in the body. For a client that
// knew the service when it spoke Query, the old code goes into a header.
func (f *Found) codeBeforeQuery(e *Error, shape *Shape, h http.Header) string {
	if f.Service == nil || !f.Service.QueryCompatible {
		return e.Code
	}
	if f.QueryMode {
		kind := "Sender"
		if e.ServerFault {
			kind = "Receiver"
		}
		h.Set(queryErrorHeader, oneLine(e.Code)+";"+kind)
	}
	if shape != nil {
		return shape.Name
	}
	return e.Code
}

func (restJSON) encodeError(_ *Found, e *Error, shape *Shape, _ string) (*Response, error) {
	r := &Response{Header: http.Header{"Content-Type": {"application/json"}, errorTypeHeader: {oneLine(e.Code)}}}
	var err error
	r.Body, err = jsonError(e, shape, "")
	return r, err
}

// jsonError writes an error's object: its type, if one is given, the message
// under the name that the shape has for it, and the other fields.
func jsonError(e *Error, shape *Shape, code string) ([]byte, error) {
	object := map[string]json.RawMessage{}
	if code != "" {
		object["__type"] = appendJSONString(nil, code)
	}
	name := "message"
	if shape == nil && e.Code == "SerializationException" {
		name = "Message" // AWS's framework writes it so
	}
	if m := messageMember(shape); m != nil {
		name = m.WireName()
	}
	if e.Message != "" {
		object[name] = appendJSONString(nil, e.Message)
	}
	for field, v := range e.Fields {
		m := shape.Member(field)
		if v == nil || m != nil && m.Location != "" {
			continue
		}
		if m == nil {
			if text, ok := v.(string); ok && field != "__type" {
				object[field] = appendJSONString(nil, text)
			}
			continue
		}
		text, err := appendJSON(nil, m.Shape, v)
		if err != nil {
			return nil, err
		}
		object[m.WireName()] = text
	}
	return json.Marshal(object)
}

// messageMember is the member of an error's shape that is its message.
func messageMember(shape *Shape) *Member {
	if shape == nil {
		return nil
	}
	for _, m := range shape.Members {
		if isMessage(m.WireName()) && m.Location == "" && m.Shape.Kind == String {
			return m
		}
	}
	return nil
}

func isMessage(name string) bool { return name == "message" || name == "Message" }

func (jsonWire) decodeError(f *Found, r *Response) (*Error, error) { return decodeJSONError(f, r) }

func (restJSON) decodeError(f *Found, r *Response) (*Error, error) {
	e, err := decodeJSONError(f, r)
	if err != nil {
		return nil, err
	}
	shape := f.errorShape(e.Code)
	if shape == nil {
		return e, nil
	}
	fields := e.Fields
	if fields == nil {
		fields = map[string]any{}
	}
	if err := bindingsOf(shape).decodeHeaders(r.Header, fields); err != nil {
		return nil, err
	}
	if len(fields) > 0 {
		e.Fields = fields
	}
	return e, nil
}

func decodeJSONError(f *Found, r *Response) (*Error, error) {
	var object map[string]any
	if len(bytes.TrimSpace(r.Body)) > 0 {
		if err := json.Unmarshal(r.Body, &object); err != nil {
			return nil, fmt.Errorf("the body is not a JSON object: %w", err)
		}
	}
	e := &Error{Code: plainCode(r.Header.Get(errorTypeHeader))}
	for _, name := range []string{"__type", "code", "Code"} {
		if text, ok := object[name].(string); ok && e.Code == "" {
			e.Code = plainCode(text)
		}
	}
	e.takeQueryError(r.Header)
	shape := f.errorShape(e.Code)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		v := object[name]
		switch text, isText := v.(string); {
		case name == "__type" || v == nil:
		case isMessage(name):
			e.Message = text
		case shape != nil:
			e.setJSONField(shape, name, v)
		case isText && name != "code" && name != "Code":
			e.setField(name, text)
		}
	}
	return e, nil
}

// setJSONField keeps a field that the shape has, if it fits.
func (e *Error) setJSONField(shape *Shape, name string, v any) {
	m := shape.memberOnWire(name)
	if m == nil || m.Location != "" {
		return
	}
	text, err := json.Marshal(v)
	if err != nil {
		return
	}
	if typed, err := decodeJSON(m.Shape, text); err == nil && typed != nil {
		e.setField(m.Name, typed)
	}
}

func (e *Error) setField(name string, v any) {
	if e.Fields == nil {
		e.Fields = make(map[string]any)
	}
	e.Fields[name] = v
}

// plainCode takes an error's type without the namespace before it and the URL
// behind it.
func plainCode(text string) string {
	text, _, _ = strings.Cut(text, ":")
	return text[strings.LastIndexByte(text, '#')+1:]
}

// takeQueryError reads the code of the time when the service spoke Query.
func (e *Error) takeQueryError(h http.Header) {
	if code, kind, ok := strings.Cut(h.Get(queryErrorHeader), ";"); ok && code != "" {
		e.WireCode, e.ServerFault = code, kind == "Receiver"
	}
}

func (cborWire) encodeError(f *Found, e *Error, shape *Shape, _ string) (*Response, error) {
	r := &Response{Header: cborHeader()}
	code := f.codeBeforeQuery(e, shape, r.Header)
	var err error
	r.Body, err = cborError(e, shape, code)
	return r, err
}

func (cborWire) decodeError(f *Found, r *Response) (*Error, error) {
	envelope, err := decodeCBOR(cborErrorShape(nil), r.Body)
	if err != nil {
		return nil, err
	}
	object, _ := envelope.(map[string]any)
	code, _ := object["__type"].(string)
	e := &Error{Code: plainCode(code)}
	for _, name := range []string{"Message", "message"} {
		if text, ok := object[name].(string); ok {
			e.Message = text
		}
	}
	e.takeQueryError(r.Header)
	shape := f.errorShape(e.Code)
	if shape == nil {
		return e, nil
	}
	typed, err := decodeCBOR(shape, r.Body)
	if err != nil {
		return nil, err
	}
	fields, ok := typed.(map[string]any)
	if !ok {
		return nil, errors.New("an error is not a structure")
	}
	for name, v := range fields {
		if v != nil && !isMessage(name) {
			e.setField(name, v)
		}
	}
	return e, nil
}

// cborErrorShape is the structure of an error: its type, then the members of
// the shape.
func cborErrorShape(shape *Shape) *Shape {
	text := &Shape{Name: "String", Kind: String}
	s := &Shape{Name: "Error", Kind: Structure, byName: make(map[string]*Member)}
	add := func(m *Member) {
		s.Members = append(s.Members, m)
		s.byName[m.Name] = m
	}
	add(&Member{Name: "__type", Shape: text})
	if shape != nil {
		for _, m := range shape.Members {
			add(m)
		}
		if messageMember(shape) != nil {
			return s
		}
	}
	add(&Member{Name: "message", Shape: text})
	if shape == nil {
		add(&Member{Name: "Message", Shape: text})
	}
	return s
}

func cborError(e *Error, shape *Shape, code string) ([]byte, error) {
	s := cborErrorShape(shape)
	object := map[string]any{"__type": code}
	for name, v := range e.Fields {
		if s.byName[name] != nil {
			object[name] = v
		}
	}
	name := "message"
	if m := messageMember(shape); m != nil {
		name = m.Name
	}
	if e.Message != "" {
		object[name] = e.Message
	}
	return encodeCBOR(s, object)
}

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
