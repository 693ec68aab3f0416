package cloudtrail

import (
	"fmt"
	"strings"
	"testing"
)

// basicDefault is what a trail without selectors shows.
func basicDefault() []any {
	return []any{object{
		"ReadWriteType": "All", "IncludeManagementEvents": true,
		"DataResources": []any{}, "ExcludeManagementEventSources": []any{},
	}}
}

func field(name, operator string, values ...string) object {
	return object{"Field": name, operator: anys(values)}
}

func advanced(fields ...any) []any { return []any{object{"FieldSelectors": fields}} }

func TestSelectorsAreAnsweredAsTheyWereGiven(t *testing.T) {
	d, _ := newTrailDesk(t)
	d.trail("name", nil)
	arn := arnOf("eu-west-1", "name")
	custom := func() any {
		return d.must("GetTrail", object{"Name": "name"})["Trail"].(object)["HasCustomEventSelectors"]
	}
	equal(t, "a new trail", d.must("GetEventSelectors", object{"TrailName": "name"}), object{"TrailARN": arn, "EventSelectors": basicDefault()})
	operators := []any{
		field("eventCategory", "Equals", "Data"), field("resources.type", "Equals", "AWS::S3::Object"),
		object{
			"Field": "eventName", "Equals": anys([]string{"a"}), "StartsWith": anys([]string{"b"}), "EndsWith": anys([]string{"c"}),
			"NotEquals": anys([]string{"d"}), "NotStartsWith": anys([]string{"e", "f"}), "NotEndsWith": anys([]string{"g"}),
		},
	}
	for _, test := range []struct {
		kind        string
		given, want []any
		custom      bool
	}{
		{"EventSelectors", []any{object{}}, basicDefault(), false},
		{"EventSelectors", []any{object{"ReadWriteType": "WriteOnly"}}, []any{object{
			"ReadWriteType": "WriteOnly", "IncludeManagementEvents": true, "DataResources": []any{}, "ExcludeManagementEventSources": []any{},
		}}, true},
		{"AdvancedEventSelectors", []any{object{"Name": "n", "FieldSelectors": operators}}, []any{object{"Name": "n", "FieldSelectors": operators}}, true},
		{"AdvancedEventSelectors", advanced(operators...), advanced(operators...), true},
		// From a record of AWS: types without values.
		{"EventSelectors", []any{object{
			"ReadWriteType": "ReadOnly", "IncludeManagementEvents": false, "ExcludeManagementEventSources": []any{},
			"DataResources": []any{object{"Type": "AWS::S3::Object", "Values": []any{}}, object{"Type": "AWS::Lambda::Function", "Values": []any{}}},
		}}, []any{object{
			"ReadWriteType": "ReadOnly", "IncludeManagementEvents": false, "ExcludeManagementEventSources": []any{},
			"DataResources": []any{object{"Type": "AWS::S3::Object", "Values": []any{}}, object{"Type": "AWS::Lambda::Function", "Values": []any{}}},
		}}, true},
	} {
		want := object{"TrailARN": arn, test.kind: test.want}
		equal(t, "PutEventSelectors", d.must("PutEventSelectors", object{"TrailName": "name", test.kind: test.given}), want)
		equal(t, "GetEventSelectors", d.must("GetEventSelectors", object{"TrailName": arn}), want)
		equal(t, "HasCustomEventSelectors", custom(), test.custom)
	}
}

func TestPutEventSelectorsRefusesWhatAWSRefuses(t *testing.T) {
	d, _ := newTrailDesk(t)
	d.trail("name", nil)
	for _, params := range []object{
		{},
		{"EventSelectors": []any{}},
		{"EventSelectors": []any{object{}}, "AdvancedEventSelectors": advanced(field("eventCategory", "Equals", "Management"))},
		{"EventSelectors": []any{object{}, object{}, object{}, object{}, object{}, object{}}},
		{"EventSelectors": []any{object{"ReadWriteType": "read-only"}}},
		{"EventSelectors": []any{object{"DataResources": []any{object{}}}}},
		{"AdvancedEventSelectors": []any{object{}}},
		{"AdvancedEventSelectors": advanced(object{})},
		{"AdvancedEventSelectors": advanced(field("eventCategory", "Equals", "Insight"))},
		{"AdvancedEventSelectors": advanced(field("eventCategory", "Contains", "Data"))},
	} {
		params["TrailName"] = "name"
		d.refused("PutEventSelectors", params, "InvalidEventSelectorsException")
	}
	equal(t, "the selectors after all that", d.must("GetEventSelectors", object{"TrailName": "name"})["EventSelectors"], basicDefault())
}

