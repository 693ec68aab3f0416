package awsapi

import (
	"net/http"
)

// cborWire is the protocol Smithy RPC v2 CBOR: the operation in the path,
// everything else in CBOR.
type cborWire struct{}

const smithyProtocol = "rpc-v2-cbor"

func cborHeader() http.Header {
	return http.Header{"Smithy-Protocol": {smithyProtocol}, "Content-Type": {"application/cbor"}}
}

func (cborWire) decodeRequest(f *Found, r *Request) (map[string]any, error) {
	body, err := r.plainBody()
	if err != nil {
		return nil, err
	}
	return decodeCBORObject(f.Operation.Input, body)
}

func (cborWire) encodeRequest(f *Found, params map[string]any) (*Request, error) {
	h := cborHeader()
	h.Set("Accept", "application/cbor")
	f.setQueryMode(h)
	r := &Request{
		Method: http.MethodPost, Header: h,
		Path: "/service/" + f.Service.TargetPrefix + "/operation/" + f.Operation.Name,
	}
	if f.Operation.Input == nil {
		h.Del("Content-Type")
		return r, nil
	}
	var err error
	r.Body, err = encodeCBORObject(f.Operation.Input, params)
	return r, err
}

func (cborWire) decodeAnswer(f *Found, r *Response) (map[string]any, error) {
	return decodeCBORObject(f.Operation.Output, r.Body)
}

func (cborWire) encodeAnswer(f *Found, out map[string]any, _ string) (*Response, error) {
	r := &Response{Status: http.StatusOK, Header: cborHeader()}
	if f.Operation.Output == nil {
		r.Header.Del("Content-Type")
		return r, nil
	}
	var err error
	r.Body, err = encodeCBORObject(f.Operation.Output, out)
	return r, err
}

func encodeCBORObject(s *Shape, v map[string]any) ([]byte, error) {
	if v == nil {
		v = map[string]any{}
	}
	return encodeCBOR(s, v)
}

func decodeCBORObject(s *Shape, body []byte) (map[string]any, error) {
	if s == nil || len(body) == 0 {
		return nil, nil
	}
	v, err := decodeCBOR(s, body)
	if err != nil {
		return nil, err
	}
	m, _ := v.(map[string]any)
	return m, nil
}
