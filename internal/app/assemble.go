package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/access"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/bucket"
	"github.com/cairn-audit/cairn/internal/durable"
	"github.com/cairn-audit/cairn/internal/gateway"
	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/loggroup"
	"github.com/cairn-audit/cairn/internal/record"
	"github.com/cairn-audit/cairn/internal/rule"
	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/services/channel"
	"github.com/cairn-audit/cairn/internal/services/cloudtrail"
	"github.com/cairn-audit/cairn/internal/services/cloudtraildata"
	"github.com/cairn-audit/cairn/internal/services/organizations"
	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/topic"
	"github.com/cairn-audit/cairn/internal/trail"
	"github.com/cairn-audit/cairn/internal/trail/logs"
	"github.com/cairn-audit/cairn/internal/trail/signing"
)

// What stands in the data directory.
const (
	stateFile  = "state.db"
	masterKey  = "master.key"
	journalDir = "journal"
	objectsDir = "s3"
)

// parts are what the routes are made of.
type parts struct {
	catalog   *awsapi.Catalog
	store     *state.Store
	directory *identity.Directory
	history   *history.History
	journal   *journal.Journal
	recorder  *gateway.Recorder
	// policies are those of the resources of what is built in.
	policies map[string]gateway.ResourcePolicies
	// inventories know the resources of what is built in.
	inventories map[string]gateway.Inventory
	key         *seal.Key
	logs        *loggroup.Store
	topics      *topic.Broker
	trails      *trail.Store
	// forwarder sends what trails want to log groups.
	forwarder  *logs.Forwarder
	deliveries *deliveries
	rules      *rule.Dispatcher // nil where another EventBridge answers
	objects    *bucket.Server   // nil where another S3 answers
}

