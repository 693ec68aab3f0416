package app

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// logged are the lines of a log.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// taken are the warnings since the last time.
func (l *logged) taken() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []string
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, "level=WARN") && strings.Contains(line, "conditions on keys") {
			found = append(found, line)
		}
	}
	l.text.Reset()
	return found
}

func TestAPolicyOverAKeyThatNoRequestHasIsWarnedOf(t *testing.T) {
	var log logged
	s := start(t, Options{Data: filepath.Join(t.TempDir(), "data"), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	config := awsConfig(s.Endpoint().URL, administrator(t, s))
	users, objects, topics := iam.NewFromConfig(config), objectsOf(s, key(t, s, false)), sns.NewFromConfig(config)
	ctx, name := t.Context(), aws.String("thing")
	statement := func(more, key string) *string {
		return aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny",` + more +
			`,"Condition":{"StringEquals":{"` + key + `":"x","aws:SourceIp":"y"}}},{"Effect":"Deny",` + more + `,"Condition":{"Bool":{"` + key + `":"true"}}}]}`)
	}
	const (
		identity = `"Action":"ec2:*","Resource":"*"`
		trust    = `"Principal":{"AWS":"*"},"Action":"sts:AssumeRole"`
		bucket   = `"Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::thing/*"`
		topic    = `"Principal":"*","Action":"sns:Publish","Resource":"arn:aws:sns:us-east-1:000000000000:thing"`
	)
	if _, err := users.CreateUser(ctx, &iam.CreateUserInput{UserName: name}); err != nil {
		t.Fatal(err)
	}
	if _, err := objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: name}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		what string
		keep func(key string) error
		has  string
	}{
		{"a managed policy", func(key string) error {
			_, err := users.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("p" + key[:3]), PolicyDocument: statement(identity, key)})
			return err
		}, ":policy/pec2"},
		{"a user's policy", func(key string) error {
			_, err := users.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: name, PolicyName: aws.String("inline"), PolicyDocument: statement(identity, key)})
			return err
		}, ":user/thing policy=inline"},
		{"a trust policy", func(key string) error {
			_, err := users.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("r" + key[:3]), AssumeRolePolicyDocument: statement(trust, key)})
			return err
		}, ":role/rec2"},
		{"a bucket's policy", func(key string) error {
			_, err := objects.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: name, Policy: statement(bucket, key)})
			return err
		}, "arn:aws:s3:::thing"},
		{"a topic's policy", func(key string) error {
			_, err := topics.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("t" + key[:3]), Attributes: map[string]string{"Policy": *statement(topic, key)}})
			return err
		}, ":tec2"},
	} {
		for _, key := range []string{"aws:UserAgent", "ec2:VolumeType"} {
			log.taken()
			if err := test.keep(key); err != nil {
				t.Errorf("%s: %v", test.what, err)
			}
			warnings := log.taken()
			if key == "aws:UserAgent" {
				if len(warnings) > 0 {
					t.Errorf("%s: %s", test.what, warnings)
				}
				continue
			}
			if len(warnings) != 1 || !strings.Contains(warnings[0], "keys=[ec2:VolumeType]") || !strings.Contains(warnings[0], test.has) {
				t.Errorf("%s: %s", test.what, warnings)
			}
		}
	}
}
