package ecs

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func serviceKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "service", Shape: "Service", ID: "serviceArn", Tags: "tags",
		NewID: engine.Func(func(x *engine.Exec, a engine.Attrs) (any, error) {
			return x.Expand(arn+"service/", nil) + last(a.Str("clusterArn")) + "/" + a.Str("serviceName"), nil
		}),
		Resolve: func(x *engine.Exec, ref string) string {
			name, ours := strings.CutPrefix(ref, x.Expand(arn+"service/", nil))
			if strings.Contains(name, "/") || !ours && strings.HasPrefix(ref, "arn:") {
				return ref // with its cluster, or of no service here
			}
			return x.Expand(arn+"service/", nil) + clusterName(x) + "/" + name
		},
		Unknown: engine.Refuse("ServiceNotFoundException", "Service not found."),
		States: &engine.States{
			Path: "status", Next: map[string]engine.Step{
				"DRAINING": {To: "INACTIVE", After: 30 * time.Second},
				"INACTIVE": {After: time.Hour, Keep: true},
			},
		},
		First: "ACTIVE",
		New: []engine.Field{
			engine.Make("loadBalancers", engine.Empty()), engine.Make("serviceRegistries", engine.Empty()),
			engine.Be("desiredCount", 0), engine.Be("runningCount", 0), engine.Be("pendingCount", 0),
			engine.Make("launchType", engine.Func(launchType)),
			engine.Be("deploymentConfiguration.deploymentCircuitBreaker", map[string]any{"enable": false, "rollback": false}),
			engine.Be("deploymentConfiguration.maximumPercent", 200), engine.Be("deploymentConfiguration.minimumHealthyPercent", 100),
			engine.Make("events", engine.Empty()), engine.Make("createdAt", engine.Now()),
			engine.Make("roleArn", engine.Text("arn:aws:iam::{account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS")),
			engine.Make("placementConstraints", engine.Empty()), engine.Make("placementStrategy", engine.Empty()),
			engine.Be("schedulingStrategy", "REPLICA"), engine.Be("deploymentController.type", "ECS"),
			engine.Make("createdBy", engine.Func(func(x *engine.Exec, _ engine.Attrs) (any, error) { return caller(x), nil })),
			engine.Be("enableECSManagedTags", false), engine.Be("propagateTags", "NONE"), engine.Be("enableExecuteCommand", false),
			engine.Be("availabilityZoneRebalancing", "DISABLED"), engine.Make("tags", engine.Empty()),
		},
		View: viewService,
	}}
}

func serviceOps() []engine.Op {
	definition := engine.Make("taskDefinition", engine.Func(definitionOf, "taskDefinition"))
	live := func() ([]string, engine.Fault) {
		return []string{"ACTIVE"}, engine.Refuse("ServiceNotActiveException", "Service was not ACTIVE.")
	}
	in, wrong := live()
	return []engine.Op{
		{Name: "CreateService", Do: engine.Create{
			Kind: "service", Same: engine.SameRequest("service"), Check: checkService, Set: []engine.Field{
				engine.Make("clusterArn", engine.Func(func(x *engine.Exec, _ engine.Attrs) (any, error) {
					c, err := liveCluster(x)
					if err != nil {
						return nil, err
					}
					return c.ID, nil
				}, "cluster")),
				definition,
				engine.Make("platformVersion", engine.Func(platform, "platformVersion", "launchType")),
			},
			Then: deploy,
		}},
		{Name: "DescribeServices", Do: described("service", "services", included(map[string]string{"TAGS": "tags"}))},
		{Name: "ListServices", Do: engine.Describe{
			Kind: "service", IDs: []string{}, List: "serviceArns", Page: 10,
			Where: []engine.Match{{Param: "launchType", Path: "launchType"}, {Param: "schedulingStrategy", Path: "schedulingStrategy"}},
			Only: func(x *engine.Exec, a engine.Attrs) bool {
				c := x.Look("cluster", clusterRef(x))
				return c != nil && a.Str("clusterArn") == c.ID && a.Str("status") != "INACTIVE"
			},
		}},
		{Name: "UpdateService", Do: engine.Update{
			Kind: "service", Target: "service", In: in, Wrong: wrong, Check: checkCount, Set: []engine.Field{definition}, Then: redeploy,
		}},
		{Name: "DeleteService", Do: engine.Delete{
			Kind: "service", Target: "service", In: in, Wrong: wrong, Into: "DRAINING",
			Check: func(x *engine.Exec, r *engine.Resource) error {
				if r.Int("desiredCount") > 0 && !x.Params.Bool("force") {
					return invalid("The service cannot be stopped while it is scaled above 0.").With()
				}
				return nil
			},
			Then: func(x *engine.Exec, r *engine.Resource) error {
				r.Set("desiredCount", 0)
				for _, d := range r.Subs("deployments") {
					d.Set("desiredCount", 0)
				}
				return nil
			},
		}},
	}
}

func launchType(x *engine.Exec, _ engine.Attrs) (any, error) {
	if x.Params.Has("capacityProviderStrategy") {
		return nil, nil
	}
	return "EC2", nil
}

