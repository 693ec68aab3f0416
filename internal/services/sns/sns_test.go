package sns_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/cairn-audit/cairn/internal/app"
)

// TestASubscribersWholeStory goes from a topic to the end of a subscription, as
// the SNS Developer Guide tells it.
func TestASubscribersWholeStory(t *testing.T) {
	w := start(t, app.Config{})
	c := w.sns()
	made, err := c.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("alerts"), Attributes: map[string]string{"DisplayName": "Alerts"}})
	if err != nil {
		t.Fatal(err)
	}
	if want := "arn:aws:sns:" + region + ":" + w.Account + ":alerts"; *made.TopicArn != want {
		t.Fatalf("%s, want %s", *made.TopicArn, want)
	}
	subscribed, err := c.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: made.TopicArn, Protocol: aws.String("http"), Endpoint: &w.at})
	if err != nil || *subscribed.SubscriptionArn != "pending confirmation" {
		t.Fatalf("%v, %v", subscribed, err)
	}
	asked := w.next("SubscriptionConfirmation")
	w.verify(asked, "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
	status, answer := w.get(asked.body["SubscribeURL"].(string))
	if status != 200 || !strings.Contains(answer, "<ConfirmSubscriptionResult><SubscriptionArn>"+*made.TopicArn+":") {
		t.Fatalf("%d %s", status, answer)
	}
	published, err := c.Publish(t.Context(), &sns.PublishInput{
		TopicArn: made.TopicArn, Subject: aws.String("s"), Message: aws.String("<m> & \"n\""),
		MessageAttributes: map[string]types.MessageAttributeValue{"k": {DataType: aws.String("Binary"), BinaryValue: []byte{0, 1}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	n := w.next("Notification")
	w.verify(n, "Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
	if n.body["MessageId"] != *published.MessageId || n.body["Message"] != "<m> & \"n\"" || !strings.Contains(n.text, `"k" : {"Type":"Binary","Value":"AAE="}`) {
		t.Errorf("got %s", n.text)
	}
	if status, answer := w.get(n.body["UnsubscribeURL"].(string)); status != 200 || !strings.Contains(answer, "UnsubscribeResponse") {
		t.Errorf("%d %s", status, answer)
	}
	farewell := w.next("UnsubscribeConfirmation")
	w.verify(farewell, "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
	if _, err := c.DeleteTopic(t.Context(), &sns.DeleteTopicInput{TopicArn: made.TopicArn}); err != nil {
		t.Fatal(err)
	}
	_, err = c.Publish(t.Context(), &sns.PublishInput{TopicArn: made.TopicArn, Message: aws.String("x")})
	mustRefuse(t, err, "NotFound")
	w.checkEvents(asked.body["Token"].(string))
}

// checkEvents looks at the events of the story: they are those of AWS, and the
// token is in none.
func (w *world) checkEvents(token string) {
	w.t.Helper()
	for name, want := range map[string]struct{ request, response string }{
		"CreateTopic":         {`{"name":"alerts","attributes":{"DisplayName":"Alerts"}}`, `{"topicArn":"arn:aws:sns:eu-west-1:123456789012:alerts"}`},
		"Subscribe":           {`{"topicArn":"arn:aws:sns:eu-west-1:123456789012:alerts","protocol":"http","endpoint":"HIDDEN_DUE_TO_SECURITY_REASONS"}`, `{"subscriptionArn":"pending confirmation"}`},
		"ConfirmSubscription": {`{"topicArn":"arn:aws:sns:eu-west-1:123456789012:alerts","token":"HIDDEN_DUE_TO_SECURITY_REASONS"}`, `{"subscriptionArn":"`},
		"Unsubscribe":         {`{"subscriptionArn":"arn:aws:sns:eu-west-1:123456789012:alerts:`, `null`},
		"DeleteTopic":         {`{"topicArn":"arn:aws:sns:eu-west-1:123456789012:alerts"}`, `null`},
	} {
		events := w.events(name)
		if len(events) != 1 {
			w.t.Errorf("%d events %s", len(events), name)
			continue
		}
		e := events[0]
		all, err := json.Marshal(e)
		if err != nil {
			w.t.Fatal(err)
		}
		response := string(e.ResponseElements)
		if response == "" {
			response = "null"
		}
		if !strings.HasPrefix(string(e.RequestParameters), want.request) || !strings.HasPrefix(response, want.response) ||
			e.EventSource != "sns.amazonaws.com" || e.AWSRegion != region || strings.Contains(string(all), token) {
			w.t.Errorf("%s in %s: %s\n%s", name, e.AWSRegion, e.RequestParameters, response)
		}
	}
	if events := w.events("Publish"); len(events) != 0 {
		w.t.Errorf("Publish is a management event: %s", events[0].RequestParameters)
	}
}

// TestAnswersAreThoseOfSNS asks for all that a topic has.
func TestAnswersAreThoseOfSNS(t *testing.T) {
	w := start(t, app.Config{})
	c := w.sns()
	made, err := c.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
	if err != nil {
		t.Fatal(err)
	}
	arn := made.TopicArn
	if _, err := c.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t")}); err != nil {
		t.Errorf("again: %v", err)
	}
	attributes, err := c.GetTopicAttributes(t.Context(), &sns.GetTopicAttributesInput{TopicArn: arn})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"Owner": w.Account, "TopicArn": *arn, "DisplayName": "",
		"SubscriptionsConfirmed": "0", "SubscriptionsPending": "0", "SubscriptionsDeleted": "0",
		"Policy":                  `{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow","Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission","SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":"` + *arn + `","Condition":{"StringEquals":{"AWS:SourceOwner":"` + w.Account + `"}}}]}`,
		"EffectiveDeliveryPolicy": `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`,
	}
	if fmt.Sprint(attributes.Attributes) != fmt.Sprint(want) {
		t.Errorf("%v\nwant %v", attributes.Attributes, want)
	}
	if tags, err := c.ListTagsForResource(t.Context(), &sns.ListTagsForResourceInput{ResourceArn: arn}); err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Value != "v" {
		t.Errorf("%v, %v", tags, err)
	}
	if _, err := c.AddPermission(t.Context(), &sns.AddPermissionInput{
		TopicArn: arn, Label: aws.String("l"), AWSAccountId: []string{"444455556666"}, ActionName: []string{"Publish"},
	}); err != nil {
		t.Error(err)
	}
	subscribed, err := c.Subscribe(t.Context(), &sns.SubscribeInput{
		TopicArn: arn, Protocol: aws.String("email"), Endpoint: aws.String("a@example.com"), ReturnSubscriptionArn: true,
		Attributes: map[string]string{"FilterPolicy": `{"a":["b"]}`},
	})
	if err != nil || !strings.HasPrefix(*subscribed.SubscriptionArn, *arn+":") {
		t.Fatalf("%v, %v", subscribed, err)
	}
	listed, err := c.ListSubscriptionsByTopic(t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: arn})
	if err != nil || len(listed.Subscriptions) != 1 || *listed.Subscriptions[0].SubscriptionArn != "PendingConfirmation" || *listed.Subscriptions[0].Owner != w.Account {
		t.Errorf("%v, %v", listed, err)
	}
	got, err := c.GetSubscriptionAttributes(t.Context(), &sns.GetSubscriptionAttributesInput{SubscriptionArn: subscribed.SubscriptionArn})
	if err != nil || got.Attributes["PendingConfirmation"] != "true" || got.Attributes["FilterPolicyScope"] != "MessageAttributes" {
		t.Errorf("%v, %v", got, err)
	}
	w.checkBatch(*arn)
}

func (w *world) checkBatch(arn string) {
	t := w.t
	out, err := w.sns().PublishBatch(t.Context(), &sns.PublishBatchInput{TopicArn: &arn, PublishBatchRequestEntries: []types.PublishBatchRequestEntry{
		{Id: aws.String("good"), Message: aws.String("x")},
		{Id: aws.String("bad"), Message: aws.String("x"), MessageStructure: aws.String("json")},
	}})
	if err != nil || len(out.Successful) != 1 || *out.Successful[0].Id != "good" || len(out.Failed) != 1 || *out.Failed[0].Code != "InvalidParameter" || !out.Failed[0].SenderFault {
		t.Errorf("%+v, %v", out, err)
	}
	_, err = w.sns().PublishBatch(t.Context(), &sns.PublishBatchInput{TopicArn: &arn, PublishBatchRequestEntries: []types.PublishBatchRequestEntry{
		{Id: aws.String("a"), Message: aws.String("x")}, {Id: aws.String("a"), Message: aws.String("y")},
	}})
	mustRefuse(t, err, "BatchEntryIdsNotDistinct")
}

func TestRefusalsAreThoseOfSNS(t *testing.T) {
	w := start(t, app.Config{})
	c, ctx := w.sns(), t.Context()
	made, err := c.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("t")})
	if err != nil {
		t.Fatal(err)
	}
	arn, none := made.TopicArn, aws.String("arn:aws:sns:"+region+":"+w.Account+":none")
	for name, test := range map[string]struct {
		call func() error
		code string
	}{
		"a bad name": {func() error { _, err := c.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("a b")}); return err }, "InvalidParameter"},
		"a FIFO topic": {func() error {
			_, err := c.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("a.fifo")})
			return err
		}, "InvalidParameter"},
		"other attributes": {func() error {
			_, err := c.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("t"), Attributes: map[string]string{"DisplayName": "x"}})
			return err
		}, "InvalidParameter"},
		"no topic": {func() error {
			_, err := c.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: none})
			return err
		}, "NotFound"},
		"no resource": {func() error {
			_, err := c.ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: none})
			return err
		}, "ResourceNotFound"},
		"no ARN": {func() error {
			_, err := c.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String("t")})
			return err
		}, "InvalidParameter"},
		"another Region": {func() error {
			_, err := c.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String(strings.Replace(*arn, region, "us-east-1", 1))})
			return err
		}, "InvalidParameter"},
		"a bad policy": {func() error {
			_, err := c.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: arn, AttributeName: aws.String("Policy"), AttributeValue: aws.String("{")})
			return err
		}, "InvalidParameter"},
		"a queue": {func() error {
			_, err := c.Subscribe(ctx, &sns.SubscribeInput{TopicArn: arn, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:eu-west-1:123456789012:q")})
			return err
		}, "InvalidParameter"},
		"a bad token": {func() error {
			_, err := c.ConfirmSubscription(ctx, &sns.ConfirmSubscriptionInput{TopicArn: arn, Token: aws.String("abc")})
			return err
		}, "InvalidParameter"},
		"an empty message": {func() error {
			_, err := c.Publish(ctx, &sns.PublishInput{TopicArn: arn, Message: aws.String("")})
			return err
		}, "InvalidParameter"},
		"a text message": {func() error {
			_, err := c.Publish(ctx, &sns.PublishInput{PhoneNumber: aws.String("+15551234567"), Message: aws.String("x")})
			return err
		}, "InvalidParameter"},
		"a platform": {func() error {
			_, err := c.ListPlatformApplications(ctx, &sns.ListPlatformApplicationsInput{})
			return err
		}, "InvalidAction"},
	} {
		t.Run(name, func(t *testing.T) { mustRefuse(t, test.call(), test.code) })
	}
}

