package elbv2

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func targetKinds() []*engine.Kind {
	return []*engine.Kind{
		{
			Name: "target-group", Shape: "TargetGroup", ID: "TargetGroupArn", Tags: ".Tags",
			NewID: engine.Func(func(x *engine.Exec, a engine.Attrs) (any, error) {
				return x.Hex(x.Expand(arn+"targetgroup/{TargetGroupName}/", a), 16), nil
			}),
			Resolve: func(x *engine.Exec, ref string) string { return byName(x, "target-group", "TargetGroupName", ref) },
			Unknown: engine.Refuse("TargetGroupNotFoundException", "One or more target groups not found"),
			New: []engine.Field{
				engine.Be("TargetType", "instance"), engine.Be("IpAddressType", "ipv4"),
				engine.Make("HealthCheckProtocol", engine.Func(checkProtocol)),
				engine.Be("HealthCheckPort", "traffic-port"), engine.Be("HealthCheckEnabled", true),
				engine.Be("HealthCheckIntervalSeconds", 30), engine.Be("HealthyThresholdCount", 5), engine.Be("UnhealthyThresholdCount", 2),
				engine.Make("HealthCheckTimeoutSeconds", engine.Func(onHTTP(int64(5), int64(10)))),
				engine.Make("HealthCheckPath", engine.Func(onHTTP("/", nil))),
				engine.Make("Matcher", engine.Func(onHTTP(map[string]any{"HttpCode": "200"}, nil))),
				engine.Make("ProtocolVersion", engine.Func(func(_ *engine.Exec, a engine.Attrs) (any, error) {
					if strings.HasPrefix(a.Str("Protocol"), "HTTP") {
						return "HTTP1", nil
					}
					return nil, nil
				})),
			},
			Unique: []engine.Unique{{
				Paths: []string{"TargetGroupName"},
				Taken: engine.Refuse("DuplicateTargetGroupNameException", "A target group with the same name '{TargetGroupName}' exists, but with different settings"),
			}},
			View: func(x *engine.Exec, a engine.Attrs) { a.Set("LoadBalancerArns", users(x, a.Str("TargetGroupArn"))) },
		},
		{
			Name: "target", Shape: "TargetHealthDescription", ID: ".Target",
			NewID:   engine.Text("{.TargetGroupArn}/{Target.Id}/{Target.Port}"),
			Unknown: engine.Refuse("InvalidTargetException", "The target is not registered"),
			States: &engine.States{
				Path: "TargetHealth.State",
				Next: map[string]engine.Step{
					"initial":  {To: "healthy", After: 30 * time.Second},
					"draining": {After: 300 * time.Second},
				},
				Enter: map[string]map[string]any{"healthy": {"TargetHealth.Reason": nil, "TargetHealth.Description": nil}},
			},
			First: "initial",
			New: []engine.Field{
				engine.Make("HealthCheckPort", engine.Text("{Target.Port}")),
				engine.Be("TargetHealth.Reason", "Elb.RegistrationInProgress"),
				engine.Be("TargetHealth.Description", "Target registration is in progress"),
			},
			View: func(x *engine.Exec, a engine.Attrs) {
				if len(users(x, a.Str(".TargetGroupArn"))) == 0 {
					a.Set("TargetHealth", map[string]any{
						"State": "unused", "Reason": "Target.NotInUse",
						"Description": "Target group is not configured to receive traffic from the load balancer",
					})
				}
			},
		},
	}
}

func targetOps() []engine.Op {
	const kind, member = "target-group", "TargetGroupArn"
	return []engine.Op{
		{Name: "CreateTargetGroup", Do: engine.Create{Kind: kind, Same: engine.SameRequest(kind), Check: checkTargetGroup, Set: []engine.Field{
			engine.Make("TargetGroupName", engine.Param("Name")),
		}}},
		{Name: "DescribeTargetGroups", Do: engine.Describe{
			Kind: kind, IDs: []string{"TargetGroupArns", "Names"},
			Where: []engine.Match{{Param: "LoadBalancerArn", Path: "LoadBalancerArns"}},
		}},
		{Name: "ModifyTargetGroup", Do: engine.Update{Kind: kind}},
		{Name: "DeleteTargetGroup", Do: engine.Delete{Kind: kind, Check: unused, Then: func(x *engine.Exec, r *engine.Resource) error {
			return forget(x, "target", ".TargetGroupArn", r.ID)
		}}},
		{Name: "DescribeTargetGroupAttributes", Do: describeAttributes(kind, member, "Protocol", targetGroupDefaults)},
		{Name: "ModifyTargetGroupAttributes", Do: modifyAttributes(kind, member, "Protocol", targetGroupDefaults)},
		{Name: "RegisterTargets", Do: engine.Write(register)},
		{Name: "DeregisterTargets", Do: engine.Write(deregister)},
		{Name: "DescribeTargetHealth", Do: engine.Read(health)},
	}
}

func checkProtocol(_ *engine.Exec, a engine.Attrs) (any, error) {
	switch a.Str("Protocol") {
	case "HTTP", "HTTPS", "":
		return "HTTP", nil
	}
	return "TCP", nil
}

// onHTTP is a default that depends on the protocol of the health check.
func onHTTP(http, other any) func(*engine.Exec, engine.Attrs) (any, error) {
	return func(_ *engine.Exec, a engine.Attrs) (any, error) {
		if strings.HasPrefix(a.Str("HealthCheckProtocol"), "HTTP") {
			return engine.Attrs{"v": http}.Clone()["v"], nil
		}
		return other, nil
	}
}

