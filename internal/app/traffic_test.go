package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/uuid"

	"github.com/cairn-audit/cairn/event"
)

// trafficRegions are where the calls of benchmarks are made.
var trafficRegions = []string{"us-east-1", "us-east-2", "us-west-2", "eu-west-1", "ap-northeast-1"}

// trafficUsers is how many users make the events of benchmarks, each in one
// Region.
const trafficUsers = 300

// callers make calls for a time, each the next when the one before is answered,
// and return how many there were and how long it took.
func callers(b *testing.B, n int, d time.Duration, call func(ctx context.Context, rng *rand.Rand) error) (int, time.Duration) {
	b.Helper()
	var made atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for i := range n {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(i)))
			for time.Since(began) < d {
				if err := call(b.Context(), rng); err != nil {
					b.Error(err)
					return
				}
				made.Add(1)
			}
		})
	}
	wg.Wait()
	return int(made.Load()), time.Since(began)
}

// busyEvent is an event like those of a busy account: 1.4 KB of JSON, in which
// the names repeat and the identifiers do not.
func busyEvent(account string, rng *rand.Rand) *event.Event {
	user, name := rng.IntN(trafficUsers), int(rng.ExpFloat64()*20)
	now := event.Time{Time: time.Now().UTC().Truncate(time.Second)}
	region, source := trafficRegions[user%len(trafficRegions)], fmt.Sprintf("service%d.amazonaws.com", name%37)
	role, session := fmt.Sprintf("role-%d", user/4), fmt.Sprintf("session-%d", user)
	principal := fmt.Sprintf("AROA%016X", uint64(user/4)*0x9e3779b97f4a7c15)
	readOnly, management := name%2 == 0, true
	e := &event.Event{
		EventVersion: "1.11", EventTime: now, EventSource: source, EventName: fmt.Sprintf("DescribeThings%d", name),
		AWSRegion: region, SourceIPAddress: fmt.Sprintf("10.0.%d.%d", user%4, user%250),
		UserAgent: "aws-sdk-go-v2/1.47.6 ua/2.1 os/linux lang/go#1.26.8 md/GOOS#linux md/GOARCH#amd64 api/service#1.63.7",
		UserIdentity: &event.UserIdentity{
			Type: "AssumedRole", PrincipalID: principal + ":" + session, AccountID: account,
			ARN:         "arn:aws:sts::" + account + ":assumed-role/" + role + "/" + session,
			AccessKeyID: fmt.Sprintf("ASIA%016X", uint64(user)*0x9e3779b97f4a7c15),
			SessionContext: &event.SessionContext{SessionIssuer: &event.SessionIssuer{
				Type: "Role", PrincipalID: principal, ARN: "arn:aws:iam::" + account + ":role/" + role, AccountID: account, UserName: role,
			}},
		},
		RequestParameters: fmt.Appendf(nil, `{"thingIds":["i-%017x"],"maxResults":%d,"clientToken":"%s"}`, rng.Uint64()>>4, rng.IntN(100), uuid.NewString()),
		RequestID:         uuid.NewString(), EventID: uuid.NewString(), ReadOnly: &readOnly, EventType: "AwsApiCall",
		ManagementEvent: &management, RecipientAccountID: account, EventCategory: "Management",
		TLSDetails: &event.TLSDetails{TLSVersion: "TLSv1.3", CipherSuite: "TLS_AES_128_GCM_SHA256", ClientProvidedHostHeader: source},
	}
	if !readOnly {
		e.ResponseElements = json.RawMessage(fmt.Sprintf(`{"requestId":"%s","thing":{"thingId":"i-%017x","state":"running","tagSet":{"items":[{"key":"team","value":"team-%d"},{"key":"stage","value":"production"}]},"networkInterfaceId":"eni-%017x","privateIpAddress":"10.0.%d.%d","subnetId":"subnet-%d"}}`,
			uuid.NewString(), rng.Uint64()>>4, user%30, rng.Uint64()>>4, rng.IntN(256), rng.IntN(256), user%16))
	}
	return e
}

// signedCalls makes calls to a server, over connections that stay open. A call is
// signed once a Region, and made again and again: the benchmark is about the
// server, which has the processors to itself as far as that is possible.
func signedCalls(b *testing.B, at string, creds aws.Credentials) func(context.Context, *rand.Rand) error {
	b.Helper()
	const body = "Action=DescribeVpcs&Version=2016-11-15"
	sum := sha256.Sum256([]byte(body))
	var signed []*http.Request
	for _, region := range trafficRegions {
		r, err := http.NewRequest(http.MethodPost, at, nil)
		if err != nil {
			b.Fatal(err)
		}
		r.ContentLength = int64(len(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		if err := v4.NewSigner().SignHTTP(b.Context(), creds, r, hex.EncodeToString(sum[:]), "ec2", region, time.Now()); err != nil {
			b.Fatal(err)
		}
		signed = append(signed, r)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000, DisableCompression: true}}
	b.Cleanup(client.CloseIdleConnections)
	return func(ctx context.Context, rng *rand.Rand) error {
		r := signed[rng.IntN(len(signed))].Clone(ctx)
		r.Body = io.NopCloser(bytes.NewReader([]byte(body)))
		res, err := client.Do(r)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			return err
		}
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("answered %s", res.Status)
		}
		return nil
	}
}
