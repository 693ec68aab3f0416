package awsapi

import (
	"errors"
)

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
