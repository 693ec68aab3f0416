package access

import (
	"maps"
	"slices"
	"testing"
)

func TestTagsOfARequestAreThoseOfTheResource(t *testing.T) {
	const instance, volume = "arn:aws:ec2:us-east-1:111122223333:instance/*", "arn:aws:ec2:us-east-1:111122223333:volume/*"
	run := m{"TagSpecifications": list(
		m{"ResourceType": "instance", "Tags": list(m{"Key": "env", "Value": "prod"})},
		m{"ResourceType": "volume", "Tags": list(m{"Key": "env", "Value": "dev"}, m{"Key": "cost"})},
	)}
	for _, test := range []struct {
		params   m
		resource string
		values   map[string]string
		keys     []string
	}{
		{run, instance, map[string]string{"env": "prod"}, []string{"env"}},
		{run, volume, map[string]string{"env": "dev", "cost": ""}, []string{"env", "cost"}},
		{run, "arn:aws:ec2:us-east-1::image/ami-1", nil, nil},
		{run, "*", nil, nil},
		{m{"Tags": list(m{"Key": "a", "Value": "1"})}, "*", map[string]string{"a": "1"}, []string{"a"}},
		{m{"tags": list(m{"key": "a", "value": "1"})}, "*", map[string]string{"a": "1"}, []string{"a"}},
		{m{"Tags": list(m{"TagKey": "a", "TagValue": "1"})}, "*", map[string]string{"a": "1"}, []string{"a"}},
		{m{"tags": m{"a": "1"}}, "*", map[string]string{"a": "1"}, []string{"a"}},
		{m{"Tagging": m{"TagSet": list(m{"Key": "a", "Value": "1"})}}, "*", map[string]string{"a": "1"}, []string{"a"}},
		{m{"TagKeys": list("a", "b")}, "*", nil, []string{"a", "b"}},
		{m{"Tags": "a=1", "TagSpecifications": list("x", nil), "tags": list(nil, 7)}, instance, nil, nil},
	} {
		values, keys := RequestTags(test.params, test.resource)
		if !maps.Equal(values, test.values) || !slices.Equal(keys, test.keys) {
			t.Errorf("%v of %s: %v and %v", test.params, test.resource, values, keys)
		}
	}
}

func TestAnOldARNIsOnlyAName(t *testing.T) {
	got := open(t).Of("ecs", "UpdateService", m{"cluster": "prod", "service": "arn:aws:ecs:eu-west-1:123456789012:service/web"}, account, region)
	if want := "arn:aws:ecs:eu-west-1:123456789012:service/prod/web"; got[0].Resource != want {
		t.Errorf("got %s, want %s", got[0].Resource, want)
	}
}

func TestRolesArePassedByNameAndByARN(t *testing.T) {
	table := open(t)
	for given, want := range map[string]string{
		"admin":                       "arn:aws:iam::123456789012:role/admin",
		"arn:aws:iam::9:role/p/admin": "arn:aws:iam::9:role/p/admin",
	} {
		got := table.Of("ecs", "RegisterTaskDefinition", m{"family": "f", "taskRoleArn": given}, account, region)
		if !slices.Contains(got, Access{"iam:PassRole", want}) {
			t.Errorf("%s: %v", given, got)
		}
	}
}

func TestWhoRenamesAUserNeedsBothNames(t *testing.T) {
	got := open(t).Of("iam", "UpdateUser", m{"UserName": "eng/ana", "NewPath": "/ops/", "NewUserName": "ana"}, account, region)
	want := []Access{{"iam:UpdateUser", "arn:aws:iam::123456789012:user/eng/ana"}, {"iam:UpdateUser", "arn:aws:iam::123456789012:user/ops/ana"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
