package engine

import (
	"context"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// Reference is what a caller in a scope means a resource by.
type Reference struct {
	Of                 ScopeID
	Service, Kind, Ref string
}

// Refer finds the resource that is meant, as operations do, and returns its id, or
// if name is not empty what it has at that path, and its tags. ok is false
// where there is none, or no such kind.
func (e *Engine) Refer(ctx context.Context, to Reference, name string) (id string, tags map[string]string, ok bool, err error) {
	s := e.services[to.Service]
	if s == nil || e.kind(s, to.Kind) == nil {
		return "", nil, false, nil
	}
	err = e.Read(ctx, to.Of, to.Service, func(x *Exec) {
		found := x.Look(to.Kind, to.Ref)
		if found == nil {
			return
		}
		id, tags, ok = found.ID, map[string]string{}, true
		if name != "" {
			id = found.Str(name)
		}
		if path := e.kind(s, to.Kind).Tags; path != "" {
			for _, tag := range found.Subs(path) {
				tags[tag.Str("Key")+tag.Str("key")] = tag.Str("Value") + tag.Str("value")
			}
		}
	})
	return id, tags, ok, err
}

// Read lets f look at what a scope has now, as an operation of the service that
// changes nothing. What f keeps must be copied.
func (e *Engine) Read(ctx context.Context, of ScopeID, service string, f func(x *Exec)) error {
	sc, err := e.scope(ctx, of)
	if err != nil {
		return err
	}
	now := time.Now()
	sc.mu.RLock()
	defer sc.mu.RUnlock()
	f(&Exec{
		Tx: e.begin(sc, now), Context: ctx, service: e.services[service],
		Call: &awsapi.Call{AccountID: of.AccountID, Region: of.Region, Time: now},
	})
	return nil
}
