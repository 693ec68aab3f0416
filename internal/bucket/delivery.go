package bucket

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/cairn-audit/cairn/internal/policy"
)

// The reasons why CheckDelivery says no. They are wrapped with what is missing.
var (
	ErrNoBucket = errors.New("the bucket does not exist")
	ErrPolicy   = errors.New("the bucket's policy does not allow the delivery")
)

// trailService is who delivers a trail's files, as bucket policies name it.
const trailService = "cloudtrail.amazonaws.com"

// Delivery is what a trail would put into a bucket.
type Delivery struct {
	Bucket string
	// Prefix is the trail's, without a slash at its end; it may be empty.
	Prefix string
	// Accounts are those whose files the trail delivers.
	Accounts []string
	// OrganizationID is "o-…" for a trail of an organization, else empty.
	OrganizationID string
	TrailARN       string
	// KMSKeyARN is the key that encrypts the files; empty is S3's own.
	KMSKeyARN string
}

// CheckDelivery asks an S3 service whether a bucket would take a trail's files:
// whether the bucket exists and its policy allows CloudTrail what the CloudTrail
// User Guide tells people to allow ("Amazon S3 bucket policy for CloudTrail").
//
// The error is ErrNoBucket, or ErrPolicy where the policy is missing, does not
// allow the delivery, or may not be read; any other says that the service could
// not be asked. Nothing is written to the bucket.
func CheckDelivery(ctx context.Context, client *s3.Client, d Delivery) error {
	document, err := readPolicy(ctx, client, d.Bucket)
	if err != nil {
		return fmt.Errorf("check the bucket %s: %w", d.Bucket, err)
	}
	if err := d.allowedBy(document, time.Now()); err != nil {
		return fmt.Errorf("check the bucket %s: %w", d.Bucket, err)
	}
	return nil
}

// readPolicy reads the policy of a bucket in any Region.
func readPolicy(ctx context.Context, client *s3.Client, bucket string) (*policy.Document, error) {
	var there []func(*s3.Options)
	_, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
	if elsewhere := regionOf(err); elsewhere != "" && elsewhere != client.Options().Region {
		there = append(there, func(o *s3.Options) { o.Region = elsewhere })
		_, err = client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket}, there...)
	}
	switch statusOf(err) {
	case http.StatusNotFound:
		return nil, ErrNoBucket
	case http.StatusForbidden:
		return nil, fmt.Errorf("%w: the bucket may not be looked at: %w", ErrPolicy, err)
	}
	if err != nil {
		return nil, err
	}
	out, err := client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &bucket}, there...)
	var refused smithy.APIError
	switch {
	case errors.As(err, &refused) && refused.ErrorCode() == "NoSuchBucket":
		return nil, ErrNoBucket
	case errors.As(err, &refused) && refused.ErrorCode() == "NoSuchBucketPolicy":
		return nil, fmt.Errorf("%w: it has none", ErrPolicy)
	case statusOf(err) == http.StatusForbidden:
		return nil, fmt.Errorf("%w: it may not be read: %w", ErrPolicy, err)
	case err != nil:
		return nil, err
	}
	document, err := policy.Parse([]byte(aws.ToString(out.Policy)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPolicy, err)
	}
	return document, nil
}

// statusOf is the status of the answer that the error is about, or 0.
func statusOf(err error) int {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

// regionOf is the Region in which S3 says the bucket is, where it refuses a
// request in another, or "".
func regionOf(err error) string {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.Response != nil {
		return answer.Response.Header.Get("X-Amz-Bucket-Region")
	}
	return ""
}

// allowedBy evaluates a bucket's policy. What is asked about one object of each
// kind that a trail delivers stands for all of them, so a policy has to allow
// the folder of each account and not single objects in it.
func (d *Delivery) allowedBy(document *policy.Document, now time.Time) error {
	bucket := "arn:aws:s3:::" + d.Bucket
	if err := d.decide(document, "s3:GetBucketAcl", bucket, d.conditions(now)); err != nil {
		return err
	}
	put := d.conditions(now)
	put.Set("s3:x-amz-acl", "bucket-owner-full-control")
	put.Set("s3:x-amz-server-side-encryption", "AES256")
	if d.KMSKeyARN != "" {
		put.Set("s3:x-amz-server-side-encryption", "aws:kms")
		put.Set("s3:x-amz-server-side-encryption-aws-kms-key-id", d.KMSKeyARN)
	}
	for _, folder := range d.folders() {
		for _, name := range []string{"CloudTrail", "CloudTrail-Digest"} {
			object := fmt.Sprintf("%s/%s/%s/%s/2026/01/01/probe.json.gz", bucket, folder, name, d.trail().region)
			if err := d.decide(document, "s3:PutObject", object, put); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Delivery) decide(document *policy.Document, action, resource string, c policy.Context) error {
	decision := policy.Evaluate(policy.Request{
		Action: action, Resource: resource, Context: c,
		Principal: policy.Principal{Type: policy.AWSService, Service: trailService},
	}, policy.Policies{Resource: document})
	if decision.Allowed {
		return nil
	}
	return fmt.Errorf("%w: %s on %s: %s", ErrPolicy, action, resource, decision.Because(action))
}

// conditions are the condition keys of a call that CloudTrail makes for a trail.
func (d *Delivery) conditions(now time.Time) policy.Context {
	c := policy.ByService(trailService, d.TrailARN, d.trail().account, now)
	if d.OrganizationID != "" {
		c.Set("aws:SourceOrgID", d.OrganizationID)
	}
	c.Set("aws:RequestedRegion", d.trail().region)
	return c
}

// folders are where the files go. A trail of an organization has to be able to
// become one of its own account alone.
func (d *Delivery) folders() []string {
	under := "AWSLogs/"
	if d.Prefix != "" {
		under = d.Prefix + "/" + under
	}
	if d.OrganizationID == "" {
		return prefixed(under, d.Accounts)
	}
	return append([]string{under + d.trail().account}, prefixed(under+d.OrganizationID+"/", d.Accounts)...)
}

func prefixed(prefix string, names []string) []string {
	var out []string
	for _, name := range names {
		out = append(out, prefix+name)
	}
	return out
}

// trail is the place of the trail, by its ARN.
func (d *Delivery) trail() (place struct{ region, account string }) {
	if parts := strings.SplitN(d.TrailARN, ":", 6); len(parts) == 6 {
		place.region, place.account = parts[3], parts[4]
	}
	return place
}
