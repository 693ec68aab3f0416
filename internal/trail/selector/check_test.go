package selector

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// repeat writes n strings as a JSON list, with its number in each.
func repeat(n int, format string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(format, i)
	}
	b, err := json.Marshal(list)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func basicData(kind, values string) string {
	return `[{"DataResources":[{"Type":"` + kind + `","Values":` + values + `}]}]`
}

func management1(field string) string {
	return `[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},` + field + `]}]`
}

func TestCheckHoldsSelectorsToTheLimits(t *testing.T) {
	const objectPrefix = "arn:aws:s3:::bucket/%d"
	category := func(name string) string {
		return `[{"FieldSelectors":[{"Field":"eventCategory","Equals":["` + name + `"]}]}]`
	}
	for _, test := range []struct{ name, selectors, wrong string }{
		{"five", `[{},{},{},{},{}]`, ""},
		{"six", `[{},{},{},{},{},{}]`, "Specify a valid number of selectors (1 to 5)"},
		{"no such ReadWriteType", `[{"ReadWriteType":"read-only"}]`, "ReadWriteType"},
		{"an empty ReadWriteType", `[{"ReadWriteType":""}]`, "ReadWriteType"},
		{"excludable sources", `[{"ExcludeManagementEventSources":["kms.amazonaws.com","rdsdata.amazonaws.com"]}]`, ""},
		{"another source", `[{"ExcludeManagementEventSources":["ec2.amazonaws.com"]}]`, "ExcludeManagementEventSources"},
		{"nothing at all", `[{"IncludeManagementEvents":false}]`, "When includeManagementEvents is false, DataResources must not be empty."},
		{"no such type", basicData("AWS::S3::Bucket", `["arn:aws:s3"]`), "Value AWS::S3::Bucket for DataResources.Type is invalid. Valid values are: AWS::DynamoDB::Table, AWS::Lambda::Function, AWS::S3::Object"},
		{"all objects", basicData("AWS::S3::Object", `["arn:aws:s3"]`), ""},
		{"all objects, the older way", basicData("AWS::S3::Object", `["arn:aws:s3:::"]`), ""},
		{"all functions of S3", basicData("AWS::S3::Object", `["arn:aws:lambda"]`), "Value arn:aws:lambda for DataResources.Values is invalid."},
		{"a bucket", basicData("AWS::S3::Object", `["arn:aws:s3:::bucket/"]`), ""},
		{"a bucket without a slash", basicData("AWS::S3::Object", `["arn:aws:s3:::bucket"]`), "Value arn:aws:s3:::bucket for DataResources.Values is invalid."},
		{"any bucket", basicData("AWS::S3::Object", `["arn:aws:s3:::*"]`), "Value arn:aws:s3:::* for DataResources.Values is invalid."},
		{"any object", basicData("AWS::S3::Object", `["arn:aws:s3:::*/*"]`), "Value arn:aws:s3:::*/* for DataResources.Values is invalid."},
		{"no ARN", basicData("AWS::S3::Object", `["bucket/"]`), "Value bucket/ for DataResources.Values is invalid."},
		{"an empty value", basicData("AWS::S3::Object", `[""]`), "DataResources.Values is invalid."},
		{"all functions", basicData("AWS::Lambda::Function", `["arn:aws:lambda"]`), ""},
		{"a function", basicData("AWS::Lambda::Function", `["arn:aws:lambda:us-west-2:111111111111:function:f"]`), ""},
		{"functions, starred", basicData("AWS::Lambda::Function", `["arn:aws:lambda:*"]`), "Value arn:aws:lambda:* for DataResources.Values is invalid."},
		{"all tables", basicData("AWS::DynamoDB::Table", `["arn:aws:dynamodb"]`), ""},
		{"a table", basicData("AWS::DynamoDB::Table", `["arn:aws:dynamodb:us-west-2:111111111111:table/t"]`), ""},
		{"a stream", basicData("AWS::DynamoDB::Table", `["arn:aws:dynamodb:us-west-2:111111111111:table/t/stream/1"]`), "DataResources.Values is invalid."},
		{"250 resources", basicData("AWS::S3::Object", repeat(250, objectPrefix)), ""},
		{"251 resources", basicData("AWS::S3::Object", repeat(251, objectPrefix)), "Specify a valid number of DataResources.Values (0 to 250) for all your selectors."},
		{"250 resources and all functions", `[{"DataResources":[{"Type":"AWS::S3::Object","Values":` + repeat(250, objectPrefix) + `},{"Type":"AWS::Lambda::Function","Values":["arn:aws:lambda"]}]}]`, ""},
		{"251 in two selectors", `[{"DataResources":[{"Type":"AWS::S3::Object","Values":` + repeat(125, objectPrefix) + `}]},{"DataResources":[{"Type":"AWS::S3::Object","Values":` + repeat(126, objectPrefix) + `}]}]`, "0 to 250"},

		{"no category", `[{"FieldSelectors":[{"Field":"readOnly","Equals":["true"]}]}]`, "eventCategory"},
		{"a category that is not equal", `[{"FieldSelectors":[{"Field":"eventCategory","NotEquals":["Data"]}]}]`, "eventCategory"},
		{"two categories", `[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management","Data"]}]}]`, "one value"},
		{"insights", category("Insight"), "not valid for a trail"},
		{"configuration items", category("ConfigurationItem"), "not valid for a trail"},
		{"evidence", category("Evidence"), "not valid for a trail"},
		{"activity audit logs", category("ActivityAuditLog"), "not valid for a trail"},
		{"no such category", category("management"), "not valid for a trail"},
		{"no such field", management1(`{"Field":"requestID","Equals":["x"]}`), "The field requestID is not valid"},
		{"a field twice", management1(`{"Field":"readOnly","Equals":["true"]},{"Field":"readOnly","Equals":["false"]}`), "given twice"},
		{"no operator", management1(`{"Field":"readOnly"}`), "must have an operator"},
		{"an empty operator", management1(`{"Field":"readOnly","Equals":[]}`), "must have an operator"},
		{"readOnly of another word", management1(`{"Field":"readOnly","Equals":["True"]}`), "The value True is not valid"},
		{"readOnly, both", management1(`{"Field":"readOnly","Equals":["true","false"]}`), "one value"},
		{"readOnly, not", management1(`{"Field":"readOnly","NotEquals":["true"]}`), "The operator NotEquals is not valid"},
		{"a management source", management1(`{"Field":"eventSource","Equals":["kms.amazonaws.com"]}`), "The operator Equals is not valid"},
		{"not a management source", management1(`{"Field":"eventSource","NotEquals":["ec2.amazonaws.com"]}`), "The value ec2.amazonaws.com is not valid"},
		{"management by name", management1(`{"Field":"eventName","Equals":["RunInstances"]}`), "The field eventName is not valid"},
		{"management by caller", management1(`{"Field":"userIdentity.arn","Equals":["x"]}`), "The field userIdentity.arn is not valid"},
		{"management by event type", management1(`{"Field":"eventType","Equals":["AwsApiCall"]}`), "The field eventType is not valid"},
		{"management from the console", management1(`{"Field":"sessionCredentialFromConsole","Equals":["true"]}`), "is not valid"},
		{"management by resource", management1(`{"Field":"resources.ARN","Equals":["x"]}`), "The field resources.ARN is not valid"},
		{"data without a type", category("Data"), "must have a field selector of resources.type"},
		{"data of two types", `[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object","AWS::SQS::Queue"]}]}]`, "one value"},
		{"data of a type that begins", `[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","StartsWith":["AWS::S3"]}]}]`, "The operator StartsWith is not valid"},
		{"data of no type", chosen("S3", ""), "The value S3 is not valid"},
		{"data by error", s3("errorCode", `"Equals":["x"]`), "The field errorCode is not valid"},
		{"data at an endpoint", s3("vpcEndpointId", `"Equals":["x"]`), "The field vpcEndpointId is not valid"},
		{"console sessions that begin", s3("sessionCredentialFromConsole", `"StartsWith":["t"]`), "The operator StartsWith is not valid"},
		{"an empty value of a field", s3("eventName", `"Equals":[""]`), "1 to 2048 characters"},
		{"a value of 2048 characters", s3("eventName", `"Equals":["`+strings.Repeat("ü", 2048)+`"]`), ""},
		{"a value of 2049 characters", s3("eventName", `"Equals":["`+strings.Repeat("x", 2049)+`"]`), "1 to 2048 characters"},
		{"498 names, with the others 500", s3("eventName", `"Equals":`+repeat(498, "Name%d")), ""},
		{"499 names, with the others 501", s3("eventName", `"Equals":`+repeat(499, "Name%d")), "501 values"},
		{"501 values in two selectors", `[` + choice("AWS::S3::Object", `{"Field":"eventName","NotEquals":`+repeat(248, "a%d")+`}`) + `,` + choice("AWS::S3::Object", `{"Field":"eventName","NotEndsWith":`+repeat(249, "a%d")+`}`) + `]`, "501 values"},
		{"a name of 1000 characters", `[{"Name":"` + strings.Repeat("n", 1000) + `","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]`, ""},
		{"a name of 1001 characters", `[{"Name":"` + strings.Repeat("n", 1001) + `","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]`, "1000 characters"},
		{"network activity of any source", category("NetworkActivity"), "must have a field selector of eventSource"},
		{"network activity of two sources", `[{"FieldSelectors":[{"Field":"eventCategory","Equals":["NetworkActivity"]},{"Field":"eventSource","Equals":["a","b"]}]}]`, "one value"},
		{"network activity not of a source", `[{"FieldSelectors":[{"Field":"eventCategory","Equals":["NetworkActivity"]},{"Field":"eventSource","NotEquals":["a"]}]}]`, "The operator NotEquals is not valid"},
		{"network activity by another error", network("kms", `,{"Field":"errorCode","Equals":["AccessDenied"]}`), "The value AccessDenied is not valid"},
		{"network activity by no error", network("kms", `,{"Field":"errorCode","NotEquals":["VpceAccessDenied"]}`), "The operator NotEquals is not valid"},
		{"read-only network activity", network("kms", `,{"Field":"readOnly","Equals":["true"]}`), "The field readOnly is not valid"},
		{"network activity by resource", network("kms", `,{"Field":"resources.ARN","Equals":["x"]}`), "The field resources.ARN is not valid"},
		{"network activity by caller", network("kms", `,{"Field":"userIdentity.arn","Equals":["x"]}`), "The field userIdentity.arn is not valid"},
	} {
		set := parse(t, test.selectors)
		err := set.Check()
		var invalid *InvalidError
		switch {
		case test.wrong == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.wrong != "" && !errors.As(err, &invalid):
			t.Errorf("%s: got %v, want an *InvalidError", test.name, err)
		case test.wrong != "" && !strings.Contains(invalid.Reason, test.wrong):
			t.Errorf("%s: the reason is %q, want one with %q", test.name, invalid.Reason, test.wrong)
		}
	}
	both := Set{Basic: []Basic{Default()}, Advanced: parse(t, category("Management")).Advanced}
	if both.Check() == nil {
		t.Error("a trail has basic and advanced selectors")
	}
}

