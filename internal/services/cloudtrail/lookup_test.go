package cloudtrail

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/history"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// oneQuery is Events that answers with a page and keeps the query.
type oneQuery struct {
	got  history.Query
	page history.Page
}

func (o *oneQuery) Lookup(_ context.Context, q history.Query) (history.Page, error) {
	o.got = q
	return o.page, nil
}

func service(t *testing.T, events Events, tps float64) (*Service, func(map[string]any) (map[string]any, error)) {
	t.Helper()
	catalog, err := awsapi.Open()
	if err != nil {
		t.Fatal(err)
	}
	model, err := catalog.Service("cloudtrail")
	if err != nil {
		t.Fatal(err)
	}
	s := New(events, nil, Trails{}, Options{Retention: 90 * 24 * time.Hour, LookupTPS: tps, TokenKey: []byte("a key of thirty-two bytes, or so")})
	return s, func(params map[string]any) (map[string]any, error) {
		return s.Call(t.Context(), &awsapi.Call{
			Operation: model.Operation("LookupEvents"), Params: params, AccountID: "111122223333", Region: "eu-west-1", Time: now,
		})
	}
}

func by(key, value string) map[string]any {
	return map[string]any{"LookupAttributes": []any{map[string]any{"AttributeKey": key, "AttributeValue": value}}}
}

func TestLookupEventsRefusesWhatAWSRefuses(t *testing.T) {
	two := []any{map[string]any{"AttributeKey": "EventName", "AttributeValue": "a"}, map[string]any{"AttributeKey": "EventId", "AttributeValue": "b"}}
	with := func(params map[string]any, key string, value any) map[string]any {
		params[key] = value
		return params
	}
	for _, test := range []struct {
		name   string
		params map[string]any
		code   string // empty: it is answered
	}{
		{"nothing", nil, ""},
		{"one attribute", by("EventName", "RunInstances"), ""},
		{"every key", by("AccessKeyId", "AKIA"), ""},
		{"two attributes", map[string]any{"LookupAttributes": two}, "InvalidLookupAttributesException"},
		{"an unknown key", by("Eventname", "x"), "InvalidLookupAttributesException"},
		{"an empty value", by("EventName", ""), "InvalidLookupAttributesException"},
		{"2000 characters", by("EventName", strings.Repeat("ü", 2000)), ""},
		{"2001 characters", by("EventName", strings.Repeat("x", 2001)), "InvalidLookupAttributesException"},
		{"1000 that count double", by("EventName", strings.Repeat("_ ,\n", 250)), ""},
		{"1001 that count double", by("EventName", strings.Repeat("_", 1001)), "InvalidLookupAttributesException"},
		{"page of 0", map[string]any{"MaxResults": int64(0)}, "InvalidMaxResultsException"},
		{"page of 1", map[string]any{"MaxResults": int64(1)}, ""},
		{"page of 50", map[string]any{"MaxResults": int64(50)}, ""},
		{"page of 51", map[string]any{"MaxResults": int64(51)}, "InvalidMaxResultsException"},
		{"end before start", map[string]any{"StartTime": now, "EndTime": now.Add(-time.Second)}, "InvalidTimeRangeException"},
		{"end at start", map[string]any{"StartTime": now, "EndTime": now}, ""},
		{"a category of nobody's", map[string]any{"EventCategory": "Insight"}, "InvalidEventCategoryException"},
		{"insight", map[string]any{"EventCategory": "insight"}, ""},
		{"insight by name", with(by("EventName", "x"), "EventCategory", "insight"), ""},
		{"insight by user", with(by("Username", "x"), "EventCategory", "insight"), "InvalidLookupAttributesException"},
		{"a forged token", map[string]any{"NextToken": "forged"}, "InvalidNextTokenException"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, call := service(t, &oneQuery{}, 0)
			_, err := call(test.params)
			var refused *awsapi.Error
			switch {
			case test.code == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.code != "" && (!errors.As(err, &refused) || refused.Code != test.code || refused.Status != 400):
				t.Errorf("got %v, want %s", err, test.code)
			}
		})
	}
}

func TestAnEndBeforeAllTimeIsAnEnd(t *testing.T) {
	events := &oneQuery{}
	_, call := service(t, events, 0)
	if _, err := call(map[string]any{"EndTime": time.Unix(-62135596800, 0).UTC()}); err != nil {
		t.Fatal(err)
	}
	if events.got.To.IsZero() {
		t.Error("it is no bound")
	}
}

