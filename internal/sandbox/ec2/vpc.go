package ec2

import (
	"net/netip"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

const arn = "arn:aws:ec2:{region}:{account}:"

func vpcKinds() []*engine.Kind { return []*engine.Kind{vpcKind(), subnetKind()} }

func vpcKind() *engine.Kind {
	return &engine.Kind{
		Name: "vpc", Shape: "Vpc", ID: "VpcId", NewID: engine.Hex("vpc-", 17), Prefix: "vpc-", Tags: "Tags",
		Unknown:   engine.Refuse("InvalidVpcID.NotFound", "The vpc ID '{id}' does not exist"),
		Malformed: malformedID("InvalidVpcId.Malformed", "vpc-"),
		States: &engine.States{
			Path: "State", Next: map[string]engine.Step{"pending": {To: "available"}},
		},
		First: "pending",
		New: []engine.Field{
			engine.Make("OwnerId", engine.Text("{account}")),
			engine.Be("InstanceTenancy", "default"), engine.Be("IsDefault", false),
			engine.Make("DhcpOptionsId", engine.Func(dhcpOptions)),
			engine.Make("CidrBlockAssociationSet", engine.Func(cidrAssociation)),
			engine.Make("Ipv6CidrBlockAssociationSet", engine.Empty()),
			engine.Be(".EnableDnsSupport", true), engine.Make(".EnableDnsHostnames", engine.Attr("IsDefault")),
		},
		HeldBy: []engine.Hold{
			{Kind: "subnet", Path: "VpcId", InUse: dependencies("vpc")},
			{Kind: "security-group", Path: "VpcId", InUse: dependencies("vpc"), Except: isDefaultGroup},
			{Kind: "internet-gateway", Path: "Attachments.VpcId", InUse: dependencies("vpc")},
			{Kind: "route-table", Path: "VpcId", InUse: dependencies("vpc"), Except: isMainTable},
			{Kind: "vpc-endpoint", Path: "VpcId", InUse: dependencies("vpc"), Except: endpointGone},
			{Kind: "elbv2/load-balancer", Path: "VpcId", InUse: dependencies("vpc")},
		},
		Filters: map[string]string{
			"cidr": "CidrBlock", "isDefault": "IsDefault",
			"cidr-block-association.cidr-block": "CidrBlockAssociationSet.CidrBlock",
		},
		Fresh: func(x *engine.Exec) []engine.Attrs {
			return []engine.Attrs{{"CidrBlock": "172.31.0.0/16", "IsDefault": true}}
		},
	}
}

func subnetKind() *engine.Kind {
	return &engine.Kind{
		Name: "subnet", Shape: "Subnet", ID: "SubnetId", NewID: engine.Hex("subnet-", 17), Prefix: "subnet-", Tags: "Tags",
		Unknown:   engine.Refuse("InvalidSubnetID.NotFound", "The subnet ID '{id}' does not exist"),
		Malformed: malformedID("InvalidSubnetID.Malformed", "subnet-"),
		New: []engine.Field{
			engine.Be("State", "available"),
			engine.Make("OwnerId", engine.Text("{account}")),
			engine.Make("SubnetArn", engine.Text(arn+"subnet/{id}")),
			engine.Make("AvailabilityZone", engine.Func(subnetZone, "AvailabilityZoneId")),
			engine.Make("AvailabilityZoneId", engine.Func(subnetZoneID)),
			engine.Make("AvailableIpAddressCount", engine.Func(addressCount)),
			engine.Make("Ipv6CidrBlockAssociationSet", engine.Empty()), engine.Make("Tags", engine.Empty()),
			engine.Be("DefaultForAz", false), engine.Be("MapPublicIpOnLaunch", false),
			engine.Be("MapCustomerOwnedIpOnLaunch", false),
			engine.Be("AssignIpv6AddressOnCreation", false),
			engine.Be("PrivateDnsNameOptionsOnLaunch", map[string]any{
				"HostnameType": "ip-name", "EnableResourceNameDnsARecord": false, "EnableResourceNameDnsAAAARecord": false,
			}),
			engine.Be("Ipv6Native", false), engine.Be("EnableDns64", false),
		},
		HeldBy: []engine.Hold{
			{Kind: "instance", Path: "SubnetId", InUse: dependencies("subnet")},
			{Kind: "network-interface", Path: "SubnetId", InUse: dependencies("subnet")},
			{Kind: "elbv2/load-balancer", Path: "AvailabilityZones.SubnetId", InUse: dependencies("subnet")},
		},
		Filters: map[string]string{
			"cidr": "CidrBlock", "cidrBlock": "CidrBlock", "defaultForAz": "DefaultForAz", "availabilityZone": "AvailabilityZone",
		},
		View: func(x *engine.Exec, a engine.Attrs) {
			used := 0
			for _, eni := range x.List("network-interface") {
				if eni.Str("SubnetId") == a.Str("SubnetId") {
					used++
				}
			}
			a.Set("AvailableIpAddressCount", a.Int("AvailableIpAddressCount")-int64(used))
		},
		Fresh: func(x *engine.Exec) []engine.Attrs {
			var all []engine.Attrs
			for i, z := range zonesOf(x.Call.Region) {
				all = append(all, engine.Attrs{
					"VpcId": x.List("vpc")[0].ID, "AvailabilityZone": z.name, "DefaultForAz": true, "MapPublicIpOnLaunch": true,
					"CidrBlock": netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 31, byte(16 * i), 0}), 20).String(),
				})
			}
			return all
		},
	}
}

