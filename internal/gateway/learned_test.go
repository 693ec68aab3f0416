package gateway

import (
	"context"
	"testing"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
)

// sharing is a backend whose calls concern two further accounts.
func sharing(err error) Destination {
	return BuiltIn(backendFunc(func(_ context.Context, c *awsapi.Call) (map[string]any, error) {
		c.Learned.Shared = []string{"444455556666", "777788889999"}
		if err != nil {
			return nil, err
		}
		return map[string]any{}, nil
	}))
}

func TestEachAccountThatACallConcernsGetsItsCopyOfTheEvent(t *testing.T) {
	f := newFront(t, sharing(nil))
	f.call("sts", "GetCallerIdentity", nil).mustHave(t, 200, "")
	events := f.journal.events()
	if len(events) != 3 {
		t.Fatalf("%d events, want one for each of three accounts", len(events))
	}
	ids := map[string]bool{}
	for i, account := range []string{testAccount, "444455556666", "777788889999"} {
		e := events[i]
		ids[e.EventID] = true
		if e.RecipientAccountID != account || e.SharedEventID == "" || e.SharedEventID != events[0].SharedEventID || e.RequestID != events[0].RequestID {
			t.Errorf("copy %d: account %s, shared %q, request %s", i, e.RecipientAccountID, e.SharedEventID, e.RequestID)
		}
		if foreign := e.UserIdentity.Type == event.AWSAccount; foreign != (i > 0) {
			t.Errorf("copy %d shows the caller as %s", i, e.UserIdentity.Type)
		}
	}
	if len(ids) != 3 {
		t.Errorf("the copies have %d event ids", len(ids))
	}
}

func TestARefusedCallIsItsCallersAffairOnly(t *testing.T) {
	f := newFront(t, sharing(&awsapi.Error{Code: "AccessDenied", Status: 403}))
	f.call("sts", "GetCallerIdentity", nil).mustHave(t, 403, "AccessDenied")
	if e := f.journal.only(); e.SharedEventID != "" || e.RecipientAccountID != testAccount {
		t.Errorf("shared %q, account %s", e.SharedEventID, e.RecipientAccountID)
	}
}

func TestAnUnsignedCallIsOfWhomTheBackendFindsInIt(t *testing.T) {
	var who identity.Credential
	f := newFront(t, BuiltIn(backendFunc(func(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
		who = identity.FromContext(ctx)
		c.Learned.Caller = &event.UserIdentity{Type: event.WebIdentityUser, UserName: "bob"}
		c.Learned.AccountID = "444455556666"
		return map[string]any{}, nil
	})))
	params := map[string]any{"RoleArn": "arn:aws:iam::444455556666:role/ci", "RoleSessionName": "ss", "WebIdentityToken": "token"}
	f.do(f.http(request{service: "sts", operation: "AssumeRoleWithWebIdentity", params: params})).mustHave(t, 200, "")
	if e := f.journal.only(); e.UserIdentity.Type != event.WebIdentityUser || e.UserIdentity.UserName != "bob" || e.RecipientAccountID != "444455556666" {
		t.Errorf("identity %+v, account %s", e.UserIdentity, e.RecipientAccountID)
	}
	if who.AccessKeyID != "" || who.Principal.Kind != "" {
		t.Errorf("the backend is told of a caller: %v", who)
	}
	// Any other operation still needs a signature, and so does this one where
	// another endpoint would carry it out.
	f.do(f.http(request{service: "sts", operation: "GetCallerIdentity"})).mustHave(t, 403, "MissingAuthenticationToken")
	upstream := newFront(t, refusals{err: &awsapi.Error{Code: "Reached", Status: 418}})
	upstream.do(upstream.http(request{service: "sts", operation: "AssumeRoleWithWebIdentity", params: params})).mustHave(t, 403, "MissingAuthenticationToken")
}
