package iam

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/identity"
)

// encoded is a policy document as IAM's answers have it: percent-encoded by
// RFC 3986.
func encoded(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}

func describeTag(t *identity.Tag) any { return answer{"Key": t.Key, "Value": t.Value} }

func describeTags(tags []identity.Tag) []any {
	list := make([]any, len(tags))
	for i := range tags {
		list[i] = describeTag(&tags[i])
	}
	return list
}

// addDetails adds what only the answers about one entity have.
func addDetails(out answer, tags []identity.Tag, boundary string) {
	if len(tags) > 0 {
		out["Tags"] = describeTags(tags)
	}
	if boundary != "" {
		out["PermissionsBoundary"] = answer{"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary}
	}
}

func (r *request) user(u *identity.User) answer {
	out := answer{
		"Path": u.Path, "UserName": u.Name, "UserId": u.ID, "Arn": u.ARN(r.call.AccountID), "CreateDate": u.Created,
	}
	if u.Login != nil && !u.Login.LastUsed.IsZero() {
		out["PasswordLastUsed"] = u.Login.LastUsed
	}
	return out
}

func (r *request) group(g *identity.Group) answer {
	return answer{
		"Path": g.Path, "GroupName": g.Name, "GroupId": g.ID, "Arn": g.ARN(r.call.AccountID), "CreateDate": g.Created,
	}
}

func (r *request) role(role *identity.Role) (answer, error) {
	trust, err := r.tx.TrustOf(role)
	out := answer{
		"Path": role.Path, "RoleName": role.Name, "RoleId": role.ID, "Arn": role.ARN(r.call.AccountID),
		"CreateDate": role.Created, "AssumeRolePolicyDocument": encoded(trust),
		"MaxSessionDuration": int64(role.MaxSession.Seconds()),
	}
	if role.Description != "" {
		out["Description"] = role.Description
	}
	return out, err
}

// roleInFull is a role with what GetRole adds.
func (r *request) roleInFull(role *identity.Role) (answer, error) {
	out, err := r.role(role)
	if err != nil {
		return nil, err
	}
	addDetails(out, role.Tags, role.Boundary)
	used := answer{}
	use, ok, err := r.tx.LastUse(role.ID)
	if ok {
		used["LastUsedDate"], used["Region"] = use.Time, use.Region
	}
	out["RoleLastUsed"] = used
	return out, err
}

func (r *request) profile(p *identity.Profile) (answer, error) {
	roles := []any{}
	for _, name := range p.Roles {
		role, err := r.tx.Roles().Get(name)
		if err != nil {
			return nil, err
		}
		described, err := r.role(&role)
		if err != nil {
			return nil, err
		}
		roles = append(roles, described)
	}
	out := answer{
		"Path": p.Path, "InstanceProfileName": p.Name, "InstanceProfileId": p.ID, "Arn": p.ARN(r.call.AccountID),
		"CreateDate": p.Created, "Roles": roles,
	}
	addDetails(out, p.Tags, "")
	return out, nil
}

func (r *request) policy(p *identity.ManagedPolicy, use identity.PolicyUse) answer {
	return answer{
		"PolicyName": p.Name, "PolicyId": p.ID, "Arn": r.policyARN(p), "Path": p.Path, "DefaultVersionId": p.Default,
		"AttachmentCount": int64(use.Attached), "PermissionsBoundaryUsageCount": int64(use.Boundaries),
		"IsAttachable": true, "CreateDate": p.Created, "UpdateDate": p.Updated,
	}
}

// policyARN is the ARN of a policy of the account's or of AWS's own, whose ids
// no account's policy has.
func (r *request) policyARN(p *identity.ManagedPolicy) string {
	if p.AWS {
		return p.ARN("aws")
	}
	return p.ARN(r.call.AccountID)
}

func version(p *identity.ManagedPolicy, v *identity.PolicyVersion, withDocument bool) answer {
	out := answer{"VersionId": v.ID, "IsDefaultVersion": v.ID == p.Default, "CreateDate": v.Created}
	if withDocument {
		out["Document"] = encoded(v.Document)
	}
	return out
}

func describeAttached(arn *string) any {
	return answer{"PolicyArn": *arn, "PolicyName": (*arn)[strings.LastIndex(*arn, "/")+1:]}
}

func inlineNames(g *identity.Grants) []string { return slices.Sorted(maps.Keys(g.Inline)) }
