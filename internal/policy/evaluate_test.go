package policy

import (
	"strings"
	"testing"
)

// The statements that most cases are made of.
const (
	allowAll    = `"Effect":"Allow","Action":"*","Resource":"*"`
	allowS3     = `"Effect":"Allow","Action":"s3:*","Resource":"*"`
	allowEC2    = `"Effect":"Allow","Action":"ec2:*","Resource":"*"`
	denyS3      = `"Effect":"Deny","Action":"s3:*","Resource":"*"`
	denyDeletes = `"Effect":"Deny","Action":"s3:Delete*","Resource":"*"`
	object      = "arn:aws:s3:::bucket/key"
)

// granting is a statement of a bucket's policy.
func granting(effect Effect, principal string) string {
	return `"Effect":"` + string(effect) + `","Principal":` + principal +
		`,"Action":"s3:*","Resource":["arn:aws:s3:::bucket","arn:aws:s3:::bucket/*"]`
}

// excepting is granting with NotPrincipal.
func excepting(effect Effect, principal string) string {
	return strings.Replace(granting(effect, principal), `"Principal"`, `"NotPrincipal"`, 1)
}

func aws(arns ...string) string { return `{"AWS":["` + strings.Join(arns, `","`) + `"]}` }

// evaluationCase is one request of s3:GetObject on object, unless it names
// others. Lists of statements make a document; a nil list is no document.
type evaluationCase struct {
	name                                            string
	principal                                       Principal
	action, target                                  string
	identity, boundary, session, resource, endpoint []string
	resourceAccount                                 string
	mustAllow                                       bool
	context                                         []string
	// want is "allow by …", "explicit …" or "implicit …", with a Source.
	want string
}

func (c *evaluationCase) decide(t *testing.T) Decision {
	t.Helper()
	one := func(statements []string) *Document {
		if statements == nil {
			return nil
		}
		return document(t, statements...)
	}
	p := Policies{
		Boundary: one(c.boundary), Resource: one(c.resource), Endpoint: one(c.endpoint),
		ResourceAccount: c.resourceAccount, ResourceMustAllow: c.mustAllow,
	}
	if c.identity != nil {
		p.Identity = []*Document{one(c.identity)}
	}
	if c.session != nil {
		p.Session, p.HasSession = []*Document{one(c.session)}, true
	}
	r := Request{Action: "s3:GetObject", Resource: object, Principal: c.principal, Context: keys(c.context...)}
	if c.action != "" {
		r.Action = c.action
	}
	if c.target != "" {
		r.Resource = c.target
	}
	return Evaluate(r, p)
}

func outcome(d Decision) string {
	switch d.Reason {
	case Allows:
		return "allow by " + string(d.By)
	case ExplicitDeny:
		return "explicit " + string(d.By)
	}
	return "implicit " + string(d.By)
}

func run(t *testing.T, cases []evaluationCase) {
	t.Helper()
	for _, c := range cases {
		d := c.decide(t)
		if got := outcome(d); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if d.Allowed != (d.Reason == Allows) {
			t.Errorf("%s: Allowed is %v and Reason %s", c.name, d.Allowed, d.Reason)
		}
	}
	t.Logf("%d cases", len(cases))
}

const (
	byIdentityPolicy = "allow by identity-based policy"
	byResourcePolicy = "allow by resource-based policy"
	noIdentity       = "implicit identity-based policy"
	noResource       = "implicit resource-based policy"
	noBoundary       = "implicit permissions boundary"
	noSession        = "implicit session policy"
)

var (
	ann     = user("ann")
	deploy  = roleSession("deploy", "ci")
	guest   = federated("guest")
	roleARN = deploy.IssuerARN
)

