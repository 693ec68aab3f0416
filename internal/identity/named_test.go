package identity

import (
	"testing"
	"time"
)

func TestAnEntityIsKnownByItsOwnPathAndCase(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	now := time.Now()
	err := d.Update(testAccount, func(tx *Tx) error {
		u := User{Entity: NewEntity("Boss", "/eng/", now, []Tag{{"team", "red"}})}
		u.Boundary = awsPolicyPrefix + "AdministratorAccess"
		if _, err := tx.Users().Create(u); err != nil {
			return err
		}
		if _, err := tx.CreateRole(Role{Entity: NewEntity("admin", "/ops/", now, nil), Trust: anyTrust}); err != nil {
			return err
		}
		if _, err := tx.Profiles().Create(Profile{Entity: NewEntity("hosts", "/", now, nil)}); err != nil {
			return err
		}
		return tx.AddToProfile("hosts", "ADMIN")
	})
	if err != nil {
		t.Fatal(err)
	}
	arn := "arn:aws:iam::" + testAccount + ":"
	for _, test := range []struct{ parameter, name, arn, end, role string }{
		{"UserName", "bOSS", arn + "user/eng/Boss", "eng/Boss", ""},
		{"RoleName", "Admin", arn + "role/ops/admin", "ops/admin", ""},
		{"InstanceProfileName", "HOSTS", arn + "instance-profile/hosts", "hosts", arn + "role/ops/admin"},
		{"UserName", "nobody", "", "", ""},
		{"PolicyName", "Boss", "", "", ""},
	} {
		n, ok, err := d.Named(t.Context(), testAccount, test.parameter, test.name)
		if err != nil || ok != (test.arn != "") || n.ARN != test.arn || n.End() != test.end || n.RoleARN != test.role {
			t.Errorf("%s %s is %+v, %t, %v", test.parameter, test.name, n, ok, err)
		}
	}
	if n, _, _ := d.Named(t.Context(), testAccount, "UserName", "boss"); n.Boundary == "" || len(n.Tags) != 1 {
		t.Errorf("boundary and tags are missing: %+v", n)
	}
}
