package gateway

import (
	"context"
	"fmt"
	"strings"

	"github.com/cairn-audit/cairn/internal/access"
	"github.com/cairn-audit/cairn/internal/policy"
)

const passRole = "iam:PassRole"

// passing completes what a call needs to pass a role: where it names an instance
// profile, it is the role in it that is passed. ok is false where there is none.
func (x *exchange) passing(ctx context.Context, need *access.Access, r *policy.Request) (ok bool, err error) {
	if need.Action != passRole {
		return true, nil
	}
	if strings.Contains(need.Resource, ":instance-profile/") && x.gateway.Permissions != nil {
		if need.Resource, err = x.gateway.Permissions.PassedRole(ctx, need.Resource); err != nil {
			return false, fmt.Errorf("find the role that is passed: %w", err)
		}
	}
	if service := access.PassedTo(x.serviceID()); service != "" {
		r.Context = r.Context.Clone()
		r.Context.Set("iam:PassedToService", service)
	}
	return need.Resource != "", nil
}
