package ecs

import (
	"errors"
	"slices"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// target is a task as a target group knows it.
type target struct {
	id   string
	port int64
}

// balance registers tasks that run with the target groups of their services,
// and takes out those that are to stop. What a target group refuses stays as it
// is.
func balance(s *engine.Settling) error {
	type call struct {
		operation, group string
		targets          []any
	}
	var calls []call
	s.View(func(x *engine.Exec) {
		for _, r := range x.List("service") {
			for _, b := range r.Subs("loadBalancers") {
				group := b.Str("targetGroupArn")
				if x.Look("elbv2/target-group", group) == nil {
					continue
				}
				in, out := misplaced(x, r, b)
				if len(out) > 0 {
					calls = append(calls, call{"DeregisterTargets", group, out})
				}
				if len(in) > 0 {
					calls = append(calls, call{"RegisterTargets", group, in})
				}
			}
		}
	})
	var errs []error
	for _, c := range calls {
		_, err := s.Invoke(principal, "elbv2", c.operation, map[string]any{"TargetGroupArn": c.group, "Targets": c.targets})
		if engine.Refusal(err) == nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// misplaced are the targets that the service must register with a target group,
// and those that it must take out of it.
func misplaced(x *engine.Exec, r *engine.Resource, b engine.Attrs) (in, out []any) {
	var have []target
	for _, t := range x.List("elbv2/target") {
		if t.Str(".TargetGroupArn") == b.Str("targetGroupArn") && t.Str("TargetHealth.State") != "draining" {
			have = append(have, target{t.Str("Target.Id"), t.Int("Target.Port")})
		}
	}
	for _, t := range x.List("task") {
		if t.Str("clusterArn") != r.Str("clusterArn") || t.Str("group") != "service:"+r.Str("serviceName") {
			continue
		}
		at := target{detail(t, "privateIPv4Address"), b.Int("containerPort")}
		if at.id == "" {
			continue
		}
		wanted := t.Str("desiredStatus") == "RUNNING" && t.Str("lastStatus") == "RUNNING"
		placed := slices.Contains(have, at)
		shown := map[string]any{"Id": at.id, "Port": at.port}
		switch {
		case wanted && !placed:
			in = append(in, shown)
		case t.Str("desiredStatus") == "STOPPED" && placed && t.Has(taskInterface):
			// Later the address may be another task's.
			out = append(out, shown)
		}
	}
	return in, out
}
