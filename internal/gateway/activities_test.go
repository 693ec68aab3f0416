package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"syscall"
	"testing"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/history"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/record"
)

func activity(id string) *event.Activity {
	return &event.Activity{
		EventVersion: event.ActivityVersion, EventCategory: event.CategoryActivityAuditLog, EventType: event.TypeActivityLog,
		EventID: id, AWSRegion: testRegion, RecipientAccountID: testAccount,
		EventData: json.RawMessage(`{"eventName":"Pay","eventSource":"shop.example","userIdentity":{"principalId":"ana"}}`),
	}
}

func TestActivitiesAreRecordedTogetherWithWhatTheyAreFoundBy(t *testing.T) {
	j := newMemoryJournal(t)
	records, err := record.New(catalog(t))
	if err != nil {
		t.Fatal(err)
	}
	recorder := NewRecorder(j, records)
	if err := recorder.RecordActivities(t.Context(), activity("a"), activity("b")); err != nil {
		t.Fatal(err)
	}
	if len(j.recs) != 2 {
		t.Fatalf("%d records", len(j.recs))
	}
	e, err := history.Decode(j.recs[1].Data)
	if err != nil {
		t.Fatal(err)
	}
	if e.Category != history.ActivityAuditLog || e.Account != testAccount || e.Region != testRegion ||
		e.EventID != "b" || e.EventName != "Pay" || e.EventSource != "shop.example" || e.Username != "ana" {
		t.Errorf("entry %+v", e)
	}

	full := &journal.UnavailableError{Cause: syscall.ENOSPC}
	j.fail = func(r journal.Record) error {
		if entry, err := history.Decode(r.Data); err == nil && entry.EventID == "d" {
			return full
		}
		return nil
	}
	err = recorder.RecordActivities(t.Context(), activity("c"), activity("d"))
	var unrecorded *UnrecordedError
	if !errors.As(err, &unrecorded) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error %v", err)
	}
	if len(j.recs) != 2 {
		t.Errorf("%d records after a failure", len(j.recs))
	}
}

func TestACallWhoseActivitiesAreNotRecordedIsRefusedAsOthersAre(t *testing.T) {
	for code, cause := range map[string]error{
		"ServiceUnavailableException": &journal.UnavailableError{Cause: syscall.ENOSPC},
		"ThrottlingException":         journal.ErrFull,
	} {
		f := newFront(t, BuiltIn(backendFunc(func(context.Context, *awsapi.Call) (map[string]any, error) {
			return nil, &UnrecordedError{Err: cause}
		})))
		a := f.call("cloudtrail-data", "PutAuditEvents", map[string]any{
			"channelArn":  "arn:aws:cloudtrail:eu-central-1:111122223333:channel/c",
			"auditEvents": []any{map[string]any{"id": "1", "eventData": "{}"}},
		})
		a.mustHave(t, 503, code)
		if a.header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", code)
		}
		if e := f.journal.only(); e.ErrorCode != code || e.EventCategory != event.CategoryData {
			t.Errorf("event: error %q, category %s", e.ErrorCode, e.EventCategory)
		}
	}
}
