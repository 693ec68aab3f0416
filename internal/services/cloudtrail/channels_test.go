package cloudtrail

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/services/channel"
	"github.com/cairn-audit/cairn/internal/state"
)

// desk makes calls of the channel operations.
type desk struct {
	t        *testing.T
	model    *awsapi.Service
	service  *Service
	channels *channel.Store
	// account and region are the caller's.
	account, region string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	catalog, err := awsapi.Open()
	if err != nil {
		t.Fatal(err)
	}
	model, err := catalog.Service("cloudtrail")
	if err != nil {
		t.Fatal(err)
	}
	disk, err := state.Open(filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { disk.Close() })
	channels := channel.NewStore(disk)
	return &desk{
		t: t, model: model, channels: channels, service: New(&oneQuery{}, channels, Trails{}, Options{}),
		account: "111122223333", region: "eu-west-1",
	}
}

type object = map[string]any

func (d *desk) call(operation string, params object) (object, error) {
	d.t.Helper()
	return d.service.Call(d.t.Context(), &awsapi.Call{
		Operation: d.model.Operation(operation), Params: params, AccountID: d.account, Region: d.region, Time: now,
	})
}

func (d *desk) must(operation string, params object) object {
	d.t.Helper()
	out, err := d.call(operation, params)
	if err != nil {
		d.t.Fatalf("%s: %v", operation, err)
	}
	return out
}

// refused checks that a call is refused with a code that its model has, or one
// that the front end gives every operation.
func (d *desk) refused(operation string, params object, code string) {
	d.t.Helper()
	_, err := d.call(operation, params)
	var refusal *awsapi.Error
	if !errors.As(err, &refusal) || refusal.Code != code || refusal.Status != 400 || refusal.Message == "" {
		d.t.Errorf("%s %.200v: %v, want %s", operation, params, err, code)
		return
	}
	for _, known := range d.model.Operation(operation).Errors {
		if known.Name == code {
			return
		}
	}
	if code != "ValidationException" {
		d.t.Errorf("%s has no error %s", operation, code)
	}
}

const ownHistory = "event-history"

func to(locations ...string) []any {
	var list []any
	for _, l := range locations {
		list = append(list, object{"Type": "EVENT_DATA_STORE", "Location": l})
	}
	return list
}

func (d *desk) create(name string) (arn string) {
	d.t.Helper()
	out := d.must("CreateChannel", object{"Name": name, "Source": "source of " + name, "Destinations": to(ownHistory)})
	return out["ChannelArn"].(string)
}

func TestAChannelIsMadeShownChangedAndDeleted(t *testing.T) {
	d := newDesk(t)
	params := object{
		"Name": "payments", "Source": "Custom", "Destinations": to(ownHistory, "EXAMPLEf852-4e8f-8bd1-bcf6cEXAMPLE"),
		"Tags": []any{object{"Key": "team", "Value": "till"}, object{"Key": "bare"}},
	}
	made := d.must("CreateChannel", params)
	arn, _ := made["ChannelArn"].(string)
	if !strings.HasPrefix(arn, "arn:aws:cloudtrail:eu-west-1:111122223333:channel/") {
		t.Errorf("ARN %s", arn)
	}
	want := object{"ChannelArn": arn}
	for k, v := range params {
		want[k] = v
	}
	if !reflect.DeepEqual(made, want) {
		t.Errorf("made %v\nwant %v", made, want)
	}
	delete(want, "Tags") // as in AWS's model
	id := arn[strings.LastIndexByte(arn, '/')+1:]
	for _, name := range []string{arn, id} {
		if got := d.must("GetChannel", object{"Channel": name}); !reflect.DeepEqual(got, want) {
			t.Errorf("got %v\nwant %v", got, want)
		}
	}
	want["Name"] = "refunds"
	if got := d.must("UpdateChannel", object{"Channel": id, "Name": "refunds"}); !reflect.DeepEqual(got, want) {
		t.Errorf("a name: %v", got)
	}
	want["Destinations"] = to("arn:aws:cloudtrail:eu-west-1:111122223333:eventdatastore/a")
	if got := d.must("UpdateChannel", object{"Channel": arn, "Destinations": want["Destinations"]}); !reflect.DeepEqual(got, want) {
		t.Errorf("destinations: %v", got)
	}
	if got := d.must("ListChannels", nil); !reflect.DeepEqual(got, object{"Channels": []any{object{"ChannelArn": arn, "Name": "refunds"}}}) {
		t.Errorf("list %v", got)
	}
	if got := d.must("DeleteChannel", object{"Channel": arn}); len(got) != 0 {
		t.Errorf("delete answers %v", got)
	}
	d.refused("GetChannel", object{"Channel": arn}, "ChannelNotFoundException")
	d.refused("UpdateChannel", object{"Channel": arn}, "ChannelNotFoundException")
	d.refused("DeleteChannel", object{"Channel": arn}, "ChannelNotFoundException")
	if got := d.must("ListChannels", nil); !reflect.DeepEqual(got, object{"Channels": []any{}}) {
		t.Errorf("an empty list %v", got)
	}
}

