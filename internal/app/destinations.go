package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/cairn-audit/cairn/internal/bucket"
	"github.com/cairn-audit/cairn/internal/loggroup"
	"github.com/cairn-audit/cairn/internal/services/cloudtrail"
	"github.com/cairn-audit/cairn/internal/topic"
	"github.com/cairn-audit/cairn/internal/trail"
	"github.com/cairn-audit/cairn/internal/trail/remote"
)

// trailService is who delivers for trails, as policies name it.
const trailService = "cloudtrail.amazonaws.com"

// CheckBucket implements cloudtrail.Destinations.
func (d *deliveries) CheckBucket(ctx context.Context, t trail.Trail, accounts []string) error {
	check := bucket.Delivery{
		Bucket: t.Bucket, Prefix: t.Prefix, Accounts: accounts, TrailARN: t.ARN(), KMSKeyARN: t.KMSKeyID,
	}
	if t.Organization {
		check.OrganizationID = t.OrganizationID
	}
	err := bucket.CheckDelivery(ctx, d.buckets, check)
	switch {
	case errors.Is(err, bucket.ErrNoBucket):
		return fmt.Errorf("%w: %w", cloudtrail.ErrNoBucket, err)
	case errors.Is(err, bucket.ErrPolicy) && (d.open || d.config.AnyBucketPolicy):
		return nil
	case errors.Is(err, bucket.ErrPolicy):
		return fmt.Errorf("%w: %w", cloudtrail.ErrBucketPolicy, err)
	}
	return err
}

// CheckTopic implements cloudtrail.Destinations.
func (d *deliveries) CheckTopic(ctx context.Context, t trail.Trail) error {
	if d.otherTopics != nil {
		return d.checkOther(ctx, &t, d.otherTopics.Check(ctx, &t))
	}
	err := d.topics.MayPublish(ctx, trailService, t.TopicARN, t.ARN(), t.AccountID)
	if errors.Is(err, topic.ErrNoTopic) || errors.Is(err, topic.ErrNotAuthorized) || errors.Is(err, topic.ErrInvalid) {
		return fmt.Errorf("%w: %w", cloudtrail.ErrTopic, err)
	}
	return err
}

// checkOther words what a check of another endpoint found. Where nobody can tell,
// the trail may be made: its status will show what becomes of its deliveries.
func (d *deliveries) checkOther(ctx context.Context, t *trail.Trail, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, remote.ErrNoTopic):
		return fmt.Errorf("%w: %w", cloudtrail.ErrTopic, err)
	case errors.Is(err, remote.ErrPolicy) && (d.open || d.config.AnyTopicPolicy):
		return nil
	case errors.Is(err, remote.ErrPolicy):
		return fmt.Errorf("%w: %w", cloudtrail.ErrTopic, err)
	case errors.Is(err, remote.ErrNoGroup):
		return fmt.Errorf("%w: %w", cloudtrail.ErrLogGroup, err)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	d.logger.WarnContext(ctx, "a destination of a trail cannot be checked, and is taken as it is", "trail", t.ARN(), "error", err)
	return nil
}

// CheckLogGroup implements cloudtrail.Destinations: the role must trust CloudTrail
// and may write to the group's streams. Elsewhere, the role is not Cairn's to know.
func (d *deliveries) CheckLogGroup(ctx context.Context, t trail.Trail) error {
	if d.otherGroups != nil {
		return d.checkOther(ctx, &t, d.otherGroups.Check(ctx, &t))
	}
	in, name, ok := logGroups{d.logs}.find(t.LogGroupARN)
	if !ok {
		return cloudtrail.ErrLogGroup
	}
	group, err := d.logs.Group(in, name)
	if errors.Is(err, loggroup.ErrNoGroup) {
		return fmt.Errorf("%w: %w", cloudtrail.ErrLogGroup, err)
	}
	if err != nil {
		return err
	}
	role, err := findRole(d.directory, t.LogsRoleARN)
	if err != nil {
		return fmt.Errorf("%w: %w", cloudtrail.ErrLogsRole, err)
	}
	if d.open {
		return nil
	}
	return mayLog(&role, group.ARN(in)+":log-stream:"+t.AccountID+"_CloudTrail_"+t.HomeRegion)
}

func mayLog(role *serviceRole, stream string) error {
	trusted, err := role.trusts(trailService)
	if err != nil {
		return fmt.Errorf("%w: %w", cloudtrail.ErrLogsRole, err)
	}
	if !trusted {
		return cloudtrail.ErrLogsRole
	}
	for _, action := range []string{"logs:CreateLogStream", "logs:PutLogEvents"} {
		allowed, err := role.allows(action, stream)
		if err != nil {
			return err
		}
		if !allowed {
			return fmt.Errorf("%w: %s", cloudtrail.ErrLogsRoleGrant, action)
		}
	}
	return nil
}
