"""Flows over EC2 Auto Scaling."""

from networks import image

GROUP = "likeness"


def group(c):
    c.call(
        "autoscaling",
        "CreateLaunchConfiguration",
        LaunchConfigurationName=GROUP,
        ImageId=image(c),
        InstanceType="t3.micro",
        InstanceMonitoring={"Enabled": False},
    )
    c.refused(
        "autoscaling",
        "CreateLaunchConfiguration",
        LaunchConfigurationName=GROUP,
        ImageId=image(c),
        InstanceType="t3.micro",
    )
    c.call("autoscaling", "DescribeLaunchConfigurations", LaunchConfigurationNames=[GROUP])
    vpc = c.call("ec2", "DescribeVpcs")["Vpcs"][0]["VpcId"]
    targets = c.call("elbv2", "CreateTargetGroup", Name=GROUP, Protocol="TCP", Port=80, VpcId=vpc)
    targets = targets["TargetGroups"][0]["TargetGroupArn"]
    c.call(
        "autoscaling",
        "CreateAutoScalingGroup",
        AutoScalingGroupName=GROUP,
        LaunchConfigurationName=GROUP,
        MinSize=0,
        MaxSize=3,
        DesiredCapacity=1,
        AvailabilityZones=["us-east-1a"],
        Tags=[{"Key": "k", "Value": "v", "PropagateAtLaunch": True}],
    )
    serving = lambda a: [i["LifecycleState"] for i in a["AutoScalingGroups"][0]["Instances"]] == ["InService"]
    named = {"AutoScalingGroupNames": [GROUP]}
    c.until(serving, "autoscaling", "DescribeAutoScalingGroups", **named)
    c.call("autoscaling", "DescribeAutoScalingInstances")
    c.call("autoscaling", "DescribeTags", Filters=[{"Name": "auto-scaling-group", "Values": [GROUP]}])
    c.call("autoscaling", "AttachLoadBalancerTargetGroups", AutoScalingGroupName=GROUP, TargetGroupARNs=[targets])
    c.call("autoscaling", "DescribeLoadBalancerTargetGroups", AutoScalingGroupName=GROUP)
    c.call("autoscaling", "DetachLoadBalancerTargetGroups", AutoScalingGroupName=GROUP, TargetGroupARNs=[targets])
    c.call(
        "autoscaling",
        "CreateOrUpdateTags",
        Tags=[
            {
                "ResourceId": GROUP,
                "ResourceType": "auto-scaling-group",
                "Key": "l",
                "Value": "w",
                "PropagateAtLaunch": False,
            }
        ],
    )
    c.call(
        "autoscaling",
        "DeleteTags",
        Tags=[{"ResourceId": GROUP, "ResourceType": "auto-scaling-group", "Key": "l"}],
    )
    c.call(
        "autoscaling",
        "PutScalingPolicy",
        AutoScalingGroupName=GROUP,
        PolicyName="likeness",
        AdjustmentType="ChangeInCapacity",
        ScalingAdjustment=1,
    )
    c.call("autoscaling", "DescribePolicies", AutoScalingGroupName=GROUP)
    c.call("autoscaling", "DeletePolicy", AutoScalingGroupName=GROUP, PolicyName="likeness")
    c.call("autoscaling", "SuspendProcesses", AutoScalingGroupName=GROUP, ScalingProcesses=["AZRebalance"])
    c.call("autoscaling", "DescribeAutoScalingGroups", **named)
    c.call("autoscaling", "ResumeProcesses", AutoScalingGroupName=GROUP)
    c.call("autoscaling", "SetDesiredCapacity", AutoScalingGroupName=GROUP, DesiredCapacity=0)
    empty = lambda a: not a["AutoScalingGroups"][0]["Instances"]
    c.until(empty, "autoscaling", "DescribeAutoScalingGroups", **named)
    c.call("autoscaling", "UpdateAutoScalingGroup", AutoScalingGroupName=GROUP, MaxSize=1)
    c.call("autoscaling", "DeleteAutoScalingGroup", AutoScalingGroupName=GROUP, ForceDelete=True)
    c.call("autoscaling", "DeleteLaunchConfiguration", LaunchConfigurationName=GROUP)
    c.call("elbv2", "DeleteTargetGroup", TargetGroupArn=targets)
    c.refused("autoscaling", "UpdateAutoScalingGroup", AutoScalingGroupName=GROUP, MaxSize=1)


FLOWS = [group]
