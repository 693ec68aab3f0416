package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/record"
)

// services makes calls that a journal records.
func services(t *testing.T, j *memoryJournal) *Services {
	t.Helper()
	records, err := record.New(catalog(t))
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewServices(NewRecorder(j, records), catalog(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// invoked makes a call of EC2 in the name of Auto Scaling.
func invoked(t *testing.T, s *Services, operation string, params map[string]any, b Backend) (map[string]any, error) {
	t.Helper()
	ec2, err := catalog(t).Service("ec2")
	if err != nil {
		t.Fatal(err)
	}
	return s.Invoke(t.Context(), b, &awsapi.Call{
		Operation: ec2.Operation(operation), Params: params, AccountID: testAccount, Region: testRegion,
		Caller: &event.UserIdentity{InvokedBy: "autoscaling.amazonaws.com"},
	})
}

var idle = backendFunc(func(context.Context, *awsapi.Call) (map[string]any, error) { return map[string]any{}, nil })

func TestACallThatAServiceMakesIsRecordedUnderItsRole(t *testing.T) {
	j := newMemoryJournal(t)
	params := map[string]any{"InstanceIds": []any{"i-0123456789abcdef0"}}
	_, err := invoked(t, services(t, j), "TerminateInstances", params, backendFunc(func(_ context.Context, c *awsapi.Call) (map[string]any, error) {
		if n := len(j.openIntents()); n != 1 {
			t.Errorf("%d intents are open while the call is carried out", n)
		}
		if c.Caller.Type != event.AssumedRole || c.RequestID == "" || c.Time.IsZero() {
			t.Errorf("the backend gets caller %+v, request %q at %v", c.Caller, c.RequestID, c.Time)
		}
		return map[string]any{}, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	events := j.events()
	e := events[len(events)-1]
	id := e.UserIdentity
	if id.Type != event.AssumedRole || id.InvokedBy != "autoscaling.amazonaws.com" || id.AccessKeyID != "" ||
		id.ARN != "arn:aws:sts::"+testAccount+":assumed-role/AWSServiceRoleForAutoScaling/AutoScaling" {
		t.Errorf("identity %+v", id)
	}
	if e.SourceIPAddress != "autoscaling.amazonaws.com" || e.UserAgent != "autoscaling.amazonaws.com" || e.TLSDetails != nil {
		t.Errorf("from %s by %s", e.SourceIPAddress, e.UserAgent)
	}
}

// TestAServiceAssumesItsRoleOnceASession compares with published records of
// Auto Scaling's sessions (2019, 2020) and of Resource Explorer's (522949b1).
func TestAServiceAssumesItsRoleOnceASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newMemoryJournal(t)
		s := services(t, j)
		call := func(want int) event.Event {
			t.Helper()
			if _, err := invoked(t, s, "DescribeInstances", nil, idle); err != nil {
				t.Fatal(err)
			}
			var assumed []event.Event
			for _, e := range j.events() {
				if e.EventName == "AssumeRole" {
					assumed = append(assumed, e)
				}
			}
			if len(assumed) != want {
				t.Fatalf("%d sessions began, want %d", len(assumed), want)
			}
			return assumed[want-1]
		}
		e := call(1)
		call(1)
		time.Sleep(29 * time.Minute)
		call(1)
		time.Sleep(2 * time.Minute)
		next := call(2)
		const role = "arn:aws:iam::" + testAccount + ":role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
		var answer struct {
			Credentials     struct{ AccessKeyID, SessionToken, Expiration string }
			AssumedRoleUser struct{ AssumedRoleID, ARN string }
		}
		if err := json.Unmarshal(e.ResponseElements, &answer); err != nil {
			t.Fatal(err)
		}
		if got := *e.UserIdentity; !reflect.DeepEqual(got, event.UserIdentity{Type: event.AWSService, InvokedBy: "autoscaling.amazonaws.com"}) {
			t.Errorf("identity %+v", got)
		}
		if got := string(e.RequestParameters); got != `{"roleArn":"`+role+`","roleSessionName":"AutoScaling","durationSeconds":1800}` {
			t.Errorf("parameters %s", got)
		}
		if e.SourceIPAddress != "autoscaling.amazonaws.com" || e.UserAgent != e.SourceIPAddress || e.SharedEventID == "" || !*e.ReadOnly ||
			len(e.Resources) != 1 || e.Resources[0].ARN != role || !strings.HasPrefix(string(e.AdditionalEventData), `{"ExtendedRequestId":"`) {
			t.Errorf("event %s", e.AppendJSON(nil))
		}
		if c := answer.Credentials; !strings.HasPrefix(c.AccessKeyID, "ASIA") || len(c.SessionToken) < 100 || c.Expiration == "" ||
			answer.AssumedRoleUser.ARN != "arn:aws:sts::"+testAccount+":assumed-role/AWSServiceRoleForAutoScaling/AutoScaling" {
			t.Errorf("answer %s", e.ResponseElements)
		}
		if string(next.ResponseElements) == string(e.ResponseElements) {
			t.Error("the next session has the same credentials")
		}
	})
}

func TestARefusedCallOfAServiceIsRecordedToo(t *testing.T) {
	j := newMemoryJournal(t)
	refusal := &awsapi.Error{Code: "InvalidAMIID.NotFound", Message: "no such image"}
	_, err := invoked(t, services(t, j), "RunInstances", nil, backendFunc(func(context.Context, *awsapi.Call) (map[string]any, error) {
		return nil, refusal
	}))
	if !errors.Is(err, refusal) {
		t.Errorf("got %v", err)
	}
	if events := j.events(); events[len(events)-1].ErrorCode != "Client.InvalidAMIID.NotFound" {
		t.Errorf("events %+v", events)
	}
}

func TestAServiceDoesNothingWhileTheJournalCannotWrite(t *testing.T) {
	j := newMemoryJournal(t)
	j.failing(&journal.UnavailableError{Cause: syscall.ENOSPC})
	_, err := invoked(t, services(t, j), "RunInstances", nil, backendFunc(func(context.Context, *awsapi.Call) (map[string]any, error) {
		t.Error("the call is carried out")
		return nil, nil
	}))
	if err == nil {
		t.Error("no error")
	}
}
