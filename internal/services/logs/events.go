package logs

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/loggroup"
)

// sequenceToken is what PutLogEvents once had to be given. It is no longer asked
// for, and still in answers.
func sequenceToken(st *loggroup.Stream) string { return fmt.Sprintf("%056d", st.Batches+1) }

func (s *Service) putEvents(c *call) (map[string]any, error) {
	groupName, streamName := c.text("logGroupName"), c.text("logStreamName")
	g, err := s.store.Group(c.scope, groupName)
	if err != nil {
		return nil, err
	}
	if _, err := s.stream(c.scope, groupName, streamName); err != nil {
		return nil, err
	}
	events, err := readEvents(c.Params["logEvents"])
	if err != nil {
		return nil, err
	}
	taken, rejected := admit(events, &g, c.Time)
	if err := s.store.Put(c.scope, groupName, streamName, c.Time, taken); err != nil {
		return nil, err
	}
	st, err := s.stream(c.scope, groupName, streamName)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"nextSequenceToken": sequenceToken(&st)}
	if len(rejected) > 0 {
		out["rejectedLogEventsInfo"] = rejected
	}
	return out, nil
}

func (s *Service) stream(in loggroup.Scope, groupName, name string) (loggroup.Stream, error) {
	all, err := s.store.Streams(in, groupName, name)
	if err != nil {
		return loggroup.Stream{}, err
	}
	if len(all) == 0 || all[0].Name != name {
		return loggroup.Stream{}, loggroup.ErrNoStream
	}
	return all[0], nil
}

// readEvents reads the events of a PutLogEvents and holds them to its limits.
func readEvents(given any) ([]loggroup.Event, error) {
	list, _ := given.([]any)
	events := make([]loggroup.Event, len(list))
	size := 0
	for i, element := range list {
		e, _ := element.(map[string]any)
		ms, _ := e["timestamp"].(int64)
		message, _ := e["message"].(string)
		events[i] = loggroup.Event{Time: time.UnixMilli(ms).UTC(), Message: message}
		size += len(message) + loggroup.EventOverhead
	}
	invalid := func(message string) error { return refuse("InvalidParameterException", message) }
	switch {
	case len(events) == 0:
		return nil, invalid("The batch of log events is empty.")
	case len(events) > loggroup.MaxEvents:
		return nil, invalid(fmt.Sprintf("Upload too many events: %d, more than %d.", len(events), loggroup.MaxEvents))
	case size > loggroup.MaxBytes:
		return nil, invalid(fmt.Sprintf("Upload too large: %d bytes exceeds limit of %d", size, loggroup.MaxBytes))
	case !slices.IsSortedFunc(events, func(a, b loggroup.Event) int { return a.Time.Compare(b.Time) }):
		return nil, invalid("Log events in a single PutLogEvents request must be in chronological order.")
	case events[len(events)-1].Time.Sub(events[0].Time) > loggroup.MaxSpan:
		return nil, invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}
	return events, nil
}

// admit leaves out the events that are too old or too new, and says which.
func admit(events []loggroup.Event, g *loggroup.Group, now time.Time) ([]loggroup.Event, map[string]any) {
	rejected := map[string]any{}
	first := func(t time.Time) int {
		i, _ := slices.BinarySearchFunc(events, t, func(e loggroup.Event, t time.Time) int { return e.Time.Compare(t) })
		return i
	}
	from := first(now.Add(-loggroup.MaxAge))
	if from > 0 {
		rejected["tooOldLogEventEndIndex"] = int64(from)
	}
	if g.RetentionDays > 0 {
		if expired := first(now.AddDate(0, 0, -g.RetentionDays)); expired > from {
			rejected["expiredLogEventEndIndex"] = int64(expired)
			from = expired
		}
	}
	to := max(from, first(now.Add(loggroup.MaxAhead+time.Millisecond)))
	if to < len(events) {
		rejected["tooNewLogEventStartIndex"] = int64(to)
	}
	return events[from:to], rejected
}

// Limits of what is read at once.
const (
	maxRead      = 10_000
	maxReadBytes = 1 << 20
)

// span is the time that a call asks for. endTime is not included by GetLogEvents
// and is by FilterLogEvents (API Reference); more is how much later the end is.
func (c *call) span(more time.Duration) (span loggroup.Span) {
	if ms, ok := c.Params["startTime"].(int64); ok {
		span.From = time.UnixMilli(ms)
	}
	if ms, ok := c.Params["endTime"].(int64); ok {
		span.To = time.UnixMilli(ms).Add(more)
	}
	return span
}

// end is behind all positions.
var end = loggroup.Position{Millis: 1 << 61}

func (s *Service) getEvents(c *call) (map[string]any, error) {
	name, err := c.group()
	if err != nil {
		return nil, err
	}
	st, err := s.stream(c.scope, name, c.text("logStreamName"))
	if err != nil {
		return nil, err
	}
	limit, forward, at := int(c.number("limit", maxRead)), c.flag("startFromHead"), loggroup.Position{}
	if !forward {
		at = end
	}
	if given := c.text("nextToken"); given != "" {
		direction, place, _ := strings.Cut(given, "/")
		if forward = direction == "f"; !forward && direction != "b" {
			return nil, refuse("InvalidParameterException", "The specified nextToken is invalid.")
		}
		if err := readToken(place, &at); err != nil {
			return nil, err
		}
	}
	found, err := s.read(&st, c.span(0), at, forward, limit)
	if err != nil {
		return nil, err
	}
	first, last := around(&st, at, forward)
	shown := make([]any, len(found))
	for i, r := range found {
		if i == 0 {
			first = r.Position
		}
		last = r.Position
		shown[i] = map[string]any{
			"timestamp": r.Millis, "message": r.Message, "ingestionTime": r.Ingested.UnixMilli(),
		}
	}
	ahead, err := token(last)
	if err != nil {
		return nil, err
	}
	back, err := token(first)
	return map[string]any{"events": shown, "nextForwardToken": "f/" + ahead, "nextBackwardToken": "b/" + back}, err
}

