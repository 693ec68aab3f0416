package identity

import (
	"testing"
	"time"
)

// BenchmarkCallersPolicies is what a call costs before its policies decide: the
// session token, the identity, and all policies that apply.
func BenchmarkCallersPolicies(b *testing.B) {
	aws, err := LoadAWSPolicies()
	if err != nil {
		b.Fatal(err)
	}
	d, done := open(b, b.TempDir())
	defer done()
	WithAWSPolicies(aws)(d)
	var c Temporary
	err = d.Update(testAccount, func(tx *Tx) error {
		r := Role{Entity: NewEntity("r", "/", time.Now(), nil), Trust: "{}"}
		r.Attached = []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"}
		r, err := tx.CreateRole(r)
		if err != nil {
			return err
		}
		c, err = tx.Open(Session{Kind: AssumedRole, PrincipalName: r.Name, PrincipalID: r.ID, Name: "s"}, time.Now(), time.Hour)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		credential, err := d.Credential(b.Context(), c.AccessKeyID, c.SessionToken)
		if err != nil {
			b.Fatal(err)
		}
		p, err := d.Permissions(b.Context(), credential)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Policies(); err != nil {
			b.Fatal(err)
		}
	}
}
