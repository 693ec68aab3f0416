package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/internal/identity"
)

func TestEveryAttemptIsAnsweredAndRecorded(t *testing.T) {
	d := open(t)
	known := func(account, name string) string {
		return fmt.Sprintf(`{"type":"IAMUser","principalId":"%s","accountId":"%s","accessKeyId":"","userName":"%s"}`, d.ids[name], account, name)
	}
	entered := func(account, name string) string {
		return fmt.Sprintf(`{"type":"IAMUser","principalId":"%s","arn":"arn:aws:iam::%s:user/%s","accountId":"%s","userName":"%s"}`,
			d.ids[name], account, name, account, name)
	}
	const hidden = `"accessKeyId":"","userName":"HIDDEN_DUE_TO_SECURITY_REASONS"}`
	const noName, failed = "No username found in supplied account", "Failed authentication"
	now := code(d.seeds[phone], time.Now())
	for _, test := range []struct {
		name, user, password string
		more                 []string
		code                 string // "" is a success
		recipient, identity  string
		event, message       string
		mfa                  string
	}{
		{"right", "ana", password, nil, "", home, entered(home, "ana"), "Success", "", "No"},
		{"wrong password", "ana", "nope", nil, "AuthenticationFailed", home, known(home, "ana"), "Failure", failed, "No"},
		{"name in another case", "ANA", password, []string{"account", home}, "", home, entered(home, "ana"), "Success", "", "No"},
		{"unknown user", "eva", password, nil, "AuthenticationFailed", home, `{"type":"IAMUser","accountId":"` + home + `",` + hidden, "Failure", noName, "No"},
		{"no password", "rob", password, nil, "AuthenticationFailed", home, known(home, "rob"), "Failure", failed, "No"},
		{"other account", "zoe", password, []string{"account", other}, "", other, entered(other, "zoe"), "Success", "", "No"},
		{"by alias", "zoe", password, []string{"account", alias}, "", other, entered(other, "zoe"), "Success", "", "No"},
		{"a user of another account", "zoe", password, nil, "AuthenticationFailed", home, `{"type":"IAMUser","accountId":"` + home + `",` + hidden, "Failure", noName, "No"},
		{"no such account", "ana", password, []string{"account", "nowhere"}, "AuthenticationFailed", home, `{"type":"IAMUser",` + hidden, "Failure", failed, "No"},
		{"MFA missing", "mia", password, nil, "MFARequired", home, known(home, "mia"), "", "", ""},
		{"MFA missing and wrong password", "mia", "nope", nil, "AuthenticationFailed", home, known(home, "mia"), "Failure", failed, "No"},
		{"MFA wrong", "mia", password, []string{"mfaCode", "x"}, "AuthenticationFailed", home, known(home, "mia"), "Failure", failed, "Yes"},
		{"wrong password and MFA right", "mia", "nope", []string{"mfaCode", now}, "AuthenticationFailed", home, known(home, "mia"), "Failure", failed, "No"},
		{"MFA right", "mia", password, []string{"mfaCode", now}, "", home, entered(home, "mia"), "Success", "", "Yes"},
		{"MFA replayed", "mia", password, []string{"mfaCode", now}, "AuthenticationFailed", home, known(home, "mia"), "Failure", failed, "Yes"},
		{"MFA of who has none", "ana", password, []string{"mfaCode", now}, "", home, entered(home, "ana"), "Success", "", "No"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d.t = t
			w := d.signIn(test.user, test.password, test.more...)
			want := http.StatusUnauthorized
			if test.code == "" {
				want = http.StatusOK
			}
			if w.Code != want || refusal(t, w) != test.code {
				t.Fatalf("answer %d %s, want %d %s", w.Code, w.Body, want, test.code)
			}
			e := d.last()
			line := string(e.AppendJSON(nil))
			name, answer := "ConsoleLogin", `{"ConsoleLogin":"`+test.event+`"}`
			if test.event == "" {
				name, answer = "CheckMfa", `{"CheckMfa":"Success"}`
			}
			if e.EventName != name || string(e.ResponseElements) != answer || e.ErrorMessage != test.message || e.ErrorCode != "" ||
				e.RecipientAccountID != test.recipient || !strings.Contains(line, `"userIdentity":`+test.identity) {
				t.Errorf("event %s\nwant %s %s %q for %s by %s", line, name, answer, test.message, test.recipient, test.identity)
			}
			var more struct{ LoginTo, MFAUsed, MFAIdentifier string }
			if err := json.Unmarshal(e.AdditionalEventData, &more); err != nil {
				t.Fatal(err)
			}
			if name == "ConsoleLogin" && (more.LoginTo != "http://cairn.test/" || more.MFAUsed != test.mfa || (more.MFAIdentifier == phone) != (test.mfa == "Yes" && test.code == "")) {
				t.Errorf("additionalEventData %s, want MFA %s", e.AdditionalEventData, test.mfa)
			}
			if strings.Contains(line, password) || strings.Contains(line, now) || e.SourceIPAddress != "192.0.2.7" || e.UserAgent != "browser/1.0" {
				t.Errorf("event %s", line)
			}
		})
	}
}

