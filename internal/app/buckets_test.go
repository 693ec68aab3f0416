package app

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

const otherAccount = "210987654321"

// objectsOf makes a client of S3 with credentials; nil signs nothing.
func objectsOf(s *Server, c aws.CredentialsProvider) *s3.Client {
	if c == nil {
		c = aws.AnonymousCredentials{}
	}
	return s3.New(s3.Options{BaseEndpoint: aws.String(s.Endpoint().URL), UsePathStyle: true, Region: "eu-west-1", Credentials: c})
}

func key(t *testing.T, s *Server, root bool) aws.CredentialsProvider {
	t.Helper()
	c, err := ReadCredentials(s.options.Data, root)
	if err != nil {
		t.Fatal(err)
	}
	return credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, "")
}

// inOther are credentials of an administrator of the other account.
func inOther(t *testing.T, s *Server) aws.CredentialsProvider {
	t.Helper()
	client := sts.New(sts.Options{Region: "eu-west-1", BaseEndpoint: aws.String(s.Endpoint().URL), Credentials: key(t, s, false)})
	out, err := client.AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + otherAccount + ":role/OrganizationAccountAccessRole"), RoleSessionName: aws.String("test"),
	})
	if err != nil {
		t.Fatal(err)
	}
	c := out.Credentials
	return credentials.NewStaticCredentialsProvider(aws.ToString(c.AccessKeyId), aws.ToString(c.SecretAccessKey), aws.ToString(c.SessionToken))
}

// refusedWith fails the test unless the error has the code; "" is no error.
func refusedWith(t *testing.T, what string, err error, code string) {
	t.Helper()
	var refused smithy.APIError
	if errors.As(err, &refused) && refused.ErrorCode() == code || err == nil && code == "" {
		return
	}
	t.Errorf("%s: %v, want %q", what, err, code)
}

