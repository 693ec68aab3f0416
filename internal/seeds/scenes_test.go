package seeds

import (
	"encoding/json"
	"testing"

	"github.com/cairn-audit/cairn/internal/app"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/cairntest"
)

const (
	publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl example"
	someAgent = "aws-cli/2.0.0 example"
)

// stage is a server and who calls it.
type stage struct {
	root, alice, mary caller
	subnets           []values
	group             string
	recorded          map[string]json.RawMessage
}

// play makes the calls of the documents and returns their events by the names of
// the samples.
func play(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	server := cairntest.Start(t, "--region", "us-west-2", "--config", "testdata/cairn.yaml")
	key, err := app.ReadCredentials(server.Data, true)
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := awsapi.Open()
	if err != nil {
		t.Fatal(err)
	}
	root := caller{t: t, server: server, catalog: catalog, agent: someAgent}
	root.key.AccessKeyID, root.key.Secret = key.AccessKeyID, key.SecretAccessKey
	s := &stage{root: root.in("us-west-2"), recorded: map[string]json.RawMessage{}}
	s.people()
	s.furnish()
	s.capacityBlocks()
	s.autoScaling()
	s.loadBalancing()
	s.containers()
	s.instances()
	return s.recorded
}

// people makes those of the documents: Alice, and Mary Major in the role Admin.
func (s *stage) people() {
	everything := "arn:aws:iam::aws:policy/AdministratorAccess"
	s.root.call("iam", "CreateUser", values{"UserName": "Alice"})
	s.root.call("iam", "AttachUserPolicy", values{"UserName": "Alice", "PolicyArn": everything})
	key := s.root.call("iam", "CreateAccessKey", values{"UserName": "Alice"})
	s.alice = s.root.as(object(key, "AccessKey"))

	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:AssumeRole"}]}`
	s.root.call("iam", "CreateRole", values{"RoleName": "Admin", "AssumeRolePolicyDocument": trust})
	s.root.call("iam", "AttachRolePolicy", values{"RoleName": "Admin", "PolicyArn": everything})
	session := s.alice.call("sts", "AssumeRole", values{
		"RoleArn": "arn:aws:iam::123456789012:role/Admin", "RoleSessionName": "Mary_Major",
	})
	s.mary = s.root.as(object(session, "Credentials")).in("us-east-1")
}

// furnish finds and makes what the calls name.
func (s *stage) furnish() {
	s.root.call("ec2", "CreateKeyPair", values{"KeyName": "example"})
	for _, zone := range []string{"us-west-2a", "us-west-2b"} {
		found := s.root.call("ec2", "DescribeSubnets", values{"Filters": []any{
			values{"Name": "availability-zone", "Values": []any{zone}},
		}})
		s.subnets = append(s.subnets, list(found, "Subnets")[0])
	}
	group := s.root.call("ec2", "CreateSecurityGroup", values{
		"GroupName": "example", "Description": "example", "VpcId": s.subnets[0]["VpcId"],
	})
	s.group = text(group, "GroupId")
}

func (s *stage) autoScaling() {
	volume := s.root.call("ec2", "CreateVolume", values{"AvailabilityZone": "us-west-2a", "Size": int64(8)})
	snapshot := s.root.call("ec2", "CreateSnapshot", values{"VolumeId": volume["VolumeId"]})
	c := s.root
	c.agent = "Coral/Jakarta"
	c.call("autoscaling", "CreateLaunchConfiguration", values{
		"LaunchConfigurationName": "launch_configuration_1", "ImageId": "ami-0123456789abcdef0", "InstanceType": "t2.micro",
		"KeyName": "example", "SecurityGroups": []any{s.group}, "EbsOptimized": false,
		"InstanceMonitoring": values{"Enabled": false},
		"BlockDeviceMappings": []any{values{"DeviceName": "/dev/xvda", "Ebs": values{
			"SnapshotId": snapshot["SnapshotId"], "VolumeSize": int64(8), "VolumeType": "gp2", "DeleteOnTermination": true,
		}}},
	})
	s.recorded["create-launch-configuration"] = c.event("CreateLaunchConfiguration", "")
}

