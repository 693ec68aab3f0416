package awsapi

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// decode finds and decodes a request.
func decode(t *testing.T, signing string, r *Request) (map[string]any, error) {
	t.Helper()
	found, err := sharedCatalog(t).Find(signing, r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.Path, err)
	}
	return found.Decode(r)
}

func TestDecodeJSON(t *testing.T) {
	type m = map[string]any
	type list = []any
	const athena = "X-Amz-Target: AmazonAthena."
	const dynamodb = "X-Amz-Target: DynamoDB_20120810."
	for _, test := range []struct {
		signing, target, body string
		want                  m
		message               string // of a SerializationException
	}{
		{"athena", athena + "ListWorkGroups", `{"MaxResults":50,"NextToken":null,"Tea":{"a":[1]}}`, m{"MaxResults": int64(50)}, ""},
		{"athena", athena + "ListWorkGroups", ``, m{}, ""},
		{"athena", athena + "ListWorkGroups", ` {} `, m{}, ""},
		{"athena", athena + "ListWorkGroups", `{"MaxResults":1.9}`, m{"MaxResults": int64(1)}, ""},
		{"athena", athena + "ListWorkGroups", `{"MaxResults":5e1,"MaxResults":7}`, m{"MaxResults": int64(7)}, ""},
		{"athena", athena + "ListWorkGroups", `{"MaxResults":99999999999}`, m{"MaxResults": int64(99999999999)}, ""},
		{"athena", athena + "StartQueryExecution", `{"QueryString":"","ExecutionParameters":["a",null],"ResultConfiguration":{}}`,
			m{"QueryString": "", "ExecutionParameters": list{"a"}, "ResultConfiguration": m{}}, ""},
		{"dynamodb", dynamodb + "PutItem", `{"TableName":"t","Item":{"k":{"B":"AAE="},"l":{"L":[{"N":"1"},{"NULL":true}]}}}`,
			m{"TableName": "t", "Item": m{"k": m{"B": []byte{0, 1}}, "l": m{"L": list{m{"N": "1"}, m{"NULL": true}}}}}, ""},
		{"logs", "X-Amz-Target: Logs_20140328.GetLogEvents", `{"startTime":9007199254740993}`, m{"startTime": int64(9007199254740993)}, ""},
		{"cloudtrail", "X-Amz-Target: com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents",
			`{"StartTime":1700000000.123,"EndTime":"2023-11-14T22:13:20Z"}`,
			m{"StartTime": time.UnixMilli(1700000000123).UTC(), "EndTime": time.Unix(1700000000, 0).UTC()}, ""},
		{"sagemaker", "X-Amz-Target: SageMaker.CreateAction", `{"ActionName":"a"}`, m{"ActionName": "a"}, ""},
		{"athena", athena + "ListWorkGroups", `{"MaxResults":"1"}`, nil, "STRING_VALUE can not be converted to an Integer"},
		{"athena", athena + "ListWorkGroups", `{"MaxResults":true}`, nil, "TRUE_VALUE can not be converted to an Integer"},
		{"athena", athena + "ListWorkGroups", `{"MaxResults":[1]}`, nil, "Start of list found where not expected"},
		{"athena", athena + "ListWorkGroups", `{"MaxResults":{"a":1}}`, nil, "Start of structure or map found where not expected."},
		{"athena", athena + "ListWorkGroups", `{"NextToken":1}`, nil, "NUMBER_VALUE can not be converted to a String"},
		{"athena", athena + "ListWorkGroups", `{"NextToken":false}`, nil, "FALSE_VALUE can not be converted to a String"},
		{"athena", athena + "StartQueryExecution", `{"ExecutionParameters":"x"}`, nil, "Expected list or null"},
		{"athena", athena + "StartQueryExecution", `{"ExecutionParameters":{}}`, nil, "Start of structure or map found where not expected."},
		{"athena", athena + "StartQueryExecution", `{"ResultConfiguration":"x"}`, nil, "Expected null"},
		{"athena", athena + "ListWorkGroups", `[]`, nil, "Start of list found where not expected"},
		{"athena", athena + "ListWorkGroups", `null`, nil, "Expected null"},
		{"athena", athena + "ListWorkGroups", `{`, nil, "the body is not valid JSON: unexpected EOF"},
		{"athena", athena + "ListWorkGroups", `{} {}`, nil, "the body has something after its JSON value"},
		{"athena", athena + "ListWorkGroups", "{\"NextToken\":\"\xff\"}", nil, "the body is not valid UTF-8"},
		{"athena", athena + "ListWorkGroups", `{"MaxResults":1e400}`, nil, `"1e400" is not an integer`},
		{"dynamodb", dynamodb + "PutItem", `{"Item":{"k":{"B":"***"}}}`, nil, "a blob is not base64: illegal base64 data at input byte 0"},
		{"cloudtrail", "X-Amz-Target: com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents", `{"StartTime":"tea"}`, nil,
			"STRING_VALUE can not be converted to milliseconds since epoch"},
		{"dynamodb", dynamodb + "PutItem", `{"Item":{"k":` + strings.Repeat(`{"L":[`, 200) + strings.Repeat(`]}`, 200) + `}}`, nil,
			"the body nests more than 256 levels deep"},
		{"dynamodb", dynamodb + "PutItem", `{"Item":` + strings.Repeat(`[`, 100_000), nil, "the body is not valid JSON: invalid character '[' exceeded max depth"},
	} {
		got, err := decode(t, test.signing, sent("POST h/", test.target, test.body))
		if test.want == nil {
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Code != "SerializationException" || e.Status != 400 || e.Message != test.message {
				t.Errorf("%.80s: got %v, want %s", test.body, err, test.message)
			}
			continue
		}
		if err != nil {
			t.Errorf("%.80s: %v", test.body, err)
			continue
		}
		wantEqual(t, test.body, got, test.want)
	}
}

