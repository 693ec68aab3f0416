package ecs

import (
	"regexp"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func definitionKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "task-definition", Shape: "TaskDefinition", ID: "taskDefinitionArn", Tags: ".tags",
		NewID:   engine.Text(arn + "task-definition/{family}:{revision}"),
		Resolve: resolveDefinition,
		Unknown: client("Unable to describe task definition."),
		New: []engine.Field{
			engine.Be("status", "ACTIVE"), engine.Make("registeredAt", engine.Now()),
			engine.Make("registeredBy", engine.Func(func(x *engine.Exec, _ engine.Attrs) (any, error) { return caller(x), nil })),
			engine.Make("volumes", engine.Empty()), engine.Make("placementConstraints", engine.Empty()),
			engine.Make("compatibilities", engine.Func(compatibilities)),
			engine.Make("requiresAttributes", engine.Func(requiredAttributes)),
		},
	}}
}

func definitionOps() []engine.Op {
	return []engine.Op{
		{Name: "RegisterTaskDefinition", Do: engine.Create{
			Kind: "task-definition", Check: checkDefinition, Set: []engine.Field{
				engine.Make("revision", engine.Func(nextRevision, "family")),
				engine.Make("containerDefinitions", engine.Func(containerDefinitions, "containerDefinitions")),
			},
			Out: []engine.Field{engine.Make("tags", engine.Param("tags"))},
		}},
		{Name: "DescribeTaskDefinition", Do: engine.Read(func(x *engine.Exec) (map[string]any, error) {
			r, err := x.Find("task-definition", x.Params.Str("taskDefinition"))
			if err != nil {
				return nil, err
			}
			out := x.Answer("task-definition", r)
			out["tags"] = []any{}
			if slices.Contains(x.Params.Strs("include"), "TAGS") {
				out["tags"] = append([]any{}, r.Clone().All(".tags")...)
			}
			return out, nil
		})},
		{Name: "DeregisterTaskDefinition", Do: engine.Update{
			Kind: "task-definition", Target: "taskDefinition",
			Check: func(x *engine.Exec, r *engine.Resource) error {
				if r.Str("status") != "ACTIVE" || !strings.Contains(last(x.Params.Str("taskDefinition")), ":") {
					return client("The specified task definition is inactive, or has no revision. Specify a revision of an active task definition.").With()
				}
				return nil
			},
			Set: []engine.Field{engine.Be("status", "INACTIVE"), engine.Make("deregisteredAt", engine.Now())},
		}},
		{Name: "ListTaskDefinitions", Do: engine.Describe{
			Kind: "task-definition", IDs: []string{}, List: "taskDefinitionArns", Only: func(x *engine.Exec, a engine.Attrs) bool {
				want := x.Params.Str("status")
				if want == "" {
					want = "ACTIVE"
				}
				prefix := x.Params.Str("familyPrefix")
				return a.Str("status") == want && (prefix == "" || a.Str("family") == prefix)
			},
		}},
		{Name: "ListTaskDefinitionFamilies", Do: engine.Read(families)},
	}
}

// resolveDefinition takes a family, a family with a revision, or an ARN of
// either. A family alone is its newest active revision.
func resolveDefinition(x *engine.Exec, ref string) string {
	own := x.Expand(arn+"task-definition/", nil)
	name, ours := strings.CutPrefix(ref, own)
	switch {
	case !ours && strings.HasPrefix(ref, "arn:"):
		return ref
	case strings.Contains(name, ":"):
		return own + name
	}
	newest, id := int64(0), ref
	for _, d := range x.List("ecs/task-definition") {
		if d.Str("family") == name && d.Str("status") == "ACTIVE" && d.Int("revision") > newest {
			newest, id = d.Int("revision"), d.ID
		}
	}
	return id
}

func nextRevision(x *engine.Exec, _ engine.Attrs) (any, error) {
	newest := int64(0)
	for _, d := range x.List("task-definition") {
		if d.Str("family") == x.Params.Str("family") {
			newest = max(newest, d.Int("revision"))
		}
	}
	return newest + 1, nil
}

