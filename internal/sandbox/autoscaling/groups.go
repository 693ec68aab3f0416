package autoscaling

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// Attributes of a group that are not shown.
const (
	deleting = ".Deleting" // the group goes when its instances are gone
	doomed   = ".Doomed"   // instances that are to be terminated
	cause    = ".Cause"    // why the desired capacity is what it is
	retry    = ".Retry"    // when to try again to launch instances
)

// groupTag is the tag by which an instance belongs to a group.
const groupTag = "aws:autoscaling:groupName"

func groupKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "group", Shape: "AutoScalingGroup", ID: "AutoScalingGroupName", Tags: "Tags",
		Unknown: invalid("AutoScalingGroup name not found - null"),
		New: []engine.Field{
			engine.Make("AutoScalingGroupARN", engine.Func(func(x *engine.Exec, a engine.Attrs) (any, error) {
				return x.Expand(arn+"autoScalingGroup:"+x.UUID()+":autoScalingGroupName/{id}", a), nil
			})),
			engine.Make("CreatedTime", engine.Now()), engine.Make("DesiredCapacity", engine.Attr("MinSize")),
			engine.Be("DefaultCooldown", 300), engine.Be("HealthCheckType", "EC2"), engine.Be("HealthCheckGracePeriod", 0),
			engine.Make("LoadBalancerNames", engine.Empty()), engine.Make("TargetGroupARNs", engine.Empty()),
			engine.Make("Instances", engine.Empty()), engine.Make("SuspendedProcesses", engine.Empty()),
			engine.Make("EnabledMetrics", engine.Empty()), engine.Make("Tags", engine.Empty()),
			engine.Make("TrafficSources", engine.Empty()), engine.Be("TerminationPolicies", []any{"Default"}),
			engine.Be("NewInstancesProtectedFromScaleIn", false), engine.Be("VPCZoneIdentifier", ""),
			engine.Make("ServiceLinkedRoleARN", engine.Text(
				"arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling")),
			engine.Be("CapacityRebalance", false),
		},
		Unique: []engine.Unique{{
			Paths: []string{"AutoScalingGroupName"},
			Taken: engine.Refuse("AlreadyExistsFault", "AutoScalingGroup by this name already exists - A group with the name {AutoScalingGroupName} already exists"),
		}},
		View: viewGroup,
	}}
}

func groupOps() []engine.Op {
	zones := engine.Make("AvailabilityZones", engine.Func(zonesOf, "VPCZoneIdentifier", "AvailabilityZones"))
	template := engine.Make("LaunchTemplate", engine.Func(templateOf, "LaunchTemplate"))
	return []engine.Op{
		{Name: "CreateAutoScalingGroup", Do: engine.Create{Kind: "group", Check: checkGroup, Set: []engine.Field{
			zones, template,
			engine.Make("Tags", engine.Func(groupTags, "Tags")),
			engine.Make(cause, engine.Func(func(x *engine.Exec, _ engine.Attrs) (any, error) {
				return "a user request created an AutoScalingGroup changing the desired capacity from 0 to " +
					fmt.Sprint(wanted(x)), nil
			})),
		}}},
		{Name: "DescribeAutoScalingGroups", Do: engine.Describe{Kind: "group", Lenient: true}},
		{Name: "UpdateAutoScalingGroup", Do: engine.Update{
			Kind: "group", Check: checkUpdate, Set: []engine.Field{zones, template}, Then: resize,
		}},
		{Name: "SetDesiredCapacity", Do: engine.Update{Kind: "group", Check: checkDesired, Then: resize}},
		{Name: "DeleteAutoScalingGroup", Do: engine.Write(deleteGroup)},
		{Name: "TerminateInstanceInAutoScalingGroup", Do: engine.Write(terminateInstance)},
		{Name: "DescribeAutoScalingInstances", Do: engine.Read(describeInstances)},
		{Name: "AttachLoadBalancerTargetGroups", Do: engine.Update{Kind: "group", Check: targetGroupsExist, Set: []engine.Field{
			engine.Make("TargetGroupARNs", engine.Func(targetGroups(true), "TargetGroupARNs")),
		}}},
		{Name: "DetachLoadBalancerTargetGroups", Do: engine.Update{Kind: "group", Set: []engine.Field{
			engine.Make("TargetGroupARNs", engine.Func(targetGroups(false), "TargetGroupARNs")),
		}}},
		{Name: "DescribeLoadBalancerTargetGroups", Do: engine.Read(describeTargetGroups)},
		{Name: "SuspendProcesses", Do: engine.Update{Kind: "group", Set: []engine.Field{
			engine.Make("SuspendedProcesses", engine.Func(suspended(true), "ScalingProcesses")),
		}}},
		{Name: "ResumeProcesses", Do: engine.Update{Kind: "group", Set: []engine.Field{
			engine.Make("SuspendedProcesses", engine.Func(suspended(false), "ScalingProcesses")),
		}}},
	}
}

