package autoscaling

import (
	"slices"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// members are the group's instances that run, or are about to.
func members(x *engine.Exec, group string) []*engine.Resource {
	var all []*engine.Resource
	for _, i := range x.List("ec2/instance") {
		if s := i.Str("State.Name"); (s == "pending" || s == "running") && groupOf(i) == group {
			all = append(all, i)
		}
	}
	return all
}

// groupOf returns the name of the group that an instance belongs to, or "".
func groupOf(instance *engine.Resource) string {
	for _, tag := range instance.Subs("Tags") {
		if tag.Str("Key") == groupTag {
			return tag.Str("Value")
		}
	}
	return ""
}

func viewGroup(x *engine.Exec, a engine.Attrs) {
	list := []any{}
	for _, i := range x.List("ec2/instance") {
		if groupOf(i) == a.Str("AutoScalingGroupName") && i.Str("State.Name") != "terminated" {
			list = append(list, map[string]any(member(x, a, i)))
		}
	}
	a.Set("Instances", list)
}

// member shows an instance as one of the group.
func member(x *engine.Exec, group engine.Attrs, i *engine.Resource) engine.Attrs {
	state, health := "InService", "Healthy"
	switch i.Str("State.Name") {
	case "pending":
		state = "Pending"
	case "shutting-down", "stopping", "stopped":
		state, health = "Terminating", "Unhealthy"
	default:
		switch {
		case waiting(group, i.ID, terminating, x.Now()).open:
			state = "Terminating:Wait"
		case waiting(group, i.ID, launching, x.Now()).open:
			state = "Pending:Wait"
		}
	}
	m := engine.Attrs{
		"InstanceId": i.ID, "InstanceType": i.Str("InstanceType"), "AvailabilityZone": i.Str("Placement.AvailabilityZone"),
		"LifecycleState": state, "HealthStatus": health, "ProtectedFromScaleIn": group.Bool("NewInstancesProtectedFromScaleIn"),
	}
	m.Set("LaunchConfigurationName", group.Get("LaunchConfigurationName"))
	if t := group.Sub("LaunchTemplate"); t != nil {
		m.Set("LaunchTemplate", map[string]any(t.Clone()))
	}
	return m
}

func describeInstances(x *engine.Exec) (map[string]any, error) {
	ids := x.Params.Strs("InstanceIds")
	list := []any{}
	for _, group := range x.List("group") {
		for _, m := range x.Shown("group", group).Subs("Instances") {
			if len(ids) == 0 || slices.Contains(ids, m.Str("InstanceId")) {
				m.Set("AutoScalingGroupName", group.ID)
				m.Set("HealthStatus", map[string]string{"Healthy": "HEALTHY", "Unhealthy": "UNHEALTHY"}[m.Str("HealthStatus")])
				list = append(list, map[string]any(m))
			}
		}
	}
	return map[string]any{"AutoScalingInstances": list}, nil
}

// terminateInstance marks an instance, which the group then terminates.
func terminateInstance(x *engine.Exec) (map[string]any, error) {
	id := x.Params.Str("InstanceId")
	instance := x.Look("ec2/instance", id)
	if instance == nil || x.Look("group", groupOf(instance)) == nil {
		return nil, invalid("Instance Id not found - No managed instance found for instance ID: " + id).With()
	}
	group := x.Look("group", groupOf(instance))
	why := "instance " + id + " was taken out of service in response to a user request."
	if x.Params.Bool("ShouldDecrementDesiredCapacity") {
		if group.Int("DesiredCapacity") <= group.Int("MinSize") {
			return nil, invalid("Currently, desiredSize equals minSize. Terminating instance without replacement will violate group's min size constraint. " +
				"Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.").With()
		}
		group = x.Edit("group", group)
		group.Set("DesiredCapacity", group.Int("DesiredCapacity")-1)
	}
	x.Edit("group", group).Append(doomed, id)
	return x.Answer("activity", &engine.Resource{Attrs: engine.Attrs{
		"ActivityId": x.UUID(), "AutoScalingGroupName": group.ID, "Description": "Terminating EC2 instance: " + id,
		"Cause": "At " + x.Now().Format("2006-01-02T15:04:05Z") + " " + why, "StartTime": x.Now(),
		"StatusCode": "InProgress", "Progress": int64(0), "AutoScalingGroupARN": group.Str("AutoScalingGroupARN"),
	}}), nil
}
