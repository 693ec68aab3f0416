package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/access"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/policy"
)

const neighbour = "444455556666"

// owned are ResourcePolicies for tests: the policy and the owner of each bucket.
type owned map[string]struct{ account, policy string }

func (o owned) ResourcePolicy(_ context.Context, r policy.Request) (*policy.Document, string, error) {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.Resource, "arn:aws:s3:::"), "/")
	if name == "broken" {
		return nil, "", errors.New("the policy cannot be read")
	}
	b := o[name]
	if b.policy == "" {
		return nil, b.account, nil
	}
	d, err := policy.ParseAs(policy.Resource, []byte(b.policy))
	return d, b.account, err
}

// bucketPolicy is a policy of one statement; more is added to it.
func bucketPolicy(effect, principal, action, resource, more string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Principal":` + principal + `,"Action":"` + action +
		`","Resource":"` + resource + `"` + more + `}]}`
}

// keeping is a front with an object store whose buckets have policies. It counts
// the calls that reach the store, by the account that they are of.
func keeping(t *testing.T, buckets owned, who identity.Credential, p granted) (*front, *[]string) {
	t.Helper()
	table, err := access.Open()
	if err != nil {
		t.Fatal(err)
	}
	store := &seenStore{}
	return newFront(t, Objects(store, Limits{}), func(o *Options) {
		o.Identities = knownKeys{who.AccessKeyID: who}
		o.Permissions, o.Access, o.ResourcePolicies = p, table, map[string]ResourcePolicies{"s3": buckets}
	}), &store.accounts
}

// seenStore is an ObjectStore that notes whose requests it gets.
type seenStore struct{ accounts []string }

func (s *seenStore) Forward(_ context.Context, account string, r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
	}
	s.accounts = append(s.accounts, account)
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}, nil
}

var rootKey = identity.Credential{
	AccessKeyID: testKey.AccessKeyID, SecretAccessKey: testKey.SecretAccessKey, AccountID: testAccount, Identity: testKey.Identity,
	Principal: identity.Principal{Kind: identity.RootUser, AccountID: testAccount, ID: testAccount},
}