// wanted is the desired capacity that a request leads to.
func wanted(x *engine.Exec) int64 {
	if x.Params.Has("DesiredCapacity") {
		return x.Params.Int("DesiredCapacity")
	}
	return x.Params.Int("MinSize")
}

func checkGroup(x *engine.Exec) error {
	sources := 0
	for _, member := range []string{"LaunchConfigurationName", "LaunchTemplate", "MixedInstancesPolicy", "InstanceId"} {
		if x.Params.Has(member) {
			sources++
		}
	}
	if sources != 1 {
		return invalid("Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.").With()
	}
	if err := checkSizes(x.Params.Int("MinSize"), x.Params.Int("MaxSize"), wanted(x)); err != nil {
		return err
	}
	if x.Params.Str("VPCZoneIdentifier") == "" && len(x.Params.Strs("AvailabilityZones")) == 0 {
		return invalid("You must specify 1 of either AvailabilityZones and Subnets").With()
	}
	return targetGroupsExist(x, nil)
}

// maxSize bounds a group, whose instances are all kept.
const maxSize = 1000

func checkSizes(least, most, desired int64) error {
	if least < 0 || most > maxSize {
		return invalid(fmt.Sprintf("The sizes of a group must be between 0 and %d.", maxSize)).With()
	}
	if least > most {
		return invalid(fmt.Sprintf("Max bound, %d, must be greater than or equal to min bound, %d", most, least)).With()
	}
	if desired < least || desired > most {
		return invalid(fmt.Sprintf("Desired capacity:%d must be between the specified min size:%d and max size:%d", desired, least, most)).With()
	}
	return nil
}

func checkUpdate(x *engine.Exec, r *engine.Resource) error {
	size := func(member string) int64 {
		if x.Params.Has(member) {
			return x.Params.Int(member)
		}
		return r.Int(member)
	}
	least, most := size("MinSize"), size("MaxSize")
	if !x.Params.Has("DesiredCapacity") {
		return checkSizes(least, most, least)
	}
	return checkSizes(least, most, x.Params.Int("DesiredCapacity"))
}

func checkDesired(x *engine.Exec, r *engine.Resource) error {
	n := x.Params.Int("DesiredCapacity")
	if n > r.Int("MaxSize") {
		return invalid(fmt.Sprintf("New SetDesiredCapacity value %d is above max value %d for the AutoScalingGroup.", n, r.Int("MaxSize"))).With()
	}
	if n < r.Int("MinSize") {
		return invalid(fmt.Sprintf("New SetDesiredCapacity value %d is below min value %d for the AutoScalingGroup.", n, r.Int("MinSize"))).With()
	}
	return nil
}

// resize keeps the desired capacity within the bounds, and says why it is what
// it is.
func resize(x *engine.Exec, r *engine.Resource) error {
	n := min(max(r.Int("DesiredCapacity"), r.Int("MinSize")), r.Int("MaxSize"))
	r.Set("DesiredCapacity", n)
	before := x.Before("group", r.ID)
	r.Set(cause, fmt.Sprintf("a user request explicitly set group desired capacity changing the desired capacity from %d to %d",
		before.Int("DesiredCapacity"), n))
	r.Set(retry, nil)
	return nil
}

// zonesOf are the zones of the subnets that the request names, or those that it
// names itself.
func zonesOf(x *engine.Exec, _ engine.Attrs) (any, error) {
	if x.Params.Str("VPCZoneIdentifier") == "" {
		for _, name := range x.Params.Strs("AvailabilityZones") {
			if x.Look("ec2/availability-zone", name) == nil {
				return nil, invalid("Invalid availability zones: [" + name + "]").With()
			}
		}
		return x.Params.Get("AvailabilityZones"), nil
	}
	zones := []any{}
	for _, id := range subnets(x.Params.Str("VPCZoneIdentifier")) {
		subnet := x.Look("ec2/subnet", id)
		if subnet == nil {
			return nil, invalid("The subnet ID '" + id + "' does not exist").With()
		}
		if zone := any(subnet.Str("AvailabilityZone")); !slices.Contains(zones, zone) {
			zones = append(zones, zone)
		}
	}
	return zones, nil
}