// reference_policies_evaluation-logic: a single account
func TestPoliciesOfOneAccount(t *testing.T) {
	run(t, []evaluationCase{
		{name: "no policy", principal: ann, want: noIdentity},
		{name: "an allow", principal: ann, identity: []string{allowS3}, want: byIdentityPolicy},
		{name: "an allow of something else", principal: ann, identity: []string{allowEC2}, want: noIdentity},
		{name: "allow and deny", principal: ann, identity: []string{allowAll, denyS3}, want: "explicit identity-based policy"},
		{name: "deny and allow", principal: ann, identity: []string{denyS3, allowAll}, want: "explicit identity-based policy"},
		{name: "a deny of something else", principal: ann, identity: []string{allowAll, denyDeletes}, want: byIdentityPolicy},
		{name: "a deny alone", principal: ann, identity: []string{denyS3}, want: "explicit identity-based policy"},
		{name: "root without policies", principal: accountRoot(), want: byIdentityPolicy},
		{name: "root and a bucket's deny", principal: accountRoot(), resource: []string{granting(Deny, `"*"`)}, want: "explicit resource-based policy"},
		{name: "a role's session", principal: deploy, identity: []string{allowS3}, want: byIdentityPolicy},
		{name: "a role without policies", principal: deploy, want: noIdentity},

		{name: "within the boundary", principal: ann, identity: []string{allowAll}, boundary: []string{allowS3}, want: byIdentityPolicy},
		{name: "outside the boundary", principal: ann, identity: []string{allowAll}, boundary: []string{allowEC2}, want: noBoundary},
		{name: "the boundary alone grants nothing", principal: ann, boundary: []string{allowAll}, want: noIdentity},
		{name: "a boundary's deny", principal: ann, identity: []string{allowAll}, boundary: []string{allowAll, denyS3}, want: "explicit permissions boundary"},

		{name: "within the session", principal: deploy, identity: []string{allowAll}, session: []string{allowS3}, want: byIdentityPolicy},
		{name: "outside the session", principal: deploy, identity: []string{allowAll}, session: []string{allowEC2}, want: noSession},
		{name: "the session alone grants nothing", principal: deploy, session: []string{allowAll}, want: noIdentity},
		{name: "a session's deny", principal: deploy, identity: []string{allowAll}, session: []string{allowAll, denyS3}, want: "explicit session policy"},
		{name: "session and boundary", principal: deploy, identity: []string{allowAll}, session: []string{allowAll}, boundary: []string{allowEC2}, want: noBoundary},
		{name: "session, boundary and identity", principal: deploy, identity: []string{allowAll}, session: []string{allowS3}, boundary: []string{allowS3}, want: byIdentityPolicy},
		{name: "a federated user without session policy", principal: guest, identity: []string{allowAll}, want: noSession},
		{name: "a federated user with one", principal: guest, identity: []string{allowAll}, session: []string{allowS3}, want: byIdentityPolicy},
		{name: "a federated user's user allows nothing", principal: guest, session: []string{allowS3}, want: noIdentity},

		{name: "the endpoint allows", principal: ann, identity: []string{allowS3}, endpoint: []string{granting(Allow, `"*"`)}, want: byIdentityPolicy},
		{name: "the endpoint allows somebody else", principal: ann, identity: []string{allowS3}, endpoint: []string{granting(Allow, aws(other))}, want: "implicit VPC endpoint policy"},
		{name: "the endpoint allows something else", principal: ann, action: "s3:ListAllMyBuckets", target: "*", identity: []string{allowS3}, endpoint: []string{granting(Allow, `"*"`)}, want: "implicit VPC endpoint policy"},
		{name: "the endpoint denies", principal: ann, identity: []string{allowS3}, endpoint: []string{granting(Allow, `"*"`), granting(Deny, aws(account))}, want: "explicit VPC endpoint policy"},
		{name: "the endpoint alone grants nothing", principal: ann, endpoint: []string{granting(Allow, `"*"`)}, want: noIdentity},
	})
}

