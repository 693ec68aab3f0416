package rule

import (
	"strings"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/history"
)

var testScope = Scope{Account: "123456789012", Region: "eu-west-1"}

// recorded is a record as the journal has it.
func recorded(category history.Category, eventType, source, name, readOnly string) history.Entry {
	members := []string{
		`"eventVersion":"1.11"`, `"userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:dev","accountId":"123456789012"}`,
		`"eventTime":"2026-03-04T05:06:07Z"`, `"awsRegion":"eu-west-1"`, `"sourceIPAddress":"192.0.2.7"`,
		`"eventID":"6ec1c5a5-0a6f-4f0e-8c55-0f7c1bd0a1c2"`, `"eventType":"` + eventType + `"`,
		`"recipientAccountId":"123456789012"`, `"eventCategory":"` + category.String() + `"`,
	}
	if source != "" {
		members = append(members, `"eventSource":"`+source+`"`, `"eventName":"`+name+`"`)
	}
	return history.Entry{
		Seq: 1, Time: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Account: testScope.Account, Region: testScope.Region,
		Category:   category,
		Attributes: history.Attributes{EventID: "6ec1c5a5-0a6f-4f0e-8c55-0f7c1bd0a1c2", EventSource: source, EventName: name, ReadOnly: readOnly},
		JSON:       []byte("{" + strings.Join(members, ",") + "}"),
	}
}

func TestEachTypeOfRecordHasItsDetailTypeAndSource(t *testing.T) {
	for _, test := range []struct {
		category                     history.Category
		eventType, eventSource       string
		wantDetailType, wantedSource string
	}{
		{history.Management, "AwsApiCall", "ec2.amazonaws.com", "AWS API Call via CloudTrail", "aws.ec2"},
		{history.Data, "AwsApiCall", "s3.amazonaws.com", "AWS API Call via CloudTrail", "aws.s3"},
		{history.Management, "AwsConsoleSignIn", "signin.amazonaws.com", "AWS Console Sign In via CloudTrail", "aws.signin"},
		{history.Management, "AwsConsoleAction", "ecs.amazonaws.com", "AWS Console Action via CloudTrail", "aws.ecs"},
		{history.Management, "AwsServiceEvent", "kms.amazonaws.com", "AWS Service Event via CloudTrail", "aws.kms"},
		{history.Insight, "AwsCloudTrailInsight", "", "AWS Insight via CloudTrail", "aws.cloudtrail"},
		{history.NetworkActivity, "AwsVpceEvent", "ec2.amazonaws.com", "AWS Network Activity Event via CloudTrail", "aws.ec2"},
	} {
		e := recorded(test.category, test.eventType, test.eventSource, "Something", "false")
		event, _, ok, err := fromRecord(&e)
		if err != nil || !ok {
			t.Errorf("%s: %v, %v", test.eventType, ok, err)
			continue
		}
		if event.DetailType != test.wantDetailType || event.Source != test.wantedSource {
			t.Errorf("%s: %q from %q", test.eventType, event.DetailType, event.Source)
		}
	}
}

func TestTheEnvelopeIsEventBridges(t *testing.T) {
	e := recorded(history.Management, "AwsApiCall", "ec2.amazonaws.com", "RunInstances", "false")
	event, _, _, err := fromRecord(&e)
	if err != nil {
		t.Fatal(err)
	}
	got, err := marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"version":"0","id":"` + event.ID + `","detail-type":"AWS API Call via CloudTrail","source":"aws.ec2",` +
		`"account":"123456789012","time":"2026-03-04T05:06:07Z","region":"eu-west-1","resources":[],"detail":` + string(e.JSON) + `}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	again, _, _, err := fromRecord(&e)
	if err != nil || again.ID != event.ID {
		t.Errorf("the id was %s, and then %s (%v)", event.ID, again.ID, err)
	}
	e.Region = "us-east-1"
	if other, _, _, err := fromRecord(&e); err != nil || other.ID == event.ID {
		t.Errorf("another bus has the event under the same id (%v)", err)
	}
}

func TestTheDetailIsTheRecordAsItIs(t *testing.T) {
	e := recorded(history.Management, "AwsApiCall", "ec2.amazonaws.com", "RunInstances", "false")
	e.JSON = []byte(`{"eventType":"AwsApiCall","eventSource":"ec2.amazonaws.com","a":"<b>&é\u2028","n":12345678901234567890.10}`)
	event, _, _, err := fromRecord(&e)
	if err != nil {
		t.Fatal(err)
	}
	text, err := marshal(event)
	if err != nil || !strings.Contains(string(text), string(e.JSON)) {
		t.Errorf("%s: %v", text, err)
	}
}

func TestRecordsThatEventBridgeDoesNotGet(t *testing.T) {
	large := recorded(history.Management, "AwsApiCall", "ec2.amazonaws.com", "RunInstances", "false")
	large.JSON = []byte(`{"eventType":"AwsApiCall","x":"` + strings.Repeat("x", maxRecord) + `"}`)
	for name, e := range map[string]history.Entry{
		"more than 256 KB": large,
		"of a program":     recorded(history.ActivityAuditLog, "ActivityLog", "MyCustomLog", "Login", "false"),
	} {
		if _, _, ok, err := fromRecord(&e); ok || err != nil {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
	broken := large
	broken.JSON = []byte("{")
	if _, _, _, err := fromRecord(&broken); err == nil {
		t.Error("a record that is no JSON was taken")
	}
}

func TestReadOnlyManagementEventsAreThoseThatEventBridgeMeans(t *testing.T) {
	for _, test := range []struct {
		category           history.Category
		kind, source, name string
		readOnly           string
		want               bool
	}{
		{history.Management, "AwsApiCall", "ec2.amazonaws.com", "DescribeInstances", "true", true},
		{history.Management, "AwsApiCall", "iam.amazonaws.com", "GetRole", "true", true},
		{history.Management, "AwsApiCall", "iam.amazonaws.com", "ListUsers", "true", true},
		{history.Management, "AwsApiCall", "ec2.amazonaws.com", "RunInstances", "false", false},
		{history.Management, "AwsApiCall", "sts.amazonaws.com", "AssumeRole", "true", false},
		{history.Management, "AwsApiCall", "sts.amazonaws.com", "GetSessionToken", "true", false},
		{history.Management, "AwsApiCall", "sts.amazonaws.com", "GetFederationToken", "true", false},
		{history.Management, "AwsApiCall", "sts.amazonaws.com", "GetCallerIdentity", "true", true},
		{history.Management, "AwsApiCall", "kms.amazonaws.com", "Decrypt", "true", false},
		{history.Management, "AwsConsoleSignIn", "signin.amazonaws.com", "GetSigninToken", "true", false},
		{history.Data, "AwsApiCall", "s3.amazonaws.com", "GetObject", "true", false},
	} {
		e := recorded(test.category, test.kind, test.source, test.name, test.readOnly)
		record, err := decodeObject(e.JSON)
		if err != nil {
			t.Fatal(err)
		}
		if got := readOnly(&e, headOf(record)); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}