func vpcOps() []engine.Op {
	return []engine.Op{
		{Name: "CreateVpc", Do: engine.Create{Kind: "vpc", Check: checkVpcBlock, Then: furnishVpc}},
		{Name: "CreateDefaultVpc", Do: engine.Create{
			Kind: "vpc", Set: []engine.Field{engine.Be("CidrBlock", "172.31.0.0/16"), engine.Be("IsDefault", true)},
			Check: noDefaultVpc, Then: furnishDefaultVpc,
		}},
		{Name: "DescribeVpcs", Do: engine.Describe{Kind: "vpc"}},
		{Name: "DeleteVpc", Do: engine.Delete{Kind: "vpc", Then: clearVpc}},
		{Name: "ModifyVpcAttribute", Do: engine.Update{Kind: "vpc", Set: []engine.Field{
			engine.Make(".EnableDnsSupport", engine.Param("EnableDnsSupport.Value")),
			engine.Make(".EnableDnsHostnames", engine.Param("EnableDnsHostnames.Value")),
		}}},
		{Name: "DescribeVpcAttribute", Do: engine.Read(describeVpcAttribute)},
		{Name: "CreateSubnet", Do: engine.Create{Kind: "subnet", Check: checkSubnet}},
		{Name: "DescribeSubnets", Do: engine.Describe{Kind: "subnet"}},
		{Name: "DeleteSubnet", Do: engine.Delete{Kind: "subnet"}},
		{Name: "ModifySubnetAttribute", Do: engine.Update{Kind: "subnet"}},
	}
}

func dhcpOptions(x *engine.Exec, _ engine.Attrs) (any, error) {
	if vpcs := x.List("vpc"); len(vpcs) > 0 {
		return vpcs[0].Str("DhcpOptionsId"), nil
	}
	return x.Hex("dopt-", 17), nil
}

func cidrAssociation(x *engine.Exec, a engine.Attrs) (any, error) {
	return []any{map[string]any{
		"AssociationId": x.Hex("vpc-cidr-assoc-", 17), "CidrBlock": a.Str("CidrBlock"),
		"CidrBlockState": map[string]any{"State": "associated"},
	}}, nil
}

// block reads an IPv4 network of a size that EC2 takes, in its canonical form.
func block(text string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(text)
	if err != nil || !p.Addr().Is4() || p.Bits() < 16 || p.Bits() > 28 {
		return p, false
	}
	return p.Masked(), true
}

func checkVpcBlock(x *engine.Exec) error {
	text := x.Params.Str("CidrBlock")
	if text == "" {
		return missing("cidrBlock").With()
	}
	if _, err := netip.ParsePrefix(text); err != nil {
		return invalidValue("Value (" + text + ") for parameter cidrBlock is invalid. This is not a valid CIDR block.").With()
	}
	if _, ok := block(text); !ok {
		return engine.Refuse("InvalidVpc.Range", "The CIDR '"+text+"' is invalid.").With()
	}
	return nil
}

func checkSubnet(x *engine.Exec) error {
	vpc, err := x.Find("vpc", x.Params.Str("VpcId"))
	if err != nil {
		return err
	}
	text := x.Params.Str("CidrBlock")
	if text == "" {
		return missing("cidrBlock").With()
	}
	want, ok := block(text)
	whole, _ := block(vpc.Str("CidrBlock"))
	if !ok || !whole.Contains(want.Addr()) || want.Bits() < whole.Bits() {
		return engine.Refuse("InvalidSubnet.Range", "The CIDR '"+text+"' is invalid.").With()
	}
	for _, s := range x.List("subnet") {
		if have, _ := block(s.Str("CidrBlock")); s.Str("VpcId") == vpc.ID && have.Overlaps(want) {
			return engine.Refuse("InvalidSubnet.Conflict", "The CIDR '"+text+"' conflicts with another subnet").With()
		}
	}
	return checkZone(x, x.Params.Str("AvailabilityZone"))
}

