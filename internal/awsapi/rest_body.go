package awsapi

import (
	"bytes"
	"errors"
)

// restJSON is the body of REST-JSON.
type restJSON struct{}

func (restJSON) contentType() string { return "application/json" }

func (restJSON) encode(_ *Found, s *Shape, _ Member, v map[string]any) ([]byte, error) {
	return encodeJSONObject(s, v)
}

func (restJSON) decode(s *Shape, body []byte) (map[string]any, error) {
	return decodeJSONObject(s, body)
}

func (restJSON) encodePayload(m *Member, v any) ([]byte, error) { return appendJSON(nil, m.Shape, v) }

func (restJSON) decodePayload(m *Member, body []byte) (any, error) {
	return decodeJSON(m.Shape, bytes.TrimSpace(body))
}

// restXML is the body of REST-XML.
type restXML struct{}

func (restXML) contentType() string { return "application/xml" }

// encode makes a root element even of no members at all, except in a request
// for which the model names no root.
func (restXML) encode(f *Found, s *Shape, root Member, v map[string]any) ([]byte, error) {
	if s == f.Operation.Output {
		return encodeXMLBody(outputRoot(f.Operation), nonNil(v))
	}
	if root.LocationName == "" && !hasBodyMember(s, v) {
		return nil, nil
	}
	return encodeXMLBody(root, nonNil(v))
}

func hasBodyMember(s *Shape, v map[string]any) bool {
	for name := range v {
		if m := s.byName[name]; m != nil && m.Location == "" {
			return true
		}
	}
	return false
}

func (restXML) decode(s *Shape, body []byte) (map[string]any, error) {
	v, err := readXMLBody(&Member{Shape: s}, body)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("the body is not a structure")
	}
	return m, nil
}

func (restXML) encodePayload(m *Member, v any) ([]byte, error) { return encodeXMLBody(*m, v) }

func (restXML) decodePayload(m *Member, body []byte) (any, error) { return readXMLBody(m, body) }
