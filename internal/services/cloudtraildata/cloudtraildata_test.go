package cloudtraildata

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/services/channel"
)

func TestWhatIsAcceptedIsRecordedAsCloudTrailLakeWrapsIt(t *testing.T) {
	d := newDesk(t)
	out := d.must(audit("a", goodData))
	if len(d.memory.activities) != 1 {
		t.Fatalf("%d activities", len(d.memory.activities))
	}
	a := d.memory.activities[0]
	if id, err := uuid.Parse(a.EventID); err != nil || id.Version() != 8 || id.Variant() != uuid.RFC4122 {
		t.Errorf("eventID %s, %v", a.EventID, err)
	}
	if want := (values{"successful": []any{values{"id": "a", "eventID": a.EventID}}, "failed": []any{}}); !reflect.DeepEqual(out, want) {
		t.Errorf("answer %v\nwant   %v", out, want)
	}
	want := `{"eventVersion":"1.0","eventCategory":"ActivityAuditLog","eventType":"ActivityLog","eventID":"` + a.EventID +
		`","eventTime":"2026-11-21T11:59:58Z","awsRegion":"eu-west-1","recipientAccountId":"111122223333",` +
		`"metadata":{"ingestionTime":"2026-11-21T12:00:00Z","channelARN":"` + d.channel.ARN() + `"},"eventData":` + goodData + `}`
	if got := string(a.AppendJSON(nil)); got != want {
		t.Errorf("record %s\nwant   %s", got, want)
	}
}

func TestFailedEventsAreNamedAndTheOthersRecorded(t *testing.T) {
	d := newDesk(t)
	out := d.must(audit("bad-1", "{}"), audit("good-1", goodData), audit("bad-2", "no JSON"), audit("good-2", goodData))
	var got []string
	for _, list := range []string{"successful", "failed"} {
		for _, item := range out[list].([]any) {
			e := item.(values)
			got = append(got, fmt.Sprint(list, " ", e["id"], " ", e["errorCode"]))
		}
	}
	want := []string{"successful good-1 <nil>", "successful good-2 <nil>", "failed bad-1 FieldNotFound", "failed bad-2 InvalidData"}
	if !reflect.DeepEqual(got, want) || len(d.memory.activities) != 2 {
		t.Errorf("got %q with %d activities", got, len(d.memory.activities))
	}
	out = d.must(audit("bad", "{}"))
	if s := out["successful"].([]any); len(s) != 0 || len(d.memory.activities) != 2 {
		t.Errorf("only failures: %v", out)
	}
}

func TestRequestsAreRefusedWhole(t *testing.T) {
	many := func(n int) []any {
		list := make([]any, n)
		for i := range list {
			list[i] = audit(fmt.Sprint(i), goodData)
		}
		return list
	}
	elsewhere := func(region, account string) values {
		return values{"channelArn": "arn:aws:cloudtrail:" + region + ":" + account + ":channel/c"}
	}
	good := many(1)
	for _, test := range []struct {
		name   string
		events []any
		other  values
		code   string // empty: it is taken
	}{
		{"100 events", many(100), nil, ""},
		{"101 events", many(101), nil, "ValidationException"},
		{"no events", []any{}, nil, "ValidationException"},
		{"an event that is null", []any{nil}, nil, "ValidationException"},
		{"no id", []any{values{"eventData": goodData}}, nil, "ValidationException"},
		{"no data", []any{values{"id": "a"}}, nil, "ValidationException"},
		{"an id of 128", []any{audit(strings.Repeat("x", 128), goodData)}, nil, ""},
		{"an id of 129", []any{audit(strings.Repeat("x", 129), goodData)}, nil, "ValidationException"},
		{"an id with a space", []any{audit("a b", goodData)}, nil, "ValidationException"},
		{"an id with all it can have", []any{audit("-_Az09", goodData)}, nil, ""},
		{"an empty id", []any{audit("", goodData)}, nil, "ValidationException"},
		{"an id twice", []any{audit("a", goodData), audit("b", "{}"), audit("a", goodData)}, nil, "DuplicatedAuditEventId"},
		{"a megabyte", []any{audit("a", strings.Repeat(" ", maxRequest-1-len(goodData))+goodData)}, nil, ""},
		{"a byte more", []any{audit("a", strings.Repeat(" ", maxRequest-len(goodData))+goodData)}, nil, "ValidationException"},
		{"a megabyte in pieces", []any{
			audit("a", strings.Repeat(" ", maxRequest/2)), audit("b", strings.Repeat(" ", maxRequest/2)),
		}, nil, "ValidationException"},
		{"an external id", good, values{"externalId": "any"}, ""},
		{"an external id of 1", good, values{"externalId": "x"}, "ValidationException"},

		{"no channel", good, values{"channelArn": nil}, "ValidationException"},
		{"a channel's name", good, values{"channelArn": "payments."}, "InvalidChannelARN"},
		{"an empty ARN", good, values{"channelArn": ""}, "InvalidChannelARN"},
		{"an ARN of a trail", good, values{"channelArn": "arn:aws:cloudtrail:eu-west-1:111122223333:trail/t"}, "InvalidChannelARN"},
		{"an unknown channel", good, elsewhere(region, account), "ChannelNotFound"},
		{"an unknown id", good, values{"channelArn": "c"}, "ChannelNotFound"},
		{"another Region", good, elsewhere("us-east-1", account), "ChannelNotFound"},
		{"another account", good, elsewhere(region, "444455556666"), "ChannelInsufficientPermission"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t)
			out, err := d.put(test.events, test.other)
			if test.code != "" {
				d.refused(test.code, out, err)
				return
			}
			if err != nil || len(d.memory.activities) != len(test.events) {
				t.Errorf("%v, %v, %d activities", out, err, len(d.memory.activities))
			}
		})
	}
}

