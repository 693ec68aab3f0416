package app

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventbridgetypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/cairn-audit/cairn/internal/gateway"
	"github.com/cairn-audit/cairn/internal/journal"
)

type reading journal.Seq

func (r reading) Keep() journal.Seq { return journal.Seq(r) }

func TestTheJournalIsKeptForTheFollowerThatIsFurthestBehind(t *testing.T) {
	for _, c := range []struct {
		followers []follower
		want      journal.Seq
	}{
		{nil, 0},
		{[]follower{reading(0), reading(0)}, 0},
		{[]follower{reading(0), reading(7)}, 7},
		{[]follower{reading(9), reading(7), reading(8)}, 7},
	} {
		if got := oldest(c.followers); got != c.want {
			t.Errorf("%v: %d, want %d", c.followers, got, c.want)
		}
	}
}

// TestAnotherEventBridgeAnswersAlone: where events is routed, there are no rules
// here that nobody could see.
func TestAnotherEventBridgeAnswersAlone(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, _ = io.WriteString(w, `{"Rules":[{"Name":"theirs"}]}`)
	}))
	t.Cleanup(other.Close)
	data := t.TempDir()
	s := start(t, Options{Data: data, Auth: gateway.AuthOpen, Config: Config{Routes: map[string]Route{"events": {URL: other.URL}}}})
	c := eventbridge.New(eventbridge.Options{
		BaseEndpoint: aws.String(s.Endpoint().URL), Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	})
	out, err := c.ListRules(t.Context(), &eventbridge.ListRulesInput{})
	if err != nil || len(out.Rules) != 1 || *out.Rules[0].Name != "theirs" {
		t.Errorf("%+v, %v", out, err)
	}
	if _, err := os.Stat(filepath.Join(data, rulesFile)); !os.IsNotExist(err) {
		t.Errorf("there is a queue: %v", err)
	}
}

// TestNothingIsSentToTheServerItself: each such request would be an event, which
// would be sent.
func TestNothingIsSentToTheServerItself(t *testing.T) {
	refusals := make(chan string, 8)
	s := start(t, Options{Data: t.TempDir(), Auth: gateway.AuthOpen, Logger: slog.New(slog.NewTextHandler(lines(refusals), &slog.HandlerOptions{Level: slog.LevelWarn}))})
	config := awsConfig(s.Endpoint().URL, administrator(t, s))
	topics, events := sns.NewFromConfig(config), eventbridge.NewFromConfig(config)
	topic, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topics.Subscribe(t.Context(), &sns.SubscribeInput{
		TopicArn: topic.TopicArn, Protocol: aws.String("http"), Endpoint: aws.String(s.Endpoint().URL),
	}); err != nil {
		t.Fatal(err)
	}
	connection, err := events.CreateConnection(t.Context(), &eventbridge.CreateConnectionInput{
		Name: aws.String("c"), AuthorizationType: "API_KEY", AuthParameters: &eventbridgetypes.CreateConnectionAuthRequestParameters{
			ApiKeyAuthParameters: &eventbridgetypes.CreateConnectionApiKeyAuthRequestParameters{ApiKeyName: aws.String("a"), ApiKeyValue: aws.String("b")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	destination, err := events.CreateApiDestination(t.Context(), &eventbridge.CreateApiDestinationInput{
		Name: aws.String("d"), ConnectionArn: connection.ConnectionArn, HttpMethod: "POST", InvocationEndpoint: aws.String(s.Endpoint().URL),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := events.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["mine"]}`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := events.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []eventbridgetypes.Target{{
		Id: aws.String("t"), Arn: destination.ApiDestinationArn, RoleArn: aws.String("arn:aws:iam::" + DefaultAccount + ":role/r"),
	}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := events.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []eventbridgetypes.PutEventsRequestEntry{{
		Source: aws.String("mine"), DetailType: aws.String("d"), Detail: aws.String("{}"),
	}}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		select {
		case line := <-refusals:
			if !strings.Contains(line, "given up") || !strings.Contains(line, "server's own") {
				t.Error(line)
			}
		case <-time.After(time.Minute):
			t.Fatal("it was sent, or tries it again")
		}
	}
}

// lines are those of a log.
type lines chan string

// Write implements io.Writer.
func (l lines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}
