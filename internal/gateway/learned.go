package gateway

import (
	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/record"
)

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