func TestBucketsBelongToAccountsAndTheirPoliciesDecide(t *testing.T) {
	s := start(t, Options{Data: filepath.Join(t.TempDir(), "data"), Config: Config{Accounts: []string{otherAccount}}})
	mine, root, theirs, nobody := objectsOf(s, key(t, s, false)), objectsOf(s, key(t, s, true)), objectsOf(s, inOther(t, s)), objectsOf(s, nil)
	ctx := t.Context()
	create := func(c *s3.Client, bucket string) error {
		_, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket})
		return err
	}
	write := func(c *s3.Client, bucket string) error {
		_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("k"), Body: strings.NewReader("text")})
		return err
	}
	read := func(c *s3.Client, bucket string) error {
		out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("k")})
		if err != nil {
			return err
		}
		defer out.Body.Close()
		if text, err := io.ReadAll(out.Body); err != nil || string(text) != "text" {
			t.Errorf("the object is %q, %v", text, err)
		}
		return nil
	}
	policy := func(c *s3.Client, bucket, effect, principal, action string) error {
		_, err := c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: aws.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Principal":` + principal + `,"Action":"` + action +
				`","Resource":["arn:aws:s3:::` + bucket + `","arn:aws:s3:::` + bucket + `/*"]}]}`)})
		return err
	}
	refusedWith(t, "a bucket", create(theirs, "theirs"), "")
	refusedWith(t, "a bucket", create(mine, "mine"), "")
	refusedWith(t, "a name that is taken", create(mine, "theirs"), "BucketAlreadyExists")
	refusedWith(t, "a bucket of nobody's", create(nobody, "nobodys"), "AccessDenied")
	for c, want := range map[*s3.Client]string{mine: "mine", theirs: "theirs"} {
		list, err := c.ListBuckets(ctx, &s3.ListBucketsInput{})
		if err != nil || len(list.Buckets) != 1 || aws.ToString(list.Buckets[0].Name) != want {
			t.Errorf("the list with %s: %v, %v", want, list, err)
		}
	}
	refusedWith(t, "an upload", write(theirs, "theirs"), "")
	link, err := s3.NewPresignClient(mine).PresignGetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("theirs"), Key: aws.String("k")})
	if err != nil {
		t.Fatal(err)
	}
	visit := func() int {
		resp, err := http.Get(link.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	for _, step := range []struct {
		principal, action     string
		own, across, unsigned string // the codes of refusals
		link                  int    // the status of its answer
	}{
		{`{"AWS":"111122223333"}`, "s3:GetObject", "", "AccessDenied", "AccessDenied", 403},
		{`{"AWS":"` + DefaultAccount + `"}`, "s3:GetObject", "", "", "AccessDenied", 200},
		{`{"AWS":"` + DefaultAccount + `"}`, "s3:PutObject", "", "AccessDenied", "AccessDenied", 403},
		{`"*"`, "s3:GetObject", "", "", "", 200},
	} {
		refusedWith(t, "a policy", policy(theirs, "theirs", "Allow", step.principal, step.action), "")
		what := step.action + " by " + step.principal
		refusedWith(t, what+": own", read(theirs, "theirs"), step.own)
		refusedWith(t, what+": across accounts", read(mine, "theirs"), step.across)
		refusedWith(t, what+": unsigned", read(nobody, "theirs"), step.unsigned)
		if status := visit(); status != step.link {
			t.Errorf("%s: the link gives %d", what, status)
		}
	}
	refusedWith(t, "an unsigned upload", write(nobody, "theirs"), "AccessDenied")
	refusedWith(t, "a policy", policy(theirs, "theirs", "Allow", `"*"`, "s3:*"), "")
	refusedWith(t, "an unsigned upload", write(nobody, "theirs"), "")
	refusedWith(t, "another's policy", policy(mine, "theirs", "Allow", `"*"`, "s3:*"), "MethodNotAllowed")
	refusedWith(t, "another's policy, unsigned", policy(nobody, "theirs", "Allow", `"*"`, "s3:*"), "MethodNotAllowed")
	refusedWith(t, "a policy for nobody", policy(mine, "mine", "Allow", `{"AWS":"alice"}`, "s3:*"), "MalformedPolicy")
	_, err = theirs.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("theirs"), ExpectedBucketOwner: aws.String(otherAccount)})
	refusedWith(t, "the owner that is expected", err, "")
	_, err = theirs.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: aws.String("theirs"), ExpectedBucketOwner: aws.String(DefaultAccount)})
	refusedWith(t, "another owner than is expected", err, "AccessDenied")

	// Whoever locks everybody out of a bucket can be helped by the root user.
	refusedWith(t, "a policy", policy(mine, "mine", "Deny", `"*"`, "s3:*"), "")
	remove := func(c *s3.Client) error {
		_, err := c.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: aws.String("mine")})
		return err
	}
	refusedWith(t, "an upload", write(mine, "mine"), "AccessDenied")
	refusedWith(t, "an upload of the root's", write(root, "mine"), "AccessDenied")
	refusedWith(t, "no policy", remove(mine), "AccessDenied")
	refusedWith(t, "no policy, for the root", remove(root), "")
	refusedWith(t, "an upload", write(mine, "mine"), "")
}

func TestAnotherS3DecidesAboutItsOwnBuckets(t *testing.T) {
	reached := 0
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { reached++ }))
	defer other.Close()
	data := filepath.Join(t.TempDir(), "data")
	s := start(t, Options{Data: data})
	mine := objectsOf(s, key(t, s, false))
	if _, err := mine.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("both")}); err != nil {
		t.Fatal(err)
	}
	if _, err := mine.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("both"), Policy: aws.String(
		`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::both/*"},
		{"Effect":"Deny","Principal":"*","Action":"s3:ListBucket","Resource":"arn:aws:s3:::both"}]}`)}); err != nil {
		t.Fatal(err)
	}
	list := func(c *s3.Client) error {
		_, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("both"), Key: aws.String("k")})
		if err == nil {
			_, err = c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("both")})
		}
		return err
	}
	stop(t, s)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	s = start(t, Options{Data: data, Config: Config{Routes: map[string]Route{"s3": {URL: other.URL}}}})
	if err := list(objectsOf(s, nil)); err == nil || reached > 0 {
		t.Errorf("unsigned: %v, reached %d times", err, reached)
	}
	if err := list(objectsOf(s, key(t, s, false))); reached != 2 {
		t.Errorf("signed: %v, reached %d times", err, reached)
	}
}
