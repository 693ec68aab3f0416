package autoscaling

import (
	"slices"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func policyKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "policy", Shape: "ScalingPolicy", ID: "PolicyARN",
		NewID: engine.Func(func(x *engine.Exec, a engine.Attrs) (any, error) {
			return x.Expand(arn+"scalingPolicy:"+x.UUID()+":autoScalingGroupName/{AutoScalingGroupName}:policyName/{PolicyName}", a), nil
		}),
		Unknown: invalid("PolicyName not found"),
		New: []engine.Field{
			engine.Be("PolicyType", "SimpleScaling"), engine.Make("Alarms", engine.Empty()),
			engine.Make("StepAdjustments", engine.Empty()), engine.Be("Enabled", true),
		},
	}}
}

func policyOps() []engine.Op {
	return []engine.Op{
		{Name: "PutScalingPolicy", Do: engine.Write(putPolicy)},
		{Name: "DescribePolicies", Do: engine.Describe{Kind: "policy", IDs: []string{}, Where: []engine.Match{
			{Param: "AutoScalingGroupName", Path: "AutoScalingGroupName"},
			{Param: "PolicyTypes", Path: "PolicyType"},
		}, Only: func(x *engine.Exec, a engine.Attrs) bool {
			names := x.Params.Strs("PolicyNames")
			return len(names) == 0 || slices.Contains(names, a.Str("PolicyName")) || slices.Contains(names, a.Str("PolicyARN"))
		}}},
		{Name: "DeletePolicy", Do: engine.Write(func(x *engine.Exec) (map[string]any, error) {
			p, err := policy(x)
			if err == nil {
				x.Remove("policy", p.ID)
			}
			return nil, err
		})},
		{Name: "ExecutePolicy", Do: engine.Write(executePolicy)},
	}
}

// policy returns the one that the request names, by its name in the group or by
// its ARN.
func policy(x *engine.Exec) (*engine.Resource, error) {
	name, group := x.Params.Str("PolicyName"), x.Params.Str("AutoScalingGroupName")
	for _, p := range x.List("policy") {
		if p.ID == name || p.Str("PolicyName") == name && p.Str("AutoScalingGroupName") == group {
			return p, nil
		}
	}
	return nil, invalid("PolicyName not found: " + name).With()
}

// putPolicy makes a policy, or replaces the one with the name.
func putPolicy(x *engine.Exec) (map[string]any, error) {
	a := x.Params.Clone()
	if old, err := policy(x); err == nil {
		a["PolicyARN"] = old.ID
		x.Remove("policy", old.ID)
	}
	kind := a.Str("PolicyType")
	switch {
	case (kind == "" || kind == "SimpleScaling") && (!a.Has("AdjustmentType") || !a.Has("ScalingAdjustment")):
		return nil, invalid("You must specify an AdjustmentType and a ScalingAdjustment for policy type: SimpleScaling").With()
	case kind == "TargetTrackingScaling" && !a.Has("TargetTrackingConfiguration"):
		return nil, invalid("TargetTrackingConfiguration must be specified for policy type: TargetTrackingScaling").With()
	case kind == "StepScaling" && !a.Has("StepAdjustments"):
		return nil, invalid("You must specify step adjustments for policy type: StepScaling").With()
	}
	p, err := x.Add("policy", a)
	if err != nil {
		return nil, err
	}
	return x.Answer("policy", p), nil
}

func executePolicy(x *engine.Exec) (map[string]any, error) {
	p, err := policy(x)
	if err != nil {
		return nil, err
	}
	g, err := x.Find("group", p.Str("AutoScalingGroupName"))
	if err != nil {
		return nil, err
	}
	g = x.Edit("group", g)
	n := g.Int("DesiredCapacity")
	switch by := p.Int("ScalingAdjustment"); p.Str("AdjustmentType") {
	case "ExactCapacity":
		n = by
	case "PercentChangeInCapacity":
		n += n * by / 100
	default:
		n += by
	}
	g.Set("DesiredCapacity", min(max(n, g.Int("MinSize")), g.Int("MaxSize")))
	g.Set(cause, "a user request executed policy "+p.Str("PolicyName"))
	return nil, nil
}
