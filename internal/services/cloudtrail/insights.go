package cloudtrail

import (
	"context"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/trail"
	"github.com/cairn-audit/cairn/internal/trail/selector"
)

const invalidInsights = "InvalidInsightSelectorsException"

// Types of Insights, and the categories of events that they can be about.
const (
	callRate  = "ApiCallRateInsight"
	errorRate = "ApiErrorRateInsight"

	managementEvents = "Management"
	dataEvents       = "Data"
)

// resourceParam reads the two parameters of which a call names its resource in
// one: a trail or an event data store.
func resourceParam(c *awsapi.Call) (trailName string, err error) {
	trailName, named := c.Params["TrailName"].(string)
	store, other := c.Params["EventDataStore"].(string)
	switch {
	case named && other:
		return "", refuse("InvalidParameterCombinationException", "You cannot use TrailName together with EventDataStore.")
	case other:
		return "", noStore(store)
	case !named:
		return "", refuse("InvalidParameterCombinationException", "You must specify either TrailName or EventDataStore.")
	}
	return trailName, nil
}

// putInsightSelectors replaces the Insights of a trail; an empty list turns them
// off.
func (s *Service) putInsightSelectors(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	_, ofTrail := c.Params["TrailName"]
	if _, ok := c.Params["EventDataStore"]; ok && !ofTrail {
		// The errors of event data stores are none of this operation's.
		return nil, refuse("InvalidParameterException", "The specified event data store was not found.")
	}
	if _, ok := c.Params["InsightsDestination"]; ok {
		return nil, refuse("InvalidParameterCombinationException", "You cannot use TrailName together with InsightsDestination.")
	}
	name, err := resourceParam(c)
	if err != nil {
		return nil, err
	}
	t, err := s.ownTrail(c, name)
	if err != nil {
		return nil, err
	}
	insights, err := readInsights(c.Params["InsightSelectors"])
	if err != nil {
		return nil, err
	}
	changed, err := s.trails.Store.Change(ctx, t.Ref(), c.RequestID, func(t *trail.Trail) error {
		if err := canDetect(&t.Selectors, insights); err != nil {
			return err
		}
		t.Insights = insights
		return nil
	})
	if err != nil {
		return nil, trailRefusal(c, t.Ref(), err)
	}
	return describeInsights(&changed), nil
}

func readInsights(v any) ([]trail.Insight, error) {
	list, _ := v.([]any)
	insights := make([]trail.Insight, 0, len(list))
	seen := map[string]bool{}
	for _, item := range list {
		given, _ := item.(map[string]any)
		kind, _ := given["InsightType"].(string)
		i := trail.Insight{Type: kind, Categories: strs(given["EventCategories"])}
		switch {
		case kind != callRate && kind != errorRate:
			return nil, refusef(invalidInsights, "%q is not a type of Insights. Use %s or %s.", kind, callRate, errorRate)
		case seen[kind]:
			return nil, refusef(invalidInsights, "%s is given twice.", kind)
		}
		seen[kind] = true
		for n, category := range i.Categories {
			if category != managementEvents && category != dataEvents || slices.Contains(i.Categories[:n], category) {
				return nil, refusef(invalidInsights, "%q is not valid in EventCategories, or is given twice. Use %s, %s or both.",
					category, managementEvents, dataEvents)
			}
		}
		insights = append(insights, i)
	}
	return insights, nil
}

// canDetect checks that the trail logs what the Insights are about.
func canDetect(set *selector.Set, insights []trail.Insight) error {
	for _, i := range insights {
		categories := i.Categories
		if len(categories) == 0 {
			categories = []string{managementEvents}
		}
		for _, category := range categories {
			switch {
			case category == dataEvents && !set.LogsData():
				return refusef(invalidInsights, "The trail must log data events for %s on data events.", i.Type)
			case category == managementEvents && i.Type == callRate && !set.LogsManagement(true):
				return refusef(invalidInsights, "The trail must log write management events for %s.", i.Type)
			case category == managementEvents && !set.LogsManagement(false):
				return refusef(invalidInsights, "The trail must log management events for %s.", i.Type)
			}
		}
	}
	return nil
}

func (s *Service) getInsightSelectors(c *awsapi.Call) (map[string]any, error) {
	name, err := resourceParam(c)
	if refusal, ok := err.(*awsapi.Error); ok && strings.HasPrefix(refusal.Code, "EventDataStore") {
		err = refuse("InvalidParameterException", refusal.Message)
	}
	if err != nil {
		return nil, err
	}
	t, err := s.seeTrail(c, name)
	if err != nil {
		return nil, err
	}
	if len(t.Insights) == 0 {
		return nil, refusef("InsightNotEnabledException", "Trail %s does not have Insights enabled. "+
			"Edit the trail settings to enable Insights, and then try the operation again.", t.ARN())
	}
	return describeInsights(&t), nil
}

func describeInsights(t *trail.Trail) map[string]any {
	list := make([]any, len(t.Insights))
	for i, insight := range t.Insights {
		described := map[string]any{"InsightType": insight.Type}
		if len(insight.Categories) > 0 {
			described["EventCategories"] = anys(insight.Categories)
		}
		list[i] = described
	}
	return map[string]any{"TrailARN": t.ARN(), "InsightSelectors": list}
}
