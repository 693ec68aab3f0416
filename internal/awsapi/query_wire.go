package awsapi

import (
	"net/http"
	"net/url"
)

// queryWire is the protocol Query, or EC2's form of it: everything in a form,
// and XML in answer.
type queryWire struct{ protocol Protocol }

const (
	formType = "application/x-www-form-urlencoded"
	textXML  = "text/xml;charset=UTF-8"
)

func (w queryWire) decodeRequest(f *Found, r *Request) (map[string]any, error) {
	form := f.form
	if form == nil {
		var err error
		if form, err = readForm(r); err != nil {
			return nil, err
		}
	}
	if w.protocol == EC2 {
		return decodeEC2Query(f.Operation, form)
	}
	return decodeQuery(f.Operation, form)
}

func (w queryWire) encodeRequest(f *Found, params map[string]any) (*Request, error) {
	encode := encodeQuery
	if w.protocol == EC2 {
		encode = encodeEC2Query
	}
	form, err := encode(f.Operation, params)
	if err != nil {
		return nil, err
	}
	if form == nil {
		form = url.Values{}
	}
	form.Set("Action", f.Operation.Name)
	form.Set("Version", f.Service.APIVersion)
	return &Request{
		Method: http.MethodPost, Path: "/", Body: []byte(form.Encode()),
		Header: http.Header{"Content-Type": {formType + "; charset=utf-8"}},
	}, nil
}

func (w queryWire) decodeAnswer(f *Found, r *Response) (map[string]any, error) {
	if f.Operation.Output == nil {
		return nil, nil
	}
	return decodeXMLAnswer(f.Operation, w.protocol, r.Body)
}

func (w queryWire) encodeAnswer(f *Found, out map[string]any, requestID string) (*Response, error) {
	body, err := encodeXMLAnswer(f.Operation, w.protocol, out, requestID)
	if err != nil {
		return nil, err
	}
	return &Response{Status: http.StatusOK, Header: http.Header{"Content-Type": {textXML}}, Body: body}, nil
}
