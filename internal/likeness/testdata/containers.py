"""Flows over ECS."""

CLUSTER = "likeness"


def cluster(c):
    made = c.call("ecs", "CreateCluster", clusterName=CLUSTER)["cluster"]["clusterArn"]
    c.call("ecs", "DescribeClusters", clusters=[CLUSTER])
    c.call("ecs", "ListClusters")
    c.call("ecs", "TagResource", resourceArn=made, tags=[{"key": "k", "value": "v"}])
    c.call("ecs", "ListTagsForResource", resourceArn=made)
    c.call("ecs", "DescribeClusters", clusters=[CLUSTER], include=["TAGS", "SETTINGS"])
    c.call("ecs", "UntagResource", resourceArn=made, tagKeys=["k"])
    c.call("ecs", "DescribeClusters", clusters=["nowhere"])
    c.call("ecs", "ListContainerInstances", cluster=CLUSTER)
    c.call("ecs", "DeleteCluster", cluster=CLUSTER)


def service(c):
    c.call("ecs", "CreateCluster", clusterName=CLUSTER)
    defined = c.call(
        "ecs",
        "RegisterTaskDefinition",
        family=CLUSTER,
        containerDefinitions=[
            {"name": "web", "image": "nginx", "memory": 128, "essential": True, "portMappings": [{"containerPort": 80}]}
        ],
    )["taskDefinition"]["taskDefinitionArn"]
    c.call("ecs", "DescribeTaskDefinition", taskDefinition=defined)
    c.call("ecs", "ListTaskDefinitions", familyPrefix=CLUSTER)
    c.call("ecs", "ListTaskDefinitionFamilies")
    c.call(
        "ecs", "CreateService", cluster=CLUSTER, serviceName="web", taskDefinition=defined, desiredCount=0
    )
    c.call("ecs", "DescribeServices", cluster=CLUSTER, services=["web"])
    c.call("ecs", "ListServices", cluster=CLUSTER)
    c.call("ecs", "DescribeServices", cluster=CLUSTER, services=["nothing"])
    c.call("ecs", "UpdateService", cluster=CLUSTER, service="web", desiredCount=0)
    c.call("ecs", "DeleteService", cluster=CLUSTER, service="web", force=True)
    c.call("ecs", "ListTasks", cluster=CLUSTER)
    c.refused("ecs", "DescribeServices", cluster="nowhere", services=["web"])
    c.refused("ecs", "DescribeTaskDefinition", taskDefinition="nothing")
    c.call("ecs", "DeregisterTaskDefinition", taskDefinition=defined)
    c.call("ecs", "DeleteCluster", cluster=CLUSTER)


FLOWS = [cluster, service]
