package archive

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/cairn-audit/cairn/digest"
)

// S3 is an archive in S3. Its buckets may be in any Region.
type S3 struct {
	client *s3.Client

	mu sync.Mutex
	// regions are those of the buckets, as far as they were asked for. mu
	// guards it.
	regions map[string]string
}

// NewS3 reads with a client.
func NewS3(client *s3.Client) *S3 {
	return &S3{client: client, regions: map[string]string{}}
}

// at directs a request to a bucket's Region.
func (a *S3) at(ctx context.Context, bucket string) func(*s3.Options) {
	region := a.region(ctx, bucket)
	return func(o *s3.Options) {
		if region != "" {
			o.Region = region
		}
	}
}

func (a *S3) region(ctx context.Context, bucket string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	region, ok := a.regions[bucket]
	if !ok {
		// The answer names the Region even where it is a refusal.
		out, err := a.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
		var refused *smithyhttp.ResponseError
		switch {
		case err == nil:
			region = aws.ToString(out.BucketRegion)
		case errors.As(err, &refused) && refused.Response != nil:
			region = refused.Response.Header.Get("X-Amz-Bucket-Region")
		}
		a.regions[bucket] = region
	}
	return region
}

// List implements digest.Archive.
func (a *S3) List(ctx context.Context, bucket, prefix, after string) iter.Seq2[digest.Object, error] {
	return func(yield func(digest.Object, error) bool) {
		in := &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix}
		if after != "" {
			in.StartAfter = &after
		}
		for pages := s3.NewListObjectsV2Paginator(a.client, in); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx, a.at(ctx, bucket))
			if err != nil {
				yield(digest.Object{}, err)
				return
			}
			for _, o := range page.Contents {
				if !yield(digest.Object{Key: aws.ToString(o.Key), Modified: aws.ToTime(o.LastModified)}, nil) {
					return
				}
			}
		}
	}
}

// Entries implements digest.Archive.
func (a *S3) Entries(ctx context.Context, bucket, prefix string) iter.Seq2[digest.Entry, error] {
	return func(yield func(digest.Entry, error) bool) {
		in := &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix, Delimiter: aws.String("/")}
		for pages := s3.NewListObjectsV2Paginator(a.client, in); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx, a.at(ctx, bucket))
			if err != nil {
				yield(digest.Entry{}, err)
				return
			}
			for _, p := range page.CommonPrefixes {
				name := strings.TrimSuffix(strings.TrimPrefix(aws.ToString(p.Prefix), prefix), "/")
				if !yield(digest.Entry{Name: name}, nil) {
					return
				}
			}
			for _, o := range page.Contents {
				if !yield(digest.Entry{Name: strings.TrimPrefix(aws.ToString(o.Key), prefix), Object: true}, nil) {
					return
				}
			}
		}
	}
}

// Open implements digest.Archive.
func (a *S3) Open(ctx context.Context, bucket, key string) (digest.Content, error) {
	out, err := a.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key}, a.at(ctx, bucket))
	if _, ok := errors.AsType[*types.NoSuchKey](err); ok {
		return digest.Content{}, digest.ErrNotFound
	}
	if err != nil {
		return digest.Content{}, err
	}
	metadata := map[string]string{}
	for name, value := range out.Metadata {
		metadata[strings.ToLower(name)] = value
	}
	return digest.Content{Body: out.Body, Metadata: metadata}, nil
}
