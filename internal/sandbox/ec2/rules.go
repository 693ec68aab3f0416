package ec2

import (
	"net/netip"
	"strconv"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// authorize adds rules to a group.
func authorize(egress bool) func(x *engine.Exec) (map[string]any, error) {
	return func(x *engine.Exec) (map[string]any, error) {
		g, err := groupOf(x)
		if err != nil {
			return nil, err
		}
		wanted, err := requested(x, g.ID, egress)
		if err != nil {
			return nil, err
		}
		var added []any
		for _, rule := range wanted {
			if same := ruleLike(x, rule); same != nil {
				return nil, duplicate(rule)
			}
			if tags := x.TagsFor("security-group-rule"); len(tags) > 0 {
				rule["Tags"] = tags
			}
			r, err := x.Add("security-group-rule", rule)
			if err != nil {
				return nil, err
			}
			added = append(added, project(x, "SecurityGroupRule", r.Attrs))
		}
		return map[string]any{"Return": true, "SecurityGroupRules": added}, nil
	}
}

// revoke removes rules from a group.
func revoke(egress bool) func(x *engine.Exec) (map[string]any, error) {
	return func(x *engine.Exec) (map[string]any, error) {
		g, err := groupOf(x)
		if err != nil {
			return nil, err
		}
		var gone []*engine.Resource
		for _, id := range x.Params.Strs("SecurityGroupRuleIds") {
			r, err := x.Find("security-group-rule", id)
			if err != nil {
				return nil, err
			}
			gone = append(gone, r)
		}
		if len(gone) == 0 {
			wanted, err := requested(x, g.ID, egress)
			if err != nil {
				return nil, err
			}
			for _, rule := range wanted {
				same := ruleLike(x, rule)
				if same == nil {
					return nil, engine.Refuse("InvalidPermission.NotFound", "The specified rule does not exist in this security group.").With()
				}
				gone = append(gone, same)
			}
		}
		revoked := []any{}
		for _, r := range gone {
			x.Remove("security-group-rule", r.ID)
			a := r.Clone()
			a.Set("ReferencedGroupId", r.Get("ReferencedGroupInfo.GroupId"))
			revoked = append(revoked, project(x, "RevokedSecurityGroupRule", a))
		}
		return map[string]any{"Return": true, "RevokedSecurityGroupRules": revoked, "UnknownIpPermissions": []any{}}, nil
	}
}

func project(x *engine.Exec, shape string, a engine.Attrs) map[string]any {
	return engine.Project(x.Call.Operation.Service.Shape(shape), a)
}

func groupOf(x *engine.Exec) (*engine.Resource, error) {
	ref := x.Params.Str("GroupId")
	if ref == "" {
		ref = x.Params.Str("GroupName")
	}
	if ref == "" {
		return nil, missing("groupName or groupId").With()
	}
	return x.Find("security-group", ref)
}

// requested are the rules that a request names, in its permissions or in the
// older form with one rule.
func requested(x *engine.Exec, groupID string, egress bool) ([]engine.Attrs, error) {
	permissions := x.Params.Subs("IpPermissions")
	if cidr := x.Params.Str("CidrIp"); cidr != "" {
		p := engine.Attrs{"IpProtocol": x.Params.Str("IpProtocol"), "IpRanges": []any{map[string]any{"CidrIp": cidr}}}
		for _, port := range []string{"FromPort", "ToPort"} {
			if x.Params.Has(port) {
				p[port] = x.Params.Int(port)
			}
		}
		permissions = append(permissions, p)
	}
	if name := x.Params.Str("SourceSecurityGroupName"); name != "" {
		permissions = append(permissions, engine.Attrs{
			"IpProtocol": "-1", "UserIdGroupPairs": []any{map[string]any{"GroupName": name}},
		})
	}
	var rules []engine.Attrs
	for _, p := range permissions {
		some, err := rulesOf(x, p)
		if err != nil {
			return nil, err
		}
		for _, r := range some {
			r["GroupId"], r["IsEgress"] = groupID, egress
			rules = append(rules, r)
		}
	}
	if len(rules) == 0 {
		return nil, missing("ipPermissions").With()
	}
	return rules, nil
}

// rulesOf takes a permission apart: one rule for each source.
func rulesOf(x *engine.Exec, p engine.Attrs) ([]engine.Attrs, error) {
	protocol, err := protocolOf(p)
	if err != nil {
		return nil, err
	}
	var rules []engine.Attrs
	for _, s := range sources() {
		for _, from := range p.Subs(s.list) {
			ref := from.Str(s.member)
			if s.list == "UserIdGroupPairs" {
				if ref == "" {
					ref = from.Str("GroupName")
				}
				g, err := x.Find("security-group", ref)
				if err != nil {
					return nil, err
				}
				ref = g.ID
			}
			if s.list == "IpRanges" || s.list == "Ipv6Ranges" {
				if prefix, err := netip.ParsePrefix(ref); err != nil || prefix.Addr().Is4() != (s.list == "IpRanges") {
					return nil, invalidValue("CIDR block " + ref + " is malformed").With()
				}
			}
			r := engine.Attrs{"IpProtocol": protocol}
			r.Set(s.rule, ref)
			r.Set("Description", from.Get("Description"))
			if protocol != "-1" {
				r.Set("FromPort", p.Get("FromPort"))
				r.Set("ToPort", p.Get("ToPort"))
			}
			rules = append(rules, r)
		}
	}
	return rules, nil
}

// protocolOf returns the name of a permission's protocol, which may be sent as
// a number, and checks its ports.
func protocolOf(p engine.Attrs) (string, error) {
	protocol := p.Str("IpProtocol")
	switch protocol {
	case "":
		return "", missing("ipProtocol").With()
	case "6":
		protocol = "tcp"
	case "17":
		protocol = "udp"
	case "1":
		protocol = "icmp"
	case "58":
		protocol = "icmpv6"
	case "tcp", "udp", "icmp", "icmpv6", "-1":
	default:
		if n, err := strconv.Atoi(protocol); err != nil || n < 0 || n > 255 {
			return "", invalidValue("Invalid value '" + protocol + "' for IP protocol. Unknown protocol.").With()
		}
	}
	if protocol != "tcp" && protocol != "udp" {
		return protocol, nil
	}
	from, to := p.Int("FromPort"), p.Int("ToPort")
	if !p.Has("FromPort") || !p.Has("ToPort") {
		return "", invalidValue("Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.").With()
	}
	if from < 0 || to > 65535 || from > to {
		return "", invalidValue("Invalid value '" + strconv.FormatInt(from, 10) + "-" + strconv.FormatInt(to, 10) + "' for portRange.").With()
	}
	return protocol, nil
}

// ruleLike returns the rule that lets the same through, or nil.
func ruleLike(x *engine.Exec, rule engine.Attrs) *engine.Resource {
	for _, r := range x.List("security-group-rule") {
		same := r.Str("GroupId") == rule.Str("GroupId") && r.Bool("IsEgress") == rule.Bool("IsEgress") &&
			r.Str("IpProtocol") == rule.Str("IpProtocol")
		if rule.Has("FromPort") {
			same = same && r.Int("FromPort") == rule.Int("FromPort") && r.Int("ToPort") == rule.Int("ToPort")
		}
		for _, s := range sources() {
			same = same && r.Str(s.rule) == rule.Str(s.rule)
		}
		if same {
			return r
		}
	}
	return nil
}

func duplicate(rule engine.Attrs) error {
	peer := ""
	for _, s := range sources() {
		if v := rule.Str(s.rule); v != "" {
			peer = v
		}
	}
	protocol := rule.Str("IpProtocol")
	text := "ALL"
	if protocol != "-1" {
		text = protocol + ", from port: " + strconv.FormatInt(rule.Int("FromPort"), 10) + ", to port: " + strconv.FormatInt(rule.Int("ToPort"), 10)
	}
	return engine.Refuse("InvalidPermission.Duplicate", "the specified rule \"peer: "+peer+", "+text+", ALLOW\" already exists").With()
}
