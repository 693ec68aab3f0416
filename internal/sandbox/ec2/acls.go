package ec2

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func aclKinds() []*engine.Kind { return []*engine.Kind{aclKind()} }

func aclKind() *engine.Kind {
	return &engine.Kind{
		Name: "network-acl", Shape: "NetworkAcl", ID: "NetworkAclId",
		NewID: engine.Hex("acl-", 17), Prefix: "acl-", Tags: "Tags",
		Unknown:   engine.Refuse("InvalidNetworkAclID.NotFound", "The networkAcl ID '{id}' does not exist"),
		Malformed: malformedID("InvalidNetworkAclId.Malformed", "acl-"),
		New: []engine.Field{
			engine.Make("OwnerId", engine.Text("{account}")), engine.Be("IsDefault", false),
			engine.Make("Entries", engine.Func(denyAll)),
			engine.Make("Associations", engine.Empty()), engine.Make("Tags", engine.Empty()),
		},
		Filters: map[string]string{"default": "IsDefault"},
		View:    func(x *engine.Exec, a engine.Attrs) { a.Set("Associations", associations(x, a)) },
		Fresh: func(x *engine.Exec) []engine.Attrs {
			return []engine.Attrs{defaultACL(x.List("vpc")[0].ID)}
		},
	}
}

func aclOps() []engine.Op {
	return []engine.Op{
		{Name: "CreateNetworkAcl", Do: engine.Create{Kind: "network-acl"}},
		{Name: "DescribeNetworkAcls", Do: engine.Describe{Kind: "network-acl"}},
		{Name: "DeleteNetworkAcl", Do: engine.Delete{Kind: "network-acl", Check: func(x *engine.Exec, r *engine.Resource) error {
			if r.Bool("IsDefault") {
				return invalidValue("cannot delete default network ACL " + r.ID).With()
			}
			if len(associations(x, r.Attrs)) > 0 {
				return dependencies("networkAcl").With("id", r.ID)
			}
			return nil
		}}},
		{Name: "CreateNetworkAclEntry", Do: engine.Update{Kind: "network-acl", Check: entryIsNew, Then: putEntry}},
		{Name: "ReplaceNetworkAclEntry", Do: engine.Update{Kind: "network-acl", Check: entryExists, Then: putEntry}},
		{Name: "DeleteNetworkAclEntry", Do: engine.Update{Kind: "network-acl", Check: entryExists, Then: func(x *engine.Exec, r *engine.Resource) error {
			dropEntry(x, r)
			return nil
		}}},
		{Name: "ReplaceNetworkAclAssociation", Do: engine.Write(replaceAssociation)},
	}
}

func entry(number int64, action string, egress bool) map[string]any {
	return map[string]any{
		"CidrBlock": "0.0.0.0/0", "Egress": egress, "Protocol": "-1", "RuleAction": action, "RuleNumber": number,
	}
}

func denyAll(*engine.Exec, engine.Attrs) (any, error) {
	return []any{entry(32767, "deny", true), entry(32767, "deny", false)}, nil
}

func defaultACL(vpcID string) engine.Attrs {
	return engine.Attrs{"VpcId": vpcID, "IsDefault": true, "Entries": []any{
		entry(100, "allow", true), entry(32767, "deny", true), entry(100, "allow", false), entry(32767, "deny", false),
	}}
}

// associations are those of the ACL: of the subnets that were given it, or, for
// the default one of a VPC, of those that were given no other.
func associations(x *engine.Exec, a engine.Attrs) []any {
	list := []any{}
	elsewhere := make(map[string]bool)
	for _, acl := range x.List("ec2/network-acl") {
		for _, at := range acl.Subs("Associations") {
			subnet := at.Str("SubnetId")
			elsewhere[subnet] = true
			if acl.ID == a.Str("NetworkAclId") && x.Look("ec2/subnet", subnet) != nil {
				list = append(list, map[string]any(at.Clone()))
			}
		}
	}
	if !a.Bool("IsDefault") {
		return list
	}
	for _, s := range x.List("ec2/subnet") {
		if s.Str("VpcId") == a.Str("VpcId") && !elsewhere[s.ID] {
			list = append(list, map[string]any{
				"NetworkAclAssociationId": "aclassoc-" + s.ID[len("subnet-"):],
				"NetworkAclId":            a.Str("NetworkAclId"), "SubnetId": s.ID,
			})
		}
	}
	return list
}

