package audit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/cairn-audit/cairn/audit"
	"github.com/cairn-audit/cairn/internal/app"
	"github.com/cairn-audit/cairn/internal/apptest"
)

// realServer starts a Cairn and makes a channel there.
func realServer(t *testing.T) (cfg aws.Config, channelARN string) {
	t.Helper()
	s := apptest.Start(t, app.Options{})
	cfg = s.Config(s.Region, s.Admin)
	made, err := cloudtrail.NewFromConfig(cfg).CreateChannel(t.Context(), &cloudtrail.CreateChannelInput{
		Name: aws.String("payments"), Source: aws.String("Payments"),
		Destinations: []types.Destination{{Type: types.DestinationTypeEventDataStore, Location: aws.String("event-history")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return cfg, aws.ToString(made.ChannelArn)
}

// found looks up what programs told, newest first.
func found(t *testing.T, cfg aws.Config, key types.LookupAttributeKey, value string) []types.Event {
	t.Helper()
	out, err := cloudtrail.NewFromConfig(cfg).LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{
		EventCategory:    "activityauditlog",
		LookupAttributes: []types.LookupAttribute{{AttributeKey: key, AttributeValue: &value}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Events
}

// TestARealServer holds the package against a running Cairn. One server serves
// all of it: the built-in S3 allows one a process at a time.
func TestARealServer(t *testing.T) {
	cfg, channelARN := realServer(t)
	client, err := audit.NewClient(cfg, channelARN)
	if err != nil {
		t.Fatal(err)
	}
	happened := time.Now().Add(-time.Minute).Truncate(time.Second)
	refund := audit.Event{
		ID: "refund-1", Time: happened, Source: "payments.example.com", Name: "RefundPayment",
		Actor:     audit.Actor{Type: "Employee", ID: "ana", Details: map[string]any{"team": "R&D"}},
		UserAgent: "till/2", SourceIP: "2001:db8::7", Parameters: struct {
			Payment string `json:"payment"`
		}{"p<1>"},
		Response: map[string]any{"refunded": true}, Additional: map[string]any{"shift": 3},
		ErrorCode: "Late", ErrorMessage: "after 30 days",
	}

	t.Run("what Record returned for is found", func(t *testing.T) {
		id, err := client.Record(t.Context(), refund)
		if err != nil {
			t.Fatal(err)
		}
		for key, value := range map[types.LookupAttributeKey]string{
			types.LookupAttributeKeyEventId: id, types.LookupAttributeKeyEventName: "RefundPayment",
			types.LookupAttributeKeyEventSource: "payments.example.com", types.LookupAttributeKeyUsername: "ana",
			types.LookupAttributeKeyResourceName: channelARN,
		} {
			events := found(t, cfg, key, value)
			if len(events) != 1 || aws.ToString(events[0].EventId) != id || !aws.ToTime(events[0].EventTime).Equal(happened) {
				t.Fatalf("by %s: %+v", key, events)
			}
			want := `"eventData":{"version":"1.0","userIdentity":{"type":"Employee","principalId":"ana","details":{"team":"R&D"}},` +
				`"userAgent":"till/2","eventSource":"payments.example.com","eventName":"RefundPayment","eventTime":"` +
				happened.UTC().Format(time.RFC3339) + `","UID":"refund-1","requestParameters":{"payment":"p<1>"},` +
				`"responseElements":{"refunded":true},"errorCode":"Late","errorMessage":"after 30 days","sourceIPAddress":"2001:db8::7",` +
				`"recipientAccountId":"123456789012","additionalEventData":{"shift":3}}}`
			if record := aws.ToString(events[0].CloudTrailEvent); !strings.HasSuffix(record, want) {
				t.Errorf("record %s\nwant at its end %s", record, want)
			}
		}
	})
	t.Run("an event that is sent again is there once", func(t *testing.T) {
		first, err := client.Record(t.Context(), refund)
		if err != nil {
			t.Fatal(err)
		}
		again, err := client.Record(t.Context(), refund)
		if err != nil || again != first {
			t.Errorf("got %s, %v, want %s", again, err, first)
		}
		if events := found(t, cfg, types.LookupAttributeKeyEventId, first); len(events) != 1 {
			t.Errorf("%d events", len(events))
		}
	})
	t.Run("many events take several requests", func(t *testing.T) {
		events := make([]audit.Event, 250)
		for i := range events {
			events[i] = audit.Event{Source: "batch.example.com", Name: fmt.Sprint("Step", i), Actor: audit.Actor{Type: "Job", ID: "night"}}
		}
		events[120].Name = ""
		ids, err := client.RecordAll(t.Context(), events)
		var refused *audit.EventError
		if !errors.As(err, &refused) || refused.Index != 120 || refused.Code != "FieldNotFound" {
			t.Fatalf("error %v", err)
		}
		seen := map[string]bool{}
		for i, id := range ids {
			if (id == "") != (i == 120) || seen[id] {
				t.Fatalf("event %d has the id %q", i, id)
			}
			seen[id] = true
		}
		if events := found(t, cfg, types.LookupAttributeKeyEventName, "Step249"); len(events) != 1 {
			t.Errorf("%d events of the last step", len(events))
		}
	})
	t.Run("refusals say why", func(t *testing.T) {
		_, err := client.Record(t.Context(), audit.Event{Source: "iam.amazonaws.com", Name: "CreateUser", Actor: audit.Actor{Type: "a", ID: "b"}})
		var event *audit.EventError
		if !errors.As(err, &event) || event.Code != "InvalidEventSource" {
			t.Errorf("an event of AWS's: %v", err)
		}
		gone, err := audit.NewClient(cfg, channelARN+"0")
		if err != nil {
			t.Fatal(err)
		}
		_, err = gone.Record(t.Context(), refund)
		var refused *audit.Error
		if !errors.As(err, &refused) || refused.Code != "ChannelNotFound" || refused.Status != 400 || refused.RequestID == "" {
			t.Errorf("an unknown channel: %v", err)
		}
		thief := cfg
		thief.Credentials = credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "wrong", "")
		stolen, err := audit.NewClient(thief, channelARN)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = stolen.Record(t.Context(), refund); !errors.As(err, &refused) || refused.Status != 403 {
			t.Errorf("an unknown key: %v", err)
		}
	})
	t.Run("a record is one line of JSON", func(t *testing.T) {
		id, err := client.Record(t.Context(), audit.Event{
			Source: "x.example", Name: "Odd", Actor: audit.Actor{Type: "a", ID: "b"},
			Parameters: json.RawMessage("{\n\t\"text\": \"a\\nb\"}"),
		})
		if err != nil {
			t.Fatal(err)
		}
		record := aws.ToString(found(t, cfg, types.LookupAttributeKeyEventId, id)[0].CloudTrailEvent)
		if strings.ContainsAny(record, "\n\t") || !strings.Contains(record, `"requestParameters":{"text":"a\nb"}`) {
			t.Errorf("record %s", record)
		}
	})
}
