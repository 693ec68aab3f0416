"""Makes a few hundred AWS calls against one endpoint.

    calls.py ENDPOINT OUT

Each call is one HTTP request, numbered in the header X-Parity-Call. OUT gets a
JSON object per call, a line each. A call that does not end as it is written
here to end (an error where none is meant, another error, none where one is
meant) is reported, and the exit status is then 1.
"""

import hashlib
import io
import json
import sys
import time
import urllib.error
import urllib.request

import boto3
import botocore.exceptions
from botocore import UNSIGNED, xform_name
from botocore.config import Config

NUMBER = "X-Parity-Call"
ACCOUNT = "123456789012"


class Caller:
    """Makes calls and writes down how they ended."""

    def __init__(self, endpoint, out):
        self.endpoint = endpoint
        self.out = out
        self.sent = 0
        self.wrong = []
        self.clients = {}
        self.session = boto3.session.Session(
            aws_access_key_id="test",
            aws_secret_access_key="test",
            region_name="us-east-1",
        )

    def client(self, service, variant="", **options):
        if (service, variant) not in self.clients:
            config = Config(
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
                read_timeout=30,
                **options,
            )
            client = self.session.client(service, endpoint_url=self.endpoint, config=config)
            client.meta.events.register("before-send", self.number)
            self.clients[service, variant] = client
        return self.clients[service, variant]

    def number(self, request, **_):
        self.sent += 1
        request.headers[NUMBER] = str(self.sent)

    def call(self, service, operation, /, error=None, client=None, **params):
        """Makes one call; returns its output, or None if error is what came."""
        client = client or self.client(service)
        before = self.sent
        try:
            output = getattr(client, xform_name(operation))(**params)
        except botocore.exceptions.ClientError as e:
            output = e.response
        self.note(service, operation, output, error, self.sent - before)
        return None if error else output

    def pages(self, service, operation, key, size, /, **params):
        """Reads all pages; each is a call. Returns what they list under key."""
        paginator = self.client(service).get_paginator(xform_name(operation))
        items, before = [], self.sent
        for page in paginator.paginate(PaginationConfig={"PageSize": size}, **params):
            self.note(service, operation, page, None, self.sent - before)
            items += page.get(key, [])
            before = self.sent
        return items

    def get(self, operation, url, error=None, method="GET", data=None, headers=None):
        """Makes a call of S3 by a plain HTTP request, as for a presigned URL."""
        self.sent += 1
        request = urllib.request.Request(url, data=data, method=method, headers={NUMBER: str(self.sent), **(headers or {})})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, body, code = answer.status, answer.read(), ""
        except urllib.error.HTTPError as e:
            status, body = e.code, e.read()
            code = body.split(b"<Code>")[1].split(b"</Code>")[0].decode() if b"<Code>" in body else str(status)
        self.write("s3", operation, "", status, code, error, 1, body)
        return body

    def note(self, service, operation, output, error, requests):
        meta = output["ResponseMetadata"]
        body = b""
        for name in ("Body", "Payload"):
            if hasattr(output.get(name), "read"):
                body = output[name].read()
                output[name] = io.BytesIO(body)
        code = output.get("Error", {}).get("Code", "")
        self.write(service, operation, meta.get("RequestId", ""), meta["HTTPStatusCode"], code, error, requests, body)

    def write(self, service, operation, request_id, status, code, error, requests, body):
        line = {
            "number": self.sent,
            "service": service,
            "operation": operation,
            "requestId": request_id,
            "status": status,
            "error": code,
            "bodySHA256": hashlib.sha256(body).hexdigest() if body else "",
        }
        self.out.write(json.dumps(line) + "\n")
        if code != (error or "") or requests != 1:
            self.wrong.append(f"{service} {operation}: error {code!r}, meant {error or ''!r}, in {requests} requests")


