package identity

import (
	"slices"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/policy"
)

func document(action string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"*"}]}`
}

// populate makes user alice with policies of every kind and returns her
// credential.
func populate(t *testing.T, d *Directory) (alice Credential) {
	t.Helper()
	now := time.Now()
	var key Key
	err := d.Update(testAccount, func(tx *Tx) error {
		for _, name := range []string{"attached", "boundary", "groups"} {
			if _, err := tx.CreatePolicy(NewEntity(name, "/", now, nil), "", document("ec2:"+name)); err != nil {
				return err
			}
		}
		own := "arn:aws:iam::" + testAccount + ":policy/"
		u := User{Entity: NewEntity("alice", "/", now, []Tag{{"team", "red"}, {"level", "1"}})}
		u.Boundary = own + "boundary"
		if err := tx.Attach(&u.Grants, own+"attached"); err != nil {
			return err
		}
		if err := u.PutInline("user", "alice", "inline", document("ec2:inline")); err != nil {
			return err
		}
		if _, err := tx.Users().Create(u); err != nil {
			return err
		}
		g := Group{Entity: NewEntity("devs", "/", now, nil)}
		if err := tx.Attach(&g.Grants, own+"groups"); err != nil {
			return err
		}
		if _, err := tx.Groups().Create(g); err != nil {
			return err
		}
		if err := tx.AddToGroup("devs", "alice"); err != nil {
			return err
		}
		var err error
		key, err = tx.CreateKey("alice", now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	alice, err = d.Credential(t.Context(), key.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	return alice
}

func TestPermissionsAreThoseOfUserGroupsBoundaryAndSession(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	alice := populate(t, d)
	federated := openSession(t, d, Session{
		Kind: FederatedUser, PrincipalName: "alice", PrincipalID: alice.Principal.ID, Name: "bob",
		Policy: document("ec2:session"), Tags: []Tag{{"Team", "blue"}},
	}, time.Now(), time.Hour)
	bob, err := d.Credential(t.Context(), federated.AccessKeyID, federated.SessionToken)
	if err != nil {
		t.Fatal(err)
	}
	own := "arn:aws:iam::" + testAccount + ":"
	for _, test := range []struct {
		who      Credential
		sources  []string
		session  []string
		limited  bool
		tag      string
		kind     policy.PrincipalType
		username int
	}{
		{alice, []string{own + "policy/attached", own + "user/alice/inline", own + "policy/groups"}, nil, false, "red", policy.User, 1},
		{bob, []string{own + "policy/attached", own + "user/alice/inline", own + "policy/groups"}, []string{"session policy"}, true, "blue", policy.FederatedUser, 0},
	} {
		p, err := d.Permissions(t.Context(), test.who)
		if err != nil {
			t.Fatal(err)
		}
		sources := func(docs []Document) (list []string) {
			for _, d := range docs {
				list = append(list, d.Source)
			}
			return list
		}
		if !slices.Equal(sources(p.Identity), test.sources) || !slices.Equal(sources(p.Session), test.session) || p.Limited != test.limited {
			t.Errorf("%s: %v, session %v, limited %v", test.who.Identity.ARN, sources(p.Identity), sources(p.Session), p.Limited)
		}
		if p.Boundary == nil || p.Boundary.Source != own+"policy/boundary" || p.Boundary.Text != document("ec2:boundary") {
			t.Errorf("boundary %+v", p.Boundary)
		}
		var c policy.Context
		test.who.SetContext(&c, p.Tags, time.Now())
		if got := c.Values("aws:PrincipalTag/team"); !slices.Equal(got, []string{test.tag}) {
			t.Errorf("%s: tag team %v", test.who.Identity.ARN, got)
		}
		if got := c.Values("aws:username"); len(got) != test.username {
			t.Errorf("%s: aws:username %v", test.who.Identity.ARN, got)
		}
		if got := test.who.PolicyPrincipal(); got.Type != test.kind || got.ARN != test.who.Identity.ARN {
			t.Errorf("principal %+v", got)
		}
		if _, err := p.Policies(); err != nil {
			t.Error(err)
		}
	}
}

func TestASessionIsOpenedWithPoliciesThatExist(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	r := newRole(t, d, "r")
	for arn, want := range map[string]Reason{
		AdministratorAccess:                       "",
		"arn:aws:iam::aws:policy/None":            NoSuchEntity,
		"arn:aws:iam::444455556666:policy/theirs": NoSuchEntity,
		"nonsense": InvalidInput,
	} {
		err := d.View(testAccount, func(tx *Tx) error {
			_, err := tx.Open(Session{Kind: AssumedRole, PrincipalName: r.Name, PrincipalID: r.ID, PolicyARNs: []string{arn}}, time.Now(), time.Hour)
			return err
		})
		if (err != nil || want != "") && !Refused(err, want) {
			t.Errorf("%s: %v, want %q", arn, err, want)
		}
	}
}

func TestASessionOfAPrincipalThatIsNoMoreMayDoNothing(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	p, err := d.Permissions(t.Context(), Credential{
		AccountID: testAccount, Principal: Principal{Kind: AssumedRole, AccountID: testAccount, Name: "gone", ID: "AROAGONE"},
	})
	if err != nil || p.Root || len(p.Identity) > 0 || !p.Limited {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestAnotherAccountIsEnteredThroughItsRole(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	bootstrap(t, d)
	for range 2 {
		if err := d.AddAccount("000000000001", testAccount, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if home, err := d.Account(); home != testAccount || err != nil {
		t.Errorf("the home account is %s, %v", home, err)
	}
	err := d.View("000000000001", func(tx *Tx) error {
		r, err := tx.Roles().Get(AccessRole)
		if err != nil {
			return err
		}
		if _, err := policy.ParseAs(policy.Trust, []byte(r.Trust)); err != nil {
			t.Errorf("its trust policy: %v", err)
		}
		users, err := tx.Users().Select(func(*User) bool { return true })
		if len(users) != 0 {
			t.Errorf("%d users", len(users))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatTheRootUserLendsIsWhatTheSessionPoliciesAllow(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	for action, allowed := range map[string]bool{"ec2:DescribeVpcs": true, "s3:ListAllMyBuckets": false} {
		lent := openSession(t, d, Session{
			Kind: FederatedUser, PrincipalID: testAccount, Name: "guest", Policy: document("ec2:*"),
		}, time.Now(), time.Hour)
		guest, err := d.Credential(t.Context(), lent.AccessKeyID, lent.SessionToken)
		if err != nil {
			t.Fatal(err)
		}
		p, err := d.Permissions(t.Context(), guest)
		if err != nil {
			t.Fatal(err)
		}
		policies, err := p.Policies()
		if err != nil {
			t.Fatal(err)
		}
		if got := policy.Evaluate(policy.Request{Action: action, Resource: "*", Principal: guest.PolicyPrincipal()}, policies); got.Allowed != allowed {
			t.Errorf("%s: %+v", action, got)
		}
	}
}

func TestARoleThatWasMadeAgainHasNoPermissionsForTheOldOnesSessions(t *testing.T) {
	d, done := open(t, t.TempDir())
	defer done()
	old := newRole(t, d, "deploy")
	err := d.Update(testAccount, func(tx *Tx) error {
		if err := tx.DeleteRole(old.Name, false); err != nil {
			return err
		}
		again := Role{Entity: NewEntity(old.Name, "/", time.Now(), nil), Trust: anyTrust}
		if err := again.PutInline("role", again.Name, "all", everything); err != nil {
			return err
		}
		_, err := tx.CreateRole(again)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// The credential is from before: it was looked up while the role was there.
	p, err := d.Permissions(t.Context(), Credential{
		AccountID: testAccount, Principal: Principal{Kind: AssumedRole, AccountID: testAccount, Name: old.Name, ID: old.ID},
	})
	if err != nil || len(p.Identity) != 0 || !p.Limited {
		t.Errorf("%+v, %v", p, err)
	}
}