func TestInsightsNeedTheEventsThatTheyAreAbout(t *testing.T) {
	d, _ := newTrailDesk(t)
	d.trail("name", nil)
	arn := arnOf("eu-west-1", "name")
	put := func(selectors ...any) object { return object{"TrailName": "name", "InsightSelectors": selectors} }
	on := func(kind string, categories ...string) object {
		i := object{"InsightType": kind}
		if categories != nil {
			i["EventCategories"] = anys(categories)
		}
		return i
	}
	off := func() {
		t.Helper()
		d.refused("GetInsightSelectors", object{"TrailName": "name"}, "InsightNotEnabledException")
		_, err := d.call("GetInsightSelectors", object{"TrailName": "name"})
		equal(t, "the message", err.Error(), "InsightNotEnabledException: Trail "+arn+" does not have Insights enabled. "+
			"Edit the trail settings to enable Insights, and then try the operation again.")
	}
	off()
	both := []any{on("ApiCallRateInsight"), on("ApiErrorRateInsight", "Management")}
	want := object{"TrailARN": arn, "InsightSelectors": both}
	equal(t, "PutInsightSelectors", d.must("PutInsightSelectors", put(both...)), want)
	equal(t, "GetInsightSelectors", d.must("GetInsightSelectors", object{"TrailName": arn}), want)
	equal(t, "HasInsightSelectors", d.must("GetTrail", object{"Name": "name"})["Trail"].(object)["HasInsightSelectors"], true)
	for _, params := range []object{
		put(object{}), put(on("ApiRateInsight")), put(on("ApiCallRateInsight"), on("ApiCallRateInsight")),
		put(on("ApiCallRateInsight", "NetworkActivity")), put(on("ApiCallRateInsight", "Management", "Management")),
		put(on("ApiCallRateInsight", "Data")), // the trail logs none
	} {
		d.refused("PutInsightSelectors", params, "InvalidInsightSelectorsException")
	}
	d.must("PutEventSelectors", object{"TrailName": "name", "EventSelectors": []any{object{"ReadWriteType": "ReadOnly"}}})
	d.refused("PutInsightSelectors", put(on("ApiCallRateInsight")), "InvalidInsightSelectorsException")
	d.must("PutInsightSelectors", put(on("ApiErrorRateInsight")))
	d.must("PutEventSelectors", object{"TrailName": "name", "AdvancedEventSelectors": advanced(
		field("eventCategory", "Equals", "Data"), field("resources.type", "Equals", "AWS::S3::Object"))})
	d.refused("PutInsightSelectors", put(on("ApiErrorRateInsight")), "InvalidInsightSelectorsException")
	d.refused("PutInsightSelectors", object{"TrailName": "name", "EventDataStore": "store", "InsightSelectors": []any{}},
		"InvalidParameterCombinationException")
	d.must("PutInsightSelectors", put(on("ApiCallRateInsight", "Data")))
	d.must("PutInsightSelectors", put())
	off()
	d.refused("PutInsightSelectors", object{"InsightSelectors": []any{}}, "InvalidParameterCombinationException")
	d.refused("PutInsightSelectors", object{"EventDataStore": "abc", "InsightSelectors": []any{}}, "InvalidParameterException")
	d.refused("GetInsightSelectors", object{"EventDataStore": "abc"}, "InvalidParameterException")
	d.refused("GetInsightSelectors", object{"EventDataStore": "abc", "TrailName": "name"}, "InvalidParameterCombinationException")
}

