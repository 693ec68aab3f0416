package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestUsernameIsWhatCloudTrailShows(t *testing.T) {
	for name, c := range map[string]struct {
		identity UserIdentity
		want     string
	}{
		"an IAM user's name":            {UserIdentity{Type: IAMUser, UserName: "ana"}, "ana"},
		"root, whatever its alias":      {UserIdentity{Type: Root, UserName: "our-account"}, "root"},
		"the session of a role":         {UserIdentity{Type: AssumedRole, PrincipalID: "AROAEXAMPLE:deploy"}, "deploy"},
		"the session from the ARN":      {UserIdentity{Type: AssumedRole, ARN: "arn:aws:sts::111122223333:assumed-role/r/deploy"}, "deploy"},
		"none of an AWS service":        {UserIdentity{Type: AWSService, InvokedBy: "ec2.amazonaws.com"}, ""},
		"none of a foreign account":     {UserIdentity{Type: AWSAccount, PrincipalID: "AIDAEXAMPLE"}, ""},
		"a federated user's name":       {UserIdentity{Type: FederatedUser, PrincipalID: "111122223333:eva"}, "eva"},
		"a SAML user's name":            {UserIdentity{Type: SAMLUser, PrincipalID: "x:y", UserName: "eva"}, "eva"},
		"none of an identity unknown":   {UserIdentity{Type: Unknown}, ""},
		"none of a service's own event": {UserIdentity{AccountID: "111122223333"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (&Event{UserIdentity: &c.identity}).Attributes().Username; got != c.want {
				t.Errorf("Username = %q, want %q", got, c.want)
			}
		})
	}
}

func TestAttributesAreTheRecordsOwn(t *testing.T) {
	no := false
	e := Event{
		EventID: "id", EventName: "CreateUser", EventSource: "iam.amazonaws.com", ReadOnly: &no,
		UserIdentity: &UserIdentity{Type: IAMUser, UserName: "ana", AccessKeyID: "AKIAEXAMPLE"},
	}
	want := Attributes{
		EventID: "id", EventName: "CreateUser", EventSource: "iam.amazonaws.com", ReadOnly: "false",
		Username: "ana", AccessKeyID: "AKIAEXAMPLE",
	}
	if got := e.Attributes(); !reflect.DeepEqual(got, want) {
		t.Errorf("Attributes() = %+v, want %+v", got, want)
	}
	if got := (&Event{}).Attributes().ReadOnly; got != "" {
		t.Errorf("ReadOnly of a record without one = %q", got)
	}
}

var read, write = true, false

