package gateway

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cairn-audit/cairn/internal/access"
)

func TestWhoUsesALaunchTemplateNeedsWhatIsInIt(t *testing.T) {
	table, err := access.Open()
	if err != nil {
		t.Fatal(err)
	}
	type params = map[string]any
	allow := func(actions, more string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[` + actions + `],"Resource":"*"}` + more + `]}`
	}
	const scaling, launching, passing = `"autoscaling:*"`, `"autoscaling:*","ec2:*"`, `"autoscaling:*","ec2:*","iam:PassRole"`
	deny := func(rest string) string { return `,{"Effect":"Deny","Action":"*",` + rest + `}` }
	noAdmin := deny(`"Resource":"arn:aws:iam::*:role/of-admin"`)
	noLarge := deny(`"Resource":"*","Condition":{"StringEquals":{"ec2:InstanceType":"t3.large"}}`)
	noSubnet := deny(`"Resource":"arn:aws:ec2:*:*:subnet/subnet-1"`)
	web := func(version string) params { return params{"LaunchTemplateName": "web", "Version": version} }
	run := func(more params) params {
		p := params{"MinCount": int64(1), "MaxCount": int64(1), "LaunchTemplate": web("2")}
		for k, v := range more {
			p[k] = v
		}
		return p
	}
	group := func(template params) params {
		return params{"AutoScalingGroupName": "g", "MinSize": int64(0), "MaxSize": int64(1), "LaunchTemplate": template}
	}
	mixed := func(first, second params) params {
		return params{"AutoScalingGroupName": "g", "MixedInstancesPolicy": params{"LaunchTemplate": params{
			"LaunchTemplateSpecification": first, "Overrides": []any{params{"LaunchTemplateSpecification": second}},
		}}}
	}
	for _, test := range []struct {
		name, policy, operation string
		params                  params
		refused                 string // what is missing
	}{
		{"a role", allow(launching, ""), "RunInstances", run(nil), "iam:PassRole on resource: arn:aws:iam::111122223333:role/of-admin"},
		{"a role that may be passed", allow(passing, ""), "RunInstances", run(nil), ""},
		{"a role that may not", allow(passing, noAdmin), "RunInstances", run(nil), "iam:PassRole"},
		{"another role instead", allow(passing, noAdmin), "RunInstances", run(params{"IamInstanceProfile": params{"Name": "web"}}), ""},
		{"no role", allow(launching, ""), "RunInstances", run(params{"LaunchTemplate": web("1")}), ""},
		{"nobody knows", allow(launching, ""), "RunInstances", run(params{"LaunchTemplate": params{"LaunchTemplateName": "x"}}), "iam:PassRole on resource: arn:aws:iam::111122223333:role/*"},
		{"a type", allow(passing, noLarge), "RunInstances", run(nil), "ec2:RunInstances"},
		{"another type instead", allow(passing, noLarge), "RunInstances", run(params{"InstanceType": "t3.micro"}), ""},
		{"a subnet", allow(passing, noSubnet), "RunInstances", run(nil), "ec2:RunInstances on resource: arn:aws:ec2:eu-central-1:111122223333:subnet/subnet-1"},
		{"a group's launches", allow(scaling, ""), "CreateAutoScalingGroup", group(web("1")), "ec2:RunInstances"},
		{"a group without a role", allow(launching, ""), "CreateAutoScalingGroup", group(web("1")), ""},
		{"a group's role", allow(launching, ""), "CreateAutoScalingGroup", group(web("2")), "iam:PassRole"},
		{"a group's role that may be passed", allow(passing, ""), "CreateAutoScalingGroup", group(web("2")), ""},
		{"a group's type", allow(passing, noLarge), "CreateAutoScalingGroup", group(web("2")), "ec2:RunInstances"},
		{"a group's new role", allow(launching, ""), "UpdateAutoScalingGroup", params{"AutoScalingGroupName": "g", "LaunchTemplate": web("2")}, "iam:PassRole"},
		{"a group's size", allow(scaling, ""), "UpdateAutoScalingGroup", params{"AutoScalingGroupName": "g", "MaxSize": int64(2)}, ""},
		{"the first of a mixture", allow(launching, ""), "UpdateAutoScalingGroup", mixed(web("2"), web("1")), "iam:PassRole"},
		{"the second of a mixture", allow(launching, ""), "UpdateAutoScalingGroup", mixed(web("1"), web("2")), "iam:PassRole"},
		{"what is only kept", allow(launching, ""), "CreateLaunchTemplate", params{
			"LaunchTemplateName": "new", "LaunchTemplateData": params{"IamInstanceProfile": params{"Name": "admin"}},
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var calls atomic.Int64
			own := keys(&calls, nil)
			f := newFront(t, own, grant(granted{policy: test.policy}), func(o *Options) {
				o.Identities, o.Access = knownKeys{alice.AccessKeyID: alice}, table
				o.Inventories = map[string]Inventory{"ec2": inventory{}, "autoscaling": inventory{}}
			})
			service := "ec2"
			if strings.HasSuffix(test.operation, "Group") {
				service = "autoscaling"
			}
			a := f.callAs(alice, service, test.operation, test.params)
			want := 200
			if test.refused != "" {
				want = 403
			}
			if a.status != want || !strings.Contains(a.body, test.refused) {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
}