func TestAChannelIsNamedByItsIDAsWell(t *testing.T) {
	d := newDesk(t)
	if _, err := d.put([]any{audit("a", goodData)}, values{"channelArn": d.channel.ID}); err != nil {
		t.Fatal(err)
	}
	if got := d.memory.activities[0].Metadata.ChannelARN; got != d.channel.ARN() {
		t.Errorf("channel %s", got)
	}
}

func TestARepeatIsAnsweredAlikeAndRecordedOnce(t *testing.T) {
	d := newDesk(t)
	first := d.must(audit("a", goodData), audit("b", goodData))
	second := d.must(audit("b", goodData), audit("c", goodData), audit("a", goodData))
	ids := map[any]any{}
	for _, out := range []values{first, second} {
		for _, item := range out["successful"].([]any) {
			e := item.(values)
			if before, ok := ids[e["id"]]; ok && before != e["eventID"] {
				t.Errorf("event %s is %s and %s", e["id"], before, e["eventID"])
			}
			ids[e["id"]] = e["eventID"]
		}
	}
	if len(ids) != 3 || len(d.memory.activities) != 3 {
		t.Errorf("%d ids, %d activities", len(ids), len(d.memory.activities))
	}
}

func TestEventIDsDifferWhereAnythingDiffers(t *testing.T) {
	seen := map[string]string{}
	for name, id := range map[string]string{
		"an event":        eventID("arn:1", entry{id: "a", data: "d"}),
		"another channel": eventID("arn:2", entry{id: "a", data: "d"}),
		"another id":      eventID("arn:1", entry{id: "b", data: "d"}),
		"other data":      eventID("arn:1", entry{id: "a", data: "e"}),
		"parts joined":    eventID("arn:1", entry{id: "ad", data: ""}),
	} {
		if other, ok := seen[id]; ok {
			t.Errorf("%s and %s have the same eventID", name, other)
		}
		seen[id] = name
	}
}

func TestWhatCannotBeRecordedIsRefusedWithTheRecordersError(t *testing.T) {
	d := newDesk(t)
	d.memory.fail = errors.New("disk full")
	_, err := d.put([]any{audit("a", goodData)})
	var refusal *awsapi.Error
	if !errors.Is(err, d.memory.fail) || errors.As(err, &refusal) {
		t.Errorf("error %v", err)
	}
	if i := d.channels.Ingested(d.channel.Reference()); !i.SuccessTime.IsZero() || i.ErrorCode != "InternalFailure" || !i.AttemptTime.Equal(now) {
		t.Errorf("ingestion %+v", i)
	}
	d.memory.fail = nil
	d.must(audit("a", goodData))
	if len(d.memory.activities) != 1 {
		t.Errorf("%d activities after another try", len(d.memory.activities))
	}
}

func TestTheChannelTellsWhatCameIn(t *testing.T) {
	d := newDesk(t)
	d.must(audit("a", "{}"), audit("b", goodData))
	id := d.memory.activities[0].EventID
	want := channel.Ingestion{AttemptTime: now, AttemptEventID: id, SuccessTime: now, SuccessEventID: id, ErrorCode: "FieldNotFound"}
	if got := d.channels.Ingested(d.channel.Reference()); got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestOtherOperationsAreRefused(t *testing.T) {
	d := newDesk(t)
	out, err := d.service.Call(t.Context(), &awsapi.Call{Operation: &awsapi.Operation{Name: "Other"}})
	d.refused("UnsupportedOperationException", out, err)
}

func TestTimesAreReadInUTC(t *testing.T) {
	for s, want := range map[string]string{
		"2026-11-21T10:00:00Z":          "2026-11-21T10:00:00Z",
		"2026-11-21T10:00:00":           "2026-11-21T10:00:00Z",
		"2026-11-21T10:00:00.999Z":      "2026-11-21T10:00:00Z",
		"2026-11-21T10:00:00+02:00":     "2026-11-21T08:00:00Z",
		"1969-12-31T23:59:59.5Z":        "1969-12-31T23:59:59Z",
		"9999-12-31T23:59:59Z":          "9999-12-31T23:59:59Z",
		"9999-12-31T23:59:59-01:00":     "",
		"0001-01-01T00:00:00+01:00":     "",
		"2026-11-21":                    "",
		"2026-11-21 10:00:00":           "",
		"2026-02-30T10:00:00Z":          "",
		"1795255200":                    "",
		"Sat, 21 Nov 2026 10:00:00 GMT": "",
	} {
		got, err := parseTime(s)
		if (err == nil) != (want != "") || err == nil && got.Format(time.RFC3339) != want {
			t.Errorf("%s is read as %v, %v", s, got, err)
		}
	}
}

func TestARecordIsOneLineWhateverTheEventIsWrittenLike(t *testing.T) {
	d := newDesk(t)
	var pretty strings.Builder
	enc := json.NewEncoder(&pretty)
	enc.SetIndent("\t", "  ")
	if err := enc.Encode(json.RawMessage(goodData)); err != nil {
		t.Fatal(err)
	}
	d.must(audit("a", "\n"+pretty.String()+"\r\n"))
	line := string(d.memory.activities[0].AppendJSON(nil))
	if strings.ContainsAny(line, "\n\r\t") || !strings.HasSuffix(line, `"eventData":`+goodData+`}`) {
		t.Errorf("record %s", line)
	}
	var back event.Activity
	if err := json.Unmarshal([]byte(line), &back); err != nil {
		t.Error(err)
	}
}
