package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// call is a call that somebody made.
type call struct {
	name, region string
	// mark is what only this call's event has in its parameters; empty if there
	// is nothing.
	mark         string
	began, ended time.Time
	// requestID is of the answer; empty: there was none.
	requestID string
}

// ledger is what is known of the calls that were made.
type ledger struct {
	mu    sync.Mutex
	calls []call
	// phases are the times in which it is known whether the second trail logs.
	phases []phase
	// refused is how many calls were answered with 503: they may have been
	// recorded or not.
	refused int
}

// phase is a time in which a trail logged or did not. A zero end is none yet.
type phase struct {
	logs     bool
	from, to time.Time
}

func (l *ledger) answered() (n int) {
	for _, c := range l.calls {
		if c.requestID != "" {
			n++
		}
	}
	return n
}

// noting is an HTTP client that keeps the request id of an answer where the
// context says, "503" of one that refuses.
type noting struct{ aws.HTTPClient }

type requestIDKey struct{}

func (n noting) Do(r *http.Request) (*http.Response, error) {
	answer, err := n.HTTPClient.Do(r)
	if id, ok := r.Context().Value(requestIDKey{}).(*string); ok && err == nil {
		*id = cmp.Or(answer.Header.Get("X-Amzn-Requestid"), answer.Header.Get("X-Amz-Request-Id"), "none")
		if answer.StatusCode == http.StatusServiceUnavailable {
			*id = "503"
		}
	}
	return answer, err
}

func (l *ledger) refusals() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}

// do makes a call and keeps what became of it. Its error is that of the call.
func (l *ledger) do(ctx context.Context, c call, f func(context.Context) error) error {
	c.began = time.Now()
	err := f(context.WithValue(ctx, requestIDKey{}, &c.requestID))
	c.ended = time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.requestID == "503" {
		c.requestID = ""
		l.refused++
	}
	l.calls = append(l.calls, c)
	return err
}

// load has clients make calls until the server is gone or stop is called, which
// waits for them. round is part of all marks.
func (s *scene) load(round string) (stop func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	var clients sync.WaitGroup
	for client, region := range []string{"us-east-1", "us-east-1", "eu-west-1", "eu-west-1", "ap-northeast-1"} {
		clients.Go(func() { s.clusters(ctx, region, fmt.Sprintf("%s-c%d", round, client)) })
	}
	clients.Go(func() { s.objects(ctx, round+"-o") })
	random := rand.New(rand.NewPCG(s.random.Uint64(), 3))
	clients.Go(func() { s.control(ctx, random) })
	return func() {
		cancel()
		clients.Wait()
	}
}

// gone reports whether a call got no answer. After an error that is one, it waits a
// moment.
func gone(ctx context.Context, err error) bool {
	if answer, ok := errors.AsType[*awshttp.ResponseError](err); err != nil && (!ok || answer.HTTPStatusCode() == 0) {
		return true
	}
	if err != nil {
		wait(ctx, 10*time.Millisecond)
	}
	return ctx.Err() != nil
}

// clusters makes calls of ECS.
func (s *scene) clusters(ctx context.Context, region, prefix string) {
	client := ecs.NewFromConfig(s.client(region))
	for i, err := 0, error(nil); !gone(ctx, err); i++ {
		mark := fmt.Sprintf("%s-%d", prefix, i)
		if i%3 == 0 {
			err = s.do(ctx, call{name: "DescribeClusters", region: region, mark: mark}, func(ctx context.Context) error {
				_, err := client.DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: []string{mark}})
				return err
			})
			continue
		}
		err = s.do(ctx, call{name: "CreateCluster", region: region, mark: mark}, func(ctx context.Context) error {
			_, err := client.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: &mark})
			return err
		})
	}
}

// objects puts objects, and asks for some that are not there.
func (s *scene) objects(ctx context.Context, prefix string) {
	const region = "us-east-1"
	client := pathStyle(s.client(region))
	for i, err := 0, error(nil); !gone(ctx, err); i++ {
		mark := fmt.Sprintf("%s-%d", prefix, i)
		if i%2 == 0 {
			err = s.do(ctx, call{name: "PutObject", region: region, mark: mark}, func(ctx context.Context) error {
				_, err := client.PutObject(ctx, &s3.PutObjectInput{
					Bucket: aws.String(objectsBucket), Key: &mark, Body: strings.NewReader(mark),
				})
				return err
			})
			continue
		}
		err = s.do(ctx, call{name: "GetObject", region: region, mark: mark}, func(ctx context.Context) error {
			_, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(objectsBucket), Key: &mark})
			if _, none := errors.AsType[*s3types.NoSuchKey](err); none {
				return nil
			}
			return err
		})
	}
}

// control moves the first trail, and stops and starts the second, until the server
// is gone.
func (s *scene) control(ctx context.Context, random *rand.Rand) {
	home := cloudtrail.NewFromConfig(s.client("us-east-1"))
	clusters := cloudtrail.NewFromConfig(s.client(clustersHome))
	for ctx.Err() == nil {
		wait(ctx, time.Duration(random.IntN(400))*time.Millisecond)
		switch random.IntN(3) {
		case 0:
			_ = s.move(ctx, home, []string{"", "moved"}[random.IntN(2)])
		case 1:
			_ = s.log(ctx, clusters, true)
		case 2:
			_ = s.log(ctx, clusters, false)
		}
	}
}

// move gives the first trail another prefix. Cairn asks the S3 about the bucket
// then, so this may fail.
func (s *scene) move(ctx context.Context, client *cloudtrail.Client, prefix string) error {
	return s.do(ctx, call{name: "UpdateTrail", region: "us-east-1"}, func(ctx context.Context) error {
		_, err := client.UpdateTrail(ctx, &cloudtrail.UpdateTrailInput{Name: aws.String(everythingTrail), S3KeyPrefix: &prefix})
		return err
	})
}

// log starts or stops the second trail. What it does is not known from the call's
// beginning to its answer.
func (s *scene) log(ctx context.Context, client *cloudtrail.Client, logs bool) error {
	s.mu.Lock()
	if n := len(s.phases); n > 0 && s.phases[n-1].to.IsZero() {
		s.phases[n-1].to = time.Now()
	}
	s.mu.Unlock()
	c := call{name: "StopLogging", region: clustersHome}
	if logs {
		c.name = "StartLogging"
	}
	err := s.do(ctx, c, func(ctx context.Context) (err error) {
		if logs {
			_, err = client.StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: aws.String(clustersTrail)})
		} else {
			_, err = client.StopLogging(ctx, &cloudtrail.StopLoggingInput{Name: aws.String(clustersTrail)})
		}
		return err
	})
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.phases = append(s.phases, phase{logs: logs, from: time.Now()})
	}
	return err
}
