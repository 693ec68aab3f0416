package sandbox

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// invoked are the calls that services make of each other.
type invoked struct {
	mu    sync.Mutex
	calls []string // guarded by mu; "principal operation"
}

// take returns the calls since the last time, each with how often it was made.
func (i *invoked) take() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	count := make(map[string]int)
	for _, c := range i.calls {
		count[c]++
	}
	i.calls = nil
	var all []string
	for c, n := range count {
		all = append(all, fmt.Sprintf("%d %s", n, c))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// running is a client of a sandbox that runs at the pace of AWS.
func running(t *testing.T, calls *invoked) *owner {
	t.Helper()
	var c *client
	c = newClientWith(t, new(engine.Memory), Options{Pace: 1, Invoke: func(ctx context.Context, call *awsapi.Call) (map[string]any, error) {
		calls.mu.Lock()
		calls.calls = append(calls.calls, call.Caller.InvokedBy+" "+call.Operation.Name)
		calls.mu.Unlock()
		return c.sandbox.Call(ctx, call)
	}})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.sandbox.Run(ctx) }()
	synctest.Wait()
	return &owner{client: c, stop: func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}}
}

// wait lets time go by in the sandbox, and the client's clock with it.
func (o *owner) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
	o.now = time.Now().Add(-time.Second)
}

// serve makes a cluster with a service of n tasks in the subnet.
func (o *owner) serve(n int64, subnet string, balancers ...any) {
	o.t.Helper()
	o.call("ecs", "CreateCluster", params{"clusterName": "default"})
	o.call("ecs", "RegisterTaskDefinition", params{
		"family": "web", "networkMode": "awsvpc", "requiresCompatibilities": []any{"FARGATE"}, "cpu": "256", "memory": "512",
		"containerDefinitions": []any{params{"name": "app", "image": "nginx", "portMappings": []any{params{"containerPort": int64(8080)}}}},
	})
	o.call("ecs", "CreateService", params{
		"serviceName": "web", "taskDefinition": "web", "desiredCount": n, "launchType": "FARGATE", "loadBalancers": balancers,
		"networkConfiguration": params{"awsvpcConfiguration": params{"subnets": []any{subnet}}},
	})
}

// web makes a service of two tasks behind a load balancer, and returns its target
// group.
func (o *owner) web() string {
	o.t.Helper()
	o.wait(0)
	subnets := o.call("ec2", "DescribeSubnets", nil)
	ids := subnets.Strs("Subnets.SubnetId")
	group := o.call("elbv2", "CreateTargetGroup", params{
		"Name": "web", "Protocol": "TCP", "Port": int64(80), "VpcId": subnets.Str("Subnets.VpcId"), "TargetType": "ip",
	}).Str("TargetGroups.TargetGroupArn")
	balancer := o.call("elbv2", "CreateLoadBalancer", params{"Name": "web", "Type": "network", "Subnets": []any{ids[0]}})
	o.call("elbv2", "CreateListener", params{
		"LoadBalancerArn": balancer.Str("LoadBalancers.LoadBalancerArn"), "Protocol": "TCP", "Port": int64(80),
		"DefaultActions": []any{params{"Type": "forward", "TargetGroupArn": group}},
	})
	o.serve(2, ids[0], params{"targetGroupArn": group, "containerName": "app", "containerPort": int64(8080)})
	return group
}

// live are the addresses that a target group sends to.
func (o *owner) live(group string) []string {
	o.t.Helper()
	var ids []string
	for _, d := range o.call("elbv2", "DescribeTargetHealth", params{"TargetGroupArn": group}).Subs("TargetHealthDescriptions") {
		if d.Str("TargetHealth.Reason") != "Target.DeregistrationInProgress" {
			ids = append(ids, fmt.Sprint(d.Str("Target.Id"), ":", d.Int("Target.Port")))
		}
	}
	slices.Sort(ids)
	return ids
}

// addresses are those of the cluster's tasks.
func (o *owner) addresses() []string {
	o.t.Helper()
	var ids []string
	tasks := o.call("ecs", "ListTasks", nil).All("taskArns")
	if len(tasks) == 0 {
		return nil
	}
	for _, d := range o.call("ecs", "DescribeTasks", params{"tasks": tasks}).Subs("tasks.attachments.details") {
		if d.Str("name") == "privateIPv4Address" {
			ids = append(ids, d.Str("value")+":8080")
		}
	}
	slices.Sort(ids)
	return ids
}

