package app

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func TestABucketsPolicyMeansTheUserWhoIsThereWhenItIsWritten(t *testing.T) {
	s := start(t, Options{Data: filepath.Join(t.TempDir(), "data")})
	users, objects := iam.NewFromConfig(awsConfig(s.Endpoint().URL, administrator(t, s))), objectsOf(s, key(t, s, false))
	ctx, bucket, name := t.Context(), aws.String("bucket"), aws.String("ana")
	ana := func() (id, keyID string, client *s3.Client) {
		t.Helper()
		made, err := users.CreateUser(ctx, &iam.CreateUserInput{UserName: name})
		if err != nil {
			t.Fatal(err)
		}
		k, err := users.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: name})
		if err != nil {
			t.Fatal(err)
		}
		keyID = aws.ToString(k.AccessKey.AccessKeyId)
		return aws.ToString(made.User.UserId), keyID,
			objectsOf(s, credentials.NewStaticCredentialsProvider(keyID, aws.ToString(k.AccessKey.SecretAccessKey), ""))
	}
	list := func(c *s3.Client) error {
		_, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket})
		return err
	}
	shown := func(want string) {
		t.Helper()
		got, err := objects.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: bucket})
		if err != nil || aws.ToString(got.Policy) != want {
			t.Errorf("%v, %v; want %s", got, err, want)
		}
	}
	if _, err := objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:iam::" + DefaultAccount + ":user/ana"
	text := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + arn + `"},"Action":"s3:ListBucket","Resource":"arn:aws:s3:::bucket"}]}`
	put := func() error {
		_, err := objects.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bucket, Policy: &text})
		return err
	}
	refusedWith(t, "a policy for nobody", put(), "MalformedPolicy")
	id, keyID, first := ana()
	refusedWith(t, "a policy", put(), "")
	refusedWith(t, "ana", list(first), "")
	shown(text)

	if _, err := users.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: name, AccessKeyId: &keyID}); err != nil {
		t.Fatal(err)
	}
	if _, err := users.DeleteUser(ctx, &iam.DeleteUserInput{UserName: name}); err != nil {
		t.Fatal(err)
	}
	_, _, second := ana()
	refusedWith(t, "another ana", list(second), "AccessDenied")
	shown(strings.Replace(text, arn, id, 1))
	refusedWith(t, "the policy for the other", put(), "")
	refusedWith(t, "another ana whom it means", list(second), "")
}
