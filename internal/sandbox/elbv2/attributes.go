package elbv2

import (
	"slices"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// pairs are attributes with their defaults, in AWS's order.
type pairs [][2]string

// loadBalancerDefaults are the attributes of a type of load balancer.
func loadBalancerDefaults(kind string) pairs {
	common := pairs{
		{"access_logs.s3.enabled", "false"}, {"access_logs.s3.bucket", ""}, {"access_logs.s3.prefix", ""},
		{"deletion_protection.enabled", "false"},
	}
	switch kind {
	case "network":
		return append(common, pairs{
			{"load_balancing.cross_zone.enabled", "false"}, {"dns_record.client_routing_policy", "any_availability_zone"},
			{"zonal_shift.config.enabled", "false"}, {"ipv6.deny_all_igw_traffic", "false"},
			{"secondary_ips.auto_assigned.per_subnet", "0"},
		}...)
	case "gateway":
		return pairs{{"deletion_protection.enabled", "false"}, {"load_balancing.cross_zone.enabled", "false"}}
	}
	return append(common, pairs{
		{"idle_timeout.timeout_seconds", "60"}, {"routing.http.desync_mitigation_mode", "defensive"},
		{"routing.http.drop_invalid_header_fields.enabled", "false"}, {"routing.http2.enabled", "true"},
		{"routing.http.preserve_host_header.enabled", "false"}, {"routing.http.xff_client_port.enabled", "false"},
		{"routing.http.xff_header_processing.mode", "append"}, {"routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false"},
		{"load_balancing.cross_zone.enabled", "true"}, {"client_keep_alive.seconds", "3600"}, {"waf.fail_open.enabled", "false"},
		{"connection_logs.s3.enabled", "false"}, {"connection_logs.s3.bucket", ""}, {"connection_logs.s3.prefix", ""},
		{"zonal_shift.config.enabled", "false"}, {"ipv6.deny_all_igw_traffic", "false"},
	}...)
}

// targetGroupDefaults are the attributes of a target group, by its protocol.
func targetGroupDefaults(protocol string) pairs {
	common := pairs{{"deregistration_delay.timeout_seconds", "300"}, {"stickiness.enabled", "false"}}
	if protocol == "HTTP" || protocol == "HTTPS" {
		return append(common, pairs{
			{"stickiness.type", "lb_cookie"}, {"stickiness.lb_cookie.duration_seconds", "86400"},
			{"stickiness.app_cookie.cookie_name", ""}, {"stickiness.app_cookie.duration_seconds", "86400"},
			{"slow_start.duration_seconds", "0"}, {"load_balancing.algorithm.type", "round_robin"},
			{"load_balancing.algorithm.anomaly_mitigation", "off"},
			{"load_balancing.cross_zone.enabled", "use_load_balancer_configuration"},
			{"target_group_health.dns_failover.minimum_healthy_targets.count", "1"},
			{"target_group_health.dns_failover.minimum_healthy_targets.percentage", "off"},
			{"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1"},
			{"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off"},
		}...)
	}
	return append(common, pairs{
		{"stickiness.type", "source_ip"}, {"proxy_protocol_v2.enabled", "false"}, {"preserve_client_ip.enabled", "true"},
		{"deregistration_delay.connection_termination.enabled", "false"},
		{"load_balancing.cross_zone.enabled", "use_load_balancer_configuration"},
		{"target_health_state.unhealthy.connection_termination.enabled", "true"},
		{"target_health_state.unhealthy.draining_interval_seconds", "0"},
	}...)
}

// attributesOf shows a resource's attributes: those that were set, and the
// defaults of the others.
func attributesOf(r *engine.Resource, defaults pairs) []any {
	set := r.Sub(".Attributes")
	list := []any{}
	for _, d := range defaults {
		v := d[1]
		if s, ok := set[d[0]].(string); ok {
			v = s
		}
		list = append(list, map[string]any{"Key": d[0], "Value": v})
	}
	return list
}

// attribute returns the value of one attribute.
func attribute(r *engine.Resource, name string) string {
	v, _ := r.Sub(".Attributes")[name].(string)
	return v
}

// describeAttributes and modifyAttributes are the operations on the attributes
// of a kind, whose defaults an attribute of the resource chooses.
func describeAttributes(kind, member, by string, defaults func(string) pairs) engine.Action {
	return engine.Read(func(x *engine.Exec) (map[string]any, error) {
		r, err := x.Find(kind, x.Params.Str(member))
		if err != nil {
			return nil, err
		}
		return map[string]any{"Attributes": attributesOf(r, defaults(r.Str(by)))}, nil
	})
}

func modifyAttributes(kind, member, by string, defaults func(string) pairs) engine.Action {
	return engine.Write(func(x *engine.Exec) (map[string]any, error) {
		r, err := x.Find(kind, x.Params.Str(member))
		if err != nil {
			return nil, err
		}
		r = x.Edit(kind, r)
		known := defaults(r.Str(by))
		set := r.Sub(".Attributes")
		if set == nil {
			set = engine.Attrs{}
		}
		for _, a := range x.Params.Subs("Attributes") {
			key := a.Str("Key")
			if !slices.ContainsFunc(known, func(d [2]string) bool { return d[0] == key }) {
				return nil, engine.Refuse("InvalidConfigurationRequestException",
					"The attribute key '"+key+"' is not supported").With()
			}
			set[key] = a.Str("Value")
		}
		r.Set(".Attributes", set)
		return map[string]any{"Attributes": attributesOf(r, known)}, nil
	})
}
