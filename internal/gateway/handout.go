package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
)

// Handout is a session of a role that a service opens for something else to use,
// as EC2 does for an instance.
type Handout struct {
	Principal         string // the service, "ec2.amazonaws.com"
	AccountID, Region string
	RoleARN, Name     string
}

// HandOut records the AssumeRole with which a service opens a session, or fails
// to: refused is nil, or the role's *identity.Refusal. The session is to be
// handed out only if the error is nil.
//
// The answer has no assumedRoleUser: so it is in EC2's published records of 2019.
func (s *Services) HandOut(ctx context.Context, h Handout, t identity.Temporary, refused error) error {
	call := s.assuming(acting{h.AccountID, h.Region, h.Principal}, h.RoleARN, h.Name, time.Now())
	var r *identity.Refusal
	switch {
	case errors.As(refused, &r):
		call.Error = &awsapi.Error{Code: string(r.Reason), Message: r.Message}
	case refused != nil:
		return refused
	default:
		call.Output = map[string]any{"Credentials": map[string]any{
			"AccessKeyId": t.AccessKeyID, "SessionToken": t.SessionToken, "Expiration": t.Expires,
		}}
	}
	return s.recorder.event(ctx, &call, 0)
}
