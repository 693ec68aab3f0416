package identity

import (
	"strings"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/policy"
)

func TestATrustPolicyMeansThoseWhoHadTheARNsThen(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	now := time.Now()
	const ana, deploy, later = "arn:aws:iam::111122223333:user/eng/ana", "arn:aws:iam::111122223333:role/deploy", "arn:aws:iam::444455556666:user/later"
	trust := strings.Replace(anyTrust, `"111122223333"`, `["111122223333","`+ana+`","`+deploy+`","`+later+`"]`, 1)
	var user User
	var from, role Role
	err := d.Update(testAccount, func(tx *Tx) (err error) {
		if user, err = tx.Users().Create(User{Entity: NewEntity("ana", "/eng/", now, nil)}); err != nil {
			return err
		}
		if from, err = tx.CreateRole(Role{Entity: NewEntity("deploy", "/", now, nil), Trust: anyTrust}); err != nil {
			return err
		}
		role, err = tx.CreateRole(Role{Entity: NewEntity("target", "/", now, nil), Trust: trust})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		who         policy.Principal
		arn, issuer string // as the trust policy knows them
	}{
		{policy.Principal{ARN: ana, UniqueID: user.ID}, ana, ""},
		{policy.Principal{ARN: ana, UniqueID: "AIDASOMEBODYELSE"}, "", ""},
		{policy.Principal{ARN: "arn:aws:iam::111122223333:user/renamed", UniqueID: user.ID}, ana, ""},
		{policy.Principal{ARN: "arn:aws:iam::111122223333:user/other", UniqueID: "AIDAOTHER"}, "arn:aws:iam::111122223333:user/other", ""},
		{policy.Principal{ARN: later, UniqueID: "AIDALATER"}, later, ""},
		{policy.Principal{ARN: "session", UniqueID: from.ID + ":s", IssuerARN: deploy, IssuerID: from.ID}, "session", deploy},
		{policy.Principal{ARN: "session", UniqueID: "AROANEW:s", IssuerARN: deploy, IssuerID: "AROANEW"}, "session", ""},
	} {
		if got := role.AsTrusted(test.who); got.ARN != test.arn || got.IssuerARN != test.issuer {
			t.Errorf("%+v is %q of %q", test.who, got.ARN, got.IssuerARN)
		}
	}
	if err := d.Update(testAccount, func(tx *Tx) error { return tx.SetTrust(&role, anyTrust) }); err != nil || role.Trusted != nil {
		t.Errorf("a new trust policy keeps %v, %v", role.Trusted, err)
	}
}
