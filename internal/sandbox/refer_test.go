package sandbox

import (
	"testing"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func TestAResourceIsFoundByWhatOperationsTake(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	const ec2, ecs = "arn:aws:ec2:us-west-2:123456789012:", "arn:aws:ecs:us-west-2:123456789012:"
	group := c.call("ec2", "CreateSecurityGroup", params{
		"GroupName": "prod", "Description": "d", "TagSpecifications": []any{
			params{"ResourceType": "security-group", "Tags": []any{params{"Key": "env", "Value": "prod"}}},
		},
	}).Str("GroupId")
	pair := c.call("ec2", "CreateKeyPair", params{"KeyName": "login"}).Str("KeyPairId")
	template := c.call("ec2", "CreateLaunchTemplate", params{
		"LaunchTemplateName": "web", "LaunchTemplateData": params{"InstanceType": "t3.micro"},
	}).Str("LaunchTemplate.LaunchTemplateId")
	c.call("ecs", "CreateCluster", params{"clusterName": "blue", "tags": []any{params{"key": "env", "value": "dev"}}})
	for _, test := range []struct{ arn, own, env string }{
		{ec2 + "security-group/prod", ec2 + "security-group/" + group, "prod"},
		{ec2 + "security-group/" + group, ec2 + "security-group/" + group, "prod"},
		{ec2 + "key-pair/" + pair, ec2 + "key-pair/login", ""},
		{ec2 + "key-pair/login", ec2 + "key-pair/login", ""},
		{ec2 + "launch-template/web", ec2 + "launch-template/" + template, ""},
		{ecs + "cluster/blue", ecs + "cluster/blue", "dev"},
		{ec2 + "security-group/*", "", ""}, {ec2 + "no-kind/x", "", ""}, {ecs + "cluster/red", "", ""},
		{"arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/x/1", "", ""},
		{"arn:aws:iam::123456789012:user/x", "", ""}, {"*", "", ""},
	} {
		own, tags, ok, err := c.sandbox.Referred(t.Context(), c.account, test.arn)
		if err != nil || ok != (test.own != "") || ok && own != test.own || tags["env"] != test.env {
			t.Errorf("%s is %s with %v, %t, %v", test.arn, own, tags, ok, err)
		}
	}
	if _, _, ok, _ := c.sandbox.Referred(t.Context(), "444455556666", ec2+"security-group/prod"); ok {
		t.Error("a group is found from another account")
	}
}

func TestALoadBalancerHasItsNameInListsOfNamesOnly(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	subnets := c.call("ec2", "DescribeSubnets", nil).Strs("Subnets.SubnetId")
	c.call("elbv2", "CreateLoadBalancer", params{"Name": "web", "Subnets": []any{subnets[0], subnets[1]}})
	c.call("elbv2", "DescribeLoadBalancers", params{"Names": []any{"web"}})
	c.call("elbv2", "DeleteLoadBalancer", params{"LoadBalancerArn": "web"}) // as if there were none
	c.call("elbv2", "DescribeLoadBalancers", params{"Names": []any{"web"}})
}

func TestALaunchTemplateTellsWhatTheVersionThatIsMeantHolds(t *testing.T) {
	c := newClient(t, new(engine.Memory))
	data := func(profile string) params {
		return params{"InstanceType": "t3.micro", "IamInstanceProfile": params{"Name": profile}}
	}
	id := c.call("ec2", "CreateLaunchTemplate", params{
		"LaunchTemplateName": "web", "LaunchTemplateData": data("one"),
	}).Str("LaunchTemplate.LaunchTemplateId")
	c.call("ec2", "CreateLaunchTemplateVersion", params{"LaunchTemplateId": id, "LaunchTemplateData": data("two")})
	for _, test := range []struct {
		specification map[string]any
		profile       string
	}{
		{params{"LaunchTemplateId": id}, "one"},
		{params{"LaunchTemplateName": "web", "Version": "$Default"}, "one"},
		{params{"LaunchTemplateName": "web", "Version": "$Latest"}, "two"},
		{params{"LaunchTemplateId": id, "Version": "2"}, "two"},
		{params{"LaunchTemplateId": id, "Version": "3"}, ""},
		{params{"LaunchTemplateName": "db"}, ""},
		{params{}, ""},
	} {
		data, ok, err := c.sandbox.Template(t.Context(), c.account, c.region, test.specification)
		if err != nil || ok != (test.profile != "") || engine.Attrs(data).Str("IamInstanceProfile.Name") != test.profile {
			t.Errorf("%v holds %v, %t, %v", test.specification, data, ok, err)
		}
	}
}