func TestDecodeREST(t *testing.T) {
	type m = map[string]any
	type list = []any
	for _, test := range []struct {
		signing string
		r       *Request
		want    m
	}{
		{"lambda", sent("POST h/2015-03-31/functions/f%3A1/invocations?Qualifier=q", "X-Amz-Invocation-Type: Event", "payload"),
			m{"FunctionName": "f:1", "Qualifier": "q", "InvocationType": "Event", "Payload": []byte("payload")}},
		{"lambda", sent("GET h/2015-03-31/functions?MaxItems=&Marker="), m{"Marker": ""}},
		{"apigateway", sent("DELETE h/tags/arn%3Aaws%2Fx?tagKeys=a&tagKeys=b"), m{"resourceArn": "arn:aws/x", "tagKeys": list{"a", "b"}}},
		{"apigateway", sent("POST h/restapis?mode=import&failonwarnings=true&basepath=split&X-Amz-Date=1", "{}"),
			m{"failOnWarnings": true, "parameters": m{"basepath": "split"}, "body": []byte("{}")}},
		{"s3", sent("GET b.localhost/a%20key/with//slashes?versionId=1&response-expires=Tue%2C+14+Nov+2023+22%3A13%3A20+GMT", "Range: bytes=0-1"),
			m{"Bucket": "b", "Key": "a key/with//slashes", "VersionId": "1", "Range": "bytes=0-1", "ResponseExpires": time.Unix(1700000000, 0).UTC()}},
		{"s3", sent("PUT h/b/k", "X-Amz-Meta-Tea: Green", "If-None-Match: *", "streamed, so not a parameter"),
			m{"Bucket": "b", "Key": "k", "Metadata": m{"tea": "Green"}, "IfNoneMatch": "*"}},
		{"s3", sent("GET h/b/k?attributes", "X-Amz-Object-Attributes: ETag, \"Object,Size\""),
			m{"Bucket": "b", "Key": "k", "ObjectAttributes": list{"ETag", "Object,Size"}}},
		{"s3", sent("PUT h/b?versioning", "<VersioningConfiguration><Status>Enabled</Status><Tea/></VersioningConfiguration>"),
			m{"Bucket": "b", "VersioningConfiguration": m{"Status": "Enabled"}}},
		{"s3", sent("GET h/b?prefix=a;b&max-keys=3"), m{"Bucket": "b", "Prefix": "a;b", "MaxKeys": int64(3)}},
		{"bedrock", sent("POST h/model/m/converse", `{"additionalModelRequestFields":{"n":1.5,"l":[null,true]}}`),
			m{"modelId": "m", "additionalModelRequestFields": m{"n": 1.5, "l": list{nil, true}}}},
		{"cloudsearch", sent("POST h/2013-01-01/search?pretty=true", form, "format=sdk&q=a+b&size=3"),
			m{"query": "a b", "size": int64(3)}},
	} {
		got, err := decode(t, test.signing, test.r)
		if err != nil {
			t.Errorf("%s %s: %v", test.r.Method, test.r.Path, err)
			continue
		}
		wantEqual(t, test.r.Method+" "+test.r.Path, got, test.want)
	}
}

