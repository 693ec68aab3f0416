package engine

import (
	"context"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// Locate finds a resource of a service by its id alone, whatever account and
// Region it is of, and returns it as a caller would see it now. ok is false where
// there is none. It is for kinds whose ids are unique everywhere.
func (e *Engine) Locate(ctx context.Context, serviceID, kind, id string, now time.Time) (of ScopeID, a Attrs, ok bool, err error) {
	s := e.services[serviceID]
	k := e.kind(s, kind)
	look := func(sc *scope) bool {
		sc.mu.RLock()
		defer sc.mu.RUnlock()
		x := &Exec{
			Tx: e.begin(sc, now), Context: ctx, service: s,
			Call: &awsapi.Call{AccountID: sc.id.AccountID, Region: sc.id.Region, Time: now},
		}
		r := x.get(k, id)
		if r == nil {
			return false
		}
		of, a, ok = sc.id, x.shown(k, r), true
		return true
	}
	// All scopes of the store are open once it was read as a whole: later ones
	// are made here.
	if !e.complete.Load() {
		if err := e.loadAll(ctx); err != nil {
			return of, nil, false, err
		}
	}
	for _, sc := range e.known() {
		if look(sc) {
			break
		}
	}
	return of, a, ok, nil
}
