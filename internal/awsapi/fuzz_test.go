package awsapi

import (
	"errors"
	"net/http"
	"testing"
)

// FuzzRequest holds whatever a client may send against the promises of Find and
// Decode: a refusal is an *Error, which can be written, and what was understood
// can be said again and is understood again.
func FuzzRequest(f *testing.F) {
	catalog := openCatalog(f)
	signers := []string{"", "s3", "iam", "ec2", "dynamodb", "lambda", "monitoring", "route53", "sqs", "sso", "bedrock", "lex", "s3express"}
	f.Add(byte(1), "GET", "/b/k", "list-type=2&a=b", "X-Amz-Meta-A", "v", "", "bucket.s3.amazonaws.com", []byte("<a/>"))
	f.Add(byte(2), "POST", "/", "", "A", "v", formType, "iam.amazonaws.com", []byte("Action=CreateUser&UserName=x"))
	f.Add(byte(4), "POST", "/", "", "X-Amz-Target", "DynamoDB_20120810.PutItem", "application/x-amz-json-1.0", "", []byte(`{"Item":{"a":{"S":"x"}}}`))
	f.Add(byte(5), "POST", "/2015-03-31/functions/x%2Fy/invocations", "Qualifier=1", "X-Amz-Client-Context", "e30=", "", "", []byte("{}"))
	f.Add(byte(6), "POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData", "", "Smithy-Protocol", "rpc-v2-cbor", "application/cbor", "", []byte("\xa0"))
	f.Add(byte(7), "POST", "/2013-04-01/hostedzone", "", "A", "v", "application/xml", "", []byte("<R><Name>a</Name></R>"))
	f.Fuzz(func(t *testing.T, signer byte, method, path, query, header, value, contentType, host string, body []byte) {
		h := http.Header{}
		h.Set("Content-Type", contentType)
		h.Set(header, value)
		r := &Request{Method: method, Path: path, RawQuery: query, Host: host, Header: h, Body: body}
		found, err := catalog.Find(signers[int(signer)%len(signers)], r)
		if err != nil {
			checkRefusal(t, found, err)
			return
		}
		for _, status := range []int{200, 400} { // the same bytes as an answer
			if _, e, _ := found.DecodeAnswer(&Response{Status: status, Header: h, Body: body}); e != nil {
				checkRefusal(t, found, e)
			}
		}
		params, err := found.Decode(r)
		if err != nil {
			checkRefusal(t, found, err)
			return
		}
		again, err := found.EncodeRequest(params)
		if err != nil {
			return // a label that is missing, say
		}
		if _, err := found.Decode(again); err != nil {
			t.Fatalf("%s: %v was understood, but not again: %v", found.Operation.Name, params, err)
		}
	})
}

func checkRefusal(t *testing.T, found Found, err error) {
	t.Helper()
	var refusal *Error
	if !errors.As(err, &refusal) {
		t.Fatalf("%v is not an *Error", err)
	}
	if r := found.EncodeError(refusal, "id"); r.Status < 300 || r.Status > 599 {
		t.Fatalf("%v was written with the status %d", refusal, r.Status)
	}
}
