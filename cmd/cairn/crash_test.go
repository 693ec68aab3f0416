package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// tally keeps names that were seen.
type tally struct {
	mu    sync.Mutex
	names map[string]bool // guarded by mu
}

func (c *tally) add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.names == nil {
		c.names = make(map[string]bool)
	}
	c.names[name] = true
}

// TestNoCallIsWithoutItsRecordThroughKills kills the server under load, again
// and again, and then asks for every call that was answered, and for every
// change that reached the backend.
func TestNoCallIsWithoutItsRecordThroughKills(t *testing.T) {
	rounds := 20
	if s := os.Getenv("CAIRN_CRASH_ROUNDS"); s != "" {
		var err error
		if rounds, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	var answered, reached tally
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ ClusterName string }
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &in); err != nil {
			t.Errorf("the backend got %q", body)
		}
		reached.add(in.ClusterName)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		fmt.Fprintf(w, `{"cluster":{"clusterName":%q}}`, in.ClusterName)
	}))
	defer backend.Close()

	data := t.TempDir()
	random := rand.New(rand.NewPCG(20261121, uint64(rounds)))
	var slowest time.Duration
	for round := range rounds {
		began := time.Now()
		p := serve(t, data, "--auth", "open", "--upstream", backend.URL)
		slowest = max(slowest, time.Since(began))
		ctx, stop := context.WithCancel(t.Context())
		var load sync.WaitGroup
		for worker := range 8 {
			load.Go(func() { createClusters(ctx, p.client(), fmt.Sprintf("r%d-w%d", round, worker), &answered) })
		}
		time.Sleep(time.Duration(50+random.IntN(250)) * time.Millisecond)
		p.kill()
		stop()
		load.Wait()
	}

	p := serve(t, data, "--auth", "open", "--upstream", backend.URL)
	recorded, unknown := clustersInHistory(t, p.client())
	for name := range answered.names {
		if _, ok := recorded[name]; !ok {
			t.Errorf("%s was answered and has no event", name)
		}
	}
	for name := range reached.names {
		if _, ok := recorded[name]; !ok {
			t.Errorf("%s reached the backend and has no event", name)
		}
	}
	for name, n := range recorded {
		if n != 1 {
			t.Errorf("%s has %d events", name, n)
		}
	}
	if len(answered.names) < rounds {
		t.Errorf("only %d calls were answered in %d rounds", len(answered.names), rounds)
	}
	t.Logf("%d kills: %d calls answered, %d reached the backend, %d events, of them %d with an unknown outcome; slowest start %v",
		rounds, len(answered.names), len(reached.names), len(recorded), unknown, slowest)
}

// createClusters makes calls that change something, one after the other, until
// the server is gone.
func createClusters(ctx context.Context, config aws.Config, prefix string, answered *tally) {
	client := ecs.NewFromConfig(config)
	for i := 0; ctx.Err() == nil; i++ {
		name := fmt.Sprintf("%s-%d", prefix, i)
		if _, err := client.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String(name)}); err != nil {
			return
		}
		answered.add(name)
	}
}

// clustersInHistory counts the events of CreateCluster by the name of the
// cluster, and those whose outcome is unknown.
func clustersInHistory(t *testing.T, config aws.Config) (events map[string]int, unknown int) {
	t.Helper()
	events = make(map[string]int)
	pages := cloudtrail.NewLookupEventsPaginator(cloudtrail.NewFromConfig(config), &cloudtrail.LookupEventsInput{
		LookupAttributes: []types.LookupAttribute{
			{AttributeKey: types.LookupAttributeKeyEventName, AttributeValue: aws.String("CreateCluster")},
		},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			var record struct {
				ErrorCode         string
				RequestParameters struct{ ClusterName string }
			}
			if err := json.Unmarshal([]byte(aws.ToString(e.CloudTrailEvent)), &record); err != nil {
				t.Fatal(errors.Join(err, errors.New(aws.ToString(e.CloudTrailEvent))))
			}
			events[record.RequestParameters.ClusterName]++
			if record.ErrorCode == "OutcomeUnknown" {
				unknown++
			}
		}
	}
	return events, unknown
}