// reference_policies_evaluation-logic, "Resource-based policies and implicit
// denies in other policy types (same account)"
func TestResourcePoliciesOfTheSameAccount(t *testing.T) {
	run(t, []evaluationCase{
		{name: "the user is named", principal: ann, resource: []string{granting(Allow, aws(ann.ARN))}, want: byResourcePolicy},
		{name: "another user is named", principal: ann, resource: []string{granting(Allow, aws(user("bob").ARN))}, want: noIdentity},
		{name: "the user's unique id", principal: ann, resource: []string{granting(Allow, aws(ann.UniqueID))}, want: byResourcePolicy},
		{name: "the name's case counts", principal: ann, resource: []string{granting(Allow, aws(user("Ann").ARN))}, want: noIdentity},
		{name: "the user, despite a boundary", principal: ann, boundary: []string{allowEC2}, resource: []string{granting(Allow, aws(ann.ARN))}, want: byResourcePolicy},
		{name: "the user, but a boundary's deny", principal: ann, boundary: []string{denyS3}, resource: []string{granting(Allow, aws(ann.ARN))}, want: "explicit permissions boundary"},
		{name: "the user, but its own deny", principal: ann, identity: []string{denyS3}, resource: []string{granting(Allow, aws(ann.ARN))}, want: "explicit identity-based policy"},
		{name: "both allow", principal: ann, identity: []string{allowS3}, resource: []string{granting(Allow, aws(ann.ARN))}, want: byResourcePolicy},
		{name: "only the identity allows", principal: ann, identity: []string{allowS3}, resource: []string{granting(Allow, aws(user("bob").ARN))}, want: byIdentityPolicy},
		{name: "the resource denies", principal: ann, identity: []string{allowS3}, resource: []string{granting(Deny, aws(ann.ARN))}, want: "explicit resource-based policy"},
		{name: "the resource denies somebody else", principal: ann, identity: []string{allowS3}, resource: []string{granting(Deny, aws(user("bob").ARN))}, want: byIdentityPolicy},
		{name: "the resource denies the account", principal: ann, identity: []string{allowS3}, resource: []string{granting(Deny, aws(account))}, want: "explicit resource-based policy"},

		{name: "the account leaves it to the account", principal: ann, resource: []string{granting(Allow, aws(account))}, want: noIdentity},
		{name: "the account's root stands for the account", principal: ann, resource: []string{granting(Allow, aws(accountRoot().ARN))}, want: noIdentity},
		{name: "account and identity", principal: ann, identity: []string{allowS3}, resource: []string{granting(Allow, aws(account))}, want: byIdentityPolicy},
		{name: "account and the user", principal: ann, resource: []string{granting(Allow, aws(account)), granting(Allow, aws(ann.ARN))}, want: byResourcePolicy},
		{name: "everybody", principal: ann, resource: []string{granting(Allow, `"*"`)}, want: byResourcePolicy},
		{name: "everybody of AWS", principal: ann, resource: []string{granting(Allow, aws("*"))}, want: byResourcePolicy},
		{name: "everybody, despite a boundary", principal: ann, boundary: []string{allowEC2}, resource: []string{granting(Allow, `"*"`)}, want: byResourcePolicy},
		{name: "everybody with a principal's ARN, despite the session", principal: deploy, session: []string{allowEC2},
			resource: []string{granting(Allow, `"*"`) + `,"Condition":{"ArnEquals":{"aws:PrincipalArn":"` + roleARN + `"}}`},
			context:  []string{"aws:PrincipalArn=" + roleARN}, want: byResourcePolicy},

		{name: "the role is named", principal: deploy, resource: []string{granting(Allow, aws(roleARN))}, want: byResourcePolicy},
		{name: "the role's unique id", principal: deploy, resource: []string{granting(Allow, aws(deploy.IssuerID))}, want: byResourcePolicy},
		{name: "the role, limited by a boundary", principal: deploy, boundary: []string{allowEC2}, resource: []string{granting(Allow, aws(roleARN))}, want: noBoundary},
		{name: "the role, within a boundary", principal: deploy, boundary: []string{allowS3}, resource: []string{granting(Allow, aws(roleARN))}, want: byResourcePolicy},
		{name: "the role, limited by the session", principal: deploy, session: []string{allowEC2}, resource: []string{granting(Allow, aws(roleARN))}, want: noSession},
		{name: "the role, within the session", principal: deploy, session: []string{allowS3}, resource: []string{granting(Allow, aws(roleARN))}, want: byResourcePolicy},
		{name: "another role", principal: deploy, resource: []string{granting(Allow, aws(roleARN+"-2"))}, want: noIdentity},
		{name: "the session is named", principal: deploy, resource: []string{granting(Allow, aws(deploy.ARN))}, want: byResourcePolicy},
		{name: "the session, despite a boundary", principal: deploy, boundary: []string{allowEC2}, resource: []string{granting(Allow, aws(deploy.ARN))}, want: byResourcePolicy},
		{name: "the session, despite its policy", principal: deploy, session: []string{allowEC2}, resource: []string{granting(Allow, aws(deploy.ARN))}, want: byResourcePolicy},
		{name: "the session, but its policy's deny", principal: deploy, session: []string{denyS3}, resource: []string{granting(Allow, aws(deploy.ARN))}, want: "explicit session policy"},
		{name: "another session of the role", principal: deploy, resource: []string{granting(Allow, aws(roleSession("deploy", "me").ARN))}, want: noIdentity},
		{name: "role and session", principal: deploy, session: []string{allowEC2}, resource: []string{granting(Allow, aws(roleARN)), granting(Allow, aws(deploy.ARN))}, want: byResourcePolicy},

		{name: "the federated user is named", principal: guest, resource: []string{granting(Allow, aws(guest.ARN))}, want: byResourcePolicy},
		{name: "the federated user's user is named", principal: guest, resource: []string{granting(Allow, aws(guest.IssuerARN))}, want: noSession},
		{name: "its user and a session policy", principal: guest, session: []string{allowS3}, resource: []string{granting(Allow, aws(guest.IssuerARN))}, want: byResourcePolicy},
		{name: "its user and a narrow session policy", principal: guest, session: []string{allowEC2}, resource: []string{granting(Allow, aws(guest.IssuerARN))}, want: noSession},
	})
}

