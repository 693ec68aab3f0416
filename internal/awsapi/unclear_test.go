package awsapi

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestARequestThatSaysTwoThingsIsUnclear(t *testing.T) {
	const (
		form = "application/x-www-form-urlencoded"
		json = "application/x-amz-json-1.0"
	)
	list := []string{"AmazonSQS.ListQueues"}
	for _, test := range []struct {
		name, signing, method, target, body string
		header                              http.Header
		code                                string
	}{
		{name: "a target and an action in the body", signing: "sqs", body: "Action=DeleteQueue&QueueUrl=x",
			header: http.Header{"X-Amz-Target": list, "Content-Type": {form}}, code: "SerializationException"},
		{name: "a target and an action in the URL", signing: "kms", target: "/?Action=DeleteAlias", body: "{}",
			header: http.Header{"X-Amz-Target": {"TrentService.ListAliases"}, "Content-Type": {json}}, code: "SerializationException"},
		{name: "an action in an escape", signing: "sqs", target: "/?%41ction=DeleteQueue", body: "{}",
			header: http.Header{"X-Amz-Target": list, "Content-Type": {json}}, code: "SerializationException"},
		{name: "two targets", signing: "sqs", body: "{}",
			header: http.Header{"X-Amz-Target": {list[0], "AmazonSQS.DeleteQueue"}, "Content-Type": {json}}, code: "SerializationException"},
		{name: "two content types", signing: "sqs", body: "{}",
			header: http.Header{"X-Amz-Target": list, "Content-Type": {json, form}}, code: "SerializationException"},
		{name: "a target and a path", signing: "dynamodb", target: "/service/X/operation/ListTables",
			header: http.Header{"X-Amz-Target": {"DynamoDB_20120810.DeleteTable"}, "Smithy-Protocol": {"rpc-v2-cbor"}}, code: "SerializationException"},
		{name: "two actions", signing: "ec2", body: "Action=DescribeVpcs&Action=DeleteVpc&Version=2016-11-15",
			header: http.Header{"Content-Type": {form}}, code: "InvalidParameterValue"},
		{name: "an action in the URL and another in the body", signing: "iam", target: "/?Action=ListUsers", body: "Action=DeleteUser&UserName=x",
			header: http.Header{"Content-Type": {form}}, code: "MalformedQueryString"},
		{name: "two versions", signing: "elasticloadbalancing", body: "Action=DescribeLoadBalancers&Version=2012-06-01&Version=2015-12-01",
			header: http.Header{"Content-Type": {form}}, code: "MalformedQueryString"},
		{name: "a form that is not one", signing: "ec2", body: "Action=DeleteVpc&VpcId=x&a=%zz",
			header: http.Header{"Content-Type": {form}}, code: "MalformedQueryString"},
		{name: "a form in parts", signing: "ec2", body: "--x\r\nContent-Disposition: form-data; name=\"Action\"\r\n\r\nDeleteVpc\r\n--x--",
			header: http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}, code: "MissingAction"},
		{name: "nothing in JSON", signing: "kms", body: "{}", header: http.Header{"Content-Type": {json}}, code: "UnknownOperationException"},
		{name: "a path and an action", signing: "lambda", method: "GET", target: "/2015-03-31/functions?Action=DeleteFunction", code: "SerializationException"},
		{name: "an escape that is none", signing: "lambda", method: "GET", target: "/2015-03-31/functions?a=%zz", code: "SerializationException"},
		{name: "two sub-resources", signing: "s3", method: "PUT", target: "/b/k?tagging&acl", code: "InvalidArgument"},
		{name: "two sub-resources to delete", signing: "s3", method: "DELETE", target: "/b?cors&policy", code: "InvalidArgument"},
		{name: "two lists", signing: "s3", method: "GET", target: "/b?list-type=2&versions", code: "InvalidArgument"},
		{name: "a sub-resource and an upload", signing: "s3", method: "DELETE", target: "/b/k?tagging&uploadId=1", code: "InvalidArgument"},
		{name: "a sub-resource and a part", signing: "s3", method: "PUT", target: "/b/k?tagging&uploadId=1&partNumber=1", code: "InvalidArgument"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path, query, _ := strings.Cut(test.target, "?")
			method := test.method
			if method == "" {
				method = http.MethodPost
			}
			if path == "" {
				path = "/"
			}
			header := test.header
			if header == nil {
				header = http.Header{}
			}
			found, err := sharedCatalog(t).Find(test.signing, &Request{
				Method: method, Host: "127.0.0.1", Path: path, RawQuery: query, Header: header, Body: []byte(test.body),
			})
			e, _ := err.(*Error)
			if e == nil || e.Code != test.code {
				t.Fatalf("the error is %v, want %s", err, test.code)
			}
			if !found.Unclear || found.Operation != nil {
				t.Errorf("unclear %v, operation %v", found.Unclear, found.Operation)
			}
			if r := found.EncodeError(e, "id"); r.Status != 400 && r.Status != 404 {
				t.Errorf("refused with %d", r.Status)
			}
		})
	}
}

// Of each operation of S3 with its own sub-resources only, and of forms that
// clients send in other ways than most, one thing can be made.
func TestAClearRequestIsNotUnclear(t *testing.T) {
	c := sharedCatalog(t)
	s3, err := c.Service("s3")
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range s3.Operations {
		query := map[string][]string{"versionId": {"1"}, "x-id": {op.Name}}
		for _, l := range op.route.literals {
			query[l.key] = []string{l.value}
		}
		for _, name := range op.route.query {
			query[name] = []string{"1"}
		}
		if names := op.route.conflicts(query); len(names) > 0 {
			t.Errorf("%s conflicts: %v", op.Name, names)
		}
	}
	for _, r := range []*Request{
		{Method: "PUT", Header: http.Header{"Content-Type": {"Application/X-WWW-Form-URLEncoded"}}, Body: []byte("Action=DescribeVpcs")},
		{Method: "GET", RawQuery: "%41ction=DescribeVpcs"},
		{Method: "POST", RawQuery: "Action=DescribeVpcs", Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte("x")},
		{Method: "POST", RawQuery: "Action=DescribeVpcs", Header: http.Header{"Content-Type": {formType}}, Body: []byte("Action=DescribeVpcs")},
	} {
		r.Path, r.Host = "/", "127.0.0.1"
		if r.Header == nil {
			r.Header = http.Header{}
		}
		found, err := c.Find("ec2", r)
		if err != nil || found.Operation.Name != "DescribeVpcs" {
			t.Errorf("%s %s %s: %v", r.Method, r.RawQuery, r.Body, err)
		}
	}
}

func TestAValueThatIsGivenTwiceIsRefused(t *testing.T) {
	for _, r := range []*Request{
		{Method: "GET", Path: "/b/k", RawQuery: "versionId=1&versionId=2"},
		{Method: "PUT", Path: "/b/k", Header: http.Header{"X-Amz-Acl": {"private", "public-read"}}},
	} {
		r.Host = "127.0.0.1"
		if r.Header == nil {
			r.Header = http.Header{}
		}
		found, err := sharedCatalog(t).Find("s3", r)
		if err != nil {
			t.Fatal(err)
		}
		if params, err := found.Decode(r); err == nil {
			t.Errorf("%s %s %v: read as %v", r.Method, r.RawQuery, r.Header, params)
		}
	}
	list := &Shape{Kind: List, Elem: &Member{Shape: &Shape{Kind: String}}}
	if v, err := parseTexts(list, []string{"a", "b"}); err != nil || !slices.Equal(v.([]any), []any{"a", "b"}) {
		t.Errorf("a list: %v, %v", v, err)
	}
}
