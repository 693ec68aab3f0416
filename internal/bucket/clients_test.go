package bucket

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/cairn-audit/cairn/internal/cairntest"
)

// blob makes size bytes that do not compress.
func blob(size int) []byte {
	b := make([]byte, size)
	random := rand.NewChaCha8([32]byte{1})
	random.Read(b)
	return b
}

// TestClientsWorkThroughForward plays sessions of AWS's own clients, each of
// which codes and signs its requests in its own way.
func TestClientsWorkThroughForward(t *testing.T) {
	plain, secure := serve(t, start(t))
	for name, session := range map[string]func(*testing.T){
		"Go SDK":          func(t *testing.T) { useGoSDK(t, "gosdk", plain) },
		"Go SDK with TLS": func(t *testing.T) { useGoSDK(t, "gosdk-tls", secure) },
		"AWS CLI":         func(t *testing.T) { useCLI(t, plain.URL) },
		"boto3":           func(t *testing.T) { cairntest.PlayS3(t, plain.URL, "test", "test", "") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			session(t)
		})
	}
}

func useGoSDK(t *testing.T, bucket string, srv *httptest.Server) {
	c, err := NewClient(t.Context(), Config{
		Endpoint: srv.URL, Region: "eu-west-1", AccessKeyID: "test", SecretAccessKey: "test", PathStyle: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	trust := func(o *s3.Options) { o.HTTPClient = srv.Client() }
	_, err = c.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket: &bucket,
		CreateBucketConfiguration: &types.CreateBucketConfiguration{
			LocationConstraint: types.BucketLocationConstraintEuWest1,
		},
	}, trust)
	if err != nil {
		t.Fatal(err)
	}
	for _, algorithm := range append([]types.ChecksumAlgorithm{""}, types.ChecksumAlgorithmCrc32,
		types.ChecksumAlgorithmCrc32c, types.ChecksumAlgorithmCrc64nvme, types.ChecksumAlgorithmSha1,
		types.ChecksumAlgorithmSha256) {
		for _, size := range []int{0, 10, chunkSize, 300_000} {
			want := blob(size)
			_, err := c.PutObject(t.Context(), &s3.PutObjectInput{
				Bucket: &bucket, Key: aws.String("key"), ChecksumAlgorithm: algorithm, Body: bytes.NewReader(want),
			}, trust)
			if err != nil {
				t.Fatalf("put %d bytes, checksum %q: %v", size, algorithm, err)
			}
			got, err := c.GetObject(t.Context(), &s3.GetObjectInput{
				Bucket: &bucket, Key: aws.String("key"), ChecksumMode: types.ChecksumModeEnabled,
			}, trust)
			if err != nil {
				t.Fatalf("get %d bytes, checksum %q: %v", size, algorithm, err)
			}
			// The SDK compares the bytes with the checksum.
			if body, err := io.ReadAll(got.Body); err != nil || !bytes.Equal(body, want) {
				t.Errorf("read %d bytes, %v; want %d", len(body), err, len(want))
			}
			got.Body.Close()
		}
	}
	location, err := c.GetBucketLocation(t.Context(), &s3.GetBucketLocationInput{Bucket: &bucket}, trust)
	if err != nil || location.LocationConstraint != types.BucketLocationConstraintEuWest1 {
		t.Errorf("GetBucketLocation: %+v, %v", location, err)
	}
}

func TestVersionsOfAnObjectAreKept(t *testing.T) {
	s := start(t)
	c := s.Client() // the server's own client, past any gateway
	ctx := t.Context()
	name := aws.String("versions")
	if _, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: name}); err != nil {
		t.Fatal(err)
	}
	_, err := c.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket:                  name,
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	if err != nil {
		t.Fatal(err)
	}
	var first *string
	for i := range 3 {
		out, err := c.PutObject(ctx, &s3.PutObjectInput{
			Bucket: name, Key: aws.String("key"), Body: strings.NewReader(fmt.Sprint(i)),
		})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = out.VersionId
		}
	}
	if _, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: name, Key: aws.String("key")}); err != nil {
		t.Fatal(err)
	}
	out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: name, Key: aws.String("key"), VersionId: first})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	if body, _ := io.ReadAll(out.Body); string(body) != "0" {
		t.Errorf("the first version is %q", body)
	}
}

func TestSecretIsNewAtEachStart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "s3")
	secrets := map[string]bool{}
	for range 2 {
		s := startAt(t, dir)
		creds, err := s.Credentials().Retrieve(t.Context())
		if err != nil || len(creds.SecretAccessKey) < 26 {
			t.Errorf("credentials: %d characters of secret, %v", len(creds.SecretAccessKey), err)
		}
		secrets[creds.SecretAccessKey] = true
		stop(t, s)
	}
	if len(secrets) != 2 {
		t.Error("the secret stayed the same")
	}
}

// clientEnv is an environment in which AWS's clients find nothing but what
// the test gives them.
func clientEnv(t *testing.T) []string {
	home := t.TempDir()
	return append(os.Environ(),
		"HOME="+home, "AWS_CONFIG_FILE="+filepath.Join(home, "none"),
		"AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(home, "none"),
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_SESSION_TOKEN=",
		"AWS_DEFAULT_REGION=eu-west-1", "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=")
}

func useCLI(t *testing.T, endpoint string) {
	path, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("the AWS CLI is not installed")
	}
	env := clientEnv(t)
	s3cmd := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), path, append([]string{"--endpoint-url", endpoint, "s3"}, args...)...)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("aws s3 %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	dir := t.TempDir()
	small, big := filepath.Join(dir, "in", "small file+1.txt"), filepath.Join(dir, "in", "big.bin")
	writeFile(t, small, []byte("small\n"))
	writeFile(t, big, blob(20<<20))

	s3cmd("mb", "s3://cli")
	if out := s3cmd("ls"); !strings.Contains(out, " cli\n") {
		t.Errorf("ls: %s", out)
	}
	s3cmd("cp", small, "s3://cli/a/small file+1.txt", "--quiet")
	s3cmd("sync", filepath.Join(dir, "in"), "s3://cli/sync", "--quiet")  // the big one in parts
	s3cmd("sync", "s3://cli/sync", filepath.Join(dir, "out"), "--quiet") // and in ranges
	sameFile(t, small, filepath.Join(dir, "out", "small file+1.txt"))
	sameFile(t, big, filepath.Join(dir, "out", "big.bin"))
	res, err := http.Get(strings.TrimSpace(s3cmd("presign", "s3://cli/a/small file+1.txt")))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); string(body) != "small\n" {
		t.Errorf("presigned: %s %q", res.Status, body)
	}
	s3cmd("rm", "s3://cli", "--recursive", "--quiet") // DeleteObjects
	s3cmd("rb", "s3://cli")                           // which only an empty bucket allows
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func sameFile(t *testing.T, a, b string) {
	t.Helper()
	want, errA := os.ReadFile(a)
	got, errB := os.ReadFile(b)
	if errA != nil || errB != nil || !bytes.Equal(want, got) {
		t.Errorf("%s has %d bytes (%v), %s has %d (%v)", a, len(want), errA, b, len(got), errB)
	}
}
