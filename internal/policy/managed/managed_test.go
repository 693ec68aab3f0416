package managed

import (
	"testing"

	"github.com/cairn-audit/cairn/internal/policy"
)

func load(t *testing.T) map[string]*Policy {
	t.Helper()
	all, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]*Policy{}
	for _, p := range all {
		byName[p.Name] = p
	}
	return byName
}

func TestThePoliciesPeopleExpectAreThere(t *testing.T) {
	all := load(t)
	for arn, name := range map[string]string{
		"arn:aws:iam::aws:policy/AdministratorAccess":                              "AdministratorAccess",
		"arn:aws:iam::aws:policy/PowerUserAccess":                                  "PowerUserAccess",
		"arn:aws:iam::aws:policy/ReadOnlyAccess":                                   "ReadOnlyAccess",
		"arn:aws:iam::aws:policy/SecurityAudit":                                    "SecurityAudit",
		"arn:aws:iam::aws:policy/job-function/ViewOnlyAccess":                      "ViewOnlyAccess",
		"arn:aws:iam::aws:policy/AWSCloudTrail_FullAccess":                         "AWSCloudTrail_FullAccess",
		"arn:aws:iam::aws:policy/AWSCloudTrail_ReadOnlyAccess":                     "AWSCloudTrail_ReadOnlyAccess",
		"arn:aws:iam::aws:policy/IAMFullAccess":                                    "IAMFullAccess",
		"arn:aws:iam::aws:policy/IAMReadOnlyAccess":                                "IAMReadOnlyAccess",
		"arn:aws:iam::aws:policy/IAMUserChangePassword":                            "IAMUserChangePassword",
		"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess":                           "AmazonS3ReadOnlyAccess",
		"arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess":                          "AmazonEC2ReadOnlyAccess",
		"arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy":    "AmazonECSTaskExecutionRolePolicy",
		"arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole":         "AWSLambdaBasicExecutionRole",
		"arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role": "AmazonEC2ContainerServiceforEC2Role",
	} {
		p := all[name]
		if p == nil {
			t.Errorf("no policy %s", name)
			continue
		}
		if p.ARN("aws") != arn || p.Version == "" || p.Created.IsZero() || p.Updated.Before(p.Created) {
			t.Errorf("%s: %s, version %q of %v", arn, p.ARN("aws"), p.Version, p.Updated)
		}
	}
}

func TestThePoliciesAllowWhatTheirNamesSay(t *testing.T) {
	all := load(t)
	for _, c := range []struct {
		name    string
		allowed []string
		refused []string
	}{
		{"AdministratorAccess", []string{"iam:CreateUser", "ec2:RunInstances", "cloudtrail:StopLogging"}, nil},
		{"AWSDenyAll", nil, []string{"s3:GetObject"}},
		{"PowerUserAccess", []string{"ec2:RunInstances", "cloudtrail:StopLogging", "iam:ListRoles"}, []string{"iam:CreateUser", "organizations:ListAccounts"}},
		{"ReadOnlyAccess", []string{
			"ec2:DescribeInstances", "autoscaling:DescribeAutoScalingGroups", "elasticloadbalancing:DescribeLoadBalancers", "ecs:ListClusters",
			"s3:GetObject", "s3:ListAllMyBuckets", "iam:ListUsers", "cloudtrail:LookupEvents", "cloudtrail:GetTrailStatus", "logs:FilterLogEvents",
			"cloudwatch:DescribeAlarms", "sns:ListTopics", "sqs:GetQueueAttributes", "kms:ListKeys", "lambda:GetFunction", "dynamodb:GetItem", "sts:GetCallerIdentity",
		}, []string{
			"ec2:RunInstances", "s3:PutObject", "iam:CreateUser", "cloudtrail:StopLogging", "sns:Publish", "kms:Decrypt", "lambda:InvokeFunction",
			"dynamodb:PutItem", "sts:AssumeRole", "secretsmanager:GetSecretValue", "ec2-instance-connect:SendSSHPublicKey",
		}},
		{"SecurityAudit", []string{"ec2:DescribeSecurityGroups", "iam:GetUser", "cloudtrail:GetEventSelectors", "s3:GetBucketPolicy"}, []string{"s3:GetObject", "dynamodb:GetItem", "logs:FilterLogEvents", "cloudtrail:StopLogging"}},
		{"ViewOnlyAccess", []string{"ec2:DescribeInstances", "iam:ListUsers", "cloudtrail:LookupEvents"}, []string{"s3:GetObject", "cloudtrail:GetEventSelectors", "iam:GetUser"}},
		{"AWSCloudTrail_FullAccess", []string{"cloudtrail:CreateTrail", "cloudtrail:StopLogging", "s3:ListAllMyBuckets"}, []string{"s3:GetObject", "iam:CreateUser", "iam:PassRole"}},
		{"AWSCloudTrail_ReadOnlyAccess", []string{"cloudtrail:LookupEvents", "cloudtrail:DescribeTrails"}, []string{"cloudtrail:StopLogging", "s3:ListAllMyBuckets"}},
		{"IAMReadOnlyAccess", []string{"iam:ListUsers", "iam:SimulateCustomPolicy"}, []string{"iam:CreateUser", "ec2:DescribeInstances"}},
		{"IAMFullAccess", []string{"iam:CreateUser"}, []string{"s3:GetObject"}},
		{"AmazonS3ReadOnlyAccess", []string{"s3:GetObject", "s3:ListBucket"}, []string{"s3:PutObject", "s3:DeleteObject"}},
		{"AmazonEC2ReadOnlyAccess", []string{"ec2:DescribeInstances", "autoscaling:DescribePolicies"}, []string{"ec2:StartInstances"}},
	} {
		p := all[c.name]
		if p == nil {
			t.Errorf("no policy %s", c.name)
			continue
		}
		decide := func(action string) bool {
			ann := policy.Principal{Type: policy.User, ARN: "arn:aws:iam::123456789012:user/ann", AccountID: "123456789012"}
			return policy.Evaluate(
				policy.Request{Action: action, Resource: "*", Principal: ann},
				policy.Policies{Identity: []*policy.Document{p.Document}},
			).Allowed
		}
		for _, action := range c.allowed {
			if !decide(action) {
				t.Errorf("%s refuses %s", c.name, action)
			}
		}
		for _, action := range c.refused {
			if decide(action) {
				t.Errorf("%s allows %s", c.name, action)
			}
		}
	}
}
