package demo

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/cairn-audit/cairn/digest"
	"github.com/cairn-audit/cairn/internal/archive"
)

// The demo's trail and where it delivers.
const (
	trailName   = "everything"
	trailBucket = "trail-logs"
)

// trailPolicy lets CloudTrail write into the trail's bucket.
const trailPolicy = `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"},
   "Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::` + trailBucket + `"},
  {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"},
   "Action": "s3:PutObject", "Resource": "arn:aws:s3:::` + trailBucket + `/AWSLogs/*",
   "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}}]}`

// makeTrail comes before the other scenes: the trail delivers what they do.
var makeTrail = scene{"CloudTrail: a trail of all Regions, with digests", []call{
	{line: "s3 mb s3://" + trailBucket, event: "CreateBucket", do: func(ctx context.Context, s *stage) (string, error) {
		_, err := s.objects().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(trailBucket)})
		return trailBucket, err
	}},
	{line: "s3api put-bucket-policy --bucket " + trailBucket + " …", event: "PutBucketPolicy", do: func(ctx context.Context, s *stage) (string, error) {
		_, err := s.objects().PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: aws.String(trailBucket), Policy: aws.String(trailPolicy)})
		return "CloudTrail may write", err
	}},
	{line: "cloudtrail create-trail --name " + trailName + " --is-multi-region-trail …", event: "CreateTrail", do: func(ctx context.Context, s *stage) (string, error) {
		_, err := s.trail.CreateTrail(ctx, &cloudtrail.CreateTrailInput{
			Name: aws.String(trailName), S3BucketName: aws.String(trailBucket),
			IsMultiRegionTrail: aws.Bool(true), EnableLogFileValidation: aws.Bool(true),
		})
		return trailName, err
	}},
	{line: "cloudtrail start-logging --name " + trailName, event: "StartLogging", do: func(ctx context.Context, s *stage) (string, error) {
		_, err := s.trail.StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: aws.String(trailName)})
		return "logging", err
	}},
}}

// stopTrail comes last. A trail that is stopped delivers at once what it has, and
// its last digests.
var stopTrail = scene{"The trail delivers", []call{
	{line: "cloudtrail stop-logging --name " + trailName, event: "StopLogging", do: func(ctx context.Context, s *stage) (string, error) {
		_, err := s.trail.StopLogging(ctx, &cloudtrail.StopLoggingInput{Name: aws.String(trailName)})
		return "stopped", err
	}},
}}

// deliver shows what the trail delivered, proves it, and has it forged.
func (s *stage) deliver(ctx context.Context) error {
	if err := s.perform(ctx, stopTrail); err != nil {
		return err
	}
	if err := s.awaitDigests(ctx); err != nil {
		return err
	}
	logs, digests, err := s.delivered(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "  $ aws s3 ls --recursive s3://%s\n", trailBucket)
	for _, key := range logs {
		fmt.Fprintf(s.out, "    %s\n", key)
	}
	fmt.Fprintf(s.out, "    … and %d digests, one for each Region\n", digests)
	if err := s.verify(ctx, digest.Proven); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\nSomebody changes a name in a log file\n")
	// Not the file that holds StopLogging: the digests' end would have no cause
	// then, in any Region.
	i := slices.IndexFunc(logs, func(key string) bool { return strings.Contains(key, "/"+elsewhere+"/") })
	if i < 0 {
		return fmt.Errorf("no log file of %s was delivered", elsewhere)
	}
	if err := s.forge(ctx, logs[i]); err != nil {
		return err
	}
	return s.verify(ctx, digest.Tampered)
}

// patience is how long digests may take.
const patience = time.Minute

// awaitDigests returns when the digests of all Regions are there.
func (s *stage) awaitDigests(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	regions, err := ec2.NewFromConfig(s.aws).DescribeRegions(ctx, &ec2.DescribeRegionsInput{})
	if err != nil {
		return fmt.Errorf("list the Regions: %w", err)
	}
	trail := fmt.Sprintf("arn:aws:cloudtrail:%s:%s:trail/%s", s.target.Region, s.target.Account, trailName)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for _, r := range regions.Regions {
		there := func(o *cloudtrail.Options) { o.Region = aws.ToString(r.RegionName) }
		for {
			status, err := s.trail.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: aws.String(trail)}, there)
			if err != nil {
				return fmt.Errorf("ask for the trail's digest in %s: %w", aws.ToString(r.RegionName), err)
			}
			if status.LatestDigestDeliveryTime != nil {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("wait for the digest of %s: %w", aws.ToString(r.RegionName), ctx.Err())
			case <-again.C:
			}
		}
	}
	return nil
}

// delivered lists the log files and counts the digests.
func (s *stage) delivered(ctx context.Context) (logs []string, digests int, err error) {
	pages := s3.NewListObjectsV2Paginator(s.objects(), &s3.ListObjectsV2Input{Bucket: aws.String(trailBucket)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, 0, fmt.Errorf("list the trail's files: %w", err)
		}
		for _, o := range page.Contents {
			if key := aws.ToString(o.Key); strings.Contains(key, "/CloudTrail-Digest/") {
				digests++
			} else {
				logs = append(logs, key)
			}
		}
	}
	return logs, digests, nil
}

// verify prints what `cairn verify` does, which has to come to the verdict.
func (s *stage) verify(ctx context.Context, want digest.Verdict) error {
	report, err := archive.Verify(ctx, archive.Options{
		Archive: "s3://" + trailBucket,
		Service: archive.Service{
			EndpointURL: s.target.URL, S3EndpointURL: s.target.URL, Region: s.target.Region,
			AccessKeyID: s.target.Key.AccessKeyID, SecretAccessKey: s.target.Key.SecretAccessKey,
		},
	})
	if err != nil {
		return fmt.Errorf("verify the trail's files: %w", err)
	}
	var text strings.Builder
	if err := archive.WriteText(&text, report); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "  $ cairn verify s3://%s\n", trailBucket)
	for line := range strings.Lines(text.String()) {
		fmt.Fprintf(s.out, "    %s", line)
	}
	if report.Verdict != want {
		return fmt.Errorf("the trail's files are found to be %v, not %v", report.Verdict, want)
	}
	return nil
}

// forge gives the deeds of the demo's user in a log file to another.
func (s *stage) forge(ctx context.Context, key string) error {
	object, err := s.objects().GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(trailBucket), Key: aws.String(key)})
	if err != nil {
		return fmt.Errorf("read a log file: %w", err)
	}
	packed, err := io.ReadAll(object.Body)
	if err := errors.Join(err, object.Body.Close()); err != nil {
		return fmt.Errorf("read a log file: %w", err)
	}
	records, err := digest.ReadAll(bytes.NewReader(packed), digest.MaxLogFile)
	if err != nil {
		return fmt.Errorf("read a log file: %w", err)
	}
	var forged bytes.Buffer
	z := gzip.NewWriter(&forged)
	_, err = z.Write(bytes.ReplaceAll(records, []byte("administrator"), []byte("somebody-else")))
	if err := errors.Join(err, z.Close()); err != nil {
		return fmt.Errorf("pack a log file: %w", err)
	}
	fmt.Fprintf(s.out, "  $ aws s3 cp forged.json.gz s3://%s/%s\n", trailBucket, key)
	_, err = s.objects().PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(trailBucket), Key: aws.String(key), Body: bytes.NewReader(forged.Bytes()),
		ACL: types.ObjectCannedACLBucketOwnerFullControl,
	})
	return err
}
