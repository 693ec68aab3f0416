package events_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

const (
	service = "events.amazonaws.com"
	topics  = `{"source":["aws.sns"],"detail-type":["AWS API Call via CloudTrail"]}`
)

// TestACallReachesAnEndpoint has a rule send a call as EventBridge does, with
// what the connection proves itself by.
func TestACallReachesAnEndpoint(t *testing.T) {
	w := start(t)
	w.trail()
	arn := w.destination("hook")
	role := w.role("invoke", service, *arn)
	w.rule("made", `{"source":["aws.sns"],"detail":{"eventName":["CreateTopic"]}}`, "")
	w.target("made", types.Target{Id: aws.String("1"), Arn: arn, RoleArn: role})
	if _, err := w.sns().CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("alerts")}); err != nil {
		t.Fatal(err)
	}
	got := w.next()
	e := got.body
	if got.path != "/hook" || got.header.Get("X-Key") != secret || got.header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("%s with %v", got.path, got.header)
	}
	r := e.record(t)
	if e.Version != "0" || e.Source != "aws.sns" || e.DetailType != "AWS API Call via CloudTrail" || e.Account != w.Account || e.Region != region || !e.Time.Equal(r.EventTime.Time) {
		t.Errorf("got %s", got.text)
	}
	if e.ID == "" || e.Resources == nil || r.EventName != "CreateTopic" || string(r.RequestParameters) != `{"name":"alerts"}` {
		t.Errorf("got %s", got.text)
	}
	if kept := w.recorded("CreateTopic"); len(kept) != 1 || kept[0].EventID != r.EventID {
		t.Errorf("the event of the history is another one than %s", got.text)
	}
}

// TestOnlyARuleForAllGetsReads makes a call that reads and one that writes, with a
// rule for each state.
func TestOnlyARuleForAllGetsReads(t *testing.T) {
	w := start(t)
	w.trail()
	for state, name := range map[types.RuleState]string{
		types.RuleStateEnabled: "writes", types.RuleStateEnabledWithAllCloudtrailManagementEvents: "all", types.RuleStateDisabled: "none",
	} {
		arn := w.destination(name)
		w.rule(name, topics, state)
		w.target(name, types.Target{Id: aws.String("1"), Arn: arn, RoleArn: w.role(name, service, *arn)})
	}
	if _, err := w.sns().ListTopics(t.Context(), &sns.ListTopicsInput{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.sns().CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t")}); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"/all ListTopics": true, "/all CreateTopic": true, "/writes CreateTopic": true}
	for range 3 {
		got := w.next()
		key := got.path + " " + got.body.record(t).EventName
		if !want[key] {
			t.Errorf("unexpected: %s", key)
		}
		delete(want, key)
	}
	select {
	case got := <-w.inbox:
		t.Errorf("one more: %s %s", got.path, got.text)
	default:
	}
}

// TestNothingIsSentWithoutATrail: EventBridge gets events from CloudTrail only
// while a trail logs.
func TestNothingIsSentWithoutATrail(t *testing.T) {
	w := start(t)
	arn := w.destination("hook")
	w.rule("made", topics, "")
	w.target("made", types.Target{Id: aws.String("1"), Arn: arn, RoleArn: w.role("invoke", service, "*")})
	if _, err := w.sns().CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("before")}); err != nil {
		t.Fatal(err)
	}
	w.trail()
	if _, err := w.sns().CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("after")}); err != nil {
		t.Fatal(err)
	}
	if got := w.next(); string(got.body.record(t).RequestParameters) != `{"name":"after"}` {
		t.Errorf("got %s", got.text)
	}
}

// TestARoleIsAskedAtEachEvent takes from one of two roles what it may do.
func TestARoleIsAskedAtEachEvent(t *testing.T) {
	w := start(t)
	w.rule("r", `{"source":["orders"]}`, "")
	for _, name := range []string{"kept", "lost"} {
		arn := w.destination(name)
		w.target("r", types.Target{Id: &name, Arn: arn, RoleArn: w.role(name, service, *arn)})
	}
	put := func() {
		if _, err := w.events().PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
			{Source: aws.String("orders"), DetailType: aws.String("placed"), Detail: aws.String(`{}`)},
		}}); err != nil {
			t.Fatal(err)
		}
	}
	put()
	if a, b := w.next().path, w.next().path; a == b {
		t.Errorf("twice at %s", a)
	}
	if _, err := w.iam().DeleteRolePolicy(t.Context(), &iam.DeleteRolePolicyInput{RoleName: aws.String("lost"), PolicyName: aws.String("invoke")}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		put()
		if got := w.next().path; got != "/kept" {
			t.Errorf("%s got an event", got)
		}
	}
}

// TestATopicsPolicyDecides has a rule publish to a topic that lets it, and to one
// that does not.
func TestATopicsPolicyDecides(t *testing.T) {
	w := start(t)
	topic := func(name string) string {
		made, err := w.sns().CreateTopic(t.Context(), &sns.CreateTopicInput{Name: &name})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.sns().Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: made.TopicArn, Protocol: aws.String("http"), Endpoint: aws.String(w.at + "/" + name)}); err != nil {
			t.Fatal(err)
		}
		asked := w.next()
		var m struct{ Token string }
		if err := json.Unmarshal([]byte(asked.text), &m); err != nil {
			t.Fatal(err)
		}
		if _, err := w.sns().ConfirmSubscription(t.Context(), &sns.ConfirmSubscriptionInput{TopicArn: made.TopicArn, Token: &m.Token}); err != nil {
			t.Fatal(err)
		}
		return *made.TopicArn
	}
	closed, open := topic("closed"), topic("open")
	rule := w.rule("r", `{"source":["orders"]}`, "")
	if _, err := w.sns().SetTopicAttributes(t.Context(), &sns.SetTopicAttributesInput{
		TopicArn: &open, AttributeName: aws.String("Policy"),
		AttributeValue: aws.String(fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":%q},"Action":"sns:Publish","Resource":%q,"Condition":{"ArnEquals":{"aws:SourceArn":%q}}}]}`, service, open, *rule)),
	}); err != nil {
		t.Fatal(err)
	}
	w.target("r", types.Target{Id: aws.String("closed"), Arn: &closed})
	w.target("r", types.Target{Id: aws.String("open"), Arn: &open, InputPath: aws.String("$.detail")})
	put, err := w.events().PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		{Source: aws.String("orders"), DetailType: aws.String("placed"), Detail: aws.String(`{"order":7}`)},
	}})
	if err != nil || put.FailedEntryCount != 0 {
		t.Fatalf("%v, %v", put, err)
	}
	got := w.next()
	if got.path != "/open" || !strings.Contains(got.text, `{\"order\":7}`) {
		t.Errorf("%s got %s", got.path, got.text)
	}
	select {
	case got := <-w.inbox:
		t.Errorf("one more: %s %s", got.path, got.text)
	default:
	}
}
