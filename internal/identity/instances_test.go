package identity

import (
	"strings"
	"testing"
	"time"
)

func TestWhoPassesAProfilePassesItsRole(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	newRole(t, d, "web")
	if err := d.Update(testAccount, func(tx *Tx) error {
		for _, name := range []string{"web", "empty"} {
			if _, err := tx.Profiles().Create(Profile{Entity: NewEntity(name, "/", time.Now(), nil)}); err != nil {
				return err
			}
		}
		return tx.AddToProfile("web", "web")
	}); err != nil {
		t.Fatal(err)
	}
	const profile = "arn:aws:iam::" + testAccount + ":instance-profile/"
	for arn, want := range map[string]string{
		profile + "web":   "arn:aws:iam::" + testAccount + ":role/web",
		profile + "WEB":   "arn:aws:iam::" + testAccount + ":role/web",
		profile + "empty": "",
		profile + "none":  "arn:aws:iam::" + testAccount + ":role/*",
		profile:           "arn:aws:iam::" + testAccount + ":role/*",
		"arn:aws:iam::999988887777:instance-profile/web": "arn:aws:iam::999988887777:role/*",
		"nonsense:instance-profile/web":                  "arn:aws:iam:::role/*",
	} {
		if got, err := d.PassedRole(t.Context(), arn); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", arn, got, err, want)
		}
	}
}

func TestAnInstanceProfileIsFoundByItsNameOrItsWholeARN(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	if err := d.Update(testAccount, func(tx *Tx) error {
		_, err := tx.Profiles().Create(Profile{Entity: NewEntity("web", "/eng/", time.Now(), nil)})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	const prefix = "arn:aws:iam::" + testAccount + ":instance-profile/"
	for ref, want := range map[string]bool{
		"web": true, prefix + "eng/web": true,
		"db": false, "": false, "eng/web": false, prefix + "web": false,
		"arn:aws:iam::999988887777:instance-profile/eng/web": false,
	} {
		if p, ok, err := d.InstanceProfile(t.Context(), testAccount, ref); err != nil || ok != want || ok && p.Name != "web" {
			t.Errorf("%q: %v, %t, %v", ref, p, ok, err)
		}
	}
}

func TestAnInstanceGetsASessionOfARoleThatTrustsEC2(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	const trust = `{"Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`
	now := time.Now()
	for name, test := range map[string]struct {
		trust string
		taken bool
	}{
		"EC2":                  {trust, true},
		"another service":      {strings.Replace(trust, "ec2.", "ecs.", 1), false},
		"the account":          {strings.Replace(trust, `"Service":"ec2.amazonaws.com"`, `"AWS":"`+testAccount+`"`, 1), false},
		"another action":       {strings.Replace(trust, "sts:AssumeRole", "sts:TagSession", 1), false},
		"under a condition":    {strings.Replace(trust, `"Action"`, `"Condition":{"Bool":{"aws:PrincipalIsAWSService":"true"}},"Action"`, 1), true},
		"until yesterday":      {strings.Replace(trust, `"Action"`, `"Condition":{"DateLessThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}},"Action"`, 1), false},
		"but not this session": {strings.Replace(trust, `"Action"`, `"Condition":{"StringNotLike":{"sts:RoleSessionName":"i-*"}},"Action"`, 1), false},
	} {
		role := Role{Entity: NewEntity("r", "/", now, nil), Trust: test.trust}
		err := d.View(testAccount, func(tx *Tx) error {
			if _, err := tx.OpenForInstance(&role, "i-1", Instance{Delivery: "2.0"}, now); err != nil && !Refused(err, NoSuchEntity) {
				return err
			}
			return nil // there is no such role to open a session of: it was trusted
		})
		if taken := err == nil; taken != test.taken || !taken && !Refused(err, AccessDenied) {
			t.Errorf("who trusts %s: %v", name, err)
		}
	}
}
