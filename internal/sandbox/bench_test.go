package sandbox

import (
	"testing"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func BenchmarkRunAndDescribeThousandInstances(b *testing.B) {
	for b.Loop() {
		c := newClient(b, new(engine.Memory))
		c.call("ec2", "RunInstances", params{"ImageId": "ami-12345678", "MinCount": int64(1000), "MaxCount": int64(1000)})
		c.call("ec2", "DescribeInstances", nil)
	}
}

func BenchmarkDescribeThousandInstances(b *testing.B) {
	c := newClient(b, new(engine.Memory))
	c.call("ec2", "RunInstances", params{"ImageId": "ami-12345678", "MinCount": int64(1000), "MaxCount": int64(1000)})
	for b.Loop() {
		c.call("ec2", "DescribeInstances", nil)
	}
}

func BenchmarkRunInstance(b *testing.B) {
	c := newClient(b, new(engine.Memory))
	for b.Loop() {
		out := c.call("ec2", "RunInstances", params{"ImageId": "ami-12345678", "MinCount": int64(1), "MaxCount": int64(1)})
		c.call("ec2", "TerminateInstances", params{"InstanceIds": []any{out.Str("Instances.InstanceId")}})
	}
}