func TestWhatSetsLog(t *testing.T) {
	for _, test := range []struct {
		selectors                   string
		byDefault, any, write, data bool
	}{
		{`[]`, true, true, true, false},
		{`[{}]`, true, true, true, false},
		{`[{"ReadWriteType":"ReadOnly"}]`, false, true, false, false},
		{`[{"ReadWriteType":"WriteOnly"}]`, false, true, true, false},
		{`[{"ReadWriteType":"ReadOnly"},{}]`, false, true, true, false},
		{`[{"ExcludeManagementEventSources":["kms.amazonaws.com"]}]`, false, true, true, false},
		{`[{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}]}]`, false, false, false, true},
		{chosen("AWS::S3::Object", ""), false, false, false, true},
		{network("kms", ""), false, false, false, false},
		{management1(`{"Field":"readOnly","Equals":["true"]}`), false, true, false, false},
		{management1(`{"Field":"readOnly","Equals":["false"]}`), false, true, true, false},
	} {
		set := parse(t, test.selectors)
		if set.IsDefault() != test.byDefault || set.LogsManagement(false) != test.any ||
			set.LogsManagement(true) != test.write || set.LogsData() != test.data {
			t.Errorf("%s: default %t, management %t, writes %t, data %t", test.selectors,
				set.IsDefault(), set.LogsManagement(false), set.LogsManagement(true), set.LogsData())
		}
	}
}

func TestGlobalServices(t *testing.T) {
	for body, want := range map[string]bool{
		`{"awsRegion":"us-east-1","eventSource":"iam.amazonaws.com","eventCategory":"Management"}`:                                                                         true,
		`{"awsRegion":"us-east-1","eventSource":"cloudfront.amazonaws.com","eventCategory":"Management"}`:                                                                  true,
		`{"awsRegion":"us-east-1","eventSource":"ec2.amazonaws.com","eventCategory":"Management"}`:                                                                         false,
		`{"awsRegion":"us-east-1","eventSource":"sts.amazonaws.com","eventCategory":"Management","tlsDetails":{"clientProvidedHostHeader":"sts.amazonaws.com"}}`:           true,
		`{"awsRegion":"us-east-1","eventSource":"sts.amazonaws.com","eventCategory":"Management","tlsDetails":{"clientProvidedHostHeader":"sts.us-east-1.amazonaws.com"}}`: false,
		`{"awsRegion":"eu-west-1","eventSource":"sts.amazonaws.com","eventCategory":"Management"}`:                                                                         false,
	} {
		if got := Of(record(t, body)).Global(); got != want {
			t.Errorf("%s: global is %t", body, got)
		}
	}
}
