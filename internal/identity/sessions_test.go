package identity

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/policy"
)

const testAccount = "111122223333"

// newRole makes a role and returns it.
// anyTrust is a trust policy.
const anyTrust = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}}`

func newRole(t *testing.T, d *Directory, name string) (r Role) {
	t.Helper()
	err := d.Update(testAccount, func(tx *Tx) (err error) {
		r, err = tx.CreateRole(Role{Entity: NewEntity(name, "/", time.Now(), nil), Trust: anyTrust})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func openSession(t *testing.T, d *Directory, s Session, now time.Time, length time.Duration) (c Temporary) {
	t.Helper()
	err := d.View(testAccount, func(tx *Tx) (err error) {
		c, err = tx.Open(s, now, length)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestASessionProvesItsRoleWhileItLastsAndTheRoleExists(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	r := newRole(t, d, "deploy")
	s := Session{Kind: AssumedRole, PrincipalName: r.Name, PrincipalID: r.ID, Name: "release"}
	c := openSession(t, d, s, time.Now(), time.Hour)
	got, err := d.Credential(t.Context(), c.AccessKeyID, c.SessionToken)
	if err != nil {
		t.Fatal(err)
	}
	if got.SecretAccessKey != c.SecretAccessKey || got.Identity.ARN != "arn:aws:sts::111122223333:assumed-role/deploy/release" ||
		got.Principal != (Principal{AssumedRole, testAccount, "deploy", r.ID}) || got.Session.Secret != "" {
		t.Errorf("credential %+v of %+v", got.Identity, got.Principal)
	}

	over := openSession(t, d, s, time.Now().Add(-2*time.Hour), time.Hour)
	expired, err := d.Credential(t.Context(), over.AccessKeyID, over.SessionToken)
	if !errors.Is(err, ErrExpiredToken) || expired.Identity.ARN != got.Identity.ARN {
		t.Errorf("an expired session: %v, %+v", err, expired.Identity)
	}

	if err := d.Update(testAccount, func(tx *Tx) error { return tx.DeleteRole("deploy", false) }); err != nil {
		t.Fatal(err)
	}
	newRole(t, d, "deploy")
	if _, err := d.Credential(t.Context(), c.AccessKeyID, c.SessionToken); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("a session of a role that is another one now: %v", err)
	}
}

func TestAnInstancesSessionSaysHowItCame(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	r := newRole(t, d, "web")
	c := openSession(t, d, Session{
		Kind: AssumedRole, PrincipalName: r.Name, PrincipalID: r.ID, Name: "i-0abc",
		Instance: &Instance{ARN: "arn:aws:ec2:eu-west-1:111122223333:instance/i-0abc", Delivery: "1.0", VPC: "vpc-0", PrivateIP: "10.0.0.4"},
	}, time.Now(), time.Hour)
	if got := c.Identity.SessionContext.EC2RoleDelivery; got != "1.0" {
		t.Errorf("ec2RoleDelivery %q", got)
	}
	got, err := d.Credential(t.Context(), c.AccessKeyID, c.SessionToken)
	if err != nil {
		t.Fatal(err)
	}
	var keys policy.Context
	got.SetContext(&keys, nil, time.Now())
	for key, want := range map[string]string{
		"ec2:RoleDelivery": "1.0", "ec2:SourceInstanceARN": "arn:aws:ec2:eu-west-1:111122223333:instance/i-0abc",
		"aws:Ec2InstanceSourceVpc": "vpc-0", "aws:Ec2InstanceSourcePrivateIPv4": "10.0.0.4",
	} {
		if v := keys.Values(key); len(v) != 1 || v[0] != want {
			t.Errorf("%s is %q, want %q", key, v, want)
		}
	}
}

func TestASessionOutlivesItsUsersNameButNotItsUser(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	var u User
	change := func(f func(*Tx) error) {
		t.Helper()
		if err := d.Update(testAccount, f); err != nil {
			t.Fatal(err)
		}
	}
	change(func(tx *Tx) (err error) {
		u, err = tx.Users().Create(User{Entity: NewEntity("alice", "/", time.Now(), nil)})
		return err
	})
	c := openSession(t, d, Session{Kind: IAMUser, PrincipalName: u.Name, PrincipalID: u.ID}, time.Now(), time.Hour)
	change(func(tx *Tx) error { return tx.UpdateUser("alice", "carol", "") })
	got, err := d.Credential(t.Context(), c.AccessKeyID, c.SessionToken)
	if err != nil || got.Identity.UserName != "carol" {
		t.Errorf("after a change of name: %v, %+v", err, got.Identity)
	}
	change(func(tx *Tx) error { return tx.DeleteUser("carol") })
	if _, err := d.Credential(t.Context(), c.AccessKeyID, c.SessionToken); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("after the user's end: %v", err)
	}
}

func TestATokenOfAnotherServerIsInvalid(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	foreign, doneToo := open(t, t.TempDir())
	defer doneToo()
	s := Session{Kind: RootUser, PrincipalID: testAccount}
	c := openSession(t, foreign, s, time.Now(), time.Hour)
	if _, err := d.Credential(t.Context(), c.AccessKeyID, c.SessionToken); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("got %v", err)
	}
}

func TestASessionIsNotPrintedWithItsSecret(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	c := openSession(t, d, Session{Kind: RootUser, PrincipalID: testAccount}, time.Now(), time.Hour)
	got, err := d.Credential(t.Context(), c.AccessKeyID, c.SessionToken)
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprintf("%v %+v %#v", got, got, got); strings.Contains(s, c.SecretAccessKey) {
		t.Error("a printed credential shows its secret")
	}
}

func FuzzSessionToken(f *testing.F) {
	d, done := openForFuzz(f)
	defer done()
	var good Temporary
	err := d.View(testAccount, func(tx *Tx) (err error) {
		good, err = tx.Open(Session{Kind: RootUser, PrincipalID: testAccount}, time.Now(), time.Hour)
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good.AccessKeyID, good.SessionToken)
	f.Add(good.AccessKeyID, good.SessionToken[:40])
	f.Add(good.AccessKeyID, strings.ToUpper(good.SessionToken))
	f.Add("ASIA", "AQ==")
	f.Add("", strings.Repeat("A", 1<<20))
	f.Fuzz(func(t *testing.T, id, token string) {
		c, err := d.Credential(t.Context(), id, token)
		switch {
		case err == nil && (id != good.AccessKeyID || token != good.SessionToken) && c.SecretAccessKey != good.SecretAccessKey:
			t.Errorf("a token that was never given is taken: %q", token)
		case err != nil && !errors.Is(err, ErrInvalidToken) && !errors.Is(err, ErrUnknownKey) && !errors.Is(err, ErrExpiredToken):
			t.Errorf("an untyped error: %v", err)
		}
	})
}

func TestIdsTellTheirAccount(t *testing.T) {
	// From a published record of account 261519058382.
	for _, id := range []string{"ASIATZY6AEXHDM4IUL5K", "AROATZY6AEXHJAW4M5TH2"} {
		if account, ok := AccountInID(id); !ok || account != "261519058382" {
			t.Errorf("%s: account %s, %v", id, account, ok)
		}
	}
	for _, account := range []string{testAccount, "000000000001", "999999999999"} {
		id := uniqueID(prefixAccessKey, account, keyIDLength)
		if got, ok := AccountInID(id); !ok || got != account || !regexp.MustCompile(`^AKIA[A-Z2-7]{16}$`).MatchString(id) {
			t.Errorf("%s of %s: account %s, %v", id, account, got, ok)
		}
		role := OpenServiceSession(account, "ecs.amazonaws.com", time.Now()).Identity
		if got, _ := AccountInID(role.PrincipalID); got != account {
			t.Errorf("service-linked role's id %s of %s: account %s", role.PrincipalID, account, got)
		}
	}
	for _, id := range []string{"", "AKIA", "AKIAIOSFODNN7EXAMPLE", "AKIA1111111111111111"} {
		if account, ok := AccountInID(id); ok {
			t.Errorf("%q: account %s", id, account)
		}
	}
}

func TestForeignAccountsSeeLittleOfACaller(t *testing.T) {
	got := Foreign(event.UserIdentity{
		Type: event.IAMUser, PrincipalID: "AIDAX", AccountID: testAccount, ARN: "arn", UserName: "alice", AccessKeyID: "AKIAX",
	})
	if got.Type != event.AWSAccount || got.PrincipalID != "AIDAX" || got.AccountID != testAccount ||
		got.ARN != "" || got.UserName != "" || got.AccessKeyID != "" || got.SessionContext != nil {
		t.Errorf("got %+v", got)
	}
}
