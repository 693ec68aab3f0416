package ecs

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func taskKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "task", Shape: "Task", ID: "taskArn", Tags: "tags",
		NewID: engine.Func(func(x *engine.Exec, a engine.Attrs) (any, error) {
			return x.Hex(x.Expand(arn+"task/", nil)+last(a.Str("clusterArn"))+"/", 32), nil
		}),
		Resolve: func(x *engine.Exec, ref string) string {
			if strings.HasPrefix(ref, "arn:") {
				return ref
			}
			return x.Expand(arn+"task/", nil) + clusterName(x) + "/" + ref
		},
		Unknown: invalid("The referenced task was not found."),
		States: &engine.States{
			Path: "lastStatus",
			Next: map[string]engine.Step{
				"PROVISIONING":   {To: "PENDING", After: 10 * time.Second},
				"PENDING":        {To: "RUNNING", After: 15 * time.Second},
				"DEACTIVATING":   {To: "STOPPING", After: 5 * time.Second},
				"STOPPING":       {To: "DEPROVISIONING", After: 10 * time.Second},
				"DEPROVISIONING": {To: "STOPPED", After: 10 * time.Second},
				"STOPPED":        {After: time.Hour, Keep: true},
			},
		},
		First: "PROVISIONING",
		New: []engine.Field{
			engine.Make("createdAt", engine.Now()), engine.Be("desiredStatus", "RUNNING"), engine.Be("version", 1),
			engine.Make("attachments", engine.Empty()), engine.Make("tags", engine.Empty()),
			engine.Be("enableExecuteCommand", false),
			engine.Make("overrides.containerOverrides", engine.Empty()),
			engine.Make("overrides.inferenceAcceleratorOverrides", engine.Empty()),
			engine.Make("inferenceAccelerators", engine.Empty()),
			engine.Be("attributes", []any{map[string]any{"name": "ecs.cpu-architecture", "value": "x86_64"}}),
		},
		View: viewTask,
	}}
}

func taskOps() []engine.Op {
	return []engine.Op{
		{Name: "RunTask", Do: engine.Write(runTask)},
		{Name: "DescribeTasks", Do: described("task", "tasks", included(map[string]string{"TAGS": "tags"}))},
		{Name: "ListTasks", Do: engine.Describe{
			Kind: "task", IDs: []string{}, List: "taskArns", Only: taskWanted,
			Where: []engine.Match{{Param: "startedBy", Path: "startedBy"}, {Param: "launchType", Path: "launchType"}},
		}},
		{Name: "StopTask", Do: engine.Write(stopTask)},
	}
}

// viewTask shows what a task has in its state.
func viewTask(_ *engine.Exec, a engine.Attrs) {
	state, since := a.Str("lastStatus"), a.Time(".since")
	switch state {
	case "RUNNING":
		a.Set("startedAt", since)
		a.Set("connectivity", "CONNECTED")
		a.Set("connectivityAt", since)
		a.Set("healthStatus", "UNKNOWN")
		for _, at := range a.Subs("attachments") {
			at.Set("status", "ATTACHED")
		}
	case "STOPPED":
		a.Set("stoppedAt", since)
		a.Set("executionStoppedAt", since)
	}
	for _, c := range a.Subs("containers") {
		c.Set("taskArn", a.Str("taskArn"))
		switch state {
		case "RUNNING", "STOPPED":
			c.Set("lastStatus", state)
		default:
			c.Set("lastStatus", "PENDING")
		}
	}
}

func runTask(x *engine.Exec) (map[string]any, error) {
	made, err := x.Replayed("task")
	if err != nil {
		return nil, err
	}
	if len(made) == 0 {
		if made, err = launch(x); err != nil {
			return nil, err
		}
	}
	out := x.Answer("task", made...)
	out["failures"] = []any{}
	return out, nil
}

func launch(x *engine.Exec) ([]*engine.Resource, error) {
	cluster, err := liveCluster(x)
	if err != nil {
		return nil, err
	}
	definition := x.Look("task-definition", x.Params.Str("taskDefinition"))
	if definition == nil {
		return nil, client("TaskDefinition not found.").With()
	}
	if definition.Str("status") != "ACTIVE" {
		return nil, client("TaskDefinition is inactive").With()
	}
	count := int64(1)
	if x.Params.Has("count") {
		count = x.Params.Int("count")
	}
	if count < 1 || count > 10 {
		return nil, invalid("Count must be between 1 and 10.").With()
	}
	a := engine.Attrs{"group": "family:" + definition.Str("family")}
	for _, member := range []string{"group", "startedBy", "enableExecuteCommand", "tags", "launchType", "platformVersion", "overrides"} {
		if v := x.Params.Clone().Get(member); v != nil {
			a.Set(member, v)
		}
	}
	x.Remember(a)
	var made []*engine.Resource
	for range count {
		a, err := newTask(x, cluster, definition, x.Params, a.Clone())
		if err != nil {
			return nil, err
		}
		t, err := x.Add("task", a)
		if err != nil {
			return nil, err
		}
		made = append(made, t)
	}
	return made, nil
}

