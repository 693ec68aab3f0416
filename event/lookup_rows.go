package event

import "strings"

// searchedReads are the reads whose parameters are searched all the same.
var searchedReads = map[string]bool{
	"DescribeLaunchTemplateVersions": true, // published events of February 2026
}

// idTypes are the types of EC2's ids, by prefix. The types are those of
// published events (a RunInstances of November 2022 shows seven), else those of
// the CloudTrail user guide's list of supported resource types.
var idTypes = map[string]string{
	"acl":        "AWS::EC2::NetworkAcl",
	"ami":        "AWS::EC2::Ami",
	"cgw":        "AWS::EC2::CustomerGateway",
	"cr":         "AWS::EC2::CapacityReservation",
	"dopt":       "AWS::EC2::DHCPOptions",
	"eice":       "AWS::EC2::InstanceConnectEndpoint",
	"eigw":       "AWS::EC2::EgressOnlyInternetGateway",
	"eipalloc":   "AWS::EC2::EIP",
	"eni":        "AWS::EC2::NetworkInterface",
	"fl":         "AWS::EC2::FlowLog",
	"h":          "AWS::EC2::Host",
	"i":          "AWS::EC2::Instance",
	"igw":        "AWS::EC2::InternetGateway",
	"key":        "AWS::EC2::KeyPair",
	"lt":         "AWS::EC2::LaunchTemplate",
	"nat":        "AWS::EC2::NatGateway",
	"pcx":        "AWS::EC2::VPCPeeringConnection",
	"pl":         "AWS::EC2::PrefixList",
	"rtb":        "AWS::EC2::RouteTable",
	"sg":         "AWS::EC2::SecurityGroup",
	"sgr":        "AWS::EC2::SecurityGroupRule",
	"snap":       "AWS::EC2::Snapshot",
	"subnet":     "AWS::EC2::Subnet",
	"tgw":        "AWS::EC2::TransitGateway",
	"tgw-attach": "AWS::EC2::TransitGatewayAttachment",
	"tgw-rtb":    "AWS::EC2::TransitGatewayRouteTable",
	"vgw":        "AWS::EC2::VPNGateway",
	"vol":        "AWS::EC2::Volume",
	"vpc":        "AWS::EC2::VPC",
	"vpce":       "AWS::EC2::VPCEndpoint",
	"vpn":        "AWS::EC2::VPNConnection",
}

