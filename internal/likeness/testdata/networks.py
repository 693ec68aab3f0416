"""Flows over EC2's networks, and load balancers in them."""


def regions(c):
    c.call("ec2", "DescribeRegions")
    c.call("ec2", "DescribeRegions", RegionNames=["us-east-1"])
    c.call("ec2", "DescribeAvailabilityZones")
    c.call("ec2", "DescribeInstanceTypes", InstanceTypes=["t3.micro"])
    c.call("ec2", "DescribeInstanceTypeOfferings", Filters=[{"Name": "instance-type", "Values": ["t3.micro"]}])


def default_vpc(c):
    c.call("ec2", "DescribeVpcs", Filters=[{"Name": "is-default", "Values": ["true"]}])
    c.call("ec2", "DescribeSubnets")
    c.call("ec2", "DescribeSecurityGroups", GroupNames=["default"])
    c.call("ec2", "DescribeRouteTables")
    c.call("ec2", "DescribeNetworkAcls")
    c.call("ec2", "DescribeInternetGateways")


def network(c):
    vpc = c.call("ec2", "CreateVpc", CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    c.call("ec2", "CreateTags", Resources=[vpc], Tags=[{"Key": "Name", "Value": "likeness"}])
    c.call("ec2", "DescribeTags", Filters=[{"Name": "resource-id", "Values": [vpc]}])
    c.call("ec2", "DescribeVpcs", VpcIds=[vpc])
    c.call("ec2", "ModifyVpcAttribute", VpcId=vpc, EnableDnsHostnames={"Value": True})
    c.call("ec2", "DescribeVpcAttribute", VpcId=vpc, Attribute="enableDnsHostnames")
    subnet = c.call("ec2", "CreateSubnet", VpcId=vpc, CidrBlock="10.7.1.0/24", AvailabilityZone="us-east-1a")
    subnet = subnet["Subnet"]["SubnetId"]
    c.call("ec2", "ModifySubnetAttribute", SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    c.call("ec2", "DescribeSubnets", SubnetIds=[subnet])

    gateway = c.call("ec2", "CreateInternetGateway")["InternetGateway"]["InternetGatewayId"]
    c.call("ec2", "AttachInternetGateway", InternetGatewayId=gateway, VpcId=vpc)
    c.call("ec2", "DescribeInternetGateways", InternetGatewayIds=[gateway])
    table = c.call("ec2", "CreateRouteTable", VpcId=vpc)["RouteTable"]["RouteTableId"]
    c.call("ec2", "CreateRoute", RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    association = c.call("ec2", "AssociateRouteTable", RouteTableId=table, SubnetId=subnet)["AssociationId"]
    c.call("ec2", "DescribeRouteTables", RouteTableIds=[table])
    c.refused("ec2", "DeleteRouteTable", RouteTableId=table)
    c.call("ec2", "DisassociateRouteTable", AssociationId=association)
    c.call("ec2", "DeleteRoute", RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    c.call("ec2", "DeleteRouteTable", RouteTableId=table)
    acl = c.call("ec2", "CreateNetworkAcl", VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    c.call("ec2", "DescribeNetworkAcls", NetworkAclIds=[acl])
    c.call("ec2", "DeleteNetworkAcl", NetworkAclId=acl)

    interface = c.call("ec2", "CreateNetworkInterface", SubnetId=subnet, Description="likeness")
    interface = interface["NetworkInterface"]["NetworkInterfaceId"]
    c.call("ec2", "DescribeNetworkInterfaces", NetworkInterfaceIds=[interface])
    c.call("ec2", "DeleteNetworkInterface", NetworkInterfaceId=interface)
    c.call("ec2", "DetachInternetGateway", InternetGatewayId=gateway, VpcId=vpc)
    c.call("ec2", "DeleteInternetGateway", InternetGatewayId=gateway)
    c.call("ec2", "DeleteSubnet", SubnetId=subnet)
    c.call("ec2", "DeleteVpc", VpcId=vpc)
    c.refused("ec2", "DescribeVpcs", VpcIds=[vpc])
    c.refused("ec2", "DescribeSubnets", SubnetIds=[subnet])


def security_groups(c):
    vpc = c.call("ec2", "DescribeVpcs")["Vpcs"][0]["VpcId"]
    group = c.call("ec2", "CreateSecurityGroup", GroupName="likeness", Description="likeness", VpcId=vpc)["GroupId"]
    rule = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "IpRanges": [{"CidrIp": "192.0.2.0/24", "Description": "example"}],
    }
    c.call("ec2", "AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[rule])
    c.refused("ec2", "AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[rule])
    c.call("ec2", "AuthorizeSecurityGroupEgress", GroupId=group, IpPermissions=[{**rule, "FromPort": 22, "ToPort": 22}])
    c.call("ec2", "DescribeSecurityGroups", GroupIds=[group])
    c.call("ec2", "DescribeSecurityGroupRules", Filters=[{"Name": "group-id", "Values": [group]}])
    c.call("ec2", "RevokeSecurityGroupIngress", GroupId=group, IpPermissions=[rule])
    c.call("ec2", "RevokeSecurityGroupEgress", GroupId=group, IpPermissions=[{**rule, "FromPort": 22, "ToPort": 22}])
    c.refused("ec2", "CreateSecurityGroup", GroupName="likeness", Description="again", VpcId=vpc)
    c.call("ec2", "DeleteSecurityGroup", GroupId=group)
    c.refused("ec2", "DescribeSecurityGroups", GroupIds=[group])


def addresses(c):
    address = c.call("ec2", "AllocateAddress", Domain="vpc")["AllocationId"]
    c.call("ec2", "DescribeAddresses", AllocationIds=[address])
    c.call("ec2", "ReleaseAddress", AllocationId=address)
    c.refused("ec2", "ReleaseAddress", AllocationId=address)


def network_load_balancer(c):
    subnets = c.call("ec2", "DescribeSubnets")["Subnets"]
    vpc = subnets[0]["VpcId"]
    balancer = c.call(
        "elbv2", "CreateLoadBalancer", Name="likeness", Type="network", Subnets=[s["SubnetId"] for s in subnets[:2]]
    )["LoadBalancers"][0]["LoadBalancerArn"]
    c.call("elbv2", "DescribeLoadBalancers", LoadBalancerArns=[balancer])
    c.call("elbv2", "DescribeLoadBalancerAttributes", LoadBalancerArn=balancer)
    c.call(
        "elbv2",
        "ModifyLoadBalancerAttributes",
        LoadBalancerArn=balancer,
        Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}],
    )
    targets = c.call("elbv2", "CreateTargetGroup", Name="likeness", Protocol="TCP", Port=80, VpcId=vpc)
    targets = targets["TargetGroups"][0]["TargetGroupArn"]
    c.call("elbv2", "DescribeTargetGroups", TargetGroupArns=[targets])
    c.call("elbv2", "ModifyTargetGroup", TargetGroupArn=targets, HealthCheckIntervalSeconds=30)
    c.call("elbv2", "DescribeTargetGroupAttributes", TargetGroupArn=targets)
    c.call(
        "elbv2",
        "ModifyTargetGroupAttributes",
        TargetGroupArn=targets,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "10"}],
    )
    listener = c.call(
        "elbv2",
        "CreateListener",
        LoadBalancerArn=balancer,
        Protocol="TCP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": targets}],
    )["Listeners"][0]["ListenerArn"]
    c.call("elbv2", "DescribeListeners", LoadBalancerArn=balancer)
    c.call("elbv2", "ModifyListener", ListenerArn=listener, Port=81)
    instance = c.call("ec2", "RunInstances", ImageId=image(c), InstanceType="t3.micro", MinCount=1, MaxCount=1)
    instance = instance["Instances"][0]["InstanceId"]
    c.until(
        lambda a: a["Reservations"][0]["Instances"][0]["State"]["Name"] == "running",
        "ec2",
        "DescribeInstances",
        InstanceIds=[instance],
    )
    c.call("elbv2", "RegisterTargets", TargetGroupArn=targets, Targets=[{"Id": instance, "Port": 80}])
    c.until(
        lambda a: a["TargetHealthDescriptions"][0]["TargetHealth"]["State"] == "healthy",
        "elbv2",
        "DescribeTargetHealth",
        TargetGroupArn=targets,
    )
    c.call("elbv2", "DeregisterTargets", TargetGroupArn=targets, Targets=[{"Id": instance, "Port": 80}])
    c.call("elbv2", "AddTags", ResourceArns=[balancer], Tags=[{"Key": "k", "Value": "v"}])
    c.call("elbv2", "DescribeTags", ResourceArns=[balancer])
    c.call("elbv2", "RemoveTags", ResourceArns=[balancer], TagKeys=["k"])
    c.refused("elbv2", "DeleteTargetGroup", TargetGroupArn=targets)
    c.call("elbv2", "DeleteListener", ListenerArn=listener)
    c.call("elbv2", "DeleteTargetGroup", TargetGroupArn=targets)
    c.call("elbv2", "DeleteLoadBalancer", LoadBalancerArn=balancer)
    c.refused("elbv2", "DescribeLoadBalancers", Names=["likeness"])
    c.refused("elbv2", "DescribeTargetGroups", Names=["likeness"])
    c.call("ec2", "TerminateInstances", InstanceIds=[instance])


