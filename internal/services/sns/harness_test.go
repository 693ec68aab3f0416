package sns_test

import (
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

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/app"
	"github.com/cairn-audit/cairn/internal/apptest"
)

const (
	region = "eu-west-1"
	other  = "444455556666" // a second account
)

// world is a running server, and an endpoint for subscriptions.
type world struct {
	*apptest.Server
	t     *testing.T
	inbox chan delivered
	at    string // the endpoint
}

// delivered is what the endpoint got.
type delivered struct {
	header http.Header
	text   string
	body   map[string]any
}

func start(t *testing.T, config app.Config) *world {
	t.Helper()
	w := &world{Server: apptest.Start(t, app.Options{Config: config}), t: t, inbox: make(chan delivered, 100)}
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
	return sns.NewFromConfig(w.Config(region, w.Admin))
}

// in is a client of another account's administrator.
func (w *world) in(account string) *sns.Client {
	w.t.Helper()
	return sns.NewFromConfig(w.Config(region, w.In(account)))
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
	case <-time.After(time.Minute):
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
	return apptest.Events(w.t, w.Config(region, w.Admin), &cloudtrail.LookupEventsInput{LookupAttributes: []cttypes.LookupAttribute{
		{AttributeKey: cttypes.LookupAttributeKeyEventName, AttributeValue: &name},
	}})
}

// mustRefuse wants an error with a code.
func mustRefuse(t *testing.T, err error, code string) {
	t.Helper()
	var refused smithy.APIError
	if !errors.As(err, &refused) || refused.ErrorCode() != code {
		t.Errorf("%v, want %s", err, code)
	}
}
