package app

import (
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// TestPoliciesSeeTheTagsOfTrailsRulesTopicsAndLogGroups: a Deny that asks for a tag
// holds for what has it, and for nothing else.
func TestPoliciesSeeTheTagsOfTrailsRulesTopicsAndLogGroups(t *testing.T) {
	s := start(t, Options{Data: filepath.Join(t.TempDir(), "data"), Config: configured(t, "delivery: {any_bucket_policy: true}")})
	admin := awsConfig(s.Endpoint().URL, administrator(t, s))
	robot := awsConfig(s.Endpoint().URL, newUser(t, s, "robot"))
	policy := `{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*",
		"Condition": {"StringEquals": {"aws:ResourceTag/env": "prod"}}}}`
	if _, err := iam.NewFromConfig(admin).PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{
		UserName: aws.String("robot"), PolicyName: aws.String("not-prod"), PolicyDocument: &policy,
	}); err != nil {
		t.Fatal(err)
	}
	objects := s3.NewFromConfig(admin, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := objects.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("my-logs")}); err != nil {
		t.Fatal(err)
	}
	rules, theirs := eventbridge.NewFromConfig(admin), eventbridge.NewFromConfig(robot)
	topics, groups := sns.NewFromConfig(admin), cloudwatchlogs.NewFromConfig(admin)
	for _, env := range []string{"prod", "test"} {
		pattern := aws.String(`{"source": ["a"]}`)
		if _, err := rules.PutRule(t.Context(), &eventbridge.PutRuleInput{
			Name: &env, EventPattern: pattern, Tags: []eventtypes.Tag{{Key: aws.String("env"), Value: &env}},
		}); err != nil {
			t.Fatal(err)
		}
		topic, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{
			Name: &env, Tags: []snstypes.Tag{{Key: aws.String("env"), Value: &env}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := groups.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{
			LogGroupName: &env, Tags: map[string]string{"env": env},
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := cloudtrail.NewFromConfig(admin).CreateTrail(t.Context(), &cloudtrail.CreateTrailInput{
			Name: &env, S3BucketName: aws.String("my-logs"), TagsList: []trailtypes.Tag{{Key: aws.String("env"), Value: &env}},
		}); err != nil {
			t.Fatal(err)
		}
		_, trail := cloudtrail.NewFromConfig(robot).StopLogging(t.Context(), &cloudtrail.StopLoggingInput{Name: &env})
		_, rule := theirs.DisableRule(t.Context(), &eventbridge.DisableRuleInput{Name: &env})
		_, message := sns.NewFromConfig(robot).Publish(t.Context(), &sns.PublishInput{TopicArn: topic.TopicArn, Message: aws.String("m")})
		_, stream := cloudwatchlogs.NewFromConfig(robot).CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{
			LogGroupName: &env, LogStreamName: aws.String("s"),
		})
		denied := map[string]string{"trail": "AccessDeniedException", "rule": "AccessDeniedException", "topic": "AuthorizationError", "log group": "AccessDeniedException"}
		for kind, err := range map[string]error{"trail": trail, "rule": rule, "topic": message, "log group": stream} {
			want := ""
			if env == "prod" {
				want = denied[kind]
			}
			refusedWith(t, "a "+kind+" of "+env, err, want)
		}
	}
}
