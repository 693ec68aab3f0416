package bucket

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// Deliverer puts a trail's files into the buckets of the built-in server, as
// CloudTrail: the policy that a bucket has at that moment decides. Server.Client
// alone asks no policy.
type Deliverer struct {
	Client *s3.Client
	// Delivery is the trail's; its Bucket, Prefix and Accounts do not count, for
	// the objects themselves say where they go.
	Delivery Delivery
}

// PutObject puts an object. Where the bucket's policy does not allow it, the
// error is S3's AccessDenied.
func (d *Deliverer) PutObject(ctx context.Context, in *s3.PutObjectInput, options ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	err := d.mayPut(ctx, in)
	switch {
	case errors.Is(err, ErrPolicy):
		return nil, &smithy.GenericAPIError{Code: "AccessDenied", Message: err.Error(), Fault: smithy.FaultClient}
	case err != nil && !errors.Is(err, ErrNoBucket): // which PutObject says as S3 does
		return nil, fmt.Errorf("ask the policy of the bucket: %w", err)
	}
	return d.Client.PutObject(ctx, in, options...)
}

func (d *Deliverer) mayPut(ctx context.Context, in *s3.PutObjectInput) error {
	document, err := readPolicy(ctx, d.Client, aws.ToString(in.Bucket))
	if err != nil {
		return err
	}
	c := d.Delivery.conditions(time.Now())
	for name, value := range map[string]string{
		"s3:x-amz-acl":                                   string(in.ACL),
		"s3:x-amz-server-side-encryption":                string(in.ServerSideEncryption),
		"s3:x-amz-server-side-encryption-aws-kms-key-id": aws.ToString(in.SSEKMSKeyId),
	} {
		if value != "" {
			c.Set(name, value)
		}
	}
	return d.Delivery.decide(document, "s3:PutObject", "arn:aws:s3:::"+aws.ToString(in.Bucket)+"/"+aws.ToString(in.Key), c)
}
