package sandbox

import (
	"context"
	"errors"
	"testing"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func TestInstancesHaveOneProfile(t *testing.T) {
	store := new(engine.Memory)
	c := newClientWith(t, store, Options{AnyImage: true})
	// profile is what the instance shows, and what its associations do.
	profile := func(id string) (shown string, uses []string) {
		t.Helper()
		instance := c.call("ec2", "DescribeInstances", params{"InstanceIds": []any{id}}).Subs("Reservations")[0].Subs("Instances")[0]
		for _, a := range c.call("ec2", "DescribeIamInstanceProfileAssociations", params{
			"Filters": []any{params{"Name": "instance-id", "Values": []any{id}}},
		}).Subs("IamInstanceProfileAssociations") {
			uses = append(uses, a.Str("State")+" "+a.Str("IamInstanceProfile.Arn"))
		}
		return instance.Str("IamInstanceProfile.Arn"), uses
	}
	check := func(id, arn, use string) {
		t.Helper()
		if shown, uses := profile(id); shown != arn || len(uses) != min(len(use), 1) || use != "" && uses[0] != use {
			t.Errorf("%q, associations %q; want %q, %q", shown, uses, arn, use)
		}
	}
	const web, db = "arn:aws:iam::123456789012:instance-profile/web", "arn:aws:iam::123456789012:instance-profile/db"
	id := c.call("ec2", "RunInstances", params{
		"ImageId": "ami-12345678", "InstanceType": "t3.micro", "MinCount": int64(1), "MaxCount": int64(1), "IamInstanceProfile": params{"Name": "web"},
	}).Subs("Instances")[0].Str("InstanceId")
	check(id, web, "associated "+web)
	c.refused("ec2", "AssociateIamInstanceProfile", params{"InstanceId": id, "IamInstanceProfile": params{"Name": "db"}}, "IncorrectState")
	first := c.call("ec2", "DescribeIamInstanceProfileAssociations", nil).Subs("IamInstanceProfileAssociations")[0].Str("AssociationId")
	second := c.call("ec2", "ReplaceIamInstanceProfileAssociation", params{
		"AssociationId": first, "IamInstanceProfile": params{"Arn": db},
	}).Str("IamInstanceProfileAssociation.AssociationId")
	check(id, db, "associated "+db)
	c.refused("ec2", "DisassociateIamInstanceProfile", params{"AssociationId": first}, "InvalidAssociationID.NotFound")
	if got := c.call("ec2", "DisassociateIamInstanceProfile", params{"AssociationId": second}).Str("IamInstanceProfileAssociation.State"); got != "disassociating" {
		t.Errorf("state %s", got)
	}
	check(id, "", "")
	c.call("ec2", "AssociateIamInstanceProfile", params{"InstanceId": id, "IamInstanceProfile": params{"Name": "web"}})
	check(id, web, "associated "+web)

	again := newClient(t, store)
	i, err := again.sandbox.Instance(t.Context(), id)
	if err != nil || i.AccountID != c.account || i.Region != c.region || i.ProfileARN != web || i.TokenRequired || i.MetadataOff {
		t.Errorf("after a restart: %+v, %v", i, err)
	}
	c.call("ec2", "TerminateInstances", params{"InstanceIds": []any{id}})
	if _, uses := profile(id); len(uses) > 0 {
		t.Errorf("after its end: %q", uses)
	}
	for _, id := range []string{id, "i-00000000000000000", ""} {
		if _, err := c.sandbox.Instance(t.Context(), id); !errors.Is(err, ErrNoInstance) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestAnInstanceGetsOnlyAProfileThatThereIs(t *testing.T) {
	const prefix = "arn:aws:iam::123456789012:instance-profile/"
	web := engine.Profile{ARN: prefix + "eng/web", ID: "AIPAWEB"}
	c := newClientWith(t, new(engine.Memory), Options{
		AnyImage: true,
		Profile: func(_ context.Context, account, ref string) (engine.Profile, bool, error) {
			switch {
			case account != "123456789012":
				return engine.Profile{}, false, errors.New("asked for account " + account)
			case ref == "web" || ref == web.ARN:
				return web, true, nil
			}
			return engine.Profile{ARN: prefix + "empty", Empty: true}, ref == "empty", nil
		},
	})
	run := func(profile params) params {
		return params{"ImageId": "ami-0abcdef1234567890", "MinCount": int64(1), "MaxCount": int64(1), "IamInstanceProfile": profile}
	}
	for _, spec := range []params{{"Name": "web"}, {"Arn": web.ARN}} {
		i := c.call("ec2", "RunInstances", run(spec)).Subs("Instances")[0]
		if i.Str("IamInstanceProfile.Arn") != web.ARN || i.Str("IamInstanceProfile.Id") != web.ID {
			t.Errorf("%v gives %v", spec, i.Get("IamInstanceProfile"))
		}
	}
	id := c.call("ec2", "RunInstances", run(nil)).Subs("Instances")[0].Str("InstanceId")
	for _, test := range []struct {
		spec    params
		message string
	}{
		{params{"Name": "none"}, "Value (none) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"},
		{params{"Arn": prefix + "web"}, "Value (" + prefix + "web) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN"},
		{params{"Name": "empty"}, `IAM Instance Profile "` + prefix + `empty" has no associated IAM Roles`},
	} {
		for operation, p := range map[string]params{
			"RunInstances": run(test.spec), "AssociateIamInstanceProfile": {"InstanceId": id, "IamInstanceProfile": test.spec},
		} {
			if e := c.refused("ec2", operation, p, "InvalidParameterValue"); e.Message != test.message {
				t.Errorf("%s with %v: %s", operation, test.spec, e.Message)
			}
		}
	}
	use := c.call("ec2", "AssociateIamInstanceProfile", params{"InstanceId": id, "IamInstanceProfile": params{"Name": "web"}}).
		Str("IamInstanceProfileAssociation.AssociationId")
	c.refused("ec2", "ReplaceIamInstanceProfileAssociation", params{"AssociationId": use, "IamInstanceProfile": params{"Name": "none"}}, "InvalidParameterValue")
	if got := c.call("ec2", "DescribeIamInstanceProfileAssociations", params{"AssociationIds": []any{use}}).
		Subs("IamInstanceProfileAssociations"); len(got) != 1 || got[0].Str("State") == "disassociating" {
		t.Errorf("after a refused replacement: %v", got)
	}
	config := params{"LaunchConfigurationName": "l", "ImageId": "ami-0abcdef1234567890", "InstanceType": "t3.micro", "IamInstanceProfile": "none"}
	c.refused("autoscaling", "CreateLaunchConfiguration", config, "ValidationError")
	config["IamInstanceProfile"] = "web"
	c.call("autoscaling", "CreateLaunchConfiguration", config)
}
