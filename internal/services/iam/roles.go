package iam

import (
	"time"

	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/policy"
)

var roleOperations = map[string]operation{
	"CreateRole":              {writes, createRole},
	"GetRole":                 {reads, getRole},
	"ListRoles":               {reads, listRoles},
	"UpdateRole":              {writes, updateRole},
	"UpdateRoleDescription":   {writes, updateRoleDescription},
	"UpdateAssumeRolePolicy":  {writes, updateAssumeRolePolicy},
	"CreateServiceLinkedRole": {writes, createServiceLinkedRole},
	"DeleteRole": {writes, func(r *request) (answer, error) {
		return nil, r.tx.DeleteRole(r.text("RoleName"), false)
	}},
	"DeleteServiceLinkedRole": {writes, func(r *request) (answer, error) {
		id := "task/" + r.text("RoleName") + "/" + uuid.NewString()
		return answer{"DeletionTaskId": id}, r.tx.DeleteRole(r.text("RoleName"), true)
	}},
	// A role is deleted at once, so its task is always done.
	"GetServiceLinkedRoleDeletionStatus": {reads, func(*request) (answer, error) { return answer{"Status": "SUCCEEDED"}, nil }},
}

// trust reads the trust policy that a call gives.
func (r *request) trust(param string) (string, error) {
	text, err := r.document(param, policy.Trust)
	if err == nil {
		err = identity.CheckTrustSize(text)
	}
	return text, err
}

func createRole(r *request) (answer, error) {
	trust, err := r.trust("AssumeRolePolicyDocument")
	if err != nil {
		return nil, err
	}
	role := identity.Role{
		Entity: r.entity("RoleName"), Trust: trust, Description: r.text("Description"),
		MaxSession: time.Duration(r.number("MaxSessionDuration")) * time.Second,
	}
	role.Boundary = r.text("PermissionsBoundary")
	if role.ServiceLinked() {
		return nil, identity.Refuse(identity.InvalidInput, "Roles cannot be created in the path %s.", role.Path)
	}
	if role, err = r.tx.CreateRole(role); err != nil {
		return nil, err
	}
	out, err := r.role(&role)
	if err != nil {
		return nil, err
	}
	if r.number("MaxSessionDuration") == 0 {
		delete(out, "MaxSessionDuration")
	}
	addDetails(out, role.Tags, role.Boundary)
	return answer{"Role": out}, nil
}

func getRole(r *request) (answer, error) {
	role, err := r.tx.Roles().Get(r.text("RoleName"))
	if err != nil {
		return nil, err
	}
	out, err := r.roleInFull(&role)
	return answer{"Role": out}, err
}

func listRoles(r *request) (answer, error) {
	roles, err := r.tx.Roles().Select(func(role *identity.Role) bool { return r.below(&role.Entity) })
	if err != nil {
		return nil, err
	}
	return lookedUp(r, "Roles", roles, func(role *identity.Role) string { return role.Name }, r.role)
}

func updateRole(r *request) (answer, error) {
	_, err := r.tx.ChangeRole(r.text("RoleName"), func(role *identity.Role) error {
		if d, ok := r.call.Params["Description"].(string); ok {
			role.Description = d
		}
		if n := r.number("MaxSessionDuration"); n > 0 {
			role.MaxSession = time.Duration(n) * time.Second
		}
		return nil
	})
	return answer{}, err
}

func updateRoleDescription(r *request) (answer, error) {
	role, err := r.tx.ChangeRole(r.text("RoleName"), func(role *identity.Role) error {
		role.Description = r.text("Description")
		return nil
	})
	if err != nil {
		return nil, err
	}
	out, err := r.role(&role)
	return answer{"Role": out}, err
}

func updateAssumeRolePolicy(r *request) (answer, error) {
	trust, err := r.trust("PolicyDocument")
	if err != nil {
		return nil, err
	}
	_, err = r.tx.ChangeRole(r.text("RoleName"), func(role *identity.Role) error {
		return r.tx.SetTrust(role, trust)
	})
	return nil, err
}

func createServiceLinkedRole(r *request) (answer, error) {
	role, err := identity.ServiceLinkedRole(r.text("AWSServiceName"), r.text("CustomSuffix"), r.text("Description"), r.call.Time)
	if err != nil {
		return nil, err
	}
	role, err = r.tx.CreateRole(role)
	if identity.Refused(err, identity.EntityAlreadyExists) {
		err = identity.Refuse(identity.InvalidInput, "Service role name %s has been taken in this account, please try a different suffix.", role.Name)
	}
	if err != nil {
		return nil, err
	}
	out, err := r.role(&role)
	return answer{"Role": out}, err
}

var profileOperations = map[string]operation{
	"CreateInstanceProfile": {writes, func(r *request) (answer, error) {
		return r.profileAnswer(r.tx.Profiles().Create(identity.Profile{Entity: r.entity("InstanceProfileName")}))
	}},
	"GetInstanceProfile": {reads, func(r *request) (answer, error) {
		return r.profileAnswer(r.tx.Profiles().Get(r.text("InstanceProfileName")))
	}},
	"DeleteInstanceProfile": {writes, func(r *request) (answer, error) {
		return nil, r.tx.DeleteProfile(r.text("InstanceProfileName"))
	}},
	"AddRoleToInstanceProfile": {writes, func(r *request) (answer, error) {
		return nil, r.tx.AddToProfile(r.text("InstanceProfileName"), r.text("RoleName"))
	}},
	"RemoveRoleFromInstanceProfile": {writes, func(r *request) (answer, error) {
		return nil, r.tx.RemoveFromProfile(r.text("InstanceProfileName"), r.text("RoleName"))
	}},
	"ListInstanceProfiles": {reads, func(r *request) (answer, error) {
		found, err := r.tx.Profiles().Select(func(p *identity.Profile) bool { return r.below(&p.Entity) })
		if err != nil {
			return nil, err
		}
		return r.profilePage(found)
	}},
	"ListInstanceProfilesForRole": {reads, func(r *request) (answer, error) {
		if _, err := r.tx.Roles().Get(r.text("RoleName")); err != nil {
			return nil, err
		}
		found, err := r.tx.ProfilesOf(r.text("RoleName"))
		if err != nil {
			return nil, err
		}
		return r.profilePage(found)
	}},
}

func (r *request) profileAnswer(p identity.Profile, err error) (answer, error) {
	if err != nil {
		return nil, err
	}
	out, err := r.profile(&p)
	return answer{"InstanceProfile": out}, err
}

func (r *request) profilePage(found []identity.Profile) (answer, error) {
	return lookedUp(r, "InstanceProfiles", found, func(p *identity.Profile) string { return p.Name }, r.profile)
}
