package sandbox

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/sandbox/engine"
	"github.com/cairn-audit/cairn/internal/state"
)

// TestStateSurvivesARestart looks at everything that can be described before
// and after.
func TestStateSurvivesARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	describe := func(c *client) string {
		var all strings.Builder
		for _, at := range [][2]string{
			{"ec2", "DescribeVpcs"}, {"ec2", "DescribeSubnets"}, {"ec2", "DescribeSecurityGroups"}, {"ec2", "DescribeSecurityGroupRules"},
			{"ec2", "DescribeInstances"}, {"ec2", "DescribeVolumes"}, {"ec2", "DescribeKeyPairs"}, {"ec2", "DescribeTags"},
			{"ec2", "DescribeNetworkAcls"}, {"ec2", "DescribeRouteTables"}, {"ec2", "DescribeInternetGateways"},
			{"ec2", "DescribeCapacityReservations"}, {"elbv2", "DescribeTargetGroups"}, {"autoscaling", "DescribeAutoScalingGroups"},
			{"autoscaling", "DescribeLaunchConfigurations"}, {"ecs", "DescribeClusters"},
		} {
			fmt.Fprintln(&all, c.call(at[0], at[1], nil))
		}
		return all.String()
	}
	var fresh, before string
	func() {
		store := openState(t, path)
		defer store.Close()
		c := newClient(t, Keep(store))
		fresh = describe(c)
		run := c.call("ec2", "RunInstances", params{
			"ImageId": "ami-12345678", "MinCount": int64(1), "MaxCount": int64(1), "UserData": "IyE=",
		})
		c.call("ec2", "CreateTags", params{
			"Resources": []any{run.Str("Instances.InstanceId")}, "Tags": []any{params{"Key": "Name", "Value": "db"}},
		})
		c.call("autoscaling", "CreateLaunchConfiguration", params{
			"LaunchConfigurationName": "lc", "ImageId": "ami-12345678", "InstanceType": "t2.micro",
		})
		c.call("ecs", "CreateCluster", nil)
		before = describe(c)
	}()
	store := openState(t, path)
	defer store.Close()
	if after := describe(newClient(t, Keep(store))); after != before {
		t.Errorf("after the restart:\n%s\nbefore:\n%s", after, before)
	}
	if again := describe(newClient(t, new(engine.Memory))); again != fresh {
		t.Errorf("a fresh account has once\n%s\nand then\n%s", fresh, again)
	}
}

