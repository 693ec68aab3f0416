package sandbox

import (
	"testing"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// Policies decide on the name that a request has. If the sandbox made another name
// of it, a denied resource could be reached by a name that is not denied.
func TestAReferenceThatIsNotExactNamesNothing(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	const own = "arn:aws:ecs:us-west-2:123456789012:"
	c.call("ecs", "CreateCluster", params{"clusterName": "prod"})
	definition := c.call("ecs", "RegisterTaskDefinition", params{
		"family": "web", "containerDefinitions": []any{params{"name": "app", "image": "nginx", "memory": int64(128)}},
	}).Str("taskDefinition.taskDefinitionArn")
	c.call("ecs", "CreateService", params{"cluster": "prod", "serviceName": "web", "taskDefinition": "web", "desiredCount": int64(0)})
	update := func(cluster, service string) params {
		return params{"cluster": cluster, "service": service, "desiredCount": int64(0)}
	}
	for _, exact := range [][2]string{
		{"prod", "web"}, {own + "cluster/prod", "web"}, {"prod", own + "service/web"}, {"other", own + "service/prod/web"},
	} {
		c.call("ecs", "UpdateService", update(exact[0], exact[1]))
	}
	for _, inexact := range [][2]string{
		{"x/prod", "web"}, {"prod", "x/web"}, {"prod", own + "service/x/y/web"}, {"prod", "arn:aws:ecs:eu-west-1:123456789012:service/web"},
		{"arn:aws:ecs:us-west-2:999999999999:cluster/prod", "web"}, {"prod", own + "cluster/web"},
	} {
		c.refused("ecs", "UpdateService", update(inexact[0], inexact[1]), "ServiceNotFoundException")
	}
	c.call("ecs", "DescribeTaskDefinition", params{"taskDefinition": definition})
	for _, inexact := range []string{"x/web", "x/web:1", "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1", own + "service/web:1"} {
		if _, err := c.try("ecs", "DescribeTaskDefinition", params{"taskDefinition": inexact}); err == nil {
			t.Errorf("%s is a task definition", inexact)
		}
	}
}