func TestEventConfigurationOfATrail(t *testing.T) {
	d, _ := newTrailDesk(t)
	d.trail("name", nil)
	arn := arnOf("eu-west-1", "name")
	equal(t, "a new trail", d.must("GetEventConfiguration", object{"TrailName": "name"}), object{"TrailARN": arn, "AggregationConfigurations": []any{}})
	configured := []any{object{"EventCategory": "Data", "Templates": anys([]string{"API_ACTIVITY", "USER_ACTIONS"})}}
	want := object{"TrailARN": arn, "AggregationConfigurations": configured}
	equal(t, "PutEventConfiguration", d.must("PutEventConfiguration", object{"TrailName": "name", "AggregationConfigurations": configured}), want)
	equal(t, "GetEventConfiguration", d.must("GetEventConfiguration", object{"TrailName": arn}), want)
	aggregate := func(category string, templates ...string) object {
		return object{"TrailName": "name", "AggregationConfigurations": []any{object{"EventCategory": category, "Templates": anys(templates)}}}
	}
	for _, params := range []object{
		aggregate("Management", "API_ACTIVITY"), aggregate("Data"), aggregate("Data", "ACTIVITY"), aggregate("Data", "API_ACTIVITY", "API_ACTIVITY"),
		{"TrailName": "name", "AggregationConfigurations": append(configured, configured...)},
	} {
		d.refused("PutEventConfiguration", params, "InvalidParameterException")
	}
	for _, params := range []object{
		{}, {"TrailName": "name", "EventDataStore": "abc"}, {"TrailName": "name", "MaxEventSize": "Large"}, {"TrailName": "name", "ContextKeySelectors": []any{}},
	} {
		d.refused("PutEventConfiguration", params, "InvalidParameterCombinationException")
	}
	d.refused("PutEventConfiguration", object{"EventDataStore": "abc"}, "EventDataStoreNotFoundException")
	d.refused("GetEventConfiguration", object{"EventDataStore": "a/b"}, "EventDataStoreARNInvalidException")
}

