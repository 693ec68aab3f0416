package autoscaling

import (
	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func configurationKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "launch-configuration", Shape: "LaunchConfiguration", ID: "LaunchConfigurationName",
		Unknown: invalid("Launch configuration name not found - Launch configuration {id} not found"),
		New: []engine.Field{
			engine.Make("LaunchConfigurationARN", engine.Func(func(x *engine.Exec, a engine.Attrs) (any, error) {
				return x.Expand(arn+"launchConfiguration:"+x.UUID()+":launchConfigurationName/{id}", a), nil
			})),
			engine.Make("CreatedTime", engine.Now()), engine.Make("BlockDeviceMappings", engine.Empty()),
			engine.Make("SecurityGroups", engine.Empty()), engine.Make("ClassicLinkVPCSecurityGroups", engine.Empty()),
			engine.Be("InstanceMonitoring", map[string]any{"Enabled": true}), engine.Be("EbsOptimized", false),
			engine.Be("KeyName", ""), engine.Be("UserData", ""), engine.Be("KernelId", ""), engine.Be("RamdiskId", ""),
		},
		Unique: []engine.Unique{{
			Paths: []string{"LaunchConfigurationName"},
			Taken: engine.Refuse("AlreadyExistsFault", "Launch Configuration by this name already exists - "+
				"A launch configuration already exists with the name {LaunchConfigurationName}"),
		}},
		HeldBy: []engine.Hold{{
			Kind: "group", Path: "LaunchConfigurationName",
			InUse: engine.Refuse("ResourceInUseFault", "Cannot delete launch configuration {id} because it is attached to an AutoScalingGroup"),
		}},
	}}
}

func configurationOps() []engine.Op {
	return []engine.Op{
		{Name: "CreateLaunchConfiguration", Do: engine.Create{
			Kind: "launch-configuration", Check: checkConfiguration, Set: []engine.Field{
				engine.Make("ImageId", engine.Or(engine.Param("ImageId"), engine.Of("ec2/instance", engine.Param("InstanceId"), "ImageId"))),
				engine.Make("InstanceType", engine.Or(engine.Param("InstanceType"), engine.Of("ec2/instance", engine.Param("InstanceId"), "InstanceType"))),
			},
		}},
		{Name: "DescribeLaunchConfigurations", Do: engine.Describe{Kind: "launch-configuration", Lenient: true}},
		{Name: "DeleteLaunchConfiguration", Do: engine.Delete{Kind: "launch-configuration"}},
	}
}

func checkConfiguration(x *engine.Exec) error {
	if !x.Params.Has("InstanceId") && (!x.Params.Has("ImageId") || !x.Params.Has("InstanceType")) {
		return invalid("Valid requests must contain either the InstanceID parameter or both the ImageId and InstanceType parameters.").With()
	}
	// An existing name comes first: Auto Scaling says so before it looks at
	// the rest.
	if name := x.Params.Str("LaunchConfigurationName"); x.Look("launch-configuration", name) != nil {
		return x.Fail(x.Kind("launch-configuration").Unique[0].Taken, x.Params)
	}
	if id := x.Params.Str("ImageId"); id != "" && !x.AnyImage() {
		if _, err := x.Find("ec2/image", id); err != nil {
			return invalid("AMI " + id + " is invalid: " + engine.Refusal(err).Message).With()
		}
	}
	if t := x.Params.Str("InstanceType"); t != "" && x.Look("ec2/instance-type", t) == nil {
		return invalid("Invalid instance type: " + t).With()
	}
	if ref := x.Params.Str("IamInstanceProfile"); ref != "" {
		switch _, ok, err := x.Profile(ref); {
		case err != nil:
			return err
		case !ok:
			return invalid("Invalid IamInstanceProfile: " + ref).With()
		}
	}
	if key := x.Params.Str("KeyName"); key != "" {
		if _, err := x.Find("ec2/key-pair", key); err != nil {
			return invalid(engine.Refusal(err).Message).With()
		}
	}
	return nil
}
