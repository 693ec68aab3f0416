package events_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/app"
	"github.com/cairn-audit/cairn/internal/apptest"
)

const (
	region = "eu-west-1"
	secret = "correct-horse-battery-staple"
)

// world is a running server, and an endpoint to send to.
type world struct {
	*apptest.Server
	t     *testing.T
	inbox chan delivered
	at    string // the endpoint
}

// delivered is what the endpoint got.
type delivered struct {
	path   string
	header http.Header
	text   string
	body   envelope
}

// envelope is how EventBridge wraps an event.
type envelope struct {
	Version    string
	ID         string
	DetailType string `json:"detail-type"`
	Source     string
	Account    string
	Time       time.Time
	Region     string
	Resources  []string
	Detail     json.RawMessage
}

func (e *envelope) record(t *testing.T) *event.Event {
	t.Helper()
	var r event.Event
	if err := json.Unmarshal(e.Detail, &r); err != nil {
		t.Fatalf("%v: %s", err, e.Detail)
	}
	return &r
}

func start(t *testing.T) *world {
	t.Helper()
	config := app.Config{Delivery: app.ConfigDelivery{AnyBucketPolicy: true}}
	w := &world{Server: apptest.Start(t, app.Options{Config: config}), t: t, inbox: make(chan delivered, 100)}
	endpoint := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got := delivered{path: r.URL.Path, header: r.Header, text: string(text)}
		_ = json.Unmarshal(text, &got.body)
		w.inbox <- got
	}))
	t.Cleanup(endpoint.Close)
	w.at = endpoint.URL
	return w
}

func (w *world) events() *eventbridge.Client { return w.as(w.Admin) }

// as is a client of another caller's.
func (w *world) as(keys aws.CredentialsProvider) *eventbridge.Client {
	return eventbridge.NewFromConfig(w.Config(region, keys))
}

func (w *world) iam() *iam.Client {
	return iam.NewFromConfig(w.Config(region, w.Admin))
}

func (w *world) sns() *sns.Client {
	return sns.NewFromConfig(w.Config(region, w.Admin))
}

// trail makes a trail that logs.
func (w *world) trail() {
	w.t.Helper()
	buckets := s3.NewFromConfig(w.Config(region, w.Admin), func(o *s3.Options) { o.UsePathStyle = true })
	_, err := buckets.CreateBucket(w.t.Context(), &s3.CreateBucketInput{
		Bucket: aws.String("logs"), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	trails := cloudtrail.NewFromConfig(w.Config(region, w.Admin))
	if _, err = trails.CreateTrail(w.t.Context(), &cloudtrail.CreateTrailInput{Name: aws.String("all"), S3BucketName: aws.String("logs")}); err == nil {
		_, err = trails.StartLogging(w.t.Context(), &cloudtrail.StartLoggingInput{Name: aws.String("all")})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// role makes a role that EventBridge can assume, and that may invoke what a
// resource says.
func (w *world) role(name, service, resource string) *string {
	w.t.Helper()
	made, err := w.iam().CreateRole(w.t.Context(), &iam.CreateRoleInput{
		RoleName: &name, AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`),
	})
	if err == nil {
		_, err = w.iam().PutRolePolicy(w.t.Context(), &iam.PutRolePolicyInput{
			RoleName: &name, PolicyName: aws.String("invoke"),
			PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"events:InvokeApiDestination","Resource":"` + resource + `"}]}`),
		})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return made.Role.Arn
}

// destination makes an API destination at a path of the endpoint, whose
// connection has an API key.
func (w *world) destination(name string) *string {
	w.t.Helper()
	c := w.events()
	made, err := c.CreateConnection(w.t.Context(), &eventbridge.CreateConnectionInput{
		Name: &name, AuthorizationType: types.ConnectionAuthorizationTypeApiKey,
		AuthParameters: &types.CreateConnectionAuthRequestParameters{
			ApiKeyAuthParameters: &types.CreateConnectionApiKeyAuthRequestParameters{ApiKeyName: aws.String("X-Key"), ApiKeyValue: aws.String(secret)},
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	there, err := c.CreateApiDestination(w.t.Context(), &eventbridge.CreateApiDestinationInput{
		Name: &name, ConnectionArn: made.ConnectionArn, InvocationEndpoint: aws.String(w.at + "/" + name), HttpMethod: types.ApiDestinationHttpMethodPost,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return there.ApiDestinationArn
}

// rule makes a rule.
func (w *world) rule(name, pattern string, state types.RuleState) *string {
	w.t.Helper()
	made, err := w.events().PutRule(w.t.Context(), &eventbridge.PutRuleInput{Name: &name, EventPattern: &pattern, State: state})
	if err != nil {
		w.t.Fatal(err)
	}
	return made.RuleArn
}

// target adds a target that must be taken.
func (w *world) target(rule string, target types.Target) {
	w.t.Helper()
	out, err := w.events().PutTargets(w.t.Context(), &eventbridge.PutTargetsInput{Rule: &rule, Targets: []types.Target{target}})
	if err != nil {
		w.t.Fatal(err)
	}
	if out.FailedEntryCount != 0 {
		w.t.Fatalf("%s: %s", *out.FailedEntries[0].ErrorCode, *out.FailedEntries[0].ErrorMessage)
	}
}

// next is what the endpoint gets next.
func (w *world) next() delivered {
	w.t.Helper()
	select {
	case d := <-w.inbox:
		return d
	case <-time.After(time.Minute):
		w.t.Fatal("nothing came")
		return delivered{}
	}
}

// recorded are the events of a name, newest first: management events, or those of
// a category.
func (w *world) recorded(name string, category ...cttypes.EventCategory) []*event.Event {
	w.t.Helper()
	in := &cloudtrail.LookupEventsInput{LookupAttributes: []cttypes.LookupAttribute{
		{AttributeKey: cttypes.LookupAttributeKeyEventName, AttributeValue: &name},
	}}
	for _, c := range category {
		in.EventCategory = c
	}
	out, err := cloudtrail.NewFromConfig(w.Config(region, w.Admin)).LookupEvents(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	all := make([]*event.Event, len(out.Events))
	for i, e := range out.Events {
		if strings.Contains(*e.CloudTrailEvent, secret) {
			w.t.Errorf("a secret is in an event: %s", *e.CloudTrailEvent)
		}
		if err := json.Unmarshal([]byte(*e.CloudTrailEvent), &all[i]); err != nil {
			w.t.Fatal(err)
		}
	}
	return all
}

// mustRefuse wants an error with a code, and words in its message.
func mustRefuse(t *testing.T, err error, code, words string) {
	t.Helper()
	var refused smithy.APIError
	if !errors.As(err, &refused) || refused.ErrorCode() != code || !strings.Contains(refused.ErrorMessage(), words) {
		t.Errorf("%v, want %s: %s", err, code, words)
	}
}
