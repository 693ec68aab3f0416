package app

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/policy"
)

// serviceRole is a role that a service of AWS's is to act as.
type serviceRole struct {
	identity.Role
	account     string
	permissions identity.Permissions
}

// errNoRole means that an ARN is that of no role.
var errNoRole = errors.New("there is no such role")

// findRole returns the role of an ARN, or errNoRole.
func findRole(directory *identity.Directory, arn string) (r serviceRole, err error) {
	account, name, ok := roleOf(arn)
	if !ok {
		return r, errNoRole
	}
	r.account = account
	err = directory.View(account, func(tx *identity.Tx) (err error) {
		if r.Role, err = tx.Roles().Get(name); err != nil {
			return err
		}
		r.permissions, _, err = tx.PrincipalPermissions(r.ARN(account))
		return err
	})
	var refused *identity.Refusal
	if errors.As(err, &refused) || err == nil && r.ARN(account) != arn {
		return r, fmt.Errorf("%w: %s", errNoRole, arn)
	}
	return r, err
}

// roleOf reads the ARN of a role, whose name comes after its path.
func roleOf(arn string) (account, name string, ok bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[2] != "iam" || !strings.HasPrefix(parts[5], "role/") {
		return "", "", false
	}
	return parts[4], parts[5][strings.LastIndexByte(parts[5], '/')+1:], true
}

// trusts reports whether the role lets a service assume it.
func (r *serviceRole) trusts(service string) (bool, error) {
	trust, err := policy.Parse([]byte(r.Trust))
	if err != nil {
		return false, fmt.Errorf("read the trust policy of %s: %w", r.ARN(r.account), err)
	}
	return policy.Evaluate(policy.Request{
		Action: "sts:AssumeRole", Resource: r.ARN(r.account),
		Principal: policy.Principal{Type: policy.AWSService, Service: service},
	}, policy.Policies{Resource: trust, ResourceMustAllow: true}).Allowed, nil
}

// allows reports whether the role's policies let it do an action.
func (r *serviceRole) allows(action, resource string) (bool, error) {
	policies, err := r.permissions.Policies()
	if err != nil {
		return false, err
	}
	return policy.Evaluate(policy.Request{
		Action: action, Resource: resource,
		Principal: policy.Principal{Type: policy.AssumedRole, AccountID: r.account, IssuerARN: r.ARN(r.account), IssuerID: r.ID},
	}, policies).Allowed, nil
}
