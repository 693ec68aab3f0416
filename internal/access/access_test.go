package access

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

func open(t testing.TB) *Table {
	t.Helper()
	table, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

const (
	account = "123456789012"
	region  = "eu-west-1"
)

type m = map[string]any

func list(values ...any) []any { return values }

func TestACallAsksForWhatAWSDocuments(t *testing.T) {
	table := open(t)
	ec2 := func(resource string) string { return "arn:aws:ec2:eu-west-1:123456789012:" + resource }
	for _, c := range []struct {
		id, operation string
		params        m
		want          []string // "action resource"
	}{
		{"ec2", "DescribeInstances", m{"InstanceIds": list("i-1")}, []string{"ec2:DescribeInstances *"}},
		{"ec2", "TerminateInstances", m{"InstanceIds": list("i-1", "i-2", "i-1")}, []string{"ec2:TerminateInstances " + ec2("instance/i-1"), "ec2:TerminateInstances " + ec2("instance/i-2")}},
		{"ec2", "CreateVpc", m{"CidrBlock": "10.0.0.0/16"}, []string{"ec2:CreateVpc " + ec2("vpc/*")}},
		{"ec2", "CreateSecurityGroup", m{"GroupName": "g", "VpcId": "vpc-1"}, []string{"ec2:CreateSecurityGroup " + ec2("security-group/*"), "ec2:CreateSecurityGroup " + ec2("vpc/vpc-1")}},
		{"ec2", "CreateTags", m{"Resources": list("i-1", "ami-2", "zz-3")}, []string{"ec2:CreateTags " + ec2("instance/i-1"), "ec2:CreateTags arn:aws:ec2:eu-west-1::image/ami-2", "ec2:CreateTags " + ec2("*/zz-3")}},
		{"ec2", "DeleteKeyPair", m{"KeyName": "arn:aws:ec2:eu-west-1:123456789012:key-pair/mine"}, []string{"ec2:DeleteKeyPair " + ec2("key-pair/arn:aws:ec2:eu-west-1:123456789012:key-pair/mine")}},
		{
			"ec2", "RunInstances",
			m{"ImageId": "ami-1", "SubnetId": "subnet-1", "SecurityGroupIds": list("sg-1", "sg-2"), "TagSpecifications": list(m{"ResourceType": "instance"})},
			[]string{
				"ec2:RunInstances " + ec2("instance/*"), "ec2:RunInstances " + ec2("network-interface/*"), "ec2:RunInstances " + ec2("volume/*"),
				"ec2:RunInstances arn:aws:ec2:eu-west-1::image/ami-1", "ec2:RunInstances " + ec2("subnet/subnet-1"),
				"ec2:RunInstances " + ec2("security-group/sg-1"), "ec2:RunInstances " + ec2("security-group/sg-2"), "ec2:CreateTags " + ec2("instance/*"),
			},
		},
		{"ec2-instance-connect", "SendSSHPublicKey", m{"InstanceId": "i-1"}, []string{"ec2-instance-connect:SendSSHPublicKey " + ec2("instance/i-1")}},
		{"autoscaling", "UpdateAutoScalingGroup", m{"AutoScalingGroupName": "web"}, []string{"autoscaling:UpdateAutoScalingGroup arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:*:autoScalingGroupName/web"}},
		{"elbv2", "DescribeLoadBalancers", nil, []string{"elasticloadbalancing:DescribeLoadBalancers *"}},
		{"elbv2", "CreateLoadBalancer", m{"Name": "lb"}, []string{"elasticloadbalancing:CreateLoadBalancer arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/lb/*"}},
		{"elbv2", "CreateLoadBalancer", m{"Name": "lb", "Type": "network"}, []string{"elasticloadbalancing:CreateLoadBalancer arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/lb/*"}},
		{"elbv2", "DeleteLoadBalancer", m{"LoadBalancerArn": "arn:aws:x"}, []string{"elasticloadbalancing:DeleteLoadBalancer arn:aws:x"}},
		{"ecs", "UpdateService", m{"service": "web"}, []string{"ecs:UpdateService arn:aws:ecs:eu-west-1:123456789012:service/default/web"}},
		{"ecs", "UpdateService", m{"service": "web", "cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod"}, []string{"ecs:UpdateService arn:aws:ecs:eu-west-1:123456789012:service/prod/web"}},
		{"ecs", "DescribeServices", m{"services": list("arn:aws:ecs:eu-west-1:9:service/c/a", "b"), "cluster": "c"}, []string{"ecs:DescribeServices arn:aws:ecs:eu-west-1:9:service/c/a", "ecs:DescribeServices arn:aws:ecs:eu-west-1:123456789012:service/c/b"}},
		{"autoscaling", "CreateLaunchConfiguration", m{"LaunchConfigurationName": "web", "IamInstanceProfile": "p"}, []string{"autoscaling:CreateLaunchConfiguration arn:aws:autoscaling:eu-west-1:123456789012:launchConfiguration:*:launchConfigurationName/web", "iam:PassRole arn:aws:iam::123456789012:instance-profile/p"}},
		{"ec2", "AssociateIamInstanceProfile", m{"InstanceId": "i-1", "IamInstanceProfile": m{"Name": "p"}}, []string{"ec2:AssociateIamInstanceProfile arn:aws:ec2:eu-west-1:123456789012:instance/i-1", "iam:PassRole arn:aws:iam::123456789012:instance-profile/p"}},
		{"ec2", "CreateLaunchTemplateVersion", m{"LaunchTemplateId": "lt-1", "LaunchTemplateData": m{"IamInstanceProfile": m{"Arn": "arn:aws:iam::1:instance-profile/p"}}}, []string{"ec2:CreateLaunchTemplateVersion arn:aws:ec2:eu-west-1:123456789012:launch-template/lt-1"}},
		{"ecs", "RunTask", m{"taskDefinition": "web"}, []string{"ecs:RunTask arn:aws:ecs:eu-west-1:123456789012:task-definition/web:*"}},
		{"ecs", "RunTask", m{"taskDefinition": "web:3", "overrides": m{"taskRoleArn": "arn:aws:iam::1:role/r"}}, []string{"ecs:RunTask arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3", "iam:PassRole arn:aws:iam::1:role/r"}},
		{"ecs", "ListClusters", nil, []string{"ecs:ListClusters *"}},

		{"s3", "ListBuckets", nil, []string{"s3:ListAllMyBuckets arn:aws:s3:::*"}},
		{"s3", "ListObjectsV2", m{"Bucket": "b"}, []string{"s3:ListBucket arn:aws:s3:::b"}},
		{"s3", "HeadBucket", m{"Bucket": "b"}, []string{"s3:ListBucket arn:aws:s3:::b"}},
		{"s3", "GetBucketLocation", m{"Bucket": "b"}, []string{"s3:GetBucketLocation arn:aws:s3:::b"}},
		{"s3", "GetBucketEncryption", m{"Bucket": "b"}, []string{"s3:GetEncryptionConfiguration arn:aws:s3:::b"}},
		{"s3", "HeadObject", m{"Bucket": "b", "Key": "a/b"}, []string{"s3:GetObject arn:aws:s3:::b/a/b"}},
		{"s3", "GetObject", m{"Bucket": "b", "Key": "k", "VersionId": "v"}, []string{"s3:GetObjectVersion arn:aws:s3:::b/k"}},
		{"s3", "PutObject", m{"Bucket": "b", "Key": "k"}, []string{"s3:PutObject arn:aws:s3:::b/k"}},
		{"s3", "PutObject", m{"Bucket": "b", "Key": "k", "ACL": "public-read", "Tagging": "a=b"}, []string{"s3:PutObject arn:aws:s3:::b/k", "s3:PutObjectTagging arn:aws:s3:::b/k", "s3:PutObjectAcl arn:aws:s3:::b/k"}},
		{"s3", "CompleteMultipartUpload", m{"Bucket": "b", "Key": "k"}, []string{"s3:PutObject arn:aws:s3:::b/k"}},
		{"s3", "CopyObject", m{"Bucket": "b", "Key": "k", "CopySource": "/from/a%20b?versionId=1"}, []string{"s3:PutObject arn:aws:s3:::b/k", "s3:GetObjectVersion arn:aws:s3:::from/a b"}},
		{"s3", "CopyObject", m{"Bucket": "b", "Key": "k", "CopySource": "from%2Fa+b%3FversionId=1"}, []string{"s3:PutObject arn:aws:s3:::b/k", "s3:GetObject arn:aws:s3:::from/a+b?versionId=1"}},
		{"s3", "DeleteObjects", m{"Bucket": "b", "Delete": m{"Objects": list(m{"Key": "1"}, m{"Key": "2"})}}, []string{"s3:DeleteObject arn:aws:s3:::b/1", "s3:DeleteObject arn:aws:s3:::b/2"}},
		{"s3", "DeleteObject", m{"Bucket": "b", "Key": "k", "BypassGovernanceRetention": false}, []string{"s3:DeleteObject arn:aws:s3:::b/k"}},

		{"iam", "CreateUser", m{"UserName": "ann"}, []string{"iam:CreateUser arn:aws:iam::123456789012:user/ann"}},
		{"iam", "CreateUser", m{"UserName": "ann", "Path": "/ops/"}, []string{"iam:CreateUser arn:aws:iam::123456789012:user/ops/ann"}},
		{"iam", "ListUsers", nil, []string{"iam:ListUsers *"}},
		{"iam", "ListAccessKeys", nil, []string{"iam:ListAccessKeys *"}},
		{"iam", "AttachRolePolicy", m{"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/X"}, []string{"iam:AttachRolePolicy arn:aws:iam::123456789012:role/r"}},
		{"iam", "AddRoleToInstanceProfile", m{"RoleName": "r", "InstanceProfileName": "p"}, []string{"iam:AddRoleToInstanceProfile arn:aws:iam::123456789012:instance-profile/p", "iam:PassRole arn:aws:iam::123456789012:role/r"}},
		{"sts", "AssumeRole", m{"RoleArn": "arn:aws:iam::1:role/r"}, []string{"sts:AssumeRole arn:aws:iam::1:role/r"}},
		{"sts", "AssumeRole", m{"RoleArn": "arn:aws:iam::1:role/r", "Tags": list(m{"Key": "a"}), "SourceIdentity": "x"}, []string{"sts:AssumeRole arn:aws:iam::1:role/r", "sts:TagSession arn:aws:iam::1:role/r", "sts:SetSourceIdentity arn:aws:iam::1:role/r"}},
		{"sts", "GetCallerIdentity", nil, []string{"sts:GetCallerIdentity *"}},
		{"cloudtrail", "StopLogging", m{"Name": "main"}, []string{"cloudtrail:StopLogging arn:aws:cloudtrail:eu-west-1:123456789012:trail/main"}},
		{"cloudtrail", "StopLogging", m{"Name": "arn:aws:cloudtrail:us-east-1:123456789012:trail/main"}, []string{"cloudtrail:StopLogging arn:aws:cloudtrail:us-east-1:123456789012:trail/main"}},
		{"cloudtrail", "CreateTrail", m{"Name": "main", "CloudWatchLogsRoleArn": "arn:aws:iam::1:role/r"}, []string{"cloudtrail:CreateTrail arn:aws:cloudtrail:eu-west-1:123456789012:trail/main", "iam:PassRole arn:aws:iam::1:role/r"}},
		{"cloudtrail", "LookupEvents", nil, []string{"cloudtrail:LookupEvents *"}},
		{"cloudtrail", "AddTags", m{"ResourceId": "arn:aws:cloudtrail:x"}, []string{"cloudtrail:AddTags arn:aws:cloudtrail:x"}},
		{"cloudtrail-data", "PutAuditEvents", m{"channelArn": "arn:aws:cloudtrail:eu-west-1:1:channel/x"}, []string{"cloudtrail-data:PutAuditEvents arn:aws:cloudtrail:eu-west-1:1:channel/x"}},
		{"logs", "PutLogEvents", m{"logGroupName": "g", "logStreamName": "s"}, []string{"logs:PutLogEvents arn:aws:logs:eu-west-1:123456789012:log-group:g:log-stream:s"}},
		{"logs", "CreateLogGroup", m{"logGroupName": "g"}, []string{"logs:CreateLogGroup arn:aws:logs:eu-west-1:123456789012:log-group:g:log-stream:"}},
		{"logs", "DescribeLogGroups", nil, []string{"logs:DescribeLogGroups arn:aws:logs:eu-west-1:123456789012:log-group::log-stream:"}},
		{"logs", "FilterLogEvents", m{"logGroupIdentifier": "arn:aws:logs:eu-west-1:9:log-group:g:*"}, []string{"logs:FilterLogEvents arn:aws:logs:eu-west-1:9:log-group:g:log-stream:"}},
		{"cloudwatch", "PutMetricAlarm", m{"AlarmName": "arn:aws:cloudwatch:x"}, []string{"cloudwatch:PutMetricAlarm arn:aws:cloudwatch:eu-west-1:123456789012:alarm:arn:aws:cloudwatch:x"}},
		{"cloudwatch", "PutMetricData", nil, []string{"cloudwatch:PutMetricData *"}},
		{"sns", "Publish", m{"TopicArn": "arn:aws:sns:eu-west-1:1:t"}, []string{"sns:Publish arn:aws:sns:eu-west-1:1:t"}},
		{"sns", "PublishBatch", m{"TopicArn": "arn:aws:sns:eu-west-1:1:t"}, []string{"sns:Publish arn:aws:sns:eu-west-1:1:t"}},
		{"sns", "CreateTopic", m{"Name": "t"}, []string{"sns:CreateTopic arn:aws:sns:eu-west-1:123456789012:t"}},
		{"sns", "Unsubscribe", m{"SubscriptionArn": "arn:aws:sns:eu-west-1:1:t:0-1"}, []string{"sns:Unsubscribe arn:aws:sns:eu-west-1:1:t"}},
		{"sqs", "SendMessageBatch", m{"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/999988887777/q"}, []string{"sqs:SendMessage arn:aws:sqs:eu-west-1:999988887777:q"}},
		{"sqs", "CreateQueue", m{"QueueName": "q"}, []string{"sqs:CreateQueue arn:aws:sqs:eu-west-1:123456789012:q"}},
		{"kms", "Encrypt", m{"KeyId": "0-1"}, []string{"kms:Encrypt arn:aws:kms:eu-west-1:123456789012:key/0-1"}},
		{"kms", "Encrypt", m{"KeyId": "alias/a"}, []string{"kms:Encrypt arn:aws:kms:eu-west-1:123456789012:alias/a"}},
		{"kms", "Decrypt", m{}, []string{"kms:Decrypt arn:aws:kms:eu-west-1:123456789012:key/*"}},
		{"kms", "ReEncrypt", m{"DestinationKeyId": "0-1"}, []string{"kms:ReEncryptFrom arn:aws:kms:eu-west-1:123456789012:key/*", "kms:ReEncryptTo arn:aws:kms:eu-west-1:123456789012:key/0-1"}},
		{"lambda", "Invoke", m{"FunctionName": "f"}, []string{"lambda:InvokeFunction arn:aws:lambda:eu-west-1:123456789012:function:f"}},
		{"lambda", "Invoke", m{"FunctionName": "123456789012:function:f", "Qualifier": "1"}, []string{"lambda:InvokeFunction arn:aws:lambda:eu-west-1:123456789012:function:f:1"}},
		{"lambda", "GetFunction", m{"FunctionName": "arn:aws:lambda:eu-west-1:9:function:f"}, []string{"lambda:GetFunction arn:aws:lambda:eu-west-1:9:function:f"}},
		{"dynamodb", "GetItem", m{"TableName": "t"}, []string{"dynamodb:GetItem arn:aws:dynamodb:eu-west-1:123456789012:table/t"}},
		{"dynamodb", "Query", m{"TableName": "t", "IndexName": "i"}, []string{"dynamodb:Query arn:aws:dynamodb:eu-west-1:123456789012:table/t/index/i"}},
		{"dynamodb", "BatchGetItem", m{"RequestItems": m{"b": m{}, "a": m{}}}, []string{"dynamodb:BatchGetItem arn:aws:dynamodb:eu-west-1:123456789012:table/a", "dynamodb:BatchGetItem arn:aws:dynamodb:eu-west-1:123456789012:table/b"}},
		{
			"dynamodb", "TransactWriteItems", m{"TransactItems": list(m{"Put": m{"TableName": "a"}}, m{"Delete": m{"TableName": "b"}})},
			[]string{"dynamodb:PutItem arn:aws:dynamodb:eu-west-1:123456789012:table/a", "dynamodb:DeleteItem arn:aws:dynamodb:eu-west-1:123456789012:table/b"},
		},
		{"events", "PutRule", m{"Name": "r", "RoleArn": "arn:aws:iam::1:role/x"}, []string{"events:PutRule arn:aws:events:eu-west-1:123456789012:rule/r", "iam:PassRole arn:aws:iam::1:role/x"}},
		{"events", "PutRule", m{"Name": "r", "EventBusName": "default"}, []string{"events:PutRule arn:aws:events:eu-west-1:123456789012:rule/r"}},
		{"events", "DisableRule", m{"Name": "r", "EventBusName": "arn:aws:events:eu-west-1:1:event-bus/b"}, []string{"events:DisableRule arn:aws:events:eu-west-1:123456789012:rule/b/r"}},
		{"events", "PutTargets", m{"Rule": "r", "Targets": list(m{"RoleArn": "arn:aws:iam::1:role/x"})}, []string{"events:PutTargets arn:aws:events:eu-west-1:123456789012:rule/r", "iam:PassRole arn:aws:iam::1:role/x"}},
		{"events", "PutEvents", m{"Entries": list(m{"EventBusName": "b"}, m{})}, []string{"events:PutEvents arn:aws:events:eu-west-1:123456789012:event-bus/b", "events:PutEvents arn:aws:events:eu-west-1:123456789012:event-bus/default"}},
		{"events", "CreateApiDestination", m{"Name": "d", "ConnectionArn": "arn:aws:events:eu-west-1:123456789012:connection/c/0-1"}, []string{"events:CreateApiDestination arn:aws:events:eu-west-1:123456789012:api-destination/d", "events:CreateApiDestination arn:aws:events:eu-west-1:123456789012:connection/c"}},
		{"events", "TagResource", m{"ResourceARN": "arn:aws:events:eu-west-1:123456789012:rule/r"}, []string{"events:TagResource arn:aws:events:eu-west-1:123456789012:rule/r"}},
		{"events", "ListRules", nil, []string{"events:ListRules *"}},
		{"organizations", "ListAccounts", nil, []string{"organizations:ListAccounts *"}},
		{"resourcegroupstaggingapi", "GetResources", nil, []string{"tag:GetResources *"}},
		{"not-a-service", "Do", nil, []string{"not-a-service:Do *"}},
	} {
		var got []string
		for _, a := range table.Of(c.id, c.operation, c.params, account, region) {
			got = append(got, a.Action+" "+a.Resource)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s %s %v:\ngot  %s\nwant %s", c.id, c.operation, c.params, strings.Join(got, "\n     "), strings.Join(c.want, "\n     "))
		}
	}
}

// A caller chooses the names in a request. One that looks like an ARN must not
// become the resource that the decision is about.
func TestANameThatLooksLikeAnARNIsAName(t *testing.T) {
	table := open(t)
	const mine = "arn:aws:s3:::mine/key"
	for _, operation := range []string{"GetObject", "PutObject", "DeleteObject", "CopyObject", "PutObjectAcl"} {
		params := m{"Bucket": "theirs", "Key": mine, "CopySource": "theirs/" + mine}
		for _, a := range table.Of("s3", operation, params, account, region) {
			if !strings.HasPrefix(a.Resource, "arn:aws:s3:::theirs/") {
				t.Errorf("%s of an object of theirs is decided on %s", operation, a.Resource)
			}
		}
	}
}

func TestTheRegionSaysThePartition(t *testing.T) {
	table := open(t)
	for region, partition := range map[string]string{"cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov", "us-east-1": "aws", "": "aws", "us-iso-east-1": "aws-iso"} {
		got := table.Of("ec2", "StopInstances", m{"InstanceIds": list("i-1")}, account, region)
		if want := "arn:" + partition + ":ec2:" + region + ":" + account + ":instance/i-1"; got[0].Resource != want {
			t.Errorf("got %s, want %s", got[0].Resource, want)
		}
	}
}

// added are members that an operation does not have and its caller adds.
var added = map[string]string{"ChangePassword": "UserName"}

// TestEveryRowIsOfAnOperationAndItsMembers holds the table against the models: a
// misspelt member would quietly leave its template out.
func TestEveryRowIsOfAnOperationAndItsMembers(t *testing.T) {
	catalog, err := awsapi.Open()
	if err != nil {
		t.Fatal(err)
	}
	table := open(t)
	rows := 0
	for _, id := range catalog.Services() {
		if _, ok := table.services[id]; !ok {
			t.Errorf("%s is not in the table", id)
		}
	}
	for id, s := range table.services {
		if s.Prefix == "" {
			t.Errorf("%s has no prefix", id)
		}
		model, err := catalog.Service(id)
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		for name, requirements := range s.Operations {
			op := model.Operation(name)
			if op == nil {
				t.Errorf("%s has no operation %s", id, name)
				continue
			}
			for _, r := range requirements {
				rows++
				for _, member := range r.members() {
					member, _, _ = strings.Cut(member, "!") // a condition's transform
					if added[op.Name] != member && !hasMember(op.Input, strings.Split(member, ".")) {
						t.Errorf("%s %s has no parameter %s", id, name, member)
					}
				}
			}
		}
	}
	if rows < 1200 {
		t.Errorf("%d rows; this test would see nothing", rows)
	}
}

// members are those that a row looks at.
func (r *requirement) members() []string {
	var all []string
	for _, condition := range []string{r.If, r.Unless} {
		if condition != "" {
			all = append(all, condition)
		}
	}
	for _, t := range r.templates {
		for _, p := range t {
			if p.path != nil {
				all = append(all, strings.Join(p.path, "."))
			}
		}
	}
	return all
}

func hasMember(shape *awsapi.Shape, path []string) bool {
	for shape != nil && shape.Kind == awsapi.List {
		shape = shape.Elem.Shape
	}
	if shape == nil || len(path) == 0 {
		return shape != nil
	}
	member := shape.Member(path[0])
	return member != nil && hasMember(member.Shape, path[1:])
}

// TestEveryServiceOfCairnNamesItsResources counts the operations of the services
// that the table is for whose permission has a resource at all.
func TestEveryServiceOfCairnNamesItsResources(t *testing.T) {
	table := open(t)
	for id, least := range map[string]int{
		"ec2": 470, "autoscaling": 40, "elbv2": 30, "ecs": 50, "ec2-instance-connect": 1, "s3": 90, "iam": 120, "sts": 4, "cloudtrail": 38,
		"cloudtrail-data": 1, "logs": 50, "cloudwatch": 20, "sns": 18, "sqs": 20, "kms": 40, "lambda": 55, "dynamodb": 45,
	} {
		if n := len(table.services[id].Operations); n < least {
			t.Errorf("%s has %d operations with resources, want %d", id, n, least)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add("ec2", "RunInstances", `{"ImageId":"x","TagSpecifications":[{"ResourceType":"instance"}]}`)
	f.Add("s3", "DeleteObjects", `{"Bucket":"b","Delete":{"Objects":[{"Key":"arn:"},{"Key":1},null,[]]}}`)
	f.Add("sqs", "SendMessage", `{"QueueUrl":"q"}`)
	f.Add("ecs", "DescribeServices", `{"cluster":{"a":"b"},"services":[["x"],{"y":"z"}]}`)
	f.Add("lambda", "Invoke", `{"FunctionName":":function:","Qualifier":"{x}$account"}`)
	table := open(f)
	f.Fuzz(func(t *testing.T, id, operation, params string) {
		var values m
		if json.Unmarshal([]byte(params), &values) != nil {
			return
		}
		all := table.Of(id, operation, values, account, region)
		if len(all) == 0 {
			t.Fatal("a call that needs no permission")
		}
		for i, a := range all {
			if a.Action == "" || slices.Contains(all[:i], a) {
				t.Errorf("access %d: %s", i, fmt.Sprint(a))
			}
		}
	})
}
