package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/cairn-audit/cairn/internal/app"
	"github.com/cairn-audit/cairn/internal/apptest"
)

func TestARoleMustAllowWhatASessionBringsAlong(t *testing.T) {
	w := start(t, app.Config{})
	account := `{"AWS":"` + w.Account + `"}`
	first := w.role("first", account, anySession)
	plain, all := w.role("plain", account, `"sts:AssumeRole"`), w.role("all", account, anySession)
	tags := []ststypes.Tag{{Key: aws.String("Team"), Value: aws.String("red")}}
	for _, test := range []struct {
		name    string
		first   sts.AssumeRoleInput
		missing string
	}{
		{"nothing", sts.AssumeRoleInput{Tags: tags}, ""},
		{"a source identity", sts.AssumeRoleInput{SourceIdentity: aws.String("alice")}, "sts:SetSourceIdentity"},
		{"a tag", sts.AssumeRoleInput{Tags: tags, TransitiveTagKeys: []string{"team"}}, "sts:TagSession"},
	} {
		test.first.RoleArn, test.first.RoleSessionName = &first, aws.String("one")
		session := apptest.Session(must(w.sts(w.Admin).AssumeRole(t.Context(), &test.first))(t).Credentials)
		second := func(role string) error {
			_, err := w.sts(session).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("two")})
			return err
		}
		if err := second(all); err != nil {
			t.Errorf("%s, to a role that allows it: %v", test.name, err)
		}
		if err := second(plain); (err == nil) != (test.missing == "") || err != nil && !strings.Contains(err.Error(), "perform: "+test.missing+" on") {
			t.Errorf("%s, to one that does not: %v", test.name, err)
		}
	}
}

func TestASessionHasWhatSTSTakes(t *testing.T) {
	w := start(t, app.Config{})
	role := w.role("r", `{"AWS":"`+w.Account+`"}`, anySession)
	policies := func(n int) []ststypes.PolicyDescriptorType {
		list := make([]ststypes.PolicyDescriptorType, n)
		for i := range list {
			list[i].Arn = aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")
		}
		return list
	}
	for _, test := range []struct {
		code string
		in   sts.AssumeRoleInput
	}{
		{"", sts.AssumeRoleInput{PolicyArns: policies(10)}},
		{"ValidationError", sts.AssumeRoleInput{PolicyArns: policies(11)}},
		{"InvalidParameterValue", sts.AssumeRoleInput{TransitiveTagKeys: []string{"Team"}}},
		{"InvalidParameterValue", sts.AssumeRoleInput{
			TransitiveTagKeys: []string{"Team"}, Tags: []ststypes.Tag{{Key: aws.String("Teams"), Value: aws.String("x")}},
		}},
	} {
		code, in := test.code, test.in
		in.RoleArn, in.RoleSessionName = &role, aws.String("one")
		_, err := w.sts(w.Admin).AssumeRole(t.Context(), &in)
		if (err == nil) != (code == "") || err != nil && !strings.Contains(err.Error(), "api error "+code) {
			t.Errorf("%+v: %v, want %s", in, err, code)
		}
	}
	_, err := w.sts(w.Admin).GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("guest"), PolicyArns: policies(11)})
	if err == nil || !strings.Contains(err.Error(), "ValidationError") {
		t.Errorf("a guest with too many policies: %v", err)
	}
}

func TestARefusalIsExplainedInItsCallersAccountAlone(t *testing.T) {
	w := start(t, app.Config{})
	role := w.role("r", `{"AWS":"`+w.Account+`"}`, anySession)
	session := apptest.Session(must(w.sts(w.Admin).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: &role, RoleSessionName: aws.String("one"),
		Policy: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`),
	}))(t).Credentials)
	_, err := ec2.NewFromConfig(w.Config(region, session)).DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
	_, message, found := strings.Cut(fmt.Sprint(err), "Encoded authorization failure message: ")
	if !found {
		t.Fatal(err)
	}
	there := apptest.Session(must(w.sts(w.Admin).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + other + ":role/OrganizationAccountAccessRole"), RoleSessionName: aws.String("one"),
	}))(t).Credentials)
	in := &sts.DecodeAuthorizationMessageInput{EncodedMessage: &message}
	if out, err := w.sts(w.Admin).DecodeAuthorizationMessage(t.Context(), in); err != nil || !strings.Contains(*out.DecodedMessage, "ec2:DescribeVpcs") {
		t.Errorf("in the account: %v, %v", out, err)
	}
	if _, err := w.sts(there).DecodeAuthorizationMessage(t.Context(), in); err == nil || !strings.Contains(err.Error(), "InvalidAuthorizationMessageException") {
		t.Errorf("in another: %v", err)
	}
}
