package ec2

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func interfaceKinds() []*engine.Kind {
	return []*engine.Kind{
		{
			Name: "network-interface", Shape: "NetworkInterface", ID: "NetworkInterfaceId",
			NewID: engine.Hex("eni-", 17), Prefix: "eni-", Tags: "TagSet",
			Unknown:   engine.Refuse("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '{id}' does not exist"),
			Malformed: malformedID("InvalidNetworkInterfaceId.Malformed", "eni-"),
			New: []engine.Field{
				engine.Make("OwnerId", engine.Text("{account}")),
				engine.Make("VpcId", engine.Of("subnet", engine.Attr("SubnetId"), "VpcId")),
				engine.Make("AvailabilityZone", engine.Of("subnet", engine.Attr("SubnetId"), "AvailabilityZone")),
				engine.Make("AvailabilityZoneId", engine.Func(subnetZoneID)),
				engine.Be("Description", ""), engine.Be("InterfaceType", "interface"), engine.Be("RequesterManaged", false),
				engine.Be("SourceDestCheck", true), engine.Be("Status", "available"),
				engine.Make("MacAddress", engine.Func(macAddress)),
				engine.Make("PrivateIpAddress", engine.Func(freeAddress)),
				engine.Make("PrivateDnsName", engine.Func(privateName)),
				engine.Make("PrivateIpAddresses", engine.Func(primaryAddress)),
				engine.Make("Ipv6Addresses", engine.Empty()), engine.Make("TagSet", engine.Empty()),
			},
			Filters: map[string]string{
				"group-id": "Groups.GroupId", "group-name": "Groups.GroupName",
				"addresses.private-ip-address": "PrivateIpAddresses.PrivateIpAddress",
			},
			// The address that an instance has by its subnet is the
			// instance's; the interface shows it while it runs.
			View: func(x *engine.Exec, a engine.Attrs) {
				instance := x.Look("ec2/instance", a.Str("Attachment.InstanceId"))
				if instance != nil && instance.Has(publicIP) && instance.Str("State.Name") == "running" && !a.Has("Association") {
					associate(a, association(x, instance.Str(publicIP)))
				}
			},
		},
		{
			Name: "elastic-ip", Shape: "Address", ID: "AllocationId",
			NewID: engine.Hex("eipalloc-", 17), Prefix: "eipalloc-", Tags: "Tags",
			Resolve: func(x *engine.Exec, ref string) string {
				for _, a := range x.List("ec2/elastic-ip") {
					if a.Str("PublicIp") == ref {
						return a.ID
					}
				}
				return ref
			},
			Unknown: engine.Refuse("InvalidAllocationID.NotFound", "The allocation ID '{id}' does not exist"),
			New: []engine.Field{
				engine.Be("Domain", "vpc"), engine.Make("PublicIp", engine.Func(publicAddress)),
				engine.Be("PublicIpv4Pool", "amazon"), engine.Make("NetworkBorderGroup", engine.Text("{region}")),
			},
		},
	}
}

func interfaceOps() []engine.Op {
	return []engine.Op{
		{Name: "CreateNetworkInterface", Do: engine.Create{Kind: "network-interface", Set: []engine.Field{
			engine.Make("SubnetId", engine.Param("SubnetId")),
			engine.Make("Groups", engine.Func(interfaceGroups, "Groups")),
			engine.Make("RequesterId", engine.Func(requester)),
		}}},
		{Name: "DescribeNetworkInterfaces", Do: engine.Describe{Kind: "network-interface"}},
		{Name: "DeleteNetworkInterface", Do: engine.Delete{Kind: "network-interface", Check: func(_ *engine.Exec, r *engine.Resource) error {
			if r.Str("Status") == "in-use" {
				return engine.Refuse("InvalidParameterValue", "Network interface '"+r.ID+"' is currently in use.").With()
			}
			return nil
		}}},
		{Name: "AllocateAddress", Do: engine.Create{Kind: "elastic-ip"}},
		{Name: "DescribeAddresses", Do: engine.Describe{Kind: "elastic-ip", IDs: []string{"AllocationIds", "PublicIps"}}},
		{Name: "AssociateAddress", Do: engine.Write(associateAddress), Free: []string{"AllocationId"}},
		{Name: "DisassociateAddress", Do: engine.Write(disassociateAddress)},
		{Name: "ReleaseAddress", Do: engine.Write(releaseAddress), Free: []string{"AllocationId"}},
	}
}

