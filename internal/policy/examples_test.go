package policy

import "testing"

// trusting is a statement of a role's trust policy.
func trusting(effect Effect, principal, action, rest string) string {
	return `"Effect":"` + string(effect) + `","Principal":` + principal + `,"Action":"` + action + `"` + rest
}

const mayAssume = `"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/audit"`

// id_roles_create_for-user, id_roles_create_for-user_externalid,
// id_roles_providers_create_oidc, id_session-tags
func TestTrustPoliciesDecideWhoAssumesARole(t *testing.T) {
	const role = "arn:aws:iam::" + account + ":role/audit"
	assume := func(c evaluationCase) evaluationCase {
		c.target, c.mustAllow = role, true
		if c.action == "" {
			c.action = "sts:AssumeRole"
		}
		return c
	}
	externalID := `,"Condition":{"StringEquals":{"sts:ExternalId":"12345"}}`
	google := `{"Federated":"accounts.google.com"}`
	audience := `,"Condition":{"StringEquals":{"accounts.google.com:aud":"app-1"}}`
	mfa := `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}`
	cases := []evaluationCase{
		{name: "account and identity", principal: ann, identity: []string{mayAssume}, resource: []string{trusting(Allow, aws(account), "sts:AssumeRole", "")}, want: byIdentityPolicy},
		{name: "account alone", principal: ann, resource: []string{trusting(Allow, aws(account), "sts:AssumeRole", "")}, want: noIdentity},
		{name: "the user alone, same account", principal: ann, resource: []string{trusting(Allow, aws(ann.ARN), "sts:AssumeRole", "")}, want: byResourcePolicy},
		{name: "the role alone, same account", principal: deploy, resource: []string{trusting(Allow, aws(roleARN), "sts:AssumeRole", "")}, want: byResourcePolicy},
		{name: "identity alone", principal: ann, identity: []string{allowAll}, resource: []string{trusting(Allow, aws(user("bob").ARN), "sts:AssumeRole", "")}, want: noResource},
		{name: "an administrator is not trusted", principal: ann, identity: []string{allowAll}, resource: []string{trusting(Allow, `{"Service":"ec2.amazonaws.com"}`, "sts:AssumeRole", "")}, want: noResource},
		{name: "another account, both", principal: ann, resourceAccount: other, identity: []string{mayAssume}, resource: []string{trusting(Allow, aws(account), "sts:AssumeRole", externalID)}, context: []string{"sts:ExternalId=12345"}, want: byIdentityPolicy},
		{name: "another account, no external id", principal: ann, resourceAccount: other, identity: []string{mayAssume}, resource: []string{trusting(Allow, aws(account), "sts:AssumeRole", externalID)}, want: noResource},
		{name: "another account, wrong external id", principal: ann, resourceAccount: other, identity: []string{mayAssume}, resource: []string{trusting(Allow, aws(account), "sts:AssumeRole", externalID)}, context: []string{"sts:ExternalId=12346"}, want: noResource},
		{name: "another account, trusts the user only", principal: ann, resourceAccount: other, resource: []string{trusting(Allow, aws(ann.ARN), "sts:AssumeRole", "")}, want: noIdentity},
		{name: "a deny in the trust", principal: ann, identity: []string{mayAssume}, resource: []string{trusting(Allow, aws(account), "sts:AssumeRole", ""), trusting(Deny, aws(ann.ARN), "sts:*", "")}, want: "explicit resource-based policy"},
		{name: "MFA, fresh", principal: ann, identity: []string{mayAssume}, resource: []string{trusting(Allow, aws(account), "sts:AssumeRole", mfa)}, context: []string{"aws:MultiFactorAuthPresent=true", "aws:MultiFactorAuthAge=10"}, want: byIdentityPolicy},
		{name: "MFA, old", principal: ann, identity: []string{mayAssume}, resource: []string{trusting(Allow, aws(account), "sts:AssumeRole", mfa)}, context: []string{"aws:MultiFactorAuthPresent=true", "aws:MultiFactorAuthAge=3600"}, want: noResource},
		{name: "MFA, none", principal: ann, identity: []string{mayAssume}, resource: []string{trusting(Allow, aws(account), "sts:AssumeRole", mfa)}, want: noResource},
		{name: "a service", principal: service("ec2.amazonaws.com"), resource: []string{trusting(Allow, `{"Service":"ec2.amazonaws.com"}`, "sts:AssumeRole", "")}, want: byResourcePolicy},
		{name: "a service not named", principal: service("lambda.amazonaws.com"), resource: []string{trusting(Allow, `{"Service":"ec2.amazonaws.com"}`, "sts:AssumeRole", "")}, want: noResource},
		{name: "web identity", principal: external("accounts.google.com"), action: "sts:AssumeRoleWithWebIdentity", resource: []string{trusting(Allow, google, "sts:AssumeRoleWithWebIdentity", audience)}, context: []string{"accounts.google.com:aud=app-1"}, want: byResourcePolicy},
		{name: "web identity for another app", principal: external("accounts.google.com"), action: "sts:AssumeRoleWithWebIdentity", resource: []string{trusting(Allow, google, "sts:AssumeRoleWithWebIdentity", audience)}, context: []string{"accounts.google.com:aud=app-2"}, want: noResource},
		{name: "web identity of another provider", principal: external("www.amazon.com"), action: "sts:AssumeRoleWithWebIdentity", resource: []string{trusting(Allow, google, "sts:AssumeRoleWithWebIdentity", "")}, want: noResource},
		{name: "web identity where AssumeRole is trusted", principal: external("accounts.google.com"), action: "sts:AssumeRoleWithWebIdentity", resource: []string{trusting(Allow, google, "sts:AssumeRole", "")}, want: noResource},
		{name: "an OIDC provider's ARN", principal: external("arn:aws:iam::" + account + ":oidc-provider/idp.example.com"), action: "sts:AssumeRoleWithWebIdentity",
			resource: []string{trusting(Allow, `{"Federated":"arn:aws:iam::`+account+`:oidc-provider/idp.example.com"}`, "sts:AssumeRoleWithWebIdentity", `,"Condition":{"StringLike":{"idp.example.com:sub":"repo:org/*"}}`)},
			context:  []string{"idp.example.com:sub=repo:org/app:ref:main"}, want: byResourcePolicy},
		{name: "tags may not be passed", principal: ann, action: "sts:TagSession", identity: []string{`"Effect":"Allow","Action":"sts:*","Resource":"*"`}, resource: []string{trusting(Allow, aws(account), "sts:AssumeRole", "")}, want: noResource},
		{name: "tags may be passed", principal: ann, action: "sts:TagSession", identity: []string{`"Effect":"Allow","Action":"sts:*","Resource":"*"`}, resource: []string{trusting(Allow, aws(account), "sts:TagSession", `,"Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}`)}, context: []string{"aws:TagKeys=team"}, want: byIdentityPolicy},
		{name: "a session policy limits a chained role", principal: deploy, session: []string{allowS3}, identity: []string{mayAssume}, resource: []string{trusting(Allow, aws(account), "sts:AssumeRole", "")}, want: noSession},
	}
	for i := range cases {
		cases[i] = assume(cases[i])
	}
	run(t, cases)
}

