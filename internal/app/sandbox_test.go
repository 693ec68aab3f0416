package app

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/gateway"
	"github.com/cairn-audit/cairn/internal/history"
)

func TestServiceEventsAreRecordedOnce(t *testing.T) {
	s := &Server{options: Options{Data: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}}
	var p parts
	t.Cleanup(func() {
		if err := s.cleanups.run(t.Context()); err != nil {
			t.Error(err)
		}
	})
	for _, open := range []func(context.Context, *parts) error{s.openState, s.openJournal} {
		if err := open(t.Context(), &p); err != nil {
			t.Fatal(err)
		}
	}
	p.recorder = gateway.NewRecorder(p.journal, nil)
	for _, id := range []string{"a", "b", "a"} {
		e := event.Event{
			EventVersion: event.Version, EventTime: event.Time{Time: time.Now()}, EventName: "CapacityBlockActive", EventID: id,
			AWSRegion: "us-east-1", RecipientAccountID: DefaultAccount, EventType: event.TypeServiceEvent, EventCategory: event.CategoryManagement,
		}
		if err := p.recordOnce(t.Context(), &e); err != nil {
			t.Fatal(err)
		}
	}
	page, err := p.history.Lookup(t.Context(), history.Query{Account: DefaultAccount, Region: "us-east-1", Limit: 9})
	if err != nil || len(page.Entries) != 2 {
		t.Errorf("the history has %d events, %v, want 2", len(page.Entries), err)
	}
}
