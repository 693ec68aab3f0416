package awsapi

import (
	"net/http"
	"strings"
	"testing"
)

func foundFor(t testing.TB, service, name string, p Protocol) Found {
	t.Helper()
	svc, err := sharedCatalog(t).Service(service)
	if err != nil {
		t.Fatal(err)
	}
	return Found{Service: svc, Operation: svc.Operation(name), Protocol: p}
}

func TestAnswersCarryTheRequestIDWhereTheProtocolHasIt(t *testing.T) {
	for _, test := range []struct {
		found   Found
		header  string
		inBody  string
		typ     string
		errBody string
	}{
		{foundFor(t, "ec2", "DescribeInstances", EC2), "X-Amzn-Requestid", "<requestId>id-1</requestId>", "text/xml;charset=UTF-8", "<RequestID>id-1</RequestID>"},
		{foundFor(t, "iam", "ListUsers", Query), "X-Amzn-Requestid", "<RequestId>id-1</RequestId>", "text/xml;charset=UTF-8", "<RequestId>id-1</RequestId>"},
		{foundFor(t, "cloudtrail", "LookupEvents", JSON), "X-Amzn-Requestid", "{}", "application/x-amz-json-1.1", `"__type":"Tea"`},
		{foundFor(t, "dynamodb", "ListTables", JSON), "X-Amzn-Requestid", "{}", "application/x-amz-json-1.0", `"__type":"Tea"`},
		{foundFor(t, "lambda", "ListFunctions", RestJSON), "X-Amzn-Requestid", "{}", "application/json", `"message":"m"`},
		{foundFor(t, "cloudwatch", "ListMetrics", RPCv2), "X-Amzn-Requestid", "\xa0", "application/cbor", "Tea"},
		{foundFor(t, "s3", "ListBuckets", RestXML), "X-Amz-Request-Id", "<ListAllMyBucketsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">",
			"application/xml", "<RequestId>id-1</RequestId>"},
		{foundFor(t, "route53", "ListHostedZones", RestXML), "X-Amzn-Requestid", "<ListHostedZonesResponse", "application/xml", "<RequestId>id-1</RequestId>"},
	} {
		what := test.found.Service.ID
		r, err := test.found.EncodeAnswer(nil, "id-1")
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if r.Status != 200 || r.Header.Get(test.header) != "id-1" || r.Header.Get("Content-Type") != test.typ || !strings.Contains(string(r.Body), test.inBody) {
			t.Errorf("%s: %d %v\n%s", what, r.Status, r.Header, r.Body)
		}
		r = test.found.EncodeError(&Error{Code: "Tea", Message: "m"}, "id-1")
		if r.Status != 400 || r.Header.Get(test.header) != "id-1" || !strings.Contains(string(r.Body), test.errBody) {
			t.Errorf("%s: %d %v\n%s", what, r.Status, r.Header, r.Body)
		}
		if test.found.isS3() && r.Header.Get("X-Amz-Id-2") == "" {
			t.Errorf("%s: no second id", what)
		}
	}
}

func TestErrorsHaveTheStatusAndTheCodeOfTheModel(t *testing.T) {
	for _, test := range []struct {
		found  Found
		e      Error
		status int
		wire   string
	}{
		{foundFor(t, "rds", "DescribeDBInstances", Query), Error{Code: "DBInstanceNotFoundFault"}, 404, "<Code>DBInstanceNotFound</Code>"},
		{foundFor(t, "rds", "DescribeDBInstances", Query), Error{Code: "DBInstanceNotFound"}, 404, "<Code>DBInstanceNotFound</Code>"},
		{foundFor(t, "iam", "GetUser", Query), Error{Code: "NoSuchEntityException"}, 404, "<Type>Sender</Type><Code>NoSuchEntity</Code>"},
		{foundFor(t, "iam", "GetUser", Query), Error{Code: "ServiceFailureException"}, 500, "<Type>Receiver</Type>"},
		{foundFor(t, "iam", "GetUser", Query), Error{Code: "NoSuchEntityException", Status: 410}, 410, "NoSuchEntity"},
		{foundFor(t, "lambda", "GetFunction", RestJSON), Error{Code: "ResourceNotFoundException", Message: "m"}, 404, `"Message":"m"`},
		{foundFor(t, "lambda", "GetFunction", RestJSON), Error{Code: "Tea", ServerFault: true}, 500, `{}`},
		{foundFor(t, "s3", "GetObject", RestXML), Error{Code: "NoSuchKey", Status: 404, Fields: map[string]any{"Key": "a<b"}}, 404, "<Key>a&lt;b</Key>"},
		{foundFor(t, "lambda", "GetFunction", RestJSON), Error{Code: "Tea", Fields: map[string]any{"x": 1, "__type": "y"}}, 400, `{}`},
	} {
		r := test.found.EncodeError(&test.e, "id-1")
		if r.Status != test.status || !strings.Contains(string(r.Body), test.wire) {
			t.Errorf("%s: %d, want %d with %s\n%s", test.e.Code, r.Status, test.status, test.wire, r.Body)
		}
		_, got, err := test.found.DecodeAnswer(r)
		if err != nil || got.Status != test.status {
			t.Errorf("%s: %v, %v", test.e.Code, got, err)
		}
	}
}

