package iam

import (
	"slices"

	"github.com/cairn-audit/cairn/internal/identity"
)

var accountOperations = map[string]operation{
	"CreateAccountAlias": {writes, func(r *request) (answer, error) { return nil, r.tx.SetAlias(r.text("AccountAlias")) }},
	"DeleteAccountAlias": {writes, deleteAccountAlias},
	"ListAccountAliases": {reads, listAccountAliases},
	"GetAccountSummary":  {reads, getAccountSummary},
	"GetAccountPasswordPolicy": {reads, func(r *request) (answer, error) {
		return nil, identity.Refuse(identity.NoSuchEntity, "The Password Policy with domain name %s cannot be found.", r.call.AccountID)
	}},
	"GetAccountAuthorizationDetails": {reads, getAccountAuthorizationDetails},
}

func deleteAccountAlias(r *request) (answer, error) {
	alias, err := r.tx.Alias()
	if err == nil && (alias == "" || alias != r.text("AccountAlias")) {
		err = identity.Refuse(identity.NoSuchEntity, "The account alias %s cannot be found.", r.text("AccountAlias"))
	}
	if err != nil {
		return nil, err
	}
	return nil, r.tx.SetAlias("")
}

func listAccountAliases(r *request) (answer, error) {
	alias, err := r.tx.Alias()
	if err != nil {
		return nil, err
	}
	list := []string{}
	if alias != "" {
		list = append(list, alias)
	}
	return page(r, "AccountAliases", list, itself, asIs)
}

func getAccountSummary(r *request) (answer, error) {
	// The quotas are those that the directory keeps to.
	summary := answer{
		"AccessKeysPerUserQuota": int64(2), "GroupsPerUserQuota": int64(10), "VersionsPerPolicyQuota": int64(5),
		"AttachedPoliciesPerUserQuota": int64(10), "AttachedPoliciesPerGroupQuota": int64(10), "AttachedPoliciesPerRoleQuota": int64(10),
		"PolicySizeQuota": int64(6144), "UserPolicySizeQuota": int64(2048), "GroupPolicySizeQuota": int64(5120),
		"RolePolicySizeQuota": int64(10240), "AssumeRolePolicySizeQuota": int64(4096),
		"AccountMFAEnabled": int64(0), "AccountAccessKeysPresent": int64(1), "AccountPasswordPresent": int64(0),
	}
	if r.directory.RootSignsIn(r.call.AccountID) {
		summary["AccountPasswordPresent"] = int64(1)
	}
	rootDevices, err := r.tx.RootDevices()
	if err != nil {
		return nil, err
	}
	if len(rootDevices) > 0 {
		summary["AccountMFAEnabled"] = int64(1)
	}
	users, err := r.tx.Users().Select(all)
	if err != nil {
		return nil, err
	}
	groups, err := r.tx.Groups().Select(all)
	if err != nil {
		return nil, err
	}
	roles, err := r.tx.Roles().Select(all)
	if err != nil {
		return nil, err
	}
	policies, err := r.tx.OwnPolicies()
	if err != nil {
		return nil, err
	}
	profiles, err := r.tx.Profiles().Select(all)
	if err != nil {
		return nil, err
	}
	devices, err := r.tx.Devices().Select(all)
	if err != nil {
		return nil, err
	}
	inUse := int64(0)
	for _, d := range devices {
		if d.UserID != "" {
			inUse++
		}
	}
	for name, n := range map[string]int{
		"Users": len(users), "Groups": len(groups), "Roles": len(roles), "Policies": len(policies),
		"InstanceProfiles": len(profiles), "MFADevices": len(devices),
	} {
		summary[name] = int64(n)
	}
	summary["MFADevicesInUse"] = inUse
	return answer{"SummaryMap": summary}, nil
}

// detail is a row of GetAccountAuthorizationDetails, in the order of the lists.
type detail struct {
	member, key string
	value       any
}

