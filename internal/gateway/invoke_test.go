package gateway

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/record"
)

// invoked makes a call of EC2 in the name of Auto Scaling.
func invoked(t *testing.T, j *memoryJournal, operation string, params map[string]any, b Backend) (map[string]any, error) {
	t.Helper()
	records, err := record.New(catalog(t))
	if err != nil {
		t.Fatal(err)
	}
	ec2, err := catalog(t).Service("ec2")
	if err != nil {
		t.Fatal(err)
	}
	return NewRecorder(j, records).Invoke(t.Context(), b, &awsapi.Call{
		Operation: ec2.Operation(operation), Params: params, AccountID: testAccount, Region: testRegion,
		Caller: &event.UserIdentity{InvokedBy: "autoscaling.amazonaws.com"},
	})
}

func TestACallThatAServiceMakesIsRecordedUnderItsRole(t *testing.T) {
	j := newMemoryJournal(t)
	params := map[string]any{"InstanceIds": []any{"i-0123456789abcdef0"}}
	_, err := invoked(t, j, "TerminateInstances", params, backendFunc(func(_ context.Context, c *awsapi.Call) (map[string]any, error) {
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
	e := j.only()
	id := e.UserIdentity
	if id.Type != event.AssumedRole || id.InvokedBy != "autoscaling.amazonaws.com" || id.AccessKeyID != "" ||
		id.ARN != "arn:aws:sts::"+testAccount+":assumed-role/AWSServiceRoleForAutoScaling/AutoScaling" {
		t.Errorf("identity %+v", id)
	}
	if e.SourceIPAddress != "autoscaling.amazonaws.com" || e.UserAgent != "autoscaling.amazonaws.com" || e.TLSDetails != nil {
		t.Errorf("from %s by %s", e.SourceIPAddress, e.UserAgent)
	}
}

func TestARefusedCallOfAServiceIsRecordedToo(t *testing.T) {
	j := newMemoryJournal(t)
	refusal := &awsapi.Error{Code: "InvalidAMIID.NotFound", Message: "no such image"}
	_, err := invoked(t, j, "RunInstances", nil, backendFunc(func(context.Context, *awsapi.Call) (map[string]any, error) {
		return nil, refusal
	}))
	if !errors.Is(err, refusal) {
		t.Errorf("got %v", err)
	}
	if e := j.only(); e.ErrorCode != "Client.InvalidAMIID.NotFound" {
		t.Errorf("error code %q", e.ErrorCode)
	}
}

func TestAServiceDoesNothingWhileTheJournalCannotWrite(t *testing.T) {
	j := newMemoryJournal(t)
	j.failing(&journal.UnavailableError{Cause: syscall.ENOSPC})
	_, err := invoked(t, j, "RunInstances", nil, backendFunc(func(context.Context, *awsapi.Call) (map[string]any, error) {
		t.Error("the call is carried out")
		return nil, nil
	}))
	if err == nil {
		t.Error("no error")
	}
}
