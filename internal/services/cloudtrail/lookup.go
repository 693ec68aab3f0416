package cloudtrail

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/history"
)

// Limits of LookupEvents (API Reference, LookupEvents).
const (
	maxPage        = 50
	maxValueLength = 2000
)

// categories are the values of EventCategory. AWS has insight only, and shows
// management events where none is given; the others are Cairn's extension.
var categories = map[string]history.Categories{
	"":                 history.In(history.Management),
	"insight":          history.In(history.Insight),
	"management":       history.In(history.Management),
	"data":             history.In(history.Data),
	"networkactivity":  history.In(history.NetworkActivity),
	"activityauditlog": history.In(history.ActivityAuditLog),
	"all":              history.In(history.Management, history.Data, history.NetworkActivity, history.ActivityAuditLog),
}

// insightAttributes are those by which Insights events can be looked up.
var insightAttributes = map[history.Attribute]bool{
	history.EventID: true, history.EventName: true, history.EventSource: true,
}

func (s *Service) lookupEvents(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	if !s.allow(c.AccountID, c.Region, c.Time) {
		return nil, &awsapi.Error{Code: "ThrottlingException", Message: "Rate exceeded", Status: http.StatusBadRequest}
	}
	asked, err := query(c)
	if err != nil {
		return nil, err
	}
	q := asked
	if token, ok := c.Params["NextToken"].(string); ok {
		after, err := s.tokens.Open(asked, token)
		if err != nil {
			return nil, refuse("InvalidNextTokenException",
				"Invalid NextToken. It must come from an answer to a request with the same parameters.")
		}
		q.After = &after
	}
	// What is older may still be on the disk and is not shown. This bound
	// moves with the clock, so tokens do not depend on it.
	if oldest := c.Time.Add(-s.options.Retention); q.From.Before(oldest) {
		q.From = oldest
	}
	page, err := s.events.Lookup(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("look up events: %w", err)
	}
	events := make([]any, len(page.Entries))
	for i := range page.Entries {
		events[i] = describe(&page.Entries[i])
	}
	out := map[string]any{"Events": events}
	if page.Next != nil {
		out["NextToken"] = s.tokens.Seal(asked, *page.Next)
	}
	return out, nil
}

// query reads the parameters. Its errors are those of the operation.
func query(c *awsapi.Call) (history.Query, error) {
	q := history.Query{Account: c.AccountID, Region: c.Region, Limit: maxPage}
	category, _ := c.Params["EventCategory"].(string)
	var ok bool
	if q.Categories, ok = categories[category]; !ok {
		return q, refuse("InvalidEventCategoryException",
			fmt.Sprintf("%q is not an event category. Valid values: insight; beside AWS's own: management, data, networkactivity, activityauditlog, all.", category))
	}
	if n, ok := c.Params["MaxResults"].(int64); ok {
		if n < 1 || n > maxPage {
			return q, refuse("InvalidMaxResultsException", fmt.Sprintf("MaxResults must be between 1 and %d.", maxPage))
		}
		q.Limit = int(n)
	}
	if err := readAttributes(&q, c.Params["LookupAttributes"], category == "insight"); err != nil {
		return q, err
	}
	return q, readRange(&q, c.Params)
}

func readAttributes(q *history.Query, v any, insight bool) error {
	list, _ := v.([]any)
	if len(list) == 0 {
		return nil
	}
	if len(list) > 1 {
		return refuse("InvalidLookupAttributesException", "You can only use one lookup attribute at a time.")
	}
	attribute, _ := list[0].(map[string]any)
	key, _ := attribute["AttributeKey"].(string)
	value, _ := attribute["AttributeValue"].(string)
	parsed, err := history.ParseAttribute(key)
	if err != nil {
		return refuse("InvalidLookupAttributesException", fmt.Sprintf("%q is not a lookup attribute key.", key))
	}
	if insight && !insightAttributes[parsed] {
		return refuse("InvalidLookupAttributesException",
			fmt.Sprintf("%s is not a lookup attribute of Insights events. Use EventId, EventName or EventSource.", key))
	}
	if n := valueLength(value); n < 1 || n > maxValueLength {
		return refuse("InvalidLookupAttributesException",
			fmt.Sprintf("The value of %s must have between 1 and %d characters.", key, maxValueLength))
	}
	q.Attribute, q.Value = parsed, value
	return nil
}

// valueLength counts characters as LookupEvents does: "_", " ", "," and a new
// line count as two.
func valueLength(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r == '_' || r == ' ' || r == ',' || r == '\n' {
			n++
		}
	}
	return n
}

// readRange reads StartTime and EndTime, both inclusive.
func readRange(q *history.Query, params map[string]any) error {
	q.From, _ = params["StartTime"].(time.Time)
	to, bounded := params["EndTime"].(time.Time)
	if q.To = to; bounded && to.IsZero() {
		q.To = to.Add(time.Second) // the zero time is no bound to a query, and nothing is so old
	}
	if !q.To.IsZero() && q.From.After(q.To) {
		return refuse("InvalidTimeRangeException", "The start time must not be after the end time.")
	}
	return nil
}

// describe is an element of Events. Absent values are left out, except
// Resources, which is then empty.
func describe(e *history.Entry) map[string]any {
	resources := make([]any, len(e.Resources))
	for i, r := range e.Resources {
		resources[i] = map[string]any{"ResourceType": r.Type, "ResourceName": r.Name}
	}
	out := map[string]any{
		"EventTime": e.Time, "Resources": resources, "CloudTrailEvent": string(e.JSON),
	}
	for name, value := range map[string]string{
		"EventId": e.EventID, "EventName": e.EventName, "ReadOnly": e.ReadOnly,
		"AccessKeyId": e.AccessKeyID, "EventSource": e.EventSource, "Username": e.Username,
	} {
		if value != "" {
			out[name] = value
		}
	}
	return out
}
