package sandbox

import (
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// guesser makes requests that agree with the model and often name what exists.
type guesser struct {
	*rand.Rand
	// known are strings of answers, by the end of their member's name:
	// "InstanceId", "Arn".
	known map[string][]string
}

// learn takes the strings of an answer.
func (g *guesser) learn(name string, v any) {
	switch v := v.(type) {
	case string:
		if len(g.known[name]) < 20 && v != "" {
			g.known[name] = append(g.known[name], v)
		}
	case []any:
		for _, e := range v {
			g.learn(name, e)
		}
	case map[string]any:
		for k, e := range v {
			g.learn(k, e)
		}
	}
}

func (g *guesser) structure(s *awsapi.Shape, depth int) map[string]any {
	p := params{}
	for _, m := range s.Members {
		if m.Name == "DryRun" || !m.Required && (depth == 0 || g.IntN(3) > 0) {
			continue
		}
		p[m.Name] = g.value(m.Name, m.Shape, depth-1)
	}
	return p
}

func (g *guesser) value(name string, s *awsapi.Shape, depth int) any {
	switch s.Kind {
	case awsapi.Structure:
		return g.structure(s, max(depth, 0))
	case awsapi.List:
		list := []any{}
		for range g.IntN(3) {
			list = append(list, g.value(strings.TrimSuffix(name, "s"), s.Elem.Shape, depth-1))
		}
		return list
	case awsapi.Map:
		return map[string]any{"k": g.value(name, s.Value.Shape, depth-1)}
	case awsapi.Boolean:
		return g.IntN(2) == 0
	case awsapi.Integer, awsapi.Long:
		return []int64{-1, 0, 1, 2, 3, 80, 65535}[g.IntN(7)]
	case awsapi.Float, awsapi.Double:
		return g.Float64()
	case awsapi.Timestamp:
		return time.Date(2026, 3, 1+g.IntN(9), 0, 0, 0, 0, time.UTC)
	case awsapi.Blob:
		return []byte("x")
	}
	return g.text(name, s)
}

func (g *guesser) text(name string, s *awsapi.Shape) string {
	if len(s.Enum) > 0 && g.IntN(4) > 0 {
		return s.Enum[g.IntN(len(s.Enum))]
	}
	for _, known := range []string{name, strings.ToLower(name[:1]) + name[1:] + "Arn", strings.TrimSuffix(name, "Id") + "Id", name + "Id"} {
		if all := g.known[known]; len(all) > 0 && g.IntN(12) > 0 {
			return all[g.IntN(len(all))]
		}
	}
	if strings.Contains(name, "Cidr") {
		return []string{"10.0.0.0/16", "10.0.1.0/24", "172.31.200.0/24"}[g.IntN(3)]
	}
	return []string{"", "a", "b", "web:1", "-", "i-0123456789abcdef0", "arn:aws:ecs:us-west-2:123456789012:cluster/a", "{id}", "$Latest", "*"}[g.IntN(10)]
}

// furnish makes one of most kinds, whose names end in suffix.
func furnish(c *client, g *guesser, suffix string) {
	call := func(service, operation string, p params) engine.Attrs {
		out, err := c.try(service, operation, p)
		if err != nil {
			return engine.Attrs{} // what random calls left behind may be in the way
		}
		g.learn("", map[string]any(out))
		return out
	}
	subnets := call("ec2", "DescribeSubnets", nil)
	vpc, ids := subnets.Str("Subnets.VpcId"), subnets.Strs("Subnets.SubnetId")
	for _, op := range []string{"DescribeVpcs", "DescribeSecurityGroups", "DescribeSecurityGroupRules", "DescribeRouteTables", "DescribeNetworkAcls"} {
		call("ec2", op, nil)
	}
	g.known["ImageId"] = []string{"ami-12345678"}
	g.known["InstanceType"] = []string{"t3.micro"}
	g.known["AvailabilityZone"] = []string{"us-west-2a", "us-west-2b"}
	run := call("ec2", "RunInstances", params{"ImageId": "ami-12345678", "MinCount": int64(2), "MaxCount": int64(2)})
	call("ec2", "DescribeNetworkInterfaces", nil)
	call("ec2", "CreateVolume", params{"Size": int64(1), "AvailabilityZone": "us-west-2a"})
	call("ec2", "CreateSnapshot", params{"VolumeId": call("ec2", "DescribeVolumes", nil).Str("Volumes.VolumeId")})
	call("ec2", "CreateImage", params{"InstanceId": run.Str("Instances.InstanceId"), "Name": "image" + suffix})
	call("ec2", "AllocateAddress", nil)
	call("ec2", "CreateLaunchTemplate", params{"LaunchTemplateName": "lt" + suffix, "LaunchTemplateData": params{"ImageId": "ami-12345678"}})
	other := call("ec2", "CreateVpc", params{"CidrBlock": "10.0.0.0/16"}).Str("Vpc.VpcId")
	call("ec2", "CreateVpcPeeringConnection", params{"VpcId": vpc, "PeerVpcId": other})
	call("ec2", "CreateVpcEndpoint", params{"VpcId": vpc, "ServiceName": "com.amazonaws.us-west-2.s3"})
	call("ec2", "CreateInternetGateway", nil)
	call("ec2", "DescribeCapacityBlockOfferings", params{"CapacityDurationHours": int64(24)})
	call("ec2", "CreateCapacityReservation", params{
		"InstanceType": "t3.micro", "InstancePlatform": "Linux/UNIX", "InstanceCount": int64(1), "AvailabilityZone": "us-west-2a",
	})
	if len(ids) < 2 {
		return
	}
	group := call("elbv2", "CreateTargetGroup", params{"Name": "tg" + suffix, "Protocol": "TCP", "Port": int64(80), "VpcId": vpc}).Str("TargetGroups.TargetGroupArn")
	balancer := call("elbv2", "CreateLoadBalancer", params{"Name": "lb" + suffix, "Type": "network", "Subnets": []any{ids[0], ids[1]}}).Str("LoadBalancers.LoadBalancerArn")
	listener := call("elbv2", "CreateListener", params{"LoadBalancerArn": balancer, "Protocol": "TCP", "Port": int64(80), "DefaultActions": []any{
		params{"Type": "forward", "TargetGroupArn": group},
	}}).Str("Listeners.ListenerArn")
	call("elbv2", "DescribeRules", params{"ListenerArn": listener})
	call("autoscaling", "CreateLaunchConfiguration", params{"LaunchConfigurationName": "lc" + suffix, "ImageId": "ami-12345678", "InstanceType": "t2.micro"})
	call("autoscaling", "CreateAutoScalingGroup", params{
		"AutoScalingGroupName": "asg" + suffix, "LaunchConfigurationName": "lc" + suffix, "MinSize": int64(1), "MaxSize": int64(3),
		"VPCZoneIdentifier": ids[0], "TargetGroupARNs": []any{group},
	})
	call("autoscaling", "PutLifecycleHook", params{
		"AutoScalingGroupName": "asg" + suffix, "LifecycleHookName": "hook", "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
	})
	call("autoscaling", "PutScheduledUpdateGroupAction", params{
		"AutoScalingGroupName": "asg" + suffix, "ScheduledActionName": "grow", "MinSize": int64(1), "Recurrence": "0 9 * * *",
	})
	call("autoscaling", "DescribeLifecycleHooks", params{"AutoScalingGroupName": "asg" + suffix})
	call("autoscaling", "DescribeScheduledActions", nil)
	call("autoscaling", "DescribeAutoScalingGroups", nil)
	call("autoscaling", "DescribeLaunchConfigurations", nil)
	call("ecs", "CreateCluster", params{"clusterName": "default"})
	call("ecs", "RegisterTaskDefinition", params{"family": "web", "containerDefinitions": []any{params{"name": "a", "image": "i", "memory": int64(8)}}})
	call("ecs", "RunTask", params{"taskDefinition": "web"})
	call("ecs", "CreateService", params{"serviceName": "s" + suffix, "taskDefinition": "web", "desiredCount": int64(1)})
	for name, as := range map[string]string{
		"clusterArn": "cluster", "taskArn": "task", "serviceArn": "service", "taskDefinitionArn": "taskDefinition", "LoadBalancerArn": "ResourceArn",
		"OwnerId": "AccountId", "SnapshotId": "SourceSnapshotId", "ImageId": "SourceImageId", "TargetGroupArn": "TargetGroupARN",
	} {
		g.known[as] = g.known[name]
	}
	g.known["resourceArn"] = append(g.known["clusterArn"], g.known["taskArn"]...)
}

// row is an operation of the tables.
type row struct {
	service string
	op      *awsapi.Operation
}

// play makes random calls. Whatever they ask, the answer agrees with the model,
// or the error has a code and a text. It returns the rows, and how often each
// succeeded.
func play(c *client, seed uint64, calls int) ([]row, map[string]int) {
	t := c.t
	var rows []row
	for _, s := range services() {
		model, err := c.catalog.Service(s.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, op := range s.Ops {
			rows = append(rows, row{s.ID, model.Operation(op.Name)})
		}
	}
	g := &guesser{Rand: rand.New(rand.NewPCG(seed, 4)), known: make(map[string][]string)}
	answered := make(map[string]int)
	for i := range calls {
		if i%500 == 0 {
			clear(g.known)
			furnish(c, g, strconv.Itoa(i))
		}
		r := rows[g.IntN(len(rows))]
		p := params{}
		if r.op.Input != nil {
			p = g.structure(r.op.Input, 3)
		}
		if r.op.Name == "CreateKeyPair" {
			p["KeyType"] = "ed25519" // RSA keys take their time
		}
		for _, size := range []string{"MaxCount", "DesiredCapacity", "MinSize"} {
			if n, ok := p[size].(int64); ok {
				p[size] = min(n, 5)
			}
		}
		before := engine.Attrs(p).Clone()
		out, err := c.try(r.service, r.op.Name, p)
		if !equal(before, p) {
			t.Fatalf("%s:%s changed its parameters", r.service, r.op.Name)
		}
		if err == nil {
			answered[r.service+":"+r.op.Name]++
			g.learn("", map[string]any(out))
			continue
		}
		refusal := engine.Refusal(err)
		if refusal == nil || refusal.Code == "" || refusal.Message == "" {
			t.Errorf("%s:%s %v = %#v", r.service, r.op.Name, p, err)
		}
	}
	return rows, answered
}

func TestRandomCallsAreAnsweredOrRefused(t *testing.T) {
	store := new(engine.Memory)
	c := newClient(t, store)
	rows, answered := play(c, 6, 3000)
	var never []string
	for _, r := range rows {
		if name := r.service + ":" + r.op.Name; answered[name] == 0 {
			never = append(never, name)
		}
	}
	if t.Logf("of %d operations these never succeeded: %v", len(rows), never); len(never) > len(rows)/8 {
		t.Error("the random calls are too seldom right to say anything")
	}
	again := newClient(t, store)
	again.now = c.now
	if got, want := again.call("ec2", "DescribeInstances", nil), c.call("ec2", "DescribeInstances", nil); !equal(got, want) {
		t.Error("the instances differ after a restart")
	}
}

func FuzzCalls(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { play(newClient(t, new(engine.Memory)), seed, 400) })
}

func equal(a, b engine.Attrs) bool { return reflect.DeepEqual(a, b) }
