package identity

import (
	"context"
	"strings"
)

// Named is what policies may ask of an entity of IAM that a call names.
type Named struct {
	// ARN has the entity's own path and the case of its name, whatever the
	// call wrote.
	ARN string
	// Boundary is the ARN of its permissions boundary, "" if it has none.
	Boundary string
	Tags     []Tag
	// RoleARN is that of the role in an instance profile, "" if there is none.
	RoleARN string
}

// End is what follows the kind of the entity in its ARN: path and name.
func (n Named) End() string {
	_, end, _ := strings.Cut(n.ARN, "/")
	return end
}

// Named finds the entity that a parameter of IAM's API names: UserName,
// GroupName, RoleName or InstanceProfileName. ok is false where there is none.
func (d *Directory) Named(_ context.Context, account, parameter, name string) (n Named, ok bool, err error) {
	err = d.View(account, func(t *Tx) error {
		n, err = t.named(parameter, name)
		return err
	})
	if Refused(err, NoSuchEntity) {
		return Named{}, false, nil
	}
	return n, err == nil && n.ARN != "", err
}

func (t *Tx) named(parameter, name string) (Named, error) {
	switch parameter {
	case "UserName":
		u, err := t.Users().Get(name)
		return Named{ARN: u.ARN(t.account), Boundary: u.Boundary, Tags: u.Tags}, err
	case "GroupName":
		g, err := t.Groups().Get(name)
		return Named{ARN: g.ARN(t.account)}, err
	case "RoleName":
		r, err := t.Roles().Get(name)
		return Named{ARN: r.ARN(t.account), Boundary: r.Boundary, Tags: r.Tags}, err
	case "InstanceProfileName":
		p, err := t.Profiles().Get(name)
		if err != nil || len(p.Roles) == 0 {
			return Named{ARN: p.ARN(t.account), Tags: p.Tags}, err
		}
		r, err := t.Roles().Get(p.Roles[0])
		return Named{ARN: p.ARN(t.account), Tags: p.Tags, RoleARN: r.ARN(t.account)}, err
	}
	return Named{}, nil
}
