package selector

import (
	"encoding/json"
	"testing"

	"github.com/cairn-audit/cairn/internal/history"
)

// record makes an entry of a CloudTrail record as the recorder does.
func record(t testing.TB, body string) *history.Entry {
	t.Helper()
	var r struct {
		EventCategory, EventSource, EventName, AWSRegion string
		ReadOnly                                         *bool
	}
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	category, err := history.ParseCategory(r.EventCategory)
	if err != nil {
		t.Fatal(err)
	}
	e := &history.Entry{Account: "111122223333", Region: r.AWSRegion, Category: category, JSON: []byte(body)}
	e.EventSource, e.EventName = r.EventSource, r.EventName
	if r.ReadOnly != nil {
		e.ReadOnly = map[bool]string{true: "true", false: "false"}[*r.ReadOnly]
	}
	return e
}

// Callers of the events below.
const (
	alice = `"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/alice"}`
	app   = `"userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/app/i-1"}`
	mgmt  = `,"eventType":"AwsApiCall","managementEvent":true,"eventCategory":"Management"}`
	plain = `,"eventType":"AwsApiCall","managementEvent":false,"eventCategory":"Data"}`
	net   = `,"eventType":"AwsVpceEvent","eventCategory":"NetworkActivity"}`
)

func object(name string) string {
	return `{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::` + name + `"}`
}

func bucket(name string) string {
	return `{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::` + name + `"}`
}

// events are what the tables below are about.
func events() map[string]string {
	s3 := func(name, readOnly, who, resources, rest string) string {
		return `{` + who + `,"eventSource":"s3.amazonaws.com","eventName":"` + name + `","readOnly":` + readOnly +
			`,"resources":[` + resources + `]` + rest + plain
	}
	one := func(source, name, readOnly, who, kind, arn string) string {
		return `{` + who + `,"eventSource":"` + source + `.amazonaws.com","eventName":"` + name + `","readOnly":` + readOnly +
			`,"resources":[{"accountId":"111122223333","type":"` + kind + `","ARN":"` + arn + `"}]` + plain
	}
	function := "arn:aws:lambda:us-west-2:111111111111:function:"
	return map[string]string{
		"run":      `{` + alice + `,"eventSource":"ec2.amazonaws.com","eventName":"RunInstances","readOnly":false` + mgmt,
		"console":  `{` + alice + `,"eventSource":"ec2.amazonaws.com","eventName":"GetConsoleOutput","readOnly":true` + mgmt,
		"decrypt":  `{` + app + `,"eventSource":"kms.amazonaws.com","eventName":"Decrypt","readOnly":true` + mgmt,
		"disable":  `{` + alice + `,"eventSource":"kms.amazonaws.com","eventName":"DisableKey","readOnly":false` + mgmt,
		"rdsdata":  `{` + app + `,"eventSource":"rdsdata.amazonaws.com","eventName":"ExecuteStatement","readOnly":false` + mgmt,
		"login":    `{` + alice + `,"eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","readOnly":false,"eventType":"AwsConsoleSignIn","managementEvent":true,"eventCategory":"Management"}`,
		"service":  `{"userIdentity":{"invokedBy":"kms.amazonaws.com"},"eventSource":"kms.amazonaws.com","eventName":"RotateKey","eventType":"AwsServiceEvent","managementEvent":true,"eventCategory":"Management"}`,
		"get":      s3("GetObject", "true", alice, object("b1/logs/a")+","+bucket("b1"), ""),
		"put":      s3("PutObject", "false", app, object("b1/images/b")+","+bucket("b1"), ""),
		"delete":   s3("DeleteObject", "false", alice, object("b2/x")+","+bucket("b2"), `,"sessionCredentialFromConsole":"true"`),
		"list":     s3("ListObjects", "true", app, `{"type":"AWS::S3::Object","ARNPrefix":"arn:aws:s3:::b1/"},`+bucket("b1"), ""),
		"copy":     s3("CopyObject", "false", app, object("b2/copy")+","+bucket("b2")+","+bucket("b1")+","+object("b1/logs/c"), ""),
		"denied":   s3("GetObject", "true", app, object("b3/secret")+","+bucket("b3"), `,"errorCode":"AccessDenied"`),
		"invoke":   one("lambda", "Invoke", "false", app, "AWS::Lambda::Function", function+"helloworld"),
		"invoke2":  one("lambda", "Invoke", "false", app, "AWS::Lambda::Function", function+"helloworld2"),
		"getitem":  one("dynamodb", "GetItem", "true", app, "AWS::DynamoDB::Table", "arn:aws:dynamodb:us-west-2:111122223333:table/T1"),
		"putitem":  one("dynamodb", "PutItem", "false", alice, "AWS::DynamoDB::Table", "arn:aws:dynamodb:us-west-2:111122223333:table/T10"),
		"send":     one("sqs", "SendMessage", "false", app, "AWS::SQS::Queue", "arn:aws:sqs:us-west-2:111122223333:q"),
		"bare":     `{` + app + `,"eventSource":"ssmmessages.amazonaws.com","eventName":"OpenDataChannel","readOnly":false` + plain,
		"vpcedeny": `{"eventSource":"kms.amazonaws.com","eventName":"Decrypt","errorCode":"VpceAccessDenied","vpcEndpointId":"vpce-1"` + net,
		"vpcepass": `{"eventSource":"kms.amazonaws.com","eventName":"Encrypt","vpcEndpointId":"vpce-2"` + net,
		"vpces3":   `{"eventSource":"s3.amazonaws.com","eventName":"PutObject","vpcEndpointId":"vpce-1"` + net,
		"insight":  `{"eventType":"AwsCloudTrailInsight","eventCategory":"Insight"}`,
		"ingested": `{"eventSource":"demo.example","eventName":"Demo","eventType":"ActivityLog","eventCategory":"ActivityAuditLog"}`,
	}
}

// parse reads selectors as PutEventSelectors takes them.
func parse(t testing.TB, api string) Set {
	t.Helper()
	var basic []struct {
		ReadWriteType                 *string
		IncludeManagementEvents       *bool
		ExcludeManagementEventSources []string
		DataResources                 []DataResource
	}
	var advanced []struct {
		Name           string
		FieldSelectors []Field
	}
	var set Set
	if err := json.Unmarshal([]byte(api), &advanced); err != nil {
		t.Fatalf("%v in %s", err, api)
	}
	if len(advanced) > 0 && len(advanced[0].FieldSelectors) > 0 {
		for _, a := range advanced {
			set.Advanced = append(set.Advanced, Advanced{Name: a.Name, Fields: a.FieldSelectors})
		}
		return set
	}
	if err := json.Unmarshal([]byte(api), &basic); err != nil {
		t.Fatalf("%v in %s", err, api)
	}
	for _, b := range basic {
		made := Default()
		made.ExcludeManagementSources, made.DataResources = b.ExcludeManagementEventSources, b.DataResources
		if b.ReadWriteType != nil {
			made.ReadWriteType = *b.ReadWriteType
		}
		if b.IncludeManagementEvents != nil {
			made.IncludeManagementEvents = *b.IncludeManagementEvents
		}
		set.Basic = append(set.Basic, made)
	}
	return set
}
