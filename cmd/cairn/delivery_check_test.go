package main

import (
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// check compares what was delivered with the calls that were made, with the
// history, and with what verifiers say.
func (s *scene) check(everything, clusters *found) {
	everything.checkOnce()
	clusters.checkOnce()
	all, some := everything.byCall(), clusters.byCall()
	made := map[string]bool{}
	for i := range s.calls {
		c := &s.calls[i]
		key := keyOf(c.name, c.mark, c.requestID)
		made[key] = true
		s.compare(everythingTrail, c, all[key], c.requestID != "", c.requestID == "")
		wanted := c.name == "CreateCluster" && c.region == clustersHome
		if c.mark != "" {
			logs, known := s.logged(c)
			s.compare(clustersTrail, c, some[key], wanted && logs, wanted && !known)
		}
	}
	for key, events := range all {
		if events[0].mark() != "" && !made[key] {
			s.t.Errorf("nobody made the call of %s", events[0].raw)
		}
	}
	for key, events := range some {
		if len(all[key]) == 0 && events[0].mark() != "" {
			s.t.Errorf("one trail has an event that the other has not: %s", events[0].raw)
		}
	}
	s.checkHistory(everything)
}

// compare checks the events of a call that a trail has: one if it must be there,
// none or one if it may be.
func (s *scene) compare(trail string, c *call, events []logged, must, may bool) {
	s.t.Helper()
	switch {
	case len(events) > 1, must && len(events) == 0, !must && !may && len(events) > 0:
		s.t.Errorf("the trail %s has %d events of %s in %s, of %q, answered as %q (one must be there: %v; may be: %v)",
			trail, len(events), c.name, c.region, c.mark, c.requestID, must, may)
	case len(events) == 1 && c.requestID != "" && events[0].RequestID != c.requestID:
		s.t.Errorf("%s has %s, and the request was answered as %s", trail, events[0].raw, c.requestID)
	}
}

// logged reports whether the second trail logged all the time that a call took, and
// whether that can be said.
func (s *scene) logged(c *call) (logs, known bool) {
	if c.requestID == "" {
		return false, false
	}
	for _, p := range s.phases {
		if c.began.After(p.from) && c.ended.Before(p.to) {
			return p.logs, true
		}
	}
	return false, false
}

// checkHistory compares the log files of the first trail with LookupEvents.
func (s *scene) checkHistory(everything *found) {
	marked := func(e logged) bool { return e.mark() == "" }
	for _, name := range []string{"us-east-1", "eu-west-1", "ap-northeast-1"} {
		delivered := slices.DeleteFunc(slices.Clone(everything.events), func(e logged) bool { return marked(e) || e.AWSRegion != name })
		looked := slices.DeleteFunc(append(s.lookUp(name, ""), s.lookUp(name, "data")...), marked)
		if len(looked) == 0 || !sameEvents(delivered, looked) {
			s.t.Errorf("in %s, %d events were delivered, and the history has %d", name, len(delivered), len(looked))
		}
	}
}

func (s *scene) lookUp(region, category string) (events []logged) {
	s.t.Helper()
	pages := cloudtrail.NewLookupEventsPaginator(cloudtrail.NewFromConfig(s.client(region)), &cloudtrail.LookupEventsInput{
		EventCategory: types.EventCategory(category), MaxResults: aws.Int32(50),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		for _, e := range page.Events {
			events = append(events, parseEvent(s.t, []byte(aws.ToString(e.CloudTrailEvent))))
		}
	}
	return events
}

// drain waits until a trail, which a call has stopped, has delivered everything.
func (s *scene) drain(f *found, stop string, regions []string) {
	s.t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for f.refresh(); !f.over(stop, regions); f.refresh() {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s does not come to its end: %d events, %d digests\n%s",
				f.bucket, len(f.events), len(f.digests), s.server.log.String())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// verify has Cairn judge the files.
func (s *scene) verify() {
	for _, archive := range []string{path.Join(everythingBucket, s.place), clustersBucket} {
		cmd := exec.Command(s.server.Path, "verify", "s3://"+archive, "--data", s.data, "--s3-endpoint-url", s.s3.url())
		if out, err := cmd.CombinedOutput(); err != nil {
			s.t.Errorf("cairn verify %s: %v\n%s", archive, err, out)
		} else {
			s.t.Logf("%s", out)
		}
	}
}

// validate has the AWS CLI judge the first trail's files of a Region.
func (s *scene) validate(region string) {
	s.t.Helper()
	if _, err := exec.LookPath("aws"); err != nil {
		s.t.Log("the AWS CLI is not installed (make clients), and does not validate the logs")
		return
	}
	config := s.client(region)
	key, err := config.Credentials.Retrieve(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.CommandContext(s.t.Context(), "aws", "cloudtrail", "validate-logs", "--region", region,
		"--trail-arn", "arn:aws:cloudtrail:us-east-1:123456789012:trail/"+everythingTrail,
		"--start-time", s.began.UTC().Format(time.RFC3339))
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+s.server.url(), "AWS_ENDPOINT_URL_S3="+s.s3.url(),
		"AWS_ACCESS_KEY_ID="+key.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+key.SecretAccessKey)
	out, err := cmd.CombinedOutput()
	if text := string(out); err != nil || strings.Contains(text, "INVALID") || !strings.Contains(text, "log files valid") {
		s.t.Errorf("aws cloudtrail validate-logs: %v\n%s", err, text)
	}
}
