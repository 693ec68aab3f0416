package gateway

import (
	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/record"
)

// teach notes what an answer of another IAM or STS tells of a key, where callers
// are taken as given.
func (x *exchange) teach() {
	id := x.serviceID()
	if x.gateway.Auth != AuthOpen || id != "iam" && id != "sts" || x.call.Output == nil || x.call.Error != nil || x.call.Identity == nil {
		return
	}
	x.gateway.Identities.Learn(identity.Lesson{
		Operation: x.call.EventName, AccountID: x.call.AccountID, Caller: *x.call.Identity,
		Params: x.call.Params, Output: x.call.Output, Time: x.started,
	})
}

// learned puts into the record what the backend found out of the call, and
// returns the copies of the event for other accounts. A refused call concerns
// only the caller's account.
func (x *exchange) learned() []record.Call {
	if x.request.Call == nil {
		return nil
	}
	found := x.request.Call.Learned
	if found.Caller != nil {
		x.call.Identity = found.Caller
	}
	x.call.Found = found.Parameters
	if found.AccountID != "" {
		x.call.AccountID = found.AccountID
	}
	if len(found.Shared) == 0 || x.call.Error != nil {
		return nil
	}
	x.call.SharedEventID = uuid.NewString()
	foreign := identity.Foreign(*x.call.Identity)
	copies := make([]record.Call, len(found.Shared))
	for i, account := range found.Shared {
		copies[i] = x.call
		copies[i].EventID, copies[i].AccountID, copies[i].Identity = uuid.NewString(), account, &foreign
	}
	return copies
}
