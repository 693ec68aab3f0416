package record

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
)

type (
	m = map[string]any
	l = []any
)

var (
	noon = time.Date(2026, 2, 9, 12, 30, 5, 0, time.UTC)
	half = time.Date(2026, 2, 9, 12, 30, 5, 250e6, time.UTC)
)

// ruleCase is a call and what its record shows. What is "" is not looked at.
type ruleCase struct {
	rule           string
	service, op    string
	params, output m
	err            *awsapi.Error
	refused        Stage
	request        string
	answer         string
}

func TestShapes(t *testing.T) {
	b, catalog := newBuilder(t)
	for _, cases := range [][]ruleCase{camelCases, wrappedCases, legacyRequestCases, legacyAnswerCases, s3Cases, nullCases, secretCases} {
		for _, c := range cases {
			t.Run(c.rule, func(t *testing.T) {
				s, err := catalog.Service(c.service)
				if err != nil {
					t.Fatal(err)
				}
				op := s.Operation(c.op)
				if op == nil {
					t.Fatalf("no operation %s", c.op)
				}
				e := b.Build(&Call{
					Operation: op, Params: c.params, Output: c.output, Error: c.err, Refused: c.refused,
					RequestID: "q", AccountID: "111122223333", Region: "eu-west-1", HTTP: HTTP{Host: "h"},
				})
				if c.request != "" {
					equalJSON(t, "requestParameters", e.RequestParameters, c.request)
				}
				if c.answer != "" {
					equalJSON(t, "responseElements", e.ResponseElements, c.answer)
				}
			})
		}
	}
}

func equalJSON(t *testing.T, what string, got json.RawMessage, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatalf("%s: %v: %s", what, err, got)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("%s\n got %s\nwant %s", what, got, want)
	}
}

