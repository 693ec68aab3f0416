package sns_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/app"
)

const (
	region = "eu-west-1"
	other  = "444455556666" // a second account
)

// world is a running server, and an endpoint for subscriptions.
type world struct {
	t       *testing.T
	url     string
	account string
	keys    aws.CredentialsProvider
	inbox   chan delivered
	at      string // the endpoint
}

// delivered is what the endpoint got.
type delivered struct {
	header http.Header
	text   string
	body   map[string]any
}

func start(t *testing.T, config app.Config) *world {
	t.Helper()
	data := t.TempDir()
	s, err := app.Start(t.Context(), app.Options{Data: data, Listen: "127.0.0.1:0", Config: config})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	key, err := app.ReadCredentials(data, false)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, url: s.Endpoint().URL, account: s.Endpoint().Account, inbox: make(chan delivered, 100),
		keys: credentials.NewStaticCredentialsProvider(key.AccessKeyID, key.SecretAccessKey, ""),
	}
	endpoint := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got := delivered{header: r.Header, text: string(text)}
		_ = json.Unmarshal(text, &got.body)
		w.inbox <- got
	}))
	t.Cleanup(endpoint.Close)
	w.at = endpoint.URL
	return w
}

func (w *world) sns() *sns.Client {
	return sns.New(sns.Options{BaseEndpoint: &w.url, Region: region, Credentials: w.keys, RetryMaxAttempts: 1})
}

// in is a client of another account's administrator.
func (w *world) in(account string) *sns.Client {
	w.t.Helper()
	c := sts.New(sts.Options{BaseEndpoint: &w.url, Region: region, Credentials: w.keys})
	entered, err := c.AssumeRole(w.t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + account + ":role/OrganizationAccountAccessRole"), RoleSessionName: aws.String("session"),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	k := entered.Credentials
	return sns.New(sns.Options{
		BaseEndpoint: &w.url, Region: region, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(*k.AccessKeyId, *k.SecretAccessKey, *k.SessionToken),
	})
}

// next is what the endpoint gets next.
func (w *world) next(kind string) delivered {
	w.t.Helper()
	select {
	case d := <-w.inbox:
		if got := d.header.Get("x-amz-sns-message-type"); got != kind {
			w.t.Fatalf("got a %s, want a %s:\n%s", got, kind, d.text)
		}
		return d
	case <-time.After(20 * time.Second):
		w.t.Fatalf("no %s came", kind)
		return delivered{}
	}
}

// get visits a URL without any credentials.
func (w *world) get(url string) (int, string) {
	w.t.Helper()
	r, err := http.Get(url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

// verify checks a message's signature with the certificate that it names.
func (w *world) verify(d delivered, names ...string) {
	w.t.Helper()
	text := ""
	for _, name := range names {
		if v, ok := d.body[name].(string); ok {
			text += name + "\n" + v + "\n"
		}
	}
	status, certificate := w.get(d.body["SigningCertURL"].(string))
	block, _ := pem.Decode([]byte(certificate))
	if status != 200 || block == nil {
		w.t.Fatalf("the certificate: %d %s", status, certificate)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		w.t.Fatal(err)
	}
	signature, err := base64.StdEncoding.DecodeString(d.body["Signature"].(string))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := c.CheckSignature(x509.SHA1WithRSA, []byte(text), signature); err != nil {
		w.t.Errorf("%v\n%s", err, d.text)
	}
}

// events are those of a name, newest first.
func (w *world) events(name string) []*event.Event {
	w.t.Helper()
	c := cloudtrail.New(cloudtrail.Options{BaseEndpoint: &w.url, Region: region, Credentials: w.keys})
	out, err := c.LookupEvents(w.t.Context(), &cloudtrail.LookupEventsInput{LookupAttributes: []cttypes.LookupAttribute{
		{AttributeKey: cttypes.LookupAttributeKeyEventName, AttributeValue: &name},
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	all := make([]*event.Event, len(out.Events))
	for i, e := range out.Events {
		if err := json.Unmarshal([]byte(*e.CloudTrailEvent), &all[i]); err != nil {
			w.t.Fatal(err)
		}
	}
	return all
}

// mustRefuse wants an error with a code.
func mustRefuse(t *testing.T, err error, code string) {
	t.Helper()
	var refused smithy.APIError
	if !errors.As(err, &refused) || refused.ErrorCode() != code {
		t.Errorf("%v, want %s", err, code)
	}
}
