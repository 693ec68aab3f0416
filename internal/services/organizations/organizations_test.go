package organizations

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/trail"
)

const management = "123456789012"

type accounts []string

func (accounts) Account() (string, error)      { return management, nil }
func (a accounts) Accounts() ([]string, error) { return a, nil }

// calls makes calls of operations.
func calls(t *testing.T, members ...string) func(account, operation string, params map[string]any) (map[string]any, string) {
	t.Helper()
	catalog, err := awsapi.Open()
	if err != nil {
		t.Fatal(err)
	}
	model, err := catalog.Service("organizations")
	if err != nil {
		t.Fatal(err)
	}
	s := New(accounts(members))
	return func(account, operation string, params map[string]any) (map[string]any, string) {
		t.Helper()
		out, err := s.Call(t.Context(), &awsapi.Call{Operation: model.Operation(operation), Params: params, AccountID: account, Region: "us-east-1"})
		if refused := (*awsapi.Error)(nil); errors.As(err, &refused) {
			return nil, refused.Code
		}
		if err != nil {
			t.Fatal(err)
		}
		return out, ""
	}
}

func TestEveryAccountSeesTheOrganizationOfItsTrails(t *testing.T) {
	call := calls(t, management, "444455556666")
	for _, account := range []string{management, "444455556666"} {
		out, _ := call(account, "DescribeOrganization", nil)
		o, _ := out["Organization"].(map[string]any)
		if o["Id"] != trail.OrganizationID(management) || o["MasterAccountId"] != management ||
			o["Arn"] != fmt.Sprintf("arn:aws:organizations::%s:organization/%s", management, o["Id"]) {
			t.Errorf("%s sees %v", account, o)
		}
	}
}

func TestOnlyTheManagementAccountSeesTheOthers(t *testing.T) {
	call := calls(t, management, "444455556666")
	one := map[string]any{"AccountId": "444455556666"}
	if out, code := call(management, "DescribeAccount", one); code != "" || out["Account"].(map[string]any)["Id"] != "444455556666" {
		t.Errorf("DescribeAccount: %v %s", out, code)
	}
	for _, test := range []struct {
		account, operation string
		params             map[string]any
		code               string
	}{
		{"444455556666", "ListAccounts", nil, "AccessDeniedException"},
		{"444455556666", "DescribeAccount", one, "AccessDeniedException"},
		{management, "DescribeAccount", map[string]any{"AccountId": "999999999999"}, "AccountNotFoundException"},
		{management, "ListAccounts", map[string]any{"NextToken": "x"}, "InvalidInputException"},
		{management, "CreateAccount", nil, "UnsupportedAPIEndpointException"},
	} {
		if out, code := call(test.account, test.operation, test.params); code != test.code {
			t.Errorf("%s by %s: %v %q, want %s", test.operation, test.account, out, code, test.code)
		}
	}
}

func TestAccountsAreListedInPages(t *testing.T) {
	var members []string
	for n := range 45 {
		members = append(members, fmt.Sprintf("%012d", n))
	}
	call := calls(t, members...)
	for _, size := range []int64{0, 1, 7, 20} {
		params, got := map[string]any{}, 0
		if size > 0 {
			params["MaxResults"] = size
		}
		for pages := 0; ; pages++ {
			out, code := call(management, "ListAccounts", params)
			if code != "" || pages > len(members) {
				t.Fatalf("page %d: %s", pages, code)
			}
			for _, a := range out["Accounts"].([]any) {
				if id := a.(map[string]any)["Id"]; id != members[got] {
					t.Fatalf("%v is listed, want %s", id, members[got])
				}
				got++
			}
			if params["NextToken"] = out["NextToken"]; params["NextToken"] == nil {
				break
			}
		}
		if got != len(members) {
			t.Errorf("%d accounts are listed in pages of %d", got, size)
		}
	}
}