var resourceCases = map[string]struct {
	event Event
	want  string
}{
	"ids tell their type": {
		Event{EventSource: "ec2.amazonaws.com", EventName: "RunInstances", ReadOnly: &write,
			RequestParameters: json.RawMessage(`{"instancesSet":{"items":[{"imageId":"ami-0123456789abcdef0","keyName":"k"}]},"networkInterfaceSet":{"items":[{"groupSet":{"items":[{"groupId":"sg-0123456789abcdef0"}]}}]}}`),
			ResponseElements:  json.RawMessage(`{"instancesSet":{"items":[{"instanceId":"i-0123456789abcdef0","vpcId":"vpc-01234567","groupSet":{"items":[{"groupId":"sg-0123456789abcdef0","groupName":"web"}]},"attachmentId":"eni-attach-0123456789abcdef0"}]}}`)},
		"AWS::EC2::Ami ami-0123456789abcdef0, AWS::EC2::KeyPair k, AWS::EC2::SecurityGroup sg-0123456789abcdef0, AWS::EC2::Instance i-0123456789abcdef0, AWS::EC2::VPC vpc-01234567, AWS::EC2::SecurityGroup web",
	},
	"an element of XML stands under its list": {
		Event{EventSource: "ec2.amazonaws.com", EventName: "DeleteFlowLogs",
			RequestParameters: json.RawMessage(`{"DeleteFlowLogsRequest":{"FlowLogId":{"content":"fl-0123456789abcdef0","tag":1}}}`)},
		"AWS::EC2::FlowLog fl-0123456789abcdef0",
	},
	"AssumeRole names the key, the session three times and the role": {
		Event{EventSource: "sts.amazonaws.com", EventName: "AssumeRole", ReadOnly: &read,
			RequestParameters: json.RawMessage(`{"roleArn":"arn:aws:iam::111122223333:role/r","roleSessionName":"s"}`),
			ResponseElements:  json.RawMessage(`{"credentials":{"accessKeyId":"ASIAEXAMPLE","sessionToken":"T"},"assumedRoleUser":{"assumedRoleId":"AROAEXAMPLE:s","arn":"arn:aws:sts::111122223333:assumed-role/r/s"}}`),
			Resources:         []Resource{{AccountID: "111122223333", Type: "AWS::IAM::Role", ARN: "arn:aws:iam::111122223333:role/r"}}},
		"AWS::IAM::Role arn:aws:iam::111122223333:role/r, AWS::STS::AssumedRole s, AWS::IAM::AccessKey ASIAEXAMPLE, AWS::STS::AssumedRole AROAEXAMPLE:s, AWS::STS::AssumedRole arn:aws:sts::111122223333:assumed-role/r/s",
	},
	"a Describe names nothing": {
		Event{EventSource: "ec2.amazonaws.com", EventName: "DescribeInstanceStatus", ReadOnly: &read,
			RequestParameters: json.RawMessage(`{"instancesSet":{"items":[{"instanceId":"i-0123456789abcdef0"}]}}`)},
		"",
	},
	"but DescribeLaunchTemplateVersions does": {
		Event{EventSource: "ec2.amazonaws.com", EventName: "DescribeLaunchTemplateVersions", ReadOnly: &read,
			RequestParameters: json.RawMessage(`{"DescribeLaunchTemplateVersionsRequest":{"LaunchTemplateId":"lt-0123456789abcdef0"}}`)},
		"AWS::EC2::LaunchTemplate lt-0123456789abcdef0",
	},
	"a bucket and its object": {
		Event{EventSource: "s3.amazonaws.com", EventName: "PutObject",
			RequestParameters: json.RawMessage(`{"bucketName":"b","key":"k"}`),
			Resources:         []Resource{{Type: "AWS::S3::Object", ARN: "arn:aws:s3:::b/k"}, {Type: "AWS::S3::Bucket", ARN: "arn:aws:s3:::b"}}},
		"AWS::S3::Bucket b, AWS::S3::Object arn:aws:s3:::b/k, AWS::S3::Bucket arn:aws:s3:::b",
	},
	"a user by name, id and ARN": {
		Event{EventSource: "iam.amazonaws.com", EventName: "CreateUser",
			RequestParameters: json.RawMessage(`{"userName":"ana"}`),
			ResponseElements:  json.RawMessage(`{"user":{"userId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/ana","userName":"ana"}}`)},
		"AWS::IAM::User ana, AWS::IAM::User AIDAEXAMPLE, AWS::IAM::User arn:aws:iam::111122223333:user/ana",
	},
	"a trail and its bucket": {
		Event{EventSource: "cloudtrail.amazonaws.com", EventName: "CreateTrail",
			RequestParameters: json.RawMessage(`{"name":"t","s3BucketName":"b"}`)},
		"AWS::CloudTrail::Trail t, AWS::S3::Bucket b",
	},
	"an event data store is no trail": {
		Event{EventSource: "cloudtrail.amazonaws.com", EventName: "CreateEventDataStore",
			RequestParameters: json.RawMessage(`{"name":"e"}`)},
		"AWS::CloudTrail::EventDataStore e",
	},
	"a placement group is no security group": {
		Event{EventSource: "ec2.amazonaws.com", EventName: "CreatePlacementGroup",
			RequestParameters: json.RawMessage(`{"groupName":"p"}`)},
		"AWS::EC2::PlacementGroup p",
	},
	"a load balancer of either API": {
		Event{EventSource: "elasticloadbalancing.amazonaws.com", EventName: "CreateLoadBalancer", APIVersion: "2012-06-01",
			RequestParameters: json.RawMessage(`{"loadBalancerName":"old","x":["arn:aws:elasticloadbalancing:r:1:loadbalancer/net/n/0","arn:aws:elasticloadbalancing:r:1:loadbalancer/old"]}`)},
		"AWS::ElasticLoadBalancing::LoadBalancer old, AWS::ElasticLoadBalancingV2::LoadBalancer arn:aws:elasticloadbalancing:r:1:loadbalancer/net/n/0, AWS::ElasticLoadBalancing::LoadBalancer arn:aws:elasticloadbalancing:r:1:loadbalancer/old",
	},
	"ARNs of topics, functions, tables, groups and keys": {
		Event{EventSource: "x.amazonaws.com", EventName: "Y",
			RequestParameters: json.RawMessage(`{"l":["arn:aws:sns:r:1:t","arn:aws:lambda:r:1:function:f","arn:aws:dynamodb:r:1:table/t","arn:aws:logs:r:1:log-group:g:*","arn:aws:kms:r:1:key/k","arn:aws:ecs:r:1:cluster/c","arn:nothing"]}`)},
		"AWS::SNS::Topic arn:aws:sns:r:1:t, AWS::Lambda::Function arn:aws:lambda:r:1:function:f, AWS::DynamoDB::Table arn:aws:dynamodb:r:1:table/t, AWS::Logs::LogGroup arn:aws:logs:r:1:log-group:g:*, AWS::KMS::Key arn:aws:kms:r:1:key/k, AWS::ECS::Cluster arn:aws:ecs:r:1:cluster/c",
	},
}

