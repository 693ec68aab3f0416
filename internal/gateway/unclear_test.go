package gateway

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// handedOver starts an upstream that says "done" and tells of each request.
func handedOver(t *testing.T) (*front, <-chan http.Header) {
	got := make(chan http.Header, 1)
	return behind(t, func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header.Clone()
		io.WriteString(w, "done")
	}), got
}

func (f *front) post(service, body string, header http.Header) answer {
	f.t.Helper()
	req, err := http.NewRequest("POST", f.server.URL, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header = header
	f.sign(req, []byte(body), service, testKey)
	return f.do(req)
}

// A header that does not go on must not name the operation that is recorded.
func TestAHeaderOfTheConnectionTellsNothing(t *testing.T) {
	f, got := handedOver(t)
	f.post("sqs", "Action=DeleteQueue&Version=2012-11-05&QueueUrl=http%3A%2F%2Fx%2Fq", http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"},
		"X-Amz-Target": {"AmazonSQS.ListQueues"},
		"Connection":   {"X-Amz-Target, Keep-Alive"},
	}).mustHave(t, 200, "done")
	if h := <-got; h.Get("X-Amz-Target") != "" {
		t.Errorf("the header goes on: %v", h)
	}
	if e := f.journal.only(); e.EventName != "DeleteQueue" {
		t.Errorf("recorded as %s", e.EventName)
	}
}

func TestARequestThatIsNotUnderstoodIsNotHandedOver(t *testing.T) {
	const form, json = "application/x-www-form-urlencoded", "application/x-amz-json-1.0"
	for _, test := range []struct {
		name, service, body string
		header              http.Header
		refusal             string
	}{
		{"two names", "sqs", "Action=DeleteQueue&QueueUrl=x",
			http.Header{"X-Amz-Target": {"AmazonSQS.ListQueues"}, "Content-Type": {form}}, "SerializationException"},
		{"two actions", "ec2", "Action=DescribeVpcs&Action=DeleteVpc&VpcId=vpc-1&Version=2016-11-15",
			http.Header{"Content-Type": {form}}, "InvalidParameterValue"},
		{"a parameter twice", "ec2", "Action=DeleteVpc&VpcId=vpc-1&VpcId=vpc-2&Version=2016-11-15",
			http.Header{"Content-Type": {form}}, "UnknownParameter"},
		{"what some take for JSON", "dynamodb", `{"TableName":"t","Zzz":NaN}`,
			http.Header{"X-Amz-Target": {"DynamoDB_20120810.DeleteTable"}, "Content-Type": {json}}, "SerializationException"},
		{"not compressed", "dynamodb", `{"TableName":"t"}`,
			http.Header{"X-Amz-Target": {"DynamoDB_20120810.DeleteTable"}, "Content-Type": {json}, "Content-Encoding": {"gzip"}}, "SerializationException"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, got := handedOver(t)
			f.post(test.service, test.body, test.header).mustHave(t, 400, test.refusal)
			if len(got) > 0 {
				t.Error("it was handed over")
			}
			if e := f.journal.only(); e.ErrorCode == "" {
				t.Errorf("%s is recorded without an error", e.EventName)
			}
		})
	}
}
