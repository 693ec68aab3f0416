package awsapi

import (
	"errors"
	"net/url"
)

var errStub = errors.New("not written yet")

func decodeQuery(*Operation, url.Values) (map[string]any, error)           { return nil, errStub }
func encodeQuery(*Operation, map[string]any) (url.Values, error)           { return nil, errStub }
func decodeEC2Query(*Operation, url.Values) (map[string]any, error)        { return nil, errStub }
func encodeEC2Query(*Operation, map[string]any) (url.Values, error)        { return nil, errStub }
func decodeXMLAnswer(*Operation, Protocol, []byte) (map[string]any, error) { return nil, errStub }
func encodeXMLBody(Member, any) ([]byte, error)                            { return nil, errStub }
func decodeXMLBody(*Member, []byte) (any, error)                           { return nil, errStub }
func encodeCBOR(*Shape, any) ([]byte, error)                               { return nil, errStub }
func decodeCBOR(*Shape, []byte) (any, error)                               { return nil, errStub }
func encodeXMLError(*Service, Protocol, *Error, string) []byte             { return nil }
func decodeXMLError(*Service, Protocol, []byte) (*Error, error)            { return nil, errStub }
func encodeXMLAnswer(*Operation, Protocol, map[string]any, string) ([]byte, error) {
	return nil, errStub
}
