package awsapi

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const xmlHeader = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// encodeXMLAnswer writes the answer of a query protocol. Members are in the
// order of the model; what is absent is left out; an empty list is an empty
// element, unless its elements stand in its place.
func encodeXMLAnswer(op *Operation, p Protocol, out map[string]any, requestID string) ([]byte, error) {
	w := &xmlWriter{}
	root := op.Name + "Response"
	if p == EC2 {
		w.WriteString(xmlHeader)
	}
	w.open(root, xmlNamespace(op.Service.XMLNamespace, p))
	if p == EC2 {
		w.element("requestId", requestID)
	}
	switch {
	case op.Output == nil && p == EC2:
		// EC2's reference: "return: Is true if the request succeeds".
		w.element("return", "true")
	case op.Output == nil:
	case op.OutputWrapper != "":
		m := Member{Shape: op.Output}
		if err := w.value(op.OutputWrapper, &m, nonNil(out)); err != nil {
			return nil, fmt.Errorf("encode the answer of %s: %w", op.Name, err)
		}
	default:
		if err := w.members(op.Output, out); err != nil {
			return nil, fmt.Errorf("encode the answer of %s: %w", op.Name, err)
		}
	}
	if p != EC2 {
		w.open("ResponseMetadata")
		w.element("RequestId", requestID)
		w.close("ResponseMetadata")
	}
	w.close(root)
	return w.Bytes(), nil
}

// encodeXMLBody writes the body of a rest-xml message: a structure, or the
// member that is its payload. The element is the member's; its namespace stands
// on it. Members of the structure that travel outside the body are left out.
func encodeXMLBody(root Member, v any) ([]byte, error) {
	w := &xmlWriter{}
	w.WriteString(xmlHeader)
	m := &root
	if inner := rootMember(m); inner != nil {
		structure, _ := v.(map[string]any)
		unwrapped := *inner
		unwrapped.NamespaceURI = root.NamespaceURI
		m, v = &unwrapped, structure[inner.Name]
		if v == nil {
			v = "" // the Region of us-east-1 is an empty element
		}
	}
	if err := w.value(wireName(m, rootName(m)), m, v); err != nil {
		return nil, fmt.Errorf("encode an XML body: %w", err)
	}
	return w.Bytes(), nil
}

// unwrapped are the structures of which the root element is not the structure
// but its one member, Smithy's trait s3UnwrappedXmlOutput, which botocore's
// models lack: botocore's parse_get_bucket_location reads it.
var unwrapped = map[string]bool{"GetBucketLocationOutput": true}

func rootMember(m *Member) *Member {
	if unwrapped[m.Shape.Name] && len(m.Shape.Members) == 1 {
		return m.Shape.Members[0]
	}
	return nil
}

func rootName(m *Member) string {
	if m.Name != "" {
		return m.Name
	}
	return m.Shape.Name
}

// xmlNamespace is the attribute that puts a root element into its namespace.
func xmlNamespace(uri string, p Protocol) xmlAttr {
	if p == EC2 {
		uri = strings.TrimSuffix(uri, "/") + "/" // the model leaves out EC2's slash
	}
	return xmlAttr{"xmlns", uri}
}

func nonNil(v map[string]any) map[string]any {
	if v == nil {
		return map[string]any{}
	}
	return v
}

type xmlAttr struct{ name, value string }

// An xmlWriter writes elements. Runes that XML cannot carry become U+FFFD.
type xmlWriter struct{ bytes.Buffer }

// open begins an element. Attributes without a value are left out.
func (w *xmlWriter) open(name string, attrs ...xmlAttr) {
	w.WriteByte('<')
	w.WriteString(name)
	for _, a := range attrs {
		if a.value == "" {
			continue
		}
		w.WriteByte(' ')
		w.WriteString(a.name)
		w.WriteString(`="`)
		w.text(a.value)
		w.WriteByte('"')
	}
	w.WriteByte('>')
}

func (w *xmlWriter) close(name string) {
	w.WriteString("</")
	w.WriteString(name)
	w.WriteByte('>')
}

func (w *xmlWriter) text(s string) {
	_ = xml.EscapeText(&w.Buffer, []byte(s)) // a Buffer does not fail
}

func (w *xmlWriter) element(name, text string) {
	w.open(name)
	w.text(text)
	w.close(name)
}