// reference_policies_evaluation-logic-cross-account
func TestPoliciesAcrossAccounts(t *testing.T) {
	run(t, []evaluationCase{
		{name: "both allow", principal: ann, resourceAccount: other, identity: []string{allowS3}, resource: []string{granting(Allow, aws(ann.ARN))}, want: byIdentityPolicy},
		{name: "the account is trusted", principal: ann, resourceAccount: other, identity: []string{allowS3}, resource: []string{granting(Allow, aws(account))}, want: byIdentityPolicy},
		{name: "everybody is", principal: ann, resourceAccount: other, identity: []string{allowS3}, resource: []string{granting(Allow, `"*"`)}, want: byIdentityPolicy},
		{name: "only the resource allows", principal: ann, resourceAccount: other, resource: []string{granting(Allow, aws(ann.ARN))}, want: noIdentity},
		{name: "only the identity allows", principal: ann, resourceAccount: other, identity: []string{allowS3}, want: noResource},
		{name: "the resource names another", principal: ann, resourceAccount: other, identity: []string{allowS3}, resource: []string{granting(Allow, aws(other))}, want: noResource},
		{name: "nobody allows", principal: ann, resourceAccount: other, want: noIdentity},
		{name: "the resource denies", principal: ann, resourceAccount: other, identity: []string{allowS3}, resource: []string{granting(Allow, aws(account)), granting(Deny, aws(ann.ARN))}, want: "explicit resource-based policy"},
		{name: "a boundary limits", principal: ann, resourceAccount: other, identity: []string{allowS3}, boundary: []string{allowEC2}, resource: []string{granting(Allow, aws(ann.ARN))}, want: noBoundary},
		{name: "a session limits, though named", principal: deploy, resourceAccount: other, identity: []string{allowS3}, session: []string{allowEC2}, resource: []string{granting(Allow, aws(deploy.ARN))}, want: noSession},
		{name: "the role is named", principal: deploy, resourceAccount: other, identity: []string{allowS3}, resource: []string{granting(Allow, aws(roleARN))}, want: byIdentityPolicy},
		{name: "the role is named, and has no policy", principal: deploy, resourceAccount: other, resource: []string{granting(Allow, aws(roleARN))}, want: noIdentity},
		{name: "root of a trusted account", principal: accountRoot(), resourceAccount: other, resource: []string{granting(Allow, aws(account))}, want: byIdentityPolicy},
		{name: "root of another account", principal: accountRoot(), resourceAccount: other, want: noResource},
		{name: "the own account given as the resource's", principal: ann, resourceAccount: account, identity: []string{allowS3}, want: byIdentityPolicy},
	})
}