// TestWrongNamesAndWrongPasswordsGetOneAnswer compares whole answers.
func TestWrongNamesAndWrongPasswordsGetOneAnswer(t *testing.T) {
	d := open(t)
	var first string
	for _, attempt := range [][]string{
		{"ana", "wrong"}, {"eva", "wrong"}, {"rob", "wrong"}, {"ana", password, "account", "nowhere"},
		{"mia", "wrong"}, {"mia", password, "mfaCode", "000000000"},
	} {
		w := d.signIn(attempt[0], attempt[1], attempt[2:]...)
		got := fmt.Sprint(w.Code, w.Header(), w.Body)
		if first == "" {
			first = got
		}
		if got != first {
			t.Errorf("%v: %s\nthe first: %s", attempt, got, first)
		}
	}
}

func TestTheSessionIsTheUsers(t *testing.T) {
	d := open(t)
	for _, test := range []struct {
		user    string
		body    string
		length  time.Duration
		mfa     string
		limited bool
	}{
		{"ana", `{"userName":"ana","password":"` + password + `"}`, 12 * time.Hour, "false", false},
		{"ana", `{"userName":"ana","password":"` + password + `","durationSeconds":900}`, 15 * time.Minute, "false", false},
		{"mia", `{"userName":"mia","password":"` + password + `","mfaCode":"` + code(d.seeds[phone], time.Now()) + `"}`, 12 * time.Hour, "true", false},
		{"ned", `{"userName":"ned","password":"` + password + `"}`, 12 * time.Hour, "false", true},
	} {
		before := time.Now()
		w := d.post(test.body)
		var got struct {
			Credentials           struct{ AccessKeyID, SecretAccessKey, SessionToken, Expiration string }
			Identity              struct{ AccountID, ARN, UserName string }
			PasswordResetRequired bool
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%d %s (%v)", w.Code, w.Body, err)
		}
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Error("an answer with credentials may be stored")
		}
		ends, err := time.Parse(time.RFC3339, got.Credentials.Expiration)
		if err != nil || ends.Before(before.Add(test.length-time.Second)) || ends.After(time.Now().Add(test.length)) {
			t.Errorf("%s: the session ends at %s, want after %v", test.user, got.Credentials.Expiration, test.length)
		}
		if got.Identity.UserName != test.user || got.Identity.AccountID != home || got.Identity.ARN != "arn:aws:iam::"+home+":user/"+test.user ||
			got.PasswordResetRequired != test.limited {
			t.Errorf("%s: answer %s", test.user, w.Body)
		}
		c, err := d.directory.Credential(t.Context(), got.Credentials.AccessKeyID, got.Credentials.SessionToken)
		if err != nil {
			t.Fatal(err)
		}
		attributes := c.Identity.SessionContext.Attributes
		if !c.Session.Console || c.SecretAccessKey != got.Credentials.SecretAccessKey || c.Identity.Type != "IAMUser" ||
			c.Identity.PrincipalID != d.ids[test.user] || attributes.MFAAuthenticated != test.mfa || attributes.CreationDate.IsZero() {
			t.Errorf("%s: session %+v of %+v", test.user, c.Session, c.Identity)
		}
		p, err := d.directory.Permissions(t.Context(), c)
		if err != nil || p.Limited != test.limited {
			t.Errorf("%s: limited %v (%v), want %v", test.user, p.Limited, err, test.limited)
		}
	}
}

func TestNobodySignsInUnrecorded(t *testing.T) {
	d := open(t)
	d.fail = errors.New("disk full")
	var first string
	for _, attempt := range [][]string{{"ana", password}, {"ana", "wrong"}, {"eva", "wrong"}, {"mia", password}} {
		w := d.signIn(attempt[0], attempt[1])
		if w.Code != http.StatusServiceUnavailable || refusal(t, w) != "NotRecorded" || w.Header().Get("Retry-After") == "" {
			t.Errorf("%v: %d %s", attempt, w.Code, w.Body)
		}
		// The answer must not tell what the attempt's would have been.
		got := fmt.Sprint(w.Code, w.Header(), w.Body)
		if first == "" {
			first = got
		}
		if got != first {
			t.Errorf("%v: %s\nthe first: %s", attempt, got, first)
		}
	}
	if u := d.user("ana"); !u.Login.LastUsed.IsZero() {
		t.Error("a password's use is noted of a sign-in that was refused")
	}
	d.fail = nil
	if w := d.signIn("ana", password); w.Code != http.StatusOK {
		t.Errorf("when it can be recorded again: %d %s", w.Code, w.Body)
	}
	if u := d.user("ana"); u.Login.LastUsed.IsZero() {
		t.Error("a password's last use is not noted")
	}
}

