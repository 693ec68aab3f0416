package awsapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

// service answers the SDK's requests as a test says, without a network.
type service struct {
	t      *testing.T
	want   string // "cloudwatch.PutMetricData"
	p      Protocol
	params map[string]any
	answer map[string]any
	refuse *Error
}

func (s *service) Do(h *http.Request) (*http.Response, error) {
	s.t.Helper()
	var body []byte
	if h.Body != nil {
		var err error
		if body, err = io.ReadAll(h.Body); err != nil {
			return nil, err
		}
	}
	r := &Request{Method: h.Method, Host: h.URL.Host, Path: h.URL.EscapedPath(), RawQuery: h.URL.RawQuery, Header: h.Header, Body: body}
	found, err := sharedCatalog(s.t).Find(signingName(r), r)
	if err != nil {
		return nil, err
	}
	if got := found.Service.ID + "." + found.Operation.Name; got != s.want || found.Protocol != s.p {
		s.t.Errorf("found %s (%s), want %s (%s)", got, found.Protocol, s.want, s.p)
	}
	params, err := found.Decode(r)
	if err != nil {
		return nil, err
	}
	for name := range params { // what the SDK adds by itself
		if m := found.Operation.Input.Member(name); s.params[name] == nil && m.Location == InHeader {
			delete(params, name)
		}
	}
	wantEqual(s.t, s.want, params, s.params)
	var answer *Response
	if s.refuse != nil {
		answer = found.EncodeError(s.refuse, "id-1")
	} else if answer, err = found.EncodeAnswer(s.answer, "id-1"); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: answer.Status, Header: answer.Header, Request: h,
		Body: io.NopCloser(bytes.NewReader(answer.Body)), ContentLength: int64(len(answer.Body))}, nil
}

func (s *service) config() aws.Config {
	return aws.Config{Region: "us-east-1", HTTPClient: s, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		})}
}

func TestGoSDKSpeaksCBORToCloudWatch(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 500_000_000, time.UTC)
	s := &service{t: t, want: "cloudwatch.PutMetricData", p: RPCv2, params: map[string]any{
		"Namespace": "n", "MetricData": []any{map[string]any{"MetricName": "m", "Value": 1.5, "Timestamp": at,
			"Dimensions": []any{map[string]any{"Name": "d", "Value": "v"}}}}}}
	client := cloudwatch.NewFromConfig(s.config())
	_, err := client.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("n"),
		MetricData: []cwtypes.MetricDatum{{MetricName: aws.String("m"), Value: aws.Float64(1.5), Timestamp: &at,
			Dimensions: []cwtypes.Dimension{{Name: aws.String("d"), Value: aws.String("v")}}}}})
	if err != nil {
		t.Fatal(err)
	}
	s.want, s.params = "cloudwatch.GetMetricData", map[string]any{"StartTime": at, "EndTime": at, "MetricDataQueries": []any{}}
	s.answer = map[string]any{"MetricDataResults": []any{map[string]any{"Id": "a", "Timestamps": []any{at}, "Values": []any{2.5}, "StatusCode": "Complete"}}}
	out, err := client.GetMetricData(t.Context(), &cloudwatch.GetMetricDataInput{StartTime: &at, EndTime: &at, MetricDataQueries: []cwtypes.MetricDataQuery{}})
	if err != nil {
		t.Fatal(err)
	}
	if r := out.MetricDataResults; len(r) != 1 || !r[0].Timestamps[0].Equal(at) || r[0].Values[0] != 2.5 {
		t.Errorf("got %+v", out)
	}
	s.refuse = &Error{Code: "InvalidNextToken", Message: "no"}
	_, err = client.GetMetricData(t.Context(), &cloudwatch.GetMetricDataInput{StartTime: &at, EndTime: &at, MetricDataQueries: []cwtypes.MetricDataQuery{}})
	wantAPIError[*cwtypes.InvalidNextToken](t, err, "no")
}

func TestGoSDKSpeaksJSON(t *testing.T) {
	item := map[string]any{"k": map[string]any{"S": "é"}, "b": map[string]any{"B": []byte{1, 2}}}
	s := &service{t: t, want: "dynamodb.PutItem", p: JSON, params: map[string]any{"TableName": "t", "Item": item},
		answer: map[string]any{"Attributes": item}}
	client := dynamodb.NewFromConfig(s.config())
	in := &dynamodb.PutItemInput{TableName: aws.String("t"), Item: map[string]ddbtypes.AttributeValue{
		"k": &ddbtypes.AttributeValueMemberS{Value: "é"}, "b": &ddbtypes.AttributeValueMemberB{Value: []byte{1, 2}}}}
	out, err := client.PutItem(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if b, ok := out.Attributes["b"].(*ddbtypes.AttributeValueMemberB); !ok || !bytes.Equal(b.Value, []byte{1, 2}) {
		t.Errorf("got %+v", out)
	}
	s.refuse = &Error{Code: "ConditionalCheckFailedException", Message: "no", Fields: map[string]any{"Item": item}}
	_, err = client.PutItem(t.Context(), in)
	if e := wantAPIError[*ddbtypes.ConditionalCheckFailedException](t, err, "no"); e != nil && len(e.Item) != 2 {
		t.Errorf("got %+v", e)
	}
}

func TestGoSDKReadsErrorsOfAServiceThatSpokeQuery(t *testing.T) {
	s := &service{t: t, want: "sqs.SendMessage", p: JSON, params: map[string]any{"QueueUrl": "https://q/1/a", "MessageBody": "m"},
		refuse: &Error{Code: "QueueDoesNotExist", Message: "no"}}
	client := sqs.NewFromConfig(s.config())
	_, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String("https://q/1/a"), MessageBody: aws.String("m")})
	wantAPIError[*sqstypes.QueueDoesNotExist](t, err, "no")
}

