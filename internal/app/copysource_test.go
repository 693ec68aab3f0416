package app

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Whether an object may be copied is decided by the name in its source, so the
// store must read that one, however the name is coded.
func TestACopyReadsTheObjectThatItsSourceNames(t *testing.T) {
	s := start(t, Options{Data: filepath.Join(t.TempDir(), "data")})
	c := objectsOf(s, key(t, s, false))
	ctx, bucket := t.Context(), aws.String("bucket")
	if _, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a b", "a+b", "a%20b", "dir/x", "secret"} {
		if _, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: &name, Body: strings.NewReader(name)}); err != nil {
			t.Fatal(err)
		}
	}
	for source, want := range map[string]string{
		"bucket/a+b": "a+b", "/bucket/a%2Bb": "a+b", "bucket/a%20b": "a b", "bucket/a%2520b": "a%20b", "bucket%2Fdir%2Fx": "dir/x",
		"bucket/secret%3FversionId=null": "", "bucket/secret%253FversionId=null": "", "bucket%2Fdir%2F%2Fx": "", "bucket/dir/../secret": "",
		"//bucket/secret": "", "bucket": "", "bucket/": "", "bucket/%zz": "",
	} {
		_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: &source})
		if want == "" {
			if err == nil {
				t.Errorf("%s is copied", source)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		got, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("copy")})
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(got.Body)
		got.Body.Close()
		if err != nil || string(text) != want {
			t.Errorf("%s gives %q, %v; want %q", source, text, err, want)
		}
	}
}
