package cloudtrail

import (
	"context"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// lake answers the operations of CloudTrail Lake, of Insights and of delegated
// administrators, as AWS does to an account that has nothing of the kind:
// CloudTrail Lake is closed to new customers since 31 May 2026, so nobody can
// make an event data store, and what works on one, or on what comes of one, does
// not find it.
func lake() map[string]handler {
	const closed = "AWS CloudTrail Lake is no longer open to new customers."
	noQuery := always("QueryIdNotFoundException", "The query ID does not exist or does not map to a query.")
	noImport := always("ImportNotFoundException", "The specified import was not found.")
	noDashboard := always("ResourceNotFoundException", "The specified dashboard was not found.")
	alone := always("OrganizationsNotInUseException", "CloudTrail has no delegated administrators here.")
	return map[string]handler{
		"CreateEventDataStore": always("OperationNotPermittedException", closed),
		"ListEventDataStores":  empty("EventDataStores"),
		"GetEventDataStore":    ofStore, "UpdateEventDataStore": ofStore, "DeleteEventDataStore": ofStore,
		"RestoreEventDataStore": ofStore, "EnableFederation": ofStore, "DisableFederation": ofStore,
		"StartEventDataStoreIngestion": ofStore, "StopEventDataStoreIngestion": ofStore,

		"StartQuery":    always("EventDataStoreNotFoundException", "The specified event data store was not found."),
		"GenerateQuery": generateQuery, "ListQueries": ofStore,
		"DescribeQuery": noQuery, "GetQueryResults": noQuery, "CancelQuery": noQuery,
		"SearchSampleQueries": empty("SearchResults"),

		"StartImport": startImport, "GetImport": noImport, "StopImport": noImport,
		"ListImports":        empty("Imports"),
		"ListImportFailures": always("InvalidParameterException", "The specified import was not found."),

		"CreateDashboard": always("UnsupportedOperationException", closed), "ListDashboards": empty("Dashboards"),
		"GetDashboard": noDashboard, "UpdateDashboard": noDashboard, "DeleteDashboard": noDashboard,
		"StartDashboardRefresh": noDashboard,

		"ListInsightsData": empty("Events"), "ListInsightsMetricData": insightsMetric,

		"RegisterOrganizationDelegatedAdmin": alone, "DeregisterOrganizationDelegatedAdmin": alone,
	}
}

func always(code, message string) handler {
	return func(context.Context, *awsapi.Call) (map[string]any, error) { return nil, refuse(code, message) }
}

// empty answers with a list of nothing.
func empty(list string) handler {
	return func(_ context.Context, c *awsapi.Call) (map[string]any, error) {
		if err := awsapi.Validate(c.Operation, c.Params); err != nil {
			return nil, err
		}
		return map[string]any{list: []any{}}, nil
	}
}

func ofStore(_ context.Context, c *awsapi.Call) (map[string]any, error) {
	store, _ := c.Params["EventDataStore"].(string)
	return nil, noStore(store)
}

func generateQuery(_ context.Context, c *awsapi.Call) (map[string]any, error) {
	stores := strs(c.Params["EventDataStores"])
	if len(stores) != 1 {
		return nil, refuse("InvalidParameterException", "EventDataStores must have one event data store.")
	}
	return nil, noStore(stores[0])
}

func startImport(_ context.Context, c *awsapi.Call) (map[string]any, error) {
	if _, ok := c.Params["ImportId"]; ok {
		return nil, refuse("ImportNotFoundException", "The specified import was not found.")
	}
	stores := strs(c.Params["Destinations"])
	if len(stores) != 1 {
		return nil, refuse("InvalidParameterException", "Destinations must have one event data store.")
	}
	return nil, noStore(stores[0])
}

// insightsMetric answers that nothing was measured.
func insightsMetric(_ context.Context, c *awsapi.Call) (map[string]any, error) {
	if err := awsapi.Validate(c.Operation, c.Params); err != nil {
		return nil, err
	}
	out := map[string]any{"Timestamps": []any{}, "Values": []any{}}
	for _, name := range []string{"EventSource", "EventName", "InsightType", "ErrorCode"} {
		if value, ok := c.Params[name]; ok {
			out[name] = value
		}
	}
	return out, nil
}
