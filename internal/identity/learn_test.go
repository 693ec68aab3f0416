package identity

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/state"
)

// TestWhatIsLearnedIsBounded: the keys that were used least lately are forgotten,
// and the use of a key that nobody knows leaves nothing behind.
func TestWhatIsLearnedIsBounded(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	now := time.Now()
	teach := func(from, to int) {
		t.Helper()
		for i := from; i < to; i++ {
			d.Learn(Lesson{Operation: "GetSessionToken", AccountID: testAccount, Caller: Root(testAccount, "test"), Time: now, Output: map[string]any{
				"Credentials": map[string]any{"AccessKeyId": fmt.Sprintf("ASIA%d", i)},
			}})
		}
		if err := d.writeLearned(); err != nil {
			t.Fatal(err)
		}
	}
	teach(0, maxLearned+10)
	if n := len(d.learned.pending); n != 0 {
		t.Fatalf("%d lessons are still to be written", n)
	}
	d.Used(Credential{AccessKeyID: "ASIA7"}, Use{Time: now.Add(time.Hour)})
	d.Used(Credential{AccessKeyID: "AKIANOBODY"}, Use{Time: now})
	if err := d.writeUses(); err != nil {
		t.Fatal(err)
	}
	teach(maxLearned, maxLearned+100)
	kept := 0
	err := d.store.View(func(tx *state.Tx) error {
		for _, err := range acquaintances.List(tx, "") {
			if err != nil {
				return err
			}
			kept++
		}
		for use, err := range lastUses.List(tx, "") {
			t.Errorf("a use of %s is kept, %v", use.Key, err)
		}
		return nil
	})
	if err != nil || kept != maxLearned {
		t.Errorf("%d are kept, want %d: %v", kept, maxLearned, err)
	}
	for _, key := range []string{"ASIA7", fmt.Sprintf("ASIA%d", maxLearned+99)} {
		if _, ok := d.Recall(key); !ok {
			t.Errorf("%s is forgotten", key)
		}
	}
}

func TestUsesThatAreNotWrittenAreBounded(t *testing.T) {
	var u uses
	for i := range 2 * maxNoted {
		u.note(fmt.Sprint(i), noted{})
	}
	later := Use{Time: time.Unix(1_800_000_000, 0)}
	u.note("0", noted{Use: later})
	if got, _ := u.get("0"); len(u.pending) != maxNoted || got != later {
		t.Errorf("%d are pending, the last use of a known one is %v", len(u.pending), got)
	}
}

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