// arnTypes are the types of ARNs, by their service and the first part of their
// resource.
var arnTypes = map[string]string{
	"acm:certificate": "AWS::ACM::Certificate",

	"autoscaling:autoScalingGroup":    "AWS::AutoScaling::AutoScalingGroup",
	"autoscaling:launchConfiguration": "AWS::AutoScaling::LaunchConfiguration",
	"autoscaling:scalingPolicy":       "AWS::AutoScaling::ScalingPolicy",

	"cloudformation:stack": "AWS::CloudFormation::Stack",

	"cloudtrail:channel":        "AWS::CloudTrail::Channel",
	"cloudtrail:eventdatastore": "AWS::CloudTrail::EventDataStore",
	"cloudtrail:trail":          "AWS::CloudTrail::Trail",

	"cloudwatch:alarm":     "AWS::CloudWatch::Alarm",
	"cloudwatch:dashboard": "AWS::CloudWatch::Dashboard",

	"dynamodb:table": "AWS::DynamoDB::Table",

	"ec2:capacity-reservation":      "AWS::EC2::CapacityReservation",
	"ec2:dedicated-host":            "AWS::EC2::Host",
	"ec2:image":                     "AWS::EC2::Ami",
	"ec2:instance":                  "AWS::EC2::Instance",
	"ec2:instance-connect-endpoint": "AWS::EC2::InstanceConnectEndpoint",
	"ec2:internet-gateway":          "AWS::EC2::InternetGateway",
	"ec2:key-pair":                  "AWS::EC2::KeyPair",
	"ec2:launch-template":           "AWS::EC2::LaunchTemplate",
	"ec2:natgateway":                "AWS::EC2::NatGateway",
	"ec2:network-acl":               "AWS::EC2::NetworkAcl",
	"ec2:network-interface":         "AWS::EC2::NetworkInterface",
	"ec2:route-table":               "AWS::EC2::RouteTable",
	"ec2:security-group":            "AWS::EC2::SecurityGroup",
	"ec2:security-group-rule":       "AWS::EC2::SecurityGroupRule",
	"ec2:snapshot":                  "AWS::EC2::Snapshot",
	"ec2:subnet":                    "AWS::EC2::Subnet",
	"ec2:transit-gateway":           "AWS::EC2::TransitGateway",
	"ec2:volume":                    "AWS::EC2::Volume",
	"ec2:vpc":                       "AWS::EC2::VPC",
	"ec2:vpc-endpoint":              "AWS::EC2::VPCEndpoint",

	"ecs:capacity-provider":  "AWS::ECS::CapacityProvider",
	"ecs:cluster":            "AWS::ECS::Cluster",
	"ecs:container-instance": "AWS::ECS::ContainerInstance",
	"ecs:service":            "AWS::ECS::Service",
	"ecs:task":               "AWS::ECS::Task",
	"ecs:task-definition":    "AWS::ECS::TaskDefinition",

	"elasticloadbalancing:listener":      "AWS::ElasticLoadBalancingV2::Listener",
	"elasticloadbalancing:listener-rule": "AWS::ElasticLoadBalancingV2::ListenerRule",
	"elasticloadbalancing:loadbalancer":  "AWS::ElasticLoadBalancingV2::LoadBalancer",
	"elasticloadbalancing:targetgroup":   "AWS::ElasticLoadBalancingV2::TargetGroup",

	"events:rule": "AWS::Events::Rule",

	"iam:group":              "AWS::IAM::Group",
	"iam:instance-profile":   "AWS::IAM::InstanceProfile",
	"iam:mfa":                "AWS::IAM::MfaDevice",
	"iam:oidc-provider":      "AWS::IAM::OpenIDConnectProvider",
	"iam:policy":             "AWS::IAM::Policy",
	"iam:role":               "AWS::IAM::Role",
	"iam:saml-provider":      "AWS::IAM::SamlProvider",
	"iam:server-certificate": "AWS::IAM::ServerCertificate",
	"iam:user":               "AWS::IAM::User",

	"kinesis:stream": "AWS::Kinesis::Stream",
	"kms:alias":      "AWS::KMS::Alias",
	"kms:key":        "AWS::KMS::Key",

	"lambda:function": "AWS::Lambda::Function",
	"lambda:layer":    "AWS::Lambda::LayerVersion",

	"logs:log-group": "AWS::Logs::LogGroup",

	"rds:cluster":          "AWS::RDS::DBCluster",
	"rds:cluster-snapshot": "AWS::RDS::DBClusterSnapshot",
	"rds:db":               "AWS::RDS::DBInstance",
	"rds:snapshot":         "AWS::RDS::DBSnapshot",

	"secretsmanager:secret": "AWS::SecretsManager::Secret",
	"sns:":                  "AWS::SNS::Topic",
	"sqs:":                  "AWS::SQS::Queue",
	"states:stateMachine":   "AWS::StepFunctions::StateMachine",

	"sts:assumed-role":   "AWS::STS::AssumedRole",
	"sts:federated-user": "AWS::STS::FederatedUser",
}

