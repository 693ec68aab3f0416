package ec2

import (
	"time"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// peeringFails names the state that a request for peering ends in, where it
// cannot be met.
const peeringFails = ".fails"

func peeringKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "vpc-peering-connection", Shape: "VpcPeeringConnection", ID: "VpcPeeringConnectionId",
		NewID: engine.Hex("pcx-", 17), Prefix: "pcx-", Tags: "Tags",
		Unknown:   engine.Refuse("InvalidVpcPeeringConnectionID.NotFound", "The vpcPeeringConnection ID '{id}' does not exist"),
		Malformed: malformedID("InvalidVpcPeeringConnectionId.Malformed", "pcx-"),
		States: &engine.States{Path: "Status.Code", Next: map[string]engine.Step{
			"initiating-request": {To: "pending-acceptance", Else: peeringFails, After: time.Second},
			"pending-acceptance": {To: "expired", Until: "ExpirationTime"},
			"provisioning":       {To: "active", After: time.Second},
			"failed":             {After: 2 * time.Hour, Keep: true},
			"expired":            {After: 48 * time.Hour, Keep: true},
			"rejected":           {After: 2 * time.Hour, Keep: true},
			"deleted":            {After: 2 * time.Hour, Keep: true},
		}},
		First: "initiating-request",
		New:   []engine.Field{engine.Make("Tags", engine.Empty())},
		Filters: map[string]string{
			"status-code": "Status.Code", "status-message": "Status.Message", "expiration-time": "ExpirationTime",
			"accepter-vpc-info.cidr-block": "AccepterVpcInfo.CidrBlock", "accepter-vpc-info.owner-id": "AccepterVpcInfo.OwnerId",
			"accepter-vpc-info.vpc-id": "AccepterVpcInfo.VpcId", "requester-vpc-info.cidr-block": "RequesterVpcInfo.CidrBlock",
			"requester-vpc-info.owner-id": "RequesterVpcInfo.OwnerId", "requester-vpc-info.vpc-id": "RequesterVpcInfo.VpcId",
		},
		View: func(_ *engine.Exec, a engine.Attrs) { a.Set("Status.Message", peeringMessage(a)) },
	}}
}

func peeringOps() []engine.Op {
	const kind = "vpc-peering-connection"
	wrong := engine.Refuse("InvalidStateTransition",
		"Invalid state transition for {VpcPeeringConnectionId}, which is {Status.Code}")
	pending := []string{"pending-acceptance"}
	return []engine.Op{
		{Name: "CreateVpcPeeringConnection", Do: engine.Create{Kind: kind, Check: checkPeering, Set: []engine.Field{
			engine.Make("RequesterVpcInfo", engine.Func(func(x *engine.Exec, _ engine.Attrs) (any, error) {
				vpc, err := x.Find("vpc", x.Params.Str("VpcId"))
				if err != nil {
					return nil, err
				}
				return peer(x, vpc), nil
			}, "VpcId")),
			engine.Make("AccepterVpcInfo", engine.Func(accepter, "PeerOwnerId", "PeerVpcId", "PeerRegion")),
			engine.Make("ExpirationTime", engine.Func(func(x *engine.Exec, _ engine.Attrs) (any, error) {
				return x.Now().AddDate(0, 0, 7), nil
			})),
			engine.Make(peeringFails, engine.Func(overlap, "VpcId", "PeerVpcId")),
		}}},
		{Name: "DescribeVpcPeeringConnections", Do: engine.Describe{Kind: kind}},
		{Name: "AcceptVpcPeeringConnection", Do: engine.Update{Kind: kind, In: pending, Wrong: wrong, Then: accept}},
		{Name: "RejectVpcPeeringConnection", Do: engine.Delete{Kind: kind, In: pending, Wrong: wrong, Into: "rejected"}},
		{Name: "DeleteVpcPeeringConnection", Do: engine.Delete{
			Kind: kind, In: []string{"initiating-request", "pending-acceptance", "provisioning", "active"}, Wrong: wrong, Into: "deleted",
		}},
	}
}

