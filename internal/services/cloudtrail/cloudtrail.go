// Package cloudtrail is the CloudTrail API that Cairn itself is.
package cloudtrail

import (
	"context"
	"fmt"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/services/channel"
)

// Events is where events are looked up: it shows an event as soon as the call
// that it records is answered.
type Events interface {
	Lookup(ctx context.Context, q history.Query) (history.Page, error)
}

// Options are the service's settings.
type Options struct {
	// Retention is how far back LookupEvents reaches.
	Retention time.Duration
	// LookupTPS limits LookupEvents per second, account and Region; 0 does
	// not.
	LookupTPS float64
	// TokenKey authenticates page tokens.
	TokenKey []byte
}

// Service answers CloudTrail calls.
type Service struct {
	events   Events
	channels *channel.Store
	options  Options
	tokens   *history.Tokens
	limits   limits
}

// New makes the service.
func New(events Events, channels *channel.Store, o Options) *Service {
	return &Service{events: events, channels: channels, options: o, tokens: history.NewTokens(o.TokenKey)}
}

// Call implements the gateway's Backend.
func (s *Service) Call(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	switch c.Operation.Name {
	case "LookupEvents":
		return s.lookupEvents(ctx, c)
	case "CreateChannel":
		return s.createChannel(c)
	case "GetChannel":
		return s.getChannel(c)
	case "ListChannels":
		return s.listChannels(c)
	case "UpdateChannel":
		return s.updateChannel(c)
	case "DeleteChannel":
		return s.deleteChannel(c)
	default:
		return nil, refuse("UnsupportedOperationException",
			fmt.Sprintf("Cairn does not have %s yet.", c.Operation.Name))
	}
}
