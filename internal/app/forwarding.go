package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/loggroup"
	"github.com/cairn-audit/cairn/internal/services/cloudtrail"
	"github.com/cairn-audit/cairn/internal/trail"
	"github.com/cairn-audit/cairn/internal/trail/logs"
)

// forwardLogs sends what trails want to log groups, and lets the journal be kept
// until that is done.
func (s *Server) forwardLogs(p *parts) {
	var sink logs.Sink = asRole{logGroups{p.logs}, p.deliveries}
	if other := p.deliveries.otherGroups; other != nil {
		sink = other
	}
	p.forwarder = logs.New(p.store, p.journal, p.trails, sink)
	p.forwarder.Log = s.options.Logger.With("component", "trails' log groups")
	s.background("the sending to log groups", p.forwarder.Run)
}

// followed are trails whose log groups may be behind their files: they keep what
// says which events the groups are still to get.
type followed struct {
	*trail.Store
	forwarder *logs.Forwarder
}

// Prune implements delivery.Trails.
func (f followed) Prune(id string, before journal.Seq) error {
	if needs := f.forwarder.Needs(id); needs != 0 {
		before = min(before, needs)
	}
	return f.Store.Prune(id, before)
}

// logGroups are the built-in ones, as trails send to them.
type logGroups struct{ store *loggroup.Store }

// find reads the ARN of a log group, which may end in ":*".
func (g logGroups) find(arn string) (in loggroup.Scope, name string, ok bool) {
	parts := strings.SplitN(arn, ":", 7)
	if len(parts) != 7 || parts[2] != "logs" || parts[5] != "log-group" {
		return in, "", false
	}
	return loggroup.Scope{Account: parts[4], Region: parts[3]}, strings.TrimSuffix(parts[6], ":*"), true
}

// Put implements logs.Sink. The time of a log event is that of its delivery
// ("Sending events to CloudWatch Logs", CloudTrail User Guide).
func (g logGroups) Put(_ context.Context, t *trail.Trail, stream string, messages []string) error {
	in, name, ok := g.find(t.LogGroupARN)
	if !ok {
		return &refusedSending{"InvalidParameterException", "the trail names no log group"}
	}
	now := time.Now().UTC()
	events := make([]loggroup.Event, len(messages))
	for i, m := range messages {
		events[i] = loggroup.Event{Time: now, Message: m}
	}
	err := g.put(in, name, stream, events)
	if errors.Is(err, loggroup.ErrNoGroup) {
		return &refusedSending{"ResourceNotFoundException", err.Error()}
	}
	return err
}

// put adds events to a stream, which is made where there is none.
func (g logGroups) put(in loggroup.Scope, group, stream string, events []loggroup.Event) error {
	now := time.Now().UTC()
	err := g.store.Put(in, group, stream, now, events)
	if errors.Is(err, loggroup.ErrNoStream) {
		if err = g.store.CreateStream(in, group, stream, now); err == nil || errors.Is(err, loggroup.ErrStreamExists) {
			err = g.store.Put(in, group, stream, now, events)
		}
	}
	return err
}

// asRole sends as the role of the trail, while that may.
type asRole struct {
	logGroups
	deliveries *deliveries
}

// Put implements logs.Sink.
func (r asRole) Put(ctx context.Context, t *trail.Trail, stream string, messages []string) error {
	err := r.deliveries.CheckLogGroup(ctx, *t)
	switch {
	case errors.Is(err, cloudtrail.ErrLogsRole), errors.Is(err, cloudtrail.ErrLogsRoleGrant):
		return &refusedSending{"AccessDeniedException", err.Error()}
	case err != nil && !errors.Is(err, cloudtrail.ErrLogGroup): // which logGroups words as the service does
		return err
	}
	return r.logGroups.Put(ctx, t, stream, messages)
}

// refusedSending shows its code in the trail's status.
type refusedSending struct{ code, message string }

func (e *refusedSending) Error() string     { return e.code + ": " + e.message }
func (e *refusedSending) ErrorCode() string { return e.code }