// reference_policies_elements_principal, reference_policies_elements_notprincipal
func TestPrincipalsAreNamedInEveryForm(t *testing.T) {
	trail := service("cloudtrail.amazonaws.com")
	anonymous := Principal{Type: Anonymous}
	chain := []string{deploy.ARN, roleARN, accountRoot().ARN}
	run(t, []evaluationCase{
		{name: "a service", principal: trail, resource: []string{granting(Allow, `{"Service":"cloudtrail.amazonaws.com"}`)}, want: byResourcePolicy},
		{name: "a service of a list", principal: trail, resource: []string{granting(Allow, `{"Service":["ec2.amazonaws.com","cloudtrail.amazonaws.com"]}`)}, want: byResourcePolicy},
		{name: "another service", principal: trail, resource: []string{granting(Allow, `{"Service":"ec2.amazonaws.com"}`)}, want: noResource},
		{name: "a service is no AWS principal", principal: trail, resource: []string{granting(Allow, aws(account))}, want: noResource},
		{name: "a service is not of the account it works for", principal: Principal{Type: AWSService, Service: trail.Service, AccountID: account}, resource: []string{granting(Allow, aws(account))}, want: noResource},
		{name: "an allow for nobody", principal: ann, resource: []string{allowS3}, want: noIdentity},
		{name: "a deny for nobody is for everybody", principal: ann, identity: []string{allowS3}, resource: []string{denyS3}, want: "explicit resource-based policy"},
		{name: "a service under everybody", principal: trail, resource: []string{granting(Allow, `"*"`)}, want: byResourcePolicy},
		{name: "a service and a deny for everybody", principal: trail, resource: []string{granting(Allow, `{"Service":"cloudtrail.amazonaws.com"}`), granting(Deny, `"*"`)}, want: "explicit resource-based policy"},
		{name: "nobody signed", principal: anonymous, resource: []string{granting(Allow, `"*"`)}, want: byResourcePolicy},
		{name: "nobody signed, AWS", principal: anonymous, resource: []string{granting(Allow, aws("*"))}, want: byResourcePolicy},
		{name: "nobody signed, an account", principal: anonymous, resource: []string{granting(Allow, aws(account))}, want: noResource},
		{name: "nobody signed, no policy", principal: anonymous, want: noResource},
		{name: "an identity policy is nobody's", principal: anonymous, identity: []string{allowAll}, want: noResource},
		{name: "several kinds", principal: ann, resource: []string{granting(Allow, `{"Service":"ec2.amazonaws.com","AWS":"`+ann.ARN+`"}`)}, want: byResourcePolicy},
		{name: "a user is no service", principal: ann, resource: []string{granting(Allow, `{"Service":"`+ann.ARN+`"}`)}, want: noIdentity},
		{name: "a canonical user", principal: Principal{Type: User, ARN: ann.ARN, AccountID: account, CanonicalUser: "79a59d"}, resourceAccount: other,
			identity: []string{allowS3}, resource: []string{granting(Allow, `{"CanonicalUser":"79a59d"}`)}, want: byIdentityPolicy},
		{name: "another canonical user", principal: Principal{Type: User, ARN: ann.ARN, AccountID: account, CanonicalUser: "79a59d"}, resourceAccount: other,
			identity: []string{allowS3}, resource: []string{granting(Allow, `{"CanonicalUser":"79a59e"}`)}, want: noResource},

		{name: "all but Bob and his account: Bob", principal: user("Bob"), identity: []string{allowS3}, resource: []string{excepting(Deny, aws(user("Bob").ARN, accountRoot().ARN))}, want: byIdentityPolicy},
		{name: "all but Bob and his account: Ann", principal: ann, identity: []string{allowS3}, resource: []string{excepting(Deny, aws(user("Bob").ARN, accountRoot().ARN))}, want: "explicit resource-based policy"},
		{name: "all but Bob, not his account: Bob", principal: user("Bob"), identity: []string{allowS3}, resource: []string{excepting(Deny, aws(user("Bob").ARN))}, want: "explicit resource-based policy"},
		{name: "all but the account: its user", principal: ann, identity: []string{allowS3}, resource: []string{excepting(Deny, aws(account))}, want: "explicit resource-based policy"},
		{name: "all but the account: its root", principal: accountRoot(), resource: []string{excepting(Deny, aws(account))}, want: byIdentityPolicy},
		{name: "all but session, role and account", principal: deploy, identity: []string{allowS3}, resource: []string{excepting(Deny, aws(chain...))}, want: byIdentityPolicy},
		{name: "all but role and account", principal: deploy, identity: []string{allowS3}, resource: []string{excepting(Deny, aws(chain[1:]...))}, want: "explicit resource-based policy"},
		{name: "all but session and account", principal: deploy, identity: []string{allowS3}, resource: []string{excepting(Deny, aws(chain[0], chain[2]))}, want: "explicit resource-based policy"},
		{name: "all but a service: the service", principal: trail, resource: []string{granting(Allow, `"*"`), excepting(Deny, `{"Service":"cloudtrail.amazonaws.com"}`)}, want: byResourcePolicy},
		{name: "all but a service: a user", principal: ann, identity: []string{allowS3}, resource: []string{excepting(Deny, `{"Service":"cloudtrail.amazonaws.com"}`)}, want: "explicit resource-based policy"},
		{name: "allowed to all but Bob: Ann", principal: ann, resource: []string{excepting(Allow, aws(user("Bob").ARN))}, want: byResourcePolicy},
		{name: "allowed to all but Bob: Bob", principal: user("Bob"), resource: []string{excepting(Allow, aws(user("Bob").ARN))}, want: noIdentity},
		{name: "allowed to all but an account: its user", principal: ann, resource: []string{excepting(Allow, aws(account))}, want: noIdentity},
		{name: "allowed to all but Bob: nobody signed", principal: anonymous, resource: []string{excepting(Allow, aws(user("Bob").ARN))}, want: byResourcePolicy},
	})
}