func checkTargetGroup(x *engine.Exec) error {
	if len(x.Params.Str("Name")) > 32 {
		return invalid("Target group name '" + x.Params.Str("Name") + "' cannot be longer than '32' characters").With()
	}
	if x.Params.Str("TargetType") == "lambda" {
		return nil
	}
	for member, text := range map[string]string{
		"Protocol": "A protocol must be specified", "Port": "A port must be specified", "VpcId": "A VPC ID must be specified",
	} {
		if !x.Params.Has(member) {
			return invalid(text).With()
		}
	}
	if vpc := x.Params.Str("VpcId"); x.Look("ec2/vpc", vpc) == nil {
		return invalid("The VPC ID '" + vpc + "' is not found").With()
	}
	return nil
}

// users are the load balancers whose listeners or rules send to the group.
func users(x *engine.Exec, targetGroup string) []any {
	used := []any{}
	add := func(actions []string, balancer string) {
		if slices.Contains(actions, targetGroup) && !slices.Contains(used, any(balancer)) {
			used = append(used, balancer)
		}
	}
	for _, l := range x.List("elbv2/listener") {
		add(groupsOf(l.Attrs, "DefaultActions"), l.Str("LoadBalancerArn"))
	}
	for _, r := range x.List("elbv2/rule") {
		if l := x.Look("elbv2/listener", r.Str(".ListenerArn")); l != nil {
			add(groupsOf(r.Attrs, "Actions"), l.Str("LoadBalancerArn"))
		}
	}
	return used
}

// groupsOf are the target groups that actions send to.
func groupsOf(a engine.Attrs, actions string) []string {
	return append(a.Strs(actions+".TargetGroupArn"), a.Strs(actions+".ForwardConfig.TargetGroups.TargetGroupArn")...)
}

func unused(x *engine.Exec, r *engine.Resource) error {
	if len(users(x, r.ID)) > 0 {
		return engine.Refuse("ResourceInUseException", "Target group '"+r.ID+"' is currently in use by a listener or a rule").With()
	}
	return nil
}

func register(x *engine.Exec) (map[string]any, error) {
	group, err := x.Find("target-group", x.Params.Str("TargetGroupArn"))
	if err != nil {
		return nil, err
	}
	for _, t := range x.Params.Clone().Subs("Targets") {
		if group.Str("TargetType") == "instance" {
			instance := x.Look("ec2/instance", t.Str("Id"))
			if instance == nil {
				return nil, engine.Refuse("InvalidTargetException", "The following targets are not valid instances: '"+t.Str("Id")+"'").With()
			}
			if s := instance.Str("State.Name"); s != "running" && s != "pending" {
				return nil, engine.Refuse("InvalidTargetException", "The following targets are not in a running state and cannot be registered: '"+t.Str("Id")+"'").With()
			}
		}
		if !t.Has("Port") {
			t.Set("Port", group.Int("Port"))
		}
		a := engine.Attrs{".TargetGroupArn": group.ID, "Target": map[string]any(t)}
		if old := x.Look("target", targetID(group.ID, t)); old != nil {
			x.Enter("target", x.Edit("target", old), "initial")
			continue
		}
		if _, err := x.Add("target", a); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func targetID(group string, t engine.Attrs) string {
	return group + "/" + t.Str("Id") + "/" + strconv.FormatInt(t.Int("Port"), 10)
}

func deregister(x *engine.Exec) (map[string]any, error) {
	group, err := x.Find("target-group", x.Params.Str("TargetGroupArn"))
	if err != nil {
		return nil, err
	}
	for _, t := range x.Params.Subs("Targets") {
		for _, r := range registered(x, group.ID, t) {
			r = x.Edit("target", r)
			x.Enter("target", r, "draining")
			r.Set("TargetHealth.Reason", "Target.DeregistrationInProgress")
			r.Set("TargetHealth.Description", "Target deregistration is in progress")
		}
	}
	return nil, nil
}

// registered are the group's targets that t names: all ports, where it names
// none.
func registered(x *engine.Exec, group string, t engine.Attrs) []*engine.Resource {
	var found []*engine.Resource
	for _, r := range x.List("target") {
		if r.Str(".TargetGroupArn") == group && r.Str("Target.Id") == t.Str("Id") &&
			(!t.Has("Port") || r.Int("Target.Port") == t.Int("Port")) {
			found = append(found, r)
		}
	}
	return found
}

func health(x *engine.Exec) (map[string]any, error) {
	group, err := x.Find("target-group", x.Params.Str("TargetGroupArn"))
	if err != nil {
		return nil, err
	}
	var found []*engine.Resource
	wanted := x.Params.Subs("Targets")
	for _, t := range wanted {
		some := registered(x, group.ID, t)
		if len(some) == 0 {
			found = append(found, &engine.Resource{Attrs: engine.Attrs{
				".TargetGroupArn": group.ID, "Target": map[string]any(t), "TargetHealth": map[string]any{
					"State": "unused", "Reason": "Target.NotRegistered", "Description": "Target is not registered to the target group",
				},
			}})
		}
		found = append(found, some...)
	}
	if len(wanted) == 0 {
		for _, r := range x.List("target") {
			if r.Str(".TargetGroupArn") == group.ID {
				found = append(found, r)
			}
		}
	}
	return x.Answer("target", found...), nil
}
