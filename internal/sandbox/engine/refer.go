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
	sc, err := e.scope(ctx, to.Of)
	if err != nil {
		return "", nil, false, err
	}
	now := time.Now()
	sc.mu.RLock()
	defer sc.mu.RUnlock()
	x := &Exec{
		Tx: e.begin(sc, now), Context: ctx, service: s,
		Call: &awsapi.Call{AccountID: to.Of.AccountID, Region: to.Of.Region, Time: now},
	}
	found := x.Look(to.Kind, to.Ref)
	if found == nil {
		return "", nil, false, nil
	}
	tags = map[string]string{}
	if path := e.kind(s, to.Kind).Tags; path != "" {
		for _, tag := range found.Subs(path) {
			tags[tag.Str("Key")+tag.Str("key")] = tag.Str("Value") + tag.Str("value")
		}
	}
	if name != "" {
		return found.Str(name), tags, true, nil
	}
	return found.ID, tags, true, nil
}