func TestPoliciesOfBucketsDecideWithThoseOfTheCaller(t *testing.T) {
	const object, all = "arn:aws:s3:::b/*", `"*"`
	aliceARN, account := `{"AWS":"`+alice.Identity.ARN+`"}`, `{"AWS":"`+testAccount+`"}`
	allowed := granted{policy: statement("Allow", "s3:*", "*")}
	get := map[string]any{"Bucket": "b", "Key": "k"}
	for _, test := range []struct {
		name      string
		owner     string
		policy    string
		who       identity.Credential // the zero key is nobody's
		own       granted
		operation string
		params    map[string]any
		allowed   bool
	}{
		{"in one account, the caller's policy", testAccount, "", alice, allowed, "GetObject", get, true},
		{"in one account, the bucket's policy", testAccount, bucketPolicy("Allow", aliceARN, "s3:GetObject", object, ""), alice, granted{}, "GetObject", get, true},
		{"in one account, neither", testAccount, "", alice, granted{}, "GetObject", get, false},
		{"in one account, the bucket's policy for the account", testAccount, bucketPolicy("Allow", account, "s3:GetObject", object, ""), alice, granted{}, "GetObject", get, false},
		{"in one account, an explicit deny", testAccount, bucketPolicy("Deny", all, "s3:GetObject", object, ""), alice, allowed, "GetObject", get, false},
		{"across accounts, both", neighbour, bucketPolicy("Allow", account, "s3:GetObject", object, ""), alice, allowed, "GetObject", get, true},
		{"across accounts, the caller's alone", neighbour, "", alice, allowed, "GetObject", get, false},
		{"across accounts, the bucket's alone", neighbour, bucketPolicy("Allow", aliceARN, "s3:GetObject", object, ""), alice, granted{}, "GetObject", get, false},
		{"across accounts, for everybody", neighbour, bucketPolicy("Allow", all, "s3:GetObject", object, ""), alice, allowed, "GetObject", get, true},
		{"across accounts, another action", neighbour, bucketPolicy("Allow", account, "s3:ListBucket", "arn:aws:s3:::b", ""), alice, allowed, "GetObject", get, false},
		{"the root of the bucket's account", testAccount, "", rootKey, granted{}, "GetObject", get, true},
		{"the root of the bucket's account, denied", testAccount, bucketPolicy("Deny", all, "s3:*", object, ""), rootKey, granted{}, "GetObject", get, false},
		{"the root of another account", neighbour, "", rootKey, granted{}, "GetObject", get, false},
		{"the root of another account, allowed", neighbour, bucketPolicy("Allow", account, "s3:GetObject", object, ""), rootKey, granted{}, "GetObject", get, true},
		{"no bucket", "", "", alice, allowed, "GetObject", get, true},
		{"nobody", neighbour, "", identity.Credential{}, granted{}, "GetObject", get, false},
		{"nobody, in a bucket for everybody", neighbour, bucketPolicy("Allow", all, "s3:GetObject", object, ""), identity.Credential{}, granted{}, "GetObject", get, true},
		{"nobody, in a bucket for an account", neighbour, bucketPolicy("Allow", account, "s3:GetObject", object, ""), identity.Credential{}, granted{}, "GetObject", get, false},
		{"nobody, where accounts are asked for", neighbour, bucketPolicy("Allow", all, "s3:GetObject", object,
			`,"Condition":{"StringEquals":{"aws:PrincipalAccount":"`+testAccount+`"}}`), identity.Credential{}, granted{}, "GetObject", get, false},
		{"nobody, denied", neighbour, bucketPolicy("Deny", all, "s3:GetObject", object, ""), identity.Credential{}, granted{}, "GetObject", get, false},
		{"nobody, in no bucket", "", "", identity.Credential{}, granted{}, "GetObject", get, false},
		{"nobody, to list buckets", neighbour, bucketPolicy("Allow", all, "s3:*", object, ""), identity.Credential{}, granted{}, "ListBuckets", nil, false},
		{"nobody, to make a bucket", "", "", identity.Credential{}, granted{}, "CreateBucket", map[string]any{"Bucket": "new"}, false},
		{"an upload of nobody's", neighbour, bucketPolicy("Allow", all, "s3:PutObject", object, ""), identity.Credential{}, granted{}, "PutObject", get, true},
		{"by the ACL that is asked for", neighbour, bucketPolicy("Allow", all, "s3:PutObject*", object,
			`,"Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}`), alice, allowed, "PutObject",
			map[string]any{"Bucket": "b", "Key": "k", "ACL": "bucket-owner-full-control"}, true},
		{"by an ACL that is not asked for", neighbour, bucketPolicy("Allow", all, "s3:PutObject*", object,
			`,"Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}`), alice, allowed, "PutObject", get, false},
		{"by the prefix", testAccount, bucketPolicy("Allow", aliceARN, "s3:ListBucket", "arn:aws:s3:::b",
			`,"Condition":{"StringLike":{"s3:prefix":"home/*"},"NumericLessThanEquals":{"s3:max-keys":"10"}}`), alice, granted{}, "ListObjectsV2",
			map[string]any{"Bucket": "b", "Prefix": "home/a", "MaxKeys": int64(10)}, true},
		{"by another prefix", testAccount, bucketPolicy("Allow", aliceARN, "s3:ListBucket", "arn:aws:s3:::b",
			`,"Condition":{"StringLike":{"s3:prefix":"home/*"}}`), alice, granted{}, "ListObjectsV2", map[string]any{"Bucket": "b", "Prefix": ""}, false},
		{"by the empty prefix", testAccount, bucketPolicy("Allow", aliceARN, "s3:ListBucket", "arn:aws:s3:::b",
			`,"Condition":{"StringEquals":{"s3:prefix":"","s3:delimiter":"/"}}`), alice, granted{}, "ListObjectsV2",
			map[string]any{"Bucket": "b", "Prefix": "", "Delimiter": "/"}, true},
		{"by the version", testAccount, bucketPolicy("Deny", all, "s3:GetObjectVersion", object,
			`,"Condition":{"StringEquals":{"s3:VersionId":"v1"}}`), alice, allowed, "GetObject", map[string]any{"Bucket": "b", "Key": "k", "VersionId": "v1"}, false},
		{"by what signs", testAccount, bucketPolicy("Deny", all, "s3:*", object,
			`,"Condition":{"StringNotEquals":{"s3:authType":"REST-QUERY-STRING"}}`), alice, allowed, "GetObject", get, false},
		{"by the account of the bucket", testAccount, bucketPolicy("Deny", all, "s3:*", object,
			`,"Condition":{"StringEquals":{"aws:ResourceAccount":"`+testAccount+`"}}`), alice, allowed, "GetObject", get, false},
		{"a copy from a bucket that does not allow it", testAccount, "", alice, allowed, "CopyObject",
			map[string]any{"Bucket": "b", "Key": "k", "CopySource": "closed/k"}, false},
		{"a copy from a bucket that allows it", testAccount, "", alice, allowed, "CopyObject",
			map[string]any{"Bucket": "b", "Key": "k", "CopySource": "open/k"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			buckets := owned{
				"b": {test.owner, test.policy}, "closed": {neighbour, ""},
				"open": {neighbour, bucketPolicy("Allow", `"*"`, "s3:GetObject", "arn:aws:s3:::open/*", "")},
			}
			f, calls := keeping(t, buckets, test.who, test.own)
			a := f.do(f.http(request{service: "s3", operation: test.operation, params: test.params, key: test.who}))
			if allowed := a.status == 200; allowed != test.allowed || allowed != (len(*calls) == 1) {
				t.Errorf("answer %d %s, calls of %q", a.status, a.body, *calls)
			}
			if len(*calls) > 0 && (*calls)[0] != test.who.AccountID {
				t.Errorf("a call of %q", *calls)
			}
			if !test.allowed {
				a.mustHave(t, 403, "<Code>AccessDenied</Code>")
			}
		})
	}
}