// assemble opens everything below the data directory and puts the gateway in
// front of it.
func (s *Server) assemble(ctx context.Context, p *parts) (*gateway.Gateway, error) {
	if err := durable.MkdirAll(durable.OS{}, s.options.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	p.policies = map[string]gateway.ResourcePolicies{}
	p.inventories = map[string]gateway.Inventory{}
	for _, step := range []func(context.Context, *parts) error{
		s.openState, s.openAccount, s.openIdentities, s.openJournal, s.openLogs, s.openTopics,
	} {
		if err := step(ctx, p); err != nil {
			return nil, err
		}
	}
	records, err := record.New(p.catalog)
	if err != nil {
		return nil, err
	}
	p.recorder = gateway.NewRecorder(p.journal, records)
	// Before anything new: what an earlier process began is older.
	if err := s.settle(ctx, p); err != nil {
		return nil, err
	}
	routes, err := s.routes(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := s.deliver(ctx, p); err != nil {
		return nil, err
	}
	s.background("the retention", func(ctx context.Context) error { return s.retain(ctx, p) })
	limits := s.options.Config.Limits
	o := gateway.Options{
		Catalog: p.catalog, Recorder: p.recorder, Identities: p.directory, Routes: routes, ResourcePolicies: p.policies,
		Inventories: p.inventories,
		Auth:        s.options.Auth, Account: s.endpoint.Account, Region: s.options.Region,
		TrustedProxies: s.options.Config.TrustedProxies,
		Limits: gateway.Limits{
			Body: limits.BodyBytes, Answer: limits.AnswerBytes, Idle: limits.Idle, Call: limits.Call,
		},
		Logger: s.options.Logger.With("component", "gateway"),
	}
	// Policies decide about callers who are proven.
	if s.options.Auth == gateway.AuthVerify {
		o.Permissions = p.directory
	}
	if o.Access, err = access.Open(); err != nil {
		return nil, err
	}
	s.signIn = s.newSignIn(p)
	return gateway.New(o), nil
}

func (s *Server) openState(_ context.Context, p *parts) (err error) {
	if p.catalog, err = awsapi.Open(); err != nil {
		return err
	}
	if err := checkParts(s.options.Data); err != nil {
		return err
	}
	if p.key, err = seal.LoadKey(filepath.Join(s.options.Data, masterKey)); err != nil {
		return fmt.Errorf("load the master key: %w", err)
	}
	if p.store, err = state.Open(filepath.Join(s.options.Data, stateFile)); err != nil {
		return fmt.Errorf("open the state: %w", err)
	}
	s.cleanups.add("the state", func(context.Context) error { return p.store.Close() })
	policies, err := identity.LoadAWSPolicies()
	if err != nil {
		return err
	}
	p.directory = identity.New(p.store, p.key, identity.WithAWSPolicies(policies))
	if err := p.directory.CheckKey(); err != nil {
		return fmt.Errorf("%s is not the key that %s was sealed with: %w", masterKey, stateFile, err)
	}
	return nil
}

// openAccount finds the server's account, or makes it at the first start.
func (s *Server) openAccount(_ context.Context, p *parts) error {
	id, err := p.directory.Account()
	if err != nil {
		return fmt.Errorf("find the account: %w", err)
	}
	if id != "" {
		if s.options.Account != "" && s.options.Account != id {
			return fmt.Errorf("%s belongs to account %s, not %s", s.options.Data, id, s.options.Account)
		}
		s.endpoint.Account = id
		return nil
	}
	if id = s.options.Account; id == "" {
		id = DefaultAccount
	}
	path := filepath.Join(s.options.Data, credentialsFile)
	_, err = p.directory.Bootstrap(id, time.Now(), func(root, administrator identity.Credential) error {
		return durable.WriteFile(durable.OS{}, path, formatCredentials(root, administrator), 0o600)
	})
	if err != nil {
		return err
	}
	s.endpoint.Account, s.made = id, path
	return nil
}

func (s *Server) openJournal(ctx context.Context, p *parts) (err error) {
	logger := s.options.Logger.With("component", "journal")
	p.history = history.New(durable.OS{}, s.options.Logger.With("component", "history"))
	p.journal, err = journal.Open(filepath.Join(s.options.Data, journalDir), p.history, journal.Options{Logger: logger})
	if err != nil {
		return fmt.Errorf("open the journal: %w", err)
	}
	s.cleanups.add("the journal", func(context.Context) error {
		err := errors.Join(noteReached(p), p.journal.Close())
		p.history.Close()
		return err
	})
	if err := s.checkReached(ctx, p); err != nil {
		return err
	}
	p.history.Attach(p.journal)
	return nil
}

// settle makes events of the intents that an earlier process left open.
func (s *Server) settle(ctx context.Context, p *parts) error {
	n, err := gateway.Recover(ctx, p.journal, p.journal.OpenIntents())
	if err != nil {
		return fmt.Errorf("settle the calls of an earlier run: %w", err)
	}
	if n > 0 {
		s.options.Logger.Warn("calls of an earlier run were cut off; their events say that the outcome is unknown", "calls", n)
	}
	return nil
}

// routes says who answers what.
func (s *Server) routes(ctx context.Context, p *parts) (gateway.Routes, error) {
	channels := channel.NewStore(p.store)
	p.trails = trail.NewStore(p.store, p.journal.Last)
	p.deliveries = &deliveries{parts: p, signer: signing.New(p.store, p.key)}
	trails := cloudtrail.New(p.history, channels, cloudtrail.Trails{
		Store: p.trails, Accounts: p.directory, Statuses: p.deliveries, Keys: p.deliveries, Destinations: p.deliveries,
		OtherLogs: s.isOutside("logs", s.options.Config.Delivery.Logs),
	}, cloudtrail.Options{
		Retention: s.retention(), LookupTPS: s.options.LookupTPS, TokenKey: p.key.Derive("lookup tokens"),
	})
	r := gateway.Routes{
		Own: map[string]gateway.Destination{
			"cloudtrail":      gateway.BuiltIn(trails),
			"cloudtrail-data": gateway.BuiltIn(cloudtraildata.New(channels, p.recorder, p.history)),
		},
		Preferred:  map[string]bool{},
		Configured: map[string]gateway.Destination{},
		BuiltIn:    map[string]gateway.Destination{},
	}
	p.inventories["cloudtrail"] = taggedTrails(p.trails)
	if err := s.routeUpstreams(ctx, &r); err != nil {
		return r, err
	}
	s.routeIdentities(&r, p.directory)
	routeLogs(p, &r)
	routeTopics(p, &r)
	r.BuiltIn["organizations"] = gateway.BuiltIn(gateway.Validated(organizations.New(p.directory)))
	if err := s.routeRules(p, &r); err != nil {
		return r, err
	}
	if r.Upstream == nil || r.Preferred["s3"] {
		if err := s.routeObjects(ctx, p, &r); err != nil {
			return r, err
		}
	}
	if r.Upstream == nil || len(notBuiltIn(&r)) > 0 {
		if err := s.routeSandbox(p, &r); err != nil {
			return r, err
		}
	}
	if unknown := notBuiltIn(&r); len(unknown) > 0 {
		// These two are made only where they answer.
		known := append(slices.Collect(maps.Keys(r.BuiltIn)), "events", "s3")
		slices.Sort(known)
		return r, fmt.Errorf("route of %s: it is not built in; these are: %s", unknown[0], strings.Join(slices.Compact(known), " "))
	}
	return r, nil
}

// notBuiltIn are the services that are preferred and not there.
func notBuiltIn(r *gateway.Routes) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(r.Preferred)), func(id string) bool { return r.BuiltIn[id] != nil })
}