func TestListsArePaged(t *testing.T) {
	w := start(t, app.Config{})
	c := w.sns()
	for i := range 101 {
		if _, err := c.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String(fmt.Sprintf("t%03d", i))}); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	var sizes []int
	for p := sns.NewListTopicsPaginator(c, &sns.ListTopicsInput{}); p.HasMorePages(); {
		out, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, topic := range out.Topics {
			seen[*topic.TopicArn] = true
		}
		sizes = append(sizes, len(out.Topics))
	}
	if len(seen) != 101 || fmt.Sprint(sizes) != "[100 1]" {
		t.Errorf("%d topics in pages of %v", len(seen), sizes)
	}
	_, err := c.ListTopics(t.Context(), &sns.ListTopicsInput{NextToken: aws.String("!")})
	mustRefuse(t, err, "InvalidParameter")
}

// TestNobodyActsWithoutASignature tries the URLs of the messages with other
// operations, and without what proves them.
func TestNobodyActsWithoutASignature(t *testing.T) {
	w := start(t, app.Config{})
	made, err := w.sns().CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t")})
	if err != nil {
		t.Fatal(err)
	}
	for query, status := range map[string]int{
		"Action=DeleteTopic&TopicArn=" + *made.TopicArn:                                                403,
		"Action=Publish&Message=x&TopicArn=" + *made.TopicArn:                                          403,
		"Action=ConfirmSubscription&Token=" + strings.Repeat("00", 56) + "&TopicArn=" + *made.TopicArn: 400,
		"Action=Unsubscribe&SubscriptionArn=" + url.QueryEscape(*made.TopicArn):                        400,
	} {
		if got, text := w.get(w.URL + "/?Version=2010-03-31&" + query); got != status {
			t.Errorf("%s: %d %s", query, got, text)
		}
	}
	if status, _ := w.get(w.URL + "/_cairn/sns/SimpleNotificationService-0.pem"); status != 404 {
		t.Errorf("a certificate that is not there: %d", status)
	}
}

