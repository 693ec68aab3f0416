package awsapi

import (
	"net/http"
)

// jsonWire is the protocol JSON, versions 1.0 and 1.1: the operation in a
// header, everything else in a JSON object.
type jsonWire struct{}

func (jsonWire) decodeRequest(f *Found, r *Request) (map[string]any, error) {
	body, err := r.plainBody()
	if err != nil {
		return nil, err
	}
	return decodeJSONObject(f.Operation.Input, body)
}

func (jsonWire) encodeRequest(f *Found, params map[string]any) (*Request, error) {
	body, err := encodeJSONObject(f.Operation.Input, params)
	if err != nil {
		return nil, err
	}
	h := http.Header{
		"X-Amz-Target": {f.Service.TargetPrefix + "." + f.Operation.Name},
		"Content-Type": {f.jsonType()},
	}
	f.setQueryMode(h)
	return &Request{Method: http.MethodPost, Path: "/", Header: h, Body: body}, nil
}

func (jsonWire) decodeAnswer(f *Found, r *Response) (map[string]any, error) {
	return decodeJSONObject(f.Operation.Output, r.Body)
}

func (jsonWire) encodeAnswer(f *Found, out map[string]any, _ string) (*Response, error) {
	r := &Response{Status: http.StatusOK, Header: http.Header{"Content-Type": {f.jsonType()}}}
	if f.Operation.Output == nil {
		return r, nil
	}
	var err error
	r.Body, err = encodeJSONObject(f.Operation.Output, out)
	return r, err
}

func (f *Found) jsonType() string {
	version := f.JSONVersion
	if version == "" && f.Service != nil {
		version = f.Service.JSONVersion
	}
	if version == "" {
		version = "1.1"
	}
	return "application/x-amz-json-" + version
}

func (f *Found) setQueryMode(h http.Header) {
	if f.QueryMode || f.Service.QueryCompatible {
		h.Set("X-Amzn-Query-Mode", "true")
	}
}