// replaceAssociation gives a subnet another ACL.
func replaceAssociation(x *engine.Exec) (map[string]any, error) {
	id := x.Params.Str("AssociationId")
	to := x.Look("network-acl", x.Params.Str("NetworkAclId"))
	for _, from := range x.List("network-acl") {
		for _, at := range associations(x, from.Attrs) {
			old := engine.Attrs(at.(map[string]any))
			if old.Str("NetworkAclAssociationId") != id {
				continue
			}
			if from.Str("VpcId") != to.Str("VpcId") {
				return nil, engine.Refuse("InvalidParameterValue", "The network ACL "+to.ID+" and the subnet "+old.Str("SubnetId")+" belong to different networks").With()
			}
			return map[string]any{"NewAssociationId": moveSubnet(x, from, to, old.Str("SubnetId"))}, nil
		}
	}
	return nil, engine.Refuse("InvalidAssociationID.NotFound", "The association ID '"+id+"' does not exist").With()
}

// moveSubnet takes the subnet from one ACL to another, and returns the new
// association's id.
func moveSubnet(x *engine.Exec, from, to *engine.Resource, subnet string) string {
	from = x.Edit("network-acl", from)
	from.Set("Associations", slices.DeleteFunc(from.All("Associations"), func(v any) bool {
		return engine.Attrs(v.(map[string]any)).Str("SubnetId") == subnet
	}))
	if to.Bool("IsDefault") {
		return "aclassoc-" + subnet[len("subnet-"):]
	}
	if to.ID == from.ID {
		to = from
	}
	id := x.Hex("aclassoc-", 17)
	x.Edit("network-acl", to).Append("Associations", map[string]any{
		"NetworkAclAssociationId": id, "NetworkAclId": to.ID, "SubnetId": subnet,
	})
	return id
}

// entryAt returns the index of the entry that the request names, or -1.
func entryAt(x *engine.Exec, r *engine.Resource) int {
	return slices.IndexFunc(r.Subs("Entries"), func(e engine.Attrs) bool {
		return e.Int("RuleNumber") == x.Params.Int("RuleNumber") && e.Bool("Egress") == x.Params.Bool("Egress")
	})
}

func entryIsNew(x *engine.Exec, r *engine.Resource) error {
	n := x.Params.Int("RuleNumber")
	if n < 1 || n > 32766 {
		return invalidValue("Invalid value '" + strconv.FormatInt(n, 10) + "' for ruleNumber. The rule number must be between 1 and 32766").With()
	}
	if entryAt(x, r) >= 0 {
		return engine.Refuse("NetworkAclEntryAlreadyExists", "The network acl entry identified by "+strconv.FormatInt(n, 10)+" already exists.").With()
	}
	return nil
}

func entryExists(x *engine.Exec, r *engine.Resource) error {
	n := x.Params.Int("RuleNumber")
	if n <= 32766 && entryAt(x, r) >= 0 {
		return nil
	}
	direction := "ingress"
	if x.Params.Bool("Egress") {
		direction = "egress"
	}
	return engine.Refuse("InvalidNetworkAclEntry.NotFound",
		"The "+direction+" entry with the rule number "+strconv.FormatInt(n, 10)+" does not exist in the network ACL "+r.ID).With()
}

func dropEntry(x *engine.Exec, r *engine.Resource) {
	if at := entryAt(x, r); at >= 0 {
		r.Set("Entries", slices.Delete(r.All("Entries"), at, at+1))
	}
}

// protocols are the names that EC2 takes for the numbers that it shows.
func protocols() map[string]string {
	return map[string]string{"tcp": "6", "udp": "17", "icmp": "1", "icmpv6": "58", "all": "-1"}
}

// putEntry puts the request's entry in its place: outbound entries first, each
// direction by number.
func putEntry(x *engine.Exec, r *engine.Resource) error {
	e := engine.Attrs{}
	for _, member := range []string{"RuleNumber", "Protocol", "RuleAction", "Egress", "CidrBlock", "Ipv6CidrBlock", "IcmpTypeCode", "PortRange"} {
		e.Set(member, x.Params.Clone().Get(member))
	}
	if number, ok := protocols()[e.Str("Protocol")]; ok {
		e.Set("Protocol", number)
	}
	switch protocol := e.Str("Protocol"); {
	case e.Has("CidrBlock") == e.Has("Ipv6CidrBlock"):
		return missing("cidrBlock").With()
	case (protocol == "6" || protocol == "17") && !e.Has("PortRange"):
		return missing("portRange").With()
	case (protocol == "1" || protocol == "58") && !e.Has("IcmpTypeCode"):
		return missing("icmpTypeCode").With()
	}
	dropEntry(x, r)
	entries := append(r.Subs("Entries"), e)
	slices.SortStableFunc(entries, func(a, b engine.Attrs) int {
		if a.Bool("Egress") != b.Bool("Egress") {
			if a.Bool("Egress") {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Int("RuleNumber"), b.Int("RuleNumber"))
	})
	r.Set("Entries", entries)
	return nil
}
