package sandbox

import (
	"testing"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// TestInstancesLiveAndDie plays what the EC2 document of the seeds names.
func TestInstancesLiveAndDie(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	image := c.call("ec2", "DescribeImages", params{"Owners": []any{"amazon"}}).Str("Images.ImageId")
	run := c.call("ec2", "RunInstances", params{
		"ImageId": image, "InstanceType": "t3.micro", "MinCount": int64(2), "MaxCount": int64(2), "ClientToken": "once",
		"TagSpecifications": []any{params{"ResourceType": "instance", "Tags": []any{params{"Key": "Name", "Value": "web"}}}},
	})
	ids := run.Strs("Instances.InstanceId")
	if len(ids) != 2 || run.Str("Instances.State.Name") != "pending" || run.Has("Instances.PublicIpAddress") {
		t.Fatalf("RunInstances = %v", run)
	}
	seen := c.call("ec2", "DescribeInstances", params{"Filters": []any{
		params{"Name": "tag:Name", "Values": []any{"w*b"}}, params{"Name": "instance-state-name", "Values": []any{"running"}},
	}})
	if got := seen.Strs("Reservations.Instances.InstanceId"); len(got) != 2 || !seen.Has("Reservations.Instances.PublicIpAddress") ||
		len(seen.All("Reservations.Instances.BlockDeviceMappings")) != 2 {
		t.Errorf("DescribeInstances = %v", seen)
	}
	made := c.call("ec2", "CreateImage", params{"InstanceId": ids[0], "Name": "golden"}).Str("ImageId")
	if got := c.call("ec2", "DescribeImages", params{"Owners": []any{"self"}}); got.Str("Images.ImageId") != made ||
		got.Str("Images.State") != "available" || !got.Has("Images.BlockDeviceMappings.Ebs.SnapshotId") {
		t.Errorf("DescribeImages = %v", got)
	}
	stopped := c.call("ec2", "StopInstances", params{"InstanceIds": []any{ids[0]}})
	if stopped.Str("StoppingInstances.PreviousState.Name") != "running" || stopped.Str("StoppingInstances.CurrentState.Name") != "stopping" {
		t.Errorf("StopInstances = %v", stopped)
	}
	c.refused("ec2", "RebootInstances", params{"InstanceIds": []any{ids[0]}}, "IncorrectState")
	c.call("ec2", "RebootInstances", params{"InstanceIds": []any{ids[1]}})
	if s := c.call("ec2", "StartInstances", params{"InstanceIds": []any{ids[0]}}); s.Int("StartingInstances.PreviousState.Code") != 80 {
		t.Errorf("StartInstances = %v", s)
	}
	end := c.call("ec2", "TerminateInstances", params{"InstanceIds": []any{ids[0], ids[1]}})
	if end.Str("TerminatingInstances.CurrentState.Name") != "shutting-down" || end.Int("TerminatingInstances.PreviousState.Code") != 16 {
		t.Errorf("TerminateInstances = %v", end)
	}
	if got := c.call("ec2", "DescribeInstances", params{"InstanceIds": []any{ids[0]}}); got.Str("Reservations.Instances.State.Name") != "terminated" {
		t.Errorf("DescribeInstances after TerminateInstances = %v", got)
	}
	if left := c.call("ec2", "DescribeVolumes", nil).All("Volumes"); len(left) != 0 {
		t.Errorf("terminated instances left volumes: %v", left)
	}
	if left := c.call("ec2", "DescribeNetworkInterfaces", nil).All("NetworkInterfaces"); len(left) != 0 {
		t.Errorf("terminated instances left network interfaces: %v", left)
	}
}

// TestAutoScalingGroupFollowsItsSize plays the Auto Scaling document, with a
// target group of a Network Load Balancer.
func TestAutoScalingGroupFollowsItsSize(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	image := c.call("ec2", "DescribeImages", nil).Str("Images.ImageId")
	subnets := c.call("ec2", "DescribeSubnets", nil)
	group := c.call("elbv2", "CreateTargetGroup", params{
		"Name": "web", "Protocol": "TCP", "Port": int64(80), "VpcId": subnets.Str("Subnets.VpcId"),
	}).Str("TargetGroups.TargetGroupArn")
	balancer := c.call("elbv2", "CreateLoadBalancer", params{
		"Name": "front", "Type": "network", "Subnets": []any{subnets.Str("Subnets.SubnetId")},
	}).Str("LoadBalancers.LoadBalancerArn")
	c.call("elbv2", "CreateListener", params{
		"LoadBalancerArn": balancer, "Protocol": "TCP", "Port": int64(80),
		"DefaultActions": []any{params{"Type": "forward", "TargetGroupArn": group}},
	})
	c.call("autoscaling", "CreateLaunchConfiguration", params{
		"LaunchConfigurationName": "lc", "ImageId": image, "InstanceType": "t2.micro",
		"InstanceMonitoring": params{"Enabled": false},
	})
	c.refused("autoscaling", "CreateLaunchConfiguration", params{
		"LaunchConfigurationName": "lc", "ImageId": image, "InstanceType": "t2.micro",
	}, "AlreadyExistsFault")
	c.call("autoscaling", "CreateAutoScalingGroup", params{
		"AutoScalingGroupName": "asg", "LaunchConfigurationName": "lc", "MinSize": int64(1), "MaxSize": int64(5), "DesiredCapacity": int64(3),
		"VPCZoneIdentifier": subnets.Strs("Subnets.SubnetId")[0] + "," + subnets.Strs("Subnets.SubnetId")[1],
		"TargetGroupARNs":   []any{group},
		"Tags":              []any{params{"Key": "team", "Value": "a", "PropagateAtLaunch": true}},
	})
	sizes := func(want int) {
		t.Helper()
		g := c.call("autoscaling", "DescribeAutoScalingGroups", params{"AutoScalingGroupNames": []any{"asg"}})
		if got := g.Strs("AutoScalingGroups.Instances.LifecycleState"); len(got) != want {
			t.Errorf("the group has %d instances, want %d: %v", len(got), want, g)
		}
		running := c.call("ec2", "DescribeInstances", params{"Filters": []any{
			params{"Name": "tag:team", "Values": []any{"a"}}, params{"Name": "instance-state-name", "Values": []any{"running", "pending"}},
		}})
		if got := running.All("Reservations.Instances.InstanceId"); len(got) != want {
			t.Errorf("EC2 has %d instances of the group, want %d", len(got), want)
		}
		health := c.call("elbv2", "DescribeTargetHealth", params{"TargetGroupArn": group})
		if got := health.Strs("TargetHealthDescriptions.TargetHealth.State"); len(got) != want || got[0] != "healthy" {
			t.Errorf("the targets are %v, want %d healthy ones", got, want)
		}
	}
	sizes(3)
	c.call("autoscaling", "UpdateAutoScalingGroup", params{"AutoScalingGroupName": "asg", "DesiredCapacity": int64(1), "MaxSize": int64(2)})
	c.now = c.now.Add(1)
	sizes(1)
	if got := c.call("autoscaling", "DescribeScalingActivities", params{"AutoScalingGroupName": "asg"}); len(got.All("Activities")) != 5 {
		t.Errorf("DescribeScalingActivities = %v", got)
	}
	survivor := c.call("autoscaling", "DescribeAutoScalingInstances", nil).Str("AutoScalingInstances.InstanceId")
	c.call("ec2", "TerminateInstances", params{"InstanceIds": []any{survivor}})
	sizes2 := c.call("autoscaling", "DescribeAutoScalingInstances", nil)
	if got := sizes2.Str("AutoScalingInstances.InstanceId"); got == "" || got == survivor {
		t.Errorf("the group did not replace %s: %v", survivor, sizes2)
	}
	c.refused("autoscaling", "DeleteAutoScalingGroup", params{"AutoScalingGroupName": "asg"}, "ResourceInUseFault")
	c.call("autoscaling", "DeleteAutoScalingGroup", params{"AutoScalingGroupName": "asg", "ForceDelete": true})
	c.call("autoscaling", "DeleteLaunchConfiguration", params{"LaunchConfigurationName": "lc"})
	if got := c.call("autoscaling", "DescribeAutoScalingGroups", nil); len(got.All("AutoScalingGroups")) != 0 {
		t.Errorf("DescribeAutoScalingGroups after DeleteAutoScalingGroup = %v", got)
	}
	if got := c.call("ec2", "DescribeInstanceStatus", nil); len(got.All("InstanceStatuses")) != 0 {
		t.Errorf("instances run without their group: %v", got)
	}
}

// TestNetworkLoadBalancerComesAndGoes plays the document on Network Load
// Balancers.
func TestNetworkLoadBalancerComesAndGoes(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	subnets := c.call("ec2", "DescribeSubnets", nil).Strs("Subnets.SubnetId")
	request := params{"Name": "my-load-balancer", "Type": "network", "Subnets": []any{subnets[0], subnets[1]}}
	made := c.call("elbv2", "CreateLoadBalancer", request)
	id := made.Str("LoadBalancers.LoadBalancerArn")
	if made.Str("LoadBalancers.State.Code") != "provisioning" || made.Str("LoadBalancers.CanonicalHostedZoneId") != "Z18D5FSROUN65G" ||
		made.Str("LoadBalancers.Scheme") != "internet-facing" || len(made.All("LoadBalancers.AvailabilityZones")) != 2 {
		t.Errorf("CreateLoadBalancer = %v", made)
	}
	if again := c.call("elbv2", "CreateLoadBalancer", request); again.Str("LoadBalancers.LoadBalancerArn") != id {
		t.Errorf("the same request made another load balancer: %v", again)
	}
	c.refused("elbv2", "CreateLoadBalancer", params{"Name": "my-load-balancer", "Subnets": []any{subnets[0], subnets[1]}}, "DuplicateLoadBalancerNameException")
	if seen := c.call("elbv2", "DescribeLoadBalancers", params{"Names": []any{"my-load-balancer"}}); seen.Str("LoadBalancers.State.Code") != "active" {
		t.Errorf("DescribeLoadBalancers = %v", seen)
	}
	c.call("elbv2", "DeleteLoadBalancer", params{"LoadBalancerArn": id})
	c.refused("elbv2", "DescribeLoadBalancers", params{"LoadBalancerArns": []any{id}}, "LoadBalancerNotFoundException")
	c.call("elbv2", "DeleteLoadBalancer", params{"LoadBalancerArn": id})
}

// TestClusterRunsTasksAndServices plays the document on ECS.
func TestClusterRunsTasksAndServices(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	subnet := c.call("ec2", "DescribeSubnets", nil).Str("Subnets.SubnetId")
	network := params{"awsvpcConfiguration": params{"subnets": []any{subnet}, "assignPublicIp": "ENABLED"}}
	made := c.call("ecs", "CreateCluster", params{"clusterName": "default"})
	if made.Str("cluster.clusterArn") != "arn:aws:ecs:us-west-2:123456789012:cluster/default" || made.Str("cluster.status") != "ACTIVE" ||
		made.Get("cluster.statistics") == nil || made.Get("cluster.tags") == nil {
		t.Errorf("CreateCluster = %v", made)
	}
	definition := params{
		"family": "web", "networkMode": "awsvpc", "requiresCompatibilities": []any{"FARGATE"}, "cpu": "256", "memory": "512",
		"containerDefinitions": []any{params{"name": "app", "image": "nginx", "portMappings": []any{params{"containerPort": int64(80)}}}},
	}
	for revision := range int64(2) {
		if got := c.call("ecs", "RegisterTaskDefinition", definition).Int("taskDefinition.revision"); got != revision+1 {
			t.Errorf("RegisterTaskDefinition gives revision %d, want %d", got, revision+1)
		}
	}
	ran := c.call("ecs", "RunTask", params{
		"taskDefinition": "web:1", "launchType": "FARGATE", "count": int64(2), "networkConfiguration": network,
	})
	task := ran.Strs("tasks.taskArn")[0]
	if len(ran.Strs("tasks.taskArn")) != 2 || ran.Str("tasks.lastStatus") != "PROVISIONING" {
		t.Errorf("RunTask = %v", ran)
	}
	if seen := c.call("ecs", "DescribeTasks", params{"tasks": []any{task, "nobody"}}); seen.Str("tasks.lastStatus") != "RUNNING" ||
		seen.Str("failures.reason") != "MISSING" {
		t.Errorf("DescribeTasks = %v", seen)
	}
	c.refused("ecs", "DeleteCluster", params{"cluster": "default"}, "ClusterContainsTasksException")
	for _, id := range ran.Strs("tasks.taskArn") {
		c.call("ecs", "StopTask", params{"task": id, "reason": "enough"})
	}
	service := c.call("ecs", "CreateService", params{
		"serviceName": "web", "taskDefinition": "web", "desiredCount": int64(2), "launchType": "FARGATE", "networkConfiguration": network,
	})
	if service.Str("service.status") != "ACTIVE" || service.Int("service.runningCount") != 0 || service.Str("service.deployments.status") != "PRIMARY" {
		t.Errorf("CreateService = %v", service)
	}
	if seen := c.call("ecs", "DescribeServices", params{"services": []any{"web"}}); seen.Int("services.runningCount") != 2 {
		t.Errorf("DescribeServices = %v", seen)
	}
	c.refused("ecs", "DeleteService", params{"service": "web"}, "InvalidParameterException")
	c.call("ecs", "UpdateService", params{"service": "web", "desiredCount": int64(0)})
	if tasks := c.call("ecs", "ListTasks", params{"serviceName": "web"}); len(tasks.All("taskArns")) != 0 {
		t.Errorf("ListTasks after UpdateService = %v", tasks)
	}
	if gone := c.call("ecs", "DeleteService", params{"service": "web"}); gone.Str("service.status") != "DRAINING" {
		t.Errorf("DeleteService = %v", gone)
	}
	if gone := c.call("ecs", "DeleteCluster", params{"cluster": "default"}); gone.Str("cluster.status") != "INACTIVE" {
		t.Errorf("DeleteCluster = %v", gone)
	}
	if left := c.call("ecs", "ListClusters", nil); len(left.All("clusterArns")) != 0 {
		t.Errorf("ListClusters after DeleteCluster = %v", left)
	}
	c.refused("ecs", "RunTask", params{"cluster": "nowhere", "taskDefinition": "web"}, "ClusterNotFoundException")
}

// TestKeysGoToRunningInstancesOnly plays the document on EC2 Instance Connect.
func TestKeysGoToRunningInstancesOnly(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	id := c.call("ec2", "RunInstances", params{
		"ImageId": "ami-0abcdef1234567890", "InstanceType": "t3.micro", "MinCount": int64(1), "MaxCount": int64(1),
	}).Str("Instances.InstanceId")
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOtAlK45MAEWZ7MUY2QEmi3M6W+peGL3VCrc0qH54xRu"
	send := params{"InstanceId": id, "InstanceOSUser": "ec2-user", "SSHPublicKey": key}
	if out := c.call("ec2-instance-connect", "SendSSHPublicKey", send); !out.Bool("Success") || out.Str("RequestId") == "" {
		t.Errorf("SendSSHPublicKey = %v", out)
	}
	c.call("ec2-instance-connect", "SendSerialConsoleSSHPublicKey", params{"InstanceId": id, "SSHPublicKey": key})
	c.refused("ec2-instance-connect", "SendSSHPublicKey", params{
		"InstanceId": id, "InstanceOSUser": "ec2-user", "SSHPublicKey": "not a key",
	}, "InvalidArgsException")
	c.refused("ec2-instance-connect", "SendSSHPublicKey", params{
		"InstanceId": "i-0123456789abcdef0", "InstanceOSUser": "ec2-user", "SSHPublicKey": key,
	}, "EC2InstanceNotFoundException")
	c.call("ec2", "StopInstances", params{"InstanceIds": []any{id}})
	c.refused("ec2-instance-connect", "SendSSHPublicKey", send, "EC2InstanceStateInvalidException")
}

// TestCapacityBlockIsBoughtAndRuns plays the document on Capacity Blocks.
func TestCapacityBlockIsBoughtAndRuns(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	offers := c.call("ec2", "DescribeCapacityBlockOfferings", params{
		"InstanceType": "p5.48xlarge", "InstanceCount": int64(2), "CapacityDurationHours": int64(48),
	})
	if offers.Str("CapacityBlockOfferings.UpfrontFee") != "3022.08" {
		t.Errorf("DescribeCapacityBlockOfferings = %v", offers)
	}
	bought := c.call("ec2", "PurchaseCapacityBlock", params{
		"CapacityBlockOfferingId": offers.Str("CapacityBlockOfferings.CapacityBlockOfferingId"), "InstancePlatform": "Linux/UNIX",
	})
	id := bought.Str("CapacityReservation.CapacityReservationId")
	if bought.Str("CapacityReservation.State") != "payment-pending" || bought.Int("CapacityReservation.TotalInstanceCount") != 2 {
		t.Errorf("PurchaseCapacityBlock = %v", bought)
	}
	state := func(want string) {
		t.Helper()
		got := c.call("ec2", "DescribeCapacityReservations", params{"CapacityReservationIds": []any{id}})
		if got.Str("CapacityReservations.State") != want {
			t.Errorf("the reservation is %s, want %s", got.Str("CapacityReservations.State"), want)
		}
	}
	state("scheduled")
	c.now = bought.Time("CapacityReservation.StartDate")
	state("active")
	c.now = bought.Time("CapacityReservation.EndDate")
	state("expired")
	c.refused("ec2", "PurchaseCapacityBlock", params{"CapacityBlockOfferingId": "cb-0123456789abcdef0", "InstancePlatform": "Linux/UNIX"},
		"InvalidCapacityBlockOfferingId.NotFound")
}
