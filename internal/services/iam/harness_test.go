package iam_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/app"
	"github.com/cairn-audit/cairn/internal/apptest"
)

const (
	region = "us-east-1"
	other  = "444455556666" // a second account
)

// world is a running server.
type world struct {
	*apptest.Server
	t *testing.T
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
	return &world{apptest.Start(t, app.Options{Data: data, Config: config}), t}
}

func (w *world) sts(c aws.CredentialsProvider) *sts.Client {
	return sts.NewFromConfig(w.Config(region, c))
}

func (w *world) iam(c aws.CredentialsProvider) *iam.Client {
	return iam.NewFromConfig(w.Config(region, c))
}

func (w *world) ec2() *ec2.Client {
	return ec2.NewFromConfig(w.Config(region, w.Admin))
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
	reader := w.Admin
	if *out.Account != w.Account {
		reader = w.In(*out.Account)
	}
	for _, e := range w.events(reader, "AccessKeyId", keyID(w.t, c)) {
		if e.EventName == "GetCallerIdentity" {
			return e.UserIdentity, out
		}
	}
	w.t.Fatal("the call has no event")
	return nil, nil
}

// events looks events up by one attribute, newest first.
func (w *world) events(c aws.CredentialsProvider, key, value string) []*event.Event {
	w.t.Helper()
	return w.newest(c, key, value, 50)
}

// newest are the newest events with an attribute, at most n.
func (w *world) newest(c aws.CredentialsProvider, key, value string, n int32) []*event.Event {
	w.t.Helper()
	return apptest.Events(w.t, w.Config(region, c), &cloudtrail.LookupEventsInput{
		MaxResults:       &n,
		LookupAttributes: []cttypes.LookupAttribute{{AttributeKey: cttypes.LookupAttributeKey(key), AttributeValue: &value}},
	})
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