func openState(t *testing.T, path string) *state.Store {
	t.Helper()
	s, err := state.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAccountsAndRegionsAreApart(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	c.call("ecs", "CreateCluster", params{"clusterName": "here"})
	c.region = "eu-central-1"
	if got := c.call("ecs", "ListClusters", nil); len(got.All("clusterArns")) != 0 {
		t.Errorf("another Region has %v", got)
	}
	if zone := c.call("ec2", "DescribeSubnets", nil).Str("Subnets.AvailabilityZone"); zone != "eu-central-1a" {
		t.Errorf("the first default subnet of eu-central-1 is in %s", zone)
	}
	c.region, c.account = "us-west-2", "210987654321"
	if got := c.call("ecs", "ListClusters", nil); len(got.All("clusterArns")) != 0 {
		t.Errorf("another account has %v", got)
	}
}

// TestConcurrentCallsLoseNothing lets callers launch and terminate instances
// and look at them at once.
func TestConcurrentCallsLoseNothing(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	model, err := c.catalog.Service("ec2")
	if err != nil {
		t.Fatal(err)
	}
	call := func(operation string, p params) (engine.Attrs, error) {
		return c.sandbox.Call(context.Background(), &awsapi.Call{
			Operation: model.Operation(operation), Params: p, AccountID: c.account, Region: c.region, Time: c.now,
		})
	}
	const callers, each = 8, 10
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := range each {
				out, err := call("RunInstances", params{"ImageId": "ami-12345678", "MinCount": int64(1), "MaxCount": int64(1)})
				if err != nil {
					t.Error(err)
					return
				}
				if i%2 == 0 {
					if _, err := call("TerminateInstances", params{"InstanceIds": []any{out.Str("Instances.InstanceId")}}); err != nil {
						t.Error(err)
					}
				}
				if _, err := call("DescribeInstances", nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	seen := c.call("ec2", "DescribeInstances", nil)
	ids := seen.Strs("Reservations.Instances.InstanceId")
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n != callers*each {
		t.Errorf("%d instances are seen, want %d", n, callers*each)
	}
	if n := len(c.call("ec2", "DescribeVolumes", nil).All("Volumes")); n != callers*each/2 {
		t.Errorf("%d volumes are left, want %d", n, callers*each/2)
	}
}

func TestServicesSpeakTheirOwnErrors(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	const absent = "i-0123456789abcdef0"
	run := params{"ImageId": "ami-12345678", "MinCount": int64(1), "MaxCount": int64(1)}
	with := func(more params) params {
		p := params{}
		for _, m := range []params{run, more} {
			for k, v := range m {
				p[k] = v
			}
		}
		return p
	}
	tests := []struct {
		service, operation string
		params             params
		code, message      string
	}{
		{"ec2", "DescribeInstances", params{"InstanceIds": []any{absent}}, "InvalidInstanceID.NotFound", "The instance ID '" + absent + "' does not exist"},
		{"ec2", "StopInstances", params{"InstanceIds": []any{absent, "i-1234abcd"}}, "InvalidInstanceID.NotFound",
			"The instance IDs 'i-0123456789abcdef0, i-1234abcd' do not exist"},
		{"ec2", "DescribeInstances", params{"InstanceIds": []any{"web"}}, "InvalidInstanceID.Malformed", `Invalid id: "web"`},
		{"ec2", "RunInstances", with(params{"ImageId": "ami-0fffffffffffffff0"}), "InvalidAMIID.NotFound", "The image id '[ami-0fffffffffffffff0]' does not exist"},
		{"ec2", "RunInstances", with(params{"ImageId": "ubuntu"}), "InvalidAMIID.Malformed", `Invalid id: "ubuntu" (expecting "ami-...")`},
		{"ec2", "RunInstances", with(params{"DryRun": true}), "DryRunOperation", "Request would have succeeded, but DryRun flag is set."},
		{"ec2", "RunInstances", with(params{"KeyName": "gone"}), "InvalidKeyPair.NotFound", "The key pair 'gone' does not exist"},
		{"ec2", "RunInstances", with(params{"SubnetId": "subnet-12345678"}), "InvalidSubnetID.NotFound", "The subnet ID 'subnet-12345678' does not exist"},
		{"ec2", "RunInstances", with(params{"InstanceType": "t9.huge"}), "InvalidParameterValue", ""},
		{"ec2", "CreateFleet", nil, "UnsupportedOperation", "The sandbox does not have the operation CreateFleet of Amazon EC2."},
		{"ec2", "DescribeVpcs", params{"Filters": []any{params{"Name": "colour", "Values": []any{"red"}}}}, "InvalidParameterValue", "The filter 'colour' is invalid"},
		{"ec2", "CreateSecurityGroup", params{"GroupName": "default", "Description": "d"}, "InvalidParameterValue", ""},
		{"autoscaling", "UpdateAutoScalingGroup", params{"AutoScalingGroupName": "a"}, "ValidationError", "AutoScalingGroup name not found - null"},
		{"autoscaling", "CreateAutoScalingGroup", params{"AutoScalingGroupName": "a", "MinSize": int64(1), "MaxSize": int64(1), "LaunchConfigurationName": "lc"},
			"ValidationError", "Launch configuration name not found - Launch configuration lc not found"},
		{"elbv2", "DescribeListeners", params{"LoadBalancerArn": "arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/net/a/0123456789abcdef"},
			"LoadBalancerNotFoundException", "One or more load balancers not found"},
		{"elbv2", "CreateLoadBalancer", params{"Name": "a", "Type": "network", "Subnets": []any{"subnet-1"}}, "SubnetNotFoundException", "The subnet ID 'subnet-1' does not exist"},
		{"ecs", "DeleteCluster", params{"cluster": "a"}, "ClusterNotFoundException", "Cluster not found."},
		{"ecs", "DescribeTaskDefinition", params{"taskDefinition": "a"}, "ClientException", "Unable to describe task definition."},
	}
	for _, tt := range tests {
		t.Run(tt.operation+" "+tt.code, func(t *testing.T) {
			c.t = t
			refusal := c.refused(tt.service, tt.operation, tt.params, tt.code)
			if tt.message != "" && refusal.Message != tt.message {
				t.Errorf("the message is %q, want %q", refusal.Message, tt.message)
			}
		})
	}
}

func TestSecurityGroupsHaveRules(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	id := c.call("ec2", "CreateSecurityGroup", params{"GroupName": "web", "Description": "d"}).Str("GroupId")
	c.refused("ec2", "CreateSecurityGroup", params{"GroupName": "web", "Description": "d"}, "InvalidGroup.Duplicate")
	open := params{"GroupId": id, "IpPermissions": []any{params{
		"IpProtocol": "tcp", "FromPort": int64(443), "ToPort": int64(443),
		"IpRanges":         []any{params{"CidrIp": "0.0.0.0/0", "Description": "all"}, params{"CidrIp": "10.0.0.0/8"}},
		"UserIdGroupPairs": []any{params{"GroupId": id}},
	}}}
	added := c.call("ec2", "AuthorizeSecurityGroupIngress", open)
	if !added.Bool("Return") || len(added.All("SecurityGroupRules")) != 3 {
		t.Errorf("AuthorizeSecurityGroupIngress = %v", added)
	}
	c.refused("ec2", "AuthorizeSecurityGroupIngress", open, "InvalidPermission.Duplicate")
	g := c.call("ec2", "DescribeSecurityGroups", params{"GroupIds": []any{id}})
	if len(g.All("SecurityGroups.IpPermissions")) != 1 || len(g.All("SecurityGroups.IpPermissions.IpRanges")) != 2 ||
		g.Str("SecurityGroups.IpPermissionsEgress.IpProtocol") != "-1" {
		t.Errorf("DescribeSecurityGroups = %v", g)
	}
	c.call("ec2", "RevokeSecurityGroupIngress", params{"GroupId": id, "SecurityGroupRuleIds": []any{added.Str("SecurityGroupRules.SecurityGroupRuleId")}})
	c.refused("ec2", "RevokeSecurityGroupIngress", open, "InvalidPermission.NotFound")
	run := c.call("ec2", "RunInstances", params{
		"ImageId": "ami-12345678", "MinCount": int64(1), "MaxCount": int64(1), "SecurityGroups": []any{"web"},
	})
	c.refused("ec2", "DeleteSecurityGroup", params{"GroupId": id}, "DependencyViolation")
	c.call("ec2", "TerminateInstances", params{"InstanceIds": []any{run.Str("Instances.InstanceId")}})
	c.call("ec2", "DeleteSecurityGroup", params{"GroupId": id})
	c.refused("ec2", "DescribeSecurityGroups", params{"GroupIds": []any{id}}, "InvalidGroup.NotFound")
}

func TestNetworksAreBuiltAndTornDown(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	vpc := c.call("ec2", "CreateVpc", params{"CidrBlock": "10.0.0.0/16"}).Str("Vpc.VpcId")
	subnet := c.call("ec2", "CreateSubnet", params{"VpcId": vpc, "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "us-west-2b"})
	id := subnet.Str("Subnet.SubnetId")
	if subnet.Int("Subnet.AvailableIpAddressCount") != 251 || subnet.Str("Subnet.AvailabilityZoneId") != "usw2-az2" {
		t.Errorf("CreateSubnet = %v", subnet)
	}
	c.refused("ec2", "CreateSubnet", params{"VpcId": vpc, "CidrBlock": "10.0.1.128/25"}, "InvalidSubnet.Conflict")
	c.refused("ec2", "CreateSubnet", params{"VpcId": vpc, "CidrBlock": "10.1.0.0/24"}, "InvalidSubnet.Range")
	gateway := c.call("ec2", "CreateInternetGateway", nil).Str("InternetGateway.InternetGatewayId")
	attach := params{"VpcId": vpc, "InternetGatewayId": gateway}
	c.call("ec2", "AttachInternetGateway", attach)
	c.refused("ec2", "AttachInternetGateway", attach, "Resource.AlreadyAssociated")
	table := c.call("ec2", "CreateRouteTable", params{"VpcId": vpc}).Str("RouteTable.RouteTableId")
	route := params{"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway}
	c.call("ec2", "CreateRoute", route)
	c.refused("ec2", "CreateRoute", route, "RouteAlreadyExists")
	association := c.call("ec2", "AssociateRouteTable", params{"RouteTableId": table, "SubnetId": id}).Str("AssociationId")
	run := c.call("ec2", "RunInstances", params{
		"ImageId": "ami-12345678", "MinCount": int64(1), "MaxCount": int64(1), "SubnetId": id,
	}).Str("Instances.InstanceId")
	address := c.call("ec2", "AllocateAddress", params{"Domain": "vpc"}).Str("AllocationId")
	c.call("ec2", "AssociateAddress", params{"AllocationId": address, "InstanceId": run})
	seen := c.call("ec2", "DescribeInstances", params{"InstanceIds": []any{run}})
	if ip := c.call("ec2", "DescribeAddresses", nil).Str("Addresses.PublicIp"); ip == "" || seen.Str("Reservations.Instances.PublicIpAddress") != ip {
		t.Errorf("the instance shows %s, want the address %s", seen.Str("Reservations.Instances.PublicIpAddress"), ip)
	}
	c.refused("ec2", "ReleaseAddress", params{"AllocationId": address}, "InvalidIPAddress.InUse")
	for _, step := range []struct {
		held      string
		operation string
		params    params
	}{
		{"DeleteSubnet", "TerminateInstances", params{"InstanceIds": []any{run}}},
		{"DeleteRouteTable", "DisassociateRouteTable", params{"AssociationId": association}},
		{"DeleteInternetGateway", "DetachInternetGateway", attach},
	} {
		target := map[string]params{
			"DeleteSubnet": {"SubnetId": id}, "DeleteRouteTable": {"RouteTableId": table}, "DeleteInternetGateway": {"InternetGatewayId": gateway},
		}[step.held]
		c.refused("ec2", step.held, target, "DependencyViolation")
		c.refused("ec2", "DeleteVpc", params{"VpcId": vpc}, "DependencyViolation")
		c.call("ec2", step.operation, step.params)
		c.call("ec2", step.held, target)
	}
	c.call("ec2", "ReleaseAddress", params{"AllocationId": address})
	c.call("ec2", "DeleteVpc", params{"VpcId": vpc})
	c.refused("ec2", "DescribeVpcs", params{"VpcIds": []any{vpc}}, "InvalidVpcID.NotFound")
}

func TestVolumesAttachAndDetach(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	run := c.call("ec2", "RunInstances", params{"ImageId": "ami-12345678", "MinCount": int64(1), "MaxCount": int64(1)})
	instance, zone := run.Str("Instances.InstanceId"), run.Str("Instances.Placement.AvailabilityZone")
	volume := c.call("ec2", "CreateVolume", params{"Size": int64(170), "AvailabilityZone": zone, "VolumeType": "gp3"})
	id := volume.Str("VolumeId")
	if volume.Str("State") != "creating" || volume.Int("Iops") != 3000 {
		t.Errorf("CreateVolume = %v", volume)
	}
	attach := params{"VolumeId": id, "InstanceId": instance, "Device": "/dev/sdf"}
	if out := c.call("ec2", "AttachVolume", attach); out.Str("State") != "attaching" {
		t.Errorf("AttachVolume = %v", out)
	}
	c.refused("ec2", "AttachVolume", attach, "VolumeInUse")
	c.refused("ec2", "DeleteVolume", params{"VolumeId": id}, "VolumeInUse")
	snapshots := c.call("ec2", "CreateSnapshots", params{"InstanceSpecification": params{"InstanceId": instance}, "Description": "d"})
	if len(snapshots.All("Snapshots")) != 2 {
		t.Errorf("CreateSnapshots = %v", snapshots)
	}
	c.call("ec2", "DetachVolume", params{"VolumeId": id})
	if seen := c.call("ec2", "DescribeVolumes", params{"VolumeIds": []any{id}}); seen.Str("Volumes.State") != "available" {
		t.Errorf("DescribeVolumes = %v", seen)
	}
	c.call("ec2", "DeleteVolume", params{"VolumeId": id})
	c.refused("ec2", "DescribeVolumes", params{"VolumeIds": []any{id}}, "InvalidVolume.NotFound")
}

func TestClientTokensAreRemembered(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	run := params{"ImageId": "ami-12345678", "MinCount": int64(1), "MaxCount": int64(1), "ClientToken": "t"}
	first := c.call("ec2", "RunInstances", run).Str("Instances.InstanceId")
	if again := c.call("ec2", "RunInstances", run).Str("Instances.InstanceId"); again != first {
		t.Errorf("the same token launched %s and %s", first, again)
	}
	run = params{"ImageId": "ami-12345678", "MinCount": int64(1), "MaxCount": int64(2), "ClientToken": "t"}
	c.refused("ec2", "RunInstances", run, "IdempotentParameterMismatch")
}

func TestTagsFollowTheirResource(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	vpc := c.call("ec2", "DescribeVpcs", nil).Str("Vpcs.VpcId")
	tag := func(k, v string) params { return params{"Key": k, "Value": v} }
	c.call("ec2", "CreateTags", params{"Resources": []any{vpc}, "Tags": []any{tag("a", "1"), tag("b", "2")}})
	c.call("ec2", "CreateTags", params{"Resources": []any{vpc}, "Tags": []any{tag("a", "3")}})
	c.call("ec2", "DeleteTags", params{"Resources": []any{vpc}, "Tags": []any{params{"Key": "b"}}})
	seen := c.call("ec2", "DescribeTags", params{"Filters": []any{params{"Name": "resource-id", "Values": []any{vpc}}}})
	if len(seen.All("Tags")) != 1 || seen.Str("Tags.Value") != "3" || seen.Str("Tags.ResourceType") != "vpc" {
		t.Errorf("DescribeTags = %v", seen)
	}
	c.refused("ec2", "CreateTags", params{"Resources": []any{"vpc-12345678"}, "Tags": []any{tag("a", "1")}}, "InvalidVpcID.NotFound")
	c.refused("ec2", "CreateTags", params{"Resources": []any{"thing"}, "Tags": []any{tag("a", "1")}}, "InvalidID")
}

func TestLaunchTemplatesHaveVersions(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	id := c.call("ec2", "CreateLaunchTemplate", params{
		"LaunchTemplateName": "web", "LaunchTemplateData": params{"ImageId": "ami-12345678", "InstanceType": "t3.micro"},
	}).Str("LaunchTemplate.LaunchTemplateId")
	c.refused("ec2", "CreateLaunchTemplate", params{"LaunchTemplateName": "web", "LaunchTemplateData": params{}},
		"InvalidLaunchTemplateName.AlreadyExistsException")
	c.call("ec2", "CreateLaunchTemplateVersion", params{
		"LaunchTemplateId": id, "SourceVersion": "1", "LaunchTemplateData": params{"InstanceType": "t3.small"},
	})
	versions := c.call("ec2", "DescribeLaunchTemplateVersions", params{"LaunchTemplateId": id, "Versions": []any{"$Latest"}})
	if versions.Int("LaunchTemplateVersions.VersionNumber") != 2 || versions.Str("LaunchTemplateVersions.LaunchTemplateData.ImageId") != "ami-12345678" {
		t.Errorf("DescribeLaunchTemplateVersions = %v", versions)
	}
	run := c.call("ec2", "RunInstances", params{
		"LaunchTemplate": params{"LaunchTemplateName": "web", "Version": "$Latest"}, "MinCount": int64(1), "MaxCount": int64(1),
	})
	if run.Str("Instances.InstanceType") != "t3.small" {
		t.Errorf("RunInstances from the template = %v", run)
	}
}

func TestInstanceTypesAreFiltered(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	arm := []any{params{"Name": "processor-info.supported-architecture", "Values": []any{"arm64"}}}
	for _, name := range c.call("ec2", "DescribeInstanceTypes", params{"Filters": arm}).Strs("InstanceTypes.InstanceType") {
		if !strings.Contains(name, "g.") && !strings.HasPrefix(name, "a1.") {
			t.Errorf("%s is not of ARM", name)
		}
	}
	here := c.call("ec2", "DescribeInstanceTypeOfferings", params{"LocationType": "availability-zone", "Filters": []any{
		params{"Name": "location", "Values": []any{"us-west-2b"}}, params{"Name": "instance-type", "Values": []any{"t3.*"}},
	}})
	if got := here.Strs("InstanceTypeOfferings.InstanceType"); len(got) != 7 || here.Str("InstanceTypeOfferings.Location") != "us-west-2b" {
		t.Errorf("DescribeInstanceTypeOfferings = %v", here)
	}
}

// TestEveryLookAnswersByItsModel makes each call of the tables that only reads
// and needs no parameters, in an account that has something of most kinds.
func TestEveryLookAnswersByItsModel(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	c.call("ec2", "RunInstances", params{"ImageId": "ami-12345678", "MinCount": int64(1), "MaxCount": int64(1)})
	c.call("ec2", "CreateSnapshot", params{"VolumeId": c.call("ec2", "DescribeVolumes", nil).Str("Volumes.VolumeId")})
	c.call("ec2", "CreateKeyPair", params{"KeyName": "k", "KeyType": "ed25519"})
	c.call("ec2", "AllocateAddress", nil)
	c.call("ec2", "CreateLaunchTemplate", params{"LaunchTemplateName": "web", "LaunchTemplateData": params{"ImageId": "ami-12345678"}})
	c.call("ec2", "CreateCapacityReservation", params{
		"InstanceType": "t3.micro", "InstancePlatform": "Linux/UNIX", "InstanceCount": int64(1), "AvailabilityZone": "us-west-2a",
	})
	c.call("ecs", "CreateCluster", nil)
	c.call("autoscaling", "CreateAutoScalingGroup", params{
		"AutoScalingGroupName": "a", "MinSize": int64(1), "MaxSize": int64(1), "AvailabilityZones": []any{"us-west-2a"},
		"LaunchTemplate": params{"LaunchTemplateName": "web"}, "Tags": []any{params{"Key": "k"}},
	})
	c.call("autoscaling", "PutScalingPolicy", params{
		"AutoScalingGroupName": "a", "PolicyName": "p", "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": int64(1),
	})
	looks := 0
	for _, s := range services() {
		model, err := c.catalog.Service(s.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, op := range s.Ops {
			o := model.Operation(op.Name)
			if !engine.Reads(op.Do) || o.Input != nil && slices.ContainsFunc(o.Input.Members, func(m *awsapi.Member) bool { return m.Required }) {
				continue
			}
			looks++
			if _, err := c.try(s.ID, op.Name, nil); err != nil && engine.Refusal(err) == nil {
				t.Errorf("%s:%s: %v", s.ID, op.Name, err)
			}
		}
	}
	if looks < 40 {
		t.Errorf("only %d operations were looked at", looks)
	}
}

// TestGroupsActAfterTheirCallsAreAnswered runs the sandbox, stops it and goes on
// with another over the same store.
func TestGroupsActAfterTheirCallsAreAnswered(t *testing.T) {
	store := new(engine.Memory)
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, store)
		c.now = time.Now()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.sandbox.Run(ctx) }()
		synctest.Wait()
		c.call("ec2", "CreateLaunchTemplate", params{"LaunchTemplateName": "web", "LaunchTemplateData": params{"ImageId": "ami-12345678"}})
		c.call("autoscaling", "CreateAutoScalingGroup", params{
			"AutoScalingGroupName": "a", "MinSize": int64(2), "MaxSize": int64(2), "AvailabilityZones": []any{"us-west-2a"},
			"LaunchTemplate": params{"LaunchTemplateName": "web"},
		})
		count := func(c *client) int {
			return len(c.call("autoscaling", "DescribeAutoScalingInstances", nil).All("AutoScalingInstances"))
		}
		if n := count(c); n != 0 {
			t.Errorf("there are %d instances before the call was answered", n)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := count(c); n != 2 {
			t.Errorf("there are %d instances soon after, want 2", n)
		}
		for _, i := range c.call("autoscaling", "DescribeAutoScalingInstances", nil).All("AutoScalingInstances.InstanceId") {
			c.call("ec2", "TerminateInstances", params{"InstanceIds": []any{i}})
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}

		again := newClient(t, store)
		again.now = c.now
		ctx, stop = context.WithCancel(t.Context())
		go func() { done <- again.sandbox.Run(ctx) }()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := count(again); n != 2 {
			t.Errorf("after a restart there are %d instances, want 2 in place of those that were terminated", n)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestForgottenInstancesLeaveTheStore(t *testing.T) {
	store := new(engine.Memory)
	c := newClient(t, store)
	out := c.call("ec2", "RunInstances", params{"ImageId": "ami-12345678", "MinCount": int64(5), "MaxCount": int64(5)})
	ids := out.All("Instances.InstanceId")
	c.call("ec2", "TerminateInstances", params{"InstanceIds": ids})
	count := func() (n int) {
		for e := range store.Load(context.Background(), "") {
			if strings.Contains(e.Key, "ec2/instance/") {
				n++
			}
		}
		return n
	}
	if n := len(c.call("ec2", "DescribeInstances", nil).All("Reservations.Instances.InstanceId")); n != 5 || count() != 5 {
		t.Errorf("%d terminated instances are seen and %d kept, want 5", n, count())
	}
	c.now = c.now.Add(2 * time.Hour)
	if n := len(c.call("ec2", "DescribeInstances", nil).All("Reservations.Instances")); n != 0 {
		t.Errorf("%d instances are seen two hours later", n)
	}
	c.call("ec2", "CreateKeyPair", params{"KeyName": "k", "KeyType": "ed25519"})
	if n := count(); n != 0 {
		t.Errorf("%d instances are kept two hours later", n)
	}
}
