package gateway

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cairn-audit/cairn/internal/access"
)

// inventory knows one security group, sg-1, which is called "prod" and has a tag.
type inventory struct{}

func (inventory) Referred(_ context.Context, _, arn string) (string, map[string]string, bool, error) {
	kind, ref, _ := strings.Cut(arn, "/")
	if !strings.HasSuffix(kind, ":security-group") || ref != "prod" && ref != "sg-1" {
		return "", nil, false, nil
	}
	return kind + "/sg-1", map[string]string{"env": "prod"}, true, nil
}

// Template knows the launch template "web", whose second version has a profile.
func (inventory) Template(_ context.Context, _, _ string, specification map[string]any) (map[string]any, bool, error) {
	if specification["LaunchTemplateName"] != "web" {
		return nil, false, nil
	}
	data := map[string]any{"InstanceType": "t3.large", "SubnetId": "subnet-1"}
	if specification["Version"] == "2" {
		data["IamInstanceProfile"] = map[string]any{"Name": "admin"}
	}
	return data, true, nil
}

func TestAResourceIsDecidedOnByItsOwnARNAndTags(t *testing.T) {
	table, err := access.Open()
	if err != nil {
		t.Fatal(err)
	}
	denied := func(rest string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*",` + rest + `}]}`
	}
	group := denied(`"Resource":"arn:aws:ec2:*:*:security-group/sg-1"`)
	tagged := denied(`"Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/env":"prod"}}`)
	for _, test := range []struct {
		policy string
		params map[string]any
		status int
	}{
		{group, map[string]any{"GroupId": "sg-1"}, 403},
		{group, map[string]any{"GroupName": "prod"}, 403},
		{group, map[string]any{"GroupId": "prod"}, 403},
		{group, map[string]any{"GroupName": "dev"}, 200},
		{tagged, map[string]any{"GroupName": "prod"}, 403},
		{tagged, map[string]any{"GroupId": "sg-2"}, 200},
		{strings.ReplaceAll(tagged, "aws:ResourceTag", "ec2:ResourceTag"), map[string]any{"GroupId": "sg-1"}, 403},
	} {
		var calls atomic.Int64
		f := newFront(t, keys(&calls, nil), grant(granted{policy: test.policy}), func(o *Options) {
			o.Identities = knownKeys{alice.AccessKeyID: alice}
			o.Access, o.Inventories = table, map[string]Inventory{"ec2": inventory{}}
		})
		if a := f.callAs(alice, "ec2", "DeleteSecurityGroup", test.params); a.status != test.status {
			t.Errorf("%v under %s: %d %s, want %d", test.params, test.policy, a.status, a.body, test.status)
		}
	}
}

// Whoever may write a session's policy may write one that takes long, so the time
// of a call is bounded by how much it asks for.
func TestACallThatAsksForTooMuchIsRefusedBeforeItIsDecided(t *testing.T) {
	table, err := access.Open()
	if err != nil {
		t.Fatal(err)
	}
	many := func(n int, of func(i int) any) []any {
		list := make([]any, n)
		for i := range list {
			list[i] = of(i)
		}
		return list
	}
	tag := func(i int) any { return map[string]any{"key": fmt.Sprint("k", i), "value": "v"} }
	id := func(i int) any { return fmt.Sprintf("i-%08x", i) }
	for _, test := range []struct {
		service, operation string
		params             map[string]any
		status             int
	}{
		{"ecs", "CreateCluster", map[string]any{"tags": many(maxRequestTags, tag)}, 200},
		{"ecs", "CreateCluster", map[string]any{"tags": many(maxRequestTags+1, tag)}, 400},
		{"ec2", "CreateVpc", map[string]any{"CidrBlock": "10.0.0.0/16", "TagSpecifications": []any{map[string]any{
			"ResourceType": "vpc", "Tags": many(maxRequestTags+1, func(i int) any { return map[string]any{"Key": fmt.Sprint("k", i)} }),
		}}}, 400},
		{"ec2", "StopInstances", map[string]any{"InstanceIds": many(maxNeeds, id)}, 200},
		{"ec2", "StopInstances", map[string]any{"InstanceIds": many(maxNeeds+1, id)}, 400},
	} {
		var calls atomic.Int64
		f := newFront(t, keys(&calls, nil), grant(granted{policy: statement("Allow", "*", "*")}), func(o *Options) {
			o.Identities, o.Access = knownKeys{alice.AccessKeyID: alice}, table
		})
		if a := f.callAs(alice, test.service, test.operation, test.params); a.status != test.status || (calls.Load() == 1) != (test.status == 200) {
			t.Errorf("%s: %d %.200s, %d calls", test.operation, a.status, a.body, calls.Load())
		}
	}
}
