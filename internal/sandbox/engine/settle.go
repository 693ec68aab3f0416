package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
)

// Settling lets a service act on the state of a scope. What it does must follow
// from the state alone, so that doing it again changes nothing.
type Settling struct {
	Context context.Context
	Scope   ScopeID
	Now     time.Time

	engine  *Engine
	scope   *scope
	service *Service
}

// rounds bounds how often services are asked in a row to act on what others
// have done.
const rounds = 8

// changed lets the services act on what a call has changed: at once, or, while
// [Engine.Run] runs, soon after the call was answered.
func (e *Engine) changed(ctx context.Context, sc *scope, now time.Time) {
	sc.unsettled.Store(true)
	if !e.running.Load() {
		e.settle(context.WithoutCancel(ctx), sc, now)
	}
}

// settle lets the services act on a scope. A change that comes while others act
// is theirs to see. What fails is tried again after the next change.
func (e *Engine) settle(ctx context.Context, sc *scope, now time.Time) {
	for range rounds {
		if !sc.settling.TryLock() {
			return
		}
		if !sc.unsettled.Swap(false) {
			sc.settling.Unlock()
			return
		}
		sc.wake.Store(0)
		for _, service := range e.ordered {
			if service.Settle == nil {
				continue
			}
			s := &Settling{Context: ctx, Scope: sc.id, Now: now.UTC(), engine: e, scope: sc, service: service}
			if err := service.Settle(s); err != nil {
				e.log.ErrorContext(ctx, "the sandbox could not act on a change",
					slog.String("service", service.ID), slog.String("account", sc.id.AccountID),
					slog.String("region", sc.id.Region), slog.Any("error", err))
			}
		}
		sc.settling.Unlock()
	}
}

// View looks at the scope.
func (s *Settling) View(look func(x *Exec)) {
	s.scope.mu.RLock()
	defer s.scope.mu.RUnlock()
	look(s.exec())
}

// Change changes the scope; what change did is kept unless it fails.
func (s *Settling) Change(change func(x *Exec) error) error {
	s.scope.mu.Lock()
	defer s.scope.mu.Unlock()
	x := s.exec()
	x.writes, x.seq = true, s.scope.seq
	if err := change(x); err != nil {
		return err
	}
	return s.scope.save(s.Context, s.engine.store, x.Tx)
}

func (s *Settling) exec() *Exec {
	return &Exec{
		Tx: s.engine.begin(s.scope, s.Now), Context: s.Context, service: s.service,
		Call: &awsapi.Call{AccountID: s.Scope.AccountID, Region: s.Scope.Region, Time: s.Now},
	}
}

// Wake asks for another look at the scope at that time, though nothing changes
// until then. It is forgotten with the next look.
func (s *Settling) Wake(at time.Time) {
	next := max(at.UnixNano(), 1)
	if set := s.scope.wake.Load(); set == 0 || next < set {
		s.scope.wake.Store(next)
	}
}

// Invoke makes a call of another service in the name of this one, whose
// principal is given ("autoscaling.amazonaws.com"). It must not be used inside
// View or Change.
func (s *Settling) Invoke(principal, service, operation string, params map[string]any) (map[string]any, error) {
	op, err := s.engine.model(service, operation)
	if err != nil {
		return nil, err
	}
	if op == nil {
		return nil, fmt.Errorf("no operation %s of %s", operation, service)
	}
	return s.engine.invoke(s.Context, &awsapi.Call{
		Operation: op, Params: params, AccountID: s.Scope.AccountID, Region: s.Scope.Region, Time: s.Now,
		Caller: &event.UserIdentity{InvokedBy: principal},
	})
}

// Refusal returns the error of a refused call, or nil for other failures.
func Refusal(err error) *awsapi.Error {
	if refused, ok := errors.AsType[*awsapi.Error](err); ok {
		return refused
	}
	return nil
}
