package logs

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/loggroup"
	"github.com/cairn-audit/cairn/internal/state"
)

var now = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

type object = map[string]any

type desk struct {
	t       *testing.T
	model   *awsapi.Service
	service *Service
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	catalog, err := awsapi.Open()
	if err != nil {
		t.Fatal(err)
	}
	model, err := catalog.Service("logs")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := state.Open(filepath.Join(t.TempDir(), "logs.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kept.Close() })
	store, err := loggroup.New(kept)
	if err != nil {
		t.Fatal(err)
	}
	return &desk{t, model, New(store)}
}

// call makes a call whose parameters and answer must be of its model.
func (d *desk) call(operation string, params object) (object, error) {
	d.t.Helper()
	op := d.model.Operation(operation)
	if op == nil {
		d.t.Fatalf("there is no operation %s", operation)
	}
	out, err := d.service.Call(d.t.Context(), &awsapi.Call{
		Operation: op, Params: params, AccountID: "111122223333", Region: "us-east-1", Time: now,
	})
	for name := range out {
		if op.Output == nil || op.Output.Member(name) == nil {
			d.t.Errorf("%s answers %s, which its model does not have", operation, name)
		}
	}
	return out, err
}

func (d *desk) must(operation string, params object) object {
	d.t.Helper()
	out, err := d.call(operation, params)
	if err != nil {
		d.t.Fatalf("%s: %v", operation, err)
	}
	return out
}

func (d *desk) refused(operation string, params object, code string) {
	d.t.Helper()
	_, err := d.call(operation, params)
	var refusal *awsapi.Error
	if !errors.As(err, &refusal) || refusal.Code != code {
		d.t.Errorf("%s %v: %v, want %s", operation, params, err, code)
	}
}

func (d *desk) stream() {
	d.t.Helper()
	d.must("CreateLogGroup", object{"logGroupName": "g", "tags": object{"team": "blue"}})
	d.must("CreateLogStream", object{"logGroupName": "g", "logStreamName": "s"})
}

// put puts events that are so many milliseconds after now.
func (d *desk) put(stream string, millis ...int64) object {
	d.t.Helper()
	events := make([]any, len(millis))
	for i, ms := range millis {
		events[i] = object{"timestamp": now.UnixMilli() + ms, "message": fmt.Sprint(stream, ms)}
	}
	return d.must("PutLogEvents", object{"logGroupName": "g", "logStreamName": stream, "logEvents": events})
}

// texts are the messages of an answer.
func texts(out object) string {
	var all []string
	for _, e := range out["events"].([]any) {
		all = append(all, e.(object)["message"].(string))
	}
	return strings.Join(all, " ")
}

func TestGetLogEventsPagesForwardAndBackward(t *testing.T) {
	d := newDesk(t)
	d.stream()
	d.put("s", 1, 2, 3)
	d.put("s", 4, 5)
	get := func(more object) object {
		params := object{"logGroupName": "g", "logStreamName": "s", "limit": int64(2)}
		for k, v := range more {
			params[k] = v
		}
		return d.must("GetLogEvents", params)
	}
	latest := get(nil)
	if got := texts(latest); got != "s4 s5" {
		t.Errorf("the latest are %q", got)
	}
	if got := texts(get(object{"nextToken": latest["nextBackwardToken"]})); got != "s2 s3" {
		t.Errorf("before them are %q", got)
	}
	var all []string
	page := get(object{"startFromHead": true})
	for range 3 {
		all = append(all, texts(page))
		page = get(object{"nextToken": page["nextForwardToken"]})
	}
	if got := strings.Join(all, "|"); got != "s1 s2|s3 s4|s5" {
		t.Errorf("from the head: %q", got)
	}
	// The end is where the same token comes back; what is put later is after it.
	if again := get(object{"nextToken": page["nextForwardToken"]}); again["nextForwardToken"] != page["nextForwardToken"] || texts(again) != "" {
		t.Errorf("at the end: %v", again)
	}
	d.put("s", 6)
	if got := texts(get(object{"nextToken": page["nextForwardToken"]})); got != "s6" {
		t.Errorf("after the end: %q", got)
	}
	bounded := get(object{"startTime": now.UnixMilli() + 2, "endTime": now.UnixMilli() + 4, "startFromHead": true})
	if got := texts(bounded); got != "s2 s3" {
		t.Errorf("from 2 until before 4: %q", got)
	}
}

func TestATokenOfAnEmptyAnswerGoesOnWithWhatComesNext(t *testing.T) {
	d := newDesk(t)
	d.stream()
	d.must("CreateLogStream", object{"logGroupName": "g", "logStreamName": "empty"})
	get := func(stream string, more object) object {
		params := object{"logGroupName": "g", "logStreamName": stream, "limit": int64(2)}
		for k, v := range more {
			params[k] = v
		}
		return d.must("GetLogEvents", params)
	}
	d.put("s", 1, 2, 3)
	// Followers begin with the latest events, of which there may be none.
	empty := get("empty", nil)["nextForwardToken"]
	later := get("s", object{"startTime": now.UnixMilli() + 4})["nextForwardToken"]
	d.put("empty", 1, 2)
	d.put("s", 3, 4)
	if got := texts(get("empty", object{"nextToken": empty})); got != "empty1 empty2" {
		t.Errorf("after nothing: %q", got)
	}
	if got := texts(get("s", object{"nextToken": later})); got != "s3 s4" {
		t.Errorf("after what was there: %q", got)
	}
	// Before the first event and after the last, the other direction begins
	// with it.
	head := get("s", object{"startFromHead": true})["nextBackwardToken"]
	before := get("s", object{"nextToken": head})
	if got := texts(get("s", object{"nextToken": before["nextForwardToken"]})); texts(before) != "" || got != "s1 s2" {
		t.Errorf("before the head: %q, then %q", texts(before), got)
	}
	after := get("s", object{"nextToken": get("s", nil)["nextForwardToken"]})
	if got := texts(get("s", object{"nextToken": after["nextBackwardToken"]})); texts(after) != "" || got != "s3 s4" {
		t.Errorf("after the end: %q, then %q", texts(after), got)
	}
}

func TestFilterLogEventsMergesStreamsAcrossPages(t *testing.T) {
	d := newDesk(t)
	d.stream()
	for _, name := range []string{"r", "t"} {
		d.must("CreateLogStream", object{"logGroupName": "g", "logStreamName": name})
	}
	d.put("s", 1, 5, 5)
	d.put("r", 2, 5)
	d.put("t", 5, 9)
	for limit := int64(1); limit < 8; limit++ {
		params, all := object{"logGroupName": "g", "limit": limit}, []string{}
		ids := map[any]bool{}
		for {
			out := d.must("FilterLogEvents", params)
			if len(out["events"].([]any)) > 0 {
				all = append(all, texts(out))
			}
			for _, e := range out["events"].([]any) {
				ids[e.(object)["eventId"]] = true
			}
			if out["nextToken"] == nil {
				break
			}
			params["nextToken"] = out["nextToken"]
		}
		if got := strings.Join(all, " "); got != "s1 r2 r5 s5 s5 t5 t9" {
			t.Errorf("in pages of %d: %q", limit, got)
		}
		if len(ids) != 7 {
			t.Errorf("7 events have %d ids", len(ids))
		}
	}
	only := d.must("FilterLogEvents", object{"logGroupName": "g", "logStreamNames": []any{"t"}})
	if got := texts(only); got != "t5 t9" {
		t.Errorf("of one stream: %q", got)
	}
}

func TestPutLogEventsRejectsWhatIsTooOldOrTooNew(t *testing.T) {
	d := newDesk(t)
	d.stream()
	day := (24 * time.Hour).Milliseconds()
	rejected := func(out object) any { return out["rejectedLogEventsInfo"] }
	if got := rejected(d.put("s", -14*day-1, -14*day)); fmt.Sprint(got) != "map[tooOldLogEventEndIndex:1]" {
		t.Errorf("too old: %v", got)
	}
	if got := rejected(d.put("s", 0, 2*60*60*1000, 2*60*60*1000+1)); fmt.Sprint(got) != "map[tooNewLogEventStartIndex:2]" {
		t.Errorf("too new: %v", got)
	}
	d.must("PutRetentionPolicy", object{"logGroupName": "g", "retentionInDays": int64(1)})
	if got := rejected(d.put("s", -day-2, -day-1, -5)); fmt.Sprint(got) != "map[expiredLogEventEndIndex:2]" {
		t.Errorf("expired: %v", got)
	}
}

func TestRefusals(t *testing.T) {
	d := newDesk(t)
	d.stream()
	event := func(ms int64, message string) any {
		return object{"timestamp": now.UnixMilli() + ms, "message": message}
	}
	batch := func(events ...any) object {
		return object{"logGroupName": "g", "logStreamName": "s", "logEvents": events}
	}
	for _, c := range []struct {
		operation string
		params    object
		code      string
	}{
		{"CreateLogGroup", object{"logGroupName": "g"}, "ResourceAlreadyExistsException"},
		{"CreateLogStream", object{"logGroupName": "g", "logStreamName": "s"}, "ResourceAlreadyExistsException"},
		{"CreateLogStream", object{"logGroupName": "h", "logStreamName": "s"}, "ResourceNotFoundException"},
		{"DeleteLogGroup", object{"logGroupName": "h"}, "ResourceNotFoundException"},
		{"PutRetentionPolicy", object{"logGroupName": "g", "retentionInDays": int64(2)}, "InvalidParameterException"},
		{"DescribeLogStreams", object{"logGroupName": "g", "logStreamNamePrefix": "s", "orderBy": "LastEventTime"}, "InvalidParameterException"},
		{"DescribeLogStreams", object{}, "InvalidParameterException"},
		{"DescribeLogGroups", object{"nextToken": "?"}, "InvalidParameterException"},
		{"GetLogEvents", object{"logGroupName": "g", "logStreamName": "s", "nextToken": "x/y"}, "InvalidParameterException"},
		{"GetLogEvents", object{"logGroupName": "g", "logStreamName": "t"}, "ResourceNotFoundException"},
		{"FilterLogEvents", object{"logGroupName": "g", "logStreamNames": []any{"s", "t"}}, "ResourceNotFoundException"},
		{"ListTagsForResource", object{"resourceArn": "arn:aws:logs:eu-west-1:111122223333:log-group:g"}, "ResourceNotFoundException"},
		{"PutLogEvents", batch(event(2, "b"), event(1, "a")), "InvalidParameterException"},
		{"PutLogEvents", batch(event(-24*60*60*1000-1, "b"), event(0, "a")), "InvalidParameterException"},
		{"PutLogEvents", batch(event(0, strings.Repeat("x", loggroup.MaxBytes-loggroup.EventOverhead+1))), "InvalidParameterException"},
		{"PutLogEvents", batch(), "InvalidParameterException"},
		{"StartQuery", object{}, "UnknownOperationException"},
	} {
		d.refused(c.operation, c.params, c.code)
	}
}

func TestDescribeShowsWhatWasMade(t *testing.T) {
	d := newDesk(t)
	d.stream()
	for n := range 60 {
		d.must("CreateLogGroup", object{"logGroupName": fmt.Sprintf("more/%02d", n)})
	}
	d.put("s", 1, 2)
	first := d.must("DescribeLogGroups", object{})
	rest := d.must("DescribeLogGroups", object{"nextToken": first["nextToken"]})
	if a, b := len(first["logGroups"].([]any)), len(rest["logGroups"].([]any)); a != 50 || b != 11 || rest["nextToken"] != nil {
		t.Errorf("pages of %d and %d, then %v", a, b, rest["nextToken"])
	}
	g := first["logGroups"].([]any)[0].(object)
	if g["arn"] != "arn:aws:logs:us-east-1:111122223333:log-group:g:*" || g["storedBytes"] != int64(2*(2+loggroup.EventOverhead)) {
		t.Errorf("the group: %v", g)
	}
	st := d.must("DescribeLogStreams", object{"logGroupIdentifier": "arn:aws:logs:us-east-1:111122223333:log-group:g"})["logStreams"].([]any)[0].(object)
	if st["firstEventTimestamp"] != now.UnixMilli()+1 || st["lastEventTimestamp"] != now.UnixMilli()+2 {
		t.Errorf("the stream: %v", st)
	}
	d.must("TagResource", object{"resourceArn": "arn:aws:logs:us-east-1:111122223333:log-group:g", "tags": object{"a": "b"}})
	d.must("UntagLogGroup", object{"logGroupName": "g", "tags": []any{"team"}})
	if tags := d.must("ListTagsLogGroup", object{"logGroupName": "g"}); fmt.Sprint(tags) != "map[tags:map[a:b]]" {
		t.Errorf("tags: %v", tags)
	}
}
