// Package organizations is as much of the AWS Organizations API as clients need
// to find an organization trail's files: all accounts of the server are one
// organization, which the server's own account manages.
package organizations

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/trail"
)

// Accounts tells which accounts there are.
type Accounts interface {
	// Account is the server's own account.
	Account() (string, error)
	// Accounts are all, sorted.
	Accounts() ([]string, error)
}

// Service answers Organizations calls.
type Service struct{ accounts Accounts }

// New makes the service.
func New(accounts Accounts) *Service { return &Service{accounts: accounts} }

// Call implements the gateway's Backend.
func (s *Service) Call(_ context.Context, c *awsapi.Call) (map[string]any, error) {
	management, err := s.accounts.Account()
	if err != nil {
		return nil, fmt.Errorf("find the management account: %w", err)
	}
	switch c.Operation.Name {
	case "DescribeOrganization":
		return map[string]any{"Organization": describe(management)}, nil
	case "DescribeAccount", "ListAccounts":
		if c.AccountID != management {
			return nil, &awsapi.Error{Code: "AccessDeniedException", Message: "You don't have permissions to access this resource."}
		}
	default:
		return nil, &awsapi.Error{
			Code: "UnsupportedAPIEndpointException", Message: fmt.Sprintf("Cairn does not have %s.", c.Operation.Name),
			Status: http.StatusNotImplemented,
		}
	}
	members, err := s.accounts.Accounts()
	if err != nil {
		return nil, fmt.Errorf("find the accounts of the organization: %w", err)
	}
	if c.Operation.Name == "DescribeAccount" {
		return describeMember(management, members, c.Params)
	}
	return list(management, members, c.Params)
}

func describe(management string) map[string]any {
	id := trail.OrganizationID(management)
	return map[string]any{
		"Id":              id,
		"Arn":             "arn:aws:organizations::" + management + ":organization/" + id,
		"FeatureSet":      "ALL",
		"MasterAccountId": management, "MasterAccountArn": memberARN(management, management),
	}
}

func memberARN(management, account string) string {
	return "arn:aws:organizations::" + management + ":account/" + trail.OrganizationID(management) + "/" + account
}

func member(management, account string) map[string]any {
	joined := "CREATED"
	if account == management {
		joined = "INVITED" // as AWS shows the account that made the organization
	}
	return map[string]any{
		"Id": account, "Arn": memberARN(management, account), "Name": account,
		"Status": "ACTIVE", "State": "ACTIVE", "JoinedMethod": joined,
	}
}

func describeMember(management string, members []string, params map[string]any) (map[string]any, error) {
	account, _ := params["AccountId"].(string)
	if !slices.Contains(members, account) {
		return nil, &awsapi.Error{Code: "AccountNotFoundException", Message: "You specified an account that doesn't exist."}
	}
	return map[string]any{"Account": member(management, account)}, nil
}

// maxPage is how many accounts a page has at most (API Reference, ListAccounts).
const maxPage = 20

// list lists the accounts, of which the token names the last one that was listed.
func list(management string, members []string, params map[string]any) (map[string]any, error) {
	if after, ok := params["NextToken"].(string); ok {
		i := slices.Index(members, after)
		if i < 0 {
			return nil, &awsapi.Error{
				Code: "InvalidInputException", Message: "You specified an invalid value for NextToken.",
				Fields: map[string]any{"Reason": "INVALID_PAGINATION_TOKEN"},
			}
		}
		members = members[i+1:]
	}
	size := maxPage
	if n, ok := params["MaxResults"].(int64); ok {
		size = int(n)
	}
	out := map[string]any{}
	if len(members) > size {
		members = members[:size]
		out["NextToken"] = members[size-1]
	}
	accounts := make([]any, len(members))
	for i, account := range members {
		accounts[i] = member(management, account)
	}
	out["Accounts"] = accounts
	return out, nil
}
