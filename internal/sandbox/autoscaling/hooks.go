package autoscaling

import (
	"slices"
	"time"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

const (
	launching   = "autoscaling:EC2_INSTANCE_LAUNCHING"
	terminating = "autoscaling:EC2_INSTANCE_TERMINATING"
)

// waits lists, with a group, the instances that wait for a lifecycle hook: the
// instance, the hook and its transition, the token, since when and until when,
// and the result once there is one.
const waits = ".waits"

// longestWait bounds a wait, however often it is prolonged.
const longestWait = 48 * time.Hour

func hookKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "lifecycle-hook", Shape: "LifecycleHook", ID: ".Hook", NewID: engine.Text("{AutoScalingGroupName}/{LifecycleHookName}"),
		Unknown: invalid("No Lifecycle Hook found"),
		New: []engine.Field{
			engine.Be("HeartbeatTimeout", 3600), engine.Be("DefaultResult", "ABANDON"),
			engine.Make("GlobalTimeout", engine.Func(func(_ *engine.Exec, a engine.Attrs) (any, error) {
				return min(a.Int("HeartbeatTimeout")*100, int64(longestWait/time.Second)), nil
			})),
		},
	}}
}

func hookOps() []engine.Op {
	return []engine.Op{
		{Name: "PutLifecycleHook", Do: engine.Write(putHook)},
		{Name: "DescribeLifecycleHooks", Do: engine.Describe{
			Kind: "lifecycle-hook", IDs: []string{}, Where: []engine.Match{
				{Param: "AutoScalingGroupName", Path: "AutoScalingGroupName"}, {Param: "LifecycleHookNames", Path: "LifecycleHookName"},
			},
		}},
		{Name: "DeleteLifecycleHook", Do: engine.Write(deleteHook)},
		{Name: "CompleteLifecycleAction", Do: engine.Write(func(x *engine.Exec) (map[string]any, error) {
			return nil, changeWait(x, func(w engine.Attrs) { w.Set("Result", x.Params.Str("LifecycleActionResult")) })
		})},
		{Name: "RecordLifecycleActionHeartbeat", Do: engine.Write(func(x *engine.Exec) (map[string]any, error) {
			h := x.Look("lifecycle-hook", x.Params.Str("AutoScalingGroupName")+"/"+x.Params.Str("LifecycleHookName"))
			return nil, changeWait(x, func(w engine.Attrs) {
				if until := x.Now().Add(seconds(h, "HeartbeatTimeout")); h != nil && until.Before(w.Time("Since").Add(seconds(h, "GlobalTimeout"))) {
					w.Set("Until", until)
				}
			})
		})},
		{Name: "DescribeLifecycleHookTypes", Do: engine.Read(func(*engine.Exec) (map[string]any, error) {
			return map[string]any{"LifecycleHookTypes": []any{launching, terminating}}, nil
		})},
	}
}

func seconds(h *engine.Resource, member string) time.Duration {
	if h == nil {
		return 0
	}
	return time.Duration(h.Int(member)) * time.Second
}

// putHook makes a hook, or changes the one with the name.
func putHook(x *engine.Exec) (map[string]any, error) {
	a := x.Params.Clone()
	if old := x.Look("lifecycle-hook", a.Str("AutoScalingGroupName")+"/"+a.Str("LifecycleHookName")); old != nil {
		merged := old.Clone()
		for member, v := range a {
			merged[member] = v
		}
		delete(merged, "GlobalTimeout")
		a = merged
		x.Remove("lifecycle-hook", old.ID)
	}
	if t := a.Str("LifecycleTransition"); t != launching && t != terminating {
		return nil, invalid("Lifecycle Transition " + t + " is not supported").With()
	}
	if n := a.Int("HeartbeatTimeout"); a.Has("HeartbeatTimeout") && (n < 30 || n > 7200) {
		return nil, invalid("Heartbeat Timeout must be between 30 and 7200 seconds").With()
	}
	if r := a.Str("DefaultResult"); r != "" && r != "CONTINUE" && r != "ABANDON" {
		return nil, invalid("Default Result must be CONTINUE or ABANDON").With()
	}
	_, err := x.Add("lifecycle-hook", a)
	return nil, err
}