func TestTagsOfTrailsAndChannels(t *testing.T) {
	d, _ := newTrailDesk(t)
	d.trail("name", object{"TagsList": []any{object{"Key": "first", "Value": "1"}}})
	channelARN := d.create("channel")
	arn := arnOf("eu-west-1", "name")
	tags := func(of string) any {
		t.Helper()
		out := d.must("ListTags", object{"ResourceIdList": []any{of}})
		equal(t, "ResourceId", out["ResourceTagList"].([]any)[0].(object)["ResourceId"], of)
		return out["ResourceTagList"].([]any)[0].(object)["TagsList"]
	}
	equal(t, "those that it was made with", tags(arn), []any{object{"Key": "first", "Value": "1"}})
	for _, of := range []string{arn, channelARN} {
		d.must("AddTags", object{"ResourceId": of, "TagsList": []any{object{"Key": "first", "Value": "one"}, object{"Key": "bare"}}})
		equal(t, "added", tags(of), []any{object{"Key": "first", "Value": "one"}, object{"Key": "bare"}})
		d.must("RemoveTags", object{"ResourceId": of, "TagsList": []any{object{"Key": "first", "Value": "whatever"}, object{"Key": "never"}}})
		equal(t, "removed", tags(of), []any{object{"Key": "bare"}})
		var many []any
		for i := range 50 {
			many = append(many, object{"Key": fmt.Sprint("key-", i)})
		}
		d.refused("AddTags", object{"ResourceId": of, "TagsList": many}, "TagsLimitExceededException")
		d.must("AddTags", object{"ResourceId": of, "TagsList": many[:49]})
		for _, bad := range [][]any{
			{}, {object{"Key": ""}}, {object{"Key": "k", "Value": ""}}, {object{"Key": strings.Repeat("k", 129)}},
			{object{"Key": "k", "Value": strings.Repeat("v", 257)}}, {object{"Key": "AWS:x"}}, {object{"Key": "k"}, object{"Key": "k"}},
		} {
			d.refused("AddTags", object{"ResourceId": of, "TagsList": bad}, "InvalidTagParameterException")
		}
		d.refused("RemoveTags", object{"ResourceId": of}, "InvalidTagParameterException")
	}
	one := []any{object{"Key": "k"}}
	for resource, code := range map[string]string{
		arnOf("eu-west-1", "nobody"): "ResourceNotFoundException",
		arnOf("eu-west-1", "a--b"):   "InvalidTrailNameException",
		"name":                       "CloudTrailARNInvalidException",
		"":                           "CloudTrailARNInvalidException",
		"arn:aws:cloudtrail:eu-west-1:1:trail/name":                      "CloudTrailARNInvalidException",
		"arn:aws:cloudtrail:eu-west-1:" + own + ":channel/a b":           "ChannelARNInvalidException",
		"arn:aws:cloudtrail:eu-west-1:" + own + ":eventdatastore/a-b":    "EventDataStoreNotFoundException",
		"arn:aws:cloudtrail:eu-west-1:" + own + ":eventdatastore/a b":    "EventDataStoreARNInvalidException",
		"arn:aws:cloudtrail:eu-west-1:" + own + ":dashboard/exampleDash": "ResourceNotFoundException",
		"arn:aws:s3:::bucket": "ResourceTypeNotSupportedException",
	} {
		d.refused("AddTags", object{"ResourceId": resource, "TagsList": one}, code)
		d.refused("RemoveTags", object{"ResourceId": resource, "TagsList": one}, code)
		d.refused("ListTags", object{"ResourceIdList": []any{arn, resource}}, code)
	}
	nobody := "arn:aws:cloudtrail:eu-west-1:" + own + ":channel/01234567890"
	d.refused("AddTags", object{"ResourceId": nobody, "TagsList": one}, "ChannelNotFoundException")
	d.refused("ListTags", object{"ResourceIdList": []any{nobody}}, "ResourceNotFoundException")
	d.as(own, "us-east-1").refused("AddTags", object{"ResourceId": arn, "TagsList": one}, "CloudTrailARNInvalidException")
	d.refused("ListTags", object{"ResourceIdList": anys(make([]string, 21))}, "CloudTrailARNInvalidException")
	d.refused("ListTags", object{"NextToken": "x"}, "InvalidTokenException")
}

func TestResourcePoliciesOfChannels(t *testing.T) {
	d, _ := newTrailDesk(t)
	arn := d.create("channel")
	document := `{"Version":"2012-10-17","Statement":[{"Sid":"Partner","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::` + member +
		`:root"]},"Action":"cloudtrail-data:PutAuditEvents","Resource":"` + arn + `"}]}`
	d.refused("GetResourcePolicy", object{"ResourceArn": arn}, "ResourcePolicyNotFoundException")
	d.refused("DeleteResourcePolicy", object{"ResourceArn": arn}, "ResourcePolicyNotFoundException")
	want := object{"ResourceArn": arn, "ResourcePolicy": document}
	equal(t, "PutResourcePolicy", d.must("PutResourcePolicy", object{"ResourceArn": arn, "ResourcePolicy": document}), want)
	equal(t, "GetResourcePolicy", d.must("GetResourcePolicy", object{"ResourceArn": arn}), want)
	for from, bad := range map[string]string{
		"cloudtrail-data:PutAuditEvents": "s3:GetObject",
		`"Resource":"` + arn:             `"Resource":"` + arn + "x",
		`"Action"`:                       `"NotAction"`,
		`"Principal"`:                    `"NotPrincipal"`,
		`"Allow"`:                        `"Perhaps"`,
		`}]}`:                            ``,
	} {
		d.refused("PutResourcePolicy", object{"ResourceArn": arn, "ResourcePolicy": strings.Replace(document, from, bad, 1)}, "ResourcePolicyNotValidException")
	}
	d.refused("PutResourcePolicy", object{"ResourceArn": arn}, "ResourcePolicyNotValidException")
	d.refused("PutResourcePolicy", object{"ResourceArn": arn, "ResourcePolicy": document + strings.Repeat(" ", 8193)}, "ResourcePolicyNotValidException")
	equal(t, "after all that", d.must("GetResourcePolicy", object{"ResourceArn": arn}), want)
	for resource, code := range map[string]string{
		"arn:aws:cloudtrail:eu-west-1:" + own + ":channel/nobody":        "ResourceNotFoundException",
		"arn:aws:cloudtrail:eu-west-1:" + own + ":eventdatastore/a-b":    "ResourceNotFoundException",
		"arn:aws:cloudtrail:eu-west-1:" + own + ":dashboard/exampleDash": "ResourceNotFoundException",
		arnOf("eu-west-1", "name"):                                       "ResourceTypeNotSupportedException",
		"channel":                                                        "ResourceARNNotValidException",
		"":                                                               "ResourceARNNotValidException",
		strings.Replace(arn, own, member, 1):                             "ResourceNotFoundException",
	} {
		d.refused("GetResourcePolicy", object{"ResourceArn": resource}, code)
		d.refused("DeleteResourcePolicy", object{"ResourceArn": resource}, code)
		d.refused("PutResourcePolicy", object{"ResourceArn": resource, "ResourcePolicy": document}, code)
	}
	d.must("DeleteResourcePolicy", object{"ResourceArn": arn})
	d.refused("GetResourcePolicy", object{"ResourceArn": arn}, "ResourcePolicyNotFoundException")
}

