package signin

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/internal/identity"
)

const rootEmail, otherEmail = "root@example.com", "zoe@example.com"

// giveRoots lets the root users of both accounts sign in, the other account's with
// an MFA device of this seed.
func (d *desk) giveRoots(seed []byte) {
	d.t.Helper()
	hash, err := d.directory.HashPassword(context.Background(), password)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := d.directory.SetRootLogins(time.Now(),
		identity.RootLogin{AccountID: home, Email: rootEmail, Hash: hash},
		identity.RootLogin{AccountID: other, Email: otherEmail, Hash: hash, Seed: seed},
	); err != nil {
		d.t.Fatal(err)
	}
}

// enterAsRoot sends a root user's sign-in.
func (d *desk) enterAsRoot(email, pass string, more ...string) (int, string) {
	d.t.Helper()
	members := map[string]string{"email": email, "password": pass}
	for i := 0; i < len(more); i += 2 {
		members[more[i]] = more[i+1]
	}
	body, err := json.Marshal(members)
	if err != nil {
		d.t.Fatal(err)
	}
	w := d.post(string(body))
	return w.Code, refusal(d.t, w)
}

func TestRootUsersSignInWithTheirAddresses(t *testing.T) {
	d := open(t)
	seed := bytes.Repeat([]byte{7}, 20)
	d.giveRoots(seed)
	now := code(seed, time.Now())
	root := func(account, name string) string {
		s := `{"type":"Root","principalId":"` + account + `","arn":"arn:aws:iam::` + account + `:root","accountId":"` + account + `","accessKeyId":""`
		if name != "" {
			s += `,"userName":"` + name + `"`
		}
		return s + "}"
	}
	const nobody = `{"type":"IAMUser","accessKeyId":"","userName":"HIDDEN_DUE_TO_SECURITY_REASONS"}`
	for _, test := range []struct {
		name, email, password string
		more                  []string
		status                int
		code, recipient       string
		identity, answer      string
		mfa                   string
	}{
		{"right", rootEmail, password, nil, 200, "", home, root(home, ""), "Success", "No"},
		{"in another case", "Root@Example.com", password, nil, 200, "", home, root(home, ""), "Success", "No"},
		{"wrong password", rootEmail, "nope", nil, 401, "AuthenticationFailed", home, root(home, ""), "Failure", "No"},
		{"unknown address", "eva@example.com", password, nil, 401, "AuthenticationFailed", home, nobody, "Failure", "No"},
		{"of the account", rootEmail, password, []string{"account", home}, 200, "", home, root(home, ""), "Success", "No"},
		{"of another account", rootEmail, password, []string{"account", other}, 401, "AuthenticationFailed", home, nobody, "Failure", "No"},
		{"of no account", rootEmail, password, []string{"account", "nowhere"}, 401, "AuthenticationFailed", home, nobody, "Failure", "No"},
		{"an IAM user's name", "ana", password, nil, 401, "AuthenticationFailed", home, nobody, "Failure", "No"},
		{"MFA missing", otherEmail, password, nil, 401, "MFARequired", other, root(other, alias), "", ""},
		{"MFA wrong", otherEmail, password, []string{"mfaCode", "1"}, 401, "AuthenticationFailed", other, root(other, alias), "Failure", "Yes"},
		{"MFA right", otherEmail, password, []string{"account", alias, "mfaCode", now}, 200, "", other, root(other, alias), "Success", "Yes"},
		{"MFA replayed", otherEmail, password, []string{"mfaCode", now}, 401, "AuthenticationFailed", other, root(other, alias), "Failure", "Yes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d.t = t
			if status, refused := d.enterAsRoot(test.email, test.password, test.more...); status != test.status || refused != test.code {
				t.Fatalf("answer %d %s, want %d %s", status, refused, test.status, test.code)
			}
			e := d.last()
			line := string(e.AppendJSON(nil))
			if !strings.Contains(line, `"userIdentity":`+test.identity) || e.RecipientAccountID != test.recipient || e.AWSRegion != "us-east-1" ||
				(e.ErrorMessage == "Failed authentication") != (test.answer == "Failure") {
				t.Errorf("event %s\nwant %s for %s", line, test.identity, test.recipient)
			}
			if test.answer == "" {
				if e.EventName != "CheckMfa" {
					t.Errorf("event %s", line)
				}
				return
			}
			if string(e.ResponseElements) != `{"ConsoleLogin":"`+test.answer+`"}` || !strings.Contains(string(e.AdditionalEventData), `"MFAUsed":"`+test.mfa+`"`) ||
				strings.Contains(string(e.AdditionalEventData), `"MFAIdentifier":"arn:aws:iam::`+other+`:mfa/root-account-mfa-device"`) != (test.name == "MFA right") {
				t.Errorf("event %s", line)
			}
		})
	}
}

func TestNoRootUserSignsInUnlessToldSo(t *testing.T) {
	d := open(t)
	if status, refused := d.enterAsRoot(rootEmail, password); status != http.StatusUnauthorized || refused != "AuthenticationFailed" {
		t.Errorf("%d %s", status, refused)
	}
	// What is taken away is gone, and the seed with it.
	d.giveRoots(bytes.Repeat([]byte{7}, 20))
	if err := d.directory.SetRootLogins(time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := d.directory.View(other, func(tx *identity.Tx) error {
		if serials, err := tx.RootDevices(); err != nil || len(serials) != 0 {
			t.Errorf("devices %v, %v", serials, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if status, _ := d.enterAsRoot(otherEmail, password); status != http.StatusUnauthorized {
		t.Errorf("taken away: %d", status)
	}
}

func TestTheRootUsersSessionIsRoots(t *testing.T) {
	d := open(t)
	d.giveRoots(nil)
	w := d.post(`{"email":"` + rootEmail + `","password":"` + password + `"}`)
	var got struct {
		Credentials struct{ AccessKeyID, SessionToken string }
		Identity    struct{ ARN string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Identity.ARN != "arn:aws:iam::"+home+":root" {
		t.Fatalf("%s, %v", w.Body, err)
	}
	c, err := d.directory.Credential(t.Context(), got.Credentials.AccessKeyID, got.Credentials.SessionToken)
	if err != nil || c.Principal.Kind != identity.RootUser || !c.Session.Console || c.Identity.SessionContext.Attributes.MFAAuthenticated != "false" {
		t.Errorf("%+v, %v", c.Identity, err)
	}
	w = d.post(`{"email":"` + rootEmail + `","userName":"ana","password":"` + password + `"}`)
	if w.Code != http.StatusBadRequest {
		t.Errorf("a name and an address: %d", w.Code)
	}
}

func TestRootUsersPasswordsCannotBeGuessedFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t)
		d.giveRoots(nil)
		for _, email := range []string{rootEmail, "eva@example.com"} {
			for i := range 7 {
				status, _ := d.enterAsRoot(strings.ToUpper(email[:i])+email[i:], "nope")
				if throttled := status == http.StatusTooManyRequests; throttled != (i >= 5) {
					t.Errorf("%s, try %d: %d", email, i+1, status)
				}
			}
		}
		if status, _ := d.enterAsRoot(rootEmail, password); status != http.StatusTooManyRequests {
			t.Errorf("the right one at once: %d", status)
		}
		time.Sleep(time.Second)
		if status, _ := d.enterAsRoot(rootEmail, password); status != http.StatusOK {
			t.Errorf("the right one later: %d", status)
		}
	})
}