// around are the positions before and after which reading goes on that found nothing
// at a position: whoever turns back sees the event there, and who follows the end
// sees what comes next.
func around(st *loggroup.Stream, at loggroup.Position, forward bool) (before, after loggroup.Position) {
	switch {
	case at == end && st.Last.IsZero():
		return end, loggroup.Position{}
	case at == end:
		return end, loggroup.Position{Millis: st.Last.UnixMilli(), Batch: st.Batches, Index: loggroup.MaxEvents}
	}
	before, after = at, at
	if forward {
		before.Index++
	} else {
		after.Index--
	}
	return before, after
}

// read reads the events after a position, or the last ones before it.
func (s *Service) read(st *loggroup.Stream, span loggroup.Span, at loggroup.Position, forward bool, limit int) ([]loggroup.Read, error) {
	size := 0
	fits := func(r *loggroup.Read) bool {
		size += len(r.Message) + loggroup.EventOverhead
		return size <= maxReadBytes
	}
	var found []loggroup.Read
	if !forward {
		latest, err := s.store.Latest(st, span, at, limit)
		start := len(latest)
		for start > 0 && (fits(&latest[start-1]) || start == len(latest)) {
			start--
		}
		return latest[start:], err
	}
	for r, err := range s.store.Events(st, span, at) {
		if err != nil {
			return nil, err
		}
		if len(found) == limit || !fits(&r) && len(found) > 0 {
			break
		}
		found = append(found, r)
	}
	return found, nil
}

// place is where a FilterLogEvents goes on: after an event of a stream. Streams
// are merged by time and then by name.
type place struct {
	Stream string
	loggroup.Position
}

// before is the position after which a stream's events are still to come.
func (p *place) before(st *loggroup.Stream) loggroup.Position {
	switch {
	case p.Stream == "" || st.Name == p.Stream:
		return p.Position
	case st.Name < p.Stream:
		// Its events of that millisecond came before.
		return loggroup.Position{Millis: p.Millis, Batch: 1<<64 - 1}
	}
	return loggroup.Position{Millis: p.Millis}
}

func (s *Service) filterEvents(c *call) (map[string]any, error) {
	name, err := c.group()
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(c.text("filterPattern")) != "" {
		return nil, refuse("InvalidParameterException", "The built-in CloudWatch Logs has no filter patterns: leave filterPattern away.")
	}
	chosen, err := s.chosenStreams(c, name)
	if err != nil {
		return nil, err
	}
	var from place
	if given := c.text("nextToken"); given != "" {
		if err := readToken(given, &from); err != nil {
			return nil, err
		}
	}
	limit, size := int(c.number("limit", maxRead)), 0
	shown := []any{}
	out := map[string]any{"searchedLogStreams": []any{}}
	last := from
	for r, err := range s.store.Merge(chosen, c.span(time.Millisecond), from.before) {
		if err != nil {
			return nil, err
		}
		size += len(r.Message) + loggroup.EventOverhead
		if len(shown) == limit || size > maxReadBytes && len(shown) > 0 {
			if out["nextToken"], err = token(last); err != nil {
				return nil, err
			}
			break
		}
		shown = append(shown, map[string]any{
			"logStreamName": r.Stream, "timestamp": r.Millis, "message": r.Message,
			"ingestionTime": r.Ingested.UnixMilli(), "eventId": eventID(&r),
		})
		last = place{Stream: r.Stream, Position: r.Position}
	}
	out["events"] = shown
	return out, nil
}

// chosenStreams are the streams that a FilterLogEvents reads.
func (s *Service) chosenStreams(c *call, groupName string) ([]loggroup.Stream, error) {
	prefix := c.text("logStreamNamePrefix")
	names, named := c.Params["logStreamNames"].([]any)
	if prefix != "" && named {
		return nil, refuse("InvalidParameterException", "Cannot specify both logStreamNamePrefix and logStreamNames.")
	}
	all, err := s.store.Streams(c.scope, groupName, prefix)
	if err != nil || !named {
		return all, err
	}
	var chosen []loggroup.Stream
	for _, st := range all {
		if slices.Contains(names, any(st.Name)) {
			chosen = append(chosen, st)
		}
	}
	if len(chosen) < len(names) {
		return nil, loggroup.ErrNoStream
	}
	return chosen, nil
}

// eventID tells an event from all others, in 56 digits as AWS's does: its time,
// its stream, its place.
func eventID(r *loggroup.Read) string {
	h := fnv.New64a()
	h.Write([]byte(r.StreamID))
	return fmt.Sprintf("%014d%020d%015d%07d", r.Millis, h.Sum64(), r.Batch, r.Index)
}