func TestMalformedMessagesAreRefusedInTheWordsOfTheService(t *testing.T) {
	for _, test := range []struct {
		signing string
		r       *Request
		code    string
	}{
		{"ec2", sent("POST h/", form, "Action=RunInstances&Version=2016-11-15&MinCount=x"), "InvalidParameterValue"},
		{"iam", sent("POST h/", form, "Action=ListUsers&Version=2010-05-08&MaxItems=x"), "MalformedInput"},
		{"s3", sent("GET h/b?max-keys=x"), "InvalidArgument"},
		{"s3", sent("PUT h/b?versioning", "<a>"), "MalformedXML"},
		{"s3", sent("PUT h/b?versioning", "{}"), "MalformedXML"},
		{"route53", sent("POST h/2013-04-01/hostedzone", "<a>"), "MalformedInput"},
		{"route53", sent("GET h/2013-04-01/trafficpolicy/a/x"), "InvalidInput"},
		{"lambda", sent("GET h/2015-03-31/functions?MaxItems=x"), "SerializationException"},
		{"lambda", sent("POST h/2015-03-31/functions", "{"), "SerializationException"},
		{"monitoring", sent("POST h/service/GraniteServiceVersion20100801/operation/ListMetrics", "Smithy-Protocol: rpc-v2-cbor", "\xff"), "SerializationException"},
	} {
		_, err := decode(t, test.signing, test.r)
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Code != test.code || e.Status != 400 || e.Message == "" {
			t.Errorf("%s %s: got %v, want %s", test.r.Method, test.r.Path, err, test.code)
		}
	}
}

func TestCompressedRequestsAreDecoded(t *testing.T) {
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	fmt.Fprint(z, "Action=ListMetrics&Version=2010-08-01&Namespace=n")
	z.Close()
	r := sent("POST h/", form, "Content-Encoding: gzip")
	r.Body = body.Bytes()
	got, err := decode(t, "monitoring", r)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "a form", got, map[string]any{"Namespace": "n"})

	r = sent("POST h/", "X-Amz-Target: GraniteServiceVersion20100801.ListMetrics", "Content-Encoding: gzip", "{}")
	if _, err := decode(t, "monitoring", r); err == nil || !strings.Contains(err.Error(), "not gzip") {
		t.Errorf("of what is not gzip: %v", err)
	}
	body.Reset()
	z.Reset(&body)
	z.Write(bytes.Repeat([]byte(" "), maxInflated+1))
	z.Close()
	r.Body = body.Bytes()
	if _, err := decode(t, "monitoring", r); err == nil || !strings.Contains(err.Error(), "without its compression") {
		t.Errorf("of what is too large: %v", err)
	}
}

func TestParseTimestamp(t *testing.T) {
	want := time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC)
	for _, text := range []string{
		"2023-11-14T22:13:20Z", "2023-11-14T22:13:20.000Z", "2023-11-14T23:13:20+01:00", "2023-11-14T22:13:20", "20231114T221320Z",
		"Tue, 14 Nov 2023 22:13:20 GMT", "Tuesday, 14-Nov-23 22:13:20 GMT", "Tue Nov 14 22:13:20 2023", "1700000000", "1.7E9", " 1700000000.0 ",
	} {
		got, err := parseTimestamp(text)
		if err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "tea", "1e300", "-1e300", "NaN", "Infinity", "99999999999999", "2023-13-01", "1700000000.x"} {
		if got, err := parseTimestamp(text); err == nil {
			t.Errorf("%s: got %v", text, got)
		}
	}
}

func TestFormatTimestamp(t *testing.T) {
	at := time.Date(2023, 11, 14, 22, 13, 20, 45_600_000, time.UTC)
	for format, want := range map[string]string{
		iso8601: "2023-11-14T22:13:20.045Z", rfc822: "Tue, 14 Nov 2023 22:13:20 GMT", unixTimestamp: "1700000000.045",
	} {
		if got := formatTimestamp(&Shape{}, at, format); got != want {
			t.Errorf("%s: got %s", format, got)
		}
		if got := formatTimestamp(&Shape{TimestampFormat: format}, at, "none"); got != want {
			t.Errorf("%s by the shape: got %s", format, got)
		}
	}
	for ms, want := range map[int64]string{0: "0", 1500: "1.5", -1500: "-1.5", 1001: "1.001", 1010: "1.01", 999: "0.999"} {
		if got := string(appendEpoch(nil, time.UnixMilli(ms))); got != want {
			t.Errorf("%d ms: got %s", ms, got)
		}
	}
}

func TestParseNumbers(t *testing.T) {
	for text, want := range map[string]int64{"9007199254740993": 9007199254740993, "-9223372036854775808": math.MinInt64, "1.9": 1, "1e3": 1000} {
		if got, err := parseInteger(Long, text); err != nil || got != want {
			t.Errorf("%s: got %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "0x10", "1_0", "9223372036854775808", "NaN", "Infinity", "1e99"} {
		if got, err := parseInteger(Long, text); err == nil {
			t.Errorf("%s: got %d", text, got)
		}
	}
	if got, err := parseInteger(Integer, "2147483648"); err == nil {
		t.Errorf("more than 32 bits: got %d", got)
	}
	for text, want := range map[string]float64{"1": 1, "-1.5e3": -1500, "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)} {
		if got, err := parseFloat(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "0x1p3", "1e999", "infinity"} {
		if got, err := parseFloat(text); err == nil {
			t.Errorf("%s: got %v", text, got)
		}
	}
}