// checkZone refuses a zone that the Region does not have.
func checkZone(x *engine.Exec, name string) error {
	if name == "" || zoneID(x.Call.Region, name) != "" {
		return nil
	}
	return invalidValue("Invalid availability zone: [" + name + "]").With()
}

func subnetZone(x *engine.Exec, _ engine.Attrs) (any, error) {
	if id := x.Params.Str("AvailabilityZoneId"); id != "" {
		name := zoneName(x.Call.Region, id)
		if name == "" {
			return nil, invalidValue("Invalid availability zone-id: [" + id + "]").With()
		}
		return name, nil
	}
	return zonesOf(x.Call.Region)[0].name, nil
}

func subnetZoneID(x *engine.Exec, a engine.Attrs) (any, error) {
	return zoneID(x.Call.Region, a.Str("AvailabilityZone")), nil
}

// addressCount is what the network has beside the five addresses that AWS keeps.
func addressCount(_ *engine.Exec, a engine.Attrs) (any, error) {
	p, ok := block(a.Str("CidrBlock"))
	if !ok {
		return int64(0), nil
	}
	return int64(1)<<(32-p.Bits()) - 5, nil
}

// furnishVpc gives a new VPC what every VPC has.
func furnishVpc(x *engine.Exec, vpc *engine.Resource) error {
	if _, err := x.Add("security-group", defaultGroup(vpc.ID)); err != nil {
		return err
	}
	if err := defaultRules(x, vpc.ID); err != nil {
		return err
	}
	if _, err := x.Add("route-table", mainTable(x, vpc)); err != nil {
		return err
	}
	_, err := x.Add("network-acl", defaultACL(vpc.ID))
	return err
}

func furnishDefaultVpc(x *engine.Exec, vpc *engine.Resource) error {
	if err := furnishVpc(x, vpc); err != nil {
		return err
	}
	gateway, err := x.Add("internet-gateway", attachedGateway(vpc.ID))
	if err != nil {
		return err
	}
	for _, t := range x.List("route-table") {
		if t.Str("VpcId") == vpc.ID {
			x.Edit("route-table", t).Append("Routes", outward(gateway.ID))
		}
	}
	for i, z := range zonesOf(x.Call.Region) {
		_, err := x.Add("subnet", engine.Attrs{
			"VpcId": vpc.ID, "AvailabilityZone": z.name, "DefaultForAz": true, "MapPublicIpOnLaunch": true,
			"CidrBlock": netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 31, byte(16 * i), 0}), 20).String(),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func noDefaultVpc(x *engine.Exec) error {
	if vpc := defaultVpc(x); vpc != nil {
		return engine.Refuse("DefaultVpcAlreadyExists", "A Default VPC already exists for this account in this region.").With()
	}
	return nil
}

func defaultVpc(x *engine.Exec) *engine.Resource {
	for _, vpc := range x.List("ec2/vpc") {
		if vpc.Bool("IsDefault") {
			return vpc
		}
	}
	return nil
}

// clearVpc removes what came with the VPC.
func clearVpc(x *engine.Exec, vpc *engine.Resource) error {
	for _, kind := range []string{"security-group", "route-table", "network-acl"} {
		for _, r := range x.List(kind) {
			if r.Str("VpcId") != vpc.ID {
				continue
			}
			x.Remove(kind, r.ID)
			if kind == "security-group" {
				dropRules(x, r.ID)
			}
		}
	}
	return nil
}

func describeVpcAttribute(x *engine.Exec) (map[string]any, error) {
	vpc, err := x.Find("vpc", x.Params.Str("VpcId"))
	if err != nil {
		return nil, err
	}
	out := map[string]any{"VpcId": vpc.ID}
	switch name := x.Params.Str("Attribute"); name {
	case "enableDnsSupport":
		out["EnableDnsSupport"] = map[string]any{"Value": vpc.Bool(".EnableDnsSupport")}
	case "enableDnsHostnames":
		out["EnableDnsHostnames"] = map[string]any{"Value": vpc.Bool(".EnableDnsHostnames")}
	case "enableNetworkAddressUsageMetrics":
		out["EnableNetworkAddressUsageMetrics"] = map[string]any{"Value": false}
	default:
		return nil, invalidValue("Value (" + name + ") for parameter attribute is invalid. Unknown attribute.").With()
	}
	return out, nil
}