// TestServicesKeepTheirTargetGroups plays a service that comes, loses a task,
// shrinks and goes.
func TestServicesKeepTheirTargetGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := new(invoked)
		o := running(t, calls)
		defer o.stop()
		group := o.web()
		step := func(what string, tasks int, made string) {
			t.Helper()
			o.wait(time.Minute)
			if got := calls.take(); got != made {
				t.Errorf("%s: ECS calls %s, want %s", what, got, made)
			}
			if got, want := o.live(group), o.addresses(); len(want) != tasks || !slices.Equal(got, want) {
				t.Errorf("%s: the targets are %v and the tasks %v, want %d", what, got, want, tasks)
			}
			if n := len(o.call("ec2", "DescribeNetworkInterfaces", nil).All("NetworkInterfaces")); n != tasks {
				t.Errorf("%s: there are %d network interfaces, want %d", what, n, tasks)
			}
		}
		const ecs = " ecs.amazonaws.com "
		step("two tasks", 2, "1"+ecs+"RegisterTargets, 2"+ecs+"CreateNetworkInterface")
		o.call("ecs", "StopTask", params{"task": o.call("ecs", "ListTasks", nil).Strs("taskArns")[0]})
		step("one is stopped", 2, strings.Join([]string{
			"1" + ecs + "CreateNetworkInterface", "1" + ecs + "DeleteNetworkInterface", "1" + ecs + "DeregisterTargets", "1" + ecs + "RegisterTargets",
		}, ", "))
		o.call("ecs", "UpdateService", params{"service": "web", "desiredCount": int64(1)})
		step("one is enough", 1, "1"+ecs+"DeleteNetworkInterface, 1"+ecs+"DeregisterTargets")
		o.call("ecs", "UpdateService", params{"service": "web", "forceNewDeployment": true})
		step("a new deployment", 1, strings.Join([]string{
			"1" + ecs + "CreateNetworkInterface", "1" + ecs + "DeleteNetworkInterface", "1" + ecs + "DeregisterTargets", "1" + ecs + "RegisterTargets",
		}, ", "))
		o.call("ecs", "DeleteService", params{"service": "web", "force": true})
		step("none", 0, "1"+ecs+"DeleteNetworkInterface, 1"+ecs+"DeregisterTargets")
		o.wait(time.Hour)
		if got := calls.take(); got != "" {
			t.Errorf("after it all, ECS calls %s", got)
		}
	})
}

// TestServicesWaitBeforeTheyTryAgain gives a service of twelve tasks a subnet
// that has eleven addresses.
func TestServicesWaitBeforeTheyTryAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := new(invoked)
		o := running(t, calls)
		defer o.stop()
		o.wait(0)
		vpc := o.call("ec2", "CreateVpc", params{"CidrBlock": "10.0.0.0/24"}).Str("Vpc.VpcId")
		subnet := o.call("ec2", "CreateSubnet", params{"VpcId": vpc, "CidrBlock": "10.0.0.0/28"}).Str("Subnet.SubnetId")
		o.serve(12, subnet)
		o.wait(10*time.Minute + 30*time.Second)
		if got := calls.take(); got != "22 ecs.amazonaws.com CreateNetworkInterface" {
			t.Errorf("in ten minutes ECS calls %s, want one call for each of eleven tasks, and one a minute for the last", got)
		}
		seen := o.call("ecs", "DescribeServices", params{"services": []any{"web"}})
		if n := seen.Int("services.runningCount"); n != 11 {
			t.Errorf("%d tasks run, want 11", n)
		}
		why := "Unexpected EC2 error while attempting to Create Network Interface in subnet '" + subnet + "': InsufficientFreeAddressesInSubnet"
		if said := seen.Str("services.events.message"); !strings.HasSuffix(said, why+".") {
			t.Errorf("the service says %q, want %q", said, why)
		}
		stopped := o.call("ecs", "ListTasks", params{"desiredStatus": "STOPPED"}).All("taskArns")
		if gone := o.call("ecs", "DescribeTasks", params{"tasks": stopped[:1]}); gone.Str("tasks.stopCode") != "TaskFailedToStart" {
			t.Errorf("a task that could not start is %v", gone)
		}
	})
}