func (d *desk) user(name string) (u identity.User) {
	d.t.Helper()
	err := d.directory.View(home, func(tx *identity.Tx) (err error) {
		u, err = tx.Users().Get(name)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return u
}

func TestAnAttemptIsSeenThroughWhenItsClientHangsUp(t *testing.T) {
	d := open(t)
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	if _, err := d.service.SignIn(ctx, Attempt{UserName: "ana", Password: "wrong", Length: time.Hour}); !errors.Is(err, ErrFailed) {
		t.Error(err)
	}
	d.last()
}

func TestTooManyAttemptsAtOnceAreRefusedUnjudged(t *testing.T) {
	d := open(t)
	for range maxJudged {
		d.service.judging <- struct{}{}
	}
	w := d.signIn("ana", password)
	if w.Code != http.StatusServiceUnavailable || refusal(t, w) != "Busy" || len(d.events) != 0 {
		t.Errorf("%d %s, %d events", w.Code, w.Body, len(d.events))
	}
	<-d.service.judging
	if w := d.signIn("ana", password); w.Code != http.StatusOK {
		t.Errorf("with room for one: %d %s", w.Code, w.Body)
	}
}

// TestAnAddressThatTriesManyNamesWaits: wrong passwords are counted by where they
// come from, too.
func TestAnAddressThatTriesManyNamesWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t)
		for i := range 100 {
			if w := d.signIn(fmt.Sprint("user", i), "wrong"); w.Code != http.StatusUnauthorized {
				t.Fatalf("try %d: %d %s", i, w.Code, w.Body)
			}
		}
		d.events = nil
		w := d.signIn("ana", password)
		if w.Code != http.StatusTooManyRequests || refusal(t, w) != "TooManyAttempts" || w.Header().Get("Retry-After") != "30" {
			t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
		}
		if e := d.last(); e.UserIdentity.UserName != "ana" || string(e.ResponseElements) != `{"ConsoleLogin":"Failure"}` {
			t.Errorf("event %s", e.AppendJSON(nil))
		}
		time.Sleep(30 * time.Second)
		for range 2 { // a right password costs nothing
			if w := d.signIn("ana", password); w.Code != http.StatusOK {
				t.Errorf("after the wait: %d %s", w.Code, w.Body)
			}
		}
	})
}

// TestGuessersWait: wrong tries lock a name for a while, whether it is a user's
// or not, and what is then tried is recorded as a failure, right or wrong.
func TestGuessersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t)
		for _, name := range []string{"ana", "eva"} {
			for range 5 {
				if w := d.signIn(name, "wrong"); w.Code != http.StatusUnauthorized {
					t.Fatalf("%s: %d %s", name, w.Code, w.Body)
				}
			}
			d.events = nil
			w := d.signIn(name, password)
			if w.Code != http.StatusTooManyRequests || refusal(t, w) != "TooManyAttempts" || w.Header().Get("Retry-After") != "1" {
				t.Errorf("%s, locked: %d %v %s", name, w.Code, w.Header(), w.Body)
			}
			if e := d.last(); string(e.ResponseElements) != `{"ConsoleLogin":"Failure"}` {
				t.Errorf("%s, locked: event %s", name, e.AppendJSON(nil))
			}
		}
		if w := d.signIn("ned", password); w.Code != http.StatusOK {
			t.Errorf("another user: %d %s", w.Code, w.Body)
		}
		time.Sleep(time.Second)
		if w := d.signIn("ana", password); w.Code != http.StatusOK {
			t.Errorf("after the wait: %d %s", w.Code, w.Body)
		}

		for range 5 {
			if w := d.signIn("mia", password, "mfaCode", "000"); w.Code != http.StatusUnauthorized {
				t.Fatalf("wrong MFA code: %d %s", w.Code, w.Body)
			}
		}
		good := code(d.seeds[phone], time.Now())
		if w := d.signIn("mia", password, "mfaCode", good); w.Code != http.StatusTooManyRequests {
			t.Errorf("MFA, locked: %d %s", w.Code, w.Body)
		}
		time.Sleep(time.Second)
		if w := d.signIn("mia", password, "mfaCode", good); w.Code != http.StatusOK {
			t.Errorf("MFA, after the wait: %d %s", w.Code, w.Body)
		}
		if ids := eventIDs(d); len(slices.Compact(slices.Sorted(slices.Values(ids)))) != len(ids) {
			t.Error("two events have the same id")
		}
	})
}

func eventIDs(d *desk) (ids []string) {
	for _, e := range d.events {
		ids = append(ids, e.EventID)
	}
	return ids
}
