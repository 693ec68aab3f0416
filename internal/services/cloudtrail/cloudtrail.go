// Package cloudtrail is the CloudTrail API that Cairn itself is.
package cloudtrail

import (
	"context"
	"fmt"
	"net/http"
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
	trails   Trails
	options  Options
	tokens   *history.Tokens
	limits   limits
	handlers map[string]handler
}

// New makes the service.
func New(events Events, channels *channel.Store, trails Trails, o Options) *Service {
	s := &Service{
		events: events, channels: channels, trails: trails.complete(), options: o,
		tokens: history.NewTokens(o.TokenKey),
	}
	s.handlers = s.operations()
	return s
}

// handler answers calls of an operation.
type handler func(context.Context, *awsapi.Call) (map[string]any, error)

// operations are all that the service has.
func (s *Service) operations() map[string]handler {
	all := map[string]handler{
		"LookupEvents":  s.lookupEvents,
		"CreateChannel": local(s.createChannel), "GetChannel": local(s.getChannel),
		"ListChannels": local(s.listChannels), "UpdateChannel": local(s.updateChannel),
		"DeleteChannel": local(s.deleteChannel),

		"CreateTrail": s.createTrail, "UpdateTrail": s.updateTrail, "DeleteTrail": s.deleteTrail,
		"StartLogging": s.startLogging, "StopLogging": s.stopLogging,
		"GetTrail": local(s.getTrail), "GetTrailStatus": local(s.getTrailStatus),
		"DescribeTrails": local(s.describeTrails), "ListTrails": local(s.listTrails),
		"PutEventSelectors": s.putEventSelectors, "GetEventSelectors": local(s.getEventSelectors),
		"PutInsightSelectors": s.putInsightSelectors, "GetInsightSelectors": local(s.getInsightSelectors),
		"PutEventConfiguration": s.putEventConfiguration, "GetEventConfiguration": local(s.getEventConfiguration),
		"ListPublicKeys": s.listPublicKeys,

		"AddTags": s.addTags, "RemoveTags": s.removeTags, "ListTags": local(s.listTags),
		"PutResourcePolicy": local(s.putResourcePolicy), "GetResourcePolicy": local(s.getResourcePolicy),
		"DeleteResourcePolicy": local(s.deleteResourcePolicy),
	}
	for name, h := range lake() {
		all[name] = h
	}
	return all
}

// local is a handler that waits for nothing but the disk.
func local(f func(*awsapi.Call) (map[string]any, error)) handler {
	return func(_ context.Context, c *awsapi.Call) (map[string]any, error) { return f(c) }
}

// Call implements the gateway's Backend.
func (s *Service) Call(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	h, ok := s.handlers[c.Operation.Name]
	if !ok {
		return nil, refusef("UnsupportedOperationException", "Cairn does not have %s.", c.Operation.Name)
	}
	return h(ctx, c)
}

func refuse(code, message string) *awsapi.Error {
	return &awsapi.Error{Code: code, Message: message, Status: http.StatusBadRequest}
}

func refusef(code, format string, args ...any) *awsapi.Error {
	return refuse(code, fmt.Sprintf(format, args...))
}
