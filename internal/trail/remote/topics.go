package remote

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/cairn-audit/cairn/internal/policy"
	"github.com/cairn-audit/cairn/internal/trail"
)

// Topics are those of an SNS.
type Topics struct {
	service Service
	client  *sns.Client
}

// NewTopics makes a client of an SNS. It makes no call.
func NewTopics(ctx context.Context, s Service) (*Topics, error) {
	c, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	return &Topics{s, sns.NewFromConfig(c, func(o *sns.Options) { o.BaseEndpoint = s.base() })}, nil
}

func (s *Topics) in(a arn) func(*sns.Options) {
	return func(o *sns.Options) { o.Region = s.service.regionOf(a) }
}

// Publish tells a topic of delivered files. Where SNS refuses, the error has its
// code.
func (s *Topics) Publish(ctx context.Context, _ *trail.Trail, topicARN, message string) error {
	a, err := readARN(topicARN, "sns", "")
	if err != nil {
		return err
	}
	_, err = s.client.Publish(ctx, &sns.PublishInput{TopicArn: &topicARN, Message: &message}, s.in(a))
	return err
}

// Check asks whether the trail's topic exists and its policy lets CloudTrail
// publish for the trail. The error is ErrNoTopic or ErrPolicy where not; any other
// says that nobody could tell, as where Cairn may not look at the topic.
func (s *Topics) Check(ctx context.Context, t *trail.Trail) error {
	a, err := readARN(t.TopicARN, "sns", "")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoTopic, err)
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	out, err := s.client.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &t.TopicARN}, s.in(a))
	var absent *types.NotFoundException
	switch {
	case errors.As(err, &absent):
		return fmt.Errorf("%w: %w", ErrNoTopic, err)
	case err != nil:
		return fmt.Errorf("look at the topic %s: %w", t.TopicARN, err)
	}
	text := out.Attributes["Policy"]
	if text == "" {
		return fmt.Errorf("look at the topic %s: its policy is not shown", t.TopicARN)
	}
	document, err := policy.Parse([]byte(text))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPolicy, err)
	}
	return mayPublish(document, t, a.account)
}

// trailService is who publishes for trails, as policies name it.
const trailService = "cloudtrail.amazonaws.com"

func mayPublish(document *policy.Document, t *trail.Trail, owner string) error {
	c := policy.ByService(trailService, t.ARN(), t.AccountID, time.Now())
	if t.OrganizationID != "" {
		c.Set("aws:SourceOrgID", t.OrganizationID)
	}
	const action = "sns:Publish"
	decision := policy.Evaluate(policy.Request{
		Action: action, Resource: t.TopicARN, Context: c,
		Principal: policy.Principal{Type: policy.AWSService, Service: trailService},
	}, policy.Policies{Resource: document, ResourceAccount: owner})
	if !decision.Allowed {
		return fmt.Errorf("%w: %s", ErrPolicy, decision.Because(action))
	}
	return nil
}
