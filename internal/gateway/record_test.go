package gateway

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/journal"
)

// keys answers CreateKeyPair and DescribeKeyPairs, counts the calls, and runs
// during before it answers.
func keys(calls *atomic.Int64, during func()) Destination {
	return BuiltIn(backendFunc(func(_ context.Context, c *awsapi.Call) (map[string]any, error) {
		calls.Add(1)
		if during != nil {
			during()
		}
		if c.Operation.Name == "CreateKeyPair" {
			return map[string]any{"KeyName": c.Params["KeyName"], "KeyMaterial": "very secret"}, nil
		}
		return map[string]any{}, nil
	}))
}

var createKey = map[string]any{"KeyName": "k"}

func TestAnAnswerLeavesOnlyAfterItsEventIsDurable(t *testing.T) {
	var calls atomic.Int64
	f := newFront(t, keys(&calls, nil))
	durable := make(chan struct{})
	f.journal.before = func(r journal.Record) {
		if r.Kind == journal.Event {
			<-durable
		}
	}
	answered := make(chan answer)
	req := f.http(request{service: "ec2", operation: "CreateKeyPair", params: createKey, key: testKey})
	go func() {
		a, _ := f.try(req)
		answered <- a
	}()
	select {
	case <-answered:
		t.Fatal("the answer left before its event was durable")
	case <-time.After(100 * time.Millisecond):
	}
	close(durable)
	(<-answered).mustHave(t, 200, "very secret")
	if e := f.journal.only(); e.EventName != "CreateKeyPair" || e.UserIdentity.Type != event.Root ||
		e.RecipientAccountID != testAccount || e.AWSRegion != testRegion {
		t.Errorf("event %+v", e)
	}
}

func TestACallThatChangesSomethingIsHandedOverAfterItsIntentIsDurable(t *testing.T) {
	var calls atomic.Int64
	var f *front
	f = newFront(t, keys(&calls, func() {
		open := f.journal.openIntents()
		if len(open) != 1 {
			t.Fatalf("%d intents are open while the backend works, want 1", len(open))
		}
		if e := decodeEvent(t, open[0].Data); e.EventName != "CreateKeyPair" || e.ErrorCode != "OutcomeUnknown" {
			t.Errorf("the intent is %s, %s", e.EventName, e.ErrorCode)
		}
	}))
	f.call("ec2", "CreateKeyPair", createKey).mustHave(t, 200, "")
	if open := f.journal.openIntents(); len(open) != 0 {
		t.Errorf("%d intents are open after the answer", len(open))
	}
}

// What is left of a call that a crash cut off is its intent.
func TestAnIntentSaysOfTheRequestWhatTheEventSays(t *testing.T) {
	var f *front
	f = behind(t, func(w http.ResponseWriter, r *http.Request) {
		open := f.journal.openIntents()
		if len(open) != 1 {
			t.Fatalf("%d intents are open", len(open))
		}
		e := decodeEvent(t, open[0].Data)
		if !strings.Contains(string(e.RequestParameters), `"Host":"127.0.0.1`) ||
			!strings.Contains(string(e.AdditionalEventData), `"SignatureVersion":"SigV4"`) {
			t.Errorf("the intent has %s, %s", e.RequestParameters, e.AdditionalEventData)
		}
	})
	f.call("s3", "DeleteBucket", map[string]any{"Bucket": "bucket"}).mustHave(t, 200, "")
}

func TestACallThatReadsNeedsNoIntent(t *testing.T) {
	var calls atomic.Int64
	var f *front
	f = newFront(t, keys(&calls, func() {
		if open := f.journal.openIntents(); len(open) != 0 {
			t.Errorf("%d intents for a read", len(open))
		}
	}))
	f.call("ec2", "DescribeKeyPairs", nil).mustHave(t, 200, "")
	if e := f.journal.only(); e.ReadOnly == nil || !*e.ReadOnly {
		t.Errorf("readOnly is %v", e.ReadOnly)
	}
}

