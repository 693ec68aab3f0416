package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/cairn-audit/cairn/internal/bucket"
	"github.com/cairn-audit/cairn/internal/gateway"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/services/cloudtrail"
	"github.com/cairn-audit/cairn/internal/topic"
	"github.com/cairn-audit/cairn/internal/trail"
	"github.com/cairn-audit/cairn/internal/trail/delivery"
	"github.com/cairn-audit/cairn/internal/trail/signing"
)

// ConfigDelivery says where trails deliver to.
type ConfigDelivery struct {
	// S3 is where their buckets are; nil: where the server's S3 calls go.
	S3 *ConfigS3 `yaml:"s3"`
	// AnyBucketPolicy makes trails without asking whether their buckets'
	// policies let CloudTrail write, for an S3 that knows no such policies.
	AnyBucketPolicy bool `yaml:"any_bucket_policy"`
}

// ConfigS3 is an S3 and who Cairn is there.
type ConfigS3 struct {
	// Endpoint is its URL; empty is AWS's.
	Endpoint  string `yaml:"endpoint"`
	Region    string `yaml:"region"`
	Profile   string `yaml:"profile"`
	PathStyle bool   `yaml:"path_style"`
}

func (c *ConfigDelivery) validate() error {
	if c.S3 == nil || c.S3.Endpoint == "" {
		return nil
	}
	if _, err := endpointURL(c.S3.Endpoint); err != nil {
		return fmt.Errorf("delivery's s3: %w", err)
	}
	return nil
}

// deliveries are what trails deliver, as the CloudTrail API shows it.
type deliveries struct {
	*parts
	courier *delivery.Courier
	signer  *signing.Signer
	buckets *s3.Client
	config  ConfigDelivery
	// open is set in --auth open, where no policy has a say.
	open bool
}

// deliver brings what trails want to S3, to topics and to log groups.
func (s *Server) deliver(ctx context.Context, p *parts, r *gateway.Routes) error {
	d := p.deliveries
	d.config, d.open = s.options.Config.Delivery, s.options.Auth == gateway.AuthOpen
	var err error
	if d.buckets, err = s.trailBuckets(ctx, p, r); err != nil {
		return fmt.Errorf("find the S3 of trails: %w", err)
	}
	d.courier = delivery.New(p.store, p.journal, p.trails, delivery.Options{
		DeliveryInterval: s.options.DeliveryInterval, DigestInterval: s.options.DigestInterval,
		S3:       func(*trail.Trail) (delivery.S3, error) { return d.buckets, nil },
		Keys:     d.signer,
		Notifier: d,
		Members:  d.members,
		Logger:   s.options.Logger.With("component", "delivery"),
	})
	s.background("the delivery of trails", d.courier.Run)
	s.forwardLogs(p)
	return nil
}

// trailBuckets is a client of the S3 that trails' buckets are in.
func (s *Server) trailBuckets(ctx context.Context, p *parts, r *gateway.Routes) (*s3.Client, error) {
	if c := s.options.Config.Delivery.S3; c != nil {
		return bucket.NewClient(ctx, bucket.Config{
			Endpoint: c.Endpoint, Region: cmp.Or(c.Region, s.options.Region), Profile: c.Profile, PathStyle: c.PathStyle,
		})
	}
	if p.objects != nil && r.To("s3", "s3") == r.BuiltIn["s3"] {
		return p.objects.Client(), nil
	}
	there := bucket.Config{Endpoint: s.options.Upstream, Region: s.options.Region, PathStyle: true}
	credentials := s.options.Config.UpstreamCredentials
	if route, ok := s.options.Config.Routes["s3"]; ok {
		there.Endpoint, credentials = route.URL, cmp.Or(route.Credentials, credentials)
	}
	switch {
	case s.options.Auth == gateway.AuthOpen:
		// Any key will do there.
		there.AccessKeyID, there.SecretAccessKey = "cairn", "cairn"
	case credentials != nil:
		there.Profile = credentials.Profile
	}
	return bucket.NewClient(ctx, there)
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

// keep is the oldest record of the journal that a trail is still to read, 0 if
// none is.
func (d *deliveries) keep() journal.Seq {
	a, b := d.courier.Keep(), d.forwarder.Keep()
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}
