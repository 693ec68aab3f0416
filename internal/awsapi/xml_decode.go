package awsapi

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// decodeXMLAnswer is the inverse of encodeXMLAnswer. What the model does not
// know is passed over.
func decodeXMLAnswer(op *Operation, p Protocol, body []byte) (map[string]any, error) {
	r := newXMLReader(body)
	root, err := r.root()
	if err != nil {
		return nil, fmt.Errorf("decode the answer of %s: %w", op.Name, err)
	}
	out, err := r.answer(op, root)
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return nil, fmt.Errorf("decode the answer of %s: %w", op.Name, err)
	}
	return out, nil
}

func (r *xmlReader) answer(op *Operation, root xml.StartElement) (map[string]any, error) {
	switch {
	case op.Output == nil:
		return nil, r.skip()
	case op.OutputWrapper == "":
		return r.structure(op.Output, root)
	}
	var out map[string]any
	err := r.children(func(e xml.StartElement) error {
		if e.Name.Local != op.OutputWrapper {
			return r.skip()
		}
		if out != nil {
			return fmt.Errorf("two elements %s", op.OutputWrapper)
		}
		var err error
		out, err = r.structure(op.Output, e)
		return err
	})
	if err == nil && out == nil {
		err = fmt.Errorf("no element %s", op.OutputWrapper)
	}
	return out, err
}

// decodeXMLBody is the inverse of encodeXMLBody. The name of the root element is
// not looked at, as most services do not. The error is an *Error, in the words of
// S3; refuseXML puts it in another service's.
func decodeXMLBody(m *Member, body []byte) (any, error) {
	v, err := readXMLBody(m, body)
	if err != nil {
		return nil, s3XML.because("", err.Error())
	}
	return v, nil
}

func readXMLBody(m *Member, body []byte) (any, error) {
	r := newXMLReader(body)
	root, err := r.root()
	if err != nil {
		return nil, err
	}
	var v any
	if inner := rootMember(m); inner != nil {
		if v, err = r.value(inner, root); err == nil {
			v = map[string]any{inner.Name: v}
		}
	} else if flattened(m) && m.Shape.Kind != Structure {
		err = errors.New("a flattened shape has no root element")
	} else {
		v, err = r.value(m, root)
	}
	if err == nil {
		err = r.end()
	}
	return v, err
}

// An xmlReader reads the values of shapes from XML in UTF-8 without a document
// type, so that no entity is known but the five that XML has by itself. It reads
// the text once and keeps only what the shapes ask for. A reader is for bodies
// whose size is limited already; its own limits hold the memory that a small body
// can ask for.
type xmlReader struct {
	body []byte
	d    *xml.Decoder

	depth int // elements that are open
	parts int // elements and attributes so far
}

func newXMLReader(body []byte) *xmlReader {
	return &xmlReader{body: body, d: xml.NewDecoder(bytes.NewReader(body))}
}

const (
	// maxXMLParts is five times the elements of the largest request, S3's
	// CompleteMultipartUpload of 10,000 parts.
	maxXMLParts = 500_000
	// maxXMLTag bounds the attributes that the decoder takes in at once.
	maxXMLTag = 64 << 10
)

// next is the next token that is not a comment or an instruction.
func (r *xmlReader) next() (xml.Token, error) {
	for {
		t, err := r.d.Token()
		if err != nil {
			return nil, fmt.Errorf("read XML: %w", err)
		}
		switch t := t.(type) {
		case xml.Comment, xml.ProcInst:
			continue
		case xml.Directive:
			return nil, errors.New("a document type is not allowed")
		case xml.EndElement:
			r.depth--
		case xml.StartElement:
			r.depth++
			r.parts += 1 + len(t.Attr)
			if r.depth > maxDepth {
				return nil, fmt.Errorf("elements nest deeper than %d", maxDepth)
			}
			if r.parts > maxXMLParts {
				return nil, fmt.Errorf("more than %d elements and attributes", maxXMLParts)
			}
		}
		return t, nil
	}
}

// checkXMLTags looks for a tag that is too long before the decoder keeps all of
// its attributes.
func checkXMLTags(body []byte) error {
	for {
		start := bytes.IndexByte(body, '<')
		if start < 0 {
			return nil
		}
		body = body[start+1:]
		if bytes.HasPrefix(body, []byte("!")) { // a comment or CDATA
			continue
		}
		end := bytes.IndexByte(body[:min(len(body), maxXMLTag)], '>')
		if end < 0 && len(body) >= maxXMLTag {
			return fmt.Errorf("a tag is longer than %d bytes", maxXMLTag)
		}
		body = body[max(end, 0):]
	}
}

func (r *xmlReader) root() (xml.StartElement, error) {
	if err := checkXMLTags(r.body); err != nil {
		return xml.StartElement{}, err
	}
	for {
		t, err := r.next()
		switch t := t.(type) {
		case nil:
			return xml.StartElement{}, err
		case xml.StartElement:
			return t, nil
		case xml.CharData:
			if !isXMLSpace(t) {
				return xml.StartElement{}, errors.New("text before the root element")
			}
		}
	}
}