// sourceNames are the keys under which each service names resources, by the
// first label of the eventSource, with ":word" for the events of
// particularEvents. Keys have their first letter in lower case;
// a list's elements and XML's "content" stand under the list's key.
var sourceNames = map[string]map[string]string{
	"autoscaling": {
		"autoScalingGroupName":    "AWS::AutoScaling::AutoScalingGroup",
		"autoScalingGroupNames":   "AWS::AutoScaling::AutoScalingGroup",
		"launchConfigurationName": "AWS::AutoScaling::LaunchConfiguration",
		"launchTemplateName":      "AWS::EC2::LaunchTemplate",
		"lifecycleHookName":       "AWS::AutoScaling::LifecycleHook",
		"loadBalancerNames":       "AWS::ElasticLoadBalancing::LoadBalancer",
		"policyName":              "AWS::AutoScaling::ScalingPolicy",
		"scheduledActionName":     "AWS::AutoScaling::ScheduledAction",
		"keyName":                 "AWS::EC2::KeyPair",
		"iamInstanceProfile":      "AWS::IAM::InstanceProfile",
	},
	"cloudformation": {
		"stackName": "AWS::CloudFormation::Stack",
	},
	"cloudtrail": {
		"name":           "AWS::CloudTrail::Trail",
		"trailName":      "AWS::CloudTrail::Trail",
		"trailNameList":  "AWS::CloudTrail::Trail",
		"eventDataStore": "AWS::CloudTrail::EventDataStore",
		"s3BucketName":   "AWS::S3::Bucket",
		"snsTopicName":   "AWS::SNS::Topic",
		"kmsKeyId":       "AWS::KMS::Key",
	},
	"cloudtrail:Channel": {
		"name": "AWS::CloudTrail::Channel",
	},
	"cloudtrail:Dashboard": {
		"name": "AWS::CloudTrail::Dashboard",
	},
	"cloudtrail:EventDataStore": {
		"name": "AWS::CloudTrail::EventDataStore",
	},
	"dynamodb": {
		"tableName": "AWS::DynamoDB::Table",
	},
	"ec2": {
		"groupName":          "AWS::EC2::SecurityGroup",
		"keyName":            "AWS::EC2::KeyPair",
		"launchTemplateName": "AWS::EC2::LaunchTemplate",
		"publicIp":           "AWS::EC2::EIP",
	},
	"ec2:PlacementGroup": {
		"groupName": "AWS::EC2::PlacementGroup",
	},
	"ecs": {
		"cluster":           "AWS::ECS::Cluster",
		"clusterName":       "AWS::ECS::Cluster",
		"service":           "AWS::ECS::Service",
		"serviceName":       "AWS::ECS::Service",
		"taskDefinition":    "AWS::ECS::TaskDefinition",
		"family":            "AWS::ECS::TaskDefinition",
		"task":              "AWS::ECS::Task",
		"containerInstance": "AWS::ECS::ContainerInstance",
		"capacityProvider":  "AWS::ECS::CapacityProvider",
	},
	"elasticloadbalancing": {
		"loadBalancerName": "AWS::ElasticLoadBalancingV2::LoadBalancer",
		"targetGroupName":  "AWS::ElasticLoadBalancingV2::TargetGroup",
	},
	"elasticloadbalancing:LoadBalancer": {
		"name": "AWS::ElasticLoadBalancingV2::LoadBalancer",
	},
	"elasticloadbalancing:TargetGroup": {
		"name": "AWS::ElasticLoadBalancingV2::TargetGroup",
	},
	// The classic API, told by the record's apiVersion.
	"elasticloadbalancing 2012-06-01": {
		"loadBalancerName":  "AWS::ElasticLoadBalancing::LoadBalancer",
		"loadBalancerNames": "AWS::ElasticLoadBalancing::LoadBalancer",
	},
	"events": {
		"rule": "AWS::Events::Rule",
	},
	"events:Rule": {
		"name": "AWS::Events::Rule",
	},
	"iam": {
		"accessKeyId":           "AWS::IAM::AccessKey",
		"accountAlias":          "AWS::IAM::AccountAlias",
		"groupName":             "AWS::IAM::Group",
		"groupId":               "AWS::IAM::Group",
		"instanceProfileName":   "AWS::IAM::InstanceProfile",
		"instanceProfileId":     "AWS::IAM::InstanceProfile",
		"policyName":            "AWS::IAM::Policy",
		"policyId":              "AWS::IAM::Policy",
		"roleName":              "AWS::IAM::Role",
		"roleId":                "AWS::IAM::Role",
		"sSHPublicKeyId":        "AWS::IAM::SshPublicKey",
		"certificateId":         "AWS::IAM::SigningCertificate",
		"serverCertificateName": "AWS::IAM::ServerCertificate",
		"serverCertificateId":   "AWS::IAM::ServerCertificate",
		"serialNumber":          "AWS::IAM::MfaDevice",
		"userName":              "AWS::IAM::User",
		"userId":                "AWS::IAM::User",
	},
	"kinesis": {
		"streamName": "AWS::Kinesis::Stream",
	},
	"kms": {
		"keyId":       "AWS::KMS::Key",
		"targetKeyId": "AWS::KMS::Key",
		"aliasName":   "AWS::KMS::Alias",
	},
	"lambda": {
		"functionName": "AWS::Lambda::Function",
		"layerName":    "AWS::Lambda::LayerVersion",
	},
	"logs": {
		"logGroupName":    "AWS::Logs::LogGroup",
		"logGroupNames":   "AWS::Logs::LogGroup",
		"logStreamName":   "AWS::Logs::LogStream",
		"destinationName": "AWS::Logs::Destination",
	},
	"monitoring": {
		"alarmName":      "AWS::CloudWatch::Alarm",
		"alarmNames":     "AWS::CloudWatch::Alarm",
		"dashboardName":  "AWS::CloudWatch::Dashboard",
		"dashboardNames": "AWS::CloudWatch::Dashboard",
	},
	"rds": {
		"dBInstanceIdentifier": "AWS::RDS::DBInstance",
		"dBClusterIdentifier":  "AWS::RDS::DBCluster",
		"dBSnapshotIdentifier": "AWS::RDS::DBSnapshot",
		"dBSubnetGroupName":    "AWS::RDS::DBSubnetGroup",
	},
	"s3": {
		"bucketName": "AWS::S3::Bucket",
	},
	"secretsmanager": {
		"name":     "AWS::SecretsManager::Secret",
		"secretId": "AWS::SecretsManager::Secret",
	},
	"sns": {
		"name": "AWS::SNS::Topic",
	},
	"sqs": {
		"queueName": "AWS::SQS::Queue",
		"queueUrl":  "AWS::SQS::Queue",
	},
	"sts": {
		"accessKeyId":     "AWS::IAM::AccessKey",
		"assumedRoleId":   "AWS::STS::AssumedRole",
		"roleSessionName": "AWS::STS::AssumedRole",
		"federatedUserId": "AWS::STS::FederatedUser",
	},
}

// particularEvents are the sources with rows for events whose name contains a
// word; those come before the rows for all.
var particularEvents = map[string][]string{
	"cloudtrail":           {"Channel", "Dashboard", "EventDataStore"},
	"ec2":                  {"PlacementGroup"},
	"elasticloadbalancing": {"LoadBalancer", "TargetGroup"},
	"events":               {"Rule"},
}

// sourceRows are the rows for an event, the most particular first.
func sourceRows(e *Event) []map[string]string {
	source, _, _ := strings.Cut(e.EventSource, ".")
	var rows []map[string]string
	if e.APIVersion != "" {
		if r := sourceNames[source+" "+e.APIVersion]; r != nil {
			rows = append(rows, r)
		}
	}
	for _, word := range particularEvents[source] {
		if strings.Contains(e.EventName, word) {
			rows = append(rows, sourceNames[source+":"+word])
		}
	}
	if r := sourceNames[source]; r != nil {
		rows = append(rows, r)
	}
	return rows
}
