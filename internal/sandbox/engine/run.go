package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	// lag is how often services look for changes to act on. It is long
	// enough for the call that made a change to be answered and recorded
	// before the calls that follow from it.
	lag = time.Second
	// review is how often services look at every scope, changed or not, and
	// try again what failed.
	review = time.Minute
)

// Run lets services act on changes, those of before a restart included, until
// the context ends; it returns then, when nothing acts any more. Without it, they
// act before the call that changes something returns.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.loadAll(ctx); err != nil {
		return err
	}
	e.running.Store(true)
	defer e.running.Store(false)
	tick := time.NewTicker(lag)
	defer tick.Stop()
	reviewed := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now := time.Now()
		all := now.Sub(reviewed) >= review
		if all {
			reviewed = now
		}
		for _, sc := range e.known() {
			if wake := sc.wake.Load(); all || wake != 0 && now.UnixNano() >= wake {
				sc.unsettled.Store(true)
			}
			// A call that has begun is finished and recorded.
			e.settle(context.WithoutCancel(ctx), sc, now)
		}
	}
}

// loadAll opens the scopes that the store has.
func (e *Engine) loadAll(ctx context.Context) error {
	found := make(map[ScopeID]bool)
	for entry, err := range e.store.Load(ctx, "") {
		if err != nil {
			return fmt.Errorf("find the accounts of the sandbox: %w", err)
		}
		if parts := strings.SplitN(entry.Key, "/", 3); len(parts) == 3 {
			found[ScopeID{AccountID: parts[0], Region: parts[1]}] = true
		}
	}
	for id := range found {
		sc, err := e.scope(ctx, id)
		if err != nil {
			return err
		}
		sc.unsettled.Store(true)
	}
	e.complete.Store(true)
	return nil
}

// known returns the scopes that are open.
func (e *Engine) known() []*scope {
	e.scopesMu.Lock()
	all := slices.Collect(maps.Values(e.scopes))
	e.scopesMu.Unlock()
	return slices.DeleteFunc(all, func(sc *scope) bool {
		sc.mu.RLock()
		defer sc.mu.RUnlock()
		return !sc.loaded
	})
}
