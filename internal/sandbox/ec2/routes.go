package ec2

import (
	"slices"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func routeKinds() []*engine.Kind {
	return []*engine.Kind{gatewayKind(), tableKind()}
}

func gatewayKind() *engine.Kind {
	return &engine.Kind{
		Name: "internet-gateway", Shape: "InternetGateway", ID: "InternetGatewayId",
		NewID: engine.Hex("igw-", 17), Prefix: "igw-", Tags: "Tags",
		Unknown:   engine.Refuse("InvalidInternetGatewayID.NotFound", "The internetGateway ID '{id}' does not exist"),
		Malformed: malformedID("InvalidInternetGatewayId.Malformed", "igw-"),
		New: []engine.Field{
			engine.Make("OwnerId", engine.Text("{account}")),
			engine.Make("Attachments", engine.Empty()), engine.Make("Tags", engine.Empty()),
		},
		Fresh: func(x *engine.Exec) []engine.Attrs {
			return []engine.Attrs{attachedGateway(x.List("vpc")[0].ID)}
		},
	}
}

func tableKind() *engine.Kind {
	return &engine.Kind{
		Name: "route-table", Shape: "RouteTable", ID: "RouteTableId",
		NewID: engine.Hex("rtb-", 17), Prefix: "rtb-", Tags: "Tags",
		Unknown:   engine.Refuse("InvalidRouteTableID.NotFound", "The routeTable ID '{id}' does not exist"),
		Malformed: malformedID("InvalidRouteTableId.Malformed", "rtb-"),
		New: []engine.Field{
			engine.Make("OwnerId", engine.Text("{account}")),
			engine.Make("Routes", engine.Func(localRoute)), engine.Make("Associations", engine.Empty()),
			engine.Make("PropagatingVgws", engine.Empty()), engine.Make("Tags", engine.Empty()),
		},
		Filters: map[string]string{
			"association.main": "Associations.Main", "association.subnet-id": "Associations.SubnetId",
			"association.route-table-association-id": "Associations.RouteTableAssociationId",
		},
		Fresh: func(x *engine.Exec) []engine.Attrs {
			t := mainTable(x, x.List("vpc")[0])
			t.Append("Routes", outward(x.List("internet-gateway")[0].ID))
			return []engine.Attrs{t}
		},
	}
}

func routeOps() []engine.Op {
	return []engine.Op{
		{Name: "CreateInternetGateway", Do: engine.Create{Kind: "internet-gateway"}},
		{Name: "DescribeInternetGateways", Do: engine.Describe{Kind: "internet-gateway"}},
		{Name: "DeleteInternetGateway", Do: engine.Delete{Kind: "internet-gateway", Check: detached}},
		{Name: "AttachInternetGateway", Do: engine.Update{Kind: "internet-gateway", Check: detached, Then: attachGateway}},
		{Name: "DetachInternetGateway", Do: engine.Update{Kind: "internet-gateway", Check: attachedHere, Set: []engine.Field{
			engine.Make("Attachments", engine.Empty()),
		}}},
		{Name: "CreateRouteTable", Do: engine.Create{Kind: "route-table"}},
		{Name: "DescribeRouteTables", Do: engine.Describe{Kind: "route-table"}},
		{Name: "DeleteRouteTable", Do: engine.Delete{Kind: "route-table", Check: tableUnused}},
		{Name: "AssociateRouteTable", Do: engine.Write(associateTable)},
		{Name: "DisassociateRouteTable", Do: engine.Write(disassociateTable)},
		{Name: "CreateRoute", Do: engine.Update{Kind: "route-table", Check: routeIsNew, Then: addRoute}},
		{Name: "ReplaceRoute", Do: engine.Update{Kind: "route-table", Check: routeExists, Then: func(x *engine.Exec, t *engine.Resource) error {
			if err := dropRoute(x, t); err != nil {
				return err
			}
			return addRoute(x, t)
		}}},
		{Name: "DeleteRoute", Do: engine.Update{Kind: "route-table", Check: routeExists, Then: dropRoute}},
	}
}

func attachedGateway(vpcID string) engine.Attrs {
	return engine.Attrs{"Attachments": []any{map[string]any{"State": "available", "VpcId": vpcID}}}
}

func outward(gatewayID string) map[string]any {
	return map[string]any{
		"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gatewayID, "Origin": "CreateRoute", "State": "active",
	}
}

func localRoute(x *engine.Exec, a engine.Attrs) (any, error) {
	vpc, err := x.Find("vpc", a.Str("VpcId"))
	if err != nil {
		return nil, err
	}
	return []any{map[string]any{
		"DestinationCidrBlock": vpc.Str("CidrBlock"), "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active",
	}}, nil
}

func mainTable(x *engine.Exec, vpc *engine.Resource) engine.Attrs {
	id := x.Hex("rtb-", 17)
	routes, _ := localRoute(x, engine.Attrs{"VpcId": vpc.ID})
	return engine.Attrs{"RouteTableId": id, "VpcId": vpc.ID, "Routes": routes, "Associations": []any{map[string]any{
		"Main": true, "RouteTableAssociationId": x.Hex("rtbassoc-", 17), "RouteTableId": id,
		"AssociationState": map[string]any{"State": "associated"},
	}}}
}

func isMainTable(a engine.Attrs) bool { return slices.Contains(a.All("Associations.Main"), any(true)) }

func detached(x *engine.Exec, r *engine.Resource) error {
	if len(r.Subs("Attachments")) == 0 {
		return nil
	}
	if x.Params.Has("VpcId") {
		return engine.Refuse("Resource.AlreadyAssociated", "resource "+r.ID+" is already attached to network "+r.Str("Attachments.VpcId")).With()
	}
	return engine.Refuse("DependencyViolation", "The internetGateway '"+r.ID+"' has dependencies and cannot be deleted.").With()
}

func attachGateway(x *engine.Exec, r *engine.Resource) error {
	r.Append("Attachments", map[string]any{"State": "available", "VpcId": x.Params.Str("VpcId")})
	return nil
}

func attachedHere(x *engine.Exec, r *engine.Resource) error {
	if slices.Contains(r.Strs("Attachments.VpcId"), x.Params.Str("VpcId")) {
		return nil
	}
	return engine.Refuse("Gateway.NotAttached", "resource "+r.ID+" is not attached to network "+x.Params.Str("VpcId")).With()
}

func tableUnused(_ *engine.Exec, r *engine.Resource) error {
	if len(r.Subs("Associations")) == 0 {
		return nil
	}
	return dependencies("routeTable").With("id", r.ID)
}

func associateTable(x *engine.Exec) (map[string]any, error) {
	t, err := x.Find("route-table", x.Params.Str("RouteTableId"))
	if err != nil {
		return nil, err
	}
	subnet, gateway := x.Params.Str("SubnetId"), x.Params.Str("GatewayId")
	if subnet == "" && gateway == "" {
		return nil, missing("subnetId or gatewayId").With()
	}
	for _, other := range x.List("route-table") {
		if subnet != "" && slices.Contains(other.Strs("Associations.SubnetId"), subnet) {
			return nil, engine.Refuse("Resource.AlreadyAssociated", "the specified association for route table "+t.ID+" conflicts with an existing association").With()
		}
	}
	state := map[string]any{"State": "associated"}
	association := engine.Attrs{
		"Main": false, "RouteTableAssociationId": x.Hex("rtbassoc-", 17), "RouteTableId": t.ID, "AssociationState": state,
	}
	if subnet != "" {
		association.Set("SubnetId", subnet)
	} else {
		association.Set("GatewayId", gateway)
	}
	x.Edit("route-table", t).Append("Associations", association)
	return map[string]any{
		"AssociationId": association.Str("RouteTableAssociationId"), "AssociationState": map[string]any{"State": "associated"},
	}, nil
}

func disassociateTable(x *engine.Exec) (map[string]any, error) {
	id := x.Params.Str("AssociationId")
	for _, t := range x.List("route-table") {
		for i, a := range t.Subs("Associations") {
			if a.Str("RouteTableAssociationId") != id {
				continue
			}
			if a.Bool("Main") {
				return nil, invalidValue("cannot disassociate the main route table association " + id).With()
			}
			t = x.Edit("route-table", t)
			t.Set("Associations", slices.Delete(t.All("Associations"), i, i+1))
			return nil, nil
		}
	}
	return nil, engine.Refuse("InvalidAssociationID.NotFound", "The association ID '"+id+"' does not exist").With()
}

// destinations are the request members that say where a route leads, and
// gateways those that say through what.
func destinations() []string {
	return []string{"DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"}
}

func gateways() []string {
	return []string{
		"GatewayId", "NatGatewayId", "InstanceId", "NetworkInterfaceId", "TransitGatewayId", "LocalGatewayId",
		"CarrierGatewayId", "EgressOnlyInternetGatewayId", "VpcPeeringConnectionId", "CoreNetworkArn",
	}
}

// routeAt returns the index of the table's route to the request's destination,
// or -1, and the destination.
func routeAt(x *engine.Exec, t *engine.Resource) (int, string) {
	for _, d := range destinations() {
		if to := x.Params.Str(d); to != "" {
			return slices.IndexFunc(t.Subs("Routes"), func(r engine.Attrs) bool { return r.Str(d) == to }), to
		}
	}
	return -1, ""
}

func routeIsNew(x *engine.Exec, t *engine.Resource) error {
	at, to := routeAt(x, t)
	if to == "" {
		return missing("destinationCidrBlock").With()
	}
	if at >= 0 {
		return engine.Refuse("RouteAlreadyExists", "The route identified by "+to+" already exists.").With()
	}
	return nil
}

func routeExists(x *engine.Exec, t *engine.Resource) error {
	if at, to := routeAt(x, t); at < 0 {
		return engine.Refuse("InvalidRoute.NotFound", "no route with destination-cidr-block "+to+" in route table "+t.ID).With()
	}
	return nil
}

func addRoute(x *engine.Exec, t *engine.Resource) error {
	route := engine.Attrs{"Origin": "CreateRoute", "State": "active"}
	for _, member := range slices.Concat(destinations(), gateways()) {
		if v := x.Params.Str(member); v != "" {
			route[member] = v
		}
	}
	if len(route) < 4 {
		return missing("gatewayId").With()
	}
	t.Append("Routes", route)
	return nil
}

func dropRoute(x *engine.Exec, t *engine.Resource) error {
	at, _ := routeAt(x, t)
	t.Set("Routes", slices.Delete(t.All("Routes"), at, at+1))
	return nil
}
