package demo

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2instanceconnect"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

type scene struct {
	title string
	calls []call
}

// publicKey is an ed25519 key whose private half nobody kept.
const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl demo"

// elsewhere is a Region that is not the demo's own.
const elsewhere = "eu-west-1"

// scenes are those of the five documents, and an object in S3.
var scenes = []scene{
	{"EC2: an instance, an image of it, its end", []call{
		{line: "ec2 describe-images --owners amazon", event: "DescribeImages", do: func(ctx context.Context, s *stage) (string, error) {
			out, err := ec2.NewFromConfig(s.aws).DescribeImages(ctx, &ec2.DescribeImagesInput{Owners: []string{"amazon"}})
			if err != nil {
				return "", err
			}
			if len(out.Images) == 0 {
				return "", fmt.Errorf("there are no images")
			}
			s.notes["image"] = aws.ToString(out.Images[0].ImageId)
			return s.notes["image"], nil
		}},
		{line: "ec2 run-instances --image-id … --instance-type t3.micro", event: "RunInstances", do: func(ctx context.Context, s *stage) (string, error) {
			out, err := ec2.NewFromConfig(s.aws).RunInstances(ctx, &ec2.RunInstancesInput{
				ImageId: aws.String(s.notes["image"]), InstanceType: ec2types.InstanceTypeT3Micro,
				MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
			})
			if err != nil {
				return "", err
			}
			s.notes["instance"] = aws.ToString(out.Instances[0].InstanceId)
			return s.notes["instance"], nil
		}},
		{line: "ec2 create-image --instance-id … --name golden", event: "CreateImage", do: func(ctx context.Context, s *stage) (string, error) {
			out, err := ec2.NewFromConfig(s.aws).CreateImage(ctx, &ec2.CreateImageInput{
				InstanceId: aws.String(s.notes["instance"]), Name: aws.String("golden"),
			})
			if err != nil {
				return "", err
			}
			return aws.ToString(out.ImageId), nil
		}},
	}},
	{"EC2 Instance Connect: a key for a login", []call{
		{line: "ec2-instance-connect send-ssh-public-key --instance-os-user ec2-user …", event: "SendSSHPublicKey", do: func(ctx context.Context, s *stage) (string, error) {
			out, err := ec2instanceconnect.NewFromConfig(s.aws).SendSSHPublicKey(ctx, &ec2instanceconnect.SendSSHPublicKeyInput{
				InstanceId: aws.String(s.notes["instance"]), InstanceOSUser: aws.String("ec2-user"), SSHPublicKey: aws.String(publicKey),
			})
			if err != nil {
				return "", err
			}
			return fmt.Sprintf("success %v", out.Success), nil
		}},
		{line: "ec2 terminate-instances --instance-ids …", event: "TerminateInstances", do: func(ctx context.Context, s *stage) (string, error) {
			out, err := ec2.NewFromConfig(s.aws).TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{s.notes["instance"]}})
			if err != nil {
				return "", err
			}
			return string(out.TerminatingInstances[0].CurrentState.Name), nil
		}},
	}},
	{"Auto Scaling: a launch configuration, a group", []call{
		{line: "autoscaling create-launch-configuration --launch-configuration-name web …", event: "CreateLaunchConfiguration", do: func(ctx context.Context, s *stage) (string, error) {
			_, err := autoscaling.NewFromConfig(s.aws).CreateLaunchConfiguration(ctx, &autoscaling.CreateLaunchConfigurationInput{
				LaunchConfigurationName: aws.String("web"), ImageId: aws.String(s.notes["image"]), InstanceType: aws.String("t3.micro"),
			})
			return "web", err
		}},
		{line: "autoscaling create-auto-scaling-group --auto-scaling-group-name web --min-size 0 …", event: "CreateAutoScalingGroup", do: func(ctx context.Context, s *stage) (string, error) {
			_, err := autoscaling.NewFromConfig(s.aws).CreateAutoScalingGroup(ctx, &autoscaling.CreateAutoScalingGroupInput{
				AutoScalingGroupName: aws.String("web"), LaunchConfigurationName: aws.String("web"),
				MinSize: aws.Int32(0), MaxSize: aws.Int32(3), AvailabilityZones: []string{s.target.Region + "a"},
			})
			return "web", err
		}},
		{line: "autoscaling update-auto-scaling-group --auto-scaling-group-name web --max-size 5", event: "UpdateAutoScalingGroup", do: func(ctx context.Context, s *stage) (string, error) {
			_, err := autoscaling.NewFromConfig(s.aws).UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{
				AutoScalingGroupName: aws.String("web"), MaxSize: aws.Int32(5),
			})
			return "at most 5", err
		}},
	}},
	{"Elastic Load Balancing: a network load balancer", []call{
		{line: "ec2 describe-subnets", event: "DescribeSubnets", do: func(ctx context.Context, s *stage) (string, error) {
			out, err := ec2.NewFromConfig(s.aws).DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{})
			if err != nil {
				return "", err
			}
			if len(out.Subnets) < 2 {
				return "", fmt.Errorf("%d subnets", len(out.Subnets))
			}
			s.notes["subnet"], s.notes["subnet2"] = aws.ToString(out.Subnets[0].SubnetId), aws.ToString(out.Subnets[1].SubnetId)
			return fmt.Sprintf("%d subnets", len(out.Subnets)), nil
		}},
		{line: "elbv2 create-load-balancer --type network --name edge …", event: "CreateLoadBalancer", do: func(ctx context.Context, s *stage) (string, error) {
			out, err := elb.NewFromConfig(s.aws).CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{
				Name: aws.String("edge"), Type: elbtypes.LoadBalancerTypeEnumNetwork,
				Subnets: []string{s.notes["subnet"], s.notes["subnet2"]},
			})
			if err != nil {
				return "", err
			}
			s.notes["balancer"] = aws.ToString(out.LoadBalancers[0].LoadBalancerArn)
			return aws.ToString(out.LoadBalancers[0].LoadBalancerName), nil
		}},
		{line: "elbv2 delete-load-balancer --load-balancer-arn …", event: "DeleteLoadBalancer", do: func(ctx context.Context, s *stage) (string, error) {
			_, err := elb.NewFromConfig(s.aws).DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: aws.String(s.notes["balancer"])})
			return "deleted", err
		}},
	}},
	{"ECS: a cluster, a service, a task", []call{
		{line: "ecs create-cluster --cluster-name default", event: "CreateCluster", do: func(ctx context.Context, s *stage) (string, error) {
			out, err := ecs.NewFromConfig(s.aws).CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String("default")})
			if err != nil {
				return "", err
			}
			return aws.ToString(out.Cluster.Status), nil
		}},
		{line: "ecs register-task-definition --family web …", event: "RegisterTaskDefinition", do: func(ctx context.Context, s *stage) (string, error) {
			out, err := ecs.NewFromConfig(s.aws).RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
				Family: aws.String("web"),
				ContainerDefinitions: []ecstypes.ContainerDefinition{
					{Name: aws.String("web"), Image: aws.String("nginx"), Memory: aws.Int32(128)},
				},
			})
			if err != nil {
				return "", err
			}
			return fmt.Sprintf("web:%d", out.TaskDefinition.Revision), nil
		}},
		{line: "ecs run-task --task-definition web", event: "RunTask", do: func(ctx context.Context, s *stage) (string, error) {
			out, err := ecs.NewFromConfig(s.aws).RunTask(ctx, &ecs.RunTaskInput{TaskDefinition: aws.String("web")})
			if err != nil {
				return "", err
			}
			return fmt.Sprintf("%d task", len(out.Tasks)), nil
		}},
		{line: "ecs create-service --service-name web --task-definition web --desired-count 0", event: "CreateService", do: func(ctx context.Context, s *stage) (string, error) {
			out, err := ecs.NewFromConfig(s.aws).CreateService(ctx, &ecs.CreateServiceInput{
				ServiceName: aws.String("web"), TaskDefinition: aws.String("web"), DesiredCount: aws.Int32(0),
			})
			if err != nil {
				return "", err
			}
			return aws.ToString(out.Service.Status), nil
		}},
	}},
	{"EC2: a network in another Region", []call{
		{line: "ec2 create-vpc --cidr-block 10.1.0.0/16 --region " + elsewhere, event: "CreateVpc", region: elsewhere, do: func(ctx context.Context, s *stage) (string, error) {
			out, err := ec2.NewFromConfig(s.aws).CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.1.0.0/16")}, func(o *ec2.Options) { o.Region = elsewhere })
			if err != nil {
				return "", err
			}
			return aws.ToString(out.Vpc.VpcId), nil
		}},
	}},
	{"S3: an object", []call{
		{line: "s3 mb s3://letters", event: "CreateBucket", do: func(ctx context.Context, s *stage) (string, error) {
			_, err := s.objects().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("letters")})
			return "letters", err
		}},
		{line: "s3 cp - s3://letters/hello.txt", event: "PutObject", do: func(ctx context.Context, s *stage) (string, error) {
			_, err := s.objects().PutObject(ctx, &s3.PutObjectInput{
				Bucket: aws.String("letters"), Key: aws.String("hello.txt"), Body: strings.NewReader("hello"),
			})
			return "5 bytes", err
		}},
	}},
}

func (s *stage) objects() *s3.Client {
	return s3.NewFromConfig(s.aws, func(o *s3.Options) { o.UsePathStyle = true })
}
