package logs

import (
	"slices"
	"time"

	"github.com/cairn-audit/cairn/internal/loggroup"
)

func (s *Service) createStream(c *call) (map[string]any, error) {
	return nil, s.store.CreateStream(c.scope, c.text("logGroupName"), c.text("logStreamName"), c.Time)
}

func (s *Service) deleteStream(c *call) (map[string]any, error) {
	return nil, s.store.DeleteStream(c.scope, c.text("logGroupName"), c.text("logStreamName"))
}

func (s *Service) describeStreams(c *call) (map[string]any, error) {
	name, err := c.group()
	if err != nil {
		return nil, err
	}
	prefix, byTime := c.text("logStreamNamePrefix"), c.text("orderBy") == "LastEventTime"
	if byTime && prefix != "" {
		return nil, refuse("InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	g, err := s.store.Group(c.scope, name)
	if err != nil {
		return nil, err
	}
	all, err := s.store.Streams(c.scope, name, prefix)
	if err != nil {
		return nil, err
	}
	if byTime {
		slices.SortStableFunc(all, func(a, b loggroup.Stream) int { return a.Last.Compare(b.Last) })
	}
	if c.flag("descending") {
		slices.Reverse(all)
	}
	part, next, err := page(c, all, func(st *loggroup.Stream) string { return st.ID })
	if err != nil {
		return nil, err
	}
	shown := make([]any, len(part))
	for i := range part {
		shown[i] = describeStream(g.ARN(c.scope), &part[i])
	}
	out := map[string]any{"logStreams": shown}
	if next != "" {
		out["nextToken"] = next
	}
	return out, nil
}

func describeStream(groupARN string, st *loggroup.Stream) map[string]any {
	out := map[string]any{
		"logStreamName": st.Name, "creationTime": st.Created.UnixMilli(), "storedBytes": int64(0), // since 2019
		"arn": groupARN + ":log-stream:" + st.Name, "uploadSequenceToken": sequenceToken(st),
	}
	for name, t := range map[string]time.Time{
		"firstEventTimestamp": st.First, "lastEventTimestamp": st.Last, "lastIngestionTime": st.Stored,
	} {
		if !t.IsZero() {
			out[name] = t.UnixMilli()
		}
	}
	return out
}
