package record

import (
	"testing"
	"time"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
)

// TestNetworkActivityIsWrittenAsInTheGuide compares with the denied ListKeys of
// the CloudTrail User Guide ("Understanding CloudTrail events").
func TestNetworkActivityIsWrittenAsInTheGuide(t *testing.T) {
	b, catalog := newBuilder(t)
	s, err := catalog.Service("kms")
	if err != nil {
		t.Fatal(err)
	}
	call := Call{
		Operation: s.Operation("ListKeys"), NetworkActivity: Stopped, Region: "us-east-1", AccountID: "123456789012",
		Params: map[string]any{"Limit": int64(3)}, Error: &awsapi.Error{Code: "AccessDeniedException", Message: "no"},
		Identity: &event.UserIdentity{Type: event.AWSAccount, PrincipalID: "AIDAEXAMPLE", AccountID: "777788889999"},
		Time:     time.Date(2024, 7, 15, 23, 57, 12, 0, time.UTC), SourceIP: "192.0.2.0", UserAgent: "aws-cli",
		TLS: &event.TLSDetails{TLSVersion: "TLSv1.3"}, RequestID: "r", EventID: "e", SharedEventID: "s",
		VPCEndpointID: "vpce-1", VPCEndpointAccountID: "123456789012",
	}
	const before = `{"eventVersion":"1.11","userIdentity":{"type":"AWSAccount","principalId":"AIDAEXAMPLE","accountId":"777788889999"},` +
		`"eventTime":"2024-07-15T23:57:12Z","eventSource":"kms.amazonaws.com","eventName":"ListKeys","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.0",`
	const denied = `"errorCode":"VpceAccessDenied","errorMessage":"The request was denied due to a VPC endpoint policy",`
	const after = `"requestID":"r","eventID":"e","eventType":"AwsVpceEvent","recipientAccountId":"123456789012","sharedEventID":"s",` +
		`"vpcEndpointId":"vpce-1","vpcEndpointAccountId":"123456789012","eventCategory":"NetworkActivity"}`
	if got, want := string(b.Build(&call).AppendJSON(nil)), before+denied+after; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	call.NetworkActivity = Passed
	if got, want := string(b.Build(&call).AppendJSON(nil)), before+after; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
