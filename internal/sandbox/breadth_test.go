package sandbox

import (
	"slices"
	"testing"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func TestListenersAndRulesSendToTargetGroups(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	subnets := c.call("ec2", "DescribeSubnets", nil)
	ids := subnets.Strs("Subnets.SubnetId")
	c.refused("elbv2", "CreateLoadBalancer", params{"Name": "web", "Subnets": []any{ids[0]}}, "ValidationError")
	made := c.call("elbv2", "CreateLoadBalancer", params{"Name": "web", "Subnets": []any{ids[0], ids[1]}, "Tags": []any{params{"Key": "a", "Value": "1"}}})
	balancer := made.Str("LoadBalancers.LoadBalancerArn")
	if len(made.All("LoadBalancers.SecurityGroups")) != 1 {
		t.Errorf("an Application Load Balancer without security groups has %v", made.All("LoadBalancers.SecurityGroups"))
	}
	group := func(name string) string {
		return c.call("elbv2", "CreateTargetGroup", params{
			"Name": name, "Protocol": "HTTP", "Port": int64(80), "VpcId": subnets.Str("Subnets.VpcId"), "TargetType": "ip",
		}).Str("TargetGroups.TargetGroupArn")
	}
	blue, green := group("blue"), group("green")
	forward := func(to string) []any { return []any{params{"Type": "forward", "TargetGroupArn": to}} }
	listen := params{"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": int64(80), "DefaultActions": forward(blue)}
	made = c.call("elbv2", "CreateListener", listen)
	listener := made.Str("Listeners.ListenerArn")
	if made.Int("Listeners.DefaultActions.ForwardConfig.TargetGroups.Weight") != 1 {
		t.Errorf("CreateListener = %v", made)
	}
	c.refused("elbv2", "CreateListener", params{"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": int64(80), "DefaultActions": forward(green)},
		"DuplicateListenerException")
	c.refused("elbv2", "CreateListener", params{"LoadBalancerArn": balancer, "Protocol": "TCP", "Port": int64(81), "DefaultActions": forward(green)},
		"ValidationError")
	c.refused("elbv2", "CreateListener", params{"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": int64(81), "DefaultActions": forward("none")},
		"TargetGroupNotFoundException")
	rule := params{
		"ListenerArn": listener, "Priority": int64(10), "Actions": forward(green),
		"Conditions": []any{params{"Field": "path-pattern", "Values": []any{"/api/*"}}},
	}
	made = c.call("elbv2", "CreateRule", rule)
	c.refused("elbv2", "CreateRule", rule, "PriorityInUseException")
	rules := c.call("elbv2", "DescribeRules", params{"ListenerArn": listener}).Strs("Rules.Priority")
	if slices.Sort(rules); !slices.Equal(rules, []string{"10", "default"}) {
		t.Errorf("the listener's rules are %v", rules)
	}
	target := []any{params{"Id": "172.31.0.10"}}
	c.call("elbv2", "RegisterTargets", params{"TargetGroupArn": green, "Targets": target})
	if h := c.call("elbv2", "DescribeTargetHealth", params{"TargetGroupArn": green}); h.Str("TargetHealthDescriptions.TargetHealth.State") != "healthy" ||
		h.Int("TargetHealthDescriptions.Target.Port") != 80 {
		t.Errorf("DescribeTargetHealth = %v", h)
	}
	c.refused("elbv2", "DeleteTargetGroup", params{"TargetGroupArn": green}, "ResourceInUseException")
	c.call("elbv2", "DeleteRule", params{"RuleArn": made.Str("Rules.RuleArn")})
	if h := c.call("elbv2", "DescribeTargetHealth", params{"TargetGroupArn": green}); h.Str("TargetHealthDescriptions.TargetHealth.Reason") != "Target.NotInUse" {
		t.Errorf("DescribeTargetHealth of an unused group = %v", h)
	}
	c.call("elbv2", "DeregisterTargets", params{"TargetGroupArn": green, "Targets": target})
	c.call("elbv2", "DeleteTargetGroup", params{"TargetGroupArn": green})
	c.call("elbv2", "ModifyListener", params{"ListenerArn": listener, "Port": int64(8080)})
	if l := c.call("elbv2", "DescribeListeners", params{"LoadBalancerArn": balancer}); l.Int("Listeners.Port") != 8080 {
		t.Errorf("DescribeListeners = %v", l)
	}
	c.call("elbv2", "SetSubnets", params{"LoadBalancerArn": balancer, "Subnets": []any{ids[1], ids[2]}})
	c.call("elbv2", "SetSecurityGroups", params{"LoadBalancerArn": balancer, "SecurityGroups": []any{
		c.call("ec2", "CreateSecurityGroup", params{"GroupName": "g", "Description": "d"}).Str("GroupId"),
	}})
	protect := func(v string) {
		c.call("elbv2", "ModifyLoadBalancerAttributes", params{"LoadBalancerArn": balancer, "Attributes": []any{
			params{"Key": "deletion_protection.enabled", "Value": v},
		}})
	}
	protect("true")
	c.refused("elbv2", "ModifyLoadBalancerAttributes", params{"LoadBalancerArn": balancer, "Attributes": []any{params{"Key": "colour", "Value": "red"}}},
		"InvalidConfigurationRequestException")
	c.refused("elbv2", "DeleteLoadBalancer", params{"LoadBalancerArn": balancer}, "OperationNotPermittedException")
	protect("false")
	c.call("elbv2", "AddTags", params{"ResourceArns": []any{balancer}, "Tags": []any{params{"Key": "b", "Value": "2"}}})
	c.call("elbv2", "RemoveTags", params{"ResourceArns": []any{balancer}, "TagKeys": []any{"a"}})
	if tags := c.call("elbv2", "DescribeTags", params{"ResourceArns": []any{balancer}}); !slices.Equal(tags.Strs("TagDescriptions.Tags.Key"), []string{"b"}) {
		t.Errorf("DescribeTags = %v", tags)
	}
	c.call("elbv2", "DeleteLoadBalancer", params{"LoadBalancerArn": balancer})
	c.refused("elbv2", "DescribeListeners", params{"ListenerArns": []any{listener}}, "ListenerNotFoundException")
}

func TestGroupsAreCheckedTaggedAndScaledByPolicy(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	zone := []any{"us-west-2a"}
	c.call("ec2", "CreateLaunchTemplate", params{"LaunchTemplateName": "web", "LaunchTemplateData": params{"ImageId": "ami-12345678"}})
	template := params{"LaunchTemplateName": "web"}
	for _, p := range []params{
		{"MinSize": int64(1), "MaxSize": int64(1), "AvailabilityZones": zone},
		{"MinSize": int64(1), "MaxSize": int64(1), "LaunchTemplate": template},
		{"MinSize": int64(2), "MaxSize": int64(1), "LaunchTemplate": template, "AvailabilityZones": zone},
		{"MinSize": int64(1), "MaxSize": int64(2), "DesiredCapacity": int64(3), "LaunchTemplate": template, "AvailabilityZones": zone},
		{"MinSize": int64(1), "MaxSize": int64(1), "LaunchTemplate": params{"LaunchTemplateName": "gone"}, "AvailabilityZones": zone},
		{"MinSize": int64(1), "MaxSize": int64(1), "LaunchTemplate": template, "VPCZoneIdentifier": "subnet-12345678"},
	} {
		p["AutoScalingGroupName"] = "a"
		c.refused("autoscaling", "CreateAutoScalingGroup", p, "ValidationError")
	}
	create := params{"AutoScalingGroupName": "a", "MinSize": int64(0), "MaxSize": int64(4), "LaunchTemplate": template, "AvailabilityZones": zone}
	c.call("autoscaling", "CreateAutoScalingGroup", create)
	c.refused("autoscaling", "CreateAutoScalingGroup", create, "AlreadyExistsFault")
	c.call("autoscaling", "CreateOrUpdateTags", params{"Tags": []any{
		params{"ResourceId": "a", "ResourceType": "auto-scaling-group", "Key": "team", "Value": "x", "PropagateAtLaunch": false},
	}})
	if tags := c.call("autoscaling", "DescribeTags", params{"Filters": []any{params{"Name": "key", "Values": []any{"team"}}}}); tags.Str("Tags.Value") != "x" {
		t.Errorf("DescribeTags = %v", tags)
	}
	policy := params{"AutoScalingGroupName": "a", "PolicyName": "up", "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": int64(2)}
	id := c.call("autoscaling", "PutScalingPolicy", policy).Str("PolicyARN")
	if again := c.call("autoscaling", "PutScalingPolicy", policy).Str("PolicyARN"); again != id {
		t.Errorf("the policy that was put twice is %s, then %s", id, again)
	}
	c.call("autoscaling", "ExecutePolicy", params{"AutoScalingGroupName": "a", "PolicyName": "up"})
	members := func(want int) []string {
		t.Helper()
		got := c.call("autoscaling", "DescribeAutoScalingInstances", nil).Strs("AutoScalingInstances.InstanceId")
		if len(got) != want {
			t.Errorf("the group has %v, want %d instances", got, want)
		}
		return got
	}
	one := members(2)[0]
	c.call("autoscaling", "TerminateInstanceInAutoScalingGroup", params{"InstanceId": one, "ShouldDecrementDesiredCapacity": true})
	if left := members(1); left[0] == one {
		t.Errorf("%s is still there", one)
	}
	c.call("autoscaling", "SuspendProcesses", params{"AutoScalingGroupName": "a", "ScalingProcesses": []any{"Launch"}})
	c.call("autoscaling", "SetDesiredCapacity", params{"AutoScalingGroupName": "a", "DesiredCapacity": int64(3)})
	members(1)
	c.call("autoscaling", "ResumeProcesses", params{"AutoScalingGroupName": "a"})
	members(3)
	c.refused("autoscaling", "SetDesiredCapacity", params{"AutoScalingGroupName": "a", "DesiredCapacity": int64(9)}, "ValidationError")
	c.call("autoscaling", "DeletePolicy", params{"AutoScalingGroupName": "a", "PolicyName": "up"})
	c.call("autoscaling", "DeleteTags", params{"Tags": []any{params{"ResourceId": "a", "ResourceType": "auto-scaling-group", "Key": "team"}}})
}

// TestGroupThatCannotLaunchSaysSo gives a group an image that goes away.
func TestGroupThatCannotLaunchSaysSo(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	id := c.call("ec2", "RunInstances", params{"ImageId": "ami-12345678", "MinCount": int64(1), "MaxCount": int64(1)}).Str("Instances.InstanceId")
	image := c.call("ec2", "CreateImage", params{"InstanceId": id, "Name": "golden"}).Str("ImageId")
	c.call("autoscaling", "CreateLaunchConfiguration", params{"LaunchConfigurationName": "lc", "ImageId": image, "InstanceType": "t2.micro"})
	c.call("ec2", "DeregisterImage", params{"ImageId": image})
	c.call("autoscaling", "CreateAutoScalingGroup", params{
		"AutoScalingGroupName": "a", "LaunchConfigurationName": "lc", "MinSize": int64(1), "MaxSize": int64(1), "AvailabilityZones": []any{"us-west-2a"},
	})
	c.call("ec2", "CreateKeyPair", params{"KeyName": "k", "KeyType": "ed25519"})
	seen := c.call("autoscaling", "DescribeScalingActivities", nil)
	if got := seen.Strs("Activities.StatusCode"); !slices.Equal(got, []string{"Failed"}) {
		t.Errorf("the activities are %v, want one that failed: a group must not try at every call", got)
	}
}

func TestServicesReplaceTheirTasks(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	c.refused("ecs", "CreateService", params{"serviceName": "web"}, "ClusterNotFoundException")
	c.call("ecs", "CreateCluster", params{"clusterName": "c", "tags": []any{params{"key": "a", "value": "1"}}})
	define := func(memory int64) {
		c.call("ecs", "RegisterTaskDefinition", params{
			"family": "web", "containerDefinitions": []any{params{"name": "app", "image": "nginx", "memory": memory}},
		})
	}
	define(128)
	create := params{"cluster": "c", "serviceName": "web", "taskDefinition": "web", "desiredCount": int64(2)}
	c.call("ecs", "CreateService", create)
	if again := c.call("ecs", "CreateService", create); again.Str("service.serviceName") != "web" {
		t.Errorf("the same request again = %v", again)
	}
	create["desiredCount"] = int64(3)
	c.refused("ecs", "CreateService", create, "InvalidParameterException")
	tasks := func() []string {
		return c.call("ecs", "ListTasks", params{"cluster": "c", "serviceName": "web"}).Strs("taskArns")
	}
	before := tasks()
	define(256)
	c.call("ecs", "UpdateService", params{"cluster": "c", "service": "web", "taskDefinition": "web:2"})
	after := tasks()
	if len(after) != 2 || slices.Contains(after, before[0]) {
		t.Errorf("the tasks were %v and are %v", before, after)
	}
	if seen := c.call("ecs", "DescribeServices", params{"cluster": "c", "services": []any{"web"}}); seen.Str("services.deployments.rolloutState") != "COMPLETED" {
		t.Errorf("DescribeServices = %v", seen)
	}
	c.refused("ecs", "DeleteCluster", params{"cluster": "c"}, "ClusterContainsServicesException")
	c.call("ecs", "DeleteService", params{"cluster": "c", "service": "web", "force": true})
	c.refused("ecs", "UpdateService", params{"cluster": "c", "service": "web"}, "ServiceNotActiveException")
	arn := "arn:aws:ecs:us-west-2:123456789012:cluster/c"
	c.call("ecs", "TagResource", params{"resourceArn": arn, "tags": []any{params{"key": "b", "value": "2"}}})
	c.call("ecs", "UntagResource", params{"resourceArn": arn, "tagKeys": []any{"a"}})
	if tags := c.call("ecs", "ListTagsForResource", params{"resourceArn": arn}); !slices.Equal(tags.Strs("tags.key"), []string{"b"}) {
		t.Errorf("ListTagsForResource = %v", tags)
	}
	c.call("ecs", "DeregisterTaskDefinition", params{"taskDefinition": "web:1"})
	if left := c.call("ecs", "ListTaskDefinitions", nil); len(left.All("taskDefinitionArns")) != 1 {
		t.Errorf("ListTaskDefinitions = %v", left)
	}
	c.call("ecs", "PutClusterCapacityProviders", params{"cluster": "c", "capacityProviders": []any{"FARGATE"}, "defaultCapacityProviderStrategy": []any{}})
	c.call("ecs", "DeleteCluster", params{"cluster": arn})
}

func TestInstanceAttributesProtect(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	id := c.call("ec2", "RunInstances", params{"ImageId": "ami-12345678", "MinCount": int64(1), "MaxCount": int64(1)}).Str("Instances.InstanceId")
	protect := func(v bool) {
		c.call("ec2", "ModifyInstanceAttribute", params{"InstanceId": id, "DisableApiTermination": params{"Value": v}})
	}
	protect(true)
	if a := c.call("ec2", "DescribeInstanceAttribute", params{"InstanceId": id, "Attribute": "disableApiTermination"}); !a.Bool("DisableApiTermination.Value") {
		t.Errorf("DescribeInstanceAttribute = %v", a)
	}
	c.refused("ec2", "TerminateInstances", params{"InstanceIds": []any{id}}, "OperationNotPermitted")
	c.refused("ec2", "ModifyInstanceAttribute", params{"InstanceId": id, "InstanceType": params{"Value": "t3.small"}}, "IncorrectInstanceState")
	protect(false)
	c.call("ec2", "MonitorInstances", params{"InstanceIds": []any{id}})
	c.call("ec2", "StopInstances", params{"InstanceIds": []any{id}})
	c.call("ec2", "ModifyInstanceAttribute", params{"InstanceId": id, "InstanceType": params{"Value": "t3.small"}})
	c.call("ec2", "TerminateInstances", params{"InstanceIds": []any{id}})
}

func TestSSLPoliciesAreListed(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	one := c.call("elbv2", "DescribeSSLPolicies", params{"Names": []any{"ELBSecurityPolicy-TLS13-1-3-2021-06"}, "LoadBalancerType": "network"})
	if len(one.All("SslPolicies")) != 1 || !slices.Equal(one.Strs("SslPolicies.SslProtocols"), []string{"TLSv1.3"}) || len(one.All("SslPolicies.Ciphers")) != 3 {
		t.Errorf("DescribeSSLPolicies = %v", one)
	}
	c.refused("elbv2", "DescribeSSLPolicies", params{"Names": []any{"mine"}}, "SSLPolicyNotFoundException")
	page := c.call("elbv2", "DescribeSSLPolicies", params{"PageSize": int64(2)})
	if len(page.All("SslPolicies")) != 2 || !page.Has("NextMarker") {
		t.Errorf("a page of two is %v", page)
	}
}

func TestContainerInstancesJoinTheirCluster(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	c.call("ecs", "CreateCluster", params{"clusterName": "c"})
	made := c.call("ecs", "RegisterContainerInstance", params{
		"cluster": "c", "instanceIdentityDocument": `{"instanceId":"i-0123456789abcdef0"}`, "versionInfo": params{"agentVersion": "1.80.0"},
		"totalResources": []any{params{"name": "CPU", "type": "INTEGER", "integerValue": int64(2048)}},
	})
	id := made.Str("containerInstance.containerInstanceArn")
	if made.Str("containerInstance.ec2InstanceId") != "i-0123456789abcdef0" || made.Str("containerInstance.status") != "ACTIVE" ||
		made.Int("containerInstance.remainingResources.integerValue") != 2048 {
		t.Errorf("RegisterContainerInstance = %v", made)
	}
	again := c.call("ecs", "RegisterContainerInstance", params{"cluster": "c", "containerInstanceArn": id, "versionInfo": params{"agentVersion": "1.81.0"}})
	if again.Str("containerInstance.containerInstanceArn") != id || again.Str("containerInstance.versionInfo.agentVersion") != "1.81.0" {
		t.Errorf("RegisterContainerInstance again = %v", again)
	}
	drained := c.call("ecs", "UpdateContainerInstancesState", params{"cluster": "c", "containerInstances": []any{id, "nobody"}, "status": "DRAINING"})
	if drained.Str("containerInstances.status") != "DRAINING" || drained.Str("failures.reason") != "MISSING" {
		t.Errorf("UpdateContainerInstancesState = %v", drained)
	}
	if left := c.call("ecs", "ListContainerInstances", params{"cluster": "c", "status": "ACTIVE"}); len(left.All("containerInstanceArns")) != 0 {
		t.Errorf("ListContainerInstances = %v", left)
	}
	seen := c.call("ecs", "DescribeContainerInstances", params{"cluster": "c", "containerInstances": []any{id}})
	if seen.Str("containerInstances.containerInstanceArn") != id {
		t.Errorf("DescribeContainerInstances = %v", seen)
	}
	c.refused("ecs", "DeleteCluster", params{"cluster": "c"}, "ClusterContainsContainerInstancesException")
	gone := c.call("ecs", "DeregisterContainerInstance", params{"cluster": "c", "containerInstance": id, "force": true})
	if gone.Str("containerInstance.status") != "INACTIVE" {
		t.Errorf("DeregisterContainerInstance = %v", gone)
	}
	c.refused("ecs", "DeregisterContainerInstance", params{"cluster": "c", "containerInstance": id}, "InvalidParameterException")
	c.call("ecs", "DeleteCluster", params{"cluster": "c"})
}
