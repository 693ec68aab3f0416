package ec2

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// anything is the policy of an endpoint that is given none.
const anything = `{
  "Version": "2008-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": "*",
      "Action": "*",
      "Resource": "*"
    }
  ]
}`

func endpointKinds() []*engine.Kind {
	return []*engine.Kind{
		{
			Name: "vpc-endpoint", Shape: "VpcEndpoint", ID: "VpcEndpointId",
			NewID: engine.Hex("vpce-", 17), Prefix: "vpce-", Tags: "Tags",
			Unknown:   engine.Refuse("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '{id}' does not exist"),
			Malformed: engine.Refuse("InvalidVpcEndpointId.Malformed", "The Vpc Endpoint Id '{id}' is malformed"),
			States: &engine.States{Path: "State", Next: map[string]engine.Step{
				"pending":  {To: "available", After: 30 * time.Second},
				"deleting": {After: 30 * time.Second},
			}},
			First: "pending",
			New: []engine.Field{
				engine.Be("VpcEndpointType", "Gateway"), engine.Make("OwnerId", engine.Text("{account}")),
				engine.Make("CreationTimestamp", engine.Now()), engine.Be("PolicyDocument", anything),
				engine.Be("RequesterManaged", false), engine.Be("PrivateDnsEnabled", false), engine.Be("IpAddressType", "ipv4"),
				engine.Make("RouteTableIds", engine.Empty()), engine.Make("SubnetIds", engine.Empty()), engine.Make("Groups", engine.Empty()),
				engine.Make("NetworkInterfaceIds", engine.Empty()), engine.Make("DnsEntries", engine.Empty()), engine.Make("Tags", engine.Empty()),
			},
			Filters: map[string]string{"vpc-endpoint-state": "State"},
		},
		{
			Name: "vpc-endpoint-service", Shape: "ServiceDetail", ID: "ServiceName",
			Unknown: engine.Refuse("InvalidServiceName", "The Vpc Endpoint Service '{id}' does not exist"),
			Static:  endpointServices,
		},
	}
}

func endpointOps() []engine.Op {
	return []engine.Op{
		{Name: "CreateVpcEndpoint", Free: []string{"ServiceName"}, Do: engine.Create{
			Kind: "vpc-endpoint", Check: checkEndpoint, Set: []engine.Field{
				engine.Make("Groups", engine.Func(endpointGroups, "SecurityGroupIds")),
			},
			Then: openEndpoint,
			Out:  []engine.Field{engine.Make("ClientToken", engine.Param("ClientToken"))},
		}},
		{Name: "DescribeVpcEndpoints", Do: engine.Describe{Kind: "vpc-endpoint"}},
		{Name: "ModifyVpcEndpoint", Do: engine.Update{Kind: "vpc-endpoint", Then: modifyEndpoint}},
		{Name: "DeleteVpcEndpoints", Do: engine.Write(deleteEndpoints), Free: []string{"VpcEndpointIds"}},
		{Name: "DescribeVpcEndpointServices", Do: engine.Describe{
			Kind: "vpc-endpoint-service", IDs: []string{"ServiceNames"},
			Out: func(x *engine.Exec, page []engine.Attrs) map[string]any {
				names, details := []any{}, []any{}
				for _, a := range page {
					if name := any(a.Str("ServiceName")); !slices.Contains(names, name) {
						names = append(names, name)
					}
					details = append(details, project(x, "ServiceDetail", a))
				}
				return map[string]any{"ServiceNames": names, "ServiceDetails": details}
			},
		}},
	}
}

// gatewayServices have endpoints that are routes.
func gatewayServices() []string { return []string{"dynamodb", "s3"} }

