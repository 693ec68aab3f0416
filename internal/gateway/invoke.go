package gateway

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/record"
)

// Services makes the calls that built-in services make of each other. Each acts
// in an account and Region with a session of its service-linked role; that the
// session began is an event too, an AssumeRole of the service's. It may be used
// from any goroutine.
type Services struct {
	recorder   *Recorder
	assumeRole *awsapi.Operation

	mu       sync.Mutex
	sessions map[acting]identity.ServiceSession // guarded by mu
}

// acting is a service, by its principal, in an account and Region.
type acting struct{ account, region, principal string }

// NewServices makes the calls with a recorder.
func NewServices(r *Recorder, c *awsapi.Catalog) (*Services, error) {
	sts, err := c.Service("sts")
	if err != nil {
		return nil, fmt.Errorf("read the model that services open sessions by: %w", err)
	}
	return &Services{recorder: r, assumeRole: sts.Operation("AssumeRole"), sessions: map[acting]identity.ServiceSession{}}, nil
}

// Invoke carries out a call in an account, and records it as the gateway records
// a client's: intent first, then the event, then the answer. c.Caller.InvokedBy
// is the principal of the service ("autoscaling.amazonaws.com").
func (s *Services) Invoke(ctx context.Context, b Backend, c *awsapi.Call) (map[string]any, error) {
	principal := c.Caller.InvokedBy
	now := time.Now()
	caller, err := s.session(ctx, acting{c.AccountID, c.Region, principal}, now)
	if err != nil {
		return nil, fmt.Errorf("open a session of %s: %w", principal, err)
	}
	invoked := *c
	invoked.Caller, invoked.RequestID, invoked.Time = &caller, uuid.NewString(), now
	call := serviceCall(c.Operation, principal, now)
	call.Params, call.RequestID, call.Identity = c.Params, invoked.RequestID, &caller
	call.AccountID, call.Region = c.AccountID, c.Region
	intent, err := s.recorder.intent(ctx, &call)
	if err != nil {
		return nil, err
	}
	out, err := b.Call(ctx, &invoked)
	if refused, ok := asRefusal(err); ok {
		call.Error = refused
	} else if err != nil {
		call.Error = &awsapi.Error{Code: "InternalFailure", ServerFault: true}
	}
	call.Output, call.Time = out, time.Now()
	if err := s.recorder.event(ctx, &call, intent); err != nil {
		return nil, err
	}
	return out, err
}

func serviceCall(op *awsapi.Operation, principal string, now time.Time) record.Call {
	return record.Call{
		Operation: op, SigningName: op.Service.SigningName, EventName: op.Name, Protocol: op.Service.Protocols[0],
		EventID: uuid.NewString(), RequestID: uuid.NewString(), Time: now, InvokedBy: principal,
	}
}

// session is who a service is in the events of its calls. A session that begins
// has its event before it is used. The lock is held while the event is written:
// whoever else needs the session waits for it.
func (s *Services) session(ctx context.Context, who acting, now time.Time) (event.UserIdentity, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if open, ok := s.sessions[who]; ok && now.Before(open.Expires) {
		return open.Identity, nil
	}
	opened := identity.OpenServiceSession(who.account, who.principal, now)
	if err := s.begun(ctx, who, &opened, now); err != nil {
		return event.UserIdentity{}, err
	}
	maps.DeleteFunc(s.sessions, func(_ acting, over identity.ServiceSession) bool { return !now.Before(over.Expires) })
	s.sessions[who] = opened
	return opened.Identity, nil
}

// begun records the AssumeRole with which a session of a service's own began.
func (s *Services) begun(ctx context.Context, who acting, opened *identity.ServiceSession, now time.Time) error {
	call := s.assuming(who, opened.RoleARN, opened.Name, now)
	if opened.Length > 0 {
		call.Params["DurationSeconds"] = int64(opened.Length.Seconds())
	}
	call.Output = map[string]any{
		"Credentials": map[string]any{
			"AccessKeyId": opened.Identity.AccessKeyID, "SessionToken": opened.SessionToken, "Expiration": opened.Expires,
		},
		"AssumedRoleUser": map[string]any{"AssumedRoleId": opened.Identity.PrincipalID, "Arn": opened.Identity.ARN},
	}
	return s.recorder.event(ctx, &call, 0)
}

// assuming is a call of AssumeRole by a service. Published records of them have a
// shared event id: the service's own account has a copy.
func (s *Services) assuming(who acting, roleARN, session string, now time.Time) record.Call {
	call := serviceCall(s.assumeRole, who.principal, now)
	call.AccountID, call.Region, call.SharedEventID = who.account, who.region, uuid.NewString()
	call.HTTP.ExtendedID = newSTSExtendedID(who.region, now)
	call.Params = map[string]any{"RoleArn": roleARN, "RoleSessionName": session}
	return call
}
