package awsapi

import (
	"net/http"
	"testing"
)

func TestFindTakesATargetWithAndWithoutItsNamespace(t *testing.T) {
	c, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{
		"com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents", // botocore
		"CloudTrail_20131101.LookupEvents",                                    // aws-sdk-go-v2
	} {
		found, err := c.Find("cloudtrail", &Request{Method: "POST", Path: "/", Body: []byte("{}"),
			Header: http.Header{"X-Amz-Target": {target}, "Content-Type": {"application/x-amz-json-1.1"}}})
		if err != nil || found.Operation == nil || found.Operation.Name != "LookupEvents" {
			t.Errorf("%s: %v, %v", target, found.Operation, err)
		}
	}
}