var camelCases = []ruleCase{
	{
		rule: "camel: only the first letter becomes lower case", service: "elbv2", op: "CreateLoadBalancer",
		params: m{"Name": "n", "Type": "network"},
		output: m{"LoadBalancers": l{m{"DNSName": "d", "VpcId": "v"}}},
		answer: `{"loadBalancers":[{"dNSName":"d","vpcId":"v"}]}`,
	},
	{
		rule: "camel: a leading abbreviation keeps its other letters", service: "iam", op: "CreateServiceLinkedRole",
		params: m{"AWSServiceName": "autoscaling.amazonaws.com"}, request: `{"aWSServiceName":"autoscaling.amazonaws.com"}`,
	},
	{
		rule: "camel: member names, not names on the wire", service: "autoscaling", op: "CreateAutoScalingGroup",
		params:  m{"AutoScalingGroupName": "g", "VPCZoneIdentifier": "s", "MinSize": int64(1), "TargetGroupARNs": l{}},
		request: `{"autoScalingGroupName":"g","vPCZoneIdentifier":"s","minSize":1,"targetGroupARNs":[]}`,
	},
	{
		rule: "camel: lists are plain, an empty one is kept", service: "elbv2", op: "DescribeTargetHealth",
		params: m{"TargetGroupArn": "a", "Targets": l{}}, request: `{"targetGroupArn":"a","targets":[]}`,
	},
	{
		rule: "camel: a string that looks numeric stays a string", service: "elbv2", op: "CreateRule",
		params: m{"Priority": int64(1)}, request: `{"priority":1}`,
		output: m{"Rules": l{m{"Priority": "1"}}}, answer: `{"rules":[{"priority":"1"}]}`,
	},
	{
		rule: "camel: maps stay maps", service: "sns", op: "CreateTopic",
		params: m{"Name": "t", "Attributes": m{"FifoTopic": "true", "B": "1"}}, request: `{"name":"t","attributes":{"B":"1","FifoTopic":"true"}}`,
	},
	{
		rule: "camel: time of ecs has no comma after the year", service: "ecs", op: "RegisterTaskDefinition",
		output: m{"taskDefinition": m{"family": "f", "registeredAt": noon}}, answer: `{"taskDefinition":{"family":"f","registeredAt":"Feb 9, 2026 12:30:05 PM"}}`,
	},
	{
		rule: "camel: time of cloudtrail has a comma after the year", service: "cloudtrail", op: "LookupEvents",
		params: m{"StartTime": noon}, request: `{"startTime":"Feb 9, 2026, 12:30:05 PM"}`,
	},
	{
		rule: "camel: time of iam has a narrow space", service: "iam", op: "CreateUser",
		output: m{"User": m{"UserName": "u", "CreateDate": noon}}, answer: `{"user":{"userName":"u","createDate":"Feb 9, 2026, 12:30:05\u202fPM"}}`,
	},
	{
		rule: "camel: instance connect answers with the request id", service: "ec2-instance-connect", op: "SendSSHPublicKey",
		params: m{"InstanceId": "i-01234567", "InstanceOSUser": "u", "SSHPublicKey": "k"}, request: `{"instanceId":"i-01234567","instanceOSUser":"u","sSHPublicKey":"k"}`,
		output: m{"RequestId": "q", "Success": true}, answer: `{"requestId":"q","success":true}`,
	},
	{
		rule: "camel: ecs services have a version", service: "ecs", op: "CreateService",
		output: m{"service": m{"serviceName": "s"}}, answer: `{"service":{"serviceName":"s","version":0}}`,
	},
	{
		rule: "camel: AssumeRole is a read with an answer", service: "sts", op: "AssumeRole",
		output: m{"Credentials": m{"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "x", "SessionToken": "t", "Expiration": noon}},
		answer: `{"credentials":{"accessKeyId":"ASIAEXAMPLE","sessionToken":"t","expiration":"Feb 9, 2026, 12:30:05 PM"}}`,
	},
	{
		rule: "camel: REST-JSON like JSON", service: "lambda", op: "CreateAlias",
		params: m{"FunctionName": "f", "Name": "a", "RoutingConfig": m{"AdditionalVersionWeights": m{"2": 0.5}}}, request: `{"functionName":"f","name":"a","routingConfig":{"additionalVersionWeights":{"2":0.5}}}`,
	},
}

var wrappedCases = []ruleCase{
	{
		rule: "wrapped: query names in <Operation>Request", service: "ec2", op: "CreateNatGateway",
		params: m{"SubnetId": "s", "AllocationId": "a"}, request: `{"CreateNatGatewayRequest":{"SubnetId":"s","AllocationId":"a"}}`,
	},
	{
		rule: "wrapped: one element is bare and has its index", service: "ec2", op: "DeleteVpcEndpoints",
		params: m{"VpcEndpointIds": l{"vpce-1"}}, request: `{"DeleteVpcEndpointsRequest":{"VpcEndpointId":{"content":"vpce-1","tag":1}}}`,
	},
	{
		rule: "wrapped: several elements are an array", service: "ec2", op: "DescribeVpcEndpoints",
		params:  m{"Filters": l{m{"Name": "vpc-id", "Values": l{"v1", "v2"}}, m{"Name": "x"}}},
		request: `{"DescribeVpcEndpointsRequest":{"Filter":[{"Name":"vpc-id","Value":[{"content":"v1","tag":1},{"content":"v2","tag":2}],"tag":1},{"Name":"x","tag":2}]}}`,
	},
	{
		rule: "wrapped: tags within tag specifications", service: "ec2", op: "CreateTransitGateway",
		params:  m{"TagSpecifications": l{m{"ResourceType": "transit-gateway", "Tags": l{m{"Key": "k", "Value": "true"}}}}},
		request: `{"CreateTransitGatewayRequest":{"TagSpecification":{"ResourceType":"transit-gateway","Tag":{"Key":"k","Value":true,"tag":1},"tag":1}}}`,
	},
	{
		rule: "wrapped: a query name that the model gives", service: "ec2", op: "CreateTransitGatewayRouteTable",
		params: m{"TransitGatewayId": "t", "TagSpecifications": l{m{"ResourceType": "r"}}}, request: `{"CreateTransitGatewayRouteTableRequest":{"TransitGatewayId":"t","TagSpecifications":{"ResourceType":"r","tag":1}}}`,
	},
	{
		rule: "wrapped: scalars are typed by appearance", service: "ec2", op: "CreateNetworkInterfacePermission",
		params: m{"AwsAccountId": "235329362073", "NetworkInterfaceId": "eni-1", "Permission": "TRUE"}, request: `{"CreateNetworkInterfacePermissionRequest":{"AwsAccountId":235329362073,"NetworkInterfaceId":"eni-1","Permission":true}}`,
	},
	{
		rule: "wrapped: a leading zero keeps a string", service: "ec2", op: "CreateNetworkInterfacePermission",
		params: m{"AwsAccountId": "012345678912"}, request: `{"CreateNetworkInterfacePermissionRequest":{"AwsAccountId":"012345678912"}}`,
	},
	{
		rule: "wrapped: an address is no number, a fraction is", service: "ec2", op: "CreateNetworkInsightsPath",
		params: m{"SourceIp": "10.0.0.1", "Source": "1.50", "Destination": "1e3"}, request: `{"CreateNetworkInsightsPathRequest":{"SourceIp":"10.0.0.1","Source":1.5,"Destination":1000}}`,
	},
	{
		rule: "wrapped: no parameters are an empty string", service: "ec2", op: "CreateDefaultVpc", request: `{"CreateDefaultVpcRequest":""}`,
	},
	{
		rule: "wrapped: an empty element has only its index", service: "ec2", op: "DescribeInstanceTypeOfferings",
		params: m{"Filters": l{m{"Name": "instance-type", "Values": l{""}}}}, request: `{"DescribeInstanceTypeOfferingsRequest":{"Filter":{"Name":"instance-type","Value":{"tag":1},"tag":1}}}`,
	},
	{
		rule: "wrapped: DescribeIdFormat without parameters is null", service: "ec2", op: "DescribeIdFormat", request: `null`,
	},
	{
		rule: "wrapped: one wrapper is abbreviated", service: "ec2", op: "DeleteTransitGatewayVpcAttachment",
		params: m{"TransitGatewayAttachmentId": "a"}, request: `{"DelTGwVpcAttachReq":{"TransitGatewayAttachmentId":"a"}}`,
	},
	{
		rule: "wrapped: a time as the client sends it", service: "ec2", op: "CreateCapacityReservation",
		params: m{"EndDate": noon}, request: `{"CreateCapacityReservationRequest":{"EndDate":"2026-02-09T12:30:05Z"}}`,
	},
	{
		rule: "wrapped: the answer is XML under its namespace", service: "ec2", op: "CreateCapacityReservation",
		output: m{"CapacityReservation": m{"OwnerId": "570351108046", "StartDate": noon, "Tags": l{}}},
		answer: `{"CreateCapacityReservationResponse":{"xmlns":"http://ec2.amazonaws.com/doc/2016-11-15/","requestId":"q","capacityReservation":{"ownerId":570351108046,"startDate":"2026-02-09T12:30:05.000Z","tagSet":""}}}`,
	},
	{
		rule: "wrapped: a list of the answer is items, one is bare", service: "ec2", op: "CreateVpcEndpoint",
		output: m{"VpcEndpoint": m{"SubnetIds": l{"s1", "s2"}, "RouteTableIds": l{}, "Groups": l{m{"GroupId": "g"}}}},
		answer: `{"CreateVpcEndpointResponse":{"xmlns":"http://ec2.amazonaws.com/doc/2016-11-15/","requestId":"q","vpcEndpoint":{"subnetIdSet":{"item":["s1","s2"]},"routeTableIdSet":"","groupSet":{"item":{"groupId":"g"}}}}}`,
	},
	{
		rule: "wrapped: a fleet's instances are always an array", service: "ec2", op: "CreateFleet",
		output: m{"Errors": l{}, "Instances": l{m{"InstanceIds": l{"i-1"}}}},
		answer: `{"CreateFleetResponse":{"xmlns":"http://ec2.amazonaws.com/doc/2016-11-15/","requestId":"q","errorSet":"","fleetInstanceSet":{"item":{"instanceIds":{"item":["i-1"]}}}}}`,
	},
	{
		rule: "wrapped: a launch template's groups have their own element", service: "ec2", op: "CreateLaunchTemplateVersion",
		output: m{"LaunchTemplateVersion": m{"LaunchTemplateData": m{"NetworkInterfaces": l{m{"Groups": l{"g"}}}}}},
		answer: `{"CreateLaunchTemplateVersionResponse":{"xmlns":"http://ec2.amazonaws.com/doc/2016-11-15/","requestId":"q","launchTemplateVersion":{"launchTemplateData":{"networkInterfaceSet":{"item":{"groupSet":{"groupId":"g"}}}}}}}`,
	},
	{
		rule: "wrapped: the result is return", service: "ec2", op: "CancelCapacityReservation",
		output: m{"Return": true}, answer: `{"CancelCapacityReservationResponse":{"xmlns":"http://ec2.amazonaws.com/doc/2016-11-15/","requestId":"q","return":true}}`,
	},
	{
		rule: "wrapped: Capacity Blocks are wrapped", service: "ec2", op: "PurchaseCapacityBlock",
		params: m{"CapacityBlockOfferingId": "cb-1", "InstancePlatform": "Linux/UNIX"}, request: `{"PurchaseCapacityBlockRequest":{"CapacityBlockOfferingId":"cb-1","InstancePlatform":"Linux/UNIX"}}`,
	},
}

var nullCases = []ruleCase{
	{rule: "null: no parameters", service: "ecs", op: "ListClusters", request: `null`, answer: `null`},
	{rule: "null: a read has no answer", service: "ecs", op: "ListClusters", output: m{"clusterArns": l{"a"}}, answer: `null`},
	{rule: "null: ListTagsForResource of ecs is a read with an answer", service: "ecs", op: "ListTagsForResource", output: m{"tags": l{}}, answer: `{"tags":[]}`},
	{rule: "null: no output members", service: "autoscaling", op: "DeleteAutoScalingGroup", params: m{"AutoScalingGroupName": "g"}, answer: `null`},
	{rule: "null: a failed call has no answer and keeps its parameters", service: "iam", op: "DeleteUser", params: m{"UserName": "u"}, output: m{}, err: &awsapi.Error{Code: "NoSuchEntity"}, request: `{"userName":"u"}`, answer: `null`},
	{rule: "null: a call refused before its parameters were decoded", service: "ecs", op: "CreateCluster", params: m{"clusterName": "c"}, err: &awsapi.Error{Code: "AccessDeniedException"}, request: `null`, answer: `null`},
	{rule: "null: a call of a throttled caller", service: "ecs", op: "CreateCluster", params: m{"clusterName": "c"}, err: &awsapi.Error{Code: "ThrottlingException"}, request: `null`},
	{rule: "null: a call with a bad signature", service: "ecs", op: "CreateCluster", params: m{"clusterName": "c"}, err: &awsapi.Error{Code: "InvalidSignatureException"}, refused: Authentication, request: `null`},
	{rule: "null: ClientException of ecs", service: "ecs", op: "CreateCluster", params: m{"clusterName": "c"}, err: &awsapi.Error{Code: "ClientException"}, request: `null`},
	{rule: "null: ec2 keeps the parameters of a refused call", service: "ec2", op: "DeleteVpc", params: m{"VpcId": "v"}, err: &awsapi.Error{Code: "UnauthorizedOperation"}, refused: Authorization, request: `{"vpcId":"v"}`, answer: `null`},
	{rule: "null: s3 keeps the parameters of a refused call", service: "s3", op: "DeleteBucket", params: m{"Bucket": "b"}, err: &awsapi.Error{Code: "AccessDenied"}, refused: Authorization, request: `{"bucketName":"b","Host":"h"}`},
}

var secretCases = []ruleCase{
	{rule: "secret: user data of ec2 and autoscaling is marked", service: "ec2", op: "RunInstances", params: m{"UserData": "x"}, request: `{"userData":"<sensitiveDataRemoved>","blockDeviceMapping":{},"monitoring":{"enabled":false},"disableApiTermination":false,"disableApiStop":false}`},
	{rule: "secret: user data of a launch configuration", service: "autoscaling", op: "CreateLaunchConfiguration", params: m{"LaunchConfigurationName": "l", "UserData": "x"}, request: `{"launchConfigurationName":"l","userData":"<sensitiveDataRemoved>"}`},
	{rule: "secret: user data of a launch template", service: "ec2", op: "CreateLaunchTemplate", params: m{"LaunchTemplateData": m{"UserData": "x"}}, request: `{"CreateLaunchTemplateRequest":{"LaunchTemplateData":{"UserData":"<sensitiveDataRemoved>"}}}`},
	{rule: "secret: an instance attribute's value", service: "ec2", op: "ModifyInstanceAttribute", params: m{"InstanceId": "i", "Attribute": "userData", "Value": "x"}, request: `{"instanceId":"i","attribute":"userData","value":"<sensitiveDataRemoved>"}`},
	{rule: "secret: a key pair's private key", service: "ec2", op: "CreateKeyPair", output: m{"KeyName": "k", "KeyMaterial": "x"}, answer: `{"requestId":"q","keyName":"k","keyMaterial":"<sensitiveDataRemoved>"}`},
	{rule: "secret: a VPN's configuration", service: "ec2", op: "CreateVpnConnection", params: m{"Options": m{"TunnelOptions": l{m{"PreSharedKey": "x"}}}}, output: m{"VpnConnection": m{"CustomerGatewayConfiguration": "x"}}, request: `{"options":{"tunnelOptionSet":{"items":[{"preSharedKey":"<sensitiveDataRemoved>"}]}}}`, answer: `{"requestId":"q","vpnConnection":{"customerGatewayConfiguration":"<sensitiveDataRemoved>"}}`},
	{rule: "secret: an access key's secret is dropped", service: "iam", op: "CreateAccessKey", output: m{"AccessKey": m{"AccessKeyId": "AKIAEXAMPLE", "SecretAccessKey": "x"}}, answer: `{"accessKey":{"accessKeyId":"AKIAEXAMPLE"}}`},
	{rule: "secret: a login profile's password is dropped", service: "iam", op: "CreateLoginProfile", params: m{"UserName": "u", "Password": "x"}, request: `{"userName":"u"}`},
	{rule: "secret: a secret's value is dropped", service: "secretsmanager", op: "CreateSecret", params: m{"Name": "n", "SecretString": "x", "SecretBinary": []byte("x")}, request: `{"name":"n"}`},
	{rule: "secret: a parameter's value is hidden", service: "ssm", op: "PutParameter", params: m{"Name": "n", "Value": "x"}, request: `{"name":"n","value":"HIDDEN_DUE_TO_SECURITY_REASONS"}`},
	{rule: "secret: where a subscription goes is hidden", service: "sns", op: "Subscribe", params: m{"TopicArn": "t", "Protocol": "https", "Endpoint": "https://u:p@e.test"}, request: `{"topicArn":"t","protocol":"https","endpoint":"HIDDEN_DUE_TO_SECURITY_REASONS"}`},
	{rule: "secret: what confirms a subscription is hidden", service: "sns", op: "ConfirmSubscription", params: m{"TopicArn": "t", "Token": "x"}, request: `{"topicArn":"t","token":"HIDDEN_DUE_TO_SECURITY_REASONS"}`},
	{rule: "secret: a published message is hidden, its structure is not", service: "sns", op: "Publish", params: m{"TopicArn": "t", "Message": "x", "Subject": "x", "MessageStructure": "json", "MessageAttributes": m{"a": m{"StringValue": "x"}}}, request: `{"topicArn":"t","message":"HIDDEN_DUE_TO_SECURITY_REASONS","subject":"HIDDEN_DUE_TO_SECURITY_REASONS","messageStructure":"json","messageAttributes":"HIDDEN_DUE_TO_SECURITY_REASONS"}`},
	{rule: "secret: the detail of an event is hidden", service: "events", op: "PutEvents", params: m{"Entries": l{m{"Source": "s", "Detail": "{}", "EventBusName": "default"}}}, output: m{"FailedEntryCount": int64(0), "Entries": l{m{"EventId": "i"}}}, request: `{"entries":[{"source":"s","detail":"HIDDEN_DUE_TO_SECURITY_REASONS","eventBusName":"default"}]}`, answer: `{"failedEntryCount":0,"entries":[{"eventId":"i"}]}`},
	{rule: "secret: what a connection proves itself with", service: "events", op: "CreateConnection", params: m{"AuthParameters": m{"BasicAuthParameters": m{"Username": "u", "Password": "x"}, "ApiKeyAuthParameters": m{"ApiKeyName": "n", "ApiKeyValue": "x"}, "OAuthParameters": m{"ClientParameters": m{"ClientID": "i", "ClientSecret": "x"}}, "InvocationHttpParameters": m{"HeaderParameters": l{m{"Key": "k", "Value": "x"}}}}}, request: `{"authParameters":{"basicAuthParameters":{"username":"u","password":"HIDDEN_DUE_TO_SECURITY_REASONS"},"apiKeyAuthParameters":{"apiKeyName":"n","apiKeyValue":"HIDDEN_DUE_TO_SECURITY_REASONS"},"oAuthParameters":{"clientParameters":{"clientID":"i","clientSecret":"HIDDEN_DUE_TO_SECURITY_REASONS"}},"invocationHttpParameters":{"headerParameters":[{"key":"k","value":"HIDDEN_DUE_TO_SECURITY_REASONS"}]}}}`},
	{rule: "secret: a function's code and environment", service: "lambda", op: "CreateFunction", params: m{"FunctionName": "f", "Code": m{"ZipFile": []byte("x")}, "Environment": m{"Variables": m{"a": "x"}}}, request: `{"functionName":"f","code":{},"environment":{}}`},
	{rule: "secret: a database's password is stars", service: "rds", op: "CreateDBInstance", params: m{"DBInstanceIdentifier": "d", "MasterUserPassword": "x"}, request: `{"dBInstanceIdentifier":"d","masterUserPassword":"****"}`},
	{rule: "secret: neither plaintext nor ciphertext of kms", service: "kms", op: "Encrypt", params: m{"KeyId": "k", "Plaintext": []byte("x")}, request: `{"keyId":"k"}`},
	{rule: "secret: the names of S3's keys are kept, the keys are not", service: "s3", op: "PutObject", params: m{"Bucket": "b", "Key": "k", "SSEKMSKeyId": "id", "SSECustomerKey": "x"}, request: `{"bucketName":"b","key":"k","Host":"h","x-amz-server-side-encryption-aws-kms-key-id":"id"}`},
	{rule: "secret: public keys, session tokens and presigned URLs are kept", service: "ec2", op: "CopySnapshot", params: m{"SourceSnapshotId": "s", "PresignedUrl": "https://x"}, request: `{"sourceSnapshotId":"s","presignedUrl":"https://x"}`},
}

func TestEnvelope(t *testing.T) {
	b, catalog := newBuilder(t)
	for rule, c := range map[string]struct {
		service, op string
		err         *awsapi.Error
		want        event.Event
		management  bool
		readOnly    bool
	}{
		"autoscaling":                        {service: "autoscaling", op: "DeletePolicy", want: event.Event{EventSource: "autoscaling.amazonaws.com", EventName: "DeletePolicy"}, management: true},
		"application-autoscaling shares it":  {service: "application-autoscaling", op: "DeleteScalingPolicy", want: event.Event{EventSource: "autoscaling.amazonaws.com", EventName: "DeleteScalingPolicy", AdditionalEventData: json.RawMessage(`{"service":"application-autoscaling"}`)}, management: true},
		"elbv2 has its version":              {service: "elbv2", op: "DeleteRule", want: event.Event{EventSource: "elasticloadbalancing.amazonaws.com", EventName: "DeleteRule", APIVersion: "2015-12-01"}, management: true},
		"elb has another":                    {service: "elb", op: "DescribeTags", want: event.Event{EventSource: "elasticloadbalancing.amazonaws.com", EventName: "DescribeTags", APIVersion: "2012-06-01"}, management: true, readOnly: true},
		"the version goes with AccessDenied": {service: "elbv2", op: "DeleteRule", err: &awsapi.Error{Code: "AccessDenied"}, want: event.Event{EventSource: "elasticloadbalancing.amazonaws.com", EventName: "DeleteRule", ErrorCode: "AccessDenied"}, management: true},
		"cloudwatch is monitoring":           {service: "cloudwatch", op: "PutDashboard", want: event.Event{EventSource: "monitoring.amazonaws.com", EventName: "PutDashboard"}, management: true},
		"logs":                               {service: "logs", op: "CreateLogGroup", want: event.Event{EventSource: "logs.amazonaws.com", EventName: "CreateLogGroup", APIVersion: "20140328"}, management: true},
		"events has its version":             {service: "events", op: "PutRule", want: event.Event{EventSource: "events.amazonaws.com", EventName: "PutRule", APIVersion: "2015-10-07"}, management: true},
		"PutEvents is no management":         {service: "events", op: "PutEvents", want: event.Event{EventSource: "events.amazonaws.com", EventName: "PutEvents", APIVersion: "2015-10-07"}},
		"step functions are states":          {service: "stepfunctions", op: "StartExecution", want: event.Event{EventSource: "states.amazonaws.com", EventName: "StartExecution"}, management: true},
		"ses":                                {service: "ses", op: "CreateTemplate", want: event.Event{EventSource: "ses.amazonaws.com", EventName: "CreateTemplate"}, management: true},
		"lambda's names have a date":         {service: "lambda", op: "CreateFunction", want: event.Event{EventSource: "lambda.amazonaws.com", EventName: "CreateFunction20150331"}, management: true},
		"but not Invoke, a data event":       {service: "lambda", op: "Invoke", want: event.Event{EventSource: "lambda.amazonaws.com", EventName: "Invoke"}},
		"cloudfront's too":                   {service: "cloudfront", op: "UpdateDistribution", want: event.Event{EventSource: "cloudfront.amazonaws.com", EventName: "UpdateDistribution2020_05_31", APIVersion: "2020_05_31"}, management: true},
		"s3 bucket calls are management":     {service: "s3", op: "PutBucketLifecycleConfiguration", want: event.Event{EventSource: "s3.amazonaws.com", EventName: "PutBucketLifecycle", AdditionalEventData: json.RawMessage(`{"bytesTransferredIn":0,"bytesTransferredOut":0}`)}, management: true},
		"s3 object calls are data":           {service: "s3", op: "ListObjectsV2", want: event.Event{EventSource: "s3.amazonaws.com", EventName: "ListObjects", AdditionalEventData: json.RawMessage(`{"bytesTransferredIn":0,"bytesTransferredOut":0}`)}, readOnly: true},
		"Decrypt is a read":                  {service: "kms", op: "Decrypt", want: event.Event{EventSource: "kms.amazonaws.com", EventName: "Decrypt"}, management: true, readOnly: true},
		"GetSessionToken is none":            {service: "sts", op: "GetSessionToken", want: event.Event{EventSource: "sts.amazonaws.com", EventName: "GetSessionToken", AdditionalEventData: json.RawMessage(`{"RequestDetails":{"awsServingRegion":"","endpointType":"regional"}}`)}, management: true},
		"GetPasswordData is a read":          {service: "ec2", op: "GetPasswordData", want: event.Event{EventSource: "ec2.amazonaws.com", EventName: "GetPasswordData"}, management: true, readOnly: true},
		"SearchTransitGatewayRoutes is none": {service: "ec2", op: "SearchTransitGatewayRoutes", want: event.Event{EventSource: "ec2.amazonaws.com", EventName: "SearchTransitGatewayRoutes"}, management: true},
		"error: ec2 says whose fault":        {service: "ec2", op: "GetPasswordData", err: &awsapi.Error{Code: "InvalidInstanceID.NotFound"}, want: event.Event{EventSource: "ec2.amazonaws.com", EventName: "GetPasswordData", ErrorCode: "Client.InvalidInstanceID.NotFound"}, management: true, readOnly: true},
		"error: ec2's own fault":             {service: "ec2", op: "GetPasswordData", err: &awsapi.Error{Code: "InsufficientInstanceCapacity", Status: 500}, want: event.Event{EventSource: "ec2.amazonaws.com", EventName: "GetPasswordData", ErrorCode: "Server.InsufficientInstanceCapacity"}, management: true, readOnly: true},
		"error: too many calls are not":      {service: "ec2", op: "GetPasswordData", err: &awsapi.Error{Code: "RequestLimitExceeded", Status: 503}, want: event.Event{EventSource: "ec2.amazonaws.com", EventName: "GetPasswordData", ErrorCode: "Client.RequestLimitExceeded"}, management: true, readOnly: true},
		"error: the exception's name":        {service: "iam", op: "DeleteUser", err: &awsapi.Error{Code: "NoSuchEntity"}, want: event.Event{EventSource: "iam.amazonaws.com", EventName: "DeleteUser", ErrorCode: "NoSuchEntityException"}, management: true},
		"error: ValidationException":         {service: "autoscaling", op: "DeletePolicy", err: &awsapi.Error{Code: "ValidationError"}, want: event.Event{EventSource: "autoscaling.amazonaws.com", EventName: "DeletePolicy", ErrorCode: "ValidationException"}, management: true},
		"error: HEAD has a status only":      {service: "s3", op: "HeadBucket", err: &awsapi.Error{Code: "Forbidden", Message: "Forbidden", Status: 403}, want: event.Event{EventSource: "s3.amazonaws.com", EventName: "HeadBucket", ErrorCode: "AccessDenied", ErrorMessage: "Access Denied", AdditionalEventData: json.RawMessage(`{"bytesTransferredIn":0,"bytesTransferredOut":0}`)}, readOnly: true},
		"error: AccessDenied":                {service: "kms", op: "Decrypt", err: &awsapi.Error{Code: "AccessDeniedException"}, want: event.Event{EventSource: "kms.amazonaws.com", EventName: "Decrypt", ErrorCode: "AccessDenied"}, management: true, readOnly: true},
	} {
		t.Run(rule, func(t *testing.T) {
			s, err := catalog.Service(c.service)
			if err != nil {
				t.Fatal(err)
			}
			got := b.Build(&Call{Operation: s.Operation(c.op), Error: c.err, Time: noon})
			want := c.want
			want.EventVersion, want.EventType, want.EventTime = "1.11", event.TypeAPICall, event.Time{Time: noon}
			want.ReadOnly, want.ManagementEvent, want.EventCategory = &c.readOnly, &c.management, event.CategoryManagement
			if !c.management {
				want.EventCategory = event.CategoryData
			}
			got.RequestParameters, got.ResponseElements = nil, nil
			if g, w := string(got.AppendJSON(nil)), string(want.AppendJSON(nil)); g != w {
				t.Errorf("\n got %s\nwant %s", g, w)
			}
		})
	}
}

func TestCaller(t *testing.T) {
	b, catalog := newBuilder(t)
	op := func(id, name string) *awsapi.Operation {
		s, err := catalog.Service(id)
		if err != nil {
			t.Fatal(err)
		}
		return s.Operation(name)
	}
	role := &event.UserIdentity{Type: event.AssumedRole, AccessKeyID: "ASIAEXAMPLE"}
	call := Call{
		Operation: op("ec2", "DeleteVpc"), Identity: role, SourceIP: "192.0.2.1", UserAgent: strings.Repeat("é", 1000),
		TLS: &event.TLSDetails{TLSVersion: "TLSv1.3"}, SessionFromConsole: true, SharedEventID: "s", VPCEndpointID: "vpce-1",
	}
	t.Run("a long message ends in dots at 1 KB", func(t *testing.T) {
		long := call
		long.Error = &awsapi.Error{Code: "X", Message: strings.Repeat("m", 1025)}
		if m := b.Build(&long).ErrorMessage; m != strings.Repeat("m", 1021)+"..." {
			t.Errorf("%d bytes, ending in %q", len(m), m[len(m)-9:])
		}
		long.Error = &awsapi.Error{Code: "X", Message: strings.Repeat("m", 1024)}
		if m := b.Build(&long).ErrorMessage; m != long.Error.Message {
			t.Errorf("%d bytes, ending in %q", len(m), m[len(m)-9:])
		}
	})
	t.Run("the agent is cut at 1 KB and not inside a character", func(t *testing.T) {
		e := b.Build(&call)
		if len(e.UserAgent) != 1024 || !strings.HasSuffix(e.UserAgent, "é") || e.SessionCredentialFromConsole != "true" || e.TLSDetails == nil {
			t.Errorf("%d bytes of agent, %q, %v", len(e.UserAgent), e.SessionCredentialFromConsole, e.TLSDetails)
		}
		if e.SharedEventID != "s" || e.VPCEndpointID != "vpce-1" {
			t.Error("fields that pass through are lost")
		}
	})
	t.Run("a service stands for address and agent, without TLS and, in ec2, key", func(t *testing.T) {
		c := call
		c.InvokedBy = "autoscaling.amazonaws.com"
		e := b.Build(&c)
		if e.SourceIPAddress != c.InvokedBy || e.UserAgent != c.InvokedBy || e.TLSDetails != nil ||
			e.UserIdentity.InvokedBy != c.InvokedBy || e.UserIdentity.AccessKeyID != "" {
			t.Errorf("%s", e.AppendJSON(nil))
		}
		if role.InvokedBy != "" || role.AccessKeyID == "" {
			t.Error("the call's identity was changed")
		}
	})
	t.Run("elsewhere the key is shown", func(t *testing.T) {
		c := call
		c.Operation, c.InvokedBy = op("ecs", "RunTask"), "events.amazonaws.com"
		if e := b.Build(&c); e.UserIdentity.AccessKeyID == "" {
			t.Error("no accessKeyId")
		}
	})
	t.Run("s3 puts the agent in brackets", func(t *testing.T) {
		c := call
		c.Operation = op("s3", "GetObject")
		if e := b.Build(&c); len(e.UserAgent) > 1024 || e.UserAgent[0] != '[' || !strings.HasSuffix(e.UserAgent, "]") {
			t.Errorf("agent %.20q…", e.UserAgent)
		}
	})
}

func TestOutcomeUnknown(t *testing.T) {
	b, catalog := newBuilder(t)
	s, err := catalog.Service("ecs")
	if err != nil {
		t.Fatal(err)
	}
	e := b.Build(&Call{
		Operation: s.Operation("CreateCluster"), Params: m{"clusterName": "c"}, Output: m{"cluster": m{}},
		Error: &awsapi.Error{Code: "ThrottlingException"}, OutcomeUnknown: true,
	})
	if e.ErrorCode != OutcomeUnknown || e.ErrorMessage == "" || string(e.ResponseElements) != "null" {
		t.Errorf("%s", e.AppendJSON(nil))
	}
	equalJSON(t, "requestParameters", e.RequestParameters, `{"clusterName":"c"}`)
}

func TestCallsOfNoKnownOperation(t *testing.T) {
	b, _ := newBuilder(t)
	for name, c := range map[string]struct {
		call                Call
		source, event, code string
		readOnly            bool
	}{
		"an unknown action":     {Call{SigningName: "ec2", EventName: "DestroyEverything", Error: &awsapi.Error{Code: "InvalidAction"}}, "ec2.amazonaws.com", "DestroyEverything", "InvalidAction", false},
		"an unknown denied one": {Call{SigningName: "ec2", EventName: "DestroyEverything", Protocol: awsapi.EC2, Error: &awsapi.Error{Code: "UnauthorizedOperation"}}, "ec2.amazonaws.com", "DestroyEverything", "Client.UnauthorizedOperation", false},
		"an unknown read":       {Call{SigningName: "application-autoscaling", EventName: "DescribeNothing", Error: &awsapi.Error{Code: "X"}}, "autoscaling.amazonaws.com", "DescribeNothing", "X", true},
		"an unreadable request": {Call{Error: &awsapi.Error{Code: "MalformedInput"}}, "unknown.amazonaws.com", UnknownOperation, "MalformedInput", false},
	} {
		t.Run(name, func(t *testing.T) {
			e := b.Build(&c.call)
			if e.EventSource != c.source || e.EventName != c.event || e.ErrorCode != c.code || *e.ReadOnly != c.readOnly || !*e.ManagementEvent {
				t.Errorf("%s", e.AppendJSON(nil))
			}
		})
	}
}
