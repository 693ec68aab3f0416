package autoscaling

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// nextRun is when a scheduled action is carried out next.
const nextRun = ".next"

func scheduleKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "scheduled-action", Shape: "ScheduledUpdateGroupAction", ID: "ScheduledActionARN",
		NewID: engine.Func(func(x *engine.Exec, a engine.Attrs) (any, error) {
			return x.Expand(arn+"scheduledUpdateGroupAction:"+x.UUID()+":autoScalingGroupName/{AutoScalingGroupName}:scheduledActionName/{ScheduledActionName}", a), nil
		}),
		Unknown: invalid("Scheduled action name not found"),
	}}
}

func scheduleOps() []engine.Op {
	return []engine.Op{
		{Name: "PutScheduledUpdateGroupAction", Do: engine.Write(func(x *engine.Exec) (map[string]any, error) {
			return nil, putSchedule(x, x.Params.Clone())
		})},
		{Name: "BatchPutScheduledUpdateGroupAction", Do: engine.Write(func(x *engine.Exec) (map[string]any, error) {
			return batch(x, "FailedScheduledUpdateGroupActions", x.Params.Clone().Subs("ScheduledUpdateGroupActions"), putSchedule)
		})},
		{Name: "DescribeScheduledActions", Do: engine.Describe{
			Kind: "scheduled-action", IDs: []string{}, Where: []engine.Match{
				{Param: "AutoScalingGroupName", Path: "AutoScalingGroupName"},
				{Param: "ScheduledActionNames", Path: "ScheduledActionName"},
			},
			Only: func(x *engine.Exec, a engine.Attrs) bool {
				from, to := x.Params.Time("StartTime"), x.Params.Time("EndTime")
				return !a.Time("StartTime").Before(from) && (to.IsZero() || !a.Time("StartTime").After(to))
			},
		}},
		{Name: "DeleteScheduledAction", Do: engine.Write(func(x *engine.Exec) (map[string]any, error) {
			return nil, dropSchedule(x, x.Params)
		})},
		{Name: "BatchDeleteScheduledAction", Do: engine.Write(func(x *engine.Exec) (map[string]any, error) {
			var names []engine.Attrs
			for _, name := range x.Params.Strs("ScheduledActionNames") {
				names = append(names, engine.Attrs{"ScheduledActionName": name})
			}
			return batch(x, "FailedScheduledActions", names, dropSchedule)
		})},
	}
}

// batch does something with each of the actions of the request's group, and
// answers those that are refused.
func batch(x *engine.Exec, member string, actions []engine.Attrs, do func(*engine.Exec, engine.Attrs) error) (map[string]any, error) {
	failed := []any{}
	for _, a := range actions {
		a["AutoScalingGroupName"] = x.Params.Str("AutoScalingGroupName")
		err := do(x, a)
		if refused := engine.Refusal(err); refused != nil {
			failed = append(failed, map[string]any{
				"ScheduledActionName": a.Str("ScheduledActionName"), "ErrorCode": refused.Code, "ErrorMessage": refused.Message,
			})
		} else if err != nil {
			return nil, err
		}
	}
	return map[string]any{member: failed}, nil
}

func schedule(x *engine.Exec, group, name string) *engine.Resource {
	for _, r := range x.List("scheduled-action") {
		if r.Str("AutoScalingGroupName") == group && r.Str("ScheduledActionName") == name {
			return r
		}
	}
	return nil
}

func dropSchedule(x *engine.Exec, a engine.Attrs) error {
	name := a.Str("ScheduledActionName")
	old := schedule(x, a.Str("AutoScalingGroupName"), name)
	if old == nil {
		return invalid("Scheduled action name not found - Scheduled Action " + name + " was not found").With()
	}
	x.Remove("scheduled-action", old.ID)
	return nil
}

