package topic

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/state"
)

const account = "123456789012"

var testTopic = ARN{Partition: "aws", Region: "eu-west-1", Account: account, Name: "t"}

// bench is a broker on a state file, with a network of the test's own.
type bench struct {
	*Broker
	t     *testing.T
	store *state.Store
	log   *bytes.Buffer
	// answer is what endpoints answer, and received what they got.
	mu       sync.Mutex
	answer   func(*http.Request) int
	received []received
}

// received is a request that an endpoint got.
type received struct {
	url    string
	header http.Header
	text   string
	body   map[string]any
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return openBench(t, filepath.Join(t.TempDir(), "state.db"))
}

func openBench(t *testing.T, path string) *bench {
	t.Helper()
	store, err := state.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	key, err := seal.NewKey(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, store: store, log: &bytes.Buffer{}, answer: func(*http.Request) int { return 200 }}
	b.Broker = New(store, key, Options{
		URL: "https://cairn.test", Transport: b, Logger: slog.New(slog.NewTextHandler(b.log, nil)),
	})
	return b
}

// RoundTrip is the network: every endpoint is there.
func (b *bench) RoundTrip(r *http.Request) (*http.Response, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	answer := b.answer
	got := received{url: r.URL.String(), header: r.Header, text: string(text)}
	_ = json.Unmarshal(text, &got.body)
	b.received = append(b.received, got)
	b.mu.Unlock()
	status := answer(r)
	if status == 0 {
		return nil, errors.New("connection refused")
	}
	return &http.Response{StatusCode: status, Body: http.NoBody, Request: r}, nil
}

func (b *bench) answers(f func(*http.Request) int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = f
}

// got are the requests of a type since the last call.
func (b *bench) got(kind messageType) []received {
	b.mu.Lock()
	defer b.mu.Unlock()
	var of []received
	for _, r := range b.received {
		if r.header.Get("X-Amz-Sns-Message-Type") == string(kind) {
			of = append(of, r)
		}
	}
	b.received = slices.DeleteFunc(b.received, func(r received) bool {
		return r.header.Get("X-Amz-Sns-Message-Type") == string(kind)
	})
	return of
}

// run runs the broker until the returned function is called.
func (b *bench) run() (stop func()) {
	ctx, cancel := context.WithCancel(b.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := b.Run(ctx); !errors.Is(err, context.Canceled) {
			b.t.Errorf("Run: %v", err)
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

func (b *bench) create(attributes map[string]string) {
	b.t.Helper()
	if err := b.CreateTopic(testTopic, attributes, nil); err != nil {
		b.t.Fatal(err)
	}
}

// subscribe makes a confirmed subscription.
func (b *bench) subscribe(endpoint string, attributes map[string]string) ARN {
	b.t.Helper()
	protocol, _, _ := strings.Cut(endpoint, ":")
	s, err := b.Subscribe(Subscribing{Topic: testTopic, Protocol: protocol, Endpoint: endpoint, Account: account, Attributes: attributes})
	if err != nil {
		b.t.Fatal(err)
	}
	a, err := ParseSubscriptionARN(s.ARN, "SubscriptionArn")
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.Confirm(testTopic, b.token(a, s.Since), true, false); err != nil {
		b.t.Fatal(err)
	}
	return a
}

func (b *bench) publish(text string) string {
	b.t.Helper()
	id, err := b.Publish(b.t.Context(), Publication{TopicARN: testTopic.String(), Message: text})
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

// onTheWay is how many records of undone deliveries the state has.
func (b *bench) onTheWay() (n int) {
	b.t.Helper()
	if err := b.store.View(func(tx *state.Tx) error {
		for _, kind := range []string{string(deliveries), string(messages), string(remaining)} {
			for _, err := range tx.List(kind, "") {
				if err != nil {
					return err
				}
				n++
			}
		}
		return nil
	}); err != nil {
		b.t.Fatal(err)
	}
	return n
}

// certificate gets what a message's SigningCertURL names.
func (b *bench) certificate(url string) *x509.Certificate {
	b.t.Helper()
	w := httptest.NewRecorder()
	b.ServeCertificate(w, httptest.NewRequest(http.MethodGet, url, nil))
	block, _ := pem.Decode(w.Body.Bytes())
	if w.Code != 200 || block == nil {
		b.t.Fatalf("GET %s: %d %s", url, w.Code, w.Body)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// verify checks a signature as AWS's page on verifying does: the names of the
// fields are those that the page lists for the type, in its order.
func (b *bench) verify(r received) {
	b.t.Helper()
	names := []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	if r.body["Type"] != "Notification" {
		names = []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
	}
	text := ""
	for _, name := range names {
		if v, ok := r.body[name].(string); ok {
			text += name + "\n" + v + "\n"
		}
	}
	algorithm := x509.SHA1WithRSA
	if r.body["SignatureVersion"] == "2" {
		algorithm = x509.SHA256WithRSA
	}
	signature, err := base64.StdEncoding.DecodeString(r.body["Signature"].(string))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.certificate(r.body["SigningCertURL"].(string)).CheckSignature(algorithm, []byte(text), signature); err != nil {
		b.t.Errorf("the signature of version %v: %v\n%s", r.body["SignatureVersion"], err, text)
	}
}
