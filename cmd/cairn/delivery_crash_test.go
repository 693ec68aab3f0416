package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/cairn-audit/cairn/internal/region"
)

// TestTrailsDeliverEachAnsweredCallOnceThroughKillsAndABadS3 kills the server
// under load, again and again, while its trails deliver to an S3 that fails and is
// killed too. In the end the log files have each call that was answered, once, the
// digests prove the files, and the history says the same.
func TestTrailsDeliverEachAnsweredCallOnceThroughKillsAndABadS3(t *testing.T) {
	rounds, seed := setting(t, "CAIRN_CRASH_ROUNDS", 4), setting(t, "CAIRN_CRASH_SEED", 1)
	s := newScene(t, rand.New(rand.NewPCG(uint64(seed), 1)), t.TempDir())
	s.prepare()
	for round := range rounds {
		s.round(round)
	}
	s.heal()
	everything, clusters := s.finish()
	s.check(everything, clusters)
	s.verify()
	s.validate(clustersHome)
	if s.refused > 0 {
		t.Errorf("%d calls were answered with 503", s.refused)
	}
	t.Logf("seed %d: %d rounds, the server was %v, the S3 %d times; %d calls of which %d were answered; "+
		"%d events in %d files and %d digests, of the second trail %d in %d and %d; %d puts of %d objects, faults: %v",
		seed, rounds, s.moments, s.s3Kills, len(s.calls), s.answered(),
		len(everything.events), len(everything.seen)-len(everything.digests), len(everything.digests),
		len(clusters.events), len(clusters.seen)-len(clusters.digests), len(clusters.digests),
		s.bad.puts, len(s.bad.first), s.bad.met)
}

// setting is a number from the environment.
func setting(t *testing.T, name string, otherwise int) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv(name), strconv.Itoa(otherwise)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The trails. The first wants everything, and is moved about in its bucket; the
// second wants what makes clusters in its home Region, and is stopped and started.
const (
	everythingTrail, everythingBucket = "everything", "everything-logs"
	clustersTrail, clustersBucket     = "clusters", "clusters-logs"
	clustersHome                      = "eu-west-1"
	objectsBucket                     = "load"
)

// scene is the server with its trails, their S3, and what was done with them.
type scene struct {
	t       *testing.T
	random  *rand.Rand
	bad     *faultyS3
	s3      *process
	server  *process
	data    string
	s3Data  string
	config  string
	s3Kills int
	moments map[string]int // of the server's ends
	began   time.Time
	// place is the prefix in which the first trail ends.
	place string
	ledger
}

func newScene(t *testing.T, random *rand.Rand, data string) *scene {
	// Whoever delivers has credentials; this S3 takes any.
	t.Setenv("AWS_ACCESS_KEY_ID", "delivery")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "delivery")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	s := &scene{
		t: t, random: random, data: data, s3Data: t.TempDir(), began: time.Now(),
		place:   []string{"", "moved"}[random.IntN(2)],
		ledger:  ledger{phases: []phase{{}}}, // no trail logs at first
		moments: map[string]int{}, bad: newFaultyS3(t, rand.New(rand.NewPCG(random.Uint64(), 2))),
	}
	s.config = filepath.Join(t.TempDir(), "cairn.yaml")
	text := fmt.Sprintf("delivery: {s3: {endpoint: %q, path_style: true}}\n", s.bad.URL)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.startS3()
	s.start()
	return s
}

func (s *scene) startS3() {
	s.s3 = serve(s.t, s.s3Data, "--auth", "open")
	s.bad.before(s.s3.url())
}

func (s *scene) start() {
	s.server = serve(s.t, s.data, "--config", s.config, "--delivery-interval", "300ms", "--digest-interval", "3s")
}

// checkLog checks that the server, which is gone, has met nothing that it does not
// know how to go on from.
func (s *scene) checkLog() {
	s.t.Helper()
	bad := regexp.MustCompile(`(?m)^.*(level=ERROR .*component=delivery|DATA RACE|^panic:|^fatal error:).*$`)
	if log := s.server.log.String(); bad.MatchString(log) {
		s.t.Errorf("the server logged %q in\n%s", bad.FindString(log), log)
	}
}

// s3Client is a client of the S3 that meets no faults.
func (s *scene) s3Client() *s3.Client { return pathStyle(s.s3.client()) }

func pathStyle(c aws.Config) *s3.Client {
	return s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true })
}

// client is a configuration of a client of the server in a Region.
func (s *scene) client(region string) aws.Config {
	c := s.server.client()
	c.Region, c.HTTPClient = region, noting{c.HTTPClient}
	return c
}

