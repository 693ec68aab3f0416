package record

import (
	"testing"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

func TestSTSTellsWhereItServedACall(t *testing.T) {
	b, catalog := newBuilder(t)
	s, err := catalog.Service("sts")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		call Call
		want string
	}{
		"by a Region": {
			Call{Region: "eu-west-1", HTTP: HTTP{ExtendedID: "MTpl", Host: "sts.eu-west-1.amazonaws.com"}},
			`{"ExtendedRequestId":"MTpl","RequestDetails":{"awsServingRegion":"eu-west-1","endpointType":"regional"}}`,
		},
		"by the global endpoint": {
			Call{Region: "us-east-1", HTTP: HTTP{ExtendedID: "MTpl", Host: "sts.amazonaws.com"}},
			`{"ExtendedRequestId":"MTpl","RequestDetails":{"awsServingRegion":"us-east-1","endpointType":"global"}}`,
		},
		"of a service": {Call{Region: "eu-west-1", InvokedBy: "ec2.amazonaws.com", HTTP: HTTP{ExtendedID: "MTpl"}}, `{"ExtendedRequestId":"MTpl"}`},
		"of no id":     {Call{InvokedBy: "ec2.amazonaws.com"}, ``},
	} {
		test.call.Operation = s.Operation("AssumeRole")
		if got := string(b.Build(&test.call).AdditionalEventData); got != test.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// What STS itself denies keeps its parameters, and what policies deny does not.
func TestDenialsOfSTSKeepParameters(t *testing.T) {
	b, catalog := newBuilder(t)
	s, err := catalog.Service("sts")
	if err != nil {
		t.Fatal(err)
	}
	const role = "arn:aws:iam::111122223333:role/r"
	for operation, want := range map[string]string{
		"AssumeRole":                `null`,
		"AssumeRoleWithWebIdentity": `{"roleArn":"` + role + `"}`,
		"AssumeRoleWithSAML":        `{"roleArn":"` + role + `"}`,
	} {
		e := b.Build(&Call{
			Operation: s.Operation(operation), Params: map[string]any{"RoleArn": role}, Error: &awsapi.Error{Code: "AccessDenied"},
		})
		if got := string(e.RequestParameters); got != want {
			t.Errorf("%s: %s", operation, got)
		}
		if (len(e.Resources) == 1) != (want != "null") {
			t.Errorf("%s: resources %v", operation, e.Resources)
		}
	}
}
