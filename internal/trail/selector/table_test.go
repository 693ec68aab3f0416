package selector

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// Groups of events.
const (
	allManagement = "run console decrypt disable rdsdata login service"
	allObjects    = "get put delete list copy denied"
	allNetwork    = "vpcedeny vpcepass vpces3"
)

// table says of selectors which of the events they want; they want none of the
// others. Rows marked doc are examples of the CloudTrail User Guide and API
// Reference, with its names put in for the guide's.
var table = []struct{ name, selectors, wants string }{
	{"a new trail", `[]`, allManagement},
	{"basic: the default, written out", `[{"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":[],"ExcludeManagementEventSources":[]}]`, allManagement},
	{"basic: nothing said", `[{}]`, allManagement},
	{"basic: reads", `[{"ReadWriteType":"ReadOnly"}]`, "console decrypt"},
	{"basic: writes", `[{"ReadWriteType":"WriteOnly"}]`, "run disable rdsdata login service"},
	{"basic: reads or writes", `[{"ReadWriteType":"ReadOnly"},{"ReadWriteType":"WriteOnly"}]`, allManagement},
	{"basic: without KMS (doc)", `[{"ReadWriteType":"All","ExcludeManagementEventSources":["kms.amazonaws.com"]}]`, "run console rdsdata login"},
	{"basic: without the Data API (doc)", `[{"ReadWriteType":"All","ExcludeManagementEventSources":["rdsdata.amazonaws.com"]}]`, "run console decrypt disable login service"},
	{"basic: without both (doc)", `[{"ReadWriteType":"All","ExcludeManagementEventSources":["rdsdata.amazonaws.com","kms.amazonaws.com"]}]`, "run console login"},
	{"basic: writes without KMS", `[{"ReadWriteType":"WriteOnly","ExcludeManagementEventSources":["kms.amazonaws.com"]}]`, "run rdsdata login"},
	{"basic: an exclusion is its selector's alone", `[{"ReadWriteType":"ReadOnly"},{"ReadWriteType":"WriteOnly","ExcludeManagementEventSources":["kms.amazonaws.com"]}]`, "console decrypt run rdsdata login"},
	{"basic: all objects (doc)", `[{"IncludeManagementEvents":true,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}]}]`, allManagement + " " + allObjects},
	{"basic: all objects, the older way", `[{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::"]}]}]`, allObjects},
	{"basic: a bucket (doc)", `[{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::b1/"]}]}]`, "get put list copy"},
	{"basic: a prefix (doc)", `[{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::b1/images"]}]}]`, "put"},
	{"basic: two prefixes (doc)", `[{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::b1/images","arn:aws:s3:::b2/"]}]}]`, "put delete copy"},
	{"basic: reads of a bucket", `[{"ReadWriteType":"ReadOnly","IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::b1/"]}]}]`, "get list"},
	{"basic: writes of a bucket and of management", `[{"ReadWriteType":"WriteOnly","DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::b1/"]}]}]`, "put copy run disable rdsdata login service"},
	{"basic: all functions (doc)", `[{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::Lambda::Function","Values":["arn:aws:lambda"]}]}]`, "invoke invoke2"},
	{"basic: a function's ARN is exact (doc)", `[{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::Lambda::Function","Values":["arn:aws:lambda:us-west-2:111111111111:function:helloworld"]}]}]`, "invoke"},
	{"basic: all tables (doc)", `[{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::DynamoDB::Table","Values":["arn:aws:dynamodb"]}]}]`, "getitem putitem"},
	{"basic: a table's ARN is exact", `[{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::DynamoDB::Table","Values":["arn:aws:dynamodb:us-west-2:111122223333:table/T1"]}]}]`, "getitem"},
	{"basic: objects, functions and tables", `[{"ReadWriteType":"WriteOnly","IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]},{"Type":"AWS::Lambda::Function","Values":["arn:aws:lambda"]},{"Type":"AWS::DynamoDB::Table","Values":["arn:aws:dynamodb"]}]}]`, "put delete copy invoke invoke2 putitem"},
	{"basic: a type without values is no resource", `[{"ReadWriteType":"ReadOnly","IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":[]},{"Type":"AWS::Lambda::Function","Values":[]}]}]`, ""},

	{"advanced: management (doc)", `[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]`, allManagement},
	{"advanced: read management (doc)", `[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"readOnly","Equals":["true"]}]}]`, "console decrypt"},
	{"advanced: write management (doc)", `[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"readOnly","Equals":["false"]}]}]`, "run disable rdsdata login service"},
	{"advanced: management without KMS (doc)", `[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"eventSource","NotEquals":["kms.amazonaws.com"]}]}]`, "run console rdsdata login"},
	{"advanced: management without KMS and the Data API (doc)", `[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"eventSource","NotEquals":["kms.amazonaws.com","rdsdata.amazonaws.com"]}]}]`, "run console login"},
	{"advanced: write management without KMS", `[{"FieldSelectors":[{"Field":"readOnly","Equals":["false"]},{"Field":"eventCategory","Equals":["Management"]},{"Field":"eventSource","NotEquals":["kms.amazonaws.com"]}]}]`, "run rdsdata login"},
	{"advanced: all objects (doc)", s3("", ""), allObjects},
	{"advanced: all functions (doc)", chosen("AWS::Lambda::Function", ""), "invoke invoke2"},
	{"advanced: queues", chosen("AWS::SQS::Queue", ""), "send"},
	{"advanced: buckets are not objects", chosen("AWS::S3::Bucket", ""), allObjects},
	{"advanced: a type that no event has", chosen("AWS::S3::AccessPoint", ""), ""},
	{"advanced: reads of objects", s3("readOnly", `"Equals":["true"]`), "get list denied"},
	{"advanced: writes of objects (doc)", s3("readOnly", `"Equals":["false"]`), "put delete copy"},
	{"advanced: PutObject and DeleteObject (doc)", s3("eventName", `"Equals":["PutObject","DeleteObject"]`), "put delete"},
	{"advanced: names that begin", s3("eventName", `"StartsWith":["Get","Li"]`), "get list denied"},
	{"advanced: names that end", s3("eventName", `"EndsWith":["Objects"]`), "list"},
	{"advanced: names that are not", s3("eventName", `"NotEquals":["GetObject","ListObjects"]`), "put delete copy"},
	{"advanced: names that do not begin", s3("eventName", `"NotStartsWith":["Get","Put"]`), "delete list copy"},
	{"advanced: names that do not end", s3("eventName", `"NotEndsWith":["Object"]`), "list"},
	{"advanced: one of those that include", s3("eventName", `"Equals":["CopyObject"],"StartsWith":["Get"],"EndsWith":["ts"]`), "copy get denied list"},
	{"advanced: all of those that exclude", s3("eventName", `"NotEquals":["CopyObject"],"NotStartsWith":["Get"],"NotEndsWith":["ts"]`), "put delete"},
	{"advanced: including and excluding", s3("eventName", `"EndsWith":["Object"],"NotStartsWith":["Get"],"NotEquals":["CopyObject"]`), "put delete"},
	{"advanced: letters count", s3("eventName", `"Equals":["getobject"]`), ""},
	{"advanced: an object", s3("resources.ARN", `"Equals":["arn:aws:s3:::b1/logs/a"]`), "get"},
	{"advanced: a bucket's objects (doc)", s3("resources.ARN", `"StartsWith":["arn:aws:s3:::b1/"]`), "get put list copy"},
	{"advanced: two buckets' objects (doc)", s3("resources.ARN", `"StartsWith":["arn:aws:s3:::b1/","arn:aws:s3:::b2/"]`), "get put list copy delete"},
	{"advanced: all but a bucket (doc)", s3("resources.ARN", `"NotStartsWith":["arn:aws:s3:::b1/"]`), "delete copy denied"},
	{"advanced: all but two buckets", s3("resources.ARN", `"NotStartsWith":["arn:aws:s3:::b1/","arn:aws:s3:::b2/"]`), "denied"},
	{"advanced: all but an object", s3("resources.ARN", `"NotEquals":["arn:aws:s3:::b3/secret"]`), "get put delete list copy"},
	{"advanced: keys that end", s3("resources.ARN", `"EndsWith":["/a","secret"]`), "get denied"},
	{"advanced: keys that do not end", s3("resources.ARN", `"NotEndsWith":["/a","secret"]`), "put delete list copy"},
	{"advanced: a bucket's ARN is no object's", s3("resources.ARN", `"Equals":["arn:aws:s3:::b1"]`), ""},
	{"advanced: a bucket by its ARN", chosen("AWS::S3::Bucket", `{"Field":"resources.ARN","Equals":["arn:aws:s3:::b1"]}`), "get put list copy"},
	{"advanced: a function", chosen("AWS::Lambda::Function", `{"Field":"resources.ARN","Equals":["arn:aws:lambda:us-west-2:111111111111:function:helloworld"]}`), "invoke"},
	{"advanced: functions that end", chosen("AWS::Lambda::Function", `{"Field":"resources.ARN","EndsWith":["2"]}`), "invoke2"},
	{"advanced: a table and what begins like it", chosen("AWS::DynamoDB::Table", `{"Field":"resources.ARN","StartsWith":["arn:aws:dynamodb:us-west-2:111122223333:table/T1"]}`), "getitem putitem"},
	{"advanced: reads of a table", chosen("AWS::DynamoDB::Table", `{"Field":"resources.ARN","EndsWith":["/T1"]},{"Field":"readOnly","Equals":["true"]}`), "getitem"},
	{"advanced: a user (doc)", s3("userIdentity.arn", `"Equals":["arn:aws:iam::111122223333:user/alice"]`), "get delete"},
	{"advanced: all but a user (doc)", s3("userIdentity.arn", `"NotEquals":["arn:aws:iam::111122223333:user/alice"]`), "put list copy denied"},
	{"advanced: a role's sessions (doc)", s3("userIdentity.arn", `"StartsWith":["arn:aws:sts::111122223333:assumed-role/app"]`), "put list copy denied"},
	{"advanced: all but a role's sessions", s3("userIdentity.arn", `"NotStartsWith":["arn:aws:sts::111122223333:assumed-role/app"]`), "get delete"},
	{"advanced: from the console (doc)", s3("sessionCredentialFromConsole", `"Equals":["true"]`), "delete"},
	{"advanced: not from the console (doc)", s3("sessionCredentialFromConsole", `"NotEquals":["true"]`), "get put list copy denied"},
	{"advanced: an event type", s3("eventType", `"Equals":["AwsApiCall"]`), allObjects},
	{"advanced: not an event type", s3("eventType", `"NotEquals":["AwsServiceEvent"]`), allObjects},
	{"advanced: another event type", s3("eventType", `"Equals":["AwsServiceEvent"]`), ""},
	{"advanced: a source", s3("eventSource", `"Equals":["s3.amazonaws.com"]`), allObjects},
	{"advanced: not a source", s3("eventSource", `"NotStartsWith":["s3."]`), ""},
	{"advanced: name, key and caller", chosen("AWS::S3::Object", `{"Field":"eventName","NotEquals":["ListObjects"]},{"Field":"resources.ARN","StartsWith":["arn:aws:s3:::b1/"]},{"Field":"userIdentity.arn","NotEndsWith":["user/alice"]}`), "put copy"},
	{"advanced: objects or functions (doc)", `[` + choice("AWS::S3::Object", `{"Field":"readOnly","Equals":["true"]}`) + `,` + choice("AWS::Lambda::Function", "") + `]`, "get list denied invoke invoke2"},
	{"advanced: management and objects (doc)", `[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]},` + choice("AWS::S3::Object", "") + `]`, allManagement + " " + allObjects},
	{"advanced: a value of one selector is none of another", `[` + choice("AWS::S3::Object", `{"Field":"resources.ARN","StartsWith":["arn:aws:s3:::b1/"]},{"Field":"eventName","Equals":["DeleteObject"]}`) + `,` + choice("AWS::S3::Object", `{"Field":"eventName","Equals":["GetObject"]},{"Field":"resources.ARN","StartsWith":["arn:aws:s3:::b3/"]}`) + `]`, "denied"},
	{"advanced: network activity (doc)", network("kms", ""), "vpcedeny vpcepass"},
	{"advanced: network activity of S3", network("s3", ""), "vpces3"},
	{"advanced: denied network activity (doc)", network("kms", `,{"Field":"errorCode","Equals":["VpceAccessDenied"]}`), "vpcedeny"},
	{"advanced: denied network activity at an endpoint (doc)", network("kms", `,{"Field":"errorCode","Equals":["VpceAccessDenied"]},{"Field":"vpcEndpointId","Equals":["vpce-2"]}`), ""},
	{"advanced: an endpoint", network("kms", `,{"Field":"vpcEndpointId","Equals":["vpce-1"]}`), "vpcedeny"},
	{"advanced: not an endpoint", network("kms", `,{"Field":"vpcEndpointId","NotEquals":["vpce-1"]}`), "vpcepass"},
	{"advanced: endpoints that begin", network("kms", `,{"Field":"vpcEndpointId","StartsWith":["vpce-"]}`), "vpcedeny vpcepass"},
	{"advanced: a name on the network", network("kms", `,{"Field":"eventName","NotStartsWith":["De"]}`), "vpcepass"},
	{"advanced: several sources on the network (doc)", `[` + network1("kms", "") + `,` + network1("s3", "") + `]`, allNetwork},
}

