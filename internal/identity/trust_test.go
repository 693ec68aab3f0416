package identity

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/policy"
)

// trusting is a trust policy that names a principal.
func trusting(principals string) string {
	return strings.Replace(anyTrust, `"111122223333"`, "["+principals+"]", 1)
}

func TestAPolicyMeansThoseWhoHadTheARNsWhenItWasWritten(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	bootstrap(t, d)
	now := time.Now()
	const ana, deploy, foreign = "arn:aws:iam::111122223333:user/eng/ana", "arn:aws:iam::111122223333:role/deploy", "arn:aws:iam::444455556666:user/later"
	trust := trusting(`"111122223333","` + ana + `","` + deploy + `","` + foreign + `","arn:aws:iam::111122223333:root"`)
	makeAna := func(tx *Tx) (User, error) {
		return tx.Users().Create(User{Entity: NewEntity("ana", "/eng/", now, nil)})
	}
	var user User
	var role Role
	from := newRole(t, d, "deploy")
	update := func(f func(tx *Tx) error) {
		t.Helper()
		if err := d.Update(testAccount, f); err != nil {
			t.Fatal(err)
		}
	}
	shows := func(want string) {
		t.Helper()
		if got, err := d.Unpin(role.Trust); err != nil || got != want {
			t.Errorf("%v, shown as\n%s\nwant\n%s", err, got, want)
		}
	}
	update(func(tx *Tx) (err error) {
		if user, err = makeAna(tx); err != nil {
			return err
		}
		role, err = tx.CreateRole(Role{Entity: NewEntity("target", "/", now, nil), Trust: trust})
		return err
	})
	if want := strings.NewReplacer(ana, user.ID, deploy, from.ID).Replace(trust); role.Trust != want {
		t.Errorf("decided on\n%s\nwant\n%s", role.Trust, want)
	}
	shows(trust)

	update(func(tx *Tx) error {
		_, err := tx.Users().Change("ana", func(u *User) error { u.Name, u.Path = "Anna", "/ops/"; return nil })
		return err
	})
	shows(strings.Replace(trust, ana, "arn:aws:iam::111122223333:user/ops/Anna", 1))
	update(func(tx *Tx) error {
		_, err := tx.Users().Change("Anna", func(u *User) error { u.Name, u.Path = "ana", "/eng/"; return nil })
		return err
	})
	shows(trust)

	update(func(tx *Tx) error {
		if err := tx.DeleteUser("ana"); err != nil {
			return err
		}
		_, err := makeAna(tx)
		return err
	})
	dead := strings.Replace(trust, ana, user.ID, 1)
	shows(dead)
	if _, err := d.Pin(dead); !errors.As(err, new(*policy.UnknownPrincipalError)) {
		t.Errorf("a policy of somebody who is deleted: %v", err)
	}
}

func TestAPolicyNamesOnlyThoseWhoAreThere(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	bootstrap(t, d)
	role := newRole(t, d, "deploy")
	const here = "arn:aws:iam::111122223333:"
	for id, known := range map[string]bool{
		"111122223333": true, here + "root": true, here + "role/deploy": true, role.ID: true, "*": true,
		"arn:aws:sts::111122223333:assumed-role/none/session": true,
		"arn:aws:iam::444455556666:role/none":                 true, "AROAIIAAAAAAAAAAAAAAA": true,
		uniqueID(prefixRole, "444455556666", idLength): true,
		here + "role/none": false, here + "role/x/deploy": false, here + "role/Deploy": false, here + "user/deploy": false,
		here + "group/g": false, here + "role/*": false, here + "user/": false,
		uniqueID(prefixRole, testAccount, idLength): false, uniqueID(prefixUser, testAccount, idLength): false,
	} {
		_, err := d.Pin(trusting(`"` + id + `"`))
		if unknown := errors.As(err, new(*policy.UnknownPrincipalError)); unknown == known || !unknown && err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	if _, err := d.Pin(strings.Replace(anyTrust, `"AWS":"111122223333"`, `"Service":"`+here+`role/none"`, 1)); err != nil {
		t.Error(err)
	}
	byID, err := d.Pin(trusting(`"` + role.ID + `"`))
	if err != nil {
		t.Fatal(err)
	}
	if shown, err := d.Unpin(byID); err != nil || shown != trusting(`"`+role.ARN(testAccount)+`"`) {
		t.Errorf("an id is shown as %s, %v", shown, err)
	}
}
