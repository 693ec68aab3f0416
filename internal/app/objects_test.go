package app

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

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

// objectEvents counts the events of S3 by what they say that happened. What is
// refused because it is not what was signed, or has a wrong checksum in its
// trailer, does not go beyond the first server.
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