// putSchedule makes a scheduled action, or replaces the one with the name.
func putSchedule(x *engine.Exec, a engine.Attrs) error {
	if !a.Has("StartTime") && a.Has("Time") {
		a["StartTime"] = a["Time"]
	}
	if !a.Has("MinSize") && !a.Has("MaxSize") && !a.Has("DesiredCapacity") {
		return invalid("Valid requests must contain at least one of MinSize, MaxSize and DesiredCapacity").With()
	}
	if a.Has("MinSize") && a.Has("MaxSize") && a.Int("MinSize") > a.Int("MaxSize") {
		return invalid(fmt.Sprintf("Max bound, %d, must be greater than or equal to min bound, %d", a.Int("MaxSize"), a.Int("MinSize"))).With()
	}
	if a.Int("MinSize") < 0 || a.Int("MaxSize") > maxSize || a.Int("DesiredCapacity") < 0 || a.Int("DesiredCapacity") > maxSize {
		return invalid(fmt.Sprintf("The sizes of a group must be between 0 and %d.", maxSize)).With()
	}
	start, end := a.Time("StartTime"), a.Time("EndTime")
	switch {
	case start.IsZero() && !a.Has("Recurrence"):
		return invalid("Valid requests must contain either StartTime or Recurrence").With()
	case !start.IsZero() && !start.After(x.Now()):
		return invalid("Given start time is in the past").With()
	case !end.IsZero() && !end.After(x.Now()):
		return invalid("Given end time is in the past").With()
	}
	next, err := firstRun(x, a)
	if err != nil {
		return err
	}
	a.Set(nextRun, next)
	if !a.Has("StartTime") {
		a.Set("StartTime", next)
	}
	a["Time"] = a["StartTime"]
	if old := schedule(x, a.Str("AutoScalingGroupName"), a.Str("ScheduledActionName")); old != nil {
		a["ScheduledActionARN"] = old.ID
		x.Remove("scheduled-action", old.ID)
	}
	_, err = x.Add("scheduled-action", a)
	return err
}

// firstRun is the action's start, or the first time that its recurrence names.
func firstRun(x *engine.Exec, a engine.Attrs) (time.Time, error) {
	if start := a.Time("StartTime"); !start.IsZero() && !a.Has("Recurrence") {
		return start, nil
	}
	c, err := parseCron(a.Str("Recurrence"), a.Str("TimeZone"))
	if err != nil {
		return time.Time{}, invalid(err.Error()).With()
	}
	from := x.Now()
	if start := a.Time("StartTime"); start.After(from) {
		from = start.Add(-time.Second)
	}
	next, ok := c.next(from)
	if !ok {
		return time.Time{}, invalid("Given recurrence string: " + a.Str("Recurrence") + " is invalid").With()
	}
	return next, nil
}

// keepSchedules carries out the actions whose time has come.
func keepSchedules(s *engine.Settling) error {
	var due []*engine.Resource
	s.View(func(x *engine.Exec) {
		for _, a := range x.List("scheduled-action") {
			if at := a.Time(nextRun); at.After(x.Now()) {
				s.Wake(at)
			} else {
				due = append(due, a)
			}
		}
	})
	if len(due) == 0 {
		return nil
	}
	return s.Change(func(x *engine.Exec) error {
		for _, a := range due {
			if a = x.Look("scheduled-action", a.ID); a == nil {
				continue
			}
			if g := x.Look("group", a.Str("AutoScalingGroupName")); g != nil && !slices.Contains(g.Strs("SuspendedProcesses.ProcessName"), "ScheduledActions") {
				update(x.Edit("group", g), a.Attrs)
			}
			if next, ok := again(x, a); ok {
				x.Edit("scheduled-action", a).Set(nextRun, next)
				s.Wake(next)
				continue
			}
			x.Remove("scheduled-action", a.ID)
		}
		return nil
	})
}

// again is when the action is carried out after now; it is not where it has no
// recurrence, or an end before that.
func again(x *engine.Exec, a *engine.Resource) (time.Time, bool) {
	if !a.Has("Recurrence") {
		return time.Time{}, false
	}
	c, err := parseCron(a.Str("Recurrence"), a.Str("TimeZone"))
	if err != nil {
		return time.Time{}, false
	}
	next, ok := c.next(x.Now())
	end := a.Time("EndTime")
	return next, ok && (end.IsZero() || !next.After(end))
}

// update gives the group the sizes of a scheduled action.
func update(g *engine.Resource, a engine.Attrs) {
	said := []string{"the scheduled action " + a.Str("ScheduledActionName") + " executed"}
	change := func(member, name string, n int64) {
		if before := g.Int(member); before != n {
			g.Set(member, n)
			said = append(said, fmt.Sprintf("Setting %s from %d to %d", name, before, n))
		}
	}
	for _, size := range [][2]string{{"MinSize", "min size"}, {"MaxSize", "max size"}} {
		if a.Has(size[0]) {
			change(size[0], size[1], a.Int(size[0]))
		}
	}
	desired := g.Int("DesiredCapacity")
	if a.Has("DesiredCapacity") {
		desired = a.Int("DesiredCapacity")
	}
	change("DesiredCapacity", "desired capacity", min(max(desired, g.Int("MinSize")), g.Int("MaxSize")))
	g.Set(cause, strings.Join(said, ". "))
	g.Set(retry, nil)
}
