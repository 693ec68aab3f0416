package iam

import (
	"slices"

	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/policy"
)

// holder is a kind of entity that has policies. The operations of the three
// kinds differ in their names only: Put{User,Group,Role}Policy …
type holder struct {
	// title is in the operations' names, and with "Name" the parameter's.
	title, noun string
	get         func(tx *identity.Tx, name string) (identity.Grants, error)
	change      func(tx *identity.Tx, name string, f func(*identity.Grants) error) error
	each        func(tx *identity.Tx, f func(*identity.Entity, *identity.Grants)) error
}

var holders = []holder{
	{
		"User", "user",
		func(tx *identity.Tx, name string) (identity.Grants, error) {
			u, err := tx.Users().Get(name)
			return u.Grants, err
		},
		func(tx *identity.Tx, name string, f func(*identity.Grants) error) error {
			_, err := tx.Users().Change(name, func(u *identity.User) error { return f(&u.Grants) })
			return err
		},
		func(tx *identity.Tx, f func(*identity.Entity, *identity.Grants)) error {
			for u, err := range tx.Users().All() {
				if err != nil {
					return err
				}
				f(&u.Entity, &u.Grants)
			}
			return nil
		},
	},
	{
		"Group", "group",
		func(tx *identity.Tx, name string) (identity.Grants, error) {
			g, err := tx.Groups().Get(name)
			return g.Grants, err
		},
		func(tx *identity.Tx, name string, f func(*identity.Grants) error) error {
			_, err := tx.Groups().Change(name, func(g *identity.Group) error { return f(&g.Grants) })
			return err
		},
		func(tx *identity.Tx, f func(*identity.Entity, *identity.Grants)) error {
			for g, err := range tx.Groups().All() {
				if err != nil {
					return err
				}
				f(&g.Entity, &g.Grants)
			}
			return nil
		},
	},
	{
		"Role", "role",
		func(tx *identity.Tx, name string) (identity.Grants, error) {
			role, err := tx.Roles().Get(name)
			return role.Grants, err
		},
		func(tx *identity.Tx, name string, f func(*identity.Grants) error) error {
			_, err := tx.ChangeRole(name, func(role *identity.Role) error { return f(&role.Grants) })
			return err
		},
		func(tx *identity.Tx, f func(*identity.Entity, *identity.Grants)) error {
			for role, err := range tx.Roles().All() {
				if err != nil {
					return err
				}
				f(&role.Entity, &role.Grants)
			}
			return nil
		},
	},
}

// holderOperations are the operations of all kinds.
func holderOperations() map[string]operation {
	table := map[string]operation{}
	for _, h := range holders {
		table["Put"+h.title+"Policy"] = operation{writes, h.putPolicy}
		table["Get"+h.title+"Policy"] = operation{reads, h.getPolicy}
		table["Delete"+h.title+"Policy"] = operation{writes, h.deletePolicy}
		table["List"+h.title+"Policies"] = operation{reads, h.listPolicies}
		table["Attach"+h.title+"Policy"] = operation{writes, h.attachPolicy}
		table["Detach"+h.title+"Policy"] = operation{writes, h.detachPolicy}
		table["ListAttached"+h.title+"Policies"] = operation{reads, h.listAttached}
		if h.title != "Group" {
			table["Put"+h.title+"PermissionsBoundary"] = operation{writes, h.putBoundary}
			table["Delete"+h.title+"PermissionsBoundary"] = operation{writes, h.deleteBoundary}
		}
	}
	return table
}

func (h holder) name(r *request) string { return r.text(h.title + "Name") }

func (h holder) putPolicy(r *request) (answer, error) {
	text, err := r.document("PolicyDocument", policy.Identity)
	if err != nil {
		return nil, err
	}
	return nil, h.change(r.tx, h.name(r), func(g *identity.Grants) error {
		return g.PutInline(h.noun, h.name(r), r.text("PolicyName"), text)
	})
}

func (h holder) getPolicy(r *request) (answer, error) {
	g, err := h.get(r.tx, h.name(r))
	if err != nil {
		return nil, err
	}
	text, ok := g.Inline[r.text("PolicyName")]
	if !ok {
		return nil, h.noPolicy(r)
	}
	return answer{h.title + "Name": h.name(r), "PolicyName": r.text("PolicyName"), "PolicyDocument": encoded(text)}, nil
}

func (h holder) noPolicy(r *request) error {
	return identity.Refuse(identity.NoSuchEntity, "The %s policy with name %s cannot be found.", h.noun, r.text("PolicyName"))
}

func (h holder) deletePolicy(r *request) (answer, error) {
	return nil, h.change(r.tx, h.name(r), func(g *identity.Grants) error {
		if _, ok := g.Inline[r.text("PolicyName")]; !ok {
			return h.noPolicy(r)
		}
		delete(g.Inline, r.text("PolicyName"))
		return nil
	})
}

func (h holder) listPolicies(r *request) (answer, error) {
	g, err := h.get(r.tx, h.name(r))
	if err != nil {
		return nil, err
	}
	return page(r, "PolicyNames", inlineNames(&g), itself, asIs)
}

func (h holder) attachPolicy(r *request) (answer, error) {
	return nil, h.change(r.tx, h.name(r), func(g *identity.Grants) error { return r.tx.Attach(g, r.text("PolicyArn")) })
}

func (h holder) detachPolicy(r *request) (answer, error) {
	return nil, h.change(r.tx, h.name(r), func(g *identity.Grants) error {
		if !g.Detach(r.text("PolicyArn")) {
			return identity.Refuse(identity.NoSuchEntity, "Policy %s was not found.", r.text("PolicyArn"))
		}
		return nil
	})
}

func (h holder) listAttached(r *request) (answer, error) {
	g, err := h.get(r.tx, h.name(r))
	if err != nil {
		return nil, err
	}
	selected, err := r.attachedBelow(g.Attached)
	if err != nil {
		return nil, err
	}
	return page(r, "AttachedPolicies", selected, itself, describeAttached)
}

// attachedBelow are those of the policies whose path the call asks for.
func (r *request) attachedBelow(arns []string) ([]string, error) {
	var selected []string
	for _, arn := range arns {
		p, err := r.tx.ManagedPolicy(arn)
		if err != nil {
			return nil, err
		}
		if r.below(&p.Entity) {
			selected = append(selected, arn)
		}
	}
	return selected, nil
}

func (h holder) putBoundary(r *request) (answer, error) {
	return nil, h.change(r.tx, h.name(r), func(g *identity.Grants) error {
		return r.tx.SetBoundary(g, r.text("PermissionsBoundary"))
	})
}

func (h holder) deleteBoundary(r *request) (answer, error) {
	return nil, h.change(r.tx, h.name(r), func(g *identity.Grants) error {
		if g.Boundary == "" {
			return identity.Refuse(identity.NoSuchEntity, "The %s %s has no permissions boundary.", h.noun, h.name(r))
		}
		g.Boundary = ""
		return nil
	})
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }
