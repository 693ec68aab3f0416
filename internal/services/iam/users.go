package iam

import (
	"github.com/cairn-audit/cairn/internal/identity"
)

var userOperations = map[string]operation{
	"CreateUser": {writes, createUser},
	"GetUser":    {reads, getUser},
	"ListUsers":  {reads, listUsers},
	"UpdateUser": {writes, func(r *request) (answer, error) {
		return nil, r.tx.UpdateUser(r.text("UserName"), r.text("NewUserName"), r.text("NewPath"))
	}},
	"DeleteUser": {writes, func(r *request) (answer, error) { return nil, r.tx.DeleteUser(r.text("UserName")) }},
}

func createUser(r *request) (answer, error) {
	u := identity.User{Entity: r.entity("UserName")}
	if err := r.tx.SetBoundary(&u.Grants, r.text("PermissionsBoundary")); err != nil {
		return nil, err
	}
	u, err := r.tx.Users().Create(u)
	if err != nil {
		return nil, err
	}
	out := r.user(&u)
	addDetails(out, u.Tags, u.Boundary)
	return answer{"User": out}, nil
}

func getUser(r *request) (answer, error) {
	if r.text("UserName") == "" && r.caller.Principal.Kind == identity.RootUser {
		return answer{"User": answer{
			"UserId": r.call.AccountID, "Arn": identity.Root(r.call.AccountID, "").ARN, "CreateDate": r.call.Time,
		}}, nil
	}
	name, err := r.userName()
	if err != nil {
		return nil, err
	}
	u, err := r.tx.Users().Get(name)
	if err != nil {
		return nil, err
	}
	out := r.user(&u)
	addDetails(out, u.Tags, u.Boundary)
	return answer{"User": out}, nil
}

func userName(u *identity.User) string { return u.Name }

func (r *request) describeUser(u *identity.User) any { return r.user(u) }

func listUsers(r *request) (answer, error) {
	users, err := r.tx.Users().Select(func(u *identity.User) bool { return r.below(&u.Entity) })
	if err != nil {
		return nil, err
	}
	return page(r, "Users", users, userName, r.describeUser)
}

var groupOperations = map[string]operation{
	"CreateGroup": {writes, func(r *request) (answer, error) {
		g, err := r.tx.Groups().Create(identity.Group{Entity: r.entity("GroupName")})
		return answer{"Group": r.group(&g)}, err
	}},
	"GetGroup":          {reads, getGroup},
	"ListGroups":        {reads, listGroups},
	"ListGroupsForUser": {reads, listGroupsForUser},
	"UpdateGroup": {writes, func(r *request) (answer, error) {
		return nil, r.tx.UpdateGroup(r.text("GroupName"), r.text("NewGroupName"), r.text("NewPath"))
	}},
	"DeleteGroup": {writes, func(r *request) (answer, error) { return nil, r.tx.DeleteGroup(r.text("GroupName")) }},
	"AddUserToGroup": {writes, func(r *request) (answer, error) {
		return nil, r.tx.AddToGroup(r.text("GroupName"), r.text("UserName"))
	}},
	"RemoveUserFromGroup": {writes, func(r *request) (answer, error) {
		return nil, r.tx.RemoveFromGroup(r.text("GroupName"), r.text("UserName"))
	}},
}

func getGroup(r *request) (answer, error) {
	g, err := r.tx.Groups().Get(r.text("GroupName"))
	if err != nil {
		return nil, err
	}
	members, err := r.tx.Members(g.Name)
	if err != nil {
		return nil, err
	}
	out, err := page(r, "Users", members, userName, r.describeUser)
	if err == nil {
		out["Group"] = r.group(&g)
	}
	return out, err
}

func groupName(g *identity.Group) string { return g.Name }

func (r *request) describeGroup(g *identity.Group) any { return r.group(g) }

func listGroups(r *request) (answer, error) {
	groups, err := r.tx.Groups().Select(func(g *identity.Group) bool { return r.below(&g.Entity) })
	if err != nil {
		return nil, err
	}
	return page(r, "Groups", groups, groupName, r.describeGroup)
}

func listGroupsForUser(r *request) (answer, error) {
	u, err := r.tx.Users().Get(r.text("UserName"))
	if err != nil {
		return nil, err
	}
	groups := make([]identity.Group, len(u.Groups))
	for i, name := range u.Groups {
		if groups[i], err = r.tx.Groups().Get(name); err != nil {
			return nil, err
		}
	}
	return page(r, "Groups", groups, groupName, r.describeGroup)
}
