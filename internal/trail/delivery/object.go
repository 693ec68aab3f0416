package delivery

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // what S3 checks an upload with
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const (
	// putTime, and a second for each slowest bytes, is how long an upload may
	// take.
	putTime = time.Minute
	slowest = 64 << 10

	// contentType is that of a gzip file. There is no Content-Encoding: with
	// one, clients would unpack what they read, and its name says .gz.
	contentType = "application/x-gzip"
)

// object is a file as it is put into a bucket.
type object struct {
	bucket, key, kmsKeyID, trailARN string
	body                            []byte
	metadata                        map[string]string
}

// put uploads the object, in one request that S3 carries out as a whole or not at
// all. After an error it may be there nevertheless.
func (o *object) put(ctx context.Context, client S3) error {
	limit := putTime + time.Duration(len(o.body)/slowest)*time.Second
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	in, err := o.input()
	if err != nil {
		return err
	}
	options := []func(*s3.Options){func(opt *s3.Options) {
		opt.Retryer = aws.NopRetryer{} // the queue tries again
		// Content-MD5 is there, and every S3 checks it.
		opt.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	}}
	_, err = client.PutObject(ctx, in, options...)
	if elsewhere := regionOf(err); elsewhere != "" {
		if in, err = o.input(); err != nil {
			return err
		}
		options = append(options, func(opt *s3.Options) { opt.Region = elsewhere })
		_, err = client.PutObject(ctx, in, options...)
	}
	if err != nil {
		return fmt.Errorf("put s3://%s/%s: %w", o.bucket, o.key, err)
	}
	return nil
}

func (o *object) input() (*s3.PutObjectInput, error) {
	sum := md5.Sum(o.body)
	in := &s3.PutObjectInput{
		Bucket: &o.bucket, Key: &o.key, Body: bytes.NewReader(o.body),
		ContentLength: aws.Int64(int64(len(o.body))),
		ContentMD5:    aws.String(base64.StdEncoding.EncodeToString(sum[:])),
		ContentType:   aws.String(contentType),
		Metadata:      o.metadata,
		// The bucket's policy may demand it, and the owner wants to read.
		ACL:                  types.ObjectCannedACLBucketOwnerFullControl,
		ServerSideEncryption: types.ServerSideEncryptionAes256,
	}
	if o.kmsKeyID == "" {
		return in, nil
	}
	// S3 adds the object's own ARN.
	encryption, err := json.Marshal(map[string]string{"aws:cloudtrail:arn": o.trailARN})
	if err != nil {
		return nil, err
	}
	in.ServerSideEncryption = types.ServerSideEncryptionAwsKms
	in.SSEKMSKeyId = &o.kmsKeyID
	in.SSEKMSEncryptionContext = aws.String(base64.StdEncoding.EncodeToString(encryption))
	return in, nil
}

// regionOf is where S3 says that a bucket is when it is asked in another Region.
func regionOf(err error) string {
	var answer *smithyhttp.ResponseError
	if !errors.As(err, &answer) || answer.Response == nil {
		return ""
	}
	switch answer.HTTPStatusCode() {
	case http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusBadRequest:
		return answer.Response.Header.Get("X-Amz-Bucket-Region")
	}
	return ""
}

// errorCode is the error that a trail's status shows: what the destination says
// is wrong with it, and nothing for an answer that did not come or that may be
// another one a moment later.
func errorCode(err error) string {
	var refused smithy.APIError
	if !errors.As(err, &refused) {
		return ""
	}
	var answer interface{ HTTPStatusCode() int }
	if errors.As(err, &answer) && answer.HTTPStatusCode() >= http.StatusInternalServerError {
		return ""
	}
	if code := refused.ErrorCode(); code != "RequestTimeout" {
		return code
	}
	return ""
}