// TestTopicsOfOtherAccountsAreReachedByTheirPolicies calls from one account the
// topic of another.
func TestTopicsOfOtherAccountsAreReachedByTheirPolicies(t *testing.T) {
	w := start(t, app.Config{Accounts: []string{other}})
	made, err := w.sns().CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t")})
	if err != nil {
		t.Fatal(err)
	}
	mine, theirs := w.sns(), w.in(other)
	publish := func() error {
		_, err := theirs.Publish(t.Context(), &sns.PublishInput{TopicArn: made.TopicArn, Message: aws.String("x")})
		return err
	}
	mustRefuse(t, publish(), "AuthorizationError")
	if _, err := mine.AddPermission(t.Context(), &sns.AddPermissionInput{
		TopicArn: made.TopicArn, Label: aws.String("l"), AWSAccountId: []string{other}, ActionName: []string{"Publish"},
	}); err != nil {
		t.Fatal(err)
	}
	if err := publish(); err != nil {
		t.Error(err)
	}
	_, err = theirs.DeleteTopic(t.Context(), &sns.DeleteTopicInput{TopicArn: made.TopicArn})
	mustRefuse(t, err, "AuthorizationError")
	if _, err := mine.RemovePermission(t.Context(), &sns.RemovePermissionInput{TopicArn: made.TopicArn, Label: aws.String("l")}); err != nil {
		t.Fatal(err)
	}
	mustRefuse(t, publish(), "AuthorizationError")
}