func TestCallsAreRefusedInTheirProtocolBeforeTheirBackendWhileTheJournalCannotWrite(t *testing.T) {
	full := &journal.UnavailableError{Cause: syscall.ENOSPC}
	for _, test := range []struct {
		service, operation string
		params             map[string]any
		protocol           awsapi.Protocol
		err                error
		status             int
		text               string
	}{
		{"ec2", "CreateKeyPair", createKey, "", full, 503, "<Code>Unavailable</Code>"},
		{"ec2", "DescribeKeyPairs", nil, "", full, 503, "<Code>Unavailable</Code>"},
		{"sns", "CreateTopic", map[string]any{"Name": "n"}, "", full, 503, "<Code>ServiceUnavailable</Code>"},
		{"ecs", "CreateCluster", nil, "", full, 503, "ServiceUnavailableException"},
		{"lambda", "DeleteFunction", map[string]any{"FunctionName": "f"}, "", full, 503, "ServiceUnavailableException"},
		{"s3", "DeleteBucket", map[string]any{"Bucket": "bucket"}, "", full, 503, "<Code>ServiceUnavailable</Code>"},
		{"cloudwatch", "DeleteAlarms", map[string]any{"AlarmNames": []any{"a"}}, awsapi.RPCv2, full, 503, "ServiceUnavailableException"},
		{"ec2", "CreateKeyPair", createKey, "", journal.ErrFull, 503, "<Code>RequestLimitExceeded</Code>"},
		{"ecs", "CreateCluster", nil, "", journal.ErrFull, 503, "ThrottlingException"},
	} {
		t.Run(test.service+" "+test.operation+" "+test.text, func(t *testing.T) {
			var calls atomic.Int64
			f := newFront(t, keys(&calls, nil))
			f.journal.failing(test.err)
			a := f.do(f.http(request{
				service: test.service, operation: test.operation, params: test.params, protocol: test.protocol, key: testKey,
			}))
			a.mustHave(t, test.status, test.text)
			if a.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			if n := calls.Load(); n != 0 {
				t.Errorf("the backend was called %d times", n)
			}
			f.journal.failing(nil)
			if test.service == "ec2" {
				f.call(test.service, test.operation, test.params).mustHave(t, 200, "")
			}
		})
	}
}

func TestAnAnswerWhoseEventCannotBeWrittenIsWithheldAndItsIntentStaysOpen(t *testing.T) {
	var calls atomic.Int64
	var f *front
	f = newFront(t, keys(&calls, func() { f.journal.failing(&journal.UnavailableError{Cause: syscall.EIO}) }))
	a := f.call("ec2", "CreateKeyPair", createKey)
	a.mustHave(t, 503, "<Code>Unavailable</Code>")
	if strings.Contains(a.body, "very secret") {
		t.Error("the withheld answer is in the refusal")
	}
	open := f.journal.openIntents()
	if len(open) != 1 {
		t.Fatalf("%d intents are open, want 1", len(open))
	}
	f.journal.failing(nil)
	if n, err := Recover(t.Context(), f.journal, open); n != 1 || err != nil {
		t.Fatalf("Recover: %d, %v", n, err)
	}
	if e := f.journal.only(); e.EventName != "CreateKeyPair" || e.ErrorCode != "OutcomeUnknown" {
		t.Errorf("recovered event %s, %s", e.EventName, e.ErrorCode)
	}
}

// Who looks for the call when the journal can write again must find it, without
// a restart.
func TestAnEventThatCouldNotBeWrittenIsWrittenBeforeTheNextCall(t *testing.T) {
	var calls atomic.Int64
	var f *front
	f = newFront(t, keys(&calls, func() {
		if calls.Load() == 1 {
			f.journal.failing(&journal.UnavailableError{Cause: syscall.ENOSPC})
		}
	}))
	f.call("ec2", "CreateKeyPair", createKey).mustHave(t, 503, "<Code>Unavailable</Code>")
	f.call("ec2", "CreateKeyPair", createKey).mustHave(t, 503, "<Code>Unavailable</Code>")
	f.journal.failing(nil)
	f.call("ec2", "DescribeKeyPairs", nil).mustHave(t, 200, "")
	if open := f.journal.openIntents(); len(open) != 0 {
		t.Errorf("%d intents are open", len(open))
	}
	events := f.journal.events()
	if len(events) != 2 || events[0].EventName != "CreateKeyPair" || events[0].ErrorCode != "" || events[1].EventName != "DescribeKeyPairs" {
		t.Errorf("%d events: %+v", len(events), events)
	}
	if n := calls.Load(); n != 2 {
		t.Errorf("the backend was called %d times", n)
	}
}

