package topic

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/state"
)

// instant is a network that answers at once.
type instant struct{}

func (instant) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Body: http.NoBody, Request: r}, nil
}

// BenchmarkPublish publishes to a topic with ten subscriptions and waits until
// all have everything.
func BenchmarkPublish(b *testing.B) {
	store, err := state.Open(filepath.Join(b.TempDir(), "state.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	key, err := seal.NewKey(make([]byte, seal.KeySize))
	if err != nil {
		b.Fatal(err)
	}
	broker := New(store, key, Options{Transport: instant{}})
	if err := broker.CreateTopic(testTopic, nil, nil); err != nil {
		b.Fatal(err)
	}
	const endpoints = 10
	for i := range endpoints {
		s, err := broker.Subscribe(Subscribing{Topic: testTopic, Protocol: "http", Endpoint: "http://e.test/" + string(rune('a'+i)), Account: account})
		if err != nil {
			b.Fatal(err)
		}
		a, err := ParseSubscriptionARN(s.ARN, "SubscriptionArn")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := broker.Confirm(testTopic, broker.token(a, s.Since), false, false); err != nil {
			b.Fatal(err)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- broker.Run(b.Context()) }()
	for b.Loop() {
		if _, err := broker.Publish(b.Context(), Publication{TopicARN: testTopic.String(), Message: "a message of some length"}); err != nil {
			b.Fatal(err)
		}
	}
	published := b.Elapsed()
	for c := broker.Counts(); c.Delivered+c.Dropped < int64(b.N)*endpoints; c = broker.Counts() {
		time.Sleep(time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/published.Seconds(), "publish/s")
	b.ReportMetric(float64(broker.Counts().Dropped), "dropped")
}