// newTask completes the attributes of a task of the definition, as a request or
// a service wants it.
func newTask(x *engine.Exec, cluster, definition *engine.Resource, want, a engine.Attrs) (engine.Attrs, error) {
	a.Set("clusterArn", cluster.ID)
	a.Set("taskDefinitionArn", definition.ID)
	for _, member := range []string{"cpu", "memory", "ephemeralStorage"} {
		a.Set(member, definition.Clone().Get(member))
	}
	kind := a.Str("launchType")
	if kind == "" {
		kind = "EC2"
		if slices.Contains(want.Strs("capacityProviderStrategy.capacityProvider"), "FARGATE") ||
			slices.Contains(cluster.Strs("defaultCapacityProviderStrategy.capacityProvider"), "FARGATE") {
			kind = "FARGATE"
			a.Set("capacityProviderName", "FARGATE")
		}
		a.Set("launchType", kind)
	}
	if kind == "FARGATE" {
		if !slices.Contains(definition.Strs("compatibilities"), "FARGATE") {
			return nil, invalid("Task definition does not support launch_type FARGATE.").With()
		}
		if v := a.Str("platformVersion"); v == "" || v == "LATEST" {
			a.Set("platformVersion", "1.4.0")
		}
		a.Set("platformFamily", "Linux")
		if !a.Has("ephemeralStorage") {
			a.Set("ephemeralStorage.sizeInGiB", 20)
		}
	}
	if definition.Str("networkMode") == "awsvpc" {
		if err := attach(x, want.Sub("networkConfiguration"), a); err != nil {
			return nil, err
		}
	}
	containers := []any{}
	for _, c := range definition.Subs("containerDefinitions") {
		one := engine.Attrs{
			"containerArn": x.Expand(arn+"container/", nil) + last(cluster.ID) + "/" + x.UUID(), "name": c.Str("name"),
			"image": c.Str("image"), "lastStatus": "PENDING", "networkInterfaces": []any{}, "cpu": strconv.FormatInt(c.Int("cpu"), 10),
		}
		for _, member := range []string{"memory", "memoryReservation"} {
			if c.Has(member) {
				one[member] = strconv.FormatInt(c.Int(member), 10)
			}
		}
		containers = append(containers, map[string]any(one))
	}
	a.Set("containers", containers)
	return a, nil
}

// attach gives the task a network interface in one of the subnets.
func attach(x *engine.Exec, network, a engine.Attrs) error {
	ids := network.Strs("awsvpcConfiguration.subnets")
	if len(ids) == 0 {
		return invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.").With()
	}
	for _, id := range ids {
		if x.Look("ec2/subnet", id) == nil {
			return invalid("Error retrieving subnet information for [" + id + "]: The subnet ID '" + id + "' does not exist").With()
		}
	}
	for _, id := range network.Strs("awsvpcConfiguration.securityGroups") {
		if x.Look("ec2/security-group", id) == nil {
			return invalid("Error retrieving security group information for [" + id + "]: The security group '" + id + "' does not exist").With()
		}
	}
	subnet := x.Look("ec2/subnet", ids[x.Number(uint64(len(ids)))])
	a.Set("availabilityZone", subnet.Str("AvailabilityZone"))
	a.Set(taskGroups, network.Strs("awsvpcConfiguration.securityGroups"))
	a.Set("attachments", []any{map[string]any{
		"id": x.UUID(), "type": "ElasticNetworkInterface", "status": "PRECREATED",
		"details": []any{map[string]any{"name": "subnetId", "value": subnet.ID}},
	}})
	return nil
}

func taskWanted(x *engine.Exec, a engine.Attrs) bool {
	cluster := x.Look("cluster", clusterRef(x))
	want := x.Params.Str("desiredStatus")
	if want == "" {
		want = "RUNNING"
	}
	family := x.Params.Str("family")
	service := x.Params.Str("serviceName")
	return cluster != nil && a.Str("clusterArn") == cluster.ID && a.Str("desiredStatus") == want &&
		(family == "" || strings.HasPrefix(last(a.Str("taskDefinitionArn")), family+":")) &&
		(service == "" || a.Str("group") == "service:"+service)
}

func stopTask(x *engine.Exec) (map[string]any, error) {
	if _, err := liveCluster(x); err != nil {
		return nil, err
	}
	t, err := x.Find("task", x.Params.Str("task"))
	if err != nil {
		return nil, err
	}
	reason := x.Params.Str("reason")
	if reason == "" {
		reason = "Task stopped by user"
	}
	stop(x, t, "UserInitiated", reason)
	return x.Answer("task", x.Look("task", t.ID)), nil
}

// stop begins to stop a task that runs.
func stop(x *engine.Exec, t *engine.Resource, code, reason string) {
	if t.Str("desiredStatus") == "STOPPED" {
		return
	}
	t = x.Edit("task", t)
	x.Enter("task", t, "DEACTIVATING")
	for path, v := range map[string]any{
		"desiredStatus": "STOPPED", "stopCode": code, "stoppedReason": reason, "stoppingAt": x.Now(), "version": t.Int("version") + 1,
	} {
		t.Set(path, v)
	}
}
