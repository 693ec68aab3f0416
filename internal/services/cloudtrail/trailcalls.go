package cloudtrail

import (
	"context"
	"errors"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/trail"
)

func (s *Service) createTrail(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	t := trail.Trail{AccountID: c.AccountID, HomeRegion: c.Region, Created: c.Time.UTC()}
	t.Name, _ = c.Params["Name"].(string)
	t.GlobalServiceEvents = true
	if err := checkTrailName(t.Name); err != nil {
		return nil, err
	}
	if err := s.setTrail(&t, c.Params); err != nil {
		return nil, err
	}
	management, err := s.management()
	if err != nil {
		return nil, err
	}
	if err := setOrganization(&t, management); err != nil {
		return nil, err
	}
	tags, err := readTags(c.Params["TagsList"])
	if err != nil {
		return nil, err
	}
	for _, given := range tags {
		t.Tags = append(t.Tags, trail.Tag(given))
	}
	// Before the destinations are asked, which may be far away.
	if err := s.trails.Store.Admit(t); err != nil {
		return nil, createRefusal(c, &t, err)
	}
	if err := s.checkDestinations(ctx, &t); err != nil {
		return nil, err
	}
	made, err := s.trails.Store.Create(ctx, t, c.RequestID)
	if err != nil {
		return nil, createRefusal(c, &t, err)
	}
	return describeSettings(&made), nil
}

func createRefusal(c *awsapi.Call, t *trail.Trail, err error) error {
	if errors.Is(err, trail.ErrExists) {
		return refusef("TrailAlreadyExistsException", "Trail %s already exists for customer: %s", t.Name, c.AccountID)
	}
	return trailRefusal(c, t.Ref(), err)
}

// checkDestinations asks whether the trail can deliver.
func (s *Service) checkDestinations(ctx context.Context, t *trail.Trail) error {
	accounts := []string{t.AccountID}
	if t.Organization {
		var err error
		if accounts, err = s.trails.Accounts.Accounts(); err != nil {
			return err
		}
	}
	err := s.trails.Destinations.CheckBucket(ctx, *t, accounts)
	if err == nil && t.TopicARN != "" {
		err = s.trails.Destinations.CheckTopic(ctx, *t)
	}
	if err == nil && t.LogGroupARN != "" {
		err = s.trails.Destinations.CheckLogGroup(ctx, *t)
	}
	if err != nil {
		return destinationRefusal(t, err)
	}
	return nil
}

func (s *Service) updateTrail(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	name, _ := c.Params["Name"].(string)
	t, err := s.ownTrail(c, name)
	if err != nil {
		return nil, err
	}
	management, err := s.management()
	if err != nil {
		return nil, err
	}
	change := func(t *trail.Trail) error {
		if err := s.setTrail(t, c.Params); err != nil {
			return err
		}
		return setOrganization(t, management)
	}
	// The destinations are asked about the trail as it will be, and outside of
	// the store's transaction, which they would hold up.
	next := t
	if err := change(&next); err != nil {
		return nil, err
	}
	if err := s.checkDestinations(ctx, &next); err != nil {
		return nil, err
	}
	changed, err := s.trails.Store.Change(ctx, t.Ref(), c.RequestID, change)
	if errors.Is(err, trail.ErrExists) {
		return nil, refusef("ConflictException", "Another Region has a trail of the name %s, so that this one cannot reach there.", t.Name)
	}
	if err != nil {
		return nil, trailRefusal(c, t.Ref(), err)
	}
	return describeSettings(&changed), nil
}

func (s *Service) deleteTrail(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	name, _ := c.Params["Name"].(string)
	t, err := s.ownTrail(c, name)
	if err == nil {
		if err = s.trails.Store.Delete(ctx, t.Ref(), c.RequestID); err != nil {
			err = trailRefusal(c, t.Ref(), err)
		}
	}
	if err != nil {
		return nil, err
	}
	return map[string]any{}, nil
}

// startLogging starts a trail. One that is logging goes on.
func (s *Service) startLogging(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	name, _ := c.Params["Name"].(string)
	return s.changeTrail(ctx, c, name, func(t *trail.Trail) error {
		if !t.Logging {
			t.Logging, t.Started = true, c.Time.UTC()
		}
		return nil
	})
}

// stopLogging stops a trail. One that is not logging stays so.
func (s *Service) stopLogging(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	name, _ := c.Params["Name"].(string)
	return s.changeTrail(ctx, c, name, func(t *trail.Trail) error {
		if t.Logging {
			t.Logging, t.Stopped = false, c.Time.UTC()
		}
		return nil
	})
}

// changeTrail changes a trail of the caller's for an operation without an answer.
func (s *Service) changeTrail(ctx context.Context, c *awsapi.Call, given string, change func(*trail.Trail) error) (map[string]any, error) {
	t, err := s.ownTrail(c, given)
	if err != nil {
		return nil, err
	}
	if _, err := s.trails.Store.Change(ctx, t.Ref(), c.RequestID, change); err != nil {
		return nil, trailRefusal(c, t.Ref(), err)
	}
	return map[string]any{}, nil
}
