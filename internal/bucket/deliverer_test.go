package bucket

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

func TestADeliveryNeedsThePolicyThatTheBucketHasThen(t *testing.T) {
	client := start(t).Client()
	d := &Deliverer{Client: client, Delivery: Delivery{TrailARN: trailARN}}
	put := func(key string) string {
		t.Helper()
		_, err := d.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: aws.String("logs"), Key: &key, Body: strings.NewReader("x"),
			ACL: types.ObjectCannedACLBucketOwnerFullControl, ServerSideEncryption: types.ServerSideEncryptionAes256,
		})
		var refused smithy.APIError
		switch {
		case err == nil:
			return ""
		case !errors.As(err, &refused):
			t.Fatal(err)
		}
		return refused.ErrorCode()
	}
	own := "AWSLogs/" + account + "/CloudTrail/eu-west-1/2026/01/02/a.json.gz"
	if code := put(own); code != "NoSuchBucket" {
		t.Errorf("without a bucket: %q", code)
	}
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("logs")}); err != nil {
		t.Fatal(err)
	}
	if code := put(own); code != "AccessDenied" {
		t.Errorf("without a policy: %q", code)
	}
	_, err := client.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{
		Bucket: aws.String("logs"), Policy: aws.String(documentedFor("AWSLogs/" + account)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if code := put(own); code != "" {
		t.Errorf("with AWS's policy: %q", code)
	}
	if code := put("AWSLogs/210987654321/CloudTrail/eu-west-1/2026/01/02/a.json.gz"); code != "AccessDenied" {
		t.Errorf("in another account's folder: %q", code)
	}
	d.Delivery.TrailARN += "-other"
	if code := put(own); code != "AccessDenied" {
		t.Errorf("for another trail than the policy's: %q", code)
	}
	d.Delivery.TrailARN = trailARN
	if _, err := client.DeleteBucketPolicy(t.Context(), &s3.DeleteBucketPolicyInput{Bucket: aws.String("logs")}); err != nil {
		t.Fatal(err)
	}
	if code := put(own); code != "AccessDenied" {
		t.Errorf("after the policy is gone: %q", code)
	}
}
