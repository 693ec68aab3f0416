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
