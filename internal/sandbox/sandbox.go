// Package sandbox answers the calls of the services that Cairn records best, so
// that they work with no other software: Amazon EC2 with EBS and Capacity
// Blocks, EC2 Auto Scaling, Elastic Load Balancing, ECS and EC2 Instance
// Connect. Nothing runs; the calls change state, and Describe calls show it.
//
// The services are tables, each in a package of its own; package engine carries
// them out.
package sandbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/sandbox/autoscaling"
	"github.com/cairn-audit/cairn/internal/sandbox/ec2"
	"github.com/cairn-audit/cairn/internal/sandbox/ecs"
	"github.com/cairn-audit/cairn/internal/sandbox/elbv2"
	"github.com/cairn-audit/cairn/internal/sandbox/engine"
	"github.com/cairn-audit/cairn/internal/sandbox/instanceconnect"
)

// Options change how a sandbox works. The zero value is for use.
type Options = engine.Options

// Profile is an instance profile, as IAM tells of it.
type Profile = engine.Profile

// Sandbox is the built-in backend of its services. It may be used by goroutines
// at once.
type Sandbox struct {
	engine   *engine.Engine
	services []*engine.Service
}

// New makes a sandbox whose state is in the store, see [Keep]. No other may use
// the same store.
func New(store engine.Store, catalog *awsapi.Catalog, o Options) (*Sandbox, error) {
	if store == nil {
		return nil, errors.New("the sandbox needs a store")
	}
	all := services()
	for _, s := range all {
		if _, err := catalog.Service(s.ID); err != nil {
			return nil, fmt.Errorf("the sandbox needs the API model of %s: %w", s.ID, err)
		}
	}
	return &Sandbox{engine: engine.New(store, catalog, o, all...), services: all}, nil
}

// services are in the order in which a fresh account is furnished.
func services() []*engine.Service {
	return []*engine.Service{
		ec2.Service(), elbv2.Service(), autoscaling.Service(), ecs.Service(), instanceconnect.Service(),
	}
}

// Serves reports whether the sandbox has the service, by its id in the API
// models ("elbv2"). It may lack some of the service's operations.
func (s *Sandbox) Serves(serviceID string) bool { return s.engine.Serves(serviceID) }

// Call carries out a call. The error is an [*awsapi.Error] where the service
// refuses it, and another where the state could not be read or kept; nothing
// has changed then. The answer belongs to the caller.
func (s *Sandbox) Call(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	return s.engine.Call(ctx, c)
}

// Run lets services act of themselves, as when an Auto Scaling group launches
// instances, about a second after the call that makes them; it ends with the
// context. Without it, they act before that call returns. It must be called
// once at most.
func (s *Sandbox) Run(ctx context.Context) error { return s.engine.Run(ctx) }
