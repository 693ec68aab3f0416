package identity

import (
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/policy"
)

// SetTrust gives a role a trust policy.
//
// The policy means the users and roles that have the ARNs in it now: "If you
// delete and recreate the user, the principal's ID changes and the policy doesn't
// match" (reference_policies_elements_principal). So their ids are kept beside it.
// An ARN that nobody has yet is that of whoever gets it.
func (t *Tx) SetTrust(r *Role, trust string) error {
	r.Trust, r.Trusted = trust, nil
	d, err := policy.Parse([]byte(trust))
	if err != nil {
		return err
	}
	for _, s := range d.Statements {
		for _, p := range slices.Concat(s.Principals, s.NotPrincipals) {
			if p.Kind != policy.AWS {
				continue
			}
			id, err := t.idOf(p.ID)
			if err != nil {
				return err
			}
			if id != "" {
				if r.Trusted == nil {
					r.Trusted = map[string]string{}
				}
				r.Trusted[p.ID] = id
			}
		}
	}
	return nil
}

// idOf is the id of the user or role with an ARN, of any account; "" where there
// is none.
func (t *Tx) idOf(arn string) (string, error) {
	rest, ok := strings.CutPrefix(arn, "arn:aws:iam::")
	account, resource, found := strings.Cut(rest, ":")
	if !ok || !found {
		return "", nil
	}
	kind, path, _ := strings.Cut(resource, "/")
	name := path[strings.LastIndexByte(path, '/')+1:]
	in := &Tx{t.tx, t.directory, account}
	var id, own string
	var err error
	switch kind {
	case "user":
		var u User
		u, err = in.Users().Get(name)
		id, own = u.ID, u.ARN(account)
	case "role":
		var r Role
		r, err = in.Roles().Get(name)
		id, own = r.ID, r.ARN(account)
	}
	if Refused(err, NoSuchEntity) || own != arn {
		return "", nil
	}
	return id, err
}

// AsTrusted is a principal as the role's trust policy names it: by the ARN that
// stands there for its id, whatever its ARN is now, and not by one that stands
// there for somebody else.
func (r *Role) AsTrusted(p policy.Principal) policy.Principal {
	p.ARN = r.trustedARN(p.ARN, p.UniqueID)
	p.IssuerARN = r.trustedARN(p.IssuerARN, p.IssuerID)
	return p
}

func (r *Role) trustedARN(arn, id string) string {
	for written, of := range r.Trusted {
		if of == id {
			return written
		}
	}
	if _, another := r.Trusted[arn]; another {
		return ""
	}
	return arn
}
