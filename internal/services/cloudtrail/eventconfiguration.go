package cloudtrail

import (
	"context"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/trail"
)

// templates are the ways in which data events are summed up.
var templates = []string{"API_ACTIVITY", "RESOURCE_ACCESS", "USER_ACTIONS"}

// putEventConfiguration replaces what a trail has summed up. The other settings
// of the operation are of event data stores.
func (s *Service) putEventConfiguration(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	name, err := resourceParam(c)
	if err != nil {
		return nil, err
	}
	for _, param := range []string{"MaxEventSize", "ContextKeySelectors"} {
		if _, ok := c.Params[param]; ok {
			return nil, refusef("InvalidParameterCombinationException", "You cannot use TrailName together with %s.", param)
		}
	}
	t, err := s.ownTrail(c, name)
	if err != nil {
		return nil, err
	}
	aggregations, err := readAggregations(c.Params["AggregationConfigurations"])
	if err != nil {
		return nil, err
	}
	changed, err := s.trails.Store.Change(ctx, t.Ref(), c.RequestID, func(t *trail.Trail) error {
		t.Aggregations = aggregations
		return nil
	})
	if err != nil {
		return nil, trailRefusal(c, t.Ref(), err)
	}
	return describeConfiguration(&changed), nil
}

func readAggregations(v any) ([]trail.Aggregation, error) {
	list, _ := v.([]any)
	if len(list) > 1 {
		return nil, refuse("InvalidParameterException", "A trail can have one aggregation configuration.")
	}
	aggregations := make([]trail.Aggregation, 0, len(list))
	for _, item := range list {
		given, _ := item.(map[string]any)
		a := trail.Aggregation{Templates: strs(given["Templates"])}
		if a.Category, _ = given["EventCategory"].(string); a.Category != dataEvents {
			return nil, refusef("InvalidParameterException", "%q is not a category of events that can be aggregated. Use %s.", a.Category, dataEvents)
		}
		if len(a.Templates) == 0 {
			return nil, refuse("InvalidParameterException", "An aggregation configuration must have a template.")
		}
		for i, template := range a.Templates {
			if !slices.Contains(templates, template) || slices.Contains(a.Templates[:i], template) {
				return nil, refusef("InvalidParameterException", "%q is not a template, or is given twice. Templates are %s.",
					template, strings.Join(templates, ", "))
			}
		}
		aggregations = append(aggregations, a)
	}
	return aggregations, nil
}

func (s *Service) getEventConfiguration(c *awsapi.Call) (map[string]any, error) {
	name, err := resourceParam(c)
	if err != nil {
		return nil, err
	}
	t, err := s.seeTrail(c, name)
	if err != nil {
		return nil, err
	}
	return describeConfiguration(&t), nil
}

func describeConfiguration(t *trail.Trail) map[string]any {
	list := make([]any, len(t.Aggregations))
	for i, a := range t.Aggregations {
		list[i] = map[string]any{"EventCategory": a.Category, "Templates": anys(a.Templates)}
	}
	return map[string]any{"TrailARN": t.ARN(), "AggregationConfigurations": list}
}
