// Package gateway is the front door: one HTTP endpoint that speaks for every
// AWS service. It finds out what a request asks and who asks it, commits what
// must be durable before the request goes anywhere, hands it to its
// destination, and commits the event before the answer leaves.
//
// What always holds:
//
//   - An answer leaves after its event is durable. Where the event cannot be
//     written, the caller gets an error instead of the answer.
//   - A call that changes something is handed over after its intent is durable;
//     see the Recorder type.
//   - A client that hangs up cancels nothing of its own record.
//   - A refused request is an event too.
package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/internal/access"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/record"
	"github.com/cairn-audit/cairn/internal/region"
)

// Auth says how callers are known.
type Auth string

const (
	// AuthVerify takes only signatures made with a key that Cairn knows.
	AuthVerify Auth = "verify"
	// AuthOpen takes any key as given, for use in front of emulators: the
	// caller is who Cairn knows by the key, else the account's root user.
	AuthOpen Auth = "open"
)

// Identities says what an access key proves, with the session token that came
// with it or "". The error is identity.ErrUnknownKey, ErrInvalidToken or
// ErrExpiredToken where it proves nothing. Used notes that a credential was
// used, and Learn notes what an answer tells of a key: neither must wait for
// anything. Recall says what was learned. The last two are for AuthOpen.
type Identities interface {
	Credential(ctx context.Context, accessKeyID, sessionToken string) (identity.Credential, error)
	Used(c identity.Credential, use identity.Use)
	Learn(l identity.Lesson)
	Recall(accessKeyID string) (identity.Credential, bool)
}

// Options are what a gateway needs. Permissions and Access
// go together; the last three have defaults.
type Options struct {
	Catalog    *awsapi.Catalog
	Recorder   *Recorder
	Identities Identities
	Routes     Routes

	Auth Auth
	// Permissions and Access let policies decide; without them every proven
	// caller may do everything, but for what the policy of a VPC endpoint
	// denies, which needs Access only.
	Permissions Permissions
	Access      *access.Table
	// ResourcePolicies are those of services that are built in, by the prefix
	// of their actions ("s3"). Services that others answer have none here.
	ResourcePolicies map[string]ResourcePolicies
	// Inventories know the resources of services that are built in, by the
	// service's id.
	Inventories map[string]Inventory
	// Account and Region are those of calls that do not say.
	Account, Region string

	TrustedProxies []netip.Prefix
	Limits         Limits
	Logger         *slog.Logger
}

// Gateway is an http.Handler.
type Gateway struct {
	Options
	bodies atomic.Int64 // what is left of Limits.Bodies
	// regions are those that a call can be recorded in: a credential scope may
	// hold anything, LookupEvents answers by Region, and nobody looks in one
	// that does not exist. Another is recorded in Options.Region.
	regions region.Table
}

// New makes a gateway.
func New(o Options) *Gateway {
	o.Limits = o.Limits.withDefaults()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	g := &Gateway{Options: o, regions: region.Open()}
	g.bodies.Store(o.Limits.Bodies)
	return g
}

// ServeHTTP records and answers one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) { g.serve(w, r, nil) }

// serve records and answers a request that came through a VPC endpoint, or
// through none.
func (g *Gateway) serve(w http.ResponseWriter, r *http.Request, through *VPCEndpoint) {
	x := g.newExchange(w, r)
	x.enter(through)
	defer x.release()
	continueEmpty(w, r)
	// The call is seen through whatever the client does; the destination's
	// own limit bounds it.
	ctx := context.WithoutCancel(r.Context())
	answer := x.handle(ctx)
	x.send(answer)
}

// newExchange notes what is known of a request before it is read.
func (g *Gateway) newExchange(w http.ResponseWriter, r *http.Request) *exchange {
	// Before anything is read from the headers: what does not go on must not
	// tell what the request is.
	dropNamedByConnection(r.Header)
	control := http.NewResponseController(w)
	x := &exchange{
		gateway: g, http: r, started: time.Now(),
		writer: &patientWriter{ResponseWriter: w, control: control, idle: g.Limits.Idle},
		body:   &patientReader{body: r.Body, control: control, idle: g.Limits.Idle},
	}
	x.call = record.Call{
		EventID: uuid.NewString(), RequestID: uuid.NewString(),
		AccountID: g.Account, Region: g.Region,
	}
	client := ClientOf(r, g.TrustedProxies)
	x.call.SourceIP, x.call.UserAgent, x.call.TLS = client.SourceIP, client.UserAgent, client.TLS
	x.request = Request{HTTP: r, Length: r.ContentLength}
	return x
}

// handle takes the request through its steps and returns the answer to send,
// which has its event by then.
func (x *exchange) handle(ctx context.Context) (answer *Answer) {
	defer func() {
		if p := recover(); p != nil {
			x.gateway.Logger.ErrorContext(ctx, "panic while a call was handled", "panic", p,
				"eventSource", x.call.SigningName, "eventName", x.call.EventName, "stack", stack())
			answer = x.conclude(ctx, nil, &UnknownOutcomeError{Err: errors.New("internal failure")})
		}
	}()
	for _, step := range []func(context.Context) error{
		x.identify, x.authenticate, x.decode, x.authorize,
	} {
		if err := step(ctx); err != nil {
			return x.conclude(ctx, nil, err)
		}
	}
	destination := x.gateway.Routes.To(x.serviceID(), x.call.SigningName)
	if err := x.announce(ctx); err != nil {
		return x.unrecorded(ctx, err)
	}
	_, x.passedOn = destination.(*Upstream)
	result, err := destination.Do(identity.NewContext(ctx, x.caller), &x.request)
	return x.conclude(ctx, result, err)
}
