package identity

import (
	"slices"
	"time"
)

// User is an IAM user.
type User struct {
	Entity
	Grants
	// Groups are the names of the user's groups.
	Groups []string `json:"groups,omitempty"`
	// Keys are the ids of the access keys, oldest first.
	Keys []string `json:"keys,omitempty"`
	// Devices are the serial numbers of the enabled MFA devices.
	Devices []string `json:"devices,omitempty"`
	// Login lets the user sign in with a password; nil does not.
	Login *Login `json:"login,omitempty"`
}

// ARN is the user's ARN in its account.
func (u *User) ARN(account string) string { return u.arn(account, "user") }

// Users are the account's users.
func (t *Tx) Users() Book[User, *User] {
	return Book[User, *User]{t, "iam-user", prefixUser, "user", "User"}
}

// DeleteUser deletes a user who has nothing any more.
func (t *Tx) DeleteUser(name string) error {
	return t.Users().remove(name, func(u *User) error {
		switch {
		case len(u.Keys) > 0:
			return Refuse(DeleteConflict, "Cannot delete entity, must delete access keys first.")
		case u.Login != nil:
			return Refuse(DeleteConflict, "Cannot delete entity, must delete login profile first.")
		case len(u.Devices) > 0:
			return Refuse(DeleteConflict, "Cannot delete entity, must deactivate MFA device first.")
		case len(u.Groups) > 0:
			return Refuse(DeleteConflict, "Cannot delete entity, must remove users from group first.")
		}
		return u.empty()
	})
}

// UpdateUser gives a user another name or path; empty keeps the old one. Keys
// and devices follow.
func (t *Tx) UpdateUser(name, newName, newPath string) error {
	u, err := t.Users().Change(name, func(u *User) error {
		if newName != "" {
			u.Name = newName
		}
		if newPath != "" {
			u.Path = newPath
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range u.Keys {
		if err := t.changeKey(id, func(k *accessKey) { k.UserName = u.Name }); err != nil {
			return err
		}
	}
	for _, serial := range u.Devices {
		_, err := t.changeDevice(serial, func(d *Device) error { d.UserName = u.Name; return nil })
		if err != nil {
			return err
		}
	}
	return nil
}

// Group is an IAM group.
type Group struct {
	Entity
	Grants
}

// ARN is the group's ARN in its account.
func (g *Group) ARN(account string) string { return g.arn(account, "group") }

// Groups are the account's groups.
func (t *Tx) Groups() Book[Group, *Group] {
	return Book[Group, *Group]{t, "iam-group", prefixGroup, "group", "Group"}
}

// Members are the users of a group, by name.
func (t *Tx) Members(group string) ([]User, error) {
	return t.Users().Select(func(u *User) bool { return containsName(u.Groups, group) })
}

// DeleteGroup deletes a group that has neither users nor policies.
func (t *Tx) DeleteGroup(name string) error {
	return t.Groups().remove(name, func(g *Group) error {
		members, err := t.Members(name)
		if err != nil {
			return err
		}
		if len(members) > 0 {
			return Refuse(DeleteConflict, "Cannot delete entity, must remove users from group first.")
		}
		return g.empty()
	})
}

// UpdateGroup gives a group another name or path; empty keeps the old one.
func (t *Tx) UpdateGroup(name, newName, newPath string) error {
	g, err := t.Groups().Change(name, func(g *Group) error {
		if newName != "" {
			g.Name = newName
		}
		if newPath != "" {
			g.Path = newPath
		}
		return nil
	})
	if err != nil || newName == "" {
		return err
	}
	members, err := t.Members(name)
	if err != nil {
		return err
	}
	for _, m := range members {
		if _, err := t.Users().Change(m.Name, func(u *User) error {
			u.Groups = append(withoutName(u.Groups, name), g.Name)
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// maxGroups is IAM's quota of groups for one user.
const maxGroups = 10

// AddToGroup makes a user a member of a group.
func (t *Tx) AddToGroup(group, user string) error {
	g, err := t.Groups().Get(group)
	if err != nil {
		return err
	}
	_, err = t.Users().Change(user, func(u *User) error {
		switch {
		case containsName(u.Groups, group):
			return nil
		case len(u.Groups) >= maxGroups:
			return Refuse(LimitExceeded, "Cannot exceed quota for GroupsPerUser: %d", maxGroups)
		}
		u.Groups = append(u.Groups, g.Name)
		return nil
	})
	return err
}

// RemoveFromGroup ends a membership.
func (t *Tx) RemoveFromGroup(group, user string) error {
	if _, err := t.Groups().Get(group); err != nil {
		return err
	}
	_, err := t.Users().Change(user, func(u *User) error {
		if !containsName(u.Groups, group) {
			return Refuse(NoSuchEntity, "User %s not in group %s", user, group)
		}
		u.Groups = withoutName(u.Groups, group)
		return nil
	})
	return err
}

// userByID finds a user that may have been renamed since its name was noted.
func (t *Tx) userByID(name, id string) (User, error) {
	u, err := t.Users().Get(name)
	if err == nil && u.ID == id || err != nil && !Refused(err, NoSuchEntity) {
		return u, err
	}
	found, err := t.Users().Select(func(u *User) bool { return u.ID == id })
	if err != nil {
		return User{}, err
	}
	if len(found) == 0 {
		return User{}, notFound("user", name)
	}
	return found[0], nil
}

func (u *User) hasDevice(serial string) bool { return slices.Contains(u.Devices, serial) }

// Login is a password with which a user signs in.
type Login struct {
	Hash          string    `json:"hash"`
	Created       time.Time `json:"created"`
	ResetRequired bool      `json:"resetRequired,omitempty"`
	LastUsed      time.Time `json:"lastUsed,omitzero"`
}