func TestAnAnswerThatTheJournalHasNoRoomForIsLeftOutOfTheEvent(t *testing.T) {
	var calls atomic.Int64
	var f *front
	f = newFront(t, keys(&calls, func() {
		f.journal.mu.Lock()
		defer f.journal.mu.Unlock()
		f.journal.fail = func(r journal.Record) error {
			if strings.Contains(string(r.Data), `"keyName":"k"},"responseElements":{"requestId"`) {
				return journal.ErrTooLarge
			}
			return nil
		}
	}))
	f.call("ec2", "CreateKeyPair", createKey).mustHave(t, 200, "very secret")
	if e := f.journal.only(); !strings.Contains(string(e.ResponseElements), `"omitted":"true"`) || e.ErrorCode != "" {
		t.Errorf("the event has %s, %s", e.ResponseElements, e.ErrorCode)
	}
	if open := f.journal.openIntents(); len(open) != 0 {
		t.Errorf("%d intents are open", len(open))
	}
}

func TestAClientThatHangsUpCancelsNothingOfItsRecord(t *testing.T) {
	began, goOn := make(chan struct{}), make(chan struct{})
	f := newFront(t, BuiltIn(backendFunc(func(ctx context.Context, _ *awsapi.Call) (map[string]any, error) {
		close(began)
		<-goOn
		return map[string]any{}, ctx.Err()
	})))
	ctx, hangUp := context.WithCancel(t.Context())
	req := f.http(request{service: "ec2", operation: "CreateKeyPair", params: createKey, key: testKey}).WithContext(ctx)
	done := make(chan error)
	go func() {
		_, err := f.try(req)
		done <- err
	}()
	<-began
	hangUp()
	if err := <-done; err == nil {
		t.Fatal("the client got an answer")
	}
	close(goOn)
	f.server.Close() // waits for the handler
	if e := f.journal.only(); e.EventName != "CreateKeyPair" || e.ErrorCode != "" {
		t.Errorf("event %s, error %q", e.EventName, e.ErrorCode)
	}
}

func TestAPanicOfABackendIsAnsweredAndRecorded(t *testing.T) {
	f := newFront(t, BuiltIn(backendFunc(func(context.Context, *awsapi.Call) (map[string]any, error) {
		panic("broken")
	})))
	a := f.call("ecs", "CreateCluster", nil)
	if a.status < 500 || strings.Contains(a.body, "broken") {
		t.Errorf("answer %d %s", a.status, a.body)
	}
	if e := f.journal.only(); e.ErrorCode != "OutcomeUnknown" {
		t.Errorf("error code %q", e.ErrorCode)
	}
}

func TestAFailureOfABackendDoesNotShowItsInside(t *testing.T) {
	f := newFront(t, BuiltIn(backendFunc(func(context.Context, *awsapi.Call) (map[string]any, error) {
		return nil, errors.New("open /secret/place: no such file")
	})))
	a := f.call("ecs", "CreateCluster", nil)
	a.mustHave(t, http.StatusInternalServerError, "InternalFailure")
	if strings.Contains(a.body, "/secret/place") {
		t.Errorf("answer %s", a.body)
	}
	if e := f.journal.only(); e.ErrorCode != "InternalFailure" || strings.Contains(e.ErrorMessage, "/secret/place") {
		t.Errorf("event error %q %q", e.ErrorCode, e.ErrorMessage)
	}
}

func TestARefusalOfABackendIsAnsweredInItsProtocolAndRecorded(t *testing.T) {
	f := newFront(t, BuiltIn(backendFunc(func(context.Context, *awsapi.Call) (map[string]any, error) {
		return nil, &awsapi.Error{Code: "InvalidKeyPair.Duplicate", Message: "The keypair already exists"}
	})))
	f.call("ec2", "CreateKeyPair", createKey).mustHave(t, 400, "<Code>InvalidKeyPair.Duplicate</Code>")
	if e := f.journal.only(); e.ErrorCode != "Client.InvalidKeyPair.Duplicate" || string(e.ResponseElements) != "null" {
		t.Errorf("event error %q, response %s", e.ErrorCode, e.ResponseElements)
	}
}

func TestTheEventHasTheRequestIDThatTheClientSees(t *testing.T) {
	var calls atomic.Int64
	f := newFront(t, keys(&calls, nil))
	a := f.call("ec2", "CreateKeyPair", createKey)
	if e := f.journal.only(); e.RequestID == "" || !strings.Contains(a.body, e.RequestID) {
		t.Errorf("the event has request id %q, the answer is %s", e.RequestID, a.body)
	}
}