def application_load_balancer(c):
    subnets = c.call("ec2", "DescribeSubnets")["Subnets"]
    balancer = c.call(
        "elbv2", "CreateLoadBalancer", Name="likeness-web", Subnets=[s["SubnetId"] for s in subnets[:2]], Scheme="internal"
    )["LoadBalancers"][0]["LoadBalancerArn"]
    targets = c.call(
        "elbv2", "CreateTargetGroup", Name="likeness-web", Protocol="HTTP", Port=80, VpcId=subnets[0]["VpcId"]
    )["TargetGroups"][0]["TargetGroupArn"]
    listener = c.call(
        "elbv2",
        "CreateListener",
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": targets}],
    )["Listeners"][0]["ListenerArn"]
    rule = c.call(
        "elbv2",
        "CreateRule",
        ListenerArn=listener,
        Priority=10,
        Conditions=[{"Field": "path-pattern", "Values": ["/api/*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": targets}],
    )["Rules"][0]["RuleArn"]
    c.call("elbv2", "DescribeRules", ListenerArn=listener)
    c.call("elbv2", "ModifyRule", RuleArn=rule, Conditions=[{"Field": "path-pattern", "Values": ["/v2/*"]}])
    c.call("elbv2", "DescribeLoadBalancerAttributes", LoadBalancerArn=balancer)
    c.call("elbv2", "SetIpAddressType", LoadBalancerArn=balancer, IpAddressType="ipv4")
    c.call("elbv2", "SetSubnets", LoadBalancerArn=balancer, Subnets=[s["SubnetId"] for s in subnets[:3]])
    c.call("elbv2", "DeleteRule", RuleArn=rule)
    c.call("elbv2", "DeleteListener", ListenerArn=listener)
    c.call("elbv2", "DeleteTargetGroup", TargetGroupArn=targets)
    c.call("elbv2", "DeleteLoadBalancer", LoadBalancerArn=balancer)
    c.call("elbv2", "DescribeAccountLimits")


def image(c):
    return c.ask("ec2", "DescribeImages", {"Owners": ["amazon"]})[1]["Images"][0]["ImageId"]


FLOWS = [regions, default_vpc, network, security_groups, addresses, network_load_balancer, application_load_balancer]
