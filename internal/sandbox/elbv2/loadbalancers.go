package elbv2

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func loadBalancerKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "load-balancer", Shape: "LoadBalancer", ID: "LoadBalancerArn", Tags: ".Tags",
		NewID: engine.Func(func(x *engine.Exec, a engine.Attrs) (any, error) {
			kind := map[string]string{"application": "app", "network": "net", "gateway": "gwy"}[a.Str("Type")]
			return x.Hex(x.Expand(arn+"loadbalancer/"+kind+"/{LoadBalancerName}/", a), 16), nil
		}),
		Resolve: func(x *engine.Exec, ref string) string { return byName(x, "load-balancer", "LoadBalancerName", ref) },
		Unknown: engine.Refuse("LoadBalancerNotFoundException", "One or more load balancers not found"),
		States: &engine.States{
			Path: "State.Code", Next: map[string]engine.Step{"provisioning": {To: "active", After: 90 * time.Second}},
		},
		First: "provisioning",
		New: []engine.Field{
			engine.Make("DNSName", engine.Func(dnsName)), engine.Make("CreatedTime", engine.Now()),
			engine.Make("CanonicalHostedZoneId", engine.Func(func(x *engine.Exec, a engine.Attrs) (any, error) {
				return hostedZone(x.Call.Region, a.Str("Type")), nil
			})),
			engine.Be("IpAddressType", "ipv4"),
		},
		Unique: []engine.Unique{{
			Paths: []string{"LoadBalancerName"},
			Taken: engine.Refuse("DuplicateLoadBalancerNameException", "A load balancer with the same name '{LoadBalancerName}' exists, but with different settings"),
		}},
	}}
}

func loadBalancerOps() []engine.Op {
	const kind, member = "load-balancer", "LoadBalancerArn"
	return []engine.Op{
		{Name: "CreateLoadBalancer", Do: engine.Create{Kind: kind, Same: engine.SameRequest(kind), Check: checkName, Set: []engine.Field{
			engine.Make("LoadBalancerName", engine.Param("Name")),
			engine.Make("Type", engine.Or(engine.Param("Type"), engine.Lit("application"))),
			engine.Make("Scheme", engine.Func(scheme, "Scheme")),
			engine.Make("AvailabilityZones", engine.Func(placed, "Subnets", "SubnetMappings")),
			engine.Make("VpcId", engine.Of("ec2/subnet", engine.Attr("AvailabilityZones.SubnetId"), "VpcId")),
			engine.Make("SecurityGroups", engine.Func(guarded, "SecurityGroups")),
		}}},
		{Name: "DescribeLoadBalancers", Do: engine.Describe{Kind: kind, IDs: []string{"LoadBalancerArns", "Names"}}},
		{Name: "DeleteLoadBalancer", Free: []string{member}, Do: engine.Delete{
			Kind: kind, Lenient: true, Check: unprotected, Then: func(x *engine.Exec, r *engine.Resource) error {
				return forget(x, "listener", "LoadBalancerArn", r.ID)
			},
		}},
		{Name: "SetSecurityGroups", Do: engine.Write(setSecurityGroups)},
		{Name: "SetSubnets", Do: engine.Update{Kind: kind, Set: []engine.Field{
			engine.Make("AvailabilityZones", engine.Func(placed, "Subnets", "SubnetMappings")),
		}}},
		{Name: "SetIpAddressType", Do: engine.Update{Kind: kind}},
		{Name: "DescribeLoadBalancerAttributes", Do: describeAttributes(kind, member, "Type", loadBalancerDefaults)},
		{Name: "ModifyLoadBalancerAttributes", Do: modifyAttributes(kind, member, "Type", loadBalancerDefaults)},
		{Name: "DescribeAccountLimits", Do: engine.Read(accountLimits)},
	}
}

// byName returns the id of the resource with that name, or what it was given.
func byName(x *engine.Exec, kind, path, ref string) string {
	// Only a list of names has names: elsewhere policies decided on an ARN.
	if !slices.Contains(x.Params.Strs("Names"), ref) {
		return ref
	}
	for _, r := range x.List("elbv2/" + kind) {
		if r.Str(path) == ref {
			return r.ID
		}
	}
	return ref
}