// reference_policies_evaluation-logic_policy-eval-basics (Carlos and his
// buckets), access_policies_boundaries (Shirley), AccessPolicyLanguage_Interplay
func TestExamplesOfTheEvaluationLogic(t *testing.T) {
	carlos := user("carlossalazar")
	own := []string{
		`"Sid":"AllowS3ListRead","Effect":"Allow","Action":["s3:GetBucketLocation","s3:GetAccountPublicAccessBlock","s3:ListAccessPoints","s3:ListAllMyBuckets"],"Resource":"arn:aws:s3:::*"`,
		`"Sid":"AllowS3Self","Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::carlossalazar/*","arn:aws:s3:::carlossalazar"]`,
		`"Sid":"DenyS3Logs","Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::*log*"`,
	}
	bucket := []string{`"Effect":"Allow","Principal":{"AWS":"` + carlos.ARN + `"},"Action":"s3:*","Resource":["arn:aws:s3:::carlossalazar/*","arn:aws:s3:::carlossalazar"]`}
	shirley := user("ShirleyRodriguez")
	limit := []string{
		`"Effect":"Allow","Action":["s3:*","cloudwatch:*","ec2:*"],"Resource":"*"`,
	}
	lists := []string{
		`"Sid":"AllowGetList","Effect":"Allow","Action":["iam:Get*","iam:List*"],"Resource":"*"`,
		`"Sid":"DenyReports","Effect":"Deny","Action":"iam:*Report","Resource":"*"`,
	}
	run(t, []evaluationCase{
		{name: "Carlos lists buckets", principal: carlos, identity: own, action: "s3:ListAllMyBuckets", target: "arn:aws:s3:::*", want: byIdentityPolicy},
		{name: "Carlos writes into his logs", principal: carlos, identity: own, resource: bucket, action: "s3:PutObject", target: "arn:aws:s3:::carlossalazar-logs/x", want: "explicit identity-based policy"},
		{name: "Carlos writes into his bucket", principal: carlos, identity: own, resource: bucket, action: "s3:PutObject", target: "arn:aws:s3:::carlossalazar/x", want: byResourcePolicy},
		{name: "Carlos reads a log in his bucket", principal: carlos, identity: own, resource: bucket, target: "arn:aws:s3:::carlossalazar/a.log", want: "explicit identity-based policy"},
		{name: "Carlos writes elsewhere", principal: carlos, identity: own, action: "s3:PutObject", target: "arn:aws:s3:::else/x", want: noIdentity},

		{name: "Shirley makes a user", principal: shirley, boundary: limit, identity: []string{`"Effect":"Allow","Action":"iam:CreateUser","Resource":"*"`}, action: "iam:CreateUser", target: "arn:aws:iam::" + account + ":user/x", want: noBoundary},
		{name: "Shirley has no policy", principal: shirley, boundary: limit, action: "s3:CreateBucket", target: "arn:aws:s3:::b", want: noIdentity},
		{name: "Shirley makes a bucket", principal: shirley, boundary: limit, identity: []string{allowAll}, action: "s3:CreateBucket", target: "arn:aws:s3:::b", want: byIdentityPolicy},

		{name: "allowed", principal: ann, identity: lists, action: "iam:ListUsers", target: "*", want: byIdentityPolicy},
		{name: "implicitly denied", principal: ann, identity: lists, action: "iam:CreatePolicy", target: "*", want: noIdentity},
		{name: "explicitly denied", principal: ann, identity: lists, action: "iam:GetOrganizationsAccessReport", target: "*", want: "explicit identity-based policy"},
		{name: "explicitly denied and not allowed", principal: ann, identity: lists, action: "iam:GenerateCredentialReport", target: "*", want: "explicit identity-based policy"},
	})
}