func TestWhatIsLeftOfLake(t *testing.T) {
	d, _ := newTrailDesk(t)
	for operation, list := range map[string]string{
		"ListEventDataStores": "EventDataStores", "ListImports": "Imports", "ListDashboards": "Dashboards",
	} {
		equal(t, operation, d.must(operation, nil), object{list: []any{}})
	}
	const id = "01234567-89ab-cdef-0123-456789abcdef"
	dashboard := object{"DashboardId": "exampleDash", "Name": "exampleDash"}
	for operation, refused := range map[string]struct {
		params object
		code   string
	}{
		"CreateEventDataStore":               {object{"Name": "store"}, "OperationNotPermittedException"},
		"GetEventDataStore":                  {object{"EventDataStore": id}, "EventDataStoreNotFoundException"},
		"DeleteEventDataStore":               {object{"EventDataStore": "a b"}, "EventDataStoreARNInvalidException"},
		"ListQueries":                        {object{"EventDataStore": id}, "EventDataStoreNotFoundException"},
		"StartQuery":                         {object{"QueryStatement": "SELECT eventID FROM x"}, "EventDataStoreNotFoundException"},
		"GetQueryResults":                    {object{"QueryId": id}, "QueryIdNotFoundException"},
		"CancelQuery":                        {object{"QueryId": id}, "QueryIdNotFoundException"},
		"GenerateQuery":                      {object{"EventDataStores": []any{id}}, "EventDataStoreNotFoundException"},
		"StartImport":                        {object{"Destinations": []any{id}}, "EventDataStoreNotFoundException"},
		"GetImport":                          {object{"ImportId": id}, "ImportNotFoundException"},
		"ListImportFailures":                 {object{"ImportId": id}, "InvalidParameterException"},
		"CreateDashboard":                    {dashboard, "UnsupportedOperationException"},
		"GetDashboard":                       {dashboard, "ResourceNotFoundException"},
		"RegisterOrganizationDelegatedAdmin": {object{"MemberAccountId": member}, "OrganizationsNotInUseException"},
	} {
		d.refused(operation, refused.params, refused.code)
	}
	equal(t, "ListInsightsMetricData", d.must("ListInsightsMetricData", object{
		"EventSource": "ec2.amazonaws.com", "EventName": "RunInstances", "InsightType": "ApiCallRateInsight",
	}), object{
		"EventSource": "ec2.amazonaws.com", "EventName": "RunInstances", "InsightType": "ApiCallRateInsight",
		"Timestamps": []any{}, "Values": []any{},
	})
}
