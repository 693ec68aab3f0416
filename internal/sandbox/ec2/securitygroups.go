package ec2

import (
	"slices"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func securityGroupKinds() []*engine.Kind {
	return []*engine.Kind{
		{
			Name: "security-group", Shape: "SecurityGroup", ID: "GroupId",
			NewID: engine.Hex("sg-", 17), Prefix: "sg-", Tags: "Tags",
			Resolve:   resolveGroup,
			Unknown:   engine.Refuse("InvalidGroup.NotFound", "The security group '{id}' does not exist"),
			Malformed: engine.Fault{},
			New: []engine.Field{
				engine.Make("OwnerId", engine.Text("{account}")),
				engine.Make("SecurityGroupArn", engine.Text(arn+"security-group/{id}")),
				engine.Make("VpcId", engine.Func(func(x *engine.Exec, _ engine.Attrs) (any, error) {
					if vpc := defaultVpc(x); vpc != nil {
						return vpc.ID, nil
					}
					return nil, noVpc().With()
				})),
			},
			Unique: []engine.Unique{{
				Paths: []string{"VpcId", "GroupName"},
				Taken: engine.Refuse("InvalidGroup.Duplicate", "The security group '{GroupName}' already exists for VPC '{VpcId}'"),
			}},
			HeldBy: []engine.Hold{
				{Kind: "instance", Path: "SecurityGroups.GroupId", InUse: groupInUse()},
				{Kind: "network-interface", Path: "Groups.GroupId", InUse: groupInUse()},
				{Kind: "elbv2/load-balancer", Path: "SecurityGroups", InUse: groupInUse()},
			},
			Filters: map[string]string{
				"ip-permission.from-port": "IpPermissions.FromPort", "ip-permission.to-port": "IpPermissions.ToPort",
				"ip-permission.cidr": "IpPermissions.IpRanges.CidrIp", "ip-permission.protocol": "IpPermissions.IpProtocol",
				"ip-permission.group-id":         "IpPermissions.UserIdGroupPairs.GroupId",
				"egress.ip-permission.from-port": "IpPermissionsEgress.FromPort", "egress.ip-permission.to-port": "IpPermissionsEgress.ToPort",
				"egress.ip-permission.cidr": "IpPermissionsEgress.IpRanges.CidrIp", "egress.ip-permission.protocol": "IpPermissionsEgress.IpProtocol",
			},
			View: viewPermissions,
			Fresh: func(x *engine.Exec) []engine.Attrs {
				return []engine.Attrs{defaultGroup(x.List("vpc")[0].ID)}
			},
		},
		{
			Name: "security-group-rule", Shape: "SecurityGroupRule", ID: "SecurityGroupRuleId",
			NewID: engine.Hex("sgr-", 17), Prefix: "sgr-", Tags: "Tags",
			Unknown:   engine.Refuse("InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '{id}' does not exist"),
			Malformed: malformedID("InvalidSecurityGroupRuleId.Malformed", "sgr-"),
			New: []engine.Field{
				engine.Make("GroupOwnerId", engine.Text("{account}")),
				engine.Make("SecurityGroupRuleArn", engine.Text(arn+"security-group-rule/{id}")),
				engine.Be("FromPort", -1), engine.Be("ToPort", -1),
				engine.Make("Tags", engine.Empty()),
			},
			Fresh: func(x *engine.Exec) []engine.Attrs { return firstRules(x.List("security-group")[0].ID) },
		},
	}
}

func securityGroupOps() []engine.Op {
	return []engine.Op{
		{Name: "CreateSecurityGroup", Do: engine.Create{
			Kind: "security-group", Set: []engine.Field{engine.Make("Description", engine.Param("Description"))},
			Check: func(x *engine.Exec) error {
				if x.Params.Str("GroupName") == "default" {
					return engine.Refuse("InvalidParameterValue", "Cannot use reserved security group name: default").With()
				}
				return nil
			},
			Then: func(x *engine.Exec, r *engine.Resource) error {
				_, err := x.Add("security-group-rule", firstRules(r.ID)[1])
				return err
			},
		}},
		{Name: "DescribeSecurityGroups", Do: engine.Describe{Kind: "security-group", IDs: []string{"GroupIds", "GroupNames"}}},
		{Name: "DeleteSecurityGroup", Do: engine.Write(deleteGroup), Free: []string{"GroupId"}},
		{Name: "AuthorizeSecurityGroupIngress", Do: engine.Write(authorize(false))},
		{Name: "AuthorizeSecurityGroupEgress", Do: engine.Write(authorize(true))},
		{Name: "RevokeSecurityGroupIngress", Do: engine.Write(revoke(false))},
		{Name: "RevokeSecurityGroupEgress", Do: engine.Write(revoke(true))},
		{Name: "DescribeSecurityGroupRules", Do: engine.Describe{Kind: "security-group-rule"}},
	}
}

func noVpc() engine.Fault {
	return engine.Refuse("VPCIdNotSpecified", "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.")
}

func groupInUse() engine.Fault {
	return engine.Refuse("DependencyViolation", "resource {id} has a dependent object")
}

// resolveGroup finds a group of the default VPC by its name.
func resolveGroup(x *engine.Exec, ref string) string {
	vpc := defaultVpc(x)
	for _, g := range x.List("ec2/security-group") {
		if vpc != nil && g.Str("VpcId") == vpc.ID && g.Str("GroupName") == ref {
			return g.ID
		}
	}
	return ref
}

func defaultGroup(vpcID string) engine.Attrs {
	return engine.Attrs{"GroupName": "default", "Description": "default VPC security group", "VpcId": vpcID}
}

func isDefaultGroup(a engine.Attrs) bool { return a.Str("GroupName") == "default" }

// firstRules are those of a default group: all from the group itself, and all
// to anywhere. Other groups begin with the second.
func firstRules(groupID string) []engine.Attrs {
	return []engine.Attrs{
		{"GroupId": groupID, "IsEgress": false, "IpProtocol": "-1", "ReferencedGroupInfo": map[string]any{"GroupId": groupID}},
		{"GroupId": groupID, "IsEgress": true, "IpProtocol": "-1", "CidrIpv4": "0.0.0.0/0"},
	}
}

func defaultRules(x *engine.Exec, vpcID string) error {
	for _, g := range x.List("security-group") {
		if g.Str("VpcId") != vpcID {
			continue
		}
		for _, rule := range firstRules(g.ID) {
			if _, err := x.Add("security-group-rule", rule); err != nil {
				return err
			}
		}
	}
	return nil
}

func dropRules(x *engine.Exec, groupID string) {
	for _, r := range x.List("security-group-rule") {
		if r.Str("GroupId") == groupID {
			x.Remove("security-group-rule", r.ID)
		}
	}
}

func deleteGroup(x *engine.Exec) (map[string]any, error) {
	ref := x.Params.Str("GroupId")
	if ref == "" {
		ref = x.Params.Str("GroupName")
	}
	if ref == "" {
		return nil, missing("groupName or groupId").With()
	}
	g, err := x.Find("security-group", ref)
	if err != nil {
		return nil, err
	}
	if isDefaultGroup(g.Attrs) {
		return nil, engine.Refuse("CannotDelete", "the specified group: \""+g.ID+"\" name: \"default\" cannot be deleted by a user").With()
	}
	for _, r := range x.List("security-group-rule") {
		if r.Str("ReferencedGroupInfo.GroupId") == g.ID && r.Str("GroupId") != g.ID {
			return nil, groupInUse().With("id", g.ID)
		}
	}
	if err := x.CheckUnused("security-group", g); err != nil {
		return nil, err
	}
	dropRules(x, g.ID)
	x.Remove("security-group", g.ID)
	return map[string]any{"Return": true, "GroupId": g.ID}, nil
}

// viewPermissions makes a group's permissions of its rules: one for each
// protocol and range of ports.
func viewPermissions(x *engine.Exec, a engine.Attrs) {
	sides := map[bool][]engine.Attrs{}
	for _, r := range x.List("security-group-rule") {
		if r.Str("GroupId") != a.Str("GroupId") {
			continue
		}
		egress := r.Bool("IsEgress")
		sides[egress] = permit(sides[egress], r.Attrs)
	}
	a.Set("IpPermissions", list(sides[false]))
	a.Set("IpPermissionsEgress", list(sides[true]))
}

func list(all []engine.Attrs) []any {
	out := make([]any, len(all))
	for i, a := range all {
		out[i] = map[string]any(a)
	}
	return out
}

func permit(permissions []engine.Attrs, rule engine.Attrs) []engine.Attrs {
	from, to := rule.Int("FromPort"), rule.Int("ToPort")
	at := slices.IndexFunc(permissions, func(p engine.Attrs) bool {
		return p.Str("IpProtocol") == rule.Str("IpProtocol") && (!p.Has("FromPort") || p.Int("FromPort") == from && p.Int("ToPort") == to)
	})
	if at < 0 {
		p := engine.Attrs{
			"IpProtocol": rule.Str("IpProtocol"), "IpRanges": []any{}, "Ipv6Ranges": []any{},
			"PrefixListIds": []any{}, "UserIdGroupPairs": []any{},
		}
		if rule.Str("IpProtocol") != "-1" {
			p["FromPort"], p["ToPort"] = from, to
		}
		permissions, at = append(permissions, p), len(permissions)
	}
	for _, s := range sources() {
		v := rule.Str(s.rule)
		if v == "" {
			continue
		}
		source := engine.Attrs{s.member: v}
		if s.list == "UserIdGroupPairs" {
			source["UserId"] = rule.Str("GroupOwnerId")
		}
		if d := rule.Str("Description"); d != "" {
			source["Description"] = d
		}
		permissions[at].Append(s.list, source)
	}
	return permissions
}

// source is one of the things that a rule lets through: the list of a
// permission, the member that identifies an element, and the attribute of a
// rule.
type source struct{ list, member, rule string }

func sources() []source {
	return []source{
		{"IpRanges", "CidrIp", "CidrIpv4"},
		{"Ipv6Ranges", "CidrIpv6", "CidrIpv6"},
		{"PrefixListIds", "PrefixListId", "PrefixListId"},
		{"UserIdGroupPairs", "GroupId", "ReferencedGroupInfo.GroupId"},
	}
}