const bucketPolicy = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"},
	"Action": ["s3:GetBucketAcl", "s3:PutObject"], "Resource": ["arn:aws:s3:::%[1]s", "arn:aws:s3:::%[1]s/*"]}]}`

// prepare makes the buckets and the trails, and starts the first trail.
func (s *scene) prepare() {
	ctx, t := s.t.Context(), s.t
	outside := s.s3Client()
	for _, name := range []string{everythingBucket, clustersBucket} {
		if _, err := outside.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
			t.Fatal(err)
		}
		if _, err := outside.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{
			Bucket: &name, Policy: aws.String(fmt.Sprintf(bucketPolicy, name)),
		}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pathStyle(s.client("us-east-1")).CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(objectsBucket)}); err != nil {
		t.Fatal(err)
	}
	all, clusters := cloudtrail.NewFromConfig(s.client("us-east-1")), cloudtrail.NewFromConfig(s.client(clustersHome))
	for client, in := range map[*cloudtrail.Client]*cloudtrail.CreateTrailInput{
		all:      {Name: aws.String(everythingTrail), S3BucketName: aws.String(everythingBucket), IsMultiRegionTrail: aws.Bool(true)},
		clusters: {Name: aws.String(clustersTrail), S3BucketName: aws.String(clustersBucket)},
	} {
		in.EnableLogFileValidation = aws.Bool(true)
		if _, err := client.CreateTrail(ctx, in); err != nil {
			t.Fatal(err)
		}
	}
	for client, in := range map[*cloudtrail.Client]*cloudtrail.PutEventSelectorsInput{
		all: {TrailName: aws.String(everythingTrail), AdvancedEventSelectors: []types.AdvancedEventSelector{
			fields("eventCategory", "Management"), fields("eventCategory", "Data", "resources.type", "AWS::S3::Object"),
		}},
		clusters: {TrailName: aws.String(clustersTrail), AdvancedEventSelectors: []types.AdvancedEventSelector{
			fields("eventCategory", "Management", "readOnly", "false"),
		}},
	} {
		if _, err := client.PutEventSelectors(ctx, in); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.do(ctx, call{name: "StartLogging", region: "us-east-1"}, func(ctx context.Context) error {
		_, err := all.StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: aws.String(everythingTrail)})
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// fields is a selector of events by pairs of a field and its value.
func fields(pairs ...string) types.AdvancedEventSelector {
	var s types.AdvancedEventSelector
	for i := 0; i < len(pairs); i += 2 {
		s.FieldSelectors = append(s.FieldSelectors, types.AdvancedFieldSelector{
			Field: &pairs[i], Equals: []string{pairs[i+1]},
		})
	}
	return s
}

// round has the server work until it is killed.
func (s *scene) round(round int) {
	if round > 0 {
		s.start()
	}
	s.bad.fail([]float64{0.2, 0.5, 0.9}[s.random.IntN(3)])
	stop := s.load(fmt.Sprintf("r%d", round))
	s.end()
	stop()
	s.bad.release()
	if s.random.IntN(3) == 0 {
		s.s3.kill()
		s.s3Kills++
		s.startS3()
	}
}

// end kills the server: at a random time, or when an upload has just been sent, or
// has just been stored and not answered. Now and then it asks the server to stop
// instead.
func (s *scene) end() {
	s.t.Helper()
	time.Sleep(time.Duration(300+s.random.IntN(1200)) * time.Millisecond)
	digest, stored, how := s.random.IntN(2) == 0, s.random.IntN(2) == 0, s.random.IntN(6)
	moment := "killed at any time"
	switch how {
	case 0:
		moment = "stopped"
		if err := s.server.stop(); err != nil {
			s.t.Errorf("the server did not stop as it was asked to: %v\n%s", err, s.server.log.String())
		}
	case 1:
	default:
		select {
		case <-s.bad.catch(digest, stored):
			moment = "killed when " + map[bool]string{false: "a log file ", true: "a digest "}[digest] +
				map[bool]string{false: "has arrived", true: "is stored"}[stored]
		case <-time.After(3 * time.Second):
		}
	}
	s.moments[moment]++
	s.server.kill()
	s.checkLog()
}

// heal ends the faults, and starts the server once more.
func (s *scene) heal() {
	s.bad.fail(0)
	s.start()
}

// finish stops both trails and waits until they have delivered everything.
func (s *scene) finish() (everything, clusters *found) {
	ctx := s.t.Context()
	client := cloudtrail.NewFromConfig(s.client(clustersHome))
	home := cloudtrail.NewFromConfig(s.client("us-east-1"))
	for _, call := range []func() error{
		func() error { return s.move(ctx, home, s.place) },
		func() error { return s.log(ctx, client, true) },
		func() error { return s.log(ctx, client, false) },
		func() error {
			return s.do(ctx, call{name: "StopLogging", region: "us-east-1"}, func(ctx context.Context) error {
				_, err := home.StopLogging(ctx, &cloudtrail.StopLoggingInput{Name: aws.String(everythingTrail)})
				return err
			})
		},
	} {
		if err := call(); err != nil {
			s.t.Fatal(err)
		}
	}
	n := len(s.calls)
	everything, clusters = newFound(s.t, s.s3Client(), everythingBucket), newFound(s.t, s.s3Client(), clustersBucket)
	s.drain(everything, s.calls[n-1].requestID, region.Open().Enabled())
	s.drain(clusters, s.calls[n-2].requestID, []string{clustersHome})
	return everything, clusters
}
