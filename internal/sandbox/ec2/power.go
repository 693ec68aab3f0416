package ec2

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// change is a way to change the state of instances.
type change struct {
	// to is the state that follows each state; a state that is not there
	// refuses the change, "" leaves it.
	to map[string]string
	// list is the member of the answer.
	list string
	// protected is the attribute that forbids the change, wrong the answer
	// then, with the name of the attribute in the API.
	protected, wrong string
	// reason is why the state changed, as the instance shows it.
	reason, code string
	then         func(x *engine.Exec, r *engine.Resource) error
}

func start() change {
	return change{
		list: "StartingInstances",
		to:   map[string]string{"stopped": "pending", "running": "", "pending": ""},
	}
}

func stop() change {
	return change{
		list: "StoppingInstances", protected: ".DisableApiStop", wrong: "disableApiStop",
		to:     map[string]string{"running": "stopping", "pending": "stopping", "stopping": "", "stopped": ""},
		reason: "User initiated shutdown", code: "Client.UserInitiatedShutdown",
	}
}

func terminate() change {
	return change{
		list: "TerminatingInstances", protected: ".DisableApiTermination", wrong: "disableApiTermination",
		to: map[string]string{
			"running": "shutting-down", "pending": "shutting-down", "stopping": "shutting-down",
			"stopped": "shutting-down", "shutting-down": "", "terminated": "",
		},
		reason: "User initiated shutdown", code: "Client.UserInitiatedShutdown",
		then: forgetParts,
	}
}

// turn changes the state of the instances that the request names, all or none.
func turn(c change) func(x *engine.Exec) (map[string]any, error) {
	return func(x *engine.Exec) (map[string]any, error) {
		changes := []any{}
		for _, id := range slices.Compact(slices.Sorted(slices.Values(x.Params.Strs("InstanceIds")))) {
			r, err := x.Find("instance", id)
			if err != nil {
				return nil, err
			}
			before := r.Clone().Sub("State")
			r, err = c.apply(x, r)
			if err != nil {
				return nil, err
			}
			changes = append(changes, map[string]any{
				"InstanceId": id, "PreviousState": map[string]any(before), "CurrentState": map[string]any(r.Clone().Sub("State")),
			})
		}
		return map[string]any{c.list: changes}, nil
	}
}

func (c change) apply(x *engine.Exec, r *engine.Resource) (*engine.Resource, error) {
	state := r.Str("State.Name")
	next, ok := c.to[state]
	if !ok {
		return nil, engine.Refuse("IncorrectInstanceState",
			"The instance '"+r.ID+"' is not in a state from which it can be "+verb(c.list)+".").With()
	}
	if next == "" {
		return r, nil
	}
	if c.protected != "" && r.Bool(c.protected) {
		return nil, engine.Refuse("OperationNotPermitted", "The instance '"+r.ID+"' may not be "+verb(c.list)+
			". Modify its '"+c.wrong+"' instance attribute and try again.").With()
	}
	r = x.Edit("instance", r)
	x.Enter("instance", r, next)
	if next == "pending" {
		r.Set("LaunchTime", x.Now())
		r.Set("StateReason", map[string]any{"Code": "pending", "Message": "pending"})
	}
	if c.reason != "" {
		r.Set("StateTransitionReason", c.reason+" ("+x.Now().Format("2006-01-02 15:04:05 MST")+")")
	}
	if c.code != "" {
		r.Set("StateReason", map[string]any{"Code": c.code, "Message": c.code + ": " + c.reason})
	}
	if c.then != nil {
		return r, c.then(x, r)
	}
	return r, nil
}

func verb(list string) string {
	return map[string]string{
		"StartingInstances": "started", "StoppingInstances": "stopped", "TerminatingInstances": "terminated",
	}[list]
}

// forgetParts removes what a terminated instance does not leave behind.
func forgetParts(x *engine.Exec, instance *engine.Resource) error {
	for _, m := range instance.Subs("BlockDeviceMappings") {
		volume := x.Look("volume", m.Str("Ebs.VolumeId"))
		switch {
		case volume == nil:
		case m.Bool("Ebs.DeleteOnTermination"):
			x.Remove("volume", volume.ID)
		default:
			release(x, volume)
		}
	}
	for _, eni := range x.List("network-interface") {
		if eni.Str("Attachment.InstanceId") != instance.ID {
			continue
		}
		if eni.Bool("Attachment.DeleteOnTermination") {
			x.Remove("network-interface", eni.ID)
			continue
		}
		eni = x.Edit("network-interface", eni)
		eni.Set("Status", "available")
		eni.Set("Attachment", nil)
	}
	for _, a := range x.List("elastic-ip") {
		if a.Str("InstanceId") == instance.ID {
			a = x.Edit("elastic-ip", a)
			for _, path := range []string{"AssociationId", "NetworkInterfaceId", "NetworkInterfaceOwnerId", "PrivateIpAddress", "InstanceId"} {
				a.Set(path, nil)
			}
		}
	}
	forgetProfile(x, instance)
	// From now on it holds neither its subnet nor its groups.
	instance.Set("SubnetId", nil)
	for _, path := range []string{"NetworkInterfaces", "BlockDeviceMappings", "SecurityGroups"} {
		instance.Set(path, []any{})
	}
	return nil
}

func reboot(x *engine.Exec) (map[string]any, error) {
	for _, id := range x.Params.Strs("InstanceIds") {
		r, err := x.Find("instance", id)
		if err != nil {
			return nil, err
		}
		if s := r.Str("State.Name"); s != "running" && s != "pending" {
			return nil, engine.Refuse("IncorrectState", "The instance '"+id+"' is not in the 'running' state.").With()
		}
	}
	return nil, nil
}