func getAccountAuthorizationDetails(r *request) (answer, error) {
	filter := r.texts("Filter")
	wanted := func(kind string) bool { return len(filter) == 0 || slices.Contains(filter, kind) }
	var found []detail
	for _, list := range []struct {
		kind string
		add  func(*request) ([]detail, error)
	}{
		{"Group", groupDetails}, {"LocalManagedPolicy", localPolicyDetails},
		{"AWSManagedPolicy", awsPolicyDetails}, {"Role", roleDetails}, {"User", userDetails},
	} {
		if !wanted(list.kind) {
			continue
		}
		rows, err := list.add(r)
		if err != nil {
			return nil, err
		}
		found = append(found, rows...)
	}
	out, err := page(r, "all", found, func(d *detail) string { return d.member + "/" + d.key }, func(d *detail) any { return *d })
	if err != nil {
		return nil, err
	}
	for _, member := range []string{"UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"} {
		out[member] = []any{}
	}
	for _, v := range out["all"].([]any) {
		d := v.(detail)
		out[d.member] = append(out[d.member].([]any), d.value)
	}
	delete(out, "all")
	return out, nil
}

func addGrants(out answer, title string, g *identity.Grants) {
	inline := []any{}
	for _, name := range inlineNames(g) {
		inline = append(inline, answer{"PolicyName": name, "PolicyDocument": encoded(g.Inline[name])})
	}
	attached := []any{}
	for _, arn := range g.Attached {
		attached = append(attached, describeAttached(&arn))
	}
	out[title+"PolicyList"], out["AttachedManagedPolicies"] = inline, attached
}

func userDetails(r *request) ([]detail, error) {
	users, err := r.tx.Users().Select(all)
	rows := make([]detail, len(users))
	for i, u := range users {
		out := r.user(&u)
		delete(out, "PasswordLastUsed")
		addGrants(out, "User", &u.Grants)
		addDetails(out, u.Tags, u.Boundary)
		groups := []any{}
		for _, g := range u.Groups {
			groups = append(groups, g)
		}
		out["GroupList"] = groups
		rows[i] = detail{"UserDetailList", u.Name, out}
	}
	return rows, err
}

func groupDetails(r *request) ([]detail, error) {
	groups, err := r.tx.Groups().Select(all)
	rows := make([]detail, len(groups))
	for i, g := range groups {
		out := r.group(&g)
		addGrants(out, "Group", &g.Grants)
		rows[i] = detail{"GroupDetailList", g.Name, out}
	}
	return rows, err
}

func roleDetails(r *request) ([]detail, error) {
	roles, err := r.tx.Roles().Select(all)
	if err != nil {
		return nil, err
	}
	rows := make([]detail, len(roles))
	for i, role := range roles {
		out, err := r.roleInFull(&role)
		if err != nil {
			return nil, err
		}
		delete(out, "Description")
		delete(out, "MaxSessionDuration")
		addGrants(out, "Role", &role.Grants)
		profiles, err := r.tx.ProfilesOf(role.Name)
		if err != nil {
			return nil, err
		}
		list := []any{}
		for _, p := range profiles {
			described, err := r.profile(&p)
			if err != nil {
				return nil, err
			}
			list = append(list, described)
		}
		out["InstanceProfileList"] = list
		rows[i] = detail{"RoleDetailList", role.Name, out}
	}
	return rows, nil
}

func localPolicyDetails(r *request) ([]detail, error) {
	own, err := r.tx.OwnPolicies()
	if err != nil {
		return nil, err
	}
	return policyDetails(r, own)
}

func awsPolicyDetails(r *request) ([]detail, error) { return policyDetails(r, r.tx.AWSPolicies()) }

func policyDetails(r *request, list []identity.ManagedPolicy) ([]detail, error) {
	uses, err := r.tx.Uses()
	if err != nil {
		return nil, err
	}
	rows := make([]detail, len(list))
	for i, p := range list {
		out := r.policy(&p, uses[r.policyARN(&p)])
		versions := make([]any, len(p.Versions))
		for j := range p.Versions {
			versions[j] = version(&p, &p.Versions[j], true)
		}
		out["PolicyVersionList"] = versions
		rows[i] = detail{"Policies", p.Name + " " + p.ID, out}
	}
	return rows, nil
}
