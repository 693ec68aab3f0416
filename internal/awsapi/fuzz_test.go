package awsapi

import (
	"errors"
	"net/http"
	"testing"
)

// fuzzed are signing names whose services speak every protocol between them.
var fuzzed = []string{"ec2", "iam", "elasticloadbalancing", "sqs", "dynamodb", "lambda", "apigateway", "s3", "route53", "monitoring",
	"bedrock", "cloudsearch", "", "tea"}

func FuzzFindAndDecode(f *testing.F) {
	catalog := openCatalog(f)
	type seed struct {
		signing                                      uint8
		method, host, path, query, header, typ, body string
	}
	for _, s := range []seed{
		{0, "POST", "h", "/", "", "", formType, "Action=RunInstances&Version=2016-11-15&Filter.1.Name=a&BlockDeviceMapping.1.Ebs.VolumeSize=8"},
		{1, "POST", "h", "/", "", "", formType, "Action=CreateUser&Version=2010-05-08&Tags.member.1.Key=a"},
		{2, "GET", "h", "/", "Action=DescribeLoadBalancers&Version=2012-06-01", "", "", ""},
		{3, "POST", "h", "/", "", "AmazonSQS.SendMessage", "application/x-amz-json-1.0", `{"QueueUrl":"a","MessageAttributes":{"a":{"DataType":"x"}}}`},
		{4, "POST", "h", "/", "", "DynamoDB_20120810.PutItem", "", `{"Item":{"k":{"B":"AAE="}}}`},
		{5, "POST", "h", "/2015-03-31/functions/a%2Fb/invocations", "Qualifier=1", "", "", "{}"},
		{6, "POST", "h", "/restapis", "mode=import&a=b", "", "", "{}"},
		{7, "PUT", "b.localhost", "/k//", "tagging", "", "", "<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>"},
		{8, "POST", "h", "/2013-04-01/hostedzone/Z/rrset/", "", "", "", "<ChangeResourceRecordSetsRequest/>"},
		{9, "POST", "h", "/service/GraniteServiceVersion20100801/operation/PutMetricData", "", "rpc-v2-cbor", "", "\xa1\x69Namespace\x61a"},
		{10, "POST", "h", "/model/m/converse", "", "", "", `{"additionalModelRequestFields":[[1e400]]}`},
		{11, "POST", "h", "/2013-01-01/search", "", "", formType, "q=1;2"},
		{12, "GET", "b.s3.amazonaws.com", "/%", "%zz", "", "", ""},
		{13, "", "", "", "", "", "", ""},
	} {
		f.Add(s.signing, s.method, s.host, s.path, s.query, s.header, s.typ, []byte(s.body))
	}
	f.Fuzz(func(t *testing.T, signing uint8, method, host, path, query, header, contentType string, body []byte) {
		r := &Request{Method: method, Host: host, Path: path, RawQuery: query, Body: body, Header: http.Header{"Content-Type": {contentType}}}
		if header == smithyProtocol {
			r.Header.Set("Smithy-Protocol", header)
		} else if header != "" {
			r.Header.Set("X-Amz-Target", header)
			r.Header.Set("X-Amz-Copy-Source", header)
		}
		found, err := catalog.Find(fuzzed[int(signing)%len(fuzzed)], r)
		if err != nil {
			checkRefusal(t, found, err)
			return
		}
		params, err := found.Decode(r)
		if err != nil {
			checkRefusal(t, found, err)
			return
		}
		if err := Validate(found.Operation, params); err != nil {
			checkRefusal(t, found, err)
		}
		again, err := found.EncodeRequest(params)
		if err != nil {
			return // an empty label has no place in a path
		}
		same, err := found.Decode(again)
		if err != nil {
			t.Fatalf("what was decoded is refused when it is sent again: %v\n%v", err, params)
		}
		_ = same
	})
}

// checkRefusal sees to it that an error has an answer.
func checkRefusal(t *testing.T, found Found, err error) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("%v is not an *Error", err)
	}
	if e.Code == "InternalFailure" {
		t.Fatalf("a request made Cairn fail: %v", e)
	}
	r := found.EncodeError(e, "id-1")
	if r.Status < 400 || r.Status > 599 {
		t.Fatalf("%v has status %d", e, r.Status)
	}
	for name, values := range r.Header {
		for _, value := range values {
			for _, c := range []byte(value) {
				if c == '\r' || c == '\n' {
					t.Fatalf("header %s is %q", name, value)
				}
			}
		}
	}
}

func FuzzDecodeAnswer(f *testing.F) {
	catalog := openCatalog(f)
	kinds := []struct {
		service, operation string
		protocol           Protocol
	}{
		{"ec2", "DescribeInstances", EC2}, {"iam", "GetRole", Query}, {"dynamodb", "Query", JSON}, {"lambda", "Invoke", RestJSON},
		{"lambda", "GetFunction", RestJSON}, {"s3", "ListObjectsV2", RestXML}, {"s3", "HeadObject", RestXML}, {"s3", "GetBucketLocation", RestXML},
		{"route53", "ListHostedZones", RestXML}, {"cloudwatch", "GetMetricData", RPCv2}, {"sqs", "SendMessage", JSON},
	}
	for i := range kinds {
		for _, status := range []uint16{200, 404} {
			for _, body := range []string{"", "{}", "<a><Error><Code>x</Code></Error></a>", "\xa1\x66__type\x61x", `{"__type":"a#B:c","message":"m"}`} {
				f.Add(uint8(i), status, "x", []byte(body))
			}
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, status uint16, header string, body []byte) {
		k := kinds[int(kind)%len(kinds)]
		svc, err := catalog.Service(k.service)
		if err != nil {
			t.Fatal(err)
		}
		found := Found{Service: svc, Operation: svc.Operation(k.operation), Protocol: k.protocol}
		r := &Response{Status: int(status), Body: body, Header: http.Header{
			"Last-Modified": {header}, "X-Amzn-Errortype": {header}, "X-Amz-Meta-A": {header}, "X-Amzn-Query-Error": {header}}}
		out, apiErr, err := found.DecodeAnswer(r)
		if err == nil && (out == nil) == (apiErr == nil) {
			t.Fatalf("status %d: neither an answer nor an error, or both: %v, %v", status, out, apiErr)
		}
		if apiErr != nil && (apiErr.Code == "" || apiErr.Status != int(status)) {
			t.Fatalf("an error without a code or of another status: %#v", apiErr)
		}
		if out == nil || err != nil {
			return
		}
		if _, err := found.EncodeAnswer(out, "id-1"); err != nil {
			t.Fatalf("%v cannot be encoded: %v", out, err)
		}
	})
}