func TestGoSDKSpeaksQueryAndEC2(t *testing.T) {
	s := &service{t: t, want: "iam.GetUser", p: Query, params: map[string]any{"UserName": "u"},
		answer: map[string]any{"User": map[string]any{"UserName": "u", "CreateDate": time.Unix(1700000000, 0)}}}
	user, err := iam.NewFromConfig(s.config()).GetUser(t.Context(), &iam.GetUserInput{UserName: aws.String("u")})
	if err != nil || *user.User.UserName != "u" || user.User.CreateDate.Unix() != 1700000000 {
		t.Errorf("got %+v, %v", user, err)
	}
	s = &service{t: t, want: "ec2.DescribeInstances", p: EC2,
		params: map[string]any{"Filters": []any{map[string]any{"Name": "vpc-id", "Values": []any{"v1", "v2"}}}, "MaxResults": int64(5)},
		answer: map[string]any{"Reservations": []any{map[string]any{"Instances": []any{map[string]any{"InstanceId": "i-1"}}}}}}
	client := ec2.NewFromConfig(s.config())
	in := &ec2.DescribeInstancesInput{MaxResults: aws.Int32(5), Filters: []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{"v1", "v2"}}}}
	instances, err := client.DescribeInstances(t.Context(), in)
	if err != nil || *instances.Reservations[0].Instances[0].InstanceId != "i-1" {
		t.Errorf("got %+v, %v", instances, err)
	}
	s.refuse = &Error{Code: "InvalidVpcID.NotFound", Message: "no"}
	_, err = client.DescribeInstances(t.Context(), in)
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "InvalidVpcID.NotFound" || api.ErrorMessage() != "no" {
		t.Errorf("got %v", err)
	}
}

func TestGoSDKSpeaksREST(t *testing.T) {
	s := &service{t: t, want: "s3.ListObjectsV2", p: RestXML,
		params: map[string]any{"Bucket": "bucket", "Prefix": "a b&c"},
		answer: map[string]any{"Contents": []any{map[string]any{"Key": "k <1>", "Size": int64(1) << 40}}, "IsTruncated": false}}
	client := s3.NewFromConfig(s.config())
	list, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("bucket"), Prefix: aws.String("a b&c")})
	if err != nil || *list.Contents[0].Key != "k <1>" || *list.Contents[0].Size != 1<<40 {
		t.Errorf("got %+v, %v", list, err)
	}
	s.want, s.params = "s3.HeadObject", map[string]any{"Bucket": "bucket", "Key": "a/é"}
	s.answer = map[string]any{"ETag": `"e"`, "Metadata": map[string]any{"a": "b"}, "LastModified": time.Unix(1700000000, 0)}
	head, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("bucket"), Key: aws.String("a/é")})
	if err != nil || head.Metadata["a"] != "b" || head.LastModified.Unix() != 1700000000 {
		t.Errorf("got %+v, %v", head, err)
	}
	s.refuse = &Error{Code: "NoSuchKey", Status: 404}
	_, err = client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("bucket"), Key: aws.String("a/é")})
	wantAPIError[*s3types.NotFound](t, err, "")

	s = &service{t: t, want: "lambda.Invoke", p: RestJSON,
		params: map[string]any{"FunctionName": "arn:aws:lambda:us-east-1:1:function:f", "Payload": []byte(`{"a":1}`)},
		answer: map[string]any{"Payload": []byte(`[]`), "ExecutedVersion": "1", "StatusCode": int64(200)}}
	out, err := lambda.NewFromConfig(s.config()).Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String("arn:aws:lambda:us-east-1:1:function:f"), Payload: []byte(`{"a":1}`)})
	if err != nil || string(out.Payload) != "[]" || *out.ExecutedVersion != "1" || out.StatusCode != 200 {
		t.Errorf("got %+v, %v", out, err)
	}
}

func wantAPIError[E smithy.APIError](t *testing.T, err error, message string) E {
	t.Helper()
	var e E
	if !errors.As(err, &e) {
		t.Errorf("got %v, want a %T", err, e)
		return e
	}
	if message != "" && e.ErrorMessage() != message {
		t.Errorf("message %q", e.ErrorMessage())
	}
	return e
}