func checkDefinition(x *engine.Exec) error {
	if family := x.Params.Str("family"); !regexp.MustCompile(`^[a-zA-Z0-9_-]{1,255}$`).MatchString(family) {
		return client("Family contains invalid characters.").With()
	}
	containers := x.Params.Subs("containerDefinitions")
	if len(containers) == 0 {
		return client("Container list cannot be empty.").With()
	}
	fargate := slices.Contains(x.Params.Strs("requiresCompatibilities"), "FARGATE")
	if fargate && x.Params.Str("networkMode") != "awsvpc" {
		return client("Fargate only supports network mode 'awsvpc'.").With()
	}
	if fargate && (!x.Params.Has("cpu") || !x.Params.Has("memory")) {
		return client("Fargate requires that 'cpu' and 'memory' be defined at the task level.").With()
	}
	seen := make(map[string]bool)
	for _, c := range containers {
		name := c.Str("name")
		switch {
		case name == "" || seen[name]:
			return client("Container.name contains invalid characters, is missing, or is used twice.").With()
		case c.Str("image") == "":
			return client("Container.image should not be null or empty.").With()
		case !x.Params.Has("memory") && !c.Has("memory") && !c.Has("memoryReservation"):
			return client("Invalid setting for container '" + name + "'. At least one of 'memory' or 'memoryReservation' must be specified.").With()
		}
		seen[name] = true
	}
	return nil
}

// containerDefinitions are those of the request, with the defaults that the
// answer shows.
func containerDefinitions(x *engine.Exec, _ engine.Attrs) (any, error) {
	list := []any{}
	for _, c := range x.Params.Clone().Subs("containerDefinitions") {
		for _, member := range []string{"portMappings", "environment", "mountPoints", "volumesFrom", "systemControls"} {
			if !c.Has(member) {
				c.Set(member, []any{})
			}
		}
		if !c.Has("cpu") {
			c.Set("cpu", 0)
		}
		if !c.Has("essential") {
			c.Set("essential", true)
		}
		for _, p := range c.Subs("portMappings") {
			if !p.Has("protocol") {
				p.Set("protocol", "tcp")
			}
			if !p.Has("hostPort") && x.Params.Str("networkMode") == "awsvpc" {
				p.Set("hostPort", p.Int("containerPort"))
			} else if !p.Has("hostPort") {
				p.Set("hostPort", 0)
			}
		}
		list = append(list, map[string]any(c))
	}
	return list, nil
}

func compatibilities(_ *engine.Exec, a engine.Attrs) (any, error) {
	if a.Str("networkMode") == "awsvpc" && a.Has("cpu") && a.Has("memory") {
		return []any{"EC2", "FARGATE"}, nil
	}
	return []any{"EC2"}, nil
}

// requiredAttributes is what a definition asks of the instance that runs it.
func requiredAttributes(_ *engine.Exec, a engine.Attrs) (any, error) {
	var names []string
	if driver := a.Str("containerDefinitions.logConfiguration.logDriver"); driver != "" {
		names = append(names, "com.amazonaws.ecs.capability.logging-driver."+driver)
		if driver == "awslogs" && a.Has("executionRoleArn") {
			names = append(names, "ecs.capability.execution-role-awslogs")
		}
		names = append(names, "com.amazonaws.ecs.capability.docker-remote-api.1.19")
	}
	if slices.ContainsFunc(a.Strs("containerDefinitions.image"), func(s string) bool { return strings.Contains(s, ".dkr.ecr.") }) {
		names = append(names, "com.amazonaws.ecs.capability.ecr-auth")
		if a.Has("executionRoleArn") {
			names = append(names, "ecs.capability.execution-role-ecr-pull")
		}
	}
	if a.Has("taskRoleArn") {
		names = append(names, "com.amazonaws.ecs.capability.task-iam-role")
	}
	if a.Str("networkMode") == "awsvpc" {
		names = append(names, "com.amazonaws.ecs.capability.docker-remote-api.1.18", "ecs.capability.task-eni")
	}
	list := []any{}
	for _, name := range names {
		list = append(list, map[string]any{"name": name})
	}
	return list, nil
}

func families(x *engine.Exec) (map[string]any, error) {
	var names []string
	want := x.Params.Str("status")
	for _, d := range x.List("task-definition") {
		live := d.Str("status") == "ACTIVE"
		if (want == "" || want == "ACTIVE") && !live || want == "INACTIVE" && live {
			continue
		}
		if strings.HasPrefix(d.Str("family"), x.Params.Str("familyPrefix")) {
			names = append(names, d.Str("family"))
		}
	}
	slices.Sort(names)
	list := []any{}
	for _, name := range slices.Compact(names) {
		list = append(list, name)
	}
	return map[string]any{"families": list}, nil
}
