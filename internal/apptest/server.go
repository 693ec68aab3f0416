// Package apptest starts a whole server in a test's own process, and has what
// tests of several services ask of one. It is for tests only.
package apptest

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/app"
)

// Server is a running server.
type Server struct {
	// URL is its endpoint, Data its data directory.
	URL, Data       string
	Account, Region string
	// Admin and Root are its first keys.
	Admin, Root aws.CredentialsProvider

	t   testing.TB
	app *app.Server
}

// Start starts a server, which must stop cleanly at the end of the test. Where
// the options do not say otherwise it has a free port and a new data directory.
// The built-in S3 allows one server a process at a time: no test that starts one
// is parallel.
func Start(t testing.TB, o app.Options) *Server {
	t.Helper()
	if o.Data == "" {
		o.Data = t.TempDir()
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	running, err := app.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	at := running.Endpoint()
	s := &Server{t: t, app: running, URL: at.URL, Data: o.Data, Account: at.Account, Region: at.Region}
	t.Cleanup(s.Stop)
	s.Admin, s.Root = s.key(false), s.key(true)
	return s
}

func (s *Server) key(root bool) aws.CredentialsProvider {
	s.t.Helper()
	key, err := app.ReadCredentials(s.Data, root)
	if err != nil {
		s.t.Fatal(err)
	}
	return credentials.NewStaticCredentialsProvider(key.AccessKeyID, key.SecretAccessKey, "")
}

// Stop stops the server before the end of the test.
func (s *Server) Stop() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.app.Stop(ctx); err != nil {
		s.t.Error(err)
	}
}

// Config is for clients of the server that make each call once.
func (s *Server) Config(region string, c aws.CredentialsProvider) aws.Config {
	return aws.Config{BaseEndpoint: &s.URL, Region: region, Credentials: c, RetryMaxAttempts: 1}
}

// In are credentials of an administrator of another account, whom Admin became.
func (s *Server) In(account string) aws.CredentialsProvider {
	s.t.Helper()
	out, err := sts.NewFromConfig(s.Config(s.Region, s.Admin)).AssumeRole(s.t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + account + ":role/OrganizationAccountAccessRole"), RoleSessionName: aws.String("session"),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return Session(out.Credentials)
}

// Session are the credentials that STS gave.
func Session(c *ststypes.Credentials) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
}

// Events looks up a page of events as somebody, newest first.
func Events(t testing.TB, as aws.Config, in *cloudtrail.LookupEventsInput) []*event.Event {
	t.Helper()
	out, err := cloudtrail.NewFromConfig(as).LookupEvents(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	events := make([]*event.Event, len(out.Events))
	for i, e := range out.Events {
		if err := json.Unmarshal([]byte(*e.CloudTrailEvent), &events[i]); err != nil {
			t.Fatal(err)
		}
	}
	return events
}