func checkName(x *engine.Exec) error {
	name := x.Params.Str("Name")
	switch {
	case len(name) > 32:
		return invalid("The load balancer name '" + name + "' cannot be longer than '32' characters").With()
	case !regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$`).MatchString(name):
		return invalid("The load balancer name '" + name + "' can only contain characters that are alphanumeric characters and hyphens(-), " +
			"and cannot begin or end with a hyphen").With()
	case strings.HasPrefix(name, "internal-"):
		return invalid("The load balancer name '" + name + "' cannot begin with 'internal-'").With()
	}
	return nil
}

func scheme(x *engine.Exec, a engine.Attrs) (any, error) {
	if s := x.Params.Str("Scheme"); s != "" {
		return s, nil
	}
	if a.Str("Type") == "gateway" {
		return nil, nil
	}
	return "internet-facing", nil
}

// placed are the zones of the subnets that the request names.
func placed(x *engine.Exec, a engine.Attrs) (any, error) {
	refs := append(x.Params.Strs("Subnets"), x.Params.Strs("SubnetMappings.SubnetId")...)
	if len(refs) == 0 {
		return nil, invalid("You must specify subnets").With()
	}
	zones := []any{}
	taken := make(map[string]bool)
	vpc := ""
	for _, ref := range refs {
		subnet := x.Look("ec2/subnet", ref)
		if subnet == nil {
			return nil, engine.Refuse("SubnetNotFoundException", "The subnet ID '"+ref+"' does not exist").With()
		}
		zone := subnet.Str("AvailabilityZone")
		if taken[zone] || vpc != "" && vpc != subnet.Str("VpcId") {
			return nil, engine.Refuse("InvalidConfigurationRequestException",
				"A load balancer cannot be attached to multiple subnets in the same Availability Zone, or in several VPCs").With()
		}
		taken[zone], vpc = true, subnet.Str("VpcId")
		zones = append(zones, map[string]any{"ZoneName": zone, "SubnetId": ref, "LoadBalancerAddresses": []any{}})
	}
	if a.Str("Type") == "application" && len(zones) < 2 {
		return nil, invalid("At least two subnets in two different Availability Zones must be specified").With()
	}
	return zones, nil
}

// guarded are the security groups that the request names. An Application Load
// Balancer without any has its VPC's default one.
func guarded(x *engine.Exec, a engine.Attrs) (any, error) {
	ids := []any{}
	for _, ref := range x.Params.Strs("SecurityGroups") {
		g := x.Look("ec2/security-group", ref)
		if g == nil || g.Str("VpcId") != a.Str("VpcId") {
			return nil, engine.Refuse("InvalidSecurityGroupException", "One or more security groups are invalid").With()
		}
		ids = append(ids, g.ID)
	}
	if len(ids) > 0 {
		return ids, nil
	}
	if a.Str("Type") != "application" {
		return nil, nil
	}
	for _, g := range x.List("ec2/security-group") {
		if g.Str("VpcId") == a.Str("VpcId") && g.Str("GroupName") == "default" {
			ids = append(ids, g.ID)
		}
	}
	return ids, nil
}

func dnsName(x *engine.Exec, a engine.Attrs) (any, error) {
	name := a.Str("LoadBalancerName")
	if a.Str("Type") != "application" {
		id := a.Str("LoadBalancerArn")
		return name + "-" + id[strings.LastIndexByte(id, '/')+1:] + ".elb." + x.Call.Region + ".amazonaws.com", nil
	}
	if a.Str("Scheme") == "internal" {
		name = "internal-" + name
	}
	return x.Digits(name+"-", 10) + "." + x.Call.Region + ".elb.amazonaws.com", nil
}

func unprotected(_ *engine.Exec, r *engine.Resource) error {
	if attribute(r, "deletion_protection.enabled") == "true" {
		return engine.Refuse("OperationNotPermittedException", "Load balancer '"+r.ID+"' cannot be deleted because deletion protection is enabled").With()
	}
	return nil
}

// forget removes the resources whose attribute has the value, and what belongs
// to them.
func forget(x *engine.Exec, kind, path, id string) error {
	for _, r := range x.List(kind) {
		if r.Str(path) != id {
			continue
		}
		x.Remove(kind, r.ID)
		if kind == "listener" {
			if err := forget(x, "rule", ".ListenerArn", r.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func setSecurityGroups(x *engine.Exec) (map[string]any, error) {
	r, err := x.Find("load-balancer", x.Params.Str("LoadBalancerArn"))
	if err != nil {
		return nil, err
	}
	ids, err := guarded(x, r.Attrs)
	if err != nil {
		return nil, err
	}
	r = x.Edit("load-balancer", r)
	r.Set("SecurityGroups", ids)
	return map[string]any{"SecurityGroupIds": append([]any{}, r.All("SecurityGroups")...)}, nil
}

func accountLimits(*engine.Exec) (map[string]any, error) {
	limits := pairs{
		{"application-load-balancers", "50"}, {"network-load-balancers", "50"}, {"gateway-load-balancers", "100"},
		{"target-groups", "3000"}, {"targets-per-application-load-balancer", "1000"}, {"targets-per-network-load-balancer", "3000"},
		{"listeners-per-application-load-balancer", "50"}, {"listeners-per-network-load-balancer", "50"},
		{"rules-per-application-load-balancer", "100"}, {"target-groups-per-action-on-application-load-balancer", "5"},
	}
	list := []any{}
	for _, limit := range limits {
		list = append(list, map[string]any{"Name": limit[0], "Max": limit[1]})
	}
	return map[string]any{"Limits": list}, nil
}