func TestLookupEventsAsksForTheCallersAccountAndRegionWithinTheRetention(t *testing.T) {
	events := &oneQuery{}
	_, call := service(t, events, 0)
	if _, err := call(nil); err != nil {
		t.Fatal(err)
	}
	want := history.Query{
		Account: "111122223333", Region: "eu-west-1", Categories: history.In(history.Management),
		From: now.Add(-90 * 24 * time.Hour), Limit: 50,
	}
	if !reflect.DeepEqual(events.got, want) {
		t.Errorf("query %+v\nwant  %+v", events.got, want)
	}
	if _, err := call(map[string]any{"StartTime": now.Add(-365 * 24 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if !events.got.From.Equal(want.From) {
		t.Errorf("events from %v on are asked for", events.got.From)
	}
}

func TestLookupEventsLeavesOutWhatAnEventLacksButResources(t *testing.T) {
	events := &oneQuery{page: history.Page{Entries: []history.Entry{
		{Time: now, JSON: []byte(`{"a":"<&>"}`), Attributes: history.Attributes{EventID: "id", EventName: "Name"}},
		{Time: now, JSON: []byte(`{}`), Attributes: history.Attributes{
			EventID: "id2", EventName: "N", ReadOnly: "true", Username: "u", EventSource: "s", AccessKeyID: "k",
			Resources: []history.Resource{{Type: "AWS::EC2::Instance", Name: "i-1"}},
		}},
	}}}
	_, call := service(t, events, 0)
	out, err := call(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"Events": []any{
		map[string]any{"EventTime": now, "Resources": []any{}, "CloudTrailEvent": `{"a":"<&>"}`, "EventId": "id", "EventName": "Name"},
		map[string]any{"EventTime": now, "CloudTrailEvent": `{}`, "EventId": "id2", "EventName": "N", "ReadOnly": "true",
			"Username": "u", "EventSource": "s", "AccessKeyId": "k",
			"Resources": []any{map[string]any{"ResourceType": "AWS::EC2::Instance", "ResourceName": "i-1"}}},
	}}
	if !reflect.DeepEqual(out, want) {
		t.Errorf("got  %v\nwant %v", out, want)
	}
}

func TestATokenGoesOnWithTheSameParametersOnly(t *testing.T) {
	events := &oneQuery{page: history.Page{Next: &history.Position{Time: now, Seq: 7, Newest: 9}}}
	_, call := service(t, events, 0)
	out, err := call(by("EventName", "a"))
	if err != nil {
		t.Fatal(err)
	}
	token := out["NextToken"]
	same := by("EventName", "a")
	same["NextToken"] = token
	if _, err := call(same); err != nil || events.got.After == nil || *events.got.After != *events.page.Next {
		t.Errorf("the same parameters: %v, position %+v", err, events.got.After)
	}
	other := by("EventName", "b")
	other["NextToken"] = token
	var refused *awsapi.Error
	if _, err := call(other); !errors.As(err, &refused) || refused.Code != "InvalidNextTokenException" {
		t.Errorf("other parameters: %v", err)
	}
}

func TestLookupsAreThrottledPerAccountAndRegionWhenAsked(t *testing.T) {
	s, call := service(t, &oneQuery{}, 2)
	var refused []string
	for i := range 4 {
		if _, err := call(nil); err != nil {
			refused = append(refused, fmt.Sprint(i, " ", err.(*awsapi.Error).Code))
		}
	}
	if want := []string{"2 ThrottlingException", "3 ThrottlingException"}; !reflect.DeepEqual(refused, want) {
		t.Errorf("refused: %v, want %v", refused, want)
	}
	if !s.allow("111122223333", "us-east-1", now) || !s.allow("444455556666", "eu-west-1", now) {
		t.Error("another Region or account is throttled too")
	}
	if !s.allow("111122223333", "eu-west-1", now.Add(time.Second)) {
		t.Error("a second later it is still throttled")
	}
}

func TestOnlyWhoAsksSeesMoreThanManagementEvents(t *testing.T) {
	for category, want := range map[string]history.Categories{
		"":                 history.In(history.Management),
		"management":       history.In(history.Management),
		"data":             history.In(history.Data),
		"networkactivity":  history.In(history.NetworkActivity),
		"insight":          history.In(history.Insight),
		"activityauditlog": history.In(history.ActivityAuditLog),
		"all":              history.In(history.Management, history.Data, history.NetworkActivity, history.ActivityAuditLog),
	} {
		events := &oneQuery{}
		_, call := service(t, events, 0)
		params := map[string]any{}
		if category != "" {
			params["EventCategory"] = category
		}
		if _, err := call(params); err != nil || events.got.Categories != want {
			t.Errorf("%q: categories %b, %v, want %b", category, events.got.Categories, err, want)
		}
	}
}
