"""Flows over EC2's instances, their storage and their keys."""

from networks import image

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl likeness"


def key_pairs(c):
    c.call("ec2", "CreateKeyPair", KeyName="likeness")
    c.refused("ec2", "CreateKeyPair", KeyName="likeness")
    c.call("ec2", "ImportKeyPair", KeyName="likeness-imported", PublicKeyMaterial=PUBLIC_KEY)
    c.call("ec2", "DescribeKeyPairs", KeyNames=["likeness"])
    c.call("ec2", "DeleteKeyPair", KeyName="likeness")
    c.call("ec2", "DeleteKeyPair", KeyName="likeness-imported")
    c.refused("ec2", "DescribeKeyPairs", KeyNames=["likeness"])


def in_state(name):
    return lambda a: a["Reservations"][0]["Instances"][0]["State"]["Name"] == name


def instance(c):
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "likeness"}]}]
    ran = c.call(
        "ec2", "RunInstances", ImageId=image(c), InstanceType="t3.micro", MinCount=1, MaxCount=1, TagSpecifications=tags
    )
    one = ran["Instances"][0]["InstanceId"]
    c.until(in_state("running"), "ec2", "DescribeInstances", InstanceIds=[one])
    c.call("ec2", "DescribeInstanceStatus", InstanceIds=[one])
    c.call("ec2", "DescribeInstanceAttribute", InstanceId=one, Attribute="instanceType")
    c.call("ec2", "DescribeInstanceAttribute", InstanceId=one, Attribute="disableApiTermination")
    c.call("ec2", "ModifyInstanceAttribute", InstanceId=one, DisableApiTermination={"Value": False})
    c.call("ec2", "RebootInstances", InstanceIds=[one])
    c.call("ec2", "GetConsoleOutput", InstanceId=one)
    c.call(
        "ec2-instance-connect", "SendSSHPublicKey", InstanceId=one, InstanceOSUser="ec2-user", SSHPublicKey=PUBLIC_KEY
    )

    address = c.call("ec2", "AllocateAddress", Domain="vpc")["AllocationId"]
    association = c.call("ec2", "AssociateAddress", InstanceId=one, AllocationId=address)["AssociationId"]
    c.call("ec2", "DescribeAddresses", AllocationIds=[address])
    c.call("ec2", "DescribeInstances", InstanceIds=[one])
    c.call("ec2", "DisassociateAddress", AssociationId=association)
    c.call("ec2", "ReleaseAddress", AllocationId=address)

    c.call("ec2", "StopInstances", InstanceIds=[one])
    c.until(in_state("stopped"), "ec2", "DescribeInstances", InstanceIds=[one])
    c.call("ec2", "ModifyInstanceAttribute", InstanceId=one, InstanceType={"Value": "t3.small"})
    c.call("ec2", "StartInstances", InstanceIds=[one])
    c.until(in_state("running"), "ec2", "DescribeInstances", InstanceIds=[one])
    c.call("ec2", "TerminateInstances", InstanceIds=[one])
    c.until(in_state("terminated"), "ec2", "DescribeInstances", InstanceIds=[one])
    c.refused("ec2", "DescribeInstances", InstanceIds=["i-00000000000000000"])
    c.refused("ec2", "TerminateInstances", InstanceIds=["i-00000000000000000"])
    c.refused("ec2", "RunInstances", ImageId="ami-00000000000000000", InstanceType="t3.micro", MinCount=1, MaxCount=1)


def volume(c):
    one = c.call("ec2", "CreateVolume", AvailabilityZone="us-east-1a", Size=8, VolumeType="gp3")["VolumeId"]
    available = lambda a: a["Volumes"][0]["State"] == "available"
    c.until(available, "ec2", "DescribeVolumes", VolumeIds=[one])
    ran = c.call(
        "ec2",
        "RunInstances",
        ImageId=image(c),
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        Placement={"AvailabilityZone": "us-east-1a"},
    )
    machine = ran["Instances"][0]["InstanceId"]
    c.until(in_state("running"), "ec2", "DescribeInstances", InstanceIds=[machine])
    c.call("ec2", "AttachVolume", VolumeId=one, InstanceId=machine, Device="/dev/sdf")
    c.call("ec2", "DescribeVolumes", VolumeIds=[one])
    c.refused("ec2", "DeleteVolume", VolumeId=one)
    c.call("ec2", "DetachVolume", VolumeId=one, InstanceId=machine)
    c.until(available, "ec2", "DescribeVolumes", VolumeIds=[one])
    c.call("ec2", "ModifyVolume", VolumeId=one, Size=10)
    snapshot = c.call("ec2", "CreateSnapshot", VolumeId=one, Description="likeness")["SnapshotId"]
    c.until(
        lambda a: a["Snapshots"][0]["State"] == "completed", "ec2", "DescribeSnapshots", SnapshotIds=[snapshot]
    )
    copied = c.call("ec2", "CopySnapshot", SourceRegion="us-east-1", SourceSnapshotId=snapshot)["SnapshotId"]
    c.call("ec2", "CreateVolume", AvailabilityZone="us-east-1a", SnapshotId=snapshot)
    c.call("ec2", "CreateSnapshots", InstanceSpecification={"InstanceId": machine})
    c.call("ec2", "DeleteSnapshot", SnapshotId=copied)
    c.call("ec2", "DeleteSnapshot", SnapshotId=snapshot)
    c.refused("ec2", "DescribeSnapshots", SnapshotIds=[snapshot])
    c.call("ec2", "DeleteVolume", VolumeId=one)
    c.refused("ec2", "DescribeVolumes", VolumeIds=[one])

    c.call("ec2", "DescribeImages", Owners=["amazon"])
    made = c.call("ec2", "CreateImage", InstanceId=machine, Name="likeness")["ImageId"]
    c.until(lambda a: a["Images"][0]["State"] == "available", "ec2", "DescribeImages", ImageIds=[made])
    copy = c.call("ec2", "CopyImage", SourceRegion="us-east-1", SourceImageId=made, Name="likeness-copy")["ImageId"]
    c.call("ec2", "DeregisterImage", ImageId=copy)
    c.call("ec2", "DeregisterImage", ImageId=made)
    c.refused("ec2", "DescribeImages", ImageIds=[made])
    c.call("ec2", "TerminateInstances", InstanceIds=[machine])


def launch_template(c):
    made = c.call(
        "ec2",
        "CreateLaunchTemplate",
        LaunchTemplateName="likeness",
        LaunchTemplateData={"ImageId": image(c), "InstanceType": "t3.micro"},
    )["LaunchTemplate"]["LaunchTemplateId"]
    c.call("ec2", "DescribeLaunchTemplates", LaunchTemplateIds=[made])
    c.call(
        "ec2",
        "CreateLaunchTemplateVersion",
        LaunchTemplateId=made,
        SourceVersion="1",
        LaunchTemplateData={"InstanceType": "t3.small"},
    )
    c.call("ec2", "DescribeLaunchTemplateVersions", LaunchTemplateId=made)
    c.call("ec2", "ModifyLaunchTemplate", LaunchTemplateId=made, DefaultVersion="2")
    c.refused("ec2", "CreateLaunchTemplate", LaunchTemplateName="likeness", LaunchTemplateData={"KeyName": "k"})
    c.call("ec2", "DeleteLaunchTemplate", LaunchTemplateId=made)


FLOWS = [key_pairs, instance, volume, launch_template]