// value writes a member under the name that stands for it.
func (w *xmlWriter) value(name string, m *Member, v any) error {
	s := m.Shape
	switch v := v.(type) {
	case map[string]any:
		if s.Kind == Map {
			return w.mapping(name, m, v)
		}
		if s.Kind == Structure {
			attrs, err := xmlAttributes(m, v)
			if err != nil {
				return err
			}
			w.open(name, attrs...)
			err = w.members(s, v)
			w.close(name)
			return err
		}
	case []any:
		if s.Kind == List {
			return w.list(name, m, v)
		}
	}
	text, err := xmlText(s, v)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	w.open(name, memberNamespace(m))
	w.text(text)
	w.close(name)
	return nil
}

func (w *xmlWriter) members(s *Shape, v map[string]any) error {
	known := 0
	for _, m := range s.Members {
		value, given := v[m.Name]
		if given {
			known++
		}
		if value == nil || m.XMLAttribute || m.Location != "" {
			continue
		}
		if err := w.value(xmlName(m), m, value); err != nil {
			return err
		}
	}
	if known != len(v) {
		for name := range v {
			if s.Member(name) == nil {
				return fmt.Errorf("%s: no such member of %s", name, s.Name)
			}
		}
	}
	return nil
}

// xmlName is a member's element. A flattened list has its elements' name there.
func xmlName(m *Member) string {
	name := wireName(m, m.Name)
	if m.Shape.Kind == List && flattened(m) {
		return wireName(m.Shape.Elem, name)
	}
	return name
}

func (w *xmlWriter) list(name string, m *Member, list []any) error {
	elem := m.Shape.Elem
	elemName := name
	if !flattened(m) {
		elemName = wireName(elem, "member")
		w.open(name, memberNamespace(m))
		defer w.close(name)
	}
	for _, item := range list {
		if err := w.value(elemName, elem, item); err != nil {
			return err
		}
	}
	return nil
}

func (w *xmlWriter) mapping(name string, m *Member, v map[string]any) error {
	entry := name
	if !flattened(m) {
		entry = "entry"
		w.open(name, memberNamespace(m))
		defer w.close(name)
	}
	for _, key := range slices.Sorted(maps.Keys(v)) {
		w.open(entry)
		if err := w.value(wireName(m.Shape.Key, "key"), m.Shape.Key, key); err != nil {
			return err
		}
		if err := w.value(wireName(m.Shape.Value, "value"), m.Shape.Value, v[key]); err != nil {
			return err
		}
		w.close(entry)
	}
	return nil
}

// xmlAttributes are those of a structure's element: its namespace, and its
// members that travel as attributes.
func xmlAttributes(m *Member, v map[string]any) ([]xmlAttr, error) {
	attrs := []xmlAttr{memberNamespace(m)}
	for _, a := range m.Shape.Members {
		value := v[a.Name]
		if !a.XMLAttribute || value == nil {
			continue
		}
		name := wireName(a, a.Name)
		text, err := xmlText(a.Shape, value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if prefix, _, found := strings.Cut(name, ":"); found {
			attrs = append(attrs, xmlAttr{"xmlns:" + prefix, attributeNamespaces[prefix]})
		}
		attrs = append(attrs, xmlAttr{name, text})
	}
	return attrs, nil
}

// attributeNamespaces are those of the attributes that have a prefix. S3's
// xsi:type of a grantee is the only attribute of any model.
var attributeNamespaces = map[string]string{"xsi": "http://www.w3.org/2001/XMLSchema-instance"}

func memberNamespace(m *Member) xmlAttr {
	if m.NamespacePrefix != "" {
		return xmlAttr{"xmlns:" + m.NamespacePrefix, m.NamespaceURI}
	}
	return xmlAttr{"xmlns", m.NamespaceURI}
}

// xmlText is a scalar in XML, where AWS writes the milliseconds of a timestamp
// even when there are none.
func xmlText(s *Shape, v any) (string, error) {
	if t, ok := v.(time.Time); ok && s.Kind == Timestamp && (s.TimestampFormat == "" || s.TimestampFormat == iso8601) {
		return t.UTC().Format("2006-01-02T15:04:05.000Z"), nil
	}
	return formatScalar(s, v, iso8601)
}