func TestCreateChannelRefusesWhatAWSRefuses(t *testing.T) {
	tags := func(n int) []any {
		list := make([]any, n)
		for i := range list {
			list[i] = object{"Key": fmt.Sprint("k", i)}
		}
		return list
	}
	one := func(key, value any) []any { return []any{object{"Key": key, "Value": value}} }
	store := func(region, account string) string {
		return "arn:aws:cloudtrail:" + region + ":" + account + ":eventdatastore/a-1"
	}
	for _, test := range []struct {
		name, member string
		value        any    // nil: the member is absent
		code         string // empty: it is made
	}{
		{"3 characters", "Name", "a-1", ""},
		{"128 characters", "Name", strings.Repeat("x", 128), ""},
		{"every kind of character", "Name", "aZ09._-", ""},
		{"2 characters", "Name", "ab", "InvalidParameterException"},
		{"129 characters", "Name", strings.Repeat("x", 129), "InvalidParameterException"},
		{"a space", "Name", "a b c", "InvalidParameterException"},
		{"a slash", "Name", "aws-service-channel/x", "InvalidParameterException"},
		{"a line break at its end", "Name", "abc\n", "InvalidParameterException"},
		{"no name", "Name", nil, "InvalidParameterException"},

		{"a partner", "Source", "OktaSystemLogEvents", ""},
		{"256 characters", "Source", strings.Repeat("ü", 256), ""},
		{"257 characters", "Source", strings.Repeat("x", 257), "InvalidSourceException"},
		{"an empty source", "Source", "", "InvalidSourceException"},
		{"a tab", "Source", "a\tb", "InvalidSourceException"},
		{"a space at its end", "Source", "a ", "InvalidSourceException"},
		{"no source", "Source", nil, "InvalidSourceException"},

		{"a store of this account", "Destinations", to(store("eu-west-1", "111122223333")), ""},
		{"a store of another account", "Destinations", to(store("eu-west-1", "444455556666")), "EventDataStoreARNInvalidException"},
		{"a store of another Region", "Destinations", to(store("us-east-1", "111122223333")), "EventDataStoreARNInvalidException"},
		{"an ARN of something else", "Destinations", to("arn:aws:s3:::bucket"), "EventDataStoreARNInvalidException"},
		{"an empty location", "Destinations", to(""), "EventDataStoreARNInvalidException"},
		{"the same twice", "Destinations", to("abc", "def", "abc"), "InvalidParameterException"},
		{"a service", "Destinations", []any{object{"Type": "AWS_SERVICE", "Location": "abc"}}, "InvalidParameterException"},
		{"another type", "Destinations", []any{object{"Type": "EventDataStore", "Location": "abc"}}, "InvalidParameterException"},
		{"none", "Destinations", []any{}, "InvalidParameterException"},
		{"null", "Destinations", []any{nil}, "InvalidParameterException"},
		{"201", "Destinations", make([]any, 201), "InvalidParameterException"},
		{"no destinations", "Destinations", nil, "InvalidParameterException"},

		{"50 tags", "Tags", tags(50), ""},
		{"51 tags", "Tags", tags(51), "TagsLimitExceededException"},
		{"a key twice", "Tags", append(tags(2), object{"Key": "k1"}), "InvalidTagParameterException"},
		{"an empty key", "Tags", one("", "v"), "InvalidTagParameterException"},
		{"an empty value", "Tags", one("k", ""), "InvalidTagParameterException"},
		{"a key of 128", "Tags", one(strings.Repeat("ü", 128), "v"), ""},
		{"a key of 129", "Tags", one(strings.Repeat("x", 129), "v"), "InvalidTagParameterException"},
		{"a value of 256", "Tags", one("k", strings.Repeat("ü", 256)), ""},
		{"a value of 257", "Tags", one("k", strings.Repeat("x", 257)), "InvalidTagParameterException"},
		{"AWS's own", "Tags", one("AWS:x", "v"), "InvalidTagParameterException"},
		{"a tag that is null", "Tags", []any{nil}, "InvalidTagParameterException"},
	} {
		t.Run(test.member+": "+test.name, func(t *testing.T) {
			d := newDesk(t)
			params := object{"Name": "payments", "Source": "Custom", "Destinations": to(ownHistory)}
			delete(params, test.member)
			if test.value != nil {
				params[test.member] = test.value
			}
			if test.code != "" {
				d.refused("CreateChannel", params, test.code)
				return
			}
			d.must("CreateChannel", params)
		})
	}
}

