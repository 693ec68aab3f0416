package autoscaling

import (
	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func activityKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "activity", Shape: "Activity", ID: "ActivityId",
		NewID:   engine.Func(func(x *engine.Exec, _ engine.Attrs) (any, error) { return x.UUID(), nil }),
		Unknown: invalid("Activity not found"),
	}}
}

func activityOps() []engine.Op {
	return []engine.Op{
		{Name: "DescribeScalingActivities", Free: []string{"AutoScalingGroupName"}, Do: engine.Describe{
			Kind: "activity", IDs: []string{"ActivityIds"}, Lenient: true, Page: 100, Newest: true,
			Where: []engine.Match{{Param: "AutoScalingGroupName", Path: "AutoScalingGroupName"}},
		}},
		{Name: "DescribeAdjustmentTypes", Do: engine.Read(func(*engine.Exec) (map[string]any, error) {
			return map[string]any{"AdjustmentTypes": named("AdjustmentType", "ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity")}, nil
		})},
		{Name: "DescribeScalingProcessTypes", Do: engine.Read(func(*engine.Exec) (map[string]any, error) {
			return map[string]any{"Processes": named("ProcessName", processes()...)}, nil
		})},
		{Name: "DescribeTerminationPolicyTypes", Do: engine.Read(func(*engine.Exec) (map[string]any, error) {
			return map[string]any{"TerminationPolicyTypes": []any{
				"AllocationStrategy", "ClosestToNextInstanceHour", "Default", "NewestInstance", "OldestInstance",
				"OldestLaunchConfiguration", "OldestLaunchTemplate",
			}}, nil
		})},
		{Name: "DescribeAccountLimits", Do: engine.Read(func(x *engine.Exec) (map[string]any, error) {
			return map[string]any{
				"MaxNumberOfAutoScalingGroups": int64(500), "MaxNumberOfLaunchConfigurations": int64(200),
				"NumberOfAutoScalingGroups":    int64(len(x.List("group"))),
				"NumberOfLaunchConfigurations": int64(len(x.List("launch-configuration"))),
			}, nil
		})},
	}
}

func named(member string, names ...string) []any {
	list := make([]any, len(names))
	for i, name := range names {
		list[i] = map[string]any{member: name}
	}
	return list
}
