package identity

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Document is a policy document that applies to a principal. Source is the ARN
// of a managed policy, or the ARN of the user, group or role that has it inline,
// with "/" and its name.
type Document struct {
	Source string
	Text   string
}

// Permissions are the policies that decide what a credential may do.
type Permissions struct {
	// Root: the root user, whom no policy of the account's limits.
	Root bool
	// Identity are the identity-based policies of the user, with those of
	// its groups, or of the role.
	Identity []Document
	// Boundary is the permissions boundary; nil where there is none.
	Boundary *Document
	// Session are the session policies, and Limited says that the session
	// has some: it may do what they and the others both allow. A federated
	// user is limited even where no policy was given, and may then do
	// nothing that its name is not allowed to.
	Session []Document
	Limited bool
	// Tags are the principal's, with those of the session over them.
	Tags []Tag

	parsed *parsed
}

// Permissions collects the policies that apply to a credential, as they are
// now. A principal that is no more has none.
func (d *Directory) Permissions(_ context.Context, c Credential) (Permissions, error) {
	p := Permissions{parsed: &d.parsed}
	err := d.View(c.AccountID, func(t *Tx) error {
		if err := t.principalPermissions(&p, c.Principal); err != nil {
			return err
		}
		return t.sessionPermissions(&p, c)
	})
	if Refused(err, NoSuchEntity) {
		return Permissions{Limited: true, parsed: &d.parsed}, nil
	}
	if err != nil {
		return Permissions{}, fmt.Errorf("collect the policies of %s: %w", c.Identity.ARN, err)
	}
	return p, nil
}

// PrincipalPermissions collects the policies of a user, group or role of the
// account by its ARN; ok is false where there is no such principal.
func (t *Tx) PrincipalPermissions(arn string) (p Permissions, ok bool, err error) {
	p.parsed = &t.directory.parsed
	_, resource, _ := strings.Cut(arn, "::"+t.account+":")
	kind, path, _ := strings.Cut(resource, "/")
	name := path[strings.LastIndex(path, "/")+1:]
	switch kind {
	case "user":
		err = t.userPermissions(&p, name, "")
	case "role":
		err = t.rolePermissions(&p, name, "")
	case "group":
		err = t.groupPermissions(&p, name)
	default:
		return p, false, nil
	}
	if Refused(err, NoSuchEntity) {
		return p, false, nil
	}
	return p, err == nil, err
}

// everything is a policy that allows all.
const everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

func (t *Tx) principalPermissions(p *Permissions, of Principal) error {
	switch {
	case of.ID == t.account:
		p.Root = true
		if of.Kind == FederatedUser {
			// The root user lends all that it may do, as far as the session's
			// policies go.
			p.Identity = []Document{{Source: rootARN(t.account), Text: everything}}
		}
		return nil
	case of.Kind == AssumedRole:
		return t.rolePermissions(p, of.Name, of.ID)
	default:
		return t.userPermissions(p, of.Name, of.ID)
	}
}

func (t *Tx) userPermissions(p *Permissions, name, id string) error {
	u, err := t.Users().Get(name)
	if id != "" {
		u, err = t.userByID(name, id)
	}
	if err != nil {
		return err
	}
	p.Tags = u.Tags
	if err := t.addGrants(p, &u.Grants, u.ARN(t.account)); err != nil {
		return err
	}
	for _, g := range u.Groups {
		if err := t.groupPermissions(p, g); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) groupPermissions(p *Permissions, name string) error {
	g, err := t.Groups().Get(name)
	if err != nil {
		return err
	}
	return t.addGrants(p, &g.Grants, g.ARN(t.account))
}

func (t *Tx) rolePermissions(p *Permissions, name, id string) error {
	r, err := t.Roles().Get(name)
	if id != "" {
		r, err = t.roleByID(name, id)
	}
	if err != nil {
		return err
	}
	p.Tags = r.Tags
	return t.addGrants(p, &r.Grants, r.ARN(t.account))
}

func (t *Tx) addGrants(p *Permissions, g *Grants, owner string) error {
	for _, arn := range g.Attached {
		m, err := t.ManagedPolicy(arn)
		if err != nil {
			return err
		}
		p.Identity = append(p.Identity, m.applied(arn))
	}
	for _, name := range slices.Sorted(maps.Keys(g.Inline)) {
		p.Identity = append(p.Identity, Document{Source: owner + "/" + name, Text: g.Inline[name]})
	}
	if g.Boundary == "" {
		return nil
	}
	m, err := t.ManagedPolicy(g.Boundary)
	boundary := m.applied(g.Boundary)
	p.Boundary = &boundary
	return err
}

func (t *Tx) sessionPermissions(p *Permissions, c Credential) error {
	s := c.Session
	if s == nil {
		return nil
	}
	p.Tags = mergeTags(p.Tags, s.Tags)
	p.Limited = s.Policy != "" || len(s.PolicyARNs) > 0 || s.Kind == FederatedUser
	if s.Policy != "" {
		p.Session = append(p.Session, Document{Source: "session policy", Text: s.Policy})
	}
	for _, arn := range s.PolicyARNs {
		m, err := t.ManagedPolicy(arn)
		if Refused(err, NoSuchEntity) {
			continue // deleted since: it allows nothing
		}
		if err != nil {
			return err
		}
		p.Session = append(p.Session, m.applied(arn))
	}
	return nil
}

// mergeTags lays the tags of a session over those of its principal.
func mergeTags(under, over []Tag) []Tag {
	merged := slices.Clone(under)
	for _, t := range over {
		if i := indexTag(merged, t.Key); i >= 0 {
			merged[i] = t
		} else {
			merged = append(merged, t)
		}
	}
	return merged
}