// monitor turns detailed monitoring on or off; at first it shows a state of
// its own.
func monitor(state, at string) func(x *engine.Exec) (map[string]any, error) {
	return func(x *engine.Exec) (map[string]any, error) {
		list := []any{}
		for _, id := range x.Params.Strs("InstanceIds") {
			r, err := x.Find("instance", id)
			if err != nil {
				return nil, err
			}
			x.Edit("instance", r).Set("Monitoring.State", state)
			list = append(list, map[string]any{"InstanceId": id, "Monitoring": map[string]any{"State": at}})
		}
		return map[string]any{"InstanceMonitorings": list}, nil
	}
}

func consoleOutput(x *engine.Exec) (map[string]any, error) {
	r, err := x.Find("instance", x.Params.Str("InstanceId"))
	if err != nil {
		return nil, err
	}
	text := base64.StdEncoding.EncodeToString([]byte("cairn sandbox: " + r.ID + " is " + r.Str("State.Name") + "\n"))
	return map[string]any{"InstanceId": r.ID, "Timestamp": x.Now(), "Output": text}, nil
}

// attributes are those of DescribeInstanceAttribute: the API's name, the member
// that shows it, and the attribute of the instance.
func attributes() map[string][2]string {
	return map[string][2]string{
		"disableApiTermination":             {"DisableApiTermination", ".DisableApiTermination"},
		"disableApiStop":                    {"DisableApiStop", ".DisableApiStop"},
		"instanceInitiatedShutdownBehavior": {"InstanceInitiatedShutdownBehavior", ".InstanceInitiatedShutdownBehavior"},
		"userData":                          {"UserData", ".UserData"},
		"instanceType":                      {"InstanceType", "InstanceType"},
		"kernel":                            {"KernelId", "KernelId"},
		"ramdisk":                           {"RamdiskId", "RamdiskId"},
		"rootDeviceName":                    {"RootDeviceName", "RootDeviceName"},
		"sourceDestCheck":                   {"SourceDestCheck", "SourceDestCheck"},
		"ebsOptimized":                      {"EbsOptimized", "EbsOptimized"},
		"sriovNetSupport":                   {"SriovNetSupport", "SriovNetSupport"},
		"enaSupport":                        {"EnaSupport", "EnaSupport"},
		"groupSet":                          {"Groups", "SecurityGroups"},
		"blockDeviceMapping":                {"BlockDeviceMappings", "BlockDeviceMappings"},
		"productCodes":                      {"ProductCodes", "ProductCodes"},
		"enclaveOptions":                    {"EnclaveOptions", "EnclaveOptions"},
	}
}

func describeInstanceAttribute(x *engine.Exec) (map[string]any, error) {
	r, err := x.Find("instance", x.Params.Str("InstanceId"))
	if err != nil {
		return nil, err
	}
	at, ok := attributes()[x.Params.Str("Attribute")]
	if !ok {
		return nil, invalidValue("Value (" + x.Params.Str("Attribute") + ") for parameter attribute is invalid. Unknown attribute.").With()
	}
	out := engine.Attrs{"InstanceId": r.ID}
	v := r.Clone().Get(at[1])
	switch v.(type) {
	case []any, map[string]any:
		out.Set(at[0], v)
	case nil:
		out.Set(at[0], map[string]any{})
	default:
		out.Set(at[0], map[string]any{"Value": v})
	}
	return project(x, "InstanceAttribute", out), nil
}

// plainValue reads a value that is sent as a text for an attribute of any type.
func plainValue(r *engine.Resource, path, text string) (any, error) {
	switch r.Get(path).(type) {
	case bool:
		if text != "true" && text != "false" {
			return nil, invalidValue("Invalid value '" + text + "'. Expected a boolean.").With()
		}
		return text == "true", nil
	case string, nil:
		return text, nil
	}
	return nil, engine.Refuse("InvalidParameterCombination", "The attribute cannot be given by a plain value.").With()
}

func modifyInstanceAttribute(x *engine.Exec) (map[string]any, error) {
	r, err := x.Find("instance", x.Params.Str("InstanceId"))
	if err != nil {
		return nil, err
	}
	r = x.Edit("instance", r)
	for name, at := range attributes() {
		member := at[0]
		if name == "kernel" || name == "ramdisk" {
			member = strings.TrimSuffix(member, "Id")
		}
		v := x.Params.Get(member + ".Value")
		if x.Params.Str("Attribute") == name && v == nil {
			if v, err = plainValue(r, at[1], x.Params.Str("Value")); err != nil {
				return nil, err
			}
		}
		if v == nil {
			continue
		}
		if slices.Contains([]string{"instanceType", "userData", "kernel", "ramdisk"}, name) && r.Str("State.Name") != "stopped" {
			return nil, engine.Refuse("IncorrectInstanceState", "The instance '"+r.ID+"' is not in the 'stopped' state.").With()
		}
		if b, ok := v.([]byte); ok {
			v = base64.StdEncoding.EncodeToString(b)
		}
		r.Set(at[1], v)
	}
	if refs := x.Params.Strs("Groups"); len(refs) > 0 {
		groups, err := groupsIn(x, r.Str("VpcId"), refs)
		if err != nil {
			return nil, err
		}
		r.Set("SecurityGroups", groups)
	}
	return nil, nil
}
