package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/cairn-audit/cairn/internal/bucket"
	"github.com/cairn-audit/cairn/internal/gateway"
	"github.com/cairn-audit/cairn/internal/services/cloudtrail"
	"github.com/cairn-audit/cairn/internal/topic"
	"github.com/cairn-audit/cairn/internal/trail"
	"github.com/cairn-audit/cairn/internal/trail/delivery"
	"github.com/cairn-audit/cairn/internal/trail/remote"
	"github.com/cairn-audit/cairn/internal/trail/signing"
)

// ConfigDelivery says where trails deliver to. Where a service is nil, it is where
// the server's own calls of it go.
type ConfigDelivery struct {
	S3   *ConfigS3      `yaml:"s3"`
	SNS  *ConfigService `yaml:"sns"`
	Logs *ConfigService `yaml:"logs"`
	// AnyBucketPolicy makes trails without asking whether their buckets'
	// policies let CloudTrail write, for an S3 that knows no such policies.
	AnyBucketPolicy bool `yaml:"any_bucket_policy"`
	// AnyTopicPolicy is the same for topics of another SNS.
	AnyTopicPolicy bool `yaml:"any_topic_policy"`
}

// ConfigS3 is an S3 and who Cairn is there.
type ConfigS3 struct {
	ConfigService `yaml:",inline"`
	PathStyle     bool `yaml:"path_style"`
}

func (c *ConfigDelivery) validate() error {
	if c.S3 != nil {
		if err := c.S3.validate(); err != nil {
			return fmt.Errorf("delivery's s3: %w", err)
		}
	}
	if err := c.SNS.validate(); err != nil {
		return fmt.Errorf("delivery's sns: %w", err)
	}
	if err := c.Logs.validate(); err != nil {
		return fmt.Errorf("delivery's logs: %w", err)
	}
	return nil
}

// deliveries are what trails deliver, as the CloudTrail API shows it.
type deliveries struct {
	*parts
	courier *delivery.Courier
	signer  *signing.Signer
	buckets *s3.Client
	// ownBuckets says that they are the built-in ones, whose policies are ours to
	// ask before each delivery.
	ownBuckets bool
	// otherTopics and otherGroups are those of another endpoint; nil where the
	// built-in ones are meant.
	otherTopics *remote.Topics
	otherGroups *remote.LogGroups
	config      ConfigDelivery
	logger      *slog.Logger
	// open is set in --auth open, where no policy has a say.
	open bool
}

// deliver brings what trails want to S3, to topics and to log groups.
func (s *Server) deliver(ctx context.Context, p *parts) error {
	d := p.deliveries
	d.config, d.open = s.options.Config.Delivery, s.options.Auth == gateway.AuthOpen
	d.logger = s.options.Logger.With("component", "delivery")
	var err error
	if d.buckets, err = s.trailBuckets(ctx, p); err != nil {
		return fmt.Errorf("find the S3 of trails: %w", err)
	}
	if d.otherTopics, err = s.trailTopics(ctx); err != nil {
		return fmt.Errorf("find the SNS of trails: %w", err)
	}
	if d.otherGroups, err = s.trailLogGroups(ctx); err != nil {
		return fmt.Errorf("find the CloudWatch Logs of trails: %w", err)
	}
	s.forwardLogs(p)
	d.courier = delivery.New(p.store, p.journal, followed{p.trails, p.forwarder}, delivery.Options{
		DeliveryInterval: s.options.DeliveryInterval, DigestInterval: s.options.DigestInterval,
		S3:       func(t *trail.Trail) (delivery.S3, error) { return d.bucketsOf(t), nil },
		Keys:     d.signer,
		Notifier: d,
		Members:  d.members,
		Logger:   d.logger,
	})
	s.background("the delivery of trails", d.courier.Run)
	return nil
}

