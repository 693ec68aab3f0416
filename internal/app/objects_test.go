package app

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/cairn-audit/cairn/internal/cairntest"
	"github.com/cairn-audit/cairn/internal/gateway"
	"github.com/cairn-audit/cairn/internal/identity"
)

func administrator(t *testing.T, s *Server) identity.Credential {
	t.Helper()
	key, err := ReadCredentials(s.options.Data, false)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// before starts a server in front of another endpoint, where key is known.
func before(t *testing.T, upstream string, key identity.Credential) *Server {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", key.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", key.SecretAccessKey)
	return start(t, Options{Data: filepath.Join(t.TempDir(), "data"), Upstream: upstream})
}

func TestBoto3WorksWithTheBuiltInS3InOpenMode(t *testing.T) {
	s := start(t, Options{Data: filepath.Join(t.TempDir(), "data"), Auth: gateway.AuthOpen})
	cairntest.PlayS3(t, s.Endpoint().URL, anyKey.AccessKeyID, anyKey.SecretAccessKey, "")
}

func TestBoto3WorksThroughTwoServersInARowAndBothRecordIt(t *testing.T) {
	back := start(t, Options{Data: filepath.Join(t.TempDir(), "data")})
	front := before(t, back.Endpoint().URL, administrator(t, back))
	key := administrator(t, front)
	cairntest.PlayS3(t, front.Endpoint().URL, key.AccessKeyID, key.SecretAccessKey, "")
	here, there := objectEvents(t, front), objectEvents(t, back)
	if len(here) < 20 || !maps.Equal(here, there) {
		t.Errorf("events in front: %v\nand behind: %v", here, there)
	}
}

func TestBoto3WorksWithAnEmulatorThatIsSignedFor(t *testing.T) {
	front := before(t, cairntest.StartMoto(t), anyKey)
	key := administrator(t, front)
	cairntest.PlayS3(t, front.Endpoint().URL, key.AccessKeyID, key.SecretAccessKey, "moto")
}

var anyKey = identity.Credential{AccessKeyID: "test", SecretAccessKey: "test"}

// TestTheGoSDKWorksOverTLS: there it sends a stream in chunks, with its checksum
// in a trailer.
func TestTheGoSDKWorksOverTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writeCertificate(t, cert, key)
	for _, mode := range []gateway.Auth{gateway.AuthOpen, gateway.AuthVerify} {
		t.Run(string(mode), func(t *testing.T) {
			s := start(t, Options{Data: filepath.Join(t.TempDir(), "data"), Auth: mode, TLSCert: cert, TLSKey: key})
			who := anyKey
			if mode == gateway.AuthVerify {
				who = administrator(t, s)
			}
			useGoSDK(t, s3.New(s3.Options{
				BaseEndpoint: aws.String(s.Endpoint().URL), UsePathStyle: true, Region: "eu-west-1", HTTPClient: trusting(t, cert),
				Credentials: credentials.NewStaticCredentialsProvider(who.AccessKeyID, who.SecretAccessKey, ""),
			}))
		})
	}
}

func useGoSDK(t *testing.T, c *s3.Client) {
	t.Helper()
	bucket, key := aws.String("letters"), aws.String("a key/ü")
	if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{
		LocationConstraint: s3types.BucketLocationConstraintEuWest1,
	}}); err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte("0123456789"), 20_000)
	stream := io.MultiReader(bytes.NewReader(want)) // which cannot be read twice
	if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: bucket, Key: key, Body: stream, ContentLength: aws.Int64(int64(len(want))), ChecksumAlgorithm: s3types.ChecksumAlgorithmCrc32c,
	}); err != nil {
		t.Fatal(err)
	}
	got, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: key, ChecksumMode: s3types.ChecksumModeEnabled})
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if body, err := io.ReadAll(got.Body); err != nil || !bytes.Equal(body, want) || got.ChecksumCRC32C == nil {
		t.Errorf("%d bytes, checksum %v, %v", len(body), aws.ToString(got.ChecksumCRC32C), err)
	}
}

// objectEvents counts the events of S3 by what they say that happened.
func objectEvents(t *testing.T, s *Server) map[string]int {
	t.Helper()
	key := administrator(t, s)
	client := cloudtrail.New(cloudtrail.Options{
		BaseEndpoint: aws.String(s.Endpoint().URL), Region: "eu-west-1",
		Credentials: credentials.NewStaticCredentialsProvider(key.AccessKeyID, key.SecretAccessKey, ""),
	})
	pages := cloudtrail.NewLookupEventsPaginator(client, &cloudtrail.LookupEventsInput{
		EventCategory: "all", MaxResults: aws.Int32(50),
		LookupAttributes: []types.LookupAttribute{{
			AttributeKey: types.LookupAttributeKeyEventSource, AttributeValue: aws.String("s3.amazonaws.com"),
		}},
	})
	counts := map[string]int{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range page.Events {
			var e struct {
				EventName, ErrorCode string
				RequestParameters    struct{ Key string }
				UserIdentity         struct{ AccessKeyID string }
			}
			if err := json.Unmarshal([]byte(aws.ToString(found.CloudTrailEvent)), &e); err != nil {
				t.Fatal(err)
			}
			if e.UserIdentity.AccessKeyID != key.AccessKeyID {
				t.Errorf("%s by the key %s", e.EventName, e.UserIdentity.AccessKeyID)
			}
			counts[e.EventName+" "+e.RequestParameters.Key+" "+e.ErrorCode]++
		}
	}
	return counts
}