// reference_policies_elements_action, …_notaction, …_resource, …_notresource
func TestActionsAndResourcesMatch(t *testing.T) {
	allow := func(actions, resources string) []string {
		return []string{`"Effect":"Allow",` + actions + `,` + resources}
	}
	const every = `"Resource":"*"`
	const instance = "arn:aws:ec2:eu-west-1:" + account + ":instance/i-1"
	run(t, []evaluationCase{
		{name: "actions have no case", principal: ann, identity: allow(`"Action":"S3:getOBJECT"`, every), want: byIdentityPolicy},
		{name: "the request's action neither", principal: ann, action: "S3:GETOBJECT", identity: allow(`"Action":"s3:GetObject"`, every), want: byIdentityPolicy},
		{name: "a star in the middle", principal: ann, action: "iam:UpdateAccessKey", target: "*", identity: allow(`"Action":"iam:*AccessKey*"`, every), want: byIdentityPolicy},
		{name: "a question mark", principal: ann, identity: allow(`"Action":"s3:Get?bject"`, every), want: byIdentityPolicy},
		{name: "a question mark is one character", principal: ann, identity: allow(`"Action":"s3:GetObject?"`, every), want: noIdentity},
		{name: "a prefix is not enough", principal: ann, action: "s3:GetObjectAcl", identity: allow(`"Action":"s3:GetObject"`, every), want: noIdentity},
		{name: "a list", principal: ann, identity: allow(`"Action":["ec2:*","s3:Get*"]`, every), want: byIdentityPolicy},
		{name: "no action", principal: ann, identity: allow(`"Action":[]`, every), want: noIdentity},
		{name: "all but IAM: S3", principal: ann, identity: allow(`"NotAction":"iam:*"`, every), want: byIdentityPolicy},
		{name: "all but IAM: IAM", principal: ann, action: "iam:ListUsers", target: "*", identity: allow(`"NotAction":"IAM:*"`, every), want: noIdentity},
		{name: "all but some: one of them", principal: ann, identity: allow(`"NotAction":["iam:*","s3:GetObject"]`, every), want: noIdentity},
		{name: "deny all but some", principal: ann, identity: []string{allowAll, `"Effect":"Deny","NotAction":["s3:*","iam:*"],"Resource":"*"`}, action: "ec2:RunInstances", target: instance, want: "explicit identity-based policy"},

		{name: "everything in a bucket", principal: ann, identity: allow(`"Action":"*"`, `"Resource":"arn:aws:s3:::bucket/*"`), want: byIdentityPolicy},
		{name: "the bucket is not in itself", principal: ann, target: "arn:aws:s3:::bucket", identity: allow(`"Action":"*"`, `"Resource":"arn:aws:s3:::bucket/*"`), want: noIdentity},
		{name: "resources have case", principal: ann, identity: allow(`"Action":"*"`, `"Resource":"arn:aws:s3:::Bucket/*"`), want: noIdentity},
		{name: "a star matches slashes", principal: ann, target: "arn:aws:s3:::bucket/a/b/c", identity: allow(`"Action":"*"`, `"Resource":"arn:aws:s3:::bucket/*/c"`), want: byIdentityPolicy},
		{name: "a star matches colons of the last part", principal: ann, target: "arn:aws:logs:eu-west-1:" + account + ":log-group:g:log-stream:s", identity: allow(`"Action":"*"`, `"Resource":"arn:aws:logs:*:*:log-group:*"`), want: byIdentityPolicy},
		{name: "a star stays in the account", principal: ann, target: "arn:aws:logs:eu-west-1:1:x:2:log-group:g", identity: allow(`"Action":"*"`, `"Resource":"arn:aws:logs:eu-west-1:*:log-group:g"`), want: noIdentity},
		{name: "a star for the Region", principal: ann, target: instance, identity: allow(`"Action":"*"`, `"Resource":"arn:aws:ec2:*:`+account+`:instance/*"`), want: byIdentityPolicy},
		{name: "another account's", principal: ann, target: instance, identity: allow(`"Action":"*"`, `"Resource":"arn:aws:ec2:*:`+other+`:instance/*"`), want: noIdentity},
		{name: "a short pattern with a star", principal: ann, target: instance, identity: allow(`"Action":"*"`, `"Resource":"arn:aws:ec2:*"`), want: byIdentityPolicy},
		{name: "a short pattern of another service", principal: ann, target: instance, identity: allow(`"Action":"*"`, `"Resource":"arn:aws:s3:*"`), want: noIdentity},
		{name: "no resource under a pattern", principal: ann, action: "ec2:DescribeInstances", target: "*", identity: allow(`"Action":"*"`, `"Resource":"arn:aws:ec2:*:*:instance/*"`), want: noIdentity},
		{name: "no resource under a star", principal: ann, action: "ec2:DescribeInstances", target: "*", identity: allow(`"Action":"*"`, every), want: byIdentityPolicy},
		{name: "one of several", principal: ann, target: "arn:aws:s3:::bucket", identity: allow(`"Action":"*"`, `"Resource":["arn:aws:s3:::bucket/*","arn:aws:s3:::bucket"]`), want: byIdentityPolicy},
		{name: "all but a bucket: another", principal: ann, target: "arn:aws:s3:::open/k", identity: allow(`"Action":"*"`, `"NotResource":["arn:aws:s3:::secret","arn:aws:s3:::secret/*"]`), want: byIdentityPolicy},
		{name: "all but a bucket: it", principal: ann, target: "arn:aws:s3:::secret/k", identity: allow(`"Action":"*"`, `"NotResource":["arn:aws:s3:::secret","arn:aws:s3:::secret/*"]`), want: noIdentity},
		{name: "deny all but a bucket", principal: ann, identity: []string{allowAll, `"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3:::bucket/*"`}, target: "arn:aws:s3:::other/k", want: "explicit identity-based policy"},
		{name: "deny all but a bucket: it", principal: ann, identity: []string{allowAll, `"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3:::bucket/*"`}, want: byIdentityPolicy},

		{name: "a home directory", principal: ann, target: "arn:aws:s3:::b/home/ann/x", context: []string{"aws:username=ann"}, identity: allow(`"Action":"*"`, `"Resource":"arn:aws:s3:::b/home/${aws:username}/*"`), want: byIdentityPolicy},
		{name: "another's home directory", principal: ann, target: "arn:aws:s3:::b/home/bob/x", context: []string{"aws:username=ann"}, identity: allow(`"Action":"*"`, `"Resource":"arn:aws:s3:::b/home/${aws:username}/*"`), want: noIdentity},
		{name: "a role has no user name", principal: deploy, target: "arn:aws:s3:::b/home//x", identity: allow(`"Action":"*"`, `"Resource":"arn:aws:s3:::b/home/${aws:username}/*"`), want: noIdentity},
		{name: "a tag with a star is no pattern", principal: ann, target: "arn:aws:s3:::b/anything", context: []string{"aws:PrincipalTag/p=*"}, identity: allow(`"Action":"*"`, `"Resource":"arn:aws:s3:::b/${aws:PrincipalTag/p}"`), want: noIdentity},
		{name: "a queue of one's own", principal: ann, target: "arn:aws:sqs:us-east-2:1:ann-queue", context: []string{"aws:username=ann"}, identity: allow(`"Action":"*"`, `"Resource":"arn:aws:sqs:us-east-2:*:${aws:username}-queue"`), want: byIdentityPolicy},
		{name: "no variable before the fifth colon", principal: ann, target: "arn:aws:sqs:us-east-2:1:q", context: []string{"aws:PrincipalAccount=1"}, identity: allow(`"Action":"*"`, `"Resource":"arn:aws:sqs:us-east-2:${aws:PrincipalAccount}:q"`), want: noIdentity},
		{name: "a default", principal: ann, target: "arn:aws:s3:::b/anonymous", identity: allow(`"Action":"*"`, `"Resource":"arn:aws:s3:::b/${aws:userid, 'anonymous'}"`), want: byIdentityPolicy},
	})
}