func subnets(identifier string) []string {
	var ids []string
	for id := range strings.SplitSeq(identifier, ",") {
		if id = strings.TrimSpace(id); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// templateOf shows the launch template by id and by name.
func templateOf(x *engine.Exec, _ engine.Attrs) (any, error) {
	spec := x.Params.Sub("LaunchTemplate")
	if spec == nil {
		return nil, nil
	}
	ref := spec.Str("LaunchTemplateId")
	if ref == "" {
		ref = spec.Str("LaunchTemplateName")
	}
	t := x.Look("ec2/launch-template", ref)
	if t == nil {
		what := "template name " + ref
		if spec.Has("LaunchTemplateId") {
			what = "template ID " + ref
		}
		return nil, invalid("You must use a valid fully-formed launch template. The specified launch template, with " + what + ", does not exist.").With()
	}
	shown := map[string]any{"LaunchTemplateId": t.ID, "LaunchTemplateName": t.Str("LaunchTemplateName")}
	if v := spec.Str("Version"); v != "" {
		shown["Version"] = v
	}
	return shown, nil
}

func targetGroupsExist(x *engine.Exec, _ *engine.Resource) error {
	for _, id := range x.Params.Strs("TargetGroupARNs") {
		if x.Look("elbv2/target-group", id) == nil {
			return invalid("Provided Target Groups may not be valid. Please ensure they exist and try again.").With()
		}
	}
	return nil
}

// targetGroups are the group's target groups with those of the request, or
// without them.
func targetGroups(with bool) func(*engine.Exec, engine.Attrs) (any, error) {
	return func(x *engine.Exec, a engine.Attrs) (any, error) {
		before := x.Before("group", a.Str("AutoScalingGroupName"))
		ids := slices.Clone(before.All("TargetGroupARNs"))
		for _, id := range x.Params.All("TargetGroupARNs") {
			ids = slices.DeleteFunc(ids, func(v any) bool { return v == id })
			if with {
				ids = append(ids, id)
			}
		}
		return append([]any{}, ids...), nil
	}
}

func describeTargetGroups(x *engine.Exec) (map[string]any, error) {
	r, err := x.Find("group", x.Params.Str("AutoScalingGroupName"))
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, id := range r.Strs("TargetGroupARNs") {
		list = append(list, map[string]any{"LoadBalancerTargetGroupARN": id, "State": "InService"})
	}
	return map[string]any{"LoadBalancerTargetGroups": list}, nil
}

// processes are those that can be suspended.
func processes() []string {
	return []string{
		"Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck",
		"InstanceRefresh", "ReplaceUnhealthy", "ScheduledActions",
	}
}

func suspended(add bool) func(*engine.Exec, engine.Attrs) (any, error) {
	return func(x *engine.Exec, a engine.Attrs) (any, error) {
		names := x.Params.Strs("ScalingProcesses")
		if len(names) == 0 {
			names = processes()
		}
		have := a.Strs("SuspendedProcesses.ProcessName")
		for _, name := range names {
			have = slices.DeleteFunc(have, func(old string) bool { return old == name })
			if add {
				have = append(have, name)
			}
		}
		list := []any{}
		for _, name := range have {
			list = append(list, map[string]any{"ProcessName": name, "SuspensionReason": "User suspended at " + x.Now().Format("2006-01-02T15:04:05Z")})
		}
		return list, nil
	}
}

func deleteGroup(x *engine.Exec) (map[string]any, error) {
	r, err := x.Find("group", x.Params.Str("AutoScalingGroupName"))
	if err != nil {
		return nil, err
	}
	if len(members(x, r.ID)) > 0 && !x.Params.Bool("ForceDelete") {
		return nil, engine.Refuse("ResourceInUseFault", "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.").With()
	}
	if len(members(x, r.ID)) == 0 {
		dropGroup(x, r.ID)
		return nil, nil
	}
	r = x.Edit("group", r)
	r.Set("Status", "Delete in progress")
	r.Set(deleting, true)
	return nil, nil
}

func dropGroup(x *engine.Exec, name string) {
	x.Remove("group", name)
	for _, kind := range []string{"policy", "scheduled-action", "lifecycle-hook"} {
		for _, r := range x.List(kind) {
			if r.Str("AutoScalingGroupName") == name {
				x.Remove(kind, r.ID)
			}
		}
	}
}
