package cloudtrail

import (
	"context"
	"errors"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/trail"
	"github.com/cairn-audit/cairn/internal/trail/selector"
)

const invalidSelectors = "InvalidEventSelectorsException"

func (s *Service) getEventSelectors(c *awsapi.Call) (map[string]any, error) {
	name, _ := c.Params["TrailName"].(string)
	t, err := s.seeTrail(c, name)
	if err != nil {
		return nil, err
	}
	return describeSelectors(&t), nil
}

// putEventSelectors replaces all selectors of a trail, basic or advanced.
func (s *Service) putEventSelectors(ctx context.Context, c *awsapi.Call) (map[string]any, error) {
	name, _ := c.Params["TrailName"].(string)
	t, err := s.ownTrail(c, name)
	if err != nil {
		return nil, err
	}
	selectors, err := readSelectors(c.Params)
	if err != nil {
		return nil, err
	}
	changed, err := s.trails.Store.Change(ctx, t.Ref(), c.RequestID, func(t *trail.Trail) error {
		t.Selectors = selectors
		return nil
	})
	if err != nil {
		return nil, trailRefusal(c, t.Ref(), err)
	}
	return describeSelectors(&changed), nil
}

func readSelectors(params map[string]any) (selector.Set, error) {
	var set selector.Set
	basic, _ := params["EventSelectors"].([]any)
	advanced, _ := params["AdvancedEventSelectors"].([]any)
	if len(basic)+len(advanced) == 0 {
		return set, refuse(invalidSelectors, "Specify a valid number of selectors (1 to 5) for your trail.")
	}
	for _, item := range basic {
		given, _ := item.(map[string]any)
		set.Basic = append(set.Basic, readBasic(given))
	}
	for _, item := range advanced {
		given, _ := item.(map[string]any)
		set.Advanced = append(set.Advanced, readAdvanced(given))
	}
	if err := set.Check(); err != nil {
		if wrong := (*selector.InvalidError)(nil); errors.As(err, &wrong) {
			return set, refuse(invalidSelectors, wrong.Reason)
		}
		return set, err
	}
	return set, nil
}

func readBasic(given map[string]any) selector.Basic {
	b := selector.Default()
	if v, ok := given["ReadWriteType"].(string); ok {
		b.ReadWriteType = v
	}
	if v, ok := given["IncludeManagementEvents"].(bool); ok {
		b.IncludeManagementEvents = v
	}
	b.ExcludeManagementSources = strs(given["ExcludeManagementEventSources"])
	list, _ := given["DataResources"].([]any)
	for _, item := range list {
		given, _ := item.(map[string]any)
		kind, _ := given["Type"].(string)
		b.DataResources = append(b.DataResources, selector.DataResource{Type: kind, Values: strs(given["Values"])})
	}
	return b
}

func readAdvanced(given map[string]any) selector.Advanced {
	var a selector.Advanced
	a.Name, _ = given["Name"].(string)
	list, _ := given["FieldSelectors"].([]any)
	for _, item := range list {
		given, _ := item.(map[string]any)
		var f selector.Field
		f.Field, _ = given["Field"].(string)
		for name, values := range f.Operators() {
			*values = strs(given[name])
		}
		a.Fields = append(a.Fields, f)
	}
	return a
}

// describeSelectors is what PutEventSelectors and GetEventSelectors answer. A
// trail without selectors has one of the basic kind.
func describeSelectors(t *trail.Trail) map[string]any {
	out := map[string]any{"TrailARN": t.ARN()}
	if len(t.Selectors.Advanced) > 0 {
		list := make([]any, len(t.Selectors.Advanced))
		for i := range t.Selectors.Advanced {
			list[i] = describeAdvanced(&t.Selectors.Advanced[i])
		}
		out["AdvancedEventSelectors"] = list
		return out
	}
	basic := t.Selectors.Basic
	if len(basic) == 0 {
		basic = []selector.Basic{selector.Default()}
	}
	list := make([]any, len(basic))
	for i, b := range basic {
		resources := make([]any, len(b.DataResources))
		for i, d := range b.DataResources {
			resources[i] = map[string]any{"Type": d.Type, "Values": anys(d.Values)}
		}
		list[i] = map[string]any{
			"ReadWriteType": b.ReadWriteType, "IncludeManagementEvents": b.IncludeManagementEvents,
			"DataResources": resources, "ExcludeManagementEventSources": anys(b.ExcludeManagementSources),
		}
	}
	out["EventSelectors"] = list
	return out
}

func describeAdvanced(a *selector.Advanced) map[string]any {
	fields := make([]any, len(a.Fields))
	for i := range a.Fields {
		field := map[string]any{"Field": a.Fields[i].Field}
		for name, values := range a.Fields[i].Operators() {
			if len(*values) > 0 {
				field[name] = anys(*values)
			}
		}
		fields[i] = field
	}
	out := map[string]any{"FieldSelectors": fields}
	addStrings(out, map[string]string{"Name": a.Name})
	return out
}
