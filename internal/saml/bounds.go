package saml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"

	"github.com/beevik/etree"
	validator "github.com/mattermost/xml-roundtrip-validator"
)

// bounds are what a document may have. Signature libraries walk documents
// recursively, and copy the name spaces of every element.
type bounds struct{ elements, depth, attributes int }

var (
	// The signature library gives up at 1,000 elements of what is signed.
	responseBounds = bounds{elements: 1_000, depth: 32, attributes: 32}
	metadataBounds = bounds{elements: 100_000, depth: 64, attributes: 64}
)

// parse reads a document that is within bounds, has no document type, and means
// the same to every XML parser of Go's.
func parse(b []byte, within bounds) (*etree.Element, error) {
	if err := within.check(b); err != nil {
		return nil, err
	}
	if err := validator.Validate(bytes.NewReader(b)); err != nil {
		return nil, invalid("%v", err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(b); err != nil {
		return nil, invalid("%v", err)
	}
	if doc.Root() == nil {
		return nil, invalid("it has no root")
	}
	return doc.Root(), nil
}

func (m bounds) check(b []byte) error {
	elements, depth := 0, 0
	for d := xml.NewDecoder(bytes.NewReader(b)); ; {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return invalid("%v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			elements++
			depth++
			if elements > m.elements || depth > m.depth || len(token.Attr) > m.attributes {
				return invalid("it has too many elements or attributes, or too deep ones")
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			return invalid("it has a document type")
		}
	}
}
