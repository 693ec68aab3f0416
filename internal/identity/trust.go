package identity

import "github.com/cairn-audit/cairn/internal/policy"

// SetTrust gives a role a trust policy, which is kept as Pin has it. The error is
// a MalformedPolicyDocument refusal where it names somebody who is not there.
func (t *Tx) SetTrust(r *Role, trust string) error {
	pinned, err := t.pin(trust)
	if err == nil {
		r.Trust = pinned
	}
	return err
}

// TrustOf is a role's trust policy as people read it.
func (t *Tx) TrustOf(r *Role) (string, error) { return t.unpin(r.Trust) }

// Pin returns the policy of a resource with the unique ids of the users and roles
// that it names by their ARNs, which is what decisions are to be asked about.
// Whoever is made later under the name of one who was deleted is not meant: "If
// you delete and recreate the user, the principal's ID changes and the policy
// doesn't match" (reference_policies_elements_principal).
//
// The error is a *policy.UnknownPrincipalError where it names a user or a role
// that one of the accounts here does not have. What other accounts have is not
// known, and their ARNs stay as they are.
func (d *Directory) Pin(document string) (pinned string, err error) {
	err = d.Update("", func(t *Tx) error {
		pinned, err = t.pin(document)
		return err
	})
	return pinned, err
}

// Unpin is the reverse of Pin, for people to read: with ARNs, as they are now, in
// place of ids. The id stays where its user or role is deleted.
func (d *Directory) Unpin(document string) (text string, err error) {
	err = d.View("", func(t *Tx) error {
		text, err = t.unpin(document)
		return err
	})
	return text, err
}

func (t *Tx) pin(document string) (string, error) {
	b, err := policy.RewritePrincipals([]byte(document), func(p policy.PrincipalID) (string, error) {
		if p.Kind != policy.AWS {
			return p.ID, nil
		}
		return t.pinOne(p)
	})
	return string(b), err
}

func (t *Tx) unpin(document string) (string, error) {
	b, err := policy.RewritePrincipals([]byte(document), func(p policy.PrincipalID) (string, error) {
		if p.Kind != policy.AWS || !isPinnable(p.ID) {
			return p.ID, nil
		}
		arn, err := t.arnOf(p.ID)
		if err != nil || arn == "" {
			return p.ID, err
		}
		return arn, nil
	})
	return string(b), err
}