// troubleshoot_access-denied
func TestRefusalsAreInAWSsWords(t *testing.T) {
	const action = "s3:GetObject"
	for want, c := range map[string]evaluationCase{
		"because no identity-based policy allows the s3:GetObject action": {principal: ann},
		"with an explicit deny in an identity-based policy":               {principal: ann, identity: []string{denyS3}},
		"because no session policy allows the s3:GetObject action":        {principal: deploy, identity: []string{allowS3}, session: []string{allowEC2}},
		"with an explicit deny in a session policy":                       {principal: deploy, session: []string{denyS3}},
		"because no permissions boundary allows the s3:GetObject action":  {principal: ann, identity: []string{allowS3}, boundary: []string{allowEC2}},
		"with an explicit deny in a permissions boundary":                 {principal: ann, boundary: []string{denyS3}},
		"because no resource-based policy allows the s3:GetObject action": {principal: ann, identity: []string{allowS3}, resourceAccount: other},
		"with an explicit deny in a resource-based policy":                {principal: ann, resource: []string{granting(Deny, `"*"`)}},
		"because no VPC endpoint policy allows the s3:GetObject action":   {principal: ann, endpoint: []string{granting(Deny, aws(other))}},
		"with an explicit deny in a VPC endpoint policy":                  {principal: ann, endpoint: []string{granting(Deny, `"*"`)}},
		"": {principal: ann, identity: []string{allowS3}},
	} {
		if got := c.decide(t).Because(action); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestADecisionNamesItsStatement(t *testing.T) {
	p := Policies{Identity: []*Document{document(t, allowEC2), document(t, allowAll, `"Sid":"NoS3",`+denyS3)}}
	d := Evaluate(Request{Action: "s3:GetObject", Resource: object, Principal: ann}, p)
	if d.Document != 1 || d.Statement == nil || d.Statement.Sid != "NoS3" || d.Statement.Index != 1 {
		t.Errorf("decided by document %d, statement %+v", d.Document, d.Statement)
	}
	d = Evaluate(Request{Action: "ec2:RunInstances", Resource: "*", Principal: ann}, p)
	if !d.Allowed || d.Document != 0 || d.Statement == nil || d.Statement.Index != 0 {
		t.Errorf("decided by document %d, statement %+v", d.Document, d.Statement)
	}
}
