package cloudtrail

import (
	"context"
	"fmt"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// listPublicKeys lists the keys that signed digests of the Region, by default
// the one that signs now.
func (s *Service) listPublicKeys(_ context.Context, c *awsapi.Call) (map[string]any, error) {
	if token, _ := c.Params["NextToken"].(string); token != "" {
		return nil, refuse("InvalidTokenException", "Invalid NextToken.")
	}
	from, to := c.Time, c.Time
	if at, ok := c.Params["EndTime"].(time.Time); ok {
		to = at
		if from.After(to) {
			from = to
		}
	}
	if at, ok := c.Params["StartTime"].(time.Time); ok {
		from = at
	}
	if from.After(to) {
		return nil, refuse("InvalidTimeRangeException", "The start time must not be after the end time.")
	}
	keys, err := s.trails.Keys.PublicKeys(c.Region, from, to)
	if err != nil {
		return nil, fmt.Errorf("find the public keys of %s: %w", c.Region, err)
	}
	list := make([]any, len(keys))
	for i, key := range keys {
		list[i] = map[string]any{
			"Value": key.DER, "Fingerprint": key.Fingerprint,
			"ValidityStartTime": key.From, "ValidityEndTime": key.To,
		}
	}
	return map[string]any{"PublicKeyList": list}, nil
}
