package ecs

import (
	"regexp"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func clusterKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "cluster", Shape: "Cluster", ID: "clusterArn", NewID: engine.Text(arn + "cluster/{clusterName}"), Tags: "tags",
		Resolve: func(x *engine.Exec, ref string) string {
			if strings.HasPrefix(ref, "arn:") {
				return ref
			}
			return x.Expand(arn+"cluster/", nil) + ref
		},
		Unknown: engine.Refuse("ClusterNotFoundException", "Cluster not found."),
		States: &engine.States{
			Path: "status",
			Next: map[string]engine.Step{
				"PROVISIONING":   {To: "ACTIVE", After: 10 * time.Second},
				"DEPROVISIONING": {To: "INACTIVE", After: 10 * time.Second},
				"INACTIVE":       {After: time.Hour, Keep: true},
			},
			Enter: map[string]map[string]any{
				"ACTIVE":   {"attachmentsStatus": "UPDATE_COMPLETE"},
				"INACTIVE": {"attachmentsStatus": nil},
			},
		},
		First: "ACTIVE",
		New: []engine.Field{
			engine.Be("registeredContainerInstancesCount", 0), engine.Be("runningTasksCount", 0),
			engine.Be("pendingTasksCount", 0), engine.Be("activeServicesCount", 0),
			engine.Make("statistics", engine.Empty()), engine.Make("tags", engine.Empty()),
			engine.Be("settings", []any{map[string]any{"name": "containerInsights", "value": "disabled"}}),
			engine.Make("capacityProviders", engine.Empty()), engine.Make("defaultCapacityProviderStrategy", engine.Empty()),
		},
		View: countTasks,
	}}
}

func clusterOps() []engine.Op {
	return []engine.Op{
		{Name: "CreateCluster", Do: engine.Create{
			Kind: "cluster", Check: checkCluster, Same: sameCluster,
			Set: []engine.Field{engine.Make("clusterName", engine.Or(engine.Param("clusterName"), engine.Lit("default")))},
			Then: func(x *engine.Exec, r *engine.Resource) error {
				if len(r.All("capacityProviders")) > 0 {
					x.Enter("cluster", r, "PROVISIONING")
					r.Set("attachmentsStatus", "UPDATE_IN_PROGRESS")
				}
				return nil
			},
		}},
		{Name: "DescribeClusters", Do: described("cluster", "clusters", included(map[string]string{
			"TAGS": "tags", "SETTINGS": "settings", "STATISTICS": "statistics",
		}))},
		{Name: "ListClusters", Do: engine.Describe{Kind: "cluster", IDs: []string{}, List: "clusterArns", Only: active}},
		{Name: "UpdateCluster", Do: engine.Update{Kind: "cluster", Target: "cluster", In: living(), Wrong: notActive()}},
		{Name: "UpdateClusterSettings", Do: engine.Update{Kind: "cluster", Target: "cluster", In: living(), Wrong: notActive()}},
		{Name: "PutClusterCapacityProviders", Do: engine.Update{Kind: "cluster", Target: "cluster", In: living(), Wrong: notActive()}},
		{Name: "DeleteCluster", Do: engine.Delete{
			Kind: "cluster", Target: "cluster", Check: clusterUnused, Into: "INACTIVE",
			Then: func(x *engine.Exec, r *engine.Resource) error {
				if len(r.All("capacityProviders")) > 0 {
					x.Enter("cluster", r, "DEPROVISIONING")
					r.Set("attachmentsStatus", "UPDATE_IN_PROGRESS")
				}
				return nil
			},
		}},
	}
}

func living() []string { return []string{"ACTIVE", "PROVISIONING"} }

func notActive() engine.Fault {
	return engine.Refuse("ClusterNotFoundException", "The referenced cluster was inactive.")
}

func active(_ *engine.Exec, a engine.Attrs) bool {
	return a.Str("status") == "ACTIVE" || a.Str("status") == "PROVISIONING"
}

func checkCluster(x *engine.Exec) error {
	name := x.Params.Str("clusterName")
	if name != "" && !regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_-]{0,254}$`).MatchString(name) && !regexp.MustCompile(`^[a-zA-Z0-9_-]{1,255}$`).MatchString(name) {
		return invalid("Invalid cluster name: " + name).With()
	}
	return nil
}

// sameCluster is a cluster with the name, which is created but once.
func sameCluster(x *engine.Exec) *engine.Resource {
	name := x.Params.Str("clusterName")
	if name == "" {
		name = "default"
	}
	if r := x.Look("cluster", name); r != nil && active(x, r.Attrs) {
		return r
	}
	return nil
}

// liveCluster returns the cluster that the request names, which must be active.
func liveCluster(x *engine.Exec) (*engine.Resource, error) {
	r, err := x.Find("cluster", clusterRef(x))
	if err == nil && !active(x, r.Attrs) {
		return nil, notActive().With()
	}
	return r, err
}

func countTasks(x *engine.Exec, a engine.Attrs) {
	var running, pending, services, instances int64
	for _, t := range x.List("ecs/task") {
		if t.Str("clusterArn") != a.Str("clusterArn") {
			continue
		}
		switch t.Str("lastStatus") {
		case "RUNNING":
			running++
		case "PROVISIONING", "PENDING", "ACTIVATING":
			pending++
		}
	}
	for _, s := range x.List("ecs/service") {
		if s.Str("clusterArn") == a.Str("clusterArn") && s.Str("status") == "ACTIVE" {
			services++
		}
	}
	for _, i := range x.List("ecs/container-instance") {
		if i.Str(instanceCluster) == a.Str("clusterArn") {
			instances++
		}
	}
	a.Set("registeredContainerInstancesCount", instances)
	a.Set("runningTasksCount", running)
	a.Set("pendingTasksCount", pending)
	a.Set("activeServicesCount", services)
}

func clusterUnused(x *engine.Exec, r *engine.Resource) error {
	a := x.Shown("cluster", r)
	if a.Int("registeredContainerInstancesCount") > 0 {
		return engine.Refuse("ClusterContainsContainerInstancesException",
			"The Cluster cannot be deleted while Container Instances are active or draining.").With()
	}
	if a.Int("activeServicesCount") > 0 {
		return engine.Refuse("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.").With()
	}
	if a.Int("runningTasksCount")+a.Int("pendingTasksCount") > 0 {
		return engine.Refuse("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.").With()
	}
	return nil
}
