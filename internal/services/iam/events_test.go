package iam_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/cairn-audit/cairn/internal/app"
	"github.com/cairn-audit/cairn/internal/apptest"
)

// TestTagsThatASessionHandsOnAreRecorded compares with the example of role
// chaining in the IAM user guide, "Logging IAM and AWS STS API calls".
func TestTagsThatASessionHandsOnAreRecorded(t *testing.T) {
	w := start(t, app.Config{})
	role := w.role("r", `{"AWS":"`+w.Account+`"}`, anySession)
	first := must(w.sts(w.Admin).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: &role, RoleSessionName: aws.String("one"), TransitiveTagKeys: []string{"Department"},
		Tags: []ststypes.Tag{{Key: aws.String("Department"), Value: aws.String("Engineering")}, {Key: aws.String("Email"), Value: aws.String("a@example.com")}},
	}))(t).Credentials
	must(w.sts(apptest.Session(first)).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("two")}))(t)
	e := w.newest(w.Admin, "EventName", "AssumeRole", 1)[0]
	if got := string(e.RequestParameters); !strings.HasPrefix(got, `{"incomingTransitiveTags":{"Department":"Engineering"},"roleArn":`) {
		t.Errorf("parameters %s", got)
	}
}
