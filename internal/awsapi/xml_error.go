package awsapi

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// ec2Errors are the services of the query protocol whose errors have EC2's form.
// SimpleDB's developer guide shows it.
var ec2Errors = map[string]bool{"sdb": true}

// encodeXMLError writes an error in the form of the protocol and the service.
func encodeXMLError(svc *Service, p Protocol, e *Error, requestID string) []byte {
	w := &xmlWriter{}
	switch {
	case p == EC2 || ec2Errors[svc.ID]:
		w.WriteString(xmlHeader)
		w.open("Response")
		w.open("Errors")
		w.error(svc, e, false)
		w.close("Errors")
		w.element("RequestID", requestID)
		w.close("Response")
	case svc.bareErrors():
		w.WriteString(xmlHeader)
		w.error(svc, e, false, xmlAttr{"RequestId", requestID}, xmlAttr{"HostId", hostID(requestID)})
	default:
		if p == RestXML {
			w.WriteString(xmlHeader)
		}
		w.open("ErrorResponse", xmlAttr{"xmlns", svc.XMLNamespace})
		w.error(svc, e, true)
		w.element("RequestId", requestID)
		w.close("ErrorResponse")
	}
	return w.Bytes()
}

// bareErrors reports whether the root of the service's errors is the Error.
func (s *Service) bareErrors() bool { return s.ID == "s3" }

// error writes the Error element: whose fault it is, in the forms that say so,
// code and message, the other fields of the error, and the elements given.
func (w *xmlWriter) error(svc *Service, e *Error, typed bool, more ...xmlAttr) {
	shape := errorShape(svc, e.Code)
	w.open("Error")
	if typed {
		kind := "Sender"
		if e.ServerFault {
			kind = "Receiver"
		}
		w.element("Type", kind)
	}
	w.element("Code", wireCode(shape, e.Code))
	w.element("Message", e.Message)
	w.errorFields(shape, e.Fields)
	for _, m := range more {
		w.element(m.name, m.value)
	}
	w.close("Error")
}

// errorFields writes what can be written of an error's fields. Those that no
// shape names are texts (S3's BucketName, Key, Resource …).
func (w *xmlWriter) errorFields(shape *Shape, fields map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		m := shape.Member(name)
		text, isText := fields[name].(string)
		switch {
		case isErrorElement(name):
		case m != nil:
			before := w.Len()
			if err := w.value(xmlName(m), m, fields[name]); err != nil {
				w.Truncate(before) // an error that lacks a field is better than none
			}
		case isText && isXMLName(name):
			w.element(name, text)
		}
	}
}

// decodeXMLError is the inverse of encodeXMLError and takes each of its forms
// from any service. The error's code is the one on the wire. It also returns the
// id of the request.
func decodeXMLError(svc *Service, _ Protocol, body []byte) (*Error, string, error) {
	r := newXMLReader(body)
	root, err := r.root()
	if err != nil {
		return nil, "", fmt.Errorf("decode an error: %w", err)
	}
	var found foundError
	if err = r.findError(svc, root, &found, 1); err == nil {
		err = r.end()
	}
	if err == nil && found.Error == nil {
		err = errors.New("no element Error")
	}
	if err != nil {
		return nil, "", fmt.Errorf("decode an error: %w", err)
	}
	return found.Error, found.requestID, nil
}

type foundError struct {
	*Error
	requestID string
}

func (r *xmlReader) findError(svc *Service, e xml.StartElement, into *foundError, depth int) error {
	const deepest = 3 // Response, Errors, Error
	switch name := e.Name.Local; {
	case name == "Error" && into.Error == nil:
		return r.error(svc, into)
	case strings.EqualFold(name, "RequestId"):
		var err error
		into.requestID, err = r.text()
		return err
	case depth >= deepest || depth > 1 && name != "Errors":
		return r.skip()
	}
	return r.children(func(e xml.StartElement) error { return r.findError(svc, e, into, depth+1) })
}

// error reads the Error element that has begun. The code, which may stand
// anywhere in it, tells the types of its fields: so it is read twice.
func (r *xmlReader) error(svc *Service, into *foundError) error {
	start := r.d.InputOffset()
	texts, err := r.texts()
	if err != nil {
		return err
	}
	shape := errorShape(svc, texts["Code"])
	into.Error = &Error{Code: texts["Code"], Message: texts["Message"], ServerFault: texts["Type"] == "Receiver"}
	if id := texts["RequestId"]; id != "" {
		into.requestID = id
	}
	into.Fields = r.errorFields(shape, start)
	for name, text := range texts {
		if isErrorElement(name) || shape != nil && findElement(shape, name) != nil {
			continue
		}
		if into.Fields == nil {
			into.Fields = make(map[string]any)
		}
		into.Fields[name] = text
	}
	return nil
}

// errorFields reads the members of the error's shape from the Error element
// whose inside begins at start; nil if there are none, or they are not as the
// model says.
func (r *xmlReader) errorFields(shape *Shape, start int64) map[string]any {
	if shape == nil {
		return nil
	}
	again := xmlReader{d: xml.NewDecoder(io.MultiReader(strings.NewReader("<Error>"), bytes.NewReader(r.body[start:])))}
	root, err := again.root()
	if err != nil {
		return nil
	}
	fields, err := again.structure(shape, root)
	if err != nil {
		return nil
	}
	maps.DeleteFunc(fields, func(name string, _ any) bool { return isErrorElement(name) })
	if len(fields) == 0 {
		return nil
	}
	return fields
}

// texts reads the elements below the one that has begun that hold only text.
func (r *xmlReader) texts() (map[string]string, error) {
	const most = 64 // S3's errors have up to a dozen
	texts := make(map[string]string)
	err := r.children(func(e xml.StartElement) error {
		var text []byte
		onlyText := true
		for outside := r.depth - 1; r.depth > outside; {
			t, err := r.next()
			if err != nil {
				return err
			}
			switch t := t.(type) {
			case xml.StartElement:
				onlyText = false
			case xml.CharData:
				text = append(text, t...)
			}
		}
		if _, twin := texts[e.Name.Local]; onlyText && !twin && len(texts) < most {
			texts[e.Name.Local] = string(text)
		}
		return nil
	})
	return texts, err
}

// isErrorElement reports whether an element of that name is not a field: it is
// there in every error.
func isErrorElement(name string) bool {
	switch name {
	case "Code", "Type", "Message", "message", "RequestId", "HostId":
		return true
	}
	return false
}

// isXMLName reports whether a field's name can be an element's as it is.
func isXMLName(name string) bool {
	for i, c := range []byte(name) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || !('0' <= c && c <= '9' || c == '-' || c == '_')) {
			return false
		}
	}
	return name != ""
}

// errorShape is the service's exception of that code, by the shape's name or
// the code on the wire; nil if the model has none.
func errorShape(svc *Service, code string) *Shape {
	if s := svc.Shape(code); s != nil && s.Error != nil {
		return s
	}
	var found *Shape
	for _, s := range svc.shapes {
		if s.Error != nil && s.Error.Code == code && (found == nil || s.Name < found.Name) {
			found = s
		}
	}
	return found
}

// wireCode is the code of an error on the wire, and modelCode the name of its
// shape; both are the code given where there is no shape.
func wireCode(s *Shape, code string) string {
	if s != nil && s.Error.Code != "" {
		return s.Error.Code
	}
	return code
}

func modelCode(s *Shape, code string) string {
	if s != nil {
		return s.Name
	}
	return code
}
