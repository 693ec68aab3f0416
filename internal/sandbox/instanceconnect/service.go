// Package instanceconnect is the sandbox's EC2 Instance Connect. It keeps
// nothing: a key that is sent is only checked.
package instanceconnect

import (
	"strings"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
	"github.com/cairn-audit/cairn/internal/sandbox/sshkey"
)

// Service returns the table of EC2 Instance Connect.
func Service() *engine.Service {
	return &engine.Service{
		ID: "ec2-instance-connect",
		Ops: []engine.Op{
			{Name: "SendSSHPublicKey", Do: engine.Read(sendKey)},
			{Name: "SendSerialConsoleSSHPublicKey", Do: engine.Read(sendConsoleKey)},
		},
		Lacks: engine.Refuse("InvalidArgsException", "The sandbox does not have the operation {name} of EC2 Instance Connect."),
	}
}

func sendKey(x *engine.Exec) (map[string]any, error) {
	instance, err := target(x)
	if err != nil {
		return nil, err
	}
	if zone := x.Params.Str("AvailabilityZone"); zone != "" && zone != instance.Str("Placement.AvailabilityZone") {
		return nil, engine.Refuse("EC2InstanceNotFoundException", "The instance was not found in the specified Availability Zone.").With()
	}
	return sent(x)
}

// nitro families have a serial console.
func sendConsoleKey(x *engine.Exec) (map[string]any, error) {
	instance, err := target(x)
	if err != nil {
		return nil, err
	}
	kind := x.Look("ec2/instance-type", instance.Str("InstanceType"))
	if kind != nil && kind.Str("Hypervisor") != "nitro" {
		return nil, engine.Refuse("EC2InstanceTypeInvalidException", "The instance type is not supported for connecting via the serial console. "+
			"Only Nitro instance types are currently supported.").With()
	}
	return sent(x)
}

func target(x *engine.Exec) (*engine.Resource, error) {
	instance := x.Look("ec2/instance", x.Params.Str("InstanceId"))
	if instance == nil {
		return nil, engine.Refuse("EC2InstanceNotFoundException", "The instance with ID "+x.Params.Str("InstanceId")+" was not found.").With()
	}
	if instance.Str("State.Name") != "running" {
		return nil, engine.Refuse("EC2InstanceStateInvalidException", "Unable to connect because the instance is not in a valid state. "+
			"Connecting to a stopped or terminated instance is not supported. If the instance is stopped, start your instance, and try to connect again.").With()
	}
	key, err := sshkey.Parse(strings.TrimSpace(x.Params.Str("SSHPublicKey")))
	if err != nil || !strings.HasPrefix(key.Type, "ssh-") && !strings.HasPrefix(key.Type, "ecdsa-") {
		return nil, engine.Refuse("InvalidArgsException", "The SSH public key is not valid.").With()
	}
	return instance, nil
}

func sent(x *engine.Exec) (map[string]any, error) {
	return map[string]any{"RequestId": x.Call.RequestID, "Success": true}, nil
}
