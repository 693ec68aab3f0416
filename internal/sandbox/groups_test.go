package sandbox

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// group makes a group of n instances from a launch template.
func (o *owner) group(n int64, targets ...any) {
	o.t.Helper()
	o.wait(0)
	o.call("ec2", "CreateLaunchTemplate", params{"LaunchTemplateName": "web", "LaunchTemplateData": params{"ImageId": "ami-12345678"}})
	o.call("autoscaling", "CreateAutoScalingGroup", params{
		"AutoScalingGroupName": "web", "MinSize": int64(0), "MaxSize": int64(5), "DesiredCapacity": n, "AvailabilityZones": []any{"us-west-2a"},
		"LaunchTemplate": params{"LaunchTemplateName": "web"}, "TargetGroupARNs": targets,
	})
}

// states are those of the group's instances.
func (o *owner) states() []string {
	o.t.Helper()
	all := o.call("autoscaling", "DescribeAutoScalingInstances", nil).Strs("AutoScalingInstances.LifecycleState")
	slices.Sort(all)
	return all
}

func TestScheduledActionsSizeTheirGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it begins at midnight
		o := running(t, new(invoked))
		defer o.stop()
		o.group(1)
		put := func(name string, p params) {
			t.Helper()
			p["AutoScalingGroupName"], p["ScheduledActionName"] = "web", name
			o.call("autoscaling", "PutScheduledUpdateGroupAction", p)
		}
		put("open", params{"Recurrence": "0 9 * * *", "DesiredCapacity": int64(3)})
		put("close", params{"Recurrence": "0 18 * * *", "DesiredCapacity": int64(0), "MaxSize": int64(4), "EndTime": o.now.Add(24 * time.Hour)})
		put("once", params{"StartTime": o.now.Add(12 * time.Hour), "MinSize": int64(4)})
		for _, bad := range []params{
			{"Recurrence": "0 9 * *", "MinSize": int64(1)}, {"Recurrence": "0 9 * * *"}, {"MinSize": int64(1)},
			{"StartTime": o.now.Add(-time.Hour), "MinSize": int64(1)},
		} {
			bad["AutoScalingGroupName"], bad["ScheduledActionName"] = "web", "bad"
			o.refused("autoscaling", "PutScheduledUpdateGroupAction", bad, "ValidationError")
		}
		sizes := func(clock string, want int, actions ...string) {
			t.Helper()
			if n := len(o.states()); n != want {
				t.Errorf("at %s there are %d instances, want %d", clock, n, want)
			}
			got := o.call("autoscaling", "DescribeScheduledActions", nil).Strs("ScheduledUpdateGroupActions.ScheduledActionName")
			if !slices.Equal(got, actions) {
				t.Errorf("at %s the actions are %v, want %v", clock, got, actions)
			}
		}
		o.wait(8*time.Hour + 59*time.Minute)
		sizes("8:59", 1, "open", "close", "once")
		o.wait(10 * time.Minute)
		sizes("9:09", 3, "open", "close", "once")
		why := o.call("autoscaling", "DescribeScalingActivities", nil).Str("Activities.Cause")
		if want := "the scheduled action open executed. Setting desired capacity from 1 to 3."; !strings.Contains(why, want) {
			t.Errorf("the cause is %q, want %q in it", why, want)
		}
		o.wait(3 * time.Hour)
		sizes("12:09", 4, "open", "close")
		o.call("autoscaling", "SuspendProcesses", params{"AutoScalingGroupName": "web", "ScalingProcesses": []any{"ScheduledActions"}})
		o.wait(6 * time.Hour)
		sizes("18:09", 4, "open")
		gone := o.call("autoscaling", "BatchDeleteScheduledAction", params{"AutoScalingGroupName": "web", "ScheduledActionNames": []any{"open", "close"}})
		if got := gone.Strs("FailedScheduledActions.ScheduledActionName"); !slices.Equal(got, []string{"close"}) {
			t.Errorf("BatchDeleteScheduledAction fails for %v", got)
		}
	})
}

func TestInstancesWaitForLifecycleHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := new(invoked)
		o := running(t, calls)
		defer o.stop()
		o.wait(0)
		targets := o.call("elbv2", "CreateTargetGroup", params{
			"Name": "web", "Protocol": "TCP", "Port": int64(80), "VpcId": o.call("ec2", "DescribeVpcs", nil).Str("Vpcs.VpcId"),
		}).Str("TargetGroups.TargetGroupArn")
		o.group(0, targets)
		hook := func(name, transition, result string) {
			o.call("autoscaling", "PutLifecycleHook", params{
				"AutoScalingGroupName": "web", "LifecycleHookName": name, "LifecycleTransition": "autoscaling:EC2_INSTANCE_" + transition,
				"HeartbeatTimeout": int64(600), "DefaultResult": result,
			})
		}
		hook("in", "LAUNCHING", "CONTINUE")
		hook("out", "TERMINATING", "ABANDON")
		size := func(n int64) {
			o.call("autoscaling", "SetDesiredCapacity", params{"AutoScalingGroupName": "web", "DesiredCapacity": n})
			o.wait(time.Minute)
		}
		want := func(what, made string, states ...string) {
			t.Helper()
			if got := o.states(); !slices.Equal(got, states) {
				t.Errorf("%s: the instances are %v, want %v", what, got, states)
			}
			if got := calls.take(); got != made {
				t.Errorf("%s: Auto Scaling calls %s, want %s", what, got, made)
			}
		}
		const as = "1 autoscaling.amazonaws.com "
		size(2)
		want("launched", as+"RunInstances", "Pending:Wait", "Pending:Wait")
		ids := o.call("autoscaling", "DescribeAutoScalingInstances", nil).Strs("AutoScalingInstances.InstanceId")
		done := func(id, hook, result string) params {
			return params{"AutoScalingGroupName": "web", "LifecycleHookName": hook, "InstanceId": id, "LifecycleActionResult": result}
		}
		o.call("autoscaling", "CompleteLifecycleAction", done(ids[0], "in", "CONTINUE"))
		o.refused("autoscaling", "CompleteLifecycleAction", done(ids[0], "in", "CONTINUE"), "ValidationError")
		o.wait(time.Minute)
		want("one is ready", as+"RegisterTargets", "InService", "Pending:Wait")
		o.call("autoscaling", "RecordLifecycleActionHeartbeat", params{"AutoScalingGroupName": "web", "LifecycleHookName": "in", "InstanceId": ids[1]})
		o.wait(9 * time.Minute)
		want("the other waits on", "", "InService", "Pending:Wait")
		o.wait(2 * time.Minute)
		want("the other continues", as+"RegisterTargets", "InService", "InService")
		size(1)
		want("one is to go", as+"DeregisterTargets", "InService", "Terminating:Wait")
		o.wait(10 * time.Minute)
		want("one is gone", as+"TerminateInstances", "InService")
		o.call("autoscaling", "DeleteLifecycleHook", params{"AutoScalingGroupName": "web", "LifecycleHookName": "out"})
		size(2)
		want("another comes", as+"RunInstances", "InService", "Pending:Wait")
		for _, i := range o.call("autoscaling", "DescribeAutoScalingInstances", nil).Subs("AutoScalingInstances") {
			if i.Str("LifecycleState") == "Pending:Wait" {
				o.call("autoscaling", "CompleteLifecycleAction", done(i.Str("InstanceId"), "in", "ABANDON"))
			}
		}
		o.wait(time.Minute)
		want("it is abandoned and replaced", as+"DeregisterTargets, "+as+"RunInstances, "+as+"TerminateInstances", "InService", "Pending:Wait")
	})
}
