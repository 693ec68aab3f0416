package engine

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
)

// Options change how an engine works. The zero value is for use.
type Options struct {
	// Pace multiplies how long states last: 1 is about as long as in AWS, 0
	// ends them before the next call.
	Pace float64
	// Clock is how many times as fast as ours the clocks go that resources
	// have of their own, as Capacity Blocks do; 0 means 1.
	Clock float64
	// Rand makes identifiers; nil takes the system's.
	Rand rand.Source
	// Invoke carries out a call that one service makes of another; nil does
	// it directly.
	Invoke func(ctx context.Context, c *awsapi.Call) (map[string]any, error)
	// Emit commits an event that a service tells of itself; nil drops it.
	// It may be called again with an event that it has committed before, if
	// the process ended in between, and commits each eventID once only.
	Emit func(ctx context.Context, e *event.Event) error
	// Log is told what fails after a call was answered; nil is silent.
	Log *slog.Logger
	// AnyImage accepts well-formed ids of machine images that do not exist.
	AnyImage bool
	// Profile finds an instance profile of an account by its name or its ARN;
	// ok is false where there is none. Nil takes every name for a profile's.
	Profile func(ctx context.Context, account, ref string) (p Profile, ok bool, err error)
}

// Profile is an instance profile, as IAM tells of it.
type Profile struct {
	ARN, ID string
	// Empty says that it has no role.
	Empty bool
}

// Engine runs services. It may be used by goroutines at once.
type Engine struct {
	store    Store
	services map[string]*Service
	ordered  []*Service
	tempo    tempo
	anyImage bool
	profile  func(ctx context.Context, account, ref string) (Profile, bool, error)
	invoke   func(ctx context.Context, c *awsapi.Call) (map[string]any, error)
	emit     func(ctx context.Context, e *event.Event) error
	model    func(service, operation string) (*awsapi.Operation, error)

	log    *slog.Logger
	random func() uint64

	running  atomic.Bool // while Run is
	complete atomic.Bool // all scopes of the store have been opened

	scopesMu sync.Mutex
	scopes   map[ScopeID]*scope // guarded by scopesMu
}

// New makes an engine of the services over a store, which it must be the only
// one to use. The catalog is for the calls that services make of each other.
func New(store Store, catalog *awsapi.Catalog, o Options, services ...*Service) *Engine {
	e := &Engine{
		store: store, services: make(map[string]*Service), ordered: services,
		tempo: tempo{pace: o.Pace, clock: o.Clock}, anyImage: o.AnyImage, profile: o.Profile,
		invoke: o.Invoke, emit: o.Emit, log: o.Log,
		scopes: make(map[ScopeID]*scope),
	}
	for _, s := range services {
		s.index()
		e.services[s.ID] = s
	}
	if e.tempo.clock == 0 {
		e.tempo.clock = 1
	}
	if e.invoke == nil {
		e.invoke = e.Call
	}
	if e.emit == nil {
		e.emit = func(context.Context, *event.Event) error { return nil }
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	e.random = rand.Uint64
	if o.Rand != nil {
		var mu sync.Mutex
		e.random = func() uint64 {
			mu.Lock()
			defer mu.Unlock()
			return o.Rand.Uint64()
		}
	}
	e.model = func(service, operation string) (*awsapi.Operation, error) {
		s, err := catalog.Service(service)
		if err != nil {
			return nil, err
		}
		return s.Operation(operation), nil
	}
	return e
}

// Serves reports whether there is a table of the service.
func (e *Engine) Serves(serviceID string) bool { return e.services[serviceID] != nil }

// AnyImage reports whether ids of machine images that do not exist are taken.
func (x *Exec) AnyImage() bool { return x.engine.anyImage }

// Profile finds an instance profile by its name or its ARN, as IAM has it; ok is
// false where there is none.
func (x *Exec) Profile(ref string) (p Profile, ok bool, err error) {
	if x.engine.profile != nil {
		return x.engine.profile(x.Context, x.Call.AccountID, ref)
	}
	arn := ref
	if !strings.HasPrefix(ref, "arn:") {
		arn = "arn:aws:iam::" + x.Call.AccountID + ":instance-profile/" + ref
	}
	return Profile{ARN: arn, ID: "AIPA" + strings.ToUpper(x.Hex("", 17))}, true, nil
}

// Call carries out a call. Its error is an [*awsapi.Error] where the call is
// refused, else a failure to keep the state, after which nothing has changed.
func (e *Engine) Call(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	s := e.services[c.Operation.Service.ID]
	if s == nil {
		return nil, &awsapi.Error{Code: "UnsupportedOperation", Message: "The sandbox does not have the service " + c.Operation.Service.ID + "."}
	}
	op := s.ops[c.Operation.Name]
	if op == nil {
		return nil, s.lacks(c.Operation)
	}
	sc, err := e.scope(ctx, ScopeID{c.AccountID, c.Region})
	if err != nil {
		return nil, err
	}
	x := &Exec{
		Tx:      e.begin(sc, c.Time),
		Context: ctx, Call: c, Params: c.Params, service: s, op: op,
	}
	if op.Do.reads() {
		sc.mu.RLock()
		defer sc.mu.RUnlock()
		return x.carryOut()
	}
	out, err := e.change(ctx, sc, x)
	if err != nil {
		return nil, err
	}
	e.changed(ctx, sc, c.Time)
	return out, nil
}

// change carries out a call that changes something, and keeps the changes.
func (e *Engine) change(ctx context.Context, sc *scope, x *Exec) (map[string]any, error) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	x.writes, x.seq = true, sc.seq
	e.sweep(x.Tx)
	out, err := x.carryOut()
	if err != nil {
		return nil, err
	}
	// A client that hangs up does not undo what was decided.
	return out, sc.save(context.WithoutCancel(ctx), e.store, x.Tx)
}

