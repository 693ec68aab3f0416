package app

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

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
	defer other.Close()
	data := t.TempDir()
	s, err := Start(t.Context(), Options{
		Data: data, Listen: "127.0.0.1:0", Auth: gateway.AuthOpen, Config: Config{Routes: map[string]Route{"events": {URL: other.URL}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
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
