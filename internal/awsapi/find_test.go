package awsapi

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

// sent is a request in short: "POST host/path?query", headers, and a body.
func sent(line string, headers ...string) *Request {
	method, rest, _ := strings.Cut(line, " ")
	host, path, _ := strings.Cut(rest, "/")
	path, query, _ := strings.Cut(path, "?")
	r := &Request{Method: method, Host: host, Path: "/" + path, RawQuery: query, Header: http.Header{}}
	for _, h := range headers {
		if name, value, ok := strings.Cut(h, ": "); ok {
			r.Header.Set(name, value)
		} else {
			r.Body = []byte(h)
		}
	}
	return r
}

const form = "Content-Type: application/x-www-form-urlencoded"

func TestFindTellsOperationsApart(t *testing.T) {
	for _, test := range []struct {
		signing string
		r       *Request
		want    string
		p       Protocol
	}{
		// JSON, its versions, and CBOR of the same service.
		{"cloudtrail", sent("POST h/", "X-Amz-Target: com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"), "cloudtrail.LookupEvents", JSON},
		{"dynamodb", sent("POST h/", "X-Amz-Target: DynamoDBStreams_20120810.ListStreams"), "dynamodbstreams.ListStreams", JSON},
		{"dynamodb", sent("POST h/", "X-Amz-Target: DynamoDB_20120810.ListTables"), "dynamodb.ListTables", JSON},
		{"", sent("POST h/", "X-Amz-Target: AWSCognitoIdentityService.GetId"), "cognito-identity.GetId", JSON},
		{"monitoring", sent("POST h/service/GraniteServiceVersion20100801/operation/ListMetrics", "Smithy-Protocol: rpc-v2-cbor"), "cloudwatch.ListMetrics", RPCv2},
		{"monitoring", sent("POST h/", "X-Amz-Target: GraniteServiceVersion20100801.ListMetrics"), "cloudwatch.ListMetrics", JSON},
		{"monitoring", sent("POST h/", form, "Action=ListMetrics&Version=2010-08-01"), "cloudwatch.ListMetrics", Query},
		// Query: in the body, in the URL, in both; the version decides.
		{"elasticloadbalancing", sent("POST h/", form, "Action=DescribeLoadBalancers&Version=2012-06-01"), "elb.DescribeLoadBalancers", Query},
		{"elasticloadbalancing", sent("POST h/", form, "Action=DescribeLoadBalancers&Version=2015-12-01"), "elbv2.DescribeLoadBalancers", Query},
		{"elasticloadbalancing", sent("POST h/", form, "Action=DescribeLoadBalancers&Version=2011-11-15"), "elb.DescribeLoadBalancers", Query},
		{"elasticloadbalancing", sent("POST h/", form, "Action=DescribeTargetGroups&Version=2012-06-01"), "elbv2.DescribeTargetGroups", Query},
		{"ec2", sent("GET h/?Action=DescribeRegions&Version=2016-11-15"), "ec2.DescribeRegions", EC2},
		{"ec2", sent("POST h/", "Action=DescribeRegions&Version=2014-10-01"), "ec2.DescribeRegions", EC2},
		{"rds", sent("POST h/", form, "Action=DescribeDBInstances&Version=2014-10-31"), "rds.DescribeDBInstances", Query},
		{"ses", sent("POST h/", form, "Action=SendEmail&Version=2010-12-01"), "ses.SendEmail", Query},
		{"ses", sent("POST h/v2/email/outbound-emails"), "sesv2.SendEmail", RestJSON},
		{"email", sent("POST h/", form, "Action=SendEmail&Version=2010-12-01"), "ses.SendEmail", Query},
		{"sqs", sent("POST h/1/q", form, "Action=SendMessage&Version=2012-11-05"), "sqs.SendMessage", Query},
		{"", sent("POST h/", form, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"), "sts.AssumeRoleWithWebIdentity", Query},
		{"", sent("GET sts.amazonaws.com/?Action=AssumeRoleWithSAML&Version=2011-06-15"), "sts.AssumeRoleWithSAML", Query},
		// S3, in the path and in the host.
		{"s3", sent("GET h/"), "s3.ListBuckets", RestXML},
		{"s3express", sent("GET h/"), "s3.ListDirectoryBuckets", RestXML},
		{"s3", sent("GET h/b"), "s3.ListObjects", RestXML},
		{"s3", sent("GET h/b/"), "s3.ListObjects", RestXML},
		{"s3", sent("GET h/b/?list-type=2&prefix=x"), "s3.ListObjectsV2", RestXML},
		{"s3", sent("GET h/b?versions"), "s3.ListObjectVersions", RestXML},
		{"s3", sent("GET h/b?location"), "s3.GetBucketLocation", RestXML},
		{"s3", sent("GET h/b/?location="), "s3.GetBucketLocation", RestXML},
		{"s3", sent("GET h/b?analytics"), "s3.ListBucketAnalyticsConfigurations", RestXML},
		{"s3", sent("GET h/b?analytics&id=1"), "s3.GetBucketAnalyticsConfiguration", RestXML},
		{"s3", sent("GET h/b?lifecycle"), "s3.GetBucketLifecycleConfiguration", RestXML},
		{"s3", sent("GET h/b/k/with//slashes/"), "s3.GetObject", RestXML},
		{"s3", sent("GET h/b//"), "s3.GetObject", RestXML},
		{"s3", sent("GET h/b/k?acl&versionId=3"), "s3.GetObjectAcl", RestXML},
		{"s3", sent("GET h/b/k?uploadId=1"), "s3.ListParts", RestXML},
		{"s3", sent("HEAD h/b/k"), "s3.HeadObject", RestXML},
		{"s3", sent("HEAD h/b"), "s3.HeadBucket", RestXML},
		{"s3", sent("PUT h/b"), "s3.CreateBucket", RestXML},
		{"s3", sent("PUT h/b/k"), "s3.PutObject", RestXML},
		{"s3", sent("PUT h/b/k?x-id=PutObject"), "s3.PutObject", RestXML},
		{"s3", sent("PUT h/b/k", "x-amz-copy-source: b/o"), "s3.CopyObject", RestXML},
		{"s3", sent("PUT h/b/k?partNumber=1&uploadId=u"), "s3.UploadPart", RestXML},
		{"s3", sent("PUT h/b/k?partNumber=1&uploadId=u", "x-amz-copy-source: b/o"), "s3.UploadPartCopy", RestXML},
		{"s3", sent("PUT h/b/k?tagging"), "s3.PutObjectTagging", RestXML},
		{"s3", sent("POST h/b?delete"), "s3.DeleteObjects", RestXML},
		{"s3", sent("POST h/b/k?uploads"), "s3.CreateMultipartUpload", RestXML},
		{"s3", sent("POST h/b/k?uploadId=u"), "s3.CompleteMultipartUpload", RestXML},
		{"s3", sent("POST h/b/k?select&select-type=2"), "s3.SelectObjectContent", RestXML},
		{"s3", sent("DELETE h/b/k?uploadId=u"), "s3.AbortMultipartUpload", RestXML},
		{"s3", sent("DELETE h/b/k"), "s3.DeleteObject", RestXML},
		{"s3", sent("GET b.s3.eu-west-1.amazonaws.com/"), "s3.ListObjects", RestXML},
		{"s3", sent("GET b.s3.eu-west-1.amazonaws.com/k"), "s3.GetObject", RestXML},
		{"s3", sent("PUT b.localhost:4566/"), "s3.CreateBucket", RestXML},
		{"s3", sent("GET b.s3.localhost.localstack.cloud:4566/k?tagging"), "s3.GetObjectTagging", RestXML},
		{"s3", sent("GET h/v20180820/accesspoint", "x-amz-account-id: 1"), "s3control.ListAccessPoints", RestXML},
		{"s3", sent("GET h/v20180820/accesspoint"), "s3.GetObject", RestXML},
		{"", sent("GET h/b/public.txt"), "s3.GetObject", RestXML},
		{"", sent("GET b.s3.amazonaws.com/public.txt"), "s3.GetObject", RestXML},
		// REST-JSON: literals before labels, greedy labels, a slash at the end.
		{"lambda", sent("POST h/2015-03-31/functions/arn%3Aaws%3Alambda%3A1/invocations"), "lambda.Invoke", RestJSON},
		{"lambda", sent("GET h/2015-03-31/functions"), "lambda.ListFunctions", RestJSON},
		{"apigateway", sent("POST h/restapis?mode=import"), "apigateway.ImportRestApi", RestJSON},
		{"apigateway", sent("POST h/restapis"), "apigateway.CreateRestApi", RestJSON},
		{"apigateway", sent("POST h/v2/apis"), "apigatewayv2.CreateApi", RestJSON},
		{"bedrock", sent("POST h/agents/a"), "bedrock-agent-runtime.InvokeInlineAgent", RestJSON},
		{"bedrock", sent("POST h/agents/a/"), "bedrock-agent.PrepareAgent", RestJSON},
		{"workspaces-web", sent("PUT h/portals/arn:a/b/c/browserSettings"), "workspaces-web.AssociateBrowserSettings", RestJSON},
		{"workspaces-web", sent("PUT h/portals/arn:a/b/c"), "workspaces-web.UpdatePortal", RestJSON},
		{"wisdom", sent("GET h/assistants/a"), "qconnect.GetAssistant", RestJSON},
		{"chime", sent("GET identity-chime.us-east-1.amazonaws.com/tags?arn=a"), "chime-sdk-identity.ListTagsForResource", RestJSON},
		{"", sent("GET portal.sso.eu-west-1.amazonaws.com/federation/credentials"), "sso.GetRoleCredentials", RestJSON},
		{"", sent("GET localhost/federation/credentials?role_name=r&account_id=1", "x-amz-sso_bearer_token: t"), "sso.GetRoleCredentials", RestJSON},
		{"", sent("POST localhost/token"), "sso-oidc.CreateToken", RestJSON},
		{"geo-maps", sent("GET h/v2/glyphs/f/0-255.pbf"), "geo-maps.GetGlyphs", RestJSON},
		{"cloudsearch", sent("POST h/2013-01-01/search", form, "format=sdk&pretty=true&q=x"), "cloudsearchdomain.Search", RestJSON},
		{"route53", sent("POST h/2013-04-01/hostedzone/Z1/rrset/"), "route53.ChangeResourceRecordSets", RestXML},
	} {
		found, err := sharedCatalog(t).Find(test.signing, test.r)
		if err != nil {
			t.Errorf("%s %s %s%s?%s: %v", test.signing, test.r.Method, test.r.Host, test.r.Path, test.r.RawQuery, err)
			continue
		}
		if got := found.Service.ID + "." + found.Operation.Name; got != test.want || found.Protocol != test.p {
			t.Errorf("%s %s %s%s?%s: got %s (%s), want %s (%s)", test.signing, test.r.Method, test.r.Host, test.r.Path,
				test.r.RawQuery, got, found.Protocol, test.want, test.p)
		}
		if found.Name != found.Operation.Name {
			t.Errorf("%s: name %q", test.want, found.Name)
		}
	}
}

func TestFindRefusesInTheCallersProtocol(t *testing.T) {
	for _, test := range []struct {
		signing string
		r       *Request
		p       Protocol
		status  int
		code    string
		body    string // a part of the answer
		name    string
	}{
		{"ec2", sent("POST h/", form, "Action=MakeTea&Version=2016-11-15"), EC2, 400, "InvalidAction",
			"<Response><Errors><Error><Code>InvalidAction</Code><Message>The action MakeTea is not valid for this web service.</Message></Error></Errors><RequestID>id-1</RequestID></Response>", "MakeTea"},
		{"ec2", sent("POST h/", form, "Version=2016-11-15"), EC2, 400, "MissingAction", "<Code>MissingAction</Code>", ""},
		{"ec2", sent("GET h/"), EC2, 400, "MissingAction", "<Code>MissingAction</Code>", ""},
		{"iam", sent("POST h/", form, "Action=MakeTea&Version=2010-05-08"), Query, 400, "InvalidAction",
			"<Message>Could not find operation MakeTea for version 2010-05-08</Message>", "MakeTea"},
		{"iam", sent("POST h/", form, "Action=Make%3CTea&Version=%zz"), Query, 400, "MalformedQueryString", "<Code>MalformedQueryString</Code>", ""},
		{"sts", sent("POST h/", form, "Action=MakeTea"), Query, 400, "InvalidAction", "NO_VERSION_SPECIFIED", "MakeTea"},
		{"dynamodb", sent("POST h/", "X-Amz-Target: DynamoDB_20120810.MakeTea", "Content-Type: application/x-amz-json-1.0"), JSON, 400,
			"UnknownOperationException", `"__type":"UnknownOperationException"`, "MakeTea"},
		{"dynamodb", sent("POST h/"), JSON, 400, "UnknownOperationException", `"__type":"UnknownOperationException"`, ""},
		{"dynamodb", sent("POST h/", "X-Amz-Target: Kinesis_20131202.ListStreams"), JSON, 400, "UnknownOperationException", "__type", "ListStreams"},
		{"lambda", sent("GET h/tea"), RestJSON, 404, "UnknownOperationException", `"message":"No operation is at GET /tea."`, ""},
		{"s3", sent("PATCH h/b/k"), RestXML, 405, "MethodNotAllowed", "<Error><Code>MethodNotAllowed</Code>", ""},
		{"route53", sent("GET h/tea"), RestXML, 404, "UnknownOperationException", "<ErrorResponse", ""},
		{"monitoring", sent("POST h/service/GraniteServiceVersion20100801/operation/MakeTea", "Smithy-Protocol: rpc-v2-cbor"), RPCv2, 404,
			"UnknownOperationException", "UnknownOperationException", "MakeTea"},
		{"monitoring", sent("POST h/tea", "Smithy-Protocol: rpc-v2-cbor"), RPCv2, 404, "UnknownOperationException", "UnknownOperationException", ""},
		{"tea", sent("POST h/", form, "Action=MakeTea"), Query, 400, "InvalidAction", "<Code>InvalidAction</Code>", ""},
		{"tea", sent("POST h/", "X-Amz-Target: Tea.Make"), JSON, 400, "UnknownOperationException", "__type", "Make"},
		{"tea", sent("GET h/pot"), RestJSON, 404, "UnknownOperationException", "tea", ""},
		{"", sent("POST h/", "X-Amz-Target: Tea.Make"), JSON, 400, "UnknownOperationException", "__type", "Make"},
	} {
		found, err := sharedCatalog(t).Find(test.signing, test.r)
		e, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("%s %s: error %v", test.signing, test.r.Path, err)
			continue
		}
		answer := found.EncodeError(e, "id-1")
		if found.Protocol != test.p || e.Code != test.code || answer.Status != test.status || found.Name != test.name ||
			!strings.Contains(string(answer.Body), test.body) {
			t.Errorf("%s %s %s: got %s, %q, %d, %v\n%s", test.signing, test.r.Method, test.r.Path, found.Protocol, found.Name,
				answer.Status, e, answer.Body)
		}
		if found.Operation != nil {
			t.Errorf("%s %s: an operation with an error", test.signing, test.r.Path)
		}
	}
}

func TestBucketOfHost(t *testing.T) {
	for host, want := range map[string]string{
		"localhost":                                "",
		"localhost:4566":                           "",
		"127.0.0.1:4566":                           "",
		"[::1]:4566":                               "",
		"s3.amazonaws.com":                         "",
		"s3.eu-west-1.amazonaws.com":               "",
		"s3.localhost":                             "",
		"s3.localhost.localstack.cloud:4566":       "",
		"b.s3.amazonaws.com":                       "b",
		"b.s3-us-west-2.amazonaws.com":             "b",
		"b.s3.dualstack.eu-west-1.amazonaws.com":   "b",
		"b.s3-accelerate.amazonaws.com":            "b",
		"my.dotted.bucket.s3.eu-west-1.amazonaws.": "my.dotted.bucket",
		"b.s3.localhost.localstack.cloud:4566":     "b",
		"b.s3.localhost:4566":                      "b",
		"b.localhost:4566":                         "b",
		"B.LOCALHOST":                              "b",
		"":                                         "",
	} {
		if got := bucketOfHost(host); got != want {
			t.Errorf("%s: got %q, want %q", host, got, want)
		}
	}
}
