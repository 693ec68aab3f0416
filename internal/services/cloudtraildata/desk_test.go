package cloudtraildata

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/services/channel"
	"github.com/cairn-audit/cairn/internal/state"
)

const (
	account = "111122223333"
	region  = "eu-west-1"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// memory is Recorder and Events. It demands what the journal and the history
// demand of what is recorded.
type memory struct {
	t          *testing.T
	activities []*event.Activity
	fail       error
}

func (m *memory) RecordActivities(_ context.Context, activities ...*event.Activity) error {
	if m.fail != nil {
		return m.fail
	}
	for _, a := range activities {
		checkStorable(m.t, a)
	}
	m.activities = append(m.activities, activities...)
	return nil
}

func checkStorable(t *testing.T, a *event.Activity) {
	t.Helper()
	entry := history.Entry{Time: a.EventTime.Time, Category: history.ActivityAuditLog, JSON: a.AppendJSON(nil)}
	if _, err := entry.Encode(); err != nil {
		t.Error(err)
	}
}

func (m *memory) Lookup(_ context.Context, q history.Query) (history.Page, error) {
	if q.Account != account || q.Region != region || q.Categories != history.In(history.ActivityAuditLog) ||
		q.Attribute != history.EventID || q.Limit != 1 {
		m.t.Errorf("query %+v", q)
	}
	for _, a := range m.activities {
		if t := a.EventTime.Time; a.EventID == q.Value && !t.Before(q.From) && !t.After(q.To) {
			return history.Page{Entries: make([]history.Entry, 1)}, nil
		}
	}
	return history.Page{}, nil
}

// desk makes PutAuditEvents calls through one channel.
type desk struct {
	t         *testing.T
	operation *awsapi.Operation
	service   *Service
	memory    *memory
	channels  *channel.Store
	channel   channel.Channel
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	catalog, err := awsapi.Open()
	if err != nil {
		t.Fatal(err)
	}
	model, err := catalog.Service("cloudtrail-data")
	if err != nil {
		t.Fatal(err)
	}
	disk, err := state.Open(filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { disk.Close() })
	d := &desk{
		t: t, operation: model.Operation("PutAuditEvents"), memory: &memory{t: t}, channels: channel.NewStore(disk),
	}
	d.service = New(d.channels, d.memory, d.memory)
	if d.channel, err = d.channels.Create(channel.Channel{AccountID: account, Region: region, Name: "payments", Source: "Custom"}); err != nil {
		t.Fatal(err)
	}
	return d
}

type values = map[string]any

// put sends events to the desk's channel; further parameters replace the usual.
func (d *desk) put(events []any, others ...values) (values, error) {
	d.t.Helper()
	params := values{"channelArn": d.channel.ARN(), "auditEvents": events}
	for _, o := range others {
		maps.Copy(params, o)
	}
	return d.service.Call(d.t.Context(), &awsapi.Call{
		Operation: d.operation, Params: params, AccountID: account, Region: region, Time: now,
	})
}

func (d *desk) must(events ...any) values {
	d.t.Helper()
	out, err := d.put(events)
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

// refused checks that a request is refused, and nothing of it recorded.
func (d *desk) refused(code string, out values, err error) {
	d.t.Helper()
	var refusal *awsapi.Error
	if !errors.As(err, &refusal) || refusal.Code != code || refusal.Message == "" {
		d.t.Errorf("got %v, %v, want %s", out, err, code)
	}
	if len(d.memory.activities) > 0 {
		d.t.Errorf("%d activities of a refused request are recorded", len(d.memory.activities))
	}
}

func audit(id, data string) values { return values{"id": id, "eventData": data} }

const goodData = `{"version":"1.0","userIdentity":{"type":"User","principalId":"ana"},"eventSource":"shop.example",` +
	`"eventName":"Pay","eventTime":"2026-11-21T11:59:58Z","UID":"u-1","recipientAccountId":"111122223333"}`

func channelOf(accountID string) *channel.Channel {
	return &channel.Channel{AccountID: accountID, Region: region, ID: "c-1"}
}