// end reads what follows the root element: nothing.
func (r *xmlReader) end() error {
	for {
		t, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if text, ok := t.(xml.CharData); !ok || !isXMLSpace(text) {
			return errors.New("something follows the root element")
		}
	}
}

// skip reads on to the end of the element that has begun.
func (r *xmlReader) skip() error {
	for outside := r.depth - 1; r.depth > outside; {
		if _, err := r.next(); err != nil {
			return err
		}
	}
	return nil
}

// children calls visit with each element below the one that has begun; visit
// must read to its end. Text between them is an error.
func (r *xmlReader) children(visit func(xml.StartElement) error) error {
	for {
		t, err := r.next()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if err := visit(t); err != nil {
				return err
			}
		case xml.CharData:
			if !isXMLSpace(t) {
				return errors.New("text between elements")
			}
		}
	}
}

// text reads the text of the element that has begun, which has no elements.
func (r *xmlReader) text() (string, error) {
	var text []byte
	for {
		t, err := r.next()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.EndElement:
			return string(text), nil
		case xml.StartElement:
			return "", fmt.Errorf("element %.64q where only text can stand", t.Name.Local)
		case xml.CharData:
			text = append(text, t...)
		}
	}
}

// value reads the element that has begun.
func (r *xmlReader) value(m *Member, e xml.StartElement) (any, error) {
	switch m.Shape.Kind {
	case Structure:
		return r.structure(m.Shape, e)
	case List:
		list := []any{}
		err := r.children(func(e xml.StartElement) error {
			v, err := r.value(m.Shape.Elem, e)
			list = append(list, v)
			return err
		})
		return list, err
	case Map:
		v := map[string]any{}
		err := r.children(func(xml.StartElement) error { return r.entry(m.Shape, v) })
		return v, err
	}
	text, err := r.text()
	if err != nil {
		return nil, err
	}
	v, err := parseScalar(m.Shape, text)
	if err != nil {
		return nil, fmt.Errorf("element %s: %w", e.Name.Local, err)
	}
	return v, nil
}

func (r *xmlReader) structure(s *Shape, e xml.StartElement) (map[string]any, error) {
	v := map[string]any{}
	for _, a := range e.Attr {
		if m := findAttribute(s, a.Name); m != nil {
			value, err := parseScalar(m.Shape, a.Value)
			if err != nil {
				return nil, fmt.Errorf("attribute %s: %w", a.Name.Local, err)
			}
			v[m.Name] = value
		}
	}
	err := r.children(func(e xml.StartElement) error {
		m := findElement(s, e.Name.Local)
		if m == nil {
			return r.skip()
		}
		if flattened(m) && (m.Shape.Kind == List || m.Shape.Kind == Map) {
			return r.flattened(m, v, e)
		}
		if _, twin := v[m.Name]; twin {
			return fmt.Errorf("element %s for the second time", e.Name.Local)
		}
		value, err := r.value(m, e)
		v[m.Name] = value
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// flattened adds an element that stands in its list's or map's place.
func (r *xmlReader) flattened(m *Member, into map[string]any, e xml.StartElement) error {
	if m.Shape.Kind == Map {
		v, _ := into[m.Name].(map[string]any)
		if v == nil {
			v = map[string]any{}
			into[m.Name] = v
		}
		return r.entry(m.Shape, v)
	}
	list, _ := into[m.Name].([]any)
	item, err := r.value(m.Shape.Elem, e)
	into[m.Name] = append(list, item)
	return err
}

// entry reads the element of a map's entry that has begun.
func (r *xmlReader) entry(s *Shape, into map[string]any) error {
	var key, value any
	err := r.children(func(e xml.StartElement) (err error) {
		switch e.Name.Local {
		case wireName(s.Key, "key"):
			key, err = r.value(s.Key, e)
		case wireName(s.Value, "value"):
			value, err = r.value(s.Value, e)
		default:
			err = r.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	name, ok := key.(string)
	if !ok || value == nil {
		return errors.New("an entry of a map needs a key and a value")
	}
	if _, twin := into[name]; twin {
		return fmt.Errorf("key %.64q for the second time", name)
	}
	into[name] = value
	return nil
}

// findElement returns the member that an element is of, or nil. Of two with one
// name it is the list: S3's notification configurations have an Event, which is
// deprecated, beside Events, a flattened list of elements Event.
func findElement(s *Shape, name string) *Member {
	var found *Member
	for _, m := range s.Members {
		if m.XMLAttribute || m.Location != "" || xmlName(m) != name {
			continue
		}
		if found == nil || m.Shape.Kind == List {
			found = m
		}
	}
	return found
}

func findAttribute(s *Shape, name xml.Name) *Member {
	for _, m := range s.Members {
		if !m.XMLAttribute {
			continue
		}
		prefix, local, found := strings.Cut(wireName(m, m.Name), ":")
		if !found {
			prefix, local = "", prefix
		}
		if local == name.Local && (name.Space == attributeNamespaces[prefix] || name.Space == prefix) {
			return m
		}
	}
	return nil
}

func isXMLSpace(text []byte) bool { return len(bytes.TrimLeft(text, " \t\r\n")) == 0 }