func TestTheOwnerOfABucketIsToldWhoUsesIt(t *testing.T) {
	open := bucketPolicy("Allow", `"*"`, "s3:GetObject", "arn:aws:s3:::b/*", "")
	get := request{service: "s3", operation: "GetObject", params: map[string]any{"Bucket": "b", "Key": "k"}, key: alice}
	f, _ := keeping(t, owned{"b": {neighbour, open}}, alice, granted{policy: statement("Allow", "s3:*", "*")})
	f.do(f.http(get)).mustHave(t, 200, "")
	events := f.journal.events()
	if len(events) != 2 || events[0].SharedEventID == "" || events[0].SharedEventID != events[1].SharedEventID {
		t.Fatalf("events %+v", events)
	}
	if events[0].RecipientAccountID != testAccount || events[0].UserIdentity.UserName != "alice" {
		t.Errorf("the caller's: of %s by %+v", events[0].RecipientAccountID, events[0].UserIdentity)
	}
	if who := events[1].UserIdentity; events[1].RecipientAccountID != neighbour || who.Type != event.AWSAccount || who.AccountID != testAccount || who.UserName != "" {
		t.Errorf("the owner's: of %s by %+v", events[1].RecipientAccountID, who)
	}
	// A refusal is the caller's affair, and is not explained.
	get.operation = "DeleteObject"
	a := f.do(f.http(get))
	a.mustHave(t, 403, "<Message>Access Denied</Message>")
	if events = f.journal.events(); len(events) != 3 || events[2].RecipientAccountID != testAccount || events[2].ErrorCode != "AccessDenied" {
		t.Errorf("events %+v", events[2:])
	}
}