func TestQueryCompatibleServicesKeepTheirOldCodes(t *testing.T) {
	f := foundFor(t, "sqs", "SendMessage", JSON)
	e := &Error{Code: "QueueDoesNotExist", Message: "m"}
	if r := f.EncodeError(e, "id-1"); r.Header.Get(queryErrorHeader) != "" || !strings.Contains(string(r.Body), `"__type":"QueueDoesNotExist"`) {
		t.Errorf("not asked for: %v %s", r.Header, r.Body)
	}
	f.QueryMode = true
	r := f.EncodeError(e, "id-1")
	if got := r.Header.Get(queryErrorHeader); got != "AWS.SimpleQueueService.NonExistentQueue;Sender" {
		t.Errorf("got %s", got)
	}
	_, got, err := f.DecodeAnswer(r)
	if err != nil || got.Code != "QueueDoesNotExist" || got.WireCode != "AWS.SimpleQueueService.NonExistentQueue" {
		t.Errorf("got %#v, %v", got, err)
	}
}

func TestAnswersWithoutABodyAreErrorsByTheirStatus(t *testing.T) {
	f := foundFor(t, "s3", "HeadObject", RestXML)
	for status, code := range map[int]string{404: "NotFound", 403: "Forbidden", 304: "NotModified", 503: "ServiceUnavailable", 599: "599"} {
		_, e, err := f.DecodeAnswer(&Response{Status: status})
		if err != nil || e.Code != code || e.Status != status || e.ServerFault != (status >= 500) {
			t.Errorf("%d: got %#v, %v", status, e, err)
		}
	}
	if r := f.EncodeError(&Error{Code: "NoSuchKey", Status: 404}, "id-1"); r.Body != nil || r.Header.Get("Content-Type") != "" {
		t.Errorf("an answer to HEAD has a body: %s", r.Body)
	}
}

func TestWhatIsNoAnswerIsReportedWithItsStatus(t *testing.T) {
	for _, f := range []Found{foundFor(t, "ec2", "DescribeInstances", EC2), foundFor(t, "dynamodb", "ListTables", JSON),
		foundFor(t, "lambda", "GetFunction", RestJSON), foundFor(t, "s3", "ListBuckets", RestXML), foundFor(t, "cloudwatch", "ListMetrics", RPCv2)} {
		for _, body := range []string{"<html>Bad Gateway", "tea", "[1", "\xff"} {
			_, e, err := f.DecodeAnswer(&Response{Status: 502, Header: http.Header{}, Body: []byte(body)})
			if err == nil || e == nil || e.Code != "BadGateway" || e.Status != 502 || !e.ServerFault {
				t.Errorf("%s: %q: got %v, %v", f.Service.ID, body, e, err)
			}
			if out, e, err := f.DecodeAnswer(&Response{Status: 200, Body: []byte(body)}); err == nil {
				t.Errorf("%s: %q as a success: got %v, %v", f.Service.ID, body, out, e)
			}
		}
	}
}

func TestS3ErrorsMayComeLate(t *testing.T) {
	f := foundFor(t, "s3", "CompleteMultipartUpload", RestXML)
	_, e, err := f.DecodeAnswer(&Response{Status: 200, Body: []byte("<?xml version=\"1.0\"?>\n\n <Error><Code>InternalError</Code><Message>m</Message></Error>")})
	if err != nil || e == nil || e.Code != "InternalError" || e.Status != 200 {
		t.Errorf("got %v, %v", e, err)
	}
}

func TestEncodersRefuseValuesOfTheWrongKind(t *testing.T) {
	for _, f := range []Found{foundFor(t, "iam", "GetUser", Query), foundFor(t, "ec2", "DescribeInstances", EC2), foundFor(t, "dynamodb", "ListTables", JSON),
		foundFor(t, "lambda", "GetFunction", RestJSON), foundFor(t, "s3", "ListObjects", RestXML), foundFor(t, "cloudwatch", "ListMetrics", RPCv2)} {
		for _, m := range f.Operation.Input.Members {
			params := map[string]any{m.Name: struct{}{}}
			for _, other := range f.Operation.Input.Members { // what a path needs
				if other.Location == InURI && other != m {
					params[other.Name] = "x"
				}
			}
			if _, err := f.EncodeRequest(params); err == nil {
				t.Errorf("%s.%s takes a struct for %s", f.Service.ID, f.Operation.Name, m.Name)
			}
		}
	}
	if _, err := foundFor(t, "s3", "GetObject", RestXML).EncodeRequest(map[string]any{"Bucket": "b", "Key": ""}); err == nil {
		t.Error("an empty label is encoded")
	}
}

func TestHeadersHoldOneLine(t *testing.T) {
	f := foundFor(t, "s3", "PutObject", RestXML)
	r, err := f.EncodeRequest(map[string]any{"Bucket": "b", "Key": "k", "ContentType": "a\r\nX-Evil: 1", "Metadata": map[string]any{"m": "a\nb"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range r.Header {
		if strings.ContainsAny(values[0], "\r\n") {
			t.Errorf("%s: %q", name, values[0])
		}
	}
}
