package gateway

import (
	"sync/atomic"
	"testing"

	"github.com/cairn-audit/cairn/internal/access"
)

func TestAUsersOwnNameIsWhatIAMTakesWhereNoneIsGiven(t *testing.T) {
	table, err := access.Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		operation string
		params    map[string]any
		status    int
	}{
		{"ChangePassword", map[string]any{"OldPassword": "Old-Word-1", "NewPassword": "New-Word-2"}, 200},
		{"CreateAccessKey", nil, 200},
		{"CreateAccessKey", map[string]any{"UserName": "alice"}, 200},
		{"CreateAccessKey", map[string]any{"UserName": "bob"}, 403},
		{"GetUser", map[string]any{"UserName": "bob"}, 403},
		{"ListUsers", nil, 403},
	} {
		var calls atomic.Int64
		f := newFront(t, keys(&calls, nil), func(o *Options) {
			o.Identities = knownKeys{alice.AccessKeyID: alice}
			o.Permissions, o.Access = granted{policy: statement("Allow", "iam:*", "arn:aws:iam::*:user/${aws:username}")}, table
		})
		a := f.do(f.http(request{service: "iam", operation: test.operation, params: test.params, key: alice}))
		if a.status != test.status {
			t.Errorf("%s of %v: %d %s, want %d", test.operation, test.params, a.status, a.body, test.status)
		}
	}
}

// IAM finds a user by its name alone and in any case, so the ARN that is decided on
// is the one that the user has, and not the one that the call would make.
func TestTheSubjectOfACallOfIAMIsTheOneThatItFinds(t *testing.T) {
	table, err := access.Open()
	if err != nil {
		t.Fatal(err)
	}
	condition := func(key, value string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},` +
			`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"` + key + `":"` + value + `"}}}]}`
	}
	path := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},` +
		`{"Effect":"Deny","Action":"iam:*","Resource":"arn:aws:iam::*:user/eng/*"}]}`
	run := map[string]any{"ImageId": "ami-1", "MinCount": int64(1), "MaxCount": int64(1), "TagSpecifications": []any{
		map[string]any{"ResourceType": "instance", "Tags": []any{map[string]any{"Key": "env", "Value": "prod"}}},
	}}
	for _, test := range []struct {
		policy, service, operation string
		params                     map[string]any
		status                     int
	}{
		{path, "iam", "DeleteUser", map[string]any{"UserName": "Boss"}, 403},
		{path, "iam", "DeleteUser", map[string]any{"UserName": "bOSS"}, 403},
		{path, "iam", "DeleteUser", map[string]any{"UserName": "other"}, 200},
		{path, "iam", "CreateUser", map[string]any{"UserName": "Boss"}, 200},
		{path, "iam", "UpdateUser", map[string]any{"UserName": "other", "NewPath": "/eng/", "NewUserName": "x"}, 403},
		{statement("Allow", "iam:*", "arn:aws:iam::*:user/eng/*"), "iam", "UpdateUser", map[string]any{"UserName": "boss", "NewPath": "/ops/"}, 403},
		{statement("Allow", "iam:*", "arn:aws:iam::*:user/eng/*"), "iam", "UpdateUser", map[string]any{"UserName": "boss", "NewUserName": "chief"}, 200},
		{condition("iam:PolicyARN", "arn:aws:iam::aws:policy/A"), "iam", "AttachUserPolicy", map[string]any{"UserName": "x", "PolicyArn": "arn:aws:iam::aws:policy/A"}, 403},
		{condition("iam:PermissionsBoundary", "arn:aws:iam::aws:policy/A"), "iam", "CreateUser", map[string]any{"UserName": "x", "PermissionsBoundary": "arn:aws:iam::aws:policy/A"}, 403},
		{condition("iam:PermissionsBoundary", "arn:aws:iam::aws:policy/ReadOnlyAccess"), "iam", "DeleteUserPolicy", map[string]any{"UserName": "boss", "PolicyName": "p"}, 403},
		{condition("aws:ResourceTag/Team", "red"), "iam", "GetUser", map[string]any{"UserName": "boss"}, 403},
		{condition("aws:RequestTag/team", "red"), "iam", "TagUser", map[string]any{"UserName": "x", "Tags": []any{map[string]any{"Key": "team", "Value": "red"}}}, 403},
		{condition("aws:TagKeys", "team"), "iam", "UntagUser", map[string]any{"UserName": "x", "TagKeys": []any{"team"}}, 403},
		{condition("aws:RequestTag/env", "prod"), "ec2", "RunInstances", run, 403},
		{condition("aws:RequestTag/env", "dev"), "ec2", "RunInstances", run, 200},
		{condition("ec2:CreateAction", "RunInstances"), "ec2", "RunInstances", run, 403},
	} {
		var calls atomic.Int64
		f := newFront(t, keys(&calls, nil), func(o *Options) {
			o.Identities = knownKeys{alice.AccessKeyID: alice}
			o.Permissions, o.Access = granted{policy: test.policy}, table
		})
		a := f.do(f.http(request{service: test.service, operation: test.operation, params: test.params, key: alice}))
		if a.status != test.status {
			t.Errorf("%s of %v under %s: %d %s, want %d", test.operation, test.params, test.policy, a.status, a.body, test.status)
		}
	}
}