// choice is an advanced selector of data events of a type, with further fields.
func choice(kind, fields string) string {
	if fields != "" {
		fields = "," + fields
	}
	return `{"Name":"some","FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["` + kind + `"]}` + fields + `]}`
}

func chosen(kind, fields string) string { return `[` + choice(kind, fields) + `]` }

func s3(field, operators string) string {
	if field != "" {
		field = `{"Field":"` + field + `",` + operators + `}`
	}
	return chosen("AWS::S3::Object", field)
}

func network1(source, fields string) string {
	return `{"FieldSelectors":[{"Field":"eventCategory","Equals":["NetworkActivity"]},{"Field":"eventSource","Equals":["` + source + `.amazonaws.com"]}` + fields + `]}`
}

func network(source, fields string) string { return `[` + network1(source, fields) + `]` }

func TestSelectorsWantWhatAWSDelivers(t *testing.T) {
	all, rows := events(), 0
	for _, row := range table {
		set := parse(t, row.selectors)
		if err := set.Check(); err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		wanted := strings.Fields(row.wants)
		for _, name := range wanted {
			if all[name] == "" {
				t.Fatalf("%s: there is no event %s", row.name, name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(all)) {
			rows++
			if got, want := set.Wants(Of(record(t, all[name]))), slices.Contains(wanted, name); got != want {
				t.Errorf("%s: wants %s is %t, must be %t", row.name, name, got, want)
			}
		}
	}
	t.Logf("%d pairs of selectors and events", rows)
}

// TestOrderOfFieldsDoesNotMatter plays the table with the fields of each
// selector, and the selectors, the other way round.
func TestOrderOfFieldsDoesNotMatter(t *testing.T) {
	for _, row := range table {
		set := parse(t, row.selectors)
		slices.Reverse(set.Advanced)
		slices.Reverse(set.Basic)
		for i := range set.Advanced {
			slices.Reverse(set.Advanced[i].Fields)
		}
		for name, body := range events() {
			if got, want := set.Wants(Of(record(t, body))), slices.Contains(strings.Fields(row.wants), name); got != want {
				t.Errorf("%s, reversed: wants %s is %t, must be %t", row.name, name, got, want)
			}
		}
	}
}
