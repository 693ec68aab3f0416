package elbv2

import (
	"strconv"
	"strings"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func listenerKinds() []*engine.Kind {
	return []*engine.Kind{
		{
			Name: "listener", Shape: "Listener", ID: "ListenerArn", Tags: ".Tags",
			NewID: engine.Func(func(x *engine.Exec, a engine.Attrs) (any, error) {
				return x.Hex(strings.Replace(a.Str("LoadBalancerArn"), ":loadbalancer/", ":listener/", 1)+"/", 16), nil
			}),
			Unknown: engine.Refuse("ListenerNotFoundException", "One or more listeners not found"),
			New: []engine.Field{
				engine.Make("SslPolicy", engine.Func(func(_ *engine.Exec, a engine.Attrs) (any, error) {
					if a.Str("Protocol") == "HTTPS" || a.Str("Protocol") == "TLS" {
						return "ELBSecurityPolicy-2016-08", nil
					}
					return nil, nil
				})),
			},
			Unique: []engine.Unique{{
				Paths: []string{"LoadBalancerArn", "Port"},
				Taken: engine.Refuse("DuplicateListenerException", "A listener already exists on this port for this load balancer '{LoadBalancerArn}'"),
			}},
		},
		{
			Name: "rule", Shape: "Rule", ID: "RuleArn", Tags: ".Tags",
			NewID: engine.Func(func(x *engine.Exec, a engine.Attrs) (any, error) {
				return x.Hex(strings.Replace(a.Str(".ListenerArn"), ":listener/", ":listener-rule/", 1)+"/", 16), nil
			}),
			Unknown: engine.Refuse("RuleNotFoundException", "One or more rules not found"),
			New:     []engine.Field{engine.Be("IsDefault", false), engine.Make("Conditions", engine.Empty())},
			Unique: []engine.Unique{{
				Paths: []string{".ListenerArn", "Priority"},
				Taken: engine.Refuse("PriorityInUseException", "Priority '{Priority}' is currently in use"),
			}},
		},
	}
}

func listenerOps() []engine.Op {
	return []engine.Op{
		{Name: "CreateListener", Do: engine.Create{
			Kind: "listener", Same: engine.SameRequest("listener"), Check: checkListener, Set: []engine.Field{
				engine.Make("LoadBalancerArn", engine.Param("LoadBalancerArn")),
				engine.Make("DefaultActions", engine.Func(actions("DefaultActions"), "DefaultActions")),
			},
			Then: func(x *engine.Exec, r *engine.Resource) error {
				_, err := x.Add("rule", engine.Attrs{
					".ListenerArn": r.ID, "Priority": "default", "IsDefault": true, "Actions": r.Clone().All("DefaultActions"),
				})
				return err
			},
		}},
		{Name: "DescribeListeners", Do: engine.Describe{
			Kind: "listener", IDs: []string{"ListenerArns"}, Where: []engine.Match{{Param: "LoadBalancerArn", Path: "LoadBalancerArn"}},
		}},
		{Name: "ModifyListener", Do: engine.Update{Kind: "listener", Set: []engine.Field{
			engine.Make("DefaultActions", engine.Func(actions("DefaultActions"), "DefaultActions")),
		}}},
		{Name: "DeleteListener", Do: engine.Delete{Kind: "listener", Then: func(x *engine.Exec, r *engine.Resource) error {
			return forget(x, "rule", ".ListenerArn", r.ID)
		}}},
		{Name: "CreateRule", Do: engine.Create{Kind: "rule", Set: []engine.Field{
			engine.Make(".ListenerArn", engine.Param("ListenerArn")),
			engine.Make("Conditions", engine.Param("Conditions")),
			engine.Make("Priority", engine.Func(func(x *engine.Exec, _ engine.Attrs) (any, error) {
				return strconv.FormatInt(x.Params.Int("Priority"), 10), nil
			}, "Priority")),
			engine.Make("Actions", engine.Func(actions("Actions"), "Actions")),
		}}},
		{Name: "DescribeRules", Do: engine.Describe{
			Kind: "rule", IDs: []string{"RuleArns"}, Where: []engine.Match{{Param: "ListenerArn", Path: ".ListenerArn"}},
		}},
		{Name: "ModifyRule", Do: engine.Update{Kind: "rule", Set: []engine.Field{
			engine.Make("Actions", engine.Func(actions("Actions"), "Actions")),
		}}},
		{Name: "DeleteRule", Do: engine.Delete{Kind: "rule", Check: func(_ *engine.Exec, r *engine.Resource) error {
			if r.Bool("IsDefault") {
				return engine.Refuse("OperationNotPermittedException", "Default rule '"+r.ID+"' cannot be deleted").With()
			}
			return nil
		}}},
	}
}

// protocols are those of a type of load balancer.
func protocols(kind string) string {
	switch kind {
	case "application":
		return "HTTP HTTPS"
	case "network":
		return "TCP TLS UDP TCP_UDP QUIC TCP_QUIC"
	}
	return "GENEVE"
}

func checkListener(x *engine.Exec) error {
	balancer, err := x.Find("load-balancer", x.Params.Str("LoadBalancerArn"))
	if err != nil {
		return err
	}
	kind := balancer.Str("Type")
	if kind == "gateway" {
		return nil
	}
	if !x.Params.Has("Protocol") || !x.Params.Has("Port") {
		return invalid("A listener protocol and port must be specified").With()
	}
	protocol := x.Params.Str("Protocol")
	if !strings.Contains(" "+protocols(kind)+" ", " "+protocol+" ") {
		return invalid("Listener protocol '" + protocol + "' must be one of '" + strings.ReplaceAll(protocols(kind), " ", ", ") + "'").With()
	}
	if (protocol == "HTTPS" || protocol == "TLS") && len(x.Params.Subs("Certificates")) == 0 {
		return engine.Refuse("CertificateNotFoundException", "A certificate must be specified for "+protocol+" listeners").With()
	}
	return nil
}

// actions are those of the request, whose target groups must exist. One that
// sends to a single group shows it in both of the API's forms.
func actions(member string) func(*engine.Exec, engine.Attrs) (any, error) {
	return func(x *engine.Exec, a engine.Attrs) (any, error) {
		if !x.Params.Has(member) {
			return nil, nil
		}
		for _, ref := range groupsOf(x.Params, member) {
			if _, err := x.Find("target-group", ref); err != nil {
				return nil, err
			}
		}
		list := x.Params.Clone().Subs(member)
		out := []any{}
		for _, action := range list {
			group := action.Str("TargetGroupArn")
			if action.Str("Type") == "forward" && group != "" && !action.Has("ForwardConfig") {
				target := engine.Attrs{"TargetGroupArn": group}
				config := engine.Attrs{}
				if strings.Contains(a.Str("LoadBalancerArn")+a.Str(".ListenerArn"), "/app/") {
					target.Set("Weight", 1)
					config.Set("TargetGroupStickinessConfig", map[string]any{"Enabled": false})
				}
				config.Set("TargetGroups", []any{map[string]any(target)})
				action.Set("ForwardConfig", config)
			}
			out = append(out, map[string]any(action))
		}
		return out, nil
	}
}
