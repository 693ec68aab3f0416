package ecs

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func instanceKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "container-instance", Shape: "ContainerInstance", ID: "containerInstanceArn", Tags: "tags",
		NewID: engine.Func(func(x *engine.Exec, a engine.Attrs) (any, error) {
			return x.Hex(x.Expand(arn+"container-instance/", nil)+last(a.Str(instanceCluster))+"/", 32), nil
		}),
		Resolve: func(x *engine.Exec, ref string) string {
			if strings.HasPrefix(ref, "arn:") {
				return ref
			}
			return x.Expand(arn+"container-instance/", nil) + clusterName(x) + "/" + ref
		},
		Unknown: invalid("The referenced container instance was not found."),
		New: []engine.Field{
			engine.Be("status", "ACTIVE"), engine.Be("agentConnected", true), engine.Be("version", 1),
			engine.Make("registeredAt", engine.Now()), engine.Be("runningTasksCount", 0), engine.Be("pendingTasksCount", 0),
			engine.Make("attachments", engine.Empty()), engine.Make("attributes", engine.Empty()), engine.Make("tags", engine.Empty()),
			engine.Make("registeredResources", engine.Empty()),
		},
	}}
}

// instanceCluster is the cluster of a container instance.
const instanceCluster = ".clusterArn"

func instanceOps() []engine.Op {
	const kind, member = "container-instance", "containerInstances"
	return []engine.Op{
		{Name: "RegisterContainerInstance", Do: engine.Write(registerInstance)},
		{Name: "DeregisterContainerInstance", Do: engine.Write(deregisterInstance)},
		{Name: "ListContainerInstances", Do: engine.Describe{
			Kind: kind, IDs: []string{}, List: "containerInstanceArns", Where: []engine.Match{{Param: "status", Path: "status"}},
			Only: func(x *engine.Exec, a engine.Attrs) bool { return inCluster(x, a) },
		}},
		{Name: "DescribeContainerInstances", Do: described(kind, member, included(map[string]string{"TAGS": "tags"}))},
		{Name: "UpdateContainerInstancesState", Do: engine.Write(drainInstances)},
	}
}

func inCluster(x *engine.Exec, a engine.Attrs) bool {
	c := x.Look("cluster", clusterRef(x))
	return c != nil && a.Str(instanceCluster) == c.ID
}

// registerInstance is what an agent calls. It makes the container instance that
// the request names, if it does and there is none.
func registerInstance(x *engine.Exec) (map[string]any, error) {
	cluster, err := liveCluster(x)
	if err != nil {
		return nil, err
	}
	a := engine.Attrs{instanceCluster: cluster.ID}
	for _, m := range []string{"versionInfo", "attributes", "tags", "containerInstanceArn"} {
		if v := x.Params.Clone().Get(m); v != nil {
			a[m] = v
		}
	}
	if resources := x.Params.Clone().All("totalResources"); len(resources) > 0 {
		a["registeredResources"], a["remainingResources"] = resources, x.Params.Clone().All("totalResources")
	}
	var document struct {
		InstanceID string `json:"instanceId"`
	}
	if text := x.Params.Str("instanceIdentityDocument"); text != "" {
		if err := json.Unmarshal([]byte(text), &document); err != nil {
			return nil, client("The instance identity document is not valid.").With()
		}
	}
	if document.InstanceID != "" {
		a["ec2InstanceId"] = document.InstanceID
	}
	if old := x.Look("container-instance", a.Str("containerInstanceArn")); old != nil {
		r := x.Edit("container-instance", old)
		for m, v := range a {
			r.Set(m, v)
		}
		r.Set("agentConnected", true)
		return x.Answer("container-instance", r), nil
	}
	delete(a, "containerInstanceArn")
	r, err := x.Add("container-instance", a)
	if err != nil {
		return nil, err
	}
	return x.Answer("container-instance", r), nil
}

func deregisterInstance(x *engine.Exec) (map[string]any, error) {
	r, err := x.Find("container-instance", x.Params.Str("containerInstance"))
	if err != nil {
		return nil, err
	}
	x.Remove("container-instance", r.ID)
	gone := &engine.Resource{ID: r.ID, Attrs: r.Clone()}
	gone.Set("status", "INACTIVE")
	return x.Answer("container-instance", gone), nil
}

func drainInstances(x *engine.Exec) (map[string]any, error) {
	status := x.Params.Str("status")
	if !slices.Contains([]string{"ACTIVE", "DRAINING"}, status) {
		return nil, invalid("Container instances can be made ACTIVE or DRAINING only.").With()
	}
	var found []*engine.Resource
	failures := []any{}
	for _, ref := range x.Params.Strs("containerInstances") {
		r := x.Look("container-instance", ref)
		if r == nil {
			failures = append(failures, map[string]any{"arn": x.Kind("container-instance").Resolve(x, ref), "reason": "MISSING"})
			continue
		}
		r = x.Edit("container-instance", r)
		r.Set("status", status)
		found = append(found, r)
	}
	out := x.Answer("container-instance", found...)
	out["failures"] = failures
	return out, nil
}
