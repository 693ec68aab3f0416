package upstream

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/identity"
)

const account = "123456789012"

func user(name string) identity.Credential {
	return identity.Credential{AccountID: account, Identity: event.UserIdentity{
		Type: event.IAMUser, ARN: "arn:aws:iam::" + account + ":user/" + name, UserName: name[strings.LastIndex(name, "/")+1:],
		PrincipalID: "AIDA" + strings.ToUpper(strings.ReplaceAll(name, "/", "")),
	}}
}

func roleSession(role, name string) identity.Credential {
	return identity.Credential{AccountID: account, Identity: event.UserIdentity{
		Type: event.AssumedRole, ARN: "arn:aws:sts::" + account + ":assumed-role/" + role + "/" + name, PrincipalID: "AROAEXAMPLE:" + name,
	}}
}

func root() identity.Credential {
	return identity.Credential{AccountID: account, Identity: identity.Root(account, "AKIA")}
}

func pattern(t *testing.T, s string) Pattern {
	t.Helper()
	p, err := ParsePattern(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPatternsMatchPrincipals(t *testing.T) {
	for _, test := range []struct {
		pattern string
		caller  identity.Credential
		want    bool
	}{
		{"*", user("bob"), true},
		{"*", identity.Credential{}, true},
		{account, user("bob"), true},
		{account, root(), true},
		{"999999999999", user("bob"), false},
		{"arn:aws:iam::123456789012:user/ci-*", user("ci-7"), true},
		{"arn:aws:iam::123456789012:user/ci-*", user("ci-"), true},
		{"arn:aws:iam::123456789012:user/ci-*", user("CI-7"), false},
		{"arn:aws:iam::123456789012:user/ci-*", user("team/ci-7"), false},
		{"arn:aws:iam::123456789012:user/*/ci-*", user("team/ci-7"), true},
		{"arn:aws:iam::123456789012:user/ci", user("ci-7"), false},
		{"arn:aws:iam::123456789012:user/c.-7", user("ci-7"), false},
		{"arn:aws:iam::123456789012:root", root(), true},
		{"arn:aws:sts::123456789012:assumed-role/agent/*", roleSession("agent", "a"), true},
		{"arn:aws:sts::123456789012:assumed-role/agent/*", roleSession("agents", "a"), false},
		{"arn:aws:iam::123456789012:role/agent", roleSession("agent", "a"), false},
		// A path may hold colons: it must not pass for another account.
		{"arn:aws:iam::*:user/ci", user("x:user/ci"), false},
		{"arn:aws:iam::*:user/ci", user("ci"), true},
		{"arn:aws:*:*:123456789012:user/ci", user("ci"), true},
	} {
		if got := pattern(t, test.pattern).Matches(test.caller); got != test.want {
			t.Errorf("%s and %s: %v", test.pattern, test.caller.Identity.ARN, got)
		}
	}
	if (Pattern{}).Matches(identity.Credential{}) {
		t.Error("the zero pattern matches somebody")
	}
	for _, bad := range []string{"", "bob", "arn:aws:iam::user", "12345", "user/*"} {
		if _, err := ParsePattern(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestTheFirstRuleThatMatchesDecides(t *testing.T) {
	fixed := func(id string) Source { return Fixed{credentials.NewStaticCredentialsProvider(id, "secret", "")} }
	broken := errors.New("broken")
	rules := Rules{
		{pattern(t, "arn:aws:iam::123456789012:user/ci-*"), fixed("ci")},
		{pattern(t, "arn:aws:iam::123456789012:user/ci-7"), fixed("never")},
		{pattern(t, "arn:aws:iam::123456789012:user/nobody"), None{}},
		{pattern(t, "arn:aws:iam::123456789012:user/broken"), Fixed{aws.CredentialsProviderFunc(failing(broken))}},
		{pattern(t, account), fixed("account")},
	}
	for _, test := range []struct {
		caller identity.Credential
		key    string
		ok     bool
		err    error
	}{
		{user("ci-7"), "ci", true, nil},
		{user("nobody"), "", false, nil},
		{user("broken"), "", true, broken},
		{root(), "account", true, nil},
		{identity.Credential{AccountID: "1"}, "", false, nil},
	} {
		c, ok, err := rules.Credentials(t.Context(), test.caller)
		if c.AccessKeyID != test.key || ok != test.ok || !errors.Is(err, test.err) {
			t.Errorf("%s: %s, %v, %v", test.caller.Identity.ARN, c.AccessKeyID, ok, err)
		}
	}
}

func template(t *testing.T, s string) Template {
	t.Helper()
	parsed, err := ParseTemplate(s)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestTemplatesNameSessionsAfterTheirCallers(t *testing.T) {
	long := strings.Repeat("x", 60)
	for _, test := range []struct {
		template string
		caller   identity.Credential
		want     string
	}{
		{"{userName}", user("team/ci-7"), "ci-7"},
		{"{userName}", roleSession("agent", "planner"), "planner"},
		{"{userName}", root(), "root"},
		{"cairn-{accountId}-{userName}", user("bob"), "cairn-123456789012-bob"},
		{"{principalId}.{userName}", roleSession("agent", "planner"), "AROAEXAMPLE.planner"},
		{"{principalId}", root(), account},
		{"build", user("bob"), "build"},
		{"{userName}", user("b"), "b-3e23e816"},
		{"cairn-{userName}", user(long), "cairn-" + strings.Repeat("x", 49) + "-59e4ec08"},
	} {
		if got := template(t, test.template).of(test.caller); got != test.want {
			t.Errorf("%s: %s, want %s", test.template, got, test.want)
		}
	}
	for _, bad := range []string{"", "{user}", "{userName", "a b", "{userName}}", "{{userName}}"} {
		if _, err := ParseTemplate(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// FuzzTemplate: whatever a caller is called, STS takes the name.
func FuzzTemplate(f *testing.F) {
	f.Add("{userName}", "bob")
	f.Add("cairn-{userName}", strings.Repeat("ü", 64))
	f.Add("{principalId}{accountId}{userName}", "a/b:c")
	valid := regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	f.Fuzz(func(t *testing.T, text, name string) {
		parsed, err := ParseTemplate(text)
		if err != nil {
			return
		}
		for _, caller := range []identity.Credential{roleSession("agent", name), {AccountID: name, Identity: event.UserIdentity{UserName: name, PrincipalID: name}}} {
			if got := parsed.of(caller); !valid.MatchString(got) {
				t.Errorf("%q of %q is %q", text, name, got)
			}
		}
	})
}

// FuzzPattern: no pattern breaks anything, and an ARN without stars matches
// itself.
func FuzzPattern(f *testing.F) {
	f.Add("arn:aws:iam::123456789012:user/ci-*", "arn:aws:iam::123456789012:user/ci-7")
	f.Add("arn:aws:iam::*:user/(\n", "arn:::::")
	f.Fuzz(func(t *testing.T, text, arn string) {
		caller := identity.Credential{AccountID: account, Identity: event.UserIdentity{ARN: arn}}
		if p, err := ParsePattern(text); err == nil {
			p.Matches(caller)
		}
		if p, err := ParsePattern(arn); err == nil && !strings.Contains(arn, "*") && arn != account && !accountNumber.MatchString(arn) && !p.Matches(caller) {
			t.Errorf("%q does not match itself", arn)
		}
	})
}