// trailBuckets is a client of the S3 that trails' buckets are in.
func (s *Server) trailBuckets(ctx context.Context, p *parts) (*s3.Client, error) {
	var given *ConfigService
	c := bucket.Config{PathStyle: true}
	if there := s.options.Config.Delivery.S3; there != nil {
		given, c.PathStyle = &there.ConfigService, there.PathStyle
	}
	at, ok, err := s.outside(ctx, "s3", given)
	if err != nil {
		return nil, err
	}
	if !ok {
		p.deliveries.ownBuckets = true
		return p.objects.Client(), nil
	}
	c.Endpoint, c.Region, c.Credentials = at.endpoint, cmp.Or(at.region, s.options.Region), at.credentials
	return bucket.NewClient(ctx, c)
}

// bucketsOf is the S3 that a trail delivers to, as CloudTrail.
func (d *deliveries) bucketsOf(t *trail.Trail) delivery.S3 {
	if !d.ownBuckets || d.open || d.config.AnyBucketPolicy {
		return d.buckets
	}
	return &bucket.Deliverer{Client: d.buckets, Delivery: bucket.Delivery{TrailARN: t.ARN(), OrganizationID: t.OrganizationID}}
}

// trailTopics are the topics of another SNS that trails tell of files, nil where
// they are the built-in ones.
func (s *Server) trailTopics(ctx context.Context) (*remote.Topics, error) {
	at, ok, err := s.outside(ctx, "sns", s.options.Config.Delivery.SNS)
	if err != nil || !ok {
		return nil, err
	}
	return remote.NewTopics(ctx, remote.Service{Endpoint: at.endpoint, Region: at.region, Credentials: at.credentials})
}

// trailLogGroups are those of another CloudWatch Logs, nil where they are the
// built-in ones.
func (s *Server) trailLogGroups(ctx context.Context) (*remote.LogGroups, error) {
	at, ok, err := s.outside(ctx, "logs", s.options.Config.Delivery.Logs)
	if err != nil || !ok {
		return nil, err
	}
	return remote.NewLogGroups(ctx, remote.Service{Endpoint: at.endpoint, Region: at.region, Credentials: at.credentials})
}

// members are the accounts whose digests a trail delivers.
func (d *deliveries) members(t *trail.Trail) []string {
	if t.Organization {
		if all, err := d.directory.Accounts(); err == nil {
			return all
		}
	}
	return []string{t.AccountID}
}

// Publish implements delivery.Notifier.
func (d *deliveries) Publish(ctx context.Context, t *trail.Trail, topicARN, message string) error {
	if d.otherTopics != nil {
		return d.otherTopics.Publish(ctx, t, topicARN, message)
	}
	err := d.topics.MayPublish(ctx, trailService, topicARN, t.ARN(), t.AccountID)
	if err == nil {
		_, err = d.topics.Publish(ctx, topic.Publication{TopicARN: topicARN, Message: message})
	}
	switch {
	case errors.Is(err, topic.ErrNoTopic):
		return &refusedSending{"NotFound", err.Error()}
	case errors.Is(err, topic.ErrNotAuthorized):
		return &refusedSending{"AuthorizationError", err.Error()}
	}
	return err
}

// Status implements cloudtrail.Statuses.
func (d *deliveries) Status(trailID, region string) (trail.Status, error) {
	status, err := d.courier.Status(trailID, region)
	d.forwarder.Status(trailID, &status)
	return status, err
}

// PublicKeys implements cloudtrail.PublicKeys.
func (d *deliveries) PublicKeys(region string, from, to time.Time) ([]cloudtrail.PublicKey, error) {
	keys, err := d.signer.PublicKeys(region, from, to)
	shown := make([]cloudtrail.PublicKey, len(keys))
	for i, k := range keys {
		shown[i] = cloudtrail.PublicKey{DER: k.Value, Fingerprint: k.Fingerprint, From: k.ValidFrom, To: k.ValidTo}
	}
	return shown, err
}