// sweepEvery is how often what is forgotten is looked for, to be deleted with
// the changes of a call.
const sweepEvery = 10 * time.Minute

// sweep deletes the resources that no call sees any more.
func (e *Engine) sweep(tx *Tx) {
	if tx.now.Sub(tx.scope.swept) < sweepEvery {
		return
	}
	tx.scope.swept = tx.now
	for _, s := range e.ordered {
		for _, k := range s.Kinds {
			t := tx.scope.tables[k.key]
			if k.States == nil || t == nil {
				continue
			}
			for _, r := range t.order {
				if k.States.settle(r, tx.now, e.tempo) == nil {
					tx.remove(k, r.ID)
				}
			}
		}
	}
}

func (x *Exec) carryOut() (map[string]any, error) {
	if err := x.checkReferences(); err != nil {
		return nil, err
	}
	out, err := x.op.Do.run(x)
	if err != nil {
		return nil, err
	}
	if x.Params.Bool("DryRun") && !x.service.DryRun.isZero() {
		return nil, x.service.DryRun.With()
	}
	if out == nil && x.Call.Operation.Output != nil {
		out = map[string]any{}
	}
	return out, nil
}

// scope returns the scope with what the store has of it.
func (e *Engine) scope(ctx context.Context, id ScopeID) (*scope, error) {
	e.scopesMu.Lock()
	sc := e.scopes[id]
	if sc == nil {
		sc = &scope{id: id}
		e.scopes[id] = sc
	}
	e.scopesMu.Unlock()

	sc.mu.RLock()
	loaded := sc.loaded
	sc.mu.RUnlock()
	if loaded {
		return sc, nil
	}
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if sc.loaded {
		return sc, nil
	}
	if err := sc.load(context.WithoutCancel(ctx), e.store); err != nil {
		return nil, err
	}
	if !sc.saved {
		if err := e.furnish(sc); err != nil {
			return nil, err
		}
	}
	sc.loaded = true
	return sc, nil
}

// furnish gives a scope what a fresh account has. Nothing is kept until a call
// changes something, so it must be the same each time.
func (e *Engine) furnish(sc *scope) error {
	tx := e.begin(sc, time.Time{})
	tx.writes = true
	for _, s := range e.ordered {
		x := &Exec{Tx: tx, Call: &awsapi.Call{AccountID: sc.id.AccountID, Region: sc.id.Region}, service: s}
		for _, k := range s.Kinds {
			if k.Fresh == nil {
				continue
			}
			tx.random = rand.NewChaCha8(sha256.Sum256([]byte(sc.id.prefix() + k.key))).Uint64
			for _, a := range k.Fresh(x) {
				if _, err := x.Add(k.Name, a); err != nil {
					return err
				}
			}
		}
	}
	sc.adopt(tx)
	return nil
}

func (e *Engine) begin(sc *scope, now time.Time) *Tx {
	return &Tx{engine: e, scope: sc, now: now.UTC(), random: e.random, changed: make(map[key]*Resource)}
}

func (e *Engine) kind(s *Service, name string) *Kind {
	if service, rest, ok := strings.Cut(name, "/"); ok {
		if s = e.services[service]; s == nil {
			return nil
		}
		name = rest
	}
	return s.kinds[name]
}