// endpointServices are those that people have endpoints of most.
func endpointServices(x *engine.Exec) []engine.Attrs {
	var zones []string
	for _, z := range zonesOf(x.Call.Region) {
		zones = append(zones, z.name)
	}
	var all []engine.Attrs
	add := func(name, kind string) {
		full := "com.amazonaws." + x.Call.Region + "." + name
		a := engine.Attrs{
			"ServiceName": full, "ServiceType": []any{map[string]any{"ServiceType": kind}}, "Owner": "amazon",
			"VpcEndpointPolicySupported": true, "AcceptanceRequired": false, "ManagesVpcEndpoints": false,
			"BaseEndpointDnsNames": []any{name + "." + x.Call.Region + ".vpce.amazonaws.com"}, "Tags": []any{},
		}
		a.Set("AvailabilityZones", zones)
		all = append(all, a)
	}
	for _, name := range gatewayServices() {
		add(name, "Gateway")
	}
	for _, name := range []string{
		"autoscaling", "cloudtrail", "ec2", "ec2messages", "ecr.api", "ecr.dkr", "ecs", "ecs-agent", "ecs-telemetry",
		"elasticloadbalancing", "kms", "lambda", "logs", "monitoring", "s3", "secretsmanager", "sns", "sqs", "ssm", "ssmmessages", "sts",
	} {
		add(name, "Interface")
	}
	return all
}

