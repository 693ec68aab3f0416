package cloudtrail

import (
	"fmt"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/trail"
)

func (s *Service) getTrail(c *awsapi.Call) (map[string]any, error) {
	name, _ := c.Params["Name"].(string)
	t, err := s.seeTrail(c, name)
	if err != nil {
		return nil, err
	}
	return map[string]any{"Trail": describeTrail(&t)}, nil
}

// describeTrails describes the trails that are named, or all that are to be seen
// in the Region. Names that no trail has are passed over, as AWS does.
func (s *Service) describeTrails(c *awsapi.Call) (map[string]any, error) {
	wanted := map[trail.Ref]bool{}
	names, _ := c.Params["trailNameList"].([]any)
	for _, name := range names {
		given, _ := name.(string)
		r, err := trailRef(c, given)
		if err != nil {
			return nil, err
		}
		wanted[r] = true
	}
	shadows, ok := c.Params["includeShadowTrails"].(bool)
	shadows = shadows || !ok
	all, err := s.visible(c.AccountID)
	if err != nil {
		return nil, err
	}
	list := []any{}
	for i := range all {
		t := &all[i]
		shown := wanted[t.Ref()]
		if len(names) == 0 {
			shown = t.MultiRegion || t.HomeRegion == c.Region
		}
		if shown && (shadows || !isShadow(t, c)) {
			list = append(list, describeTrail(t))
		}
	}
	return map[string]any{"trailList": list}, nil
}

// isShadow reports whether the trail is one of another Region or account that is
// seen here because it reaches here.
func isShadow(t *trail.Trail, c *awsapi.Call) bool {
	return t.AccountID != c.AccountID || t.MultiRegion && t.HomeRegion != c.Region
}

// listTrails lists the trails of all Regions. They are few, so there is one page.
func (s *Service) listTrails(c *awsapi.Call) (map[string]any, error) {
	if token, _ := c.Params["NextToken"].(string); token != "" {
		return nil, refuse("InvalidNextTokenException", "Invalid NextToken.")
	}
	all, err := s.visible(c.AccountID)
	if err != nil {
		return nil, err
	}
	list := make([]any, len(all))
	for i := range all {
		list[i] = map[string]any{"TrailARN": all[i].ARN(), "Name": all[i].Name, "HomeRegion": all[i].HomeRegion}
	}
	return map[string]any{"Trails": list}, nil
}

// describeSettings is what CreateTrail and UpdateTrail answer.
func describeSettings(t *trail.Trail) map[string]any {
	out := map[string]any{
		"Name": t.Name, "S3BucketName": t.Bucket, "TrailARN": t.ARN(),
		"IncludeGlobalServiceEvents": t.GlobalServiceEvents,
		"IsMultiRegionTrail":         t.MultiRegion,
		"IsOrganizationTrail":        t.Organization,
		"LogFileValidationEnabled":   t.Validation,
	}
	addStrings(out, map[string]string{
		"S3KeyPrefix": t.Prefix, "SnsTopicName": t.TopicName, "SnsTopicARN": t.TopicARN, "KmsKeyId": t.KMSKeyID,
		"CloudWatchLogsLogGroupArn": t.LogGroupARN, "CloudWatchLogsRoleArn": t.LogsRoleARN,
	})
	return out
}

// describeTrail is what the operations answer that only look.
func describeTrail(t *trail.Trail) map[string]any {
	out := describeSettings(t)
	out["HomeRegion"] = t.HomeRegion
	out["HasCustomEventSelectors"] = !t.Selectors.IsDefault()
	out["HasInsightSelectors"] = len(t.Insights) > 0
	return out
}

// addStrings adds the members that are not empty.
func addStrings(out map[string]any, members map[string]string) {
	for name, value := range members {
		if value != "" {
			out[name] = value
		}
	}
}

func (s *Service) getTrailStatus(c *awsapi.Call) (map[string]any, error) {
	name, _ := c.Params["Name"].(string)
	t, err := s.seeTrail(c, name)
	if err != nil {
		return nil, err
	}
	status, err := s.trails.Statuses.Status(t.ID, c.Region)
	if err != nil {
		return nil, fmt.Errorf("find the status of trail %s: %w", t.Name, err)
	}
	return describeStatus(&t, &status), nil
}

// describeStatus is the answer of GetTrailStatus. Its last members are no longer
// in use and still there; where they have nothing to say they are empty.
func describeStatus(t *trail.Trail, s *trail.Status) map[string]any {
	out := map[string]any{
		"IsLogging":                          t.Logging,
		"TimeLoggingStarted":                 obsoleteTime(t.Started),
		"TimeLoggingStopped":                 obsoleteTime(t.Stopped),
		"LatestDeliveryAttemptTime":          obsoleteTime(s.DeliveryAttempt),
		"LatestDeliveryAttemptSucceeded":     obsoleteTime(s.Delivery),
		"LatestNotificationAttemptTime":      obsoleteTime(s.NotificationAttempt),
		"LatestNotificationAttemptSucceeded": obsoleteTime(s.Notification),
	}
	for name, at := range map[string]time.Time{
		"StartLoggingTime": t.Started, "StopLoggingTime": t.Stopped,
		"LatestDeliveryTime": s.Delivery, "LatestNotificationTime": s.Notification,
		"LatestDigestDeliveryTime": s.Digest, "LatestCloudWatchLogsDeliveryTime": s.Logs,
	} {
		if !at.IsZero() {
			out[name] = at
		}
	}
	addStrings(out, map[string]string{
		"LatestDeliveryError": s.DeliveryError, "LatestNotificationError": s.NotificationError,
		"LatestDigestDeliveryError": s.DigestError, "LatestCloudWatchLogsDeliveryError": s.LogsError,
	})
	return out
}

func obsoleteTime(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04:05Z")
}

// strs reads a list of strings.
func strs(v any) []string {
	list, _ := v.([]any)
	out := make([]string, 0, len(list))
	for _, item := range list {
		s, _ := item.(string)
		out = append(out, s)
	}
	return out
}

// anys writes one.
func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
