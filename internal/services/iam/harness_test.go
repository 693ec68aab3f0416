package iam_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/app"
)

const (
	region = "us-east-1"
	other  = "444455556666" // a second account
)

// world is a running server with its first keys.
type world struct {
	t           *testing.T
	url, data   string
	account     string
	admin, root aws.CredentialsProvider
}

func start(t *testing.T, config app.Config) *world {
	t.Helper()
	return startIn(t, t.TempDir(), config)
}

// startIn starts a server on a data directory, which may be another server's
// that has stopped.
func startIn(t *testing.T, data string, config app.Config) *world {
	t.Helper()
	config.Accounts = []string{other}
	s, err := app.Start(t.Context(), app.Options{Data: data, Listen: "127.0.0.1:0", Config: config})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	w := &world{t: t, url: s.Endpoint().URL, data: data, account: s.Endpoint().Account}
	for _, root := range []bool{false, true} {
		key, err := app.ReadCredentials(data, root)
		if err != nil {
			t.Fatal(err)
		}
		provider := credentials.NewStaticCredentialsProvider(key.AccessKeyID, key.SecretAccessKey, "")
		if root {
			w.root = provider
		} else {
			w.admin = provider
		}
	}
	return w
}

func stop(t *testing.T, s *app.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func (w *world) sts(c aws.CredentialsProvider) *sts.Client {
	return sts.New(sts.Options{BaseEndpoint: &w.url, Region: region, Credentials: c, RetryMaxAttempts: 1})
}

func (w *world) iam(c aws.CredentialsProvider) *iam.Client {
	return iam.New(iam.Options{BaseEndpoint: &w.url, Region: region, Credentials: c, RetryMaxAttempts: 1})
}

func (w *world) ec2() *ec2.Client {
	return ec2.New(ec2.Options{BaseEndpoint: &w.url, Region: region, Credentials: w.admin, RetryMaxAttempts: 1})
}

// session are the credentials that STS gave.
func session(c *ststypes.Credentials) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
}

func keyID(t *testing.T, c aws.CredentialsProvider) string {
	t.Helper()
	v, err := c.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v.AccessKeyID
}

// identity makes a call with the credentials and returns who the event says made
// it, and who STS says.
func (w *world) identity(c aws.CredentialsProvider) (*event.UserIdentity, *sts.GetCallerIdentityOutput) {
	w.t.Helper()
	out, err := w.sts(c).GetCallerIdentity(w.t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		w.t.Fatal(err)
	}
	reader := w.admin
	if *out.Account != w.account {
		reader = w.entered(*out.Account)
	}
	for _, e := range w.events(reader, "AccessKeyId", keyID(w.t, c)) {
		if e.EventName == "GetCallerIdentity" {
			return e.UserIdentity, out
		}
	}
	w.t.Fatal("the call has no event")
	return nil, nil
}

// entered are credentials of another account's administrator.
func (w *world) entered(account string) aws.CredentialsProvider {
	w.t.Helper()
	out, err := w.sts(w.admin).AssumeRole(w.t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + account + ":role/OrganizationAccountAccessRole"), RoleSessionName: aws.String("reader"),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return session(out.Credentials)
}

// events looks events up by one attribute, newest first.
func (w *world) events(c aws.CredentialsProvider, key, value string) []event.Event {
	w.t.Helper()
	return w.newest(c, key, value, 50)
}

// newest are the newest events with an attribute, at most n.
func (w *world) newest(c aws.CredentialsProvider, key, value string, n int32) []event.Event {
	w.t.Helper()
	client := cloudtrail.New(cloudtrail.Options{BaseEndpoint: &w.url, Region: region, Credentials: c})
	out, err := client.LookupEvents(w.t.Context(), &cloudtrail.LookupEventsInput{
		MaxResults:       &n,
		LookupAttributes: []cttypes.LookupAttribute{{AttributeKey: cttypes.LookupAttributeKey(key), AttributeValue: &value}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	events := make([]event.Event, len(out.Events))
	for i, e := range out.Events {
		if err := json.Unmarshal([]byte(*e.CloudTrailEvent), &events[i]); err != nil {
			w.t.Fatal(err)
		}
	}
	return events
}

// mustRefuse checks an error's code.
func mustRefuse(t *testing.T, err error, code string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Errorf("error %v, want %s", err, code)
	}
}

// must returns the output of a call that has to succeed.
func must[T any](out T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}