func TestUpdateChannelHasTheRulesOfCreateChannel(t *testing.T) {
	d := newDesk(t)
	arn := d.create("payments")
	d.create("other")
	d.refused("UpdateChannel", object{"Channel": arn, "Name": "no name"}, "InvalidParameterException")
	d.refused("UpdateChannel", object{"Channel": arn, "Name": "other"}, "ChannelAlreadyExistsException")
	d.refused("UpdateChannel", object{"Channel": arn, "Destinations": []any{}}, "InvalidParameterException")
	d.refused("UpdateChannel", object{"Channel": arn, "Destinations": to("arn:x")}, "EventDataStoreARNInvalidException")
	d.refused("UpdateChannel", object{"Name": "payments"}, "ChannelARNInvalidException")
	if got := d.must("GetChannel", object{"Channel": arn}); got["Name"] != "payments" {
		t.Errorf("after refusals it is %v", got)
	}
}

func TestChannelsHaveAQuotaAndASourceEach(t *testing.T) {
	d := newDesk(t)
	d.create("channel-0")
	again := object{"Name": "another", "Source": "source of channel-0", "Destinations": to(ownHistory)}
	d.refused("CreateChannel", again, "ChannelAlreadyExistsException")
	again["Name"], again["Source"] = "channel-0", "another"
	d.refused("CreateChannel", again, "ChannelAlreadyExistsException")
	for i := 1; i < channel.MaxChannels; i++ {
		d.create(fmt.Sprint("channel-", i))
	}
	again["Name"] = "one-more"
	d.refused("CreateChannel", again, "ChannelMaxLimitExceededException")
	d.region = "eu-west-2"
	d.must("CreateChannel", again)
}

func TestAChannelOfAnotherAccountOrRegionIsNotFound(t *testing.T) {
	d := newDesk(t)
	arn := d.create("payments")
	for _, change := range []func(){func() { d.account = "444455556666" }, func() { d.account, d.region = "111122223333", "eu-west-2" }} {
		change()
		for _, operation := range []string{"GetChannel", "UpdateChannel", "DeleteChannel"} {
			d.refused(operation, object{"Channel": arn}, "ChannelNotFoundException")
			d.refused(operation, object{"Channel": arn[strings.LastIndexByte(arn, '/')+1:]}, "ChannelNotFoundException")
		}
		if got := d.must("ListChannels", nil); len(got["Channels"].([]any)) != 0 {
			t.Errorf("list %v", got)
		}
	}
	for _, bad := range []any{nil, "", "payments.", "arn:aws:cloudtrail:eu-west-1:111122223333:trail/t"} {
		d.refused("GetChannel", object{"Channel": bad}, "ChannelARNInvalidException")
		d.refused("DeleteChannel", object{"Channel": bad}, "ChannelARNInvalidException")
	}
}

func TestPagesOfChannelsHoldEachOnceWhateverHappensBetween(t *testing.T) {
	d := newDesk(t)
	for _, name := range []string{"ccc", "aaa", "eee", "bbb"} {
		d.create(name)
	}
	var names []string
	params := object{"MaxResults": int64(2)}
	for {
		page := d.must("ListChannels", params)
		for _, c := range page["Channels"].([]any) {
			names = append(names, c.(object)["Name"].(string))
		}
		token, more := page["NextToken"]
		if !more {
			break
		}
		params["NextToken"] = token
		if len(names) == 2 {
			d.create("ddd")
			d.create("aab") // before where the pages are by now
		}
	}
	if got := strings.Join(names, " "); got != "aaa bbb ccc ddd eee" {
		t.Errorf("listed %s", got)
	}
	if page := d.must("ListChannels", object{"MaxResults": int64(6)}); page["NextToken"] != nil {
		t.Errorf("a page of all has a next: %v", page)
	}
	for _, token := range []string{"", "x", "????", "bm8gbmFtZQ", strings.Repeat("QUFB", 400)} {
		d.refused("ListChannels", object{"NextToken": token}, "InvalidNextTokenException")
	}
	d.refused("ListChannels", object{"MaxResults": int64(0)}, "ValidationException")
	d.refused("ListChannels", object{"MaxResults": int64(1001)}, "ValidationException")
}

func TestGetChannelTellsWhatCameIn(t *testing.T) {
	d := newDesk(t)
	arn := d.create("payments")
	if got := d.must("GetChannel", object{"Channel": arn}); got["IngestionStatus"] != nil {
		t.Errorf("before the first event: %v", got)
	}
	r, _ := channel.ParseReference(arn, "", "")
	d.channels.Note(r, channel.Ingestion{AttemptTime: now, AttemptEventID: "a", SuccessTime: now, SuccessEventID: "a"})
	later := now.Add(time.Minute)
	d.channels.Note(r, channel.Ingestion{AttemptTime: later, ErrorCode: "InvalidData"})
	want := object{
		"LatestIngestionAttemptTime": later, "LatestIngestionErrorCode": "InvalidData",
		"LatestIngestionSuccessTime": now, "LatestIngestionSuccessEventID": "a",
	}
	if got := d.must("GetChannel", object{"Channel": arn}); !reflect.DeepEqual(got["IngestionStatus"], want) {
		t.Errorf("got %v\nwant %v", got["IngestionStatus"], want)
	}
}
