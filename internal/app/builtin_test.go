package app

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/cairn-audit/cairn/internal/gateway"
)

// TestWhatIsBuiltInCanStandBesideAnUpstream: trails deliver to the bucket of a
// server's own, and rules hear of calls that another answered.
func TestWhatIsBuiltInCanStandBesideAnUpstream(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<Response><Errors><Error><Code>Theirs</Code><Message>m</Message></Error></Errors></Response>", http.StatusBadRequest)
	}))
	defer other.Close()
	s := start(t, Options{
		Data: filepath.Join(t.TempDir(), "data"), Auth: gateway.AuthOpen, Upstream: other.URL,
		Config: configured(t, "routes: {s3: builtin, events: builtin, logs: builtin, sns: builtin, autoscaling: {url: builtin}}"),
	})
	config := awsConfig(s.Endpoint().URL, administrator(t, s))
	_, err := ec2.NewFromConfig(config).DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
	refusedWith(t, "a call that goes on", err, "Theirs")
	objects := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := objects.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("my-logs")}); err != nil {
		t.Fatal(err)
	}
	policy := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"},
		"Action": ["s3:GetBucketAcl", "s3:PutObject"], "Resource": ["arn:aws:s3:::my-logs", "arn:aws:s3:::my-logs/*"]}]}`
	if _, err := objects.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("my-logs"), Policy: &policy}); err != nil {
		t.Fatal(err)
	}
	trails := cloudtrail.NewFromConfig(config)
	if _, err := trails.CreateTrail(t.Context(), &cloudtrail.CreateTrailInput{Name: aws.String("everything"), S3BucketName: aws.String("my-logs")}); err != nil {
		t.Fatal(err)
	}
	if _, err := trails.StartLogging(t.Context(), &cloudtrail.StartLoggingInput{Name: aws.String("everything")}); err != nil {
		t.Fatal(err)
	}
	if _, err := trails.StopLogging(t.Context(), &cloudtrail.StopLoggingInput{Name: aws.String("everything")}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a log file in the server's own bucket", func() bool {
		out, err := objects.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("my-logs")})
		return err == nil && len(out.Contents) > 0
	})
	if _, err := eventbridge.NewFromConfig(config).ListRules(t.Context(), &eventbridge.ListRulesInput{}); err != nil {
		t.Error(err)
	}
}

func TestARouteToWhatIsNotBuiltInIsAnError(t *testing.T) {
	if _, err := parseConfig([]byte("routes: {s3: {url: builtin, credentials: {profile: p}}}")); err == nil || !strings.Contains(err.Error(), "takes no credentials") {
		t.Errorf("with credentials: %v", err)
	}
	_, err := Start(t.Context(), Options{
		Data: filepath.Join(t.TempDir(), "data"), Listen: "127.0.0.1:0", Auth: gateway.AuthOpen, Upstream: "http://127.0.0.1:1",
		Config: configured(t, "routes: {dynamodb: builtin}"),
	})
	if err == nil || !strings.Contains(err.Error(), "route of dynamodb: it is not built in; these are: autoscaling ec2 ec2-instance-connect ecs elbv2 events iam") {
		t.Errorf("of a service that is not there: %v", err)
	}
}