def ec2(c):
    vpc = c.call("ec2", "CreateVpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = c.call("ec2", "CreateSubnet", VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1a")["Subnet"]["SubnetId"]
    second = c.call("ec2", "CreateSubnet", VpcId=vpc, CidrBlock="10.0.2.0/24", AvailabilityZone="us-east-1b")["Subnet"]["SubnetId"]
    gateway = c.call("ec2", "CreateInternetGateway")["InternetGateway"]["InternetGatewayId"]
    c.call("ec2", "AttachInternetGateway", VpcId=vpc, InternetGatewayId=gateway)
    c.call("ec2", "DescribeInternetGateways", InternetGatewayIds=[gateway])
    table = c.call("ec2", "CreateRouteTable", VpcId=vpc)["RouteTable"]["RouteTableId"]
    c.call("ec2", "CreateRoute", RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    c.call("ec2", "AssociateRouteTable", RouteTableId=table, SubnetId=subnet)
    c.call("ec2", "DescribeRouteTables", Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    group = c.call("ec2", "CreateSecurityGroup", GroupName="web", Description="web & more <ü>", VpcId=vpc)["GroupId"]
    rule = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "all"}]}]
    c.call("ec2", "AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=rule)
    c.call("ec2", "AuthorizeSecurityGroupIngress", error="InvalidPermission.Duplicate", GroupId=group, IpPermissions=rule)
    c.call("ec2", "RevokeSecurityGroupIngress", GroupId=group, IpPermissions=rule)
    c.call("ec2", "DescribeSecurityGroups", GroupIds=[group])
    c.call("ec2", "DescribeSecurityGroups", error="InvalidGroup.NotFound", GroupIds=["sg-00000000"])
    c.call("ec2", "CreateKeyPair", KeyName="key")
    c.call("ec2", "CreateKeyPair", error="InvalidKeyPair.Duplicate", KeyName="key")
    c.call("ec2", "DescribeKeyPairs")
    image = c.call("ec2", "DescribeImages", Owners=["amazon"])["Images"][0]["ImageId"]
    c.call("ec2", "DescribeImages", error="InvalidAMIID.NotFound", ImageIds=["ami-0123456789abcdef0"])
    run = c.call("ec2", "RunInstances", ImageId=image, InstanceType="t3.micro", MinCount=2, MaxCount=2, SubnetId=subnet,
                 SecurityGroupIds=[group], KeyName="key", UserData="#!/bin/sh\necho hello\n",
                 TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "wëb"}]}])
    instances = [i["InstanceId"] for i in run["Instances"]]
    c.call("ec2", "RunInstances", error="DryRunOperation", ImageId=image, MinCount=1, MaxCount=1, DryRun=True)
    c.call("ec2", "DescribeInstances", InstanceIds=instances)
    c.call("ec2", "DescribeInstances", error="InvalidInstanceID.NotFound", InstanceIds=["i-00000000000000000"])
    c.call("ec2", "DescribeInstanceStatus", InstanceIds=instances)
    c.call("ec2", "DescribeInstanceAttribute", InstanceId=instances[0], Attribute="userData")
    c.call("ec2", "StopInstances", InstanceIds=instances[:1])
    c.call("ec2", "ModifyInstanceAttribute", InstanceId=instances[0], InstanceType={"Value": "t3.small"})
    c.call("ec2", "StartInstances", InstanceIds=instances[:1])
    c.call("ec2", "RebootInstances", InstanceIds=instances)
    c.call("ec2", "CreateTags", Resources=instances, Tags=[{"Key": "stage", "Value": "test"}])
    c.call("ec2", "DescribeTags", Filters=[{"Name": "resource-id", "Values": instances}])
    c.call("ec2", "DeleteTags", Resources=instances, Tags=[{"Key": "stage"}])
    c.call("ec2", "CreateImage", InstanceId=instances[0], Name="golden")
    volume = c.call("ec2", "CreateVolume", AvailabilityZone="us-east-1a", Size=8, VolumeType="gp3")["VolumeId"]
    c.call("ec2", "AttachVolume", VolumeId=volume, InstanceId=instances[0], Device="/dev/sdf")
    c.call("ec2", "DescribeVolumes", VolumeIds=[volume])
    c.call("ec2", "DetachVolume", VolumeId=volume, InstanceId=instances[0])
    snapshot = c.call("ec2", "CreateSnapshot", VolumeId=volume, Description="now")["SnapshotId"]
    c.call("ec2", "DescribeSnapshots", SnapshotIds=[snapshot])
    c.call("ec2", "DeleteSnapshot", SnapshotId=snapshot)
    c.call("ec2", "DeleteVolume", VolumeId=volume)
    address = c.call("ec2", "AllocateAddress", Domain="vpc")["AllocationId"]
    c.call("ec2", "DescribeAddresses")
    c.call("ec2", "ReleaseAddress", AllocationId=address)
    c.call("ec2", "CreateLaunchTemplate", LaunchTemplateName="template", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"})
    c.call("ec2", "DescribeLaunchTemplateVersions", LaunchTemplateName="template")
    c.call("ec2", "CreateVpcEndpoint", VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=[table])
    c.call("ec2", "DescribeVpcEndpoints")
    c.pages("ec2", "DescribeInstanceTypes", "InstanceTypes", 50, Filters=[{"Name": "instance-type", "Values": ["t3.*"]}])
    c.call("ec2", "DescribeRegions")
    c.call("ec2", "DescribeAvailabilityZones")
    c.call("ec2", "DescribeVpcs", VpcIds=[vpc])
    c.call("ec2", "DescribeSubnets", SubnetIds=[subnet, second])
    c.call("ec2", "DeleteVpc", error="DependencyViolation", VpcId=vpc)
    c.call("ec2", "TerminateInstances", InstanceIds=instances)
    c.call("ec2", "DeleteKeyPair", KeyName="key")
    return image, vpc, [subnet, second], group


def autoscaling(c, image, subnets):
    c.call("autoscaling", "CreateLaunchConfiguration", LaunchConfigurationName="lc", ImageId=image, InstanceType="t3.micro")
    c.call("autoscaling", "DescribeLaunchConfigurations")
    c.call("autoscaling", "CreateAutoScalingGroup", AutoScalingGroupName="asg", LaunchConfigurationName="lc", MinSize=0,
           MaxSize=3, DesiredCapacity=1, VPCZoneIdentifier=subnets[0], Tags=[{"Key": "k", "Value": "v", "PropagateAtLaunch": True}])
    c.call("autoscaling", "UpdateAutoScalingGroup", AutoScalingGroupName="asg", MaxSize=2)
    c.call("autoscaling", "UpdateAutoScalingGroup", error="ValidationError", AutoScalingGroupName="none", MaxSize=2)
    c.call("autoscaling", "SetDesiredCapacity", AutoScalingGroupName="asg", DesiredCapacity=2)
    c.call("autoscaling", "PutScalingPolicy", AutoScalingGroupName="asg", PolicyName="up", AdjustmentType="ChangeInCapacity",
           ScalingAdjustment=1)
    c.call("autoscaling", "DescribePolicies", AutoScalingGroupName="asg")
    c.call("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=["asg"])
    c.call("autoscaling", "DescribeAutoScalingInstances")
    c.call("autoscaling", "DescribeTags")
    c.call("autoscaling", "SuspendProcesses", AutoScalingGroupName="asg", ScalingProcesses=["Launch"])
    c.call("autoscaling", "DeleteAutoScalingGroup", AutoScalingGroupName="asg", ForceDelete=True)


def elbv2(c, vpc, subnets, group):
    arn = c.call("elbv2", "CreateLoadBalancer", Name="lb", Subnets=subnets, SecurityGroups=[group])["LoadBalancers"][0]["LoadBalancerArn"]
    c.call("elbv2", "CreateLoadBalancer", error="InvalidSubnetID.NotFound", Name="lb2", Subnets=["subnet-0"])
    c.call("elbv2", "CreateLoadBalancer", Name="nlb", Type="network", Subnets=subnets)
    c.call("elbv2", "DescribeLoadBalancers", LoadBalancerArns=[arn])
    c.call("elbv2", "DescribeLoadBalancers", error="LoadBalancerNotFound", Names=["none"])
    target = c.call("elbv2", "CreateTargetGroup", Name="tg", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
    action = [{"Type": "forward", "TargetGroupArn": target}]
    listener = c.call("elbv2", "CreateListener", LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=action)["Listeners"][0]["ListenerArn"]
    c.call("elbv2", "CreateRule", ListenerArn=listener, Priority=1, Actions=action,
           Conditions=[{"Field": "path-pattern", "Values": ["/a*"]}])
    c.call("elbv2", "DescribeRules", ListenerArn=listener)
    c.call("elbv2", "DescribeListeners", LoadBalancerArn=arn)
    c.call("elbv2", "DescribeTargetHealth", TargetGroupArn=target)
    c.call("elbv2", "ModifyLoadBalancerAttributes", LoadBalancerArn=arn, Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "61"}])
    c.call("elbv2", "DescribeLoadBalancerAttributes", LoadBalancerArn=arn)
    c.call("elbv2", "AddTags", ResourceArns=[arn], Tags=[{"Key": "a", "Value": "b"}])
    c.call("elbv2", "DescribeTags", ResourceArns=[arn])
    c.call("elbv2", "DeleteListener", ListenerArn=listener)
    c.call("elbv2", "DeleteLoadBalancer", LoadBalancerArn=arn)


def ecs(c):
    c.call("ecs", "CreateCluster", clusterName="cluster", tags=[{"key": "a", "value": "ü"}])
    c.call("ecs", "DescribeClusters", clusters=["cluster", "none"])
    c.call("ecs", "ListClusters")
    c.call("ecs", "RegisterTaskDefinition", family="task", containerDefinitions=[
        {"name": "app", "image": "app:1", "cpu": 10, "memory": 64, "essential": True, "environment": [{"name": "X", "value": "1"}]}])
    c.call("ecs", "DescribeTaskDefinition", taskDefinition="task")
    c.call("ecs", "DescribeTaskDefinition", error="ClientException", taskDefinition="none")
    c.call("ecs", "ListTaskDefinitions")
    c.call("ecs", "CreateService", cluster="cluster", serviceName="svc", taskDefinition="task", desiredCount=1)
    c.call("ecs", "UpdateService", cluster="cluster", service="svc", desiredCount=0)
    c.call("ecs", "DescribeServices", cluster="cluster", services=["svc"])
    c.call("ecs", "ListServices", cluster="cluster")
    c.call("ecs", "DescribeServices", error="ClusterNotFoundException", cluster="none", services=["svc"])
    c.call("ecs", "DeleteService", cluster="cluster", service="svc", force=True)
    c.call("ecs", "DeleteCluster", cluster="cluster")


def s3(c):
    binary = bytes(range(256)) * 40
    c.call("s3", "CreateBucket", Bucket="parity")
    c.call("s3", "HeadBucket", Bucket="parity")
    c.call("s3", "HeadBucket", error="404", Bucket="no-such-bucket")
    c.call("s3", "ListBuckets")
    c.call("s3", "GetBucketLocation", Bucket="parity")
    c.call("s3", "PutObject", Bucket="parity", Key="binary", Body=binary, Metadata={"who": "me"}, ContentType="application/x-odd")
    c.call("s3", "PutObject", Bucket="parity", Key="empty", Body=b"")
    for i, key in enumerate(["a b/ü+(x)!*'$&@=;:,?", "dots/./and/../more", "double//slash", "per%2Fcent", "~tilde"]):
        c.call("s3", "PutObject", Bucket="parity", Key=key, Body=f"odd {i}".encode())
        c.call("s3", "GetObject", Bucket="parity", Key=key)
    for checksum in ("CRC32", "SHA1", "SHA256"):
        c.call("s3", "PutObject", Bucket="parity", Key="sum/" + checksum, Body=binary, ChecksumAlgorithm=checksum)
    c.call("s3", "PutObject", Bucket="parity", Key="stream", Body=io.BytesIO(binary * 20))
    c.call("s3", "GetObject", Bucket="parity", Key="stream")
    got = c.call("s3", "GetObject", Bucket="parity", Key="binary")
    if got["Body"].read() != binary:
        c.wrong.append("s3 GetObject: another body")
    c.call("s3", "GetObject", Bucket="parity", Key="binary", Range="bytes=10-19")
    c.call("s3", "GetObject", Bucket="parity", Key="binary", Range="bytes=-5")
    c.call("s3", "GetObject", error="InvalidRange", Bucket="parity", Key="binary", Range="bytes=999999-")
    c.call("s3", "GetObject", error="NoSuchKey", Bucket="parity", Key="none")
    c.call("s3", "GetObject", error="NoSuchBucket", Bucket="no-such-bucket", Key="none")
    c.call("s3", "GetObject", error="304", Bucket="parity", Key="binary", IfNoneMatch=got["ETag"])
    c.call("s3", "GetObject", error="PreconditionFailed", Bucket="parity", Key="binary", IfMatch='"none"')
    c.call("s3", "HeadObject", Bucket="parity", Key="binary")
    c.call("s3", "HeadObject", error="404", Bucket="parity", Key="none")
    c.call("s3", "CopyObject", Bucket="parity", Key="copy", CopySource={"Bucket": "parity", "Key": "binary"})
    c.call("s3", "PutObjectTagging", Bucket="parity", Key="copy", Tagging={"TagSet": [{"Key": "a", "Value": "b + c"}]})
    c.call("s3", "GetObjectTagging", Bucket="parity", Key="copy")
    c.call("s3", "GetObjectAcl", Bucket="parity", Key="copy")
    c.call("s3", "GetObjectAttributes", Bucket="parity", Key="copy", ObjectAttributes=["ETag", "ObjectSize"])
    c.call("s3", "ListObjects", Bucket="parity")
    c.call("s3", "ListObjectsV2", Bucket="parity", Prefix="sum/", Delimiter="/")
    c.pages("s3", "ListObjectsV2", "Contents", 4, Bucket="parity")
    c.pages("s3", "ListObjects", "Contents", 5, Bucket="parity")
    c.call("s3", "ListObjectsV2", error="NoSuchBucket", Bucket="no-such-bucket")
    upload = c.call("s3", "CreateMultipartUpload", Bucket="parity", Key="parts")["UploadId"]
    part = b"0123456789abcdef" * 1024 * 320  # 5 MiB
    etags = [c.call("s3", "UploadPart", Bucket="parity", Key="parts", UploadId=upload, PartNumber=n, Body=body)["ETag"]
             for n, body in ((1, part), (2, b"the end"))]
    c.call("s3", "ListParts", Bucket="parity", Key="parts", UploadId=upload)
    c.call("s3", "ListMultipartUploads", Bucket="parity")
    c.call("s3", "AbortMultipartUpload", error="NoSuchUpload", Bucket="parity", Key="parts", UploadId="none")
    c.call("s3", "CompleteMultipartUpload", Bucket="parity", Key="parts", UploadId=upload,
           MultipartUpload={"Parts": [{"ETag": e, "PartNumber": n} for n, e in enumerate(etags, 1)]})
    c.call("s3", "GetObject", Bucket="parity", Key="parts", Range="bytes=5242870-")
    aborted = c.call("s3", "CreateMultipartUpload", Bucket="parity", Key="aborted")["UploadId"]
    c.call("s3", "AbortMultipartUpload", Bucket="parity", Key="aborted", UploadId=aborted)
    presigned(c, binary)
    c.call("s3", "DeleteObject", Bucket="parity", Key="copy")
    c.call("s3", "DeleteObjects", Bucket="parity", Delete={"Objects": [{"Key": "empty"}, {"Key": "none"}]})
    c.call("s3", "DeleteBucket", error="BucketNotEmpty", Bucket="parity")
    buckets(c)


def presigned(c, binary):
    s3_client = c.client("s3", "presigning", signature_version="s3v4")
    url = s3_client.generate_presigned_url("get_object", {"Bucket": "parity", "Key": "binary"})
    if c.get("GetObject", url) != binary:
        c.wrong.append("s3 GetObject presigned: another body")
    c.get("GetObject", url, headers={"Range": "bytes=0-3"})
    c.get("HeadObject", s3_client.generate_presigned_url("head_object", {"Bucket": "parity", "Key": "binary"}), method="HEAD")
    c.get("GetObject", s3_client.generate_presigned_url("get_object", {"Bucket": "parity", "Key": "none"}), error="NoSuchKey")
    put = s3_client.generate_presigned_url("put_object", {"Bucket": "parity", "Key": "put by URL"})
    c.get("PutObject", put, method="PUT", data=binary, headers={"Content-Type": "application/octet-stream"})
    c.call("s3", "GetObject", Bucket="parity", Key="put by URL")


def buckets(c):
    """Subresources of a bucket."""
    b = {"Bucket": "settings"}
    c.call("s3", "CreateBucket", **b)
    c.call("s3", "PutBucketVersioning", **b, VersioningConfiguration={"Status": "Enabled"})
    c.call("s3", "GetBucketVersioning", **b)
    c.call("s3", "PutBucketTagging", **b, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    c.call("s3", "GetBucketTagging", **b)
    c.call("s3", "DeleteBucketTagging", **b)
    c.call("s3", "GetBucketTagging", error="NoSuchTagSet", **b)
    c.call("s3", "PutBucketPolicy", **b, Policy=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::settings/*"}]}))
    c.call("s3", "GetBucketPolicy", **b)
    c.call("s3", "DeleteBucketPolicy", **b)
    c.call("s3", "GetBucketPolicy", error="NoSuchBucketPolicy", **b)
    c.call("s3", "GetBucketAcl", **b)
    c.call("s3", "PutBucketLifecycleConfiguration", **b, LifecycleConfiguration={"Rules": [
        {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 30}}]})
    c.call("s3", "GetBucketLifecycleConfiguration", **b)
    c.call("s3", "PutBucketCors", **b, CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]})
    c.call("s3", "GetBucketCors", **b)
    c.call("s3", "PutBucketEncryption", **b, ServerSideEncryptionConfiguration={"Rules": [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]})
    c.call("s3", "GetBucketEncryption", **b)
    c.call("s3", "PutPublicAccessBlock", **b, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    c.call("s3", "GetPublicAccessBlock", **b)
    version = c.call("s3", "PutObject", **b, Key="v", Body=b"one")["VersionId"]
    c.call("s3", "PutObject", **b, Key="v", Body=b"two")
    c.call("s3", "GetObject", **b, Key="v", VersionId=version)
    c.call("s3", "ListObjectVersions", **b)
    c.call("s3", "DeleteObject", **b, Key="v")
    c.call("s3", "DeleteObject", **b, Key="v", VersionId=version)


def iam(c):
    c.call("iam", "CreateUser", UserName="alice", Path="/people/")
    c.call("iam", "CreateUser", error="EntityAlreadyExists", UserName="alice")
    c.call("iam", "GetUser", UserName="alice")
    c.call("iam", "GetUser", error="NoSuchEntity", UserName="bob")
    c.call("iam", "ListUsers")
    key = c.call("iam", "CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"]
    c.call("iam", "ListAccessKeys", UserName="alice")
    c.call("iam", "UpdateAccessKey", UserName="alice", AccessKeyId=key, Status="Inactive")
    c.call("iam", "DeleteAccessKey", UserName="alice", AccessKeyId=key)
    c.call("iam", "CreateGroup", GroupName="admins")
    c.call("iam", "AddUserToGroup", GroupName="admins", UserName="alice")
    c.call("iam", "GetGroup", GroupName="admins")
    c.call("iam", "ListGroupsForUser", UserName="alice")
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    role = c.call("iam", "CreateRole", RoleName="worker", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    c.call("iam", "GetRole", RoleName="worker")
    c.call("iam", "PutRolePolicy", RoleName="worker", PolicyName="inline", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}))
    c.call("iam", "GetRolePolicy", RoleName="worker", PolicyName="inline")
    c.call("iam", "ListRolePolicies", RoleName="worker")
    policy = c.call("iam", "CreatePolicy", PolicyName="read", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}))["Policy"]["Arn"]
    c.call("iam", "CreatePolicy", error="MalformedPolicyDocument", PolicyName="bad", PolicyDocument="{}")
    c.call("iam", "AttachRolePolicy", RoleName="worker", PolicyArn=policy)
    c.call("iam", "ListAttachedRolePolicies", RoleName="worker")
    c.call("iam", "DetachRolePolicy", RoleName="worker", PolicyArn=policy)
    c.call("iam", "DeletePolicy", PolicyArn=policy)
    c.call("iam", "DeletePolicy", error="NoSuchEntity", PolicyArn=policy)
    c.call("iam", "CreateInstanceProfile", InstanceProfileName="profile")
    c.call("iam", "AddRoleToInstanceProfile", InstanceProfileName="profile", RoleName="worker")
    c.call("iam", "ListInstanceProfiles")
    c.call("iam", "CreateLoginProfile", UserName="alice", Password="Secret-123456!")
    c.call("iam", "CreateAccountAlias", AccountAlias="parity")
    c.call("iam", "ListAccountAliases")
    c.call("iam", "GetAccountSummary")
    c.pages("iam", "ListPolicies", "Policies", 400, Scope="AWS")
    return role


def sts(c, role):
    c.call("sts", "GetCallerIdentity")
    c.call("sts", "AssumeRole", RoleArn=role, RoleSessionName="session")
    c.call("sts", "GetSessionToken", DurationSeconds=900)
    c.call("sts", "GetFederationToken", Name="fed")
    c.call("sts", "AssumeRoleWithWebIdentity", client=c.client("sts", "unsigned", signature_version=UNSIGNED),
           RoleArn=role, RoleSessionName="web", WebIdentityToken="token-that-is-long-enough")


def messages(c):
    queue = c.call("sqs", "CreateQueue", QueueName="jobs", Attributes={"VisibilityTimeout": "5"})["QueueUrl"]
    q = {"QueueUrl": queue}
    c.call("sqs", "GetQueueUrl", QueueName="jobs")
    c.call("sqs", "GetQueueUrl", error="AWS.SimpleQueueService.NonExistentQueue", QueueName="none")
    arn = c.call("sqs", "GetQueueAttributes", **q, AttributeNames=["All"])["Attributes"]["QueueArn"]
    c.call("sqs", "SetQueueAttributes", **q, Attributes={"DelaySeconds": "0"})
    c.call("sqs", "SendMessage", **q, MessageBody="hello ü <&>", MessageAttributes={
        "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}, "n": {"DataType": "Number", "StringValue": "1"}})
    c.call("sqs", "SendMessageBatch", **q, Entries=[{"Id": "1", "MessageBody": "one"}, {"Id": "2", "MessageBody": "two"}])
    message = c.call("sqs", "ReceiveMessage", **q, MaxNumberOfMessages=1, MessageAttributeNames=["All"])["Messages"][0]
    c.call("sqs", "ChangeMessageVisibility", **q, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=1)
    c.call("sqs", "DeleteMessage", **q, ReceiptHandle=message["ReceiptHandle"])
    c.call("sqs", "TagQueue", **q, Tags={"a": "b"})
    c.call("sqs", "ListQueueTags", **q)
    c.call("sqs", "ListQueues")
    c.call("sqs", "SendMessage", error="AWS.SimpleQueueService.NonExistentQueue", QueueUrl=queue + "x", MessageBody="lost")
    topic = c.call("sns", "CreateTopic", Name="news", Tags=[{"Key": "a", "Value": "b"}])["TopicArn"]
    c.call("sns", "Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=arn)
    c.call("sns", "Publish", TopicArn=topic, Message="hello ü", Subject="s")
    c.call("sns", "Publish", error="NotFound", TopicArn=topic + "x", Message="lost")
    c.call("sns", "PublishBatch", TopicArn=topic, PublishBatchRequestEntries=[{"Id": "1", "Message": "one"}])
    c.call("sns", "GetTopicAttributes", TopicArn=topic)
    c.call("sns", "SetTopicAttributes", TopicArn=topic, AttributeName="DisplayName", AttributeValue="News")
    c.call("sns", "ListTopics")
    c.call("sns", "ListSubscriptionsByTopic", TopicArn=topic)
    c.call("sns", "ListTagsForResource", ResourceArn=topic)
    c.call("sns", "DeleteTopic", TopicArn=topic)
    c.call("sqs", "PurgeQueue", **q)
    c.call("sqs", "DeleteQueue", **q)


def dynamodb(c):
    t = {"TableName": "items"}
    c.call("dynamodb", "CreateTable", **t, BillingMode="PAY_PER_REQUEST",
           AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "n", "AttributeType": "N"}],
           KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}])
    c.call("dynamodb", "CreateTable", error="ResourceInUseException", **t, BillingMode="PAY_PER_REQUEST",
           AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    c.call("dynamodb", "DescribeTable", **t)
    c.call("dynamodb", "DescribeTable", error="ResourceNotFoundException", TableName="none")
    c.call("dynamodb", "ListTables")
    for n in range(6):
        c.call("dynamodb", "PutItem", **t, Item={"id": {"S": "ü"}, "n": {"N": str(n)}, "b": {"B": bytes(range(256))},
                                                 "l": {"L": [{"NULL": True}, {"BOOL": False}]}, "m": {"M": {"x": {"S": ""}}}})
    key = {"id": {"S": "ü"}, "n": {"N": "1"}}
    c.call("dynamodb", "GetItem", **t, Key=key)
    c.call("dynamodb", "GetItem", error="ValidationException", **t, Key={"id": {"S": "ü"}})
    c.call("dynamodb", "UpdateItem", **t, Key=key, UpdateExpression="SET v = :v", ExpressionAttributeValues={":v": {"N": "1.5"}},
           ReturnValues="ALL_NEW")
    c.call("dynamodb", "PutItem", error="ConditionalCheckFailedException", **t, Item=key, ConditionExpression="attribute_not_exists(id)")
    c.pages("dynamodb", "Query", "Items", 2, **t, KeyConditionExpression="id = :i", ExpressionAttributeValues={":i": {"S": "ü"}})
    c.call("dynamodb", "Scan", **t, Limit=2)
    c.call("dynamodb", "BatchWriteItem", RequestItems={"items": [{"PutRequest": {"Item": {"id": {"S": "b"}, "n": {"N": "1"}}}}]})
    c.call("dynamodb", "BatchGetItem", RequestItems={"items": {"Keys": [key]}})
    c.call("dynamodb", "TransactWriteItems", TransactItems=[{"Delete": {**t, "Key": {"id": {"S": "b"}, "n": {"N": "1"}}}}])
    c.call("dynamodb", "TransactGetItems", TransactItems=[{"Get": {**t, "Key": key}}])
    c.call("dynamodb", "ExecuteStatement", Statement="SELECT * FROM items WHERE id = 'ü'")
    c.call("dynamodb", "UpdateTimeToLive", **t, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
    c.call("dynamodb", "DescribeTimeToLive", **t)
    c.call("dynamodb", "DeleteItem", **t, Key=key)
    c.call("dynamodb", "DeleteTable", **t)


def kms(c):
    key = c.call("kms", "CreateKey", Description="parity")["KeyMetadata"]["KeyId"]
    c.call("kms", "DescribeKey", KeyId=key)
    c.call("kms", "DescribeKey", error="NotFoundException", KeyId="00000000-0000-0000-0000-000000000000")
    c.call("kms", "CreateAlias", AliasName="alias/parity", TargetKeyId=key)
    c.call("kms", "ListAliases")
    c.call("kms", "ListKeys")
    blob = c.call("kms", "Encrypt", KeyId=key, Plaintext=b"\x00secret\xff", EncryptionContext={"a": "b"})["CiphertextBlob"]
    c.call("kms", "Decrypt", CiphertextBlob=blob, EncryptionContext={"a": "b"})
    c.call("kms", "Decrypt", error="InvalidCiphertextException", CiphertextBlob=blob, EncryptionContext={"a": "c"})
    c.call("kms", "GenerateDataKey", KeyId="alias/parity", KeySpec="AES_256")
    c.call("kms", "GenerateRandom", NumberOfBytes=16)
    c.call("kms", "EnableKeyRotation", KeyId=key)
    c.call("kms", "GetKeyRotationStatus", KeyId=key)
    c.call("kms", "GetKeyPolicy", KeyId=key, PolicyName="default")
    c.call("kms", "TagResource", KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}])
    c.call("kms", "DisableKey", KeyId=key)
    c.call("kms", "ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=7)


def lambdas(c):
    c.call("lambda", "ListFunctions")
    c.call("lambda", "GetFunction", error="ResourceNotFoundException", FunctionName="none")
    c.call("lambda", "ListLayers")
    c.call("lambda", "ListEventSourceMappings")


def logs(c):
    g = {"logGroupName": "/parity/a"}
    c.call("logs", "CreateLogGroup", **g)
    c.call("logs", "CreateLogGroup", error="ResourceAlreadyExistsException", **g)
    c.call("logs", "DescribeLogGroups", logGroupNamePrefix="/parity")
    c.call("logs", "PutRetentionPolicy", **g, retentionInDays=7)
    c.call("logs", "CreateLogStream", **g, logStreamName="stream")
    now = int(time.time() * 1000)
    c.call("logs", "PutLogEvents", **g, logStreamName="stream",
           logEvents=[{"timestamp": now + i, "message": f"line {i} ü"} for i in range(5)])
    c.call("logs", "GetLogEvents", **g, logStreamName="stream")
    c.call("logs", "FilterLogEvents", **g, filterPattern="line")
    c.call("logs", "DescribeLogStreams", **g)
    c.call("logs", "PutMetricFilter", **g, filterName="f", filterPattern="ERROR", metricTransformations=[
        {"metricName": "errors", "metricNamespace": "parity", "metricValue": "1"}])
    c.call("logs", "DescribeMetricFilters", **g)
    c.call("logs", "GetLogEvents", error="ResourceNotFoundException", **g, logStreamName="none")
    c.call("logs", "DeleteLogGroup", **g)


def cloudwatch(c):
    c.call("cloudwatch", "PutMetricData", Namespace="parity", MetricData=[
        {"MetricName": "m", "Value": 1.5, "Unit": "Count", "Dimensions": [{"Name": "d", "Value": "ü"}]}])
    c.call("cloudwatch", "ListMetrics", Namespace="parity")
    c.call("cloudwatch", "PutMetricAlarm", AlarmName="alarm", Namespace="parity", MetricName="m", Period=60, EvaluationPeriods=1,
           Statistic="Sum", Threshold=1.0, ComparisonOperator="GreaterThanThreshold")
    c.call("cloudwatch", "DescribeAlarms", AlarmNames=["alarm"])
    c.call("cloudwatch", "SetAlarmState", AlarmName="alarm", StateValue="ALARM", StateReason="test")
    c.call("cloudwatch", "GetMetricStatistics", Namespace="parity", MetricName="m", StartTime=time.time() - 600, EndTime=time.time(),
           Period=60, Statistics=["Sum"])
    c.call("cloudwatch", "PutDashboard", DashboardName="board", DashboardBody=json.dumps({"widgets": []}))
    c.call("cloudwatch", "GetDashboard", DashboardName="board")
    c.call("cloudwatch", "ListDashboards")
    c.call("cloudwatch", "DeleteAlarms", AlarmNames=["alarm"])


def cloudformation(c):
    template = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "made-by-stack"}}},
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}}}})
    c.call("cloudformation", "ValidateTemplate", TemplateBody=template)
    c.call("cloudformation", "CreateStack", StackName="stack", TemplateBody=template, Tags=[{"Key": "a", "Value": "b"}])
    c.call("cloudformation", "CreateStack", error="AlreadyExistsException", StackName="stack", TemplateBody=template)
    c.call("cloudformation", "DescribeStacks", StackName="stack")
    c.call("cloudformation", "DescribeStacks", error="ValidationError", StackName="none")
    c.call("cloudformation", "DescribeStackResources", StackName="stack")
    c.call("cloudformation", "ListStackResources", StackName="stack")
    c.call("cloudformation", "DescribeStackEvents", StackName="stack")
    c.call("cloudformation", "GetTemplate", StackName="stack")
    c.call("cloudformation", "ListStacks")
    c.call("cloudformation", "DeleteStack", StackName="stack")


def route53(c):
    zone = c.call("route53", "CreateHostedZone", Name="parity.example.", CallerReference="1")["HostedZone"]["Id"]
    c.call("route53", "GetHostedZone", Id=zone)
    c.call("route53", "GetHostedZone", error="NoSuchHostedZone", Id="Z00000000")
    record = {"Name": "www.parity.example.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    c.call("route53", "ChangeResourceRecordSets", HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]})
    c.call("route53", "ChangeResourceRecordSets", error="InvalidChangeBatch", HostedZoneId=zone,
           ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]})
    c.call("route53", "ListResourceRecordSets", HostedZoneId=zone)
    c.call("route53", "ListHostedZones")
    c.call("route53", "ListHostedZonesByName", DNSName="parity.example.")
    c.call("route53", "ChangeTagsForResource", ResourceType="hostedzone", ResourceId=zone.split("/")[-1], AddTags=[{"Key": "a", "Value": "b"}])
    c.call("route53", "ListTagsForResource", ResourceType="hostedzone", ResourceId=zone.split("/")[-1])
    c.call("route53", "CreateHealthCheck", CallerReference="1", HealthCheckConfig={"Type": "TCP", "IPAddress": "192.0.2.1", "Port": 80})
    c.call("route53", "ListHealthChecks")


def secretsmanager(c):
    s = {"SecretId": "parity/secret"}
    c.call("secretsmanager", "CreateSecret", Name="parity/secret", SecretString='{"password":"p"}')
    c.call("secretsmanager", "CreateSecret", error="ResourceExistsException", Name="parity/secret", SecretString="x")
    c.call("secretsmanager", "GetSecretValue", **s)
    c.call("secretsmanager", "GetSecretValue", error="ResourceNotFoundException", SecretId="none")
    c.call("secretsmanager", "PutSecretValue", **s, SecretBinary=b"\x00\x01\xfe")
    c.call("secretsmanager", "GetSecretValue", **s, VersionStage="AWSPREVIOUS")
    c.call("secretsmanager", "DescribeSecret", **s)
    c.call("secretsmanager", "ListSecrets")
    c.call("secretsmanager", "ListSecretVersionIds", **s)
    c.call("secretsmanager", "TagResource", **s, Tags=[{"Key": "a", "Value": "b"}])
    c.call("secretsmanager", "GetRandomPassword", PasswordLength=20)
    c.call("secretsmanager", "DeleteSecret", **s, ForceDeleteWithoutRecovery=True)


def ssm(c):
    for i in range(4):
        c.call("ssm", "PutParameter", Name=f"/parity/p{i}", Value=f"value {i} ü", Type="SecureString" if i == 3 else "String")
    c.call("ssm", "PutParameter", error="ParameterAlreadyExists", Name="/parity/p0", Value="x", Type="String")
    c.call("ssm", "GetParameter", Name="/parity/p3", WithDecryption=True)
    c.call("ssm", "GetParameter", error="ParameterNotFound", Name="/none")
    c.call("ssm", "GetParameters", Names=["/parity/p0", "/none"])
    c.pages("ssm", "GetParametersByPath", "Parameters", 2, Path="/parity", Recursive=True)
    c.call("ssm", "DescribeParameters")
    c.call("ssm", "GetParameterHistory", Name="/parity/p0")
    c.call("ssm", "AddTagsToResource", ResourceType="Parameter", ResourceId="/parity/p0", Tags=[{"Key": "a", "Value": "b"}])
    c.call("ssm", "ListTagsForResource", ResourceType="Parameter", ResourceId="/parity/p0")
    c.call("ssm", "DeleteParameters", Names=["/parity/p0", "/none"])


def events(c):
    c.call("events", "PutRule", Name="rule", ScheduleExpression="rate(5 minutes)")
    c.call("events", "DescribeRule", Name="rule")
    c.call("events", "DescribeRule", error="ResourceNotFoundException", Name="none")
    c.call("events", "PutTargets", Rule="rule", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"}])
    c.call("events", "ListTargetsByRule", Rule="rule")
    c.call("events", "ListRules")
    c.call("events", "CreateEventBus", Name="bus")
    c.call("events", "PutEvents", Entries=[{"Source": "parity", "DetailType": "t", "Detail": '{"x":1}', "EventBusName": "bus"}])
    c.call("events", "ListEventBuses")
    c.call("events", "DisableRule", Name="rule")
    c.call("events", "RemoveTargets", Rule="rule", Ids=["1"])
    c.call("events", "DeleteRule", Name="rule")


def kinesis(c):
    s = {"StreamName": "stream"}
    c.call("kinesis", "CreateStream", **s, ShardCount=1)
    c.call("kinesis", "CreateStream", error="ResourceInUseException", **s, ShardCount=1)
    c.call("kinesis", "DescribeStream", **s)
    c.call("kinesis", "DescribeStreamSummary", **s)
    c.call("kinesis", "ListStreams")
    c.call("kinesis", "PutRecord", **s, Data=b"\x00\xff data", PartitionKey="a")
    c.call("kinesis", "PutRecords", **s, Records=[{"Data": b"one", "PartitionKey": "a"}, {"Data": b"two", "PartitionKey": "b"}])
    shard = c.call("kinesis", "ListShards", **s)["Shards"][0]["ShardId"]
    iterator = c.call("kinesis", "GetShardIterator", **s, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    c.call("kinesis", "GetRecords", ShardIterator=iterator)
    c.call("kinesis", "DescribeStream", error="ResourceNotFoundException", StreamName="none")
    c.call("kinesis", "DeleteStream", **s)


def stepfunctions(c, role):
    definition = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
    arn = c.call("stepfunctions", "CreateStateMachine", name="machine", definition=definition, roleArn=role)["stateMachineArn"]
    c.call("stepfunctions", "DescribeStateMachine", stateMachineArn=arn)
    c.call("stepfunctions", "DescribeStateMachine", error="StateMachineDoesNotExist", stateMachineArn=arn + "x")
    c.call("stepfunctions", "ListStateMachines")
    execution = c.call("stepfunctions", "StartExecution", stateMachineArn=arn, name="run", input='{"ü":1}')["executionArn"]
    c.call("stepfunctions", "DescribeExecution", executionArn=execution)
    c.call("stepfunctions", "ListExecutions", stateMachineArn=arn)
    c.call("stepfunctions", "DeleteStateMachine", stateMachineArn=arn)


def apigateway(c):
    api = c.call("apigateway", "CreateRestApi", name="api", description="über")["id"]
    c.call("apigateway", "GetRestApi", restApiId=api)
    c.call("apigateway", "GetRestApi", error="NotFoundException", restApiId="none")
    root = c.call("apigateway", "GetResources", restApiId=api)["items"][0]["id"]
    resource = c.call("apigateway", "CreateResource", restApiId=api, parentId=root, pathPart="{proxy+}")["id"]
    r = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    c.call("apigateway", "PutMethod", **r, authorizationType="NONE")
    c.call("apigateway", "GetMethod", **r)
    c.call("apigateway", "PutIntegration", **r, type="MOCK")
    c.call("apigateway", "UpdateRestApi", restApiId=api, patchOperations=[{"op": "replace", "path": "/name", "value": "renamed"}])
    c.call("apigateway", "GetRestApis")
    c.call("apigateway", "CreateApiKey", name="key", enabled=True)
    c.call("apigateway", "GetApiKeys")
    c.call("apigateway", "DeleteRestApi", restApiId=api)


def rds(c):
    c.call("rds", "CreateDBInstance", DBInstanceIdentifier="db", Engine="postgres", DBInstanceClass="db.t3.micro",
           AllocatedStorage=20, MasterUsername="root", MasterUserPassword="Secret-123")
    c.call("rds", "CreateDBInstance", error="DBInstanceAlreadyExists", DBInstanceIdentifier="db", Engine="postgres",
           DBInstanceClass="db.t3.micro", AllocatedStorage=20, MasterUsername="root", MasterUserPassword="Secret-123")
    c.call("rds", "DescribeDBInstances", DBInstanceIdentifier="db")
    c.call("rds", "DescribeDBInstances", error="DBInstanceNotFound", DBInstanceIdentifier="none")
    c.call("rds", "ModifyDBInstance", DBInstanceIdentifier="db", AllocatedStorage=30, ApplyImmediately=True)
    c.call("rds", "CreateDBSnapshot", DBInstanceIdentifier="db", DBSnapshotIdentifier="snap")
    c.call("rds", "DescribeDBSnapshots", DBInstanceIdentifier="db")
    c.call("rds", "DeleteDBInstance", DBInstanceIdentifier="db", SkipFinalSnapshot=True)


def ecr(c):
    c.call("ecr", "CreateRepository", repositoryName="app")
    c.call("ecr", "CreateRepository", error="RepositoryAlreadyExistsException", repositoryName="app")
    c.call("ecr", "DescribeRepositories")
    c.call("ecr", "ListImages", repositoryName="app")
    c.call("ecr", "GetAuthorizationToken")
    c.call("ecr", "DeleteRepository", repositoryName="app", force=True)


def main():
    endpoint, path = sys.argv[1:]
    started = time.monotonic()
    with open(path, "w", encoding="utf-8") as out:
        c = Caller(endpoint, out)
        image, vpc, subnets, group = ec2(c)
        autoscaling(c, image, subnets)
        elbv2(c, vpc, subnets, group)
        ecs(c)
        s3(c)
        role = iam(c)
        sts(c, role)
        messages(c)
        for part in (dynamodb, kms, lambdas, logs, cloudwatch, cloudformation, route53, secretsmanager, ssm, events, kinesis,
                     apigateway, rds, ecr):
            part(c)
        stepfunctions(c, role)
    for line in c.wrong:
        print(line, file=sys.stderr)
    print(f"{c.sent} calls in {time.monotonic() - started:.1f} s", file=sys.stderr)
    return 1 if c.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
