package ec2

import (
	"time"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func natKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "natgateway", Shape: "NatGateway", ID: "NatGatewayId",
		NewID: engine.Hex("nat-", 17), Prefix: "nat-", Tags: "Tags",
		Unknown:   engine.Refuse("NatGatewayNotFound", "The Nat Gateway {id} was not found"),
		Malformed: engine.Refuse("NatGatewayMalformed", "The Nat Gateway ID is malformed: {id}"),
		States: &engine.States{Path: "State", Next: map[string]engine.Step{
			"pending":  {To: "available", After: time.Minute},
			"deleting": {To: "deleted", After: time.Minute},
			"deleted":  {After: time.Hour, Keep: true},
		}},
		First: "pending",
		New: []engine.Field{
			engine.Make("CreateTime", engine.Now()), engine.Be("ConnectivityType", "public"),
			engine.Make("VpcId", engine.Of("subnet", engine.Attr("SubnetId"), "VpcId")),
			engine.Make("NatGatewayAddresses", engine.Empty()), engine.Make("Tags", engine.Empty()),
		},
	}}
}

func natOps() []engine.Op {
	return []engine.Op{
		{Name: "CreateNatGateway", Do: engine.Create{
			Kind: "natgateway", Check: checkNat, Then: openNat,
			Out: []engine.Field{engine.Make("ClientToken", engine.Param("ClientToken"))},
		}},
		{Name: "DescribeNatGateways", Do: engine.Describe{Kind: "natgateway", Filters: "Filter"}},
		{Name: "DeleteNatGateway", Do: engine.Delete{
			Kind: "natgateway", Into: "deleting", In: []string{"pending", "available"}, Then: closeNat,
			Wrong: engine.Refuse("NatGatewayNotFound", "The Nat Gateway {NatGatewayId} was not found"),
		}},
	}
}

func checkNat(x *engine.Exec) error {
	if !x.Params.Has("SubnetId") {
		return missing("SubnetId").With()
	}
	private := x.Params.Str("ConnectivityType") == "private"
	if private == x.Params.Has("AllocationId") {
		if private {
			return engine.Refuse("InvalidParameterCombination", "A private Nat Gateway cannot have an AllocationId.").With()
		}
		return missing("AllocationId").With()
	}
	if a := x.Look("elastic-ip", x.Params.Str("AllocationId")); a != nil && a.Has("AssociationId") {
		return engine.Refuse("Resource.AlreadyAssociated", "Elastic IP address ["+a.ID+"] is already associated").With()
	}
	return nil
}

// openNat gives the gateway its interface and address.
func openNat(x *engine.Exec, r *engine.Resource) error {
	a := engine.Attrs{
		"SubnetId": r.Str("SubnetId"), "Description": "Interface for NAT Gateway " + r.ID, "InterfaceType": "nat_gateway",
		"RequesterManaged": true, "Status": "in-use", "Groups": []any{},
	}
	a.Set("PrivateIpAddress", x.Params.Get("PrivateIpAddress"))
	eni, err := x.Add("network-interface", a)
	if err != nil {
		return err
	}
	shown := engine.Attrs{
		"NetworkInterfaceId": eni.ID, "PrivateIp": eni.Str("PrivateIpAddress"), "IsPrimary": true, "Status": "succeeded",
	}
	if address := x.Look("elastic-ip", x.Params.Str("AllocationId")); address != nil {
		id := join(x, address, eni)
		shown.Set("AllocationId", address.ID)
		shown.Set("PublicIp", address.Str("PublicIp"))
		shown.Set("AssociationId", id)
	}
	r.Set("NatGatewayAddresses", []any{map[string]any(shown)})
	return nil
}

// closeNat takes the gateway its interface, and frees its address.
func closeNat(x *engine.Exec, r *engine.Resource) error {
	r.Set("DeleteTime", x.Now())
	for _, a := range r.Subs("NatGatewayAddresses") {
		if address := x.Look("elastic-ip", a.Str("AllocationId")); address != nil {
			part(x, address)
		}
		x.Remove("network-interface", a.Str("NetworkInterfaceId"))
	}
	return nil
}
