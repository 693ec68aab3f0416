package app

import (
	"context"
	"fmt"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/gateway"
	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/sandbox"
)

// routeSandbox lets the sandbox answer what nothing else does.
func (s *Server) routeSandbox(p *parts, r *gateway.Routes) error {
	config := s.options.Config.Sandbox
	services, err := gateway.NewServices(p.recorder, p.catalog)
	if err != nil {
		return err
	}
	var box *sandbox.Sandbox
	o := sandbox.Options{
		Pace: config.Pace, Clock: config.Clock, AnyImage: config.AnyImage,
		Log: s.options.Logger.With("component", "sandbox"),
		// Calls that its services make of each other are recorded as well.
		Invoke: func(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
			return services.Invoke(ctx, box, c)
		},
		Emit: p.recordOnce,
	}
	if r.StandsIn("iam") {
		o.Profile = p.instanceProfile
	}
	box, err = sandbox.New(sandbox.Keep(p.store), p.catalog, o)
	if err != nil {
		return fmt.Errorf("start the sandbox: %w", err)
	}
	s.background("the sandbox", box.Run)
	s.serveMetadata(p, box, services)
	for _, id := range p.catalog.Services() {
		if box.Serves(id) {
			r.BuiltIn[id] = gateway.BuiltIn(gateway.Validated(box))
			p.inventories[id] = box
		}
	}
	return nil
}

// instanceProfile finds an instance profile for the sandbox's EC2.
func (p *parts) instanceProfile(ctx context.Context, account, ref string) (sandbox.Profile, bool, error) {
	found, ok, err := p.directory.InstanceProfile(ctx, account, ref)
	return sandbox.Profile{ARN: found.ARN(account), ID: found.ID, Empty: len(found.Roles) == 0}, ok, err
}

// recordOnce commits an event that a service of the sandbox tells of itself,
// unless it is in the history: the sandbox tells it again if the server ended
// before it could keep that it had. Each account and Region has one teller.
func (p *parts) recordOnce(ctx context.Context, e *event.Event) error {
	page, err := p.history.Lookup(ctx, history.Query{
		Account: e.RecipientAccountID, Region: e.AWSRegion, Attribute: history.EventID, Value: e.EventID, Limit: 1,
	})
	if err != nil {
		return fmt.Errorf("look for the event %s: %w", e.EventID, err)
	}
	if len(page.Entries) > 0 {
		return nil
	}
	return p.recorder.Record(ctx, e)
}