// serviceOf is the last part of an endpoint service's name.
func serviceOf(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

func checkEndpoint(x *engine.Exec) error {
	name, kind := x.Params.Str("ServiceName"), x.Params.Str("VpcEndpointType")
	known := strings.HasPrefix(name, "com.amazonaws.") || strings.HasPrefix(name, "aws.")
	gateway := kind == "" || kind == "Gateway"
	if name == "" {
		return missing("ServiceName").With()
	}
	if !known || gateway && !slices.Contains(gatewayServices(), serviceOf(name)) {
		return engine.Refuse("InvalidServiceName", "The Vpc Endpoint Service '"+name+"' does not exist").With()
	}
	if gateway && (x.Params.Has("SubnetIds") || x.Params.Has("SecurityGroupIds")) {
		return engine.Refuse("InvalidParameter", "Gateway endpoints have no subnets and no security groups.").With()
	}
	if !gateway && x.Params.Has("RouteTableIds") {
		return engine.Refuse("InvalidParameter", "Only gateway endpoints have route tables.").With()
	}
	for _, at := range [][2]string{{"subnet", "SubnetIds"}, {"route-table", "RouteTableIds"}} {
		for _, id := range x.Params.Strs(at[1]) {
			if r := x.Look(at[0], id); r != nil && r.Str("VpcId") != x.Params.Str("VpcId") {
				return engine.Refuse("InvalidParameter", "The "+at[0]+" "+id+" belongs to a different network than the endpoint.").With()
			}
		}
	}
	return nil
}

func endpointGroups(x *engine.Exec, _ engine.Attrs) (any, error) {
	if x.Params.Str("VpcEndpointType") != "Interface" {
		return nil, nil
	}
	return groupsIn(x, x.Params.Str("VpcId"), x.Params.Strs("SecurityGroupIds"))
}

// openEndpoint gives the endpoint its routes, or its interfaces and names.
func openEndpoint(x *engine.Exec, r *engine.Resource) error {
	if r.Str("VpcEndpointType") == "Gateway" {
		x.Enter("vpc-endpoint", r, "available")
		routeTo(x, r, r.Strs("RouteTableIds"))
		return nil
	}
	if r.Str("VpcEndpointType") != "Interface" {
		return nil
	}
	if !x.Params.Has("PrivateDnsEnabled") {
		r.Set("PrivateDnsEnabled", true)
	}
	r.Set("DnsOptions.DnsRecordIpType", "ipv4")
	base := r.ID + "-" + x.Hex("", 8) + "." + serviceOf(r.Str("ServiceName")) + "." + x.Call.Region + ".vpce.amazonaws.com"
	r.Append("DnsEntries", map[string]any{"DnsName": base, "HostedZoneId": "Z7HUB22UULQXV"})
	return enterSubnets(x, r, r.Strs("SubnetIds"))
}

// prefixList is the id of the list of a service's networks, the same for all of
// a Region.
func prefixList(x *engine.Exec, service string) string {
	sum := sha256.Sum256([]byte(x.Call.Region + "/" + service))
	return "pl-" + hex.EncodeToString(sum[:4])
}

func routeTo(x *engine.Exec, r *engine.Resource, tables []string) {
	for _, id := range tables {
		if t := x.Look("route-table", id); t != nil {
			x.Edit("route-table", t).Append("Routes", map[string]any{
				"DestinationPrefixListId": prefixList(x, serviceOf(r.Str("ServiceName"))), "GatewayId": r.ID,
				"Origin": "CreateRoute", "State": "active",
			})
		}
	}
}

func unroute(x *engine.Exec, endpoint string, tables []string) {
	for _, id := range tables {
		if t := x.Look("route-table", id); t != nil {
			t = x.Edit("route-table", t)
			t.Set("Routes", slices.DeleteFunc(t.All("Routes"), func(v any) bool {
				return engine.Attrs(v.(map[string]any)).Str("GatewayId") == endpoint
			}))
		}
	}
}

func enterSubnets(x *engine.Exec, r *engine.Resource, subnets []string) error {
	for _, subnet := range subnets {
		eni, err := x.Add("network-interface", engine.Attrs{
			"SubnetId": subnet, "Description": "VPC Endpoint Interface " + r.ID, "InterfaceType": "vpc_endpoint",
			"RequesterManaged": true, "Status": "in-use", "Groups": r.Clone().All("Groups"),
		})
		if err != nil {
			return err
		}
		r.Append("NetworkInterfaceIds", eni.ID)
	}
	return nil
}

// leaveSubnets removes the endpoint's interfaces in the subnets.
func leaveSubnets(x *engine.Exec, r *engine.Resource, subnets []string) {
	r.Set("NetworkInterfaceIds", slices.DeleteFunc(r.All("NetworkInterfaceIds"), func(v any) bool {
		eni := x.Look("network-interface", v.(string))
		if eni == nil || !slices.Contains(subnets, eni.Str("SubnetId")) {
			return eni == nil
		}
		x.Remove("network-interface", eni.ID)
		return true
	}))
}

// modifyEndpoint adds to the endpoint's lists, and takes from them.
func modifyEndpoint(x *engine.Exec, r *engine.Resource) error {
	if x.Params.Bool("ResetPolicy") {
		r.Set("PolicyDocument", anything)
	}
	for _, what := range []string{"RouteTableIds", "SubnetIds"} {
		for _, id := range x.Params.Strs("Remove" + what) {
			r.Set(what, slices.DeleteFunc(r.All(what), func(v any) bool { return v == any(id) }))
		}
		for _, id := range x.Params.Strs("Add" + what) {
			if slices.Contains(r.Strs(what), id) {
				return engine.Refuse("InvalidParameter", "The endpoint "+r.ID+" has "+id+" already.").With()
			}
			r.Append(what, id)
		}
	}
	unroute(x, r.ID, x.Params.Strs("RemoveRouteTableIds"))
	routeTo(x, r, x.Params.Strs("AddRouteTableIds"))
	leaveSubnets(x, r, x.Params.Strs("RemoveSubnetIds"))
	out := x.Params.Strs("RemoveSecurityGroupIds")
	groups := slices.DeleteFunc(r.All("Groups"), func(v any) bool {
		return slices.Contains(out, engine.Attrs(v.(map[string]any)).Str("GroupId"))
	})
	if more := x.Params.Strs("AddSecurityGroupIds"); len(more) > 0 {
		added, err := groupsIn(x, r.Str("VpcId"), more)
		if err != nil {
			return err
		}
		groups = append(groups, added...)
	}
	r.Set("Groups", append([]any{}, groups...))
	return enterSubnets(x, r, x.Params.Strs("AddSubnetIds"))
}

func endpointGone(a engine.Attrs) bool { return a.Str("State") == "deleting" }

func deleteEndpoints(x *engine.Exec) (map[string]any, error) {
	failed := []any{}
	for _, id := range x.Params.Strs("VpcEndpointIds") {
		r := x.Look("vpc-endpoint", id)
		if r == nil {
			failed = append(failed, map[string]any{"ResourceId": id, "Error": map[string]any{
				"Code": "InvalidVpcEndpoint.NotFound", "Message": "The Vpc Endpoint Id '" + id + "' does not exist",
			}})
			continue
		}
		r = x.Edit("vpc-endpoint", r)
		unroute(x, r.ID, r.Strs("RouteTableIds"))
		leaveSubnets(x, r, r.Strs("SubnetIds"))
		x.Enter("vpc-endpoint", r, "deleting")
	}
	return map[string]any{"Unsuccessful": failed}, nil
}
