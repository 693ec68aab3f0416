package gateway

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/record"
)

// Invoke carries out a call that a built-in service makes of another in an
// account, and records it as the gateway records a client's: intent first, then
// the event, then the answer. c.Caller.InvokedBy is the principal of the service
// ("autoscaling.amazonaws.com"), which acts under its service-linked role.
func (r *Recorder) Invoke(ctx context.Context, b Backend, c *awsapi.Call) (map[string]any, error) {
	principal := c.Caller.InvokedBy
	now := time.Now()
	caller := identity.ServiceLinked(c.AccountID, principal, now)
	invoked := *c
	invoked.Caller, invoked.RequestID, invoked.Time = &caller, uuid.NewString(), now
	call := record.Call{
		Operation: c.Operation, SigningName: c.Operation.Service.SigningName, EventName: c.Operation.Name,
		Protocol: c.Operation.Service.Protocols[0], Params: c.Params,
		EventID: uuid.NewString(), RequestID: invoked.RequestID, Time: now,
		AccountID: c.AccountID, Region: c.Region, Identity: &caller, InvokedBy: principal,
	}
	intent, err := r.intent(ctx, &call)
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
	if err := r.event(ctx, &call, intent); err != nil {
		return nil, err
	}
	return out, err
}