func platform(x *engine.Exec, _ engine.Attrs) (any, error) {
	if x.Params.Str("launchType") != "FARGATE" {
		return x.Params.Get("platformVersion"), nil
	}
	if v := x.Params.Str("platformVersion"); v != "" {
		return v, nil
	}
	return "LATEST", nil
}

func definitionOf(x *engine.Exec, _ engine.Attrs) (any, error) {
	if !x.Params.Has("taskDefinition") {
		return nil, nil
	}
	d := x.Look("task-definition", x.Params.Str("taskDefinition"))
	if d == nil {
		return nil, client("TaskDefinition not found.").With()
	}
	return d.ID, nil
}

func checkService(x *engine.Exec) error {
	c, err := liveCluster(x)
	if err != nil {
		return err
	}
	old := x.Look("service", last(c.ID)+"/"+x.Params.Str("serviceName"))
	if old == nil {
		old = x.Look("service", x.Params.Str("serviceName"))
	}
	if old != nil && old.Str("status") == "ACTIVE" {
		return invalid("Creation of service was not idempotent.").With()
	}
	if old != nil && old.Str("status") == "DRAINING" {
		return invalid("Unable to Start a service that is still Draining.").With()
	}
	if !x.Params.Has("taskDefinition") {
		return invalid("TaskDefinition can not be blank.").With()
	}
	if err := checkTargetGroups(x); err != nil {
		return err
	}
	return checkCount(x, nil)
}

// checkTargetGroups wants target groups that tasks of the definition can be
// registered with.
func checkTargetGroups(x *engine.Exec) error {
	definition := x.Look("task-definition", x.Params.Str("taskDefinition"))
	for _, id := range x.Params.Strs("loadBalancers.targetGroupArn") {
		group := x.Look("elbv2/target-group", id)
		if group == nil {
			return invalid("Unable to assume role and validate the specified targetGroupArn: " + id).With()
		}
		if kind := group.Str("TargetType"); definition != nil && definition.Str("networkMode") == "awsvpc" && kind != "ip" {
			return invalid("The provided target group " + id + " has target type " + kind +
				", which is incompatible with the awsvpc network mode specified in the task definition.").With()
		}
	}
	return nil
}

// maxCount is how many tasks a service may have.
const maxCount = 5000

func checkCount(x *engine.Exec, _ *engine.Resource) error {
	if n := x.Params.Int("desiredCount"); n < 0 || n > maxCount {
		return invalid(fmt.Sprintf("The desiredCount must be between 0 and %d.", maxCount)).With()
	}
	return nil
}

// deploy begins a deployment of the service, which the scheduler carries out. It
// refuses what could start no task.
func deploy(x *engine.Exec, r *engine.Resource) error {
	cluster, err := x.Find("cluster", r.Str("clusterArn"))
	if err != nil {
		return err
	}
	definition, err := x.Find("task-definition", r.Str("taskDefinition"))
	if err != nil {
		return err
	}
	if _, err := newTask(x, cluster, definition, r.Attrs, engine.Attrs{"launchType": r.Str("launchType")}); err != nil {
		return err
	}
	d := engine.Attrs{
		"id": x.Digits("ecs-svc/", 19), "status": "PRIMARY", "taskDefinition": r.Str("taskDefinition"),
		"desiredCount": r.Int("desiredCount"), "pendingCount": 0, "runningCount": 0, "failedTasks": 0,
		"createdAt": x.Now(), "updatedAt": x.Now(), "rolloutState": "IN_PROGRESS",
	}
	for _, member := range []string{"launchType", "platformVersion", "networkConfiguration", "capacityProviderStrategy"} {
		d.Set(member, r.Clone().Get(member))
	}
	d.Set("rolloutStateReason", "ECS deployment "+d.Str("id")+" in progress.")
	r.Set("deployments", []any{map[string]any(d)})
	return nil
}

func redeploy(x *engine.Exec, r *engine.Resource) error {
	before := x.Before("service", r.ID)
	if r.Str("taskDefinition") != before.Str("taskDefinition") || x.Params.Bool("forceNewDeployment") ||
		x.Params.Has("networkConfiguration") || x.Params.Has("platformVersion") {
		return deploy(x, r)
	}
	for _, d := range r.Subs("deployments") {
		d.Set("desiredCount", r.Int("desiredCount"))
		d.Set("updatedAt", x.Now())
	}
	return nil
}

// viewService counts the service's tasks.
func viewService(x *engine.Exec, a engine.Attrs) {
	var running, pending int64
	r := &engine.Resource{Attrs: a}
	for _, t := range tasksOf(x, r) {
		if t.Str("lastStatus") == "RUNNING" {
			running++
		} else if !t.Time("createdAt").Equal(x.Now()) {
			pending++
		}
	}
	a.Set("runningCount", running)
	a.Set("pendingCount", pending)
	for _, d := range a.Subs("deployments") {
		d.Set("runningCount", running)
		d.Set("pendingCount", pending)
		if running == a.Int("desiredCount") && !slices.Contains([]string{"COMPLETED", "FAILED"}, d.Str("rolloutState")) && !d.Time("createdAt").Equal(x.Now()) {
			d.Set("rolloutState", "COMPLETED")
			d.Set("rolloutStateReason", "ECS deployment "+d.Str("id")+" completed.")
		}
	}
}