func macAddress(x *engine.Exec, _ engine.Attrs) (any, error) {
	h := x.Hex("", 10)
	return "02:" + strings.Join([]string{h[:2], h[2:4], h[4:6], h[6:8], h[8:]}, ":"), nil
}

// freeAddress returns an address of the subnet that no interface has.
func freeAddress(x *engine.Exec, a engine.Attrs) (any, error) {
	subnet, err := x.Find("ec2/subnet", a.Str("SubnetId"))
	if err != nil {
		return nil, err
	}
	network, ok := block(subnet.Str("CidrBlock"))
	if !ok {
		return nil, fmt.Errorf("subnet %s has no network", subnet.ID)
	}
	taken := make(map[string]bool)
	for _, eni := range x.List("ec2/network-interface") {
		if eni.Str("SubnetId") == subnet.ID {
			taken[eni.Str("PrivateIpAddress")] = true
		}
	}
	// AWS keeps the first four addresses and the last.
	usable := uint64(1)<<(32-network.Bits()) - 5
	bytes := network.Addr().As4()
	base := binary.BigEndian.Uint32(bytes[:])
	start := x.Number(usable)
	for i := range usable {
		var at [4]byte
		binary.BigEndian.PutUint32(at[:], base+4+uint32((start+i)%usable))
		if text := netip.AddrFrom4(at).String(); !taken[text] {
			return text, nil
		}
	}
	return nil, engine.Refuse("InsufficientFreeAddressesInSubnet", "The specified subnet does not have enough free addresses to satisfy the request.").With()
}

func privateName(x *engine.Exec, a engine.Attrs) (any, error) {
	return "ip-" + strings.ReplaceAll(a.Str("PrivateIpAddress"), ".", "-") + internalDomain(x.Call.Region), nil
}

func internalDomain(region string) string {
	if region == "us-east-1" {
		return ".ec2.internal"
	}
	return "." + region + ".compute.internal"
}

func publicName(region, address string) string {
	domain := "." + region + ".compute.amazonaws.com"
	if region == "us-east-1" {
		domain = ".compute-1.amazonaws.com"
	}
	return "ec2-" + strings.ReplaceAll(address, ".", "-") + domain
}

func primaryAddress(_ *engine.Exec, a engine.Attrs) (any, error) {
	return []any{map[string]any{
		"Primary": true, "PrivateIpAddress": a.Str("PrivateIpAddress"), "PrivateDnsName": a.Str("PrivateDnsName"),
	}}, nil
}

// publicAddress is one of 198.18.0.0/15, which no network routes.
func publicAddress(x *engine.Exec, _ engine.Attrs) (any, error) {
	n := x.Number(1 << 17)
	return netip.AddrFrom4([4]byte{198, byte(18 + n>>16), byte(n >> 8), byte(n)}).String(), nil
}

// interfaceGroups shows the groups that the request names, or the default one.
func interfaceGroups(x *engine.Exec, a engine.Attrs) (any, error) {
	subnet, err := x.Find("subnet", a.Str("SubnetId"))
	if err != nil {
		return nil, err
	}
	return groupsIn(x, subnet.Str("VpcId"), x.Params.Strs("Groups"))
}

// groupsIn returns identifiers of the groups, which must be of the VPC, or of
// the VPC's default group where there are none.
func groupsIn(x *engine.Exec, vpcID string, refs []string) ([]any, error) {
	var groups []any
	show := func(g *engine.Resource) {
		groups = append(groups, map[string]any{"GroupId": g.ID, "GroupName": g.Str("GroupName")})
	}
	if len(refs) == 0 {
		for _, g := range x.List("security-group") {
			if g.Str("VpcId") == vpcID && isDefaultGroup(g.Attrs) {
				show(g)
			}
		}
		return groups, nil
	}
	for _, ref := range refs {
		g, err := x.Find("security-group", ref)
		if err != nil {
			return nil, err
		}
		if g.Str("VpcId") != vpcID {
			return nil, engine.Refuse("InvalidParameter", "Security group "+g.ID+" and subnet belong to different networks.").With()
		}
		show(g)
	}
	return groups, nil
}

