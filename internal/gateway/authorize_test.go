package gateway

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/access"
	"github.com/cairn-audit/cairn/internal/identity"
)

// granted are Permissions for tests: one identity-based policy.
type granted struct{ policy, boundary string }

func (g granted) Permissions(context.Context, identity.Credential) (identity.Permissions, error) {
	var p identity.Permissions
	if g.policy != "" {
		p.Identity = []identity.Document{{Text: g.policy}}
	}
	if g.boundary != "" {
		p.Boundary = &identity.Document{Text: g.boundary}
	}
	return p, nil
}

func (granted) PassedRole(_ context.Context, profile string) (string, error) {
	return strings.Replace(profile, ":instance-profile/", ":role/of-", 1), nil
}

// Named knows one user, /eng/Boss.
func (granted) Named(_ context.Context, account, parameter, name string) (n identity.Named, ok bool, err error) {
	if parameter != "UserName" || !strings.EqualFold(name, "boss") {
		return n, false, nil
	}
	return identity.Named{
		ARN: "arn:aws:iam::" + account + ":user/eng/Boss", Boundary: "arn:aws:iam::aws:policy/ReadOnlyAccess",
		Tags: []identity.Tag{{Key: "team", Value: "red"}},
	}, true, nil
}

func (granted) EncodeMessage(_ string, message []byte) string { return "<" + string(message) + ">" }

// alice is a user whom only policies allow anything.
var alice = identity.Credential{
	AccessKeyID: "AKIAALICE00000000000", SecretAccessKey: "alice's secret", AccountID: testAccount,
	Identity: event.UserIdentity{
		Type: event.IAMUser, ARN: "arn:aws:iam::" + testAccount + ":user/alice", AccountID: testAccount,
		UserName: "alice", PrincipalID: "AIDAALICE", AccessKeyID: "AKIAALICE00000000000",
	},
	Principal: identity.Principal{Kind: identity.IAMUser, AccountID: testAccount, Name: "alice", ID: "AIDAALICE"},
}

func statement(effect, action, resource string) string {
	return `{"Version":"2012-10-17","Statement":{"Sid":"S","Effect":"` + effect + `","Action":"` + action + `","Resource":"` + resource + `"}}`
}

func TestPoliciesDecideAndARefusalHasItsServicesForm(t *testing.T) {
	table, err := access.Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name               string
		permissions        granted
		service, operation string
		params             map[string]any
		status             int
		text, recorded     string // of the error; recorded is empty where the call is allowed
	}{
		{"allowed", granted{policy: statement("Allow", "ec2:Describe*", "*")}, "ec2", "DescribeVpcs", nil, 200, "", ""},
		{"allowed by resource", granted{policy: statement("Allow", "s3:GetBucketAcl", "arn:aws:s3:::mine")}, "s3", "GetBucketAcl",
			map[string]any{"Bucket": "mine"}, 200, "", ""},
		{"nothing allows, EC2", granted{}, "ec2", "CreateKeyPair", createKey, 403,
			"<Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this operation. User: arn:aws:iam::111122223333:user/alice is not authorized to perform: ec2:CreateKeyPair", "Client.UnauthorizedOperation"},
		{"nothing allows, JSON", granted{}, "ecs", "CreateCluster", nil, 400, "AccessDeniedException", "AccessDenied"},
		{"nothing allows, REST", granted{}, "lambda", "ListFunctions", nil, 403, "AccessDeniedException", "AccessDenied"},
		{"nothing allows, Query", granted{}, "autoscaling", "DescribeAutoScalingGroups", nil, 403, "<Code>AccessDenied</Code>", "AccessDenied"},
		{"nothing allows, SNS", granted{}, "sns", "ListTopics", nil, 403,
			"<Code>AuthorizationError</Code><Message>User: arn:aws:iam::111122223333:user/alice is not authorized to perform: SNS:ListTopics on resource: arn:aws:sns:" + testRegion + ":111122223333:* because no identity-based policy allows the SNS:ListTopics action", "AccessDenied"},
		{"another resource, S3", granted{policy: statement("Allow", "s3:*", "arn:aws:s3:::mine")}, "s3", "GetBucketAcl",
			map[string]any{"Bucket": "other"}, 403, "because no identity-based policy allows the s3:GetBucketAcl action", "AccessDenied"},
		{"an explicit deny", granted{policy: statement("Deny", "sns:*", "*")}, "sns", "ListTopics", nil, 403,
			"with an explicit deny in an identity-based policy", "AccessDenied"},
		{"a boundary", granted{policy: statement("Allow", "*", "*"), boundary: statement("Allow", "s3:*", "*")}, "sns", "ListTopics", nil, 403,
			"because no permissions boundary allows the SNS:ListTopics action", "AccessDenied"},
		{"what no service calls for anybody", granted{policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
			{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:ViaAWSService":"false","aws:PrincipalIsAWSService":"false"}}}]}`},
			"sns", "ListTopics", nil, 403, "with an explicit deny in an identity-based policy", "AccessDenied"},
		{"who one is needs no permission", granted{}, "sts", "GetCallerIdentity", nil, 200, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var calls atomic.Int64
			f := newFront(t, keys(&calls, nil), func(o *Options) {
				o.Identities = knownKeys{alice.AccessKeyID: alice}
				o.Permissions, o.Access = test.permissions, table
			})
			a := f.do(f.http(request{service: test.service, operation: test.operation, params: test.params, key: alice}))
			a.mustHave(t, test.status, test.text)
			if allowed := test.recorded == ""; allowed != (calls.Load() == 1) {
				t.Errorf("the backend was called %d times", calls.Load())
			}
			e := f.journal.only()
			if e.ErrorCode != test.recorded || e.UserIdentity.UserName != "alice" {
				t.Errorf("event with error %q of %+v", e.ErrorCode, e.UserIdentity)
			}
			if keeps := test.service == "ec2" || test.service == "s3"; test.recorded != "" && keeps == (string(e.RequestParameters) == "null") {
				t.Errorf("requestParameters of the refused call: %s", e.RequestParameters)
			}
		})
	}
}

func TestAnEncodedMessageSaysWhatWasMissing(t *testing.T) {
	table, err := access.Open()
	if err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int64
	f := newFront(t, keys(&calls, nil), func(o *Options) {
		o.Identities = knownKeys{alice.AccessKeyID: alice}
		o.Permissions, o.Access = granted{policy: statement("Deny", "ec2:*", "*")}, table
	})
	f.do(f.http(request{service: "ec2", operation: "CreateKeyPair", params: createKey, key: alice}))
	_, encoded, ok := strings.Cut(f.journal.only().ErrorMessage, "Encoded authorization failure message: <")
	if !ok {
		t.Fatal("the event has no encoded message")
	}
	var message struct {
		Allowed, ExplicitDeny bool
		Context               struct {
			Action    string
			Principal struct{ ARN string }
		}
	}
	if err := json.Unmarshal([]byte(strings.TrimSuffix(encoded, ">")), &message); err != nil {
		t.Fatalf("%v in %s", err, encoded)
	}
	if message.Allowed || !message.ExplicitDeny || message.Context.Action != "ec2:CreateKeyPair" || message.Context.Principal.ARN != alice.Identity.ARN {
		t.Errorf("the message says %+v", message)
	}
}
