package identity

import (
	"errors"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/event"
)

func TestAnswersOfAnotherSTSTeachWhoAKeyIs(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	now := time.Unix(1_800_000_000, 0)
	root := Root(testAccount, "test")
	alice := map[string]any{"Arn": "arn:aws:iam::111122223333:user/team/alice", "UserId": "AIDAALICE", "UserName": "alice"}
	for _, l := range []Lesson{
		{Operation: "CreateUser", Caller: root, Output: map[string]any{"User": alice}},
		{Operation: "CreateAccessKey", Caller: root, Output: map[string]any{"AccessKey": map[string]any{"AccessKeyId": "AKIAALICE", "UserName": "alice"}}},
		{Operation: "CreateAccessKey", Caller: root, Output: map[string]any{"AccessKey": map[string]any{"AccessKeyId": "AKIABOB", "UserName": "bob"}}},
		{Operation: "AssumeRole", Caller: root, Params: map[string]any{"RoleArn": "arn:aws:iam::444455556666:role/x/deploy"}, Output: map[string]any{
			"Credentials":     map[string]any{"AccessKeyId": "ASIAROLE"},
			"AssumedRoleUser": map[string]any{"Arn": "arn:aws:sts::444455556666:assumed-role/deploy/s", "AssumedRoleId": "AROADEPLOY:s"},
		}},
		{Operation: "GetCallerIdentity", Caller: Root(testAccount, "AKIACAROL"), Output: map[string]any{"Arn": "arn:aws:iam::111122223333:user/carol", "UserId": "AIDACAROL"}},
		{Operation: "GetCallerIdentity", Caller: Root(testAccount, "AKIAODD"), Output: map[string]any{"Arn": "arn:aws:sts::123456789012:user/moto", "UserId": "AKIAIOSFODNN7EXAMPLE"}},
		{Operation: "AssumeRole", Caller: root, Output: map[string]any{}},
	} {
		l.AccountID, l.Time = testAccount, now
		d.Learn(l)
	}
	check := func(when string) {
		t.Helper()
		for key, want := range map[string]struct{ kind, arn, id, account string }{
			"AKIAALICE": {event.IAMUser, "arn:aws:iam::111122223333:user/team/alice", "AIDAALICE", testAccount},
			"AKIABOB":   {event.IAMUser, "arn:aws:iam::111122223333:user/bob", "", testAccount},
			"ASIAROLE":  {event.AssumedRole, "arn:aws:sts::444455556666:assumed-role/deploy/s", "AROADEPLOY:s", "444455556666"},
			"AKIACAROL": {event.IAMUser, "arn:aws:iam::111122223333:user/carol", "AIDACAROL", testAccount},
		} {
			c, ok := d.Recall(key)
			if got := c.Identity; !ok || got.Type != want.kind || got.ARN != want.arn || got.PrincipalID != want.id ||
				got.AccessKeyID != key || c.AccountID != want.account || c.SecretAccessKey != "" {
				t.Errorf("%s: %s: %v, %+v", when, key, ok, got)
			}
			if _, err := d.Credential(t.Context(), key, ""); !errors.Is(err, ErrUnknownKey) {
				t.Errorf("%s: what was learned of %s proves something: %v", when, key, err)
			}
		}
		if c, ok := d.Recall("AKIAODD"); ok {
			t.Errorf("%s: an ARN that names no principal: %+v", when, c.Identity)
		}
	}
	check("at once")
	if c, _ := d.Recall("ASIAROLE"); c.Identity.SessionContext.SessionIssuer.UserName != "deploy" || c.Identity.SessionContext.SessionIssuer.PrincipalID != "AROADEPLOY" {
		t.Errorf("issuer %+v", c.Identity.SessionContext.SessionIssuer)
	}
	if err := d.writeLearned(); err != nil {
		t.Fatal(err)
	}
	if len(d.learned.pending) != 0 {
		t.Errorf("%d lessons are still to be written", len(d.learned.pending))
	}
	check("once it is written")
}