func associateAddress(x *engine.Exec) (map[string]any, error) {
	ref := x.Params.Str("AllocationId")
	if ref == "" {
		ref = x.Params.Str("PublicIp")
	}
	address, err := x.Find("elastic-ip", ref)
	if err != nil {
		return nil, err
	}
	if address.Has("AssociationId") && x.Params.Has("AllowReassociation") && !x.Params.Bool("AllowReassociation") {
		return nil, engine.Refuse("Resource.AlreadyAssociated",
			"resource "+address.ID+" is already associated with associate-id "+address.Str("AssociationId")).With()
	}
	id := x.Params.Str("NetworkInterfaceId")
	if instance := x.Look("instance", x.Params.Str("InstanceId")); instance != nil {
		if s := instance.Str("State.Name"); s != "running" && s != "stopped" && s != "pending" {
			return nil, engine.Refuse("InvalidInstanceID", "The instance '"+instance.ID+"' is not in a valid state for this operation.").With()
		}
		id = instance.Str("NetworkInterfaces.NetworkInterfaceId")
	}
	eni, err := x.Find("network-interface", id)
	if err != nil {
		return nil, err
	}
	return map[string]any{"AssociationId": join(x, address, eni)}, nil
}

// join associates an address with an interface, and returns the association's
// id.
func join(x *engine.Exec, address, eni *engine.Resource) string {
	address = x.Edit("elastic-ip", address)
	for path, v := range map[string]any{
		"AssociationId": x.Hex("eipassoc-", 17), "NetworkInterfaceId": eni.ID, "NetworkInterfaceOwnerId": x.Call.AccountID,
		"PrivateIpAddress": eni.Str("PrivateIpAddress"), "InstanceId": eni.Get("Attachment.InstanceId"),
	} {
		address.Set(path, v)
	}
	showAddress(x, eni, address.Str("PublicIp"), x.Call.AccountID)
	return address.Str("AssociationId")
}

// part ends an address's association.
func part(x *engine.Exec, address *engine.Resource) {
	if eni := x.Look("network-interface", address.Str("NetworkInterfaceId")); eni != nil {
		showAddress(x, eni, "", "")
	}
	address = x.Edit("elastic-ip", address)
	for _, path := range []string{"AssociationId", "NetworkInterfaceId", "NetworkInterfaceOwnerId", "PrivateIpAddress", "InstanceId"} {
		address.Set(path, nil)
	}
}

// showAddress shows a public address with the interface and with its instance;
// "" takes it away.
func showAddress(x *engine.Exec, eni *engine.Resource, ip, owner string) {
	var association, public any
	if ip != "" {
		association = map[string]any{"PublicIp": ip, "PublicDnsName": publicName(x.Call.Region, ip), "IpOwnerId": owner}
		public = ip
	}
	eni = x.Edit("network-interface", eni)
	eni.Set("Association", association)
	if instance := x.Look("instance", eni.Str("Attachment.InstanceId")); instance != nil {
		x.Edit("instance", instance).Set(publicIP, public)
	}
}

func disassociateAddress(x *engine.Exec) (map[string]any, error) {
	for _, a := range x.List("elastic-ip") {
		if a.Has("AssociationId") && (a.Str("AssociationId") == x.Params.Str("AssociationId") || a.Str("PublicIp") == x.Params.Str("PublicIp")) {
			part(x, a)
			return nil, nil
		}
	}
	return nil, engine.Refuse("InvalidAssociationID.NotFound", "The association ID '"+x.Params.Str("AssociationId")+"' does not exist").With()
}

func releaseAddress(x *engine.Exec) (map[string]any, error) {
	ref := x.Params.Str("AllocationId")
	if ref == "" {
		ref = x.Params.Str("PublicIp")
	}
	a, err := x.Find("elastic-ip", ref)
	if err != nil {
		return nil, err
	}
	if a.Has("AssociationId") {
		return nil, engine.Refuse("InvalidIPAddress.InUse", "Address "+a.Str("PublicIp")+" is in use.").With()
	}
	x.Remove("elastic-ip", a.ID)
	return nil, nil
}

// requester is who makes the call, as a network interface shows it.
func requester(x *engine.Exec, _ engine.Attrs) (any, error) {
	if x.Call.Caller == nil || x.Call.Caller.PrincipalID == "" {
		return nil, nil
	}
	return x.Call.Caller.PrincipalID, nil
}
