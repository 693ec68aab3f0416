package ecs

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// principal is in whose name the scheduler calls other services.
const principal = "ecs.amazonaws.com"

// retry is when a service that could not start its tasks tries again, pause how
// long it waits for that.
const (
	retry = ".retry"
	pause = time.Minute
)

// settle is the scheduler: it starts and stops the tasks of services, gives
// tasks their network interfaces, and keeps target groups in step.
func settle(s *engine.Settling) error {
	var services, tasks []*engine.Resource
	s.View(func(x *engine.Exec) {
		for _, r := range x.List("service") {
			if !scaled(x, r) {
				services = append(services, r)
			}
			if at := r.Time(retry); at.After(x.Now()) {
				s.Wake(at)
			}
		}
	})
	var errs []error
	for _, r := range services {
		errs = append(errs, s.Change(func(x *engine.Exec) error { return scale(x, r.ID) }))
	}
	s.View(func(x *engine.Exec) {
		tasks = x.List("task")
		for _, t := range tasks {
			if at, ok := x.Ends("task", t); ok && t.Str("lastStatus") != "STOPPED" {
				s.Wake(at)
			}
		}
	})
	// A task keeps its address until no target group has it.
	if err := balance(s); err != nil {
		return errors.Join(append(errs, err)...)
	}
	return errors.Join(append(errs, provision(s, tasks))...)
}

// tasksOf are the service's tasks that run, or are about to.
func tasksOf(x *engine.Exec, r *engine.Resource) []*engine.Resource {
	var all []*engine.Resource
	for _, t := range x.List("ecs/task") {
		if t.Str("clusterArn") == r.Str("clusterArn") && t.Str("group") == "service:"+r.Str("serviceName") && t.Str("desiredStatus") == "RUNNING" {
			all = append(all, t)
		}
	}
	return all
}

// scaled reports whether the service has the tasks that it should have, or
// cannot have them yet.
func scaled(x *engine.Exec, r *engine.Resource) bool {
	have := tasksOf(x, r)
	for _, t := range have {
		if t.Str("startedBy") != r.Str("deployments.id") {
			return false
		}
	}
	want := int(r.Int("desiredCount"))
	return len(have) == want || len(have) < want && r.Time(retry).After(x.Now())
}

// scale stops the tasks of earlier deployments and those that are too many, and
// starts what is missing.
func scale(x *engine.Exec, id string) error {
	r := x.Look("service", id)
	if r == nil || scaled(x, r) {
		return nil
	}
	deployment, want := r.Str("deployments.id"), int(r.Int("desiredCount"))
	var stay []*engine.Resource
	for _, t := range tasksOf(x, r) {
		if t.Str("startedBy") == deployment {
			stay = append(stay, t)
			continue
		}
		stop(x, t, "ServiceSchedulerInitiated", "Scaling activity initiated by (deployment "+t.Str("startedBy")+")")
	}
	for len(stay) > want {
		stop(x, stay[0], "ServiceSchedulerInitiated", "Scaling activity initiated by (deployment "+deployment+")")
		stay = stay[1:]
	}
	if len(stay) == want {
		return nil
	}
	return startTasks(x, x.Edit("service", r), want-len(stay))
}

// startTasks starts tasks of the service, or has it say why it cannot.
func startTasks(x *engine.Exec, r *engine.Resource, n int) error {
	cluster, definition := x.Look("cluster", r.Str("clusterArn")), x.Look("task-definition", r.Str("taskDefinition"))
	if cluster == nil || definition == nil {
		return nil
	}
	var names []string
	for range n {
		a := engine.Attrs{"group": "service:" + r.Str("serviceName"), "startedBy": r.Str("deployments.id")}
		for _, member := range []string{"launchType", "enableExecuteCommand", "platformVersion"} {
			a.Set(member, r.Get(member))
		}
		a, err := newTask(x, cluster, definition, r.Attrs, a)
		if refused := engine.Refusal(err); refused != nil {
			unable(x, r, refused.Message)
			return nil
		}
		if err != nil {
			return err
		}
		t, err := x.Add("task", a)
		if err != nil {
			return err
		}
		names = append(names, "(task "+last(t.ID)+")")
	}
	report(x, r, fmt.Sprintf("has started %d tasks: %s.", len(names), strings.Join(names, " ")))
	return nil
}

// unable has the service wait before it tries again.
func unable(x *engine.Exec, r *engine.Resource, why string) {
	report(x, r, "was unable to place a task. Reason: "+why+".")
	r.Set(retry, x.Now().Add(pause))
}

// eventsKept is how many events a service shows.
const eventsKept = 100

// report adds an event to the service, the newest first.
func report(x *engine.Exec, r *engine.Resource, text string) {
	events := append([]any{map[string]any{
		"id": x.UUID(), "createdAt": x.Now(), "message": "(service " + r.Str("serviceName") + ") " + text,
	}}, r.All("events")...)
	r.Set("events", events[:min(len(events), eventsKept)])
}
