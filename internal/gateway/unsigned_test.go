package gateway

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/identity"
)

var webIdentity = map[string]any{
	"RoleArn": "arn:aws:iam::111122223333:role/r", "RoleSessionName": "s", "WebIdentityToken": "not a real token",
}

func TestACallThatNeedsNoSignatureReachesCairnsOwnServices(t *testing.T) {
	var calls atomic.Int64
	f := newFront(t, keys(&calls, nil))
	a := f.do(f.http(request{service: "sts", operation: "AssumeRoleWithWebIdentity", params: webIdentity}))
	a.mustHave(t, 200, "")
	if calls.Load() != 1 {
		t.Errorf("%d calls reached the service", calls.Load())
	}
	e := f.journal.only()
	if e.EventName != "AssumeRoleWithWebIdentity" || e.UserIdentity.AccessKeyID != "" || e.UserIdentity.ARN != "" ||
		e.UserIdentity.AccountID == testAccount {
		t.Errorf("event %s, identity %+v", e.EventName, e.UserIdentity)
	}
}

func TestOnlyUnsignedCallsThatNeedNoSignatureGoWithoutOne(t *testing.T) {
	wrong := testKey
	wrong.SecretAccessKey = "wrong"
	for name, test := range map[string]struct {
		request request
		code    string
	}{
		"another operation": {request{service: "sts", operation: "GetCallerIdentity"}, "MissingAuthenticationToken"},
		"a wrong signature": {request{service: "sts", operation: "AssumeRoleWithWebIdentity", params: webIdentity, key: wrong}, "SignatureDoesNotMatch"},
		"an unknown key": {request{service: "sts", operation: "AssumeRoleWithWebIdentity", params: webIdentity,
			key: identity.Credential{AccessKeyID: "AKIAUNKNOWN000000000", SecretAccessKey: "x"}}, "InvalidClientTokenId"},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int64
			f := newFront(t, keys(&calls, nil))
			f.do(f.http(test.request)).mustHave(t, 403, test.code)
			if calls.Load() != 0 {
				t.Error("the call reached the service")
			}
			if e := f.journal.only(); e.ErrorCode == "" || e.UserIdentity.Type != event.Unknown {
				t.Errorf("error %q, identity %+v", e.ErrorCode, e.UserIdentity)
			}
		})
	}
}

// TestAnUnsignedCallIsNeverSignedForAnUpstream: it would get Cairn's own rights.
func TestAnUnsignedCallIsNeverSignedForAnUpstream(t *testing.T) {
	for _, call := range []request{
		{service: "sts", operation: "AssumeRoleWithWebIdentity", params: webIdentity},
		{service: "cognito-identity", operation: "GetId", params: map[string]any{"IdentityPoolId": "us-east-1:12345678-1234-1234-1234-123456789012"}},
		{service: "s3", operation: "GetObject", params: map[string]any{"Bucket": "bucket", "Key": "key"}},
	} {
		t.Run(call.service, func(t *testing.T) {
			reached := false
			f := behind(t, func(http.ResponseWriter, *http.Request) { reached = true }, func(o *Options) { o.Auth = AuthVerify })
			f.upstream().Credentials = staticCredentials
			if a := f.do(f.http(call)); a.status < 400 {
				t.Errorf("status %d", a.status)
			}
			if reached {
				t.Error("the call reached the upstream")
			}
			if e := f.journal.only(); e.ErrorCode == "" || e.UserIdentity.Type != event.Unknown {
				t.Errorf("error %q, identity %+v", e.ErrorCode, e.UserIdentity)
			}
		})
	}
}

func TestURLsThatSNSHandsOutNeedNoSignature(t *testing.T) {
	const arn = "arn:aws:sns:eu-west-1:111122223333:t"
	for query, want := range map[string]struct{ event, region string }{
		"Action=ConfirmSubscription&TopicArn=" + arn + "&Token=x&Version=2010-03-31":        {"ConfirmSubscription", "eu-west-1"},
		"Action=Unsubscribe&SubscriptionArn=" + arn + ":x&Version=2010-03-31":               {"Unsubscribe", "eu-west-1"},
		"Action=ConfirmSubscription&TopicArn=arn:aws:sns:no-where-1:1:t&Version=2010-03-31": {"ConfirmSubscription", testRegion},
	} {
		var calls atomic.Int64
		f := newFront(t, keys(&calls, nil))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.server.URL+"/?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		f.do(r).mustHave(t, 200, "")
		if e := f.journal.only(); calls.Load() != 1 || e.EventName != want.event || e.AWSRegion != want.region {
			t.Errorf("%s: %d calls, event %s in %s", query, calls.Load(), e.EventName, e.AWSRegion)
		}
	}
	for _, query := range []string{
		"Action=DeleteTopic&TopicArn=" + arn + "&Version=2010-03-31", "Action=Publish&TopicArn=" + arn + "&Message=x&Version=2010-03-31",
	} {
		var calls atomic.Int64
		f := newFront(t, keys(&calls, nil))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.server.URL+"/?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		f.do(r).mustHave(t, 403, "MissingAuthenticationToken")
		if calls.Load() != 0 {
			t.Errorf("%s reached the service", query)
		}
	}
}