func peeringMessage(a engine.Attrs) string {
	switch a.Str("Status.Code") {
	case "initiating-request":
		return "Initiating Request to " + a.Str("AccepterVpcInfo.OwnerId")
	case "pending-acceptance":
		return "Pending Acceptance by " + a.Str("AccepterVpcInfo.OwnerId")
	case "provisioning":
		return "Provisioning"
	case "active":
		return "Active"
	case "failed":
		return "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range"
	case "rejected":
		return "Rejected by " + a.Str("AccepterVpcInfo.OwnerId")
	case "expired":
		return "Expired"
	}
	return "Deleted by " + a.Str("RequesterVpcInfo.OwnerId")
}

// own reports whether the request is for a VPC of the same account and Region.
// Others are not seen from here: such a connection waits to be accepted.
func own(x *engine.Exec) bool {
	owner, region := x.Params.Str("PeerOwnerId"), x.Params.Str("PeerRegion")
	return (owner == "" || owner == x.Call.AccountID) && (region == "" || region == x.Call.Region)
}

func checkPeering(x *engine.Exec) error {
	if !x.Params.Has("PeerVpcId") {
		return missing("peerVpcId").With()
	}
	if _, err := x.Find("vpc", x.Params.Str("VpcId")); err != nil {
		return err
	}
	return nil
}

// peer shows a VPC as one side of a connection.
func peer(x *engine.Exec, vpc *engine.Resource) map[string]any {
	block := vpc.Str("CidrBlock")
	return map[string]any{
		"OwnerId": x.Call.AccountID, "VpcId": vpc.ID, "Region": x.Call.Region, "CidrBlock": block,
		"CidrBlockSet": []any{map[string]any{"CidrBlock": block}},
		"PeeringOptions": map[string]any{
			"AllowDnsResolutionFromRemoteVpc": false, "AllowEgressFromLocalClassicLinkToRemoteVpc": false,
			"AllowEgressFromLocalVpcToRemoteClassicLink": false,
		},
	}
}

func accepter(x *engine.Exec, _ engine.Attrs) (any, error) {
	a := map[string]any{"OwnerId": x.Call.AccountID, "VpcId": x.Params.Str("PeerVpcId"), "Region": x.Call.Region}
	if owner := x.Params.Str("PeerOwnerId"); owner != "" {
		a["OwnerId"] = owner
	}
	if region := x.Params.Str("PeerRegion"); region != "" {
		a["Region"] = region
	}
	return a, nil
}

// overlap gives a request that cannot be met the state that it ends in.
func overlap(x *engine.Exec, _ engine.Attrs) (any, error) {
	if !own(x) {
		return nil, nil
	}
	there, here := x.Look("vpc", x.Params.Str("PeerVpcId")), x.Look("vpc", x.Params.Str("VpcId"))
	if there == nil || here == nil {
		return "failed", nil
	}
	a, _ := block(here.Str("CidrBlock"))
	if b, _ := block(there.Str("CidrBlock")); a.Overlaps(b) {
		return "failed", nil
	}
	return nil, nil
}

func accept(x *engine.Exec, r *engine.Resource) error {
	vpc := x.Look("vpc", r.Str("AccepterVpcInfo.VpcId"))
	if vpc == nil || r.Str("AccepterVpcInfo.OwnerId") != x.Call.AccountID || r.Str("AccepterVpcInfo.Region") != x.Call.Region {
		return engine.Refuse("OperationNotPermitted",
			"User "+x.Call.AccountID+" cannot accept peering "+r.ID+": only the owner of the accepter VPC can, in its Region").With()
	}
	r.Set("AccepterVpcInfo", peer(x, vpc))
	r.Set("ExpirationTime", nil)
	x.Enter("vpc-peering-connection", r, "provisioning")
	return nil
}