func TestResourcesAreFoundInTheRecord(t *testing.T) {
	for name, c := range resourceCases {

		t.Run(name, func(t *testing.T) {
			var got []string
			for _, r := range c.event.Attributes().Resources {
				got = append(got, r.Type+" "+r.Name)
			}
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("got  %s\nwant %s", s, c.want)
			}
		})
	}
}

func TestResourcesAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"instanceIds":["i-00000000"`)
	for i := range 3 * maxResources {
		fmt.Fprintf(&b, `,"i-%08x"`, i)
	}
	b.WriteString(`]}`)
	e := Event{EventSource: "ec2.amazonaws.com", RequestParameters: json.RawMessage(b.String())}
	e.EventName = "TerminateInstances"
	if n := len(e.Attributes().Resources); n != maxResources {
		t.Errorf("%d resources, want %d", n, maxResources)
	}
}

// FuzzAttributes: no record, whatever its origin, makes the extraction fail,
// and nothing is found that is not in the record.
func FuzzAttributes(f *testing.F) {
	f.Add("ec2.amazonaws.com", "RunInstances", []byte(`{"a":{"content":"i-01234567","tag":1},"b":["vpc-01234567"]}`))
	f.Add("iam.amazonaws.com", "CreateUser", []byte(`{"userName":"\u00e9\"","x":[{},[],1.5e3,true,null]}`))
	f.Add("sts.amazonaws.com", "AssumeRole", []byte(`{"roleArn":"arn:aws:iam::1:role/r"`))
	f.Add("s3.amazonaws.com", "PutObject", []byte(`[[[[[[{"bucketName":`))
	f.Add("", "", []byte(`"\`))
	f.Fuzz(func(t *testing.T, source, name string, raw []byte) {
		e := Event{EventSource: source, EventName: name, RequestParameters: raw, ResponseElements: raw}
		first := e.Attributes()
		if second := e.Attributes(); !reflect.DeepEqual(first, second) {
			t.Error("two extractions differ")
		}
		seen := make(map[LookupResource]bool)
		for _, r := range first.Resources {
			if r.Type == "" || r.Name == "" || seen[r] {
				t.Errorf("resource %+v", r)
			}
			seen[r] = true
		}
		if json.Valid(raw) {
			checkWalk(t, raw)
		}
	})
}

// checkWalk compares the walk with encoding/json's reading.
func checkWalk(t *testing.T, raw []byte) {
	have := make(map[string]bool)
	tokens := json.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := tokens.Token()
		if err != nil {
			break
		}
		if s, ok := token.(string); ok {
			have[s] = true
		}
	}
	walkStrings(raw, func(_, value string) {
		if !have[value] && utf8.ValidString(value) {
			t.Errorf("found %q, which the JSON does not have", value)
		}
	})
}