func TestWhoIsNobodyIsRecordedAsNobodyWithTheOwner(t *testing.T) {
	open := bucketPolicy("Allow", `"*"`, "s3:GetObject", "arn:aws:s3:::b/*", "")
	for operation, code := range map[string]string{"GetObject": "", "DeleteObject": "AccessDenied"} {
		f, _ := keeping(t, owned{"b": {neighbour, open}}, alice, granted{})
		f.do(f.http(request{service: "s3", operation: operation, params: map[string]any{"Bucket": "b", "Key": "k"}}))
		e := f.journal.only()
		want := identity.Anonymous()
		if e.ErrorCode != code || e.RecipientAccountID != neighbour || e.UserIdentity.Type != want.Type || e.UserIdentity.AccountID != want.AccountID {
			t.Errorf("%s: %q of %s by %+v", operation, e.ErrorCode, e.RecipientAccountID, e.UserIdentity)
		}
	}
}

// TestASignatureThatProvesNothingIsNotTakenForNone: a caller with a wrong secret
// is refused where one without any is let in, as by S3.
func TestASignatureThatProvesNothingIsNotTakenForNone(t *testing.T) {
	open := bucketPolicy("Allow", `"*"`, "s3:*", "arn:aws:s3:::b/*", "")
	f, calls := keeping(t, owned{"b": {testAccount, open}}, alice, granted{})
	wrong := alice
	wrong.SecretAccessKey = "wrong"
	f.do(f.http(request{service: "s3", operation: "GetObject", params: map[string]any{"Bucket": "b", "Key": "k"}, key: wrong})).
		mustHave(t, 403, "SignatureDoesNotMatch")
	if len(*calls) > 0 {
		t.Error("the call reached the store")
	}
}

func TestAPolicyMayAskForTLSOfAVersion(t *testing.T) {
	for version, status := range map[string]int{"1.2": 200, "9.9": 403} {
		old := bucketPolicy("Deny", `"*"`, "s3:*", "arn:aws:s3:::b/*", `,"Condition":{"NumericLessThan":{"s3:TlsVersion":"`+version+`"}}`)
		f, _ := keeping(t, owned{"b": {testAccount, old}}, alice, granted{policy: statement("Allow", "s3:*", "*")})
		secure := httptest.NewTLSServer(f.server.Config.Handler)
		defer secure.Close()
		f.server.URL = secure.URL
		r := f.http(request{service: "s3", operation: "GetObject", params: map[string]any{"Bucket": "b", "Key": "k"}, key: alice})
		resp, err := secure.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("at least %s: %d", version, resp.StatusCode)
		}
	}
}

func TestWithoutResourcePoliciesNobodyIsRefused(t *testing.T) {
	table, err := access.Open()
	if err != nil {
		t.Fatal(err)
	}
	store := &seenStore{}
	f := newFront(t, Objects(store, Limits{}), func(o *Options) {
		o.Permissions, o.Access = granted{policy: statement("Allow", "s3:*", "*")}, table
	})
	f.do(f.http(request{service: "s3", operation: "GetObject", params: map[string]any{"Bucket": "b", "Key": "k"}})).mustHave(t, 403, "AccessDenied")
	if len(store.accounts) > 0 || f.journal.only().UserIdentity.Type != event.Unknown {
		t.Errorf("calls of %q", store.accounts)
	}
}

func TestAPolicyThatCannotBeReadLetsNobodyIn(t *testing.T) {
	f, calls := keeping(t, nil, alice, granted{policy: statement("Allow", "s3:*", "*")})
	a := f.do(f.http(request{service: "s3", operation: "GetObject", params: map[string]any{"Bucket": "broken", "Key": "k"}, key: alice}))
	if a.status != 500 || !slices.Equal(*calls, nil) {
		t.Errorf("answer %d %s, calls of %q", a.status, a.body, *calls)
	}
}
