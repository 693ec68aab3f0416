package awsapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
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
	for _, m := range bindingsOf(shape).headers {
		if m.key == errorTypeHeader { // some models have the code as a member
			delete(fields, m.Name)
		}
	}
	if len(fields) > 0 {
		e.Fields = fields
	}
	return e, nil
}

func decodeJSONError(f *Found, r *Response) (*Error, error) {
	var object map[string]json.RawMessage
	if len(bytes.TrimSpace(r.Body)) > 0 {
		if err := json.Unmarshal(r.Body, &object); err != nil {
			return nil, fmt.Errorf("the body is not a JSON object: %w", err)
		}
	}
	e := &Error{Code: plainCode(r.Header.Get(errorTypeHeader))}
	for _, name := range []string{"__type", "code", "Code"} {
		if text, ok := jsonText(object[name]); ok && e.Code == "" {
			e.Code = plainCode(text)
		}
	}
	e.takeQueryError(r.Header)
	shape := f.errorShape(e.Code)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		switch text, isText := jsonText(object[name]); {
		case name == "__type":
		case isMessage(name):
			e.Message = text
		case shape != nil:
			e.setJSONField(shape, name, object[name])
		case isText && name != "code" && name != "Code":
			e.setField(name, text)
		}
	}
	return e, nil
}

func jsonText(raw json.RawMessage) (string, bool) {
	var text string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &text) != nil {
		return "", false
	}
	return text, true
}

// setJSONField keeps a field that the shape has, if it fits.
func (e *Error) setJSONField(shape *Shape, name string, raw json.RawMessage) {
	m := shape.memberOnWire(name)
	if m == nil || m.Location != "" {
		return
	}
	if typed, err := decodeJSON(m.Shape, raw); err == nil && typed != nil {
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
