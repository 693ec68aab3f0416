package sandbox

import (
	"slices"
	"testing"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// network is a VPC with a subnet and a route table, to put things into.
func network(c *client, cidr string) (vpc, subnet, table string) {
	c.t.Helper()
	vpc = c.call("ec2", "CreateVpc", params{"CidrBlock": cidr}).Str("Vpc.VpcId")
	subnet = c.call("ec2", "CreateSubnet", params{"VpcId": vpc, "CidrBlock": cidr}).Str("Subnet.SubnetId")
	table = c.call("ec2", "CreateRouteTable", params{"VpcId": vpc}).Str("RouteTable.RouteTableId")
	return vpc, subnet, table
}

func TestNetworkACLsHaveEntries(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	vpc, subnet, _ := network(c, "10.0.0.0/24")
	id := c.call("ec2", "CreateNetworkAcl", params{"VpcId": vpc}).Str("NetworkAcl.NetworkAclId")
	entry := params{
		"NetworkAclId": id, "RuleNumber": int64(100), "Protocol": "tcp", "RuleAction": "allow", "Egress": false, "CidrBlock": "0.0.0.0/0",
	}
	c.refused("ec2", "CreateNetworkAclEntry", entry, "MissingParameter")
	entry["PortRange"] = params{"From": int64(443), "To": int64(443)}
	c.call("ec2", "CreateNetworkAclEntry", entry)
	c.refused("ec2", "CreateNetworkAclEntry", entry, "NetworkAclEntryAlreadyExists")
	entry["RuleAction"] = "deny"
	c.call("ec2", "ReplaceNetworkAclEntry", entry)
	seen := func() engine.Attrs {
		return c.call("ec2", "DescribeNetworkAcls", params{"NetworkAclIds": []any{id}}).Subs("NetworkAcls")[0]
	}
	entries := seen().Subs("Entries")
	if len(entries) != 3 || !entries[0].Bool("Egress") || entries[1].Int("RuleNumber") != 100 ||
		entries[1].Str("Protocol") != "6" || entries[1].Str("RuleAction") != "deny" || entries[1].Int("PortRange.From") != 443 {
		t.Errorf("the entries are %v", entries)
	}
	before := c.call("ec2", "DescribeNetworkAcls", params{"Filters": []any{
		params{"Name": "association.subnet-id", "Values": []any{subnet}},
	}}).Str("NetworkAcls.Associations.NetworkAclAssociationId")
	moved := c.call("ec2", "ReplaceNetworkAclAssociation", params{"AssociationId": before, "NetworkAclId": id}).Str("NewAssociationId")
	if got := seen(); got.Str("Associations.SubnetId") != subnet || got.Str("Associations.NetworkAclAssociationId") != moved {
		t.Errorf("after ReplaceNetworkAclAssociation the ACL is %v", got)
	}
	c.refused("ec2", "ReplaceNetworkAclAssociation", params{"AssociationId": before, "NetworkAclId": id}, "InvalidAssociationID.NotFound")
	c.refused("ec2", "DeleteNetworkAcl", params{"NetworkAclId": id}, "DependencyViolation")
	common := c.call("ec2", "DescribeNetworkAcls", params{"Filters": []any{
		params{"Name": "vpc-id", "Values": []any{vpc}}, params{"Name": "default", "Values": []any{"true"}},
	}}).Str("NetworkAcls.NetworkAclId")
	c.call("ec2", "ReplaceNetworkAclAssociation", params{"AssociationId": moved, "NetworkAclId": common})
	gone := params{"NetworkAclId": id, "RuleNumber": int64(100), "Egress": false}
	c.call("ec2", "DeleteNetworkAclEntry", gone)
	c.refused("ec2", "DeleteNetworkAclEntry", gone, "InvalidNetworkAclEntry.NotFound")
	c.call("ec2", "DeleteNetworkAcl", params{"NetworkAclId": id})
}

func TestNATGatewaysHoldTheirAddress(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	_, subnet, table := network(c, "10.0.0.0/24")
	c.refused("ec2", "CreateNatGateway", params{"SubnetId": subnet}, "MissingParameter")
	address := c.call("ec2", "AllocateAddress", nil)
	create := params{"SubnetId": subnet, "AllocationId": address.Str("AllocationId"), "ClientToken": "t", "TagSpecifications": []any{
		params{"ResourceType": "natgateway", "Tags": []any{params{"Key": "Name", "Value": "out"}}},
	}}
	made := c.call("ec2", "CreateNatGateway", create)
	id := made.Str("NatGateway.NatGatewayId")
	if made.Str("NatGateway.State") != "pending" || made.Str("ClientToken") != "t" ||
		made.Str("NatGateway.NatGatewayAddresses.PublicIp") != address.Str("PublicIp") {
		t.Errorf("CreateNatGateway = %v", made)
	}
	if again := c.call("ec2", "CreateNatGateway", create).Str("NatGateway.NatGatewayId"); again != id {
		t.Errorf("the same token made %s and %s", id, again)
	}
	seen := func(value string) engine.Attrs {
		return c.call("ec2", "DescribeNatGateways", params{"Filter": []any{params{"Name": "tag:Name", "Values": []any{value}}}})
	}
	if got := seen("out"); got.Str("NatGateways.State") != "available" || got.Str("NatGateways.NatGatewayId") != id {
		t.Errorf("DescribeNatGateways = %v", got)
	}
	if got := seen("in"); len(got.All("NatGateways")) != 0 {
		t.Errorf("a filter that nothing passes gives %v", got)
	}
	route := params{"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": id}
	c.call("ec2", "CreateRoute", route)
	c.call("ec2", "ReplaceRoute", route)
	c.refused("ec2", "ReleaseAddress", params{"AllocationId": address.Str("AllocationId")}, "InvalidIPAddress.InUse")
	c.refused("ec2", "DeleteSubnet", params{"SubnetId": subnet}, "DependencyViolation")
	if gone := c.call("ec2", "DeleteNatGateway", params{"NatGatewayId": id}); gone.Str("NatGatewayId") != id {
		t.Errorf("DeleteNatGateway = %v", gone)
	}
	if got := seen("out"); got.Str("NatGateways.State") != "deleted" || !got.Has("NatGateways.DeleteTime") {
		t.Errorf("DescribeNatGateways after DeleteNatGateway = %v", got)
	}
	c.call("ec2", "ReleaseAddress", params{"AllocationId": address.Str("AllocationId")})
	c.call("ec2", "DeleteSubnet", params{"SubnetId": subnet})
	c.refused("ec2", "DescribeNatGateways", params{"NatGatewayIds": []any{"nat-0123456789abcdef0"}}, "NatGatewayNotFound")
}

func TestVPCEndpointsAreRoutesOrInterfaces(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	vpc, subnet, table := network(c, "10.0.0.0/24")
	gateway := c.call("ec2", "CreateVpcEndpoint", params{
		"VpcId": vpc, "ServiceName": "com.amazonaws.us-west-2.s3", "RouteTableIds": []any{table},
	})
	gatewayID := gateway.Str("VpcEndpoint.VpcEndpointId")
	if gateway.Str("VpcEndpoint.State") != "available" || gateway.Str("VpcEndpoint.VpcEndpointType") != "Gateway" {
		t.Errorf("CreateVpcEndpoint = %v", gateway)
	}
	routes := func() []string {
		return c.call("ec2", "DescribeRouteTables", params{"RouteTableIds": []any{table}}).Strs("RouteTables.Routes.GatewayId")
	}
	if got := routes(); !slices.Equal(got, []string{"local", gatewayID}) {
		t.Errorf("the routes lead to %v", got)
	}
	inside := c.call("ec2", "CreateVpcEndpoint", params{
		"VpcId": vpc, "ServiceName": "com.amazonaws.us-west-2.sts", "VpcEndpointType": "Interface", "SubnetIds": []any{subnet},
	})
	id := inside.Str("VpcEndpoint.VpcEndpointId")
	if inside.Str("VpcEndpoint.State") != "pending" || inside.Str("VpcEndpoint.Groups.GroupName") != "default" ||
		len(inside.All("VpcEndpoint.NetworkInterfaceIds")) != 1 || !inside.Bool("VpcEndpoint.PrivateDnsEnabled") {
		t.Errorf("CreateVpcEndpoint = %v", inside)
	}
	c.call("ec2", "ModifyVpcEndpoint", params{"VpcEndpointId": gatewayID, "RemoveRouteTableIds": []any{table}})
	c.call("ec2", "ModifyVpcEndpoint", params{"VpcEndpointId": id, "RemoveSubnetIds": []any{subnet}, "PolicyDocument": "{}"})
	seen := c.call("ec2", "DescribeVpcEndpoints", params{"VpcEndpointIds": []any{id}})
	if seen.Str("VpcEndpoints.State") != "available" || seen.Str("VpcEndpoints.PolicyDocument") != "{}" ||
		len(seen.All("VpcEndpoints.NetworkInterfaceIds")) != 0 || len(routes()) != 1 {
		t.Errorf("after ModifyVpcEndpoint: %v, routes %v", seen, routes())
	}
	c.refused("ec2", "DeleteVpc", params{"VpcId": vpc}, "DependencyViolation")
	gone := c.call("ec2", "DeleteVpcEndpoints", params{"VpcEndpointIds": []any{id, gatewayID, "vpce-0123456789abcdef0"}})
	if gone.Str("Unsuccessful.Error.Code") != "InvalidVpcEndpoint.NotFound" || len(gone.All("Unsuccessful")) != 1 {
		t.Errorf("DeleteVpcEndpoints = %v", gone)
	}
	c.refused("ec2", "DescribeVpcEndpoints", params{"VpcEndpointIds": []any{id}}, "InvalidVpcEndpointId.NotFound")
	c.refused("ec2", "CreateVpcEndpoint", params{"VpcId": vpc, "ServiceName": "com.amazonaws.us-west-2.sts"}, "InvalidServiceName")
	offered := c.call("ec2", "DescribeVpcEndpointServices", params{"ServiceNames": []any{"com.amazonaws.us-west-2.sts"}})
	if offered.Str("ServiceDetails.ServiceType.ServiceType") != "Interface" || len(offered.All("ServiceNames")) != 1 {
		t.Errorf("DescribeVpcEndpointServices = %v", offered)
	}
}

func TestPeeringIsAskedForAndAccepted(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	one, _, table := network(c, "10.0.0.0/24")
	two, _, _ := network(c, "10.0.1.0/24")
	ask := func(p params) string {
		return c.call("ec2", "CreateVpcPeeringConnection", p).Str("VpcPeeringConnection.VpcPeeringConnectionId")
	}
	state := func(id string) string {
		return c.call("ec2", "DescribeVpcPeeringConnections", params{"VpcPeeringConnectionIds": []any{id}}).Str("VpcPeeringConnections.Status.Code")
	}
	id := ask(params{"VpcId": one, "PeerVpcId": two})
	if got := state(id); got != "pending-acceptance" {
		t.Errorf("the connection is %s", got)
	}
	accepted := c.call("ec2", "AcceptVpcPeeringConnection", params{"VpcPeeringConnectionId": id})
	if accepted.Str("VpcPeeringConnection.Status.Code") != "provisioning" || accepted.Str("VpcPeeringConnection.AccepterVpcInfo.CidrBlock") != "10.0.1.0/24" {
		t.Errorf("AcceptVpcPeeringConnection = %v", accepted)
	}
	if got := state(id); got != "active" {
		t.Errorf("the connection is %s", got)
	}
	c.refused("ec2", "AcceptVpcPeeringConnection", params{"VpcPeeringConnectionId": id}, "InvalidStateTransition")
	c.call("ec2", "CreateRoute", params{"RouteTableId": table, "DestinationCidrBlock": "10.0.1.0/24", "VpcPeeringConnectionId": id})
	c.call("ec2", "DeleteVpcPeeringConnection", params{"VpcPeeringConnectionId": id})
	if got := state(id); got != "deleted" {
		t.Errorf("the connection is %s", got)
	}
	refused := ask(params{"VpcId": one, "PeerVpcId": two})
	state(refused)
	c.call("ec2", "RejectVpcPeeringConnection", params{"VpcPeeringConnectionId": refused})
	far := ask(params{"VpcId": one, "PeerVpcId": "vpc-0123456789abcdef0", "PeerOwnerId": "210987654321"})
	for at, want := range map[string]string{
		refused: "rejected",
		ask(params{"VpcId": one, "PeerVpcId": one}):                     "failed", // it overlaps itself
		ask(params{"VpcId": one, "PeerVpcId": "vpc-0123456789abcdef0"}): "failed",
		far: "pending-acceptance",
	} {
		if got := state(at); got != want {
			t.Errorf("the connection is %s, want %s", got, want)
		}
	}
	c.refused("ec2", "AcceptVpcPeeringConnection", params{"VpcPeeringConnectionId": far}, "OperationNotPermitted")
	c.now = c.now.AddDate(0, 0, 7)
	if got := state(far); got != "expired" {
		t.Errorf("after a week the connection is %s", got)
	}
}