func (s *stage) loadBalancing() {
	c := s.alice
	c.agent = "aws-cli/1.10.10 Python/2.7.9 Windows/7 botocore/1.4.1"
	made := c.call("elbv2", "CreateLoadBalancer", values{
		"Name": "my-load-balancer", "Type": "network", "Scheme": "internet-facing", "SecurityGroups": []any{s.group},
		"Subnets": []any{s.subnets[0]["SubnetId"], s.subnets[1]["SubnetId"]},
	})
	s.recorded["create-load-balancer"] = c.event("CreateLoadBalancer", "")
	c.call("elbv2", "DeleteLoadBalancer", values{"LoadBalancerArn": list(made, "LoadBalancers")[0]["LoadBalancerArn"]})
	s.recorded["delete-load-balancer"] = c.event("DeleteLoadBalancer", "")
}

func (s *stage) containers() {
	c := s.mary
	c.agent = "console.amazonaws.com"
	c.call("ecs", "CreateCluster", values{"clusterName": "default"})
	s.recorded["create-cluster"] = c.event("CreateCluster", "")
}

// capacityBlocks buys three: one to the end of its life, one that is not paid
// and one that is not delivered.
func (s *stage) capacityBlocks() {
	c := s.root.in("us-east-1")
	unpaid := text(buy(c, "p5.48xlarge", 24, "payment-failed"), "CapacityReservationId")
	failed := text(buy(c, "trn1.32xlarge", 24, "failed"), "CapacityReservationId")
	block := buy(c, "p4d.24xlarge", 48, "expired")
	id := text(block, "CapacityReservationId")
	s.recorded["capacity-block-scheduled"] = c.await("CapacityBlockScheduled", id)
	s.recorded["capacity-block-active"] = c.await("CapacityBlockActive", id)
	c.call("ec2", "RunInstances", values{
		"ImageId": "ami-0123456789abcdef0", "InstanceType": "p4d.24xlarge", "MinCount": int64(2), "MaxCount": int64(2),
		"Placement":             values{"AvailabilityZone": block["AvailabilityZone"]},
		"InstanceMarketOptions": values{"MarketType": "capacity-block"},
		"CapacityReservationSpecification": values{
			"CapacityReservationTarget": values{"CapacityReservationId": id},
		},
	})
	s.recorded["terminate-capacity-block-instances"] = c.await("TerminateCapacityBlockInstances", id)
	s.recorded["capacity-block-expired"] = c.await("CapacityBlockExpired", id)
	s.recorded["capacity-block-payment-failed"] = c.await("CapacityBlockPaymentFailed", unpaid)
	s.recorded["capacity-block-failed"] = c.await("CapacityBlockFailed", failed)
}

func buy(c caller, instanceType string, hours int64, outcome string) values {
	offers := list(c.call("ec2", "DescribeCapacityBlockOfferings", values{
		"InstanceType": instanceType, "InstanceCount": int64(2), "CapacityDurationHours": hours,
	}), "CapacityBlockOfferings")
	return object(c.call("ec2", "PurchaseCapacityBlock", values{
		"CapacityBlockOfferingId": offers[0]["CapacityBlockOfferingId"], "InstancePlatform": "Linux/UNIX",
		"TagSpecifications": []any{values{"ResourceType": "capacity-block", "Tags": []any{
			values{"Key": "cairn:outcome", "Value": outcome},
		}}},
	}), "CapacityReservation")
}

func (s *stage) instances() {
	ran := s.root.call("ec2", "RunInstances", values{
		"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.micro", "MinCount": int64(1), "MaxCount": int64(1),
	})
	id := list(ran, "Instances")[0]["InstanceId"]

	c := s.alice
	c.agent = "aws-cli/1.15.61 Python/2.7.10 Darwin/16.7.0 botocore/1.10.60"
	c.call("ec2-instance-connect", "SendSSHPublicKey", values{
		"InstanceId": id, "InstanceOSUser": "ec2-user", "SSHPublicKey": publicKey,
	})
	s.recorded["send-ssh-public-key"] = c.event("SendSSHPublicKey", "")

	c = s.root
	c.agent = "aws-cli/1.10.10 Python/2.7.9 Windows/7botocore/1.4.1"
	c.call("ec2", "TerminateInstances", values{"InstanceIds": []any{id}})
	s.recorded["terminate-instances"] = c.event("TerminateInstances", "")
}