// deleteHook removes a hook; who waits for it goes on.
func deleteHook(x *engine.Exec) (map[string]any, error) {
	group, name := x.Params.Str("AutoScalingGroupName"), x.Params.Str("LifecycleHookName")
	h := x.Look("lifecycle-hook", group+"/"+name)
	if h == nil {
		return nil, invalid("No Lifecycle Hook found with the name: " + name).With()
	}
	x.Remove("lifecycle-hook", h.ID)
	g := x.Look("group", group)
	for _, w := range g.Subs(waits) {
		if w.Str("Hook") == name {
			g = x.Edit("group", g)
			for _, own := range g.Subs(waits) {
				if own.Str("Hook") == name && own.Str("Result") == "" {
					own.Set("Result", "ABANDON")
				}
			}
			break
		}
	}
	return nil, nil
}

// changeWait changes the wait that the request names, by its token or its
// instance.
func changeWait(x *engine.Exec, change func(w engine.Attrs)) error {
	g, err := x.Find("group", x.Params.Str("AutoScalingGroupName"))
	if err != nil {
		return err
	}
	instance, token, hook := x.Params.Str("InstanceId"), x.Params.Str("LifecycleActionToken"), x.Params.Str("LifecycleHookName")
	g = x.Edit("group", g)
	for _, w := range g.Subs(waits) {
		if w.Str("Hook") == hook && w.Str("Result") == "" && (token != "" && w.Str("Token") == token || token == "" && w.Str("InstanceId") == instance) {
			change(w)
			return nil
		}
	}
	if token != "" {
		return invalid("No active Lifecycle Action found with token " + token).With()
	}
	return invalid("No active Lifecycle Action found with instance ID " + instance).With()
}

// hooks are the group's for a transition.
func hooks(x *engine.Exec, group, transition string) []*engine.Resource {
	return slices.DeleteFunc(slices.Clone(x.List("autoscaling/lifecycle-hook")), func(h *engine.Resource) bool {
		return h.Str("AutoScalingGroupName") != group || h.Str("LifecycleTransition") != transition
	})
}

// hold has the instance wait for the group's hooks for a transition. The group is
// open for changing.
func hold(x *engine.Exec, g *engine.Resource, instance, transition string) {
	for _, h := range hooks(x, g.ID, transition) {
		g.Append(waits, map[string]any{
			"InstanceId": instance, "Hook": h.Str("LifecycleHookName"), "Transition": transition, "Token": x.UUID(),
			"Since": x.Now(), "Until": x.Now().Add(seconds(h, "HeartbeatTimeout")), "Default": h.Str("DefaultResult"),
		})
	}
}

// wait is how an instance stands with the hooks for a transition.
type wait struct {
	held      bool // there were hooks
	open      bool // one of them still has no result
	abandoned bool
}

func waiting(g engine.Attrs, instance, transition string, now time.Time) wait {
	var s wait
	for _, w := range g.Subs(waits) {
		if w.Str("InstanceId") != instance || w.Str("Transition") != transition {
			continue
		}
		s.held = true
		result := w.Str("Result")
		if result == "" && !now.Before(w.Time("Until")) {
			result = w.Str("Default")
		}
		s.open = s.open || result == ""
		s.abandoned = s.abandoned || result == "ABANDON"
	}
	return s
}

// forgetWaits drops the waits of instances that the group does not have any
// more.
func forgetWaits(g *engine.Resource, have []*engine.Resource) {
	if !g.Has(waits) {
		return
	}
	g.Set(waits, slices.DeleteFunc(g.All(waits), func(v any) bool {
		id := engine.Attrs(v.(map[string]any)).Str("InstanceId")
		return !slices.ContainsFunc(have, func(i *engine.Resource) bool { return i.ID == id })
	}))
}
