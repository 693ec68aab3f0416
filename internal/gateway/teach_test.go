package gateway

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/state"
)

func newDirectory(t *testing.T) *identity.Directory {
	t.Helper()
	dir := t.TempDir()
	store, err := state.Open(filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	key, err := seal.LoadKey(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	return identity.New(store, key)
}

func TestAnAnswerThatPassesThroughTeachesWhoAKeyIsInOpenModeOnly(t *testing.T) {
	given := map[string]any{
		"Credentials": map[string]any{"AccessKeyId": "ASIAGIVEN00000000000", "SecretAccessKey": "s", "SessionToken": "t"},
		"AssumedRoleUser": map[string]any{
			"Arn": "arn:aws:sts::444455556666:assumed-role/deploy/release", "AssumedRoleId": "AROADEPLOY:release",
		},
	}
	answers := BuiltIn(backendFunc(func(_ context.Context, c *awsapi.Call) (map[string]any, error) {
		if c.Operation.Name == "AssumeRole" {
			return given, nil
		}
		return map[string]any{}, nil
	}))
	directory := newDirectory(t)
	f := newFront(t, answers, func(o *Options) { o.Auth, o.Identities = AuthOpen, directory })
	params := map[string]any{"RoleArn": "arn:aws:iam::444455556666:role/deploy", "RoleSessionName": "release"}
	f.call("sts", "AssumeRole", params).mustHave(t, 200, "ASIAGIVEN00000000000")
	session := identity.Credential{AccessKeyID: "ASIAGIVEN00000000000", SecretAccessKey: "s"}
	f.do(f.http(request{service: "ec2", operation: "DescribeKeyPairs", key: session})).mustHave(t, 200, "")
	events := f.journal.events()
	e := events[len(events)-1]
	if id := e.UserIdentity; id.Type != event.AssumedRole || id.PrincipalID != "AROADEPLOY:release" || e.RecipientAccountID != "444455556666" {
		t.Errorf("identity %+v, account %s", e.UserIdentity, e.RecipientAccountID)
	}

	verifying := newFront(t, answers, func(o *Options) { o.Identities = directory })
	verifying.do(verifying.http(request{service: "ec2", operation: "DescribeKeyPairs", key: session})).mustHave(t, 401, "AuthFailure")
}
