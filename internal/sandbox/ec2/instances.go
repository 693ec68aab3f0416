package ec2

import (
	"time"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// Attributes of an instance that DescribeInstances does not show, or not yet.
const (
	reservationID = ".ReservationId"
	publicIP      = ".PublicIp"
)

func instanceKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "instance", Shape: "Instance", ID: "InstanceId", NewID: engine.Hex("i-", 17), Prefix: "i-", Tags: "Tags",
		Unknown:   engine.Refuse("InvalidInstanceID.NotFound", "The instance ID '{id}' does not exist"),
		Unknowns:  engine.Refuse("InvalidInstanceID.NotFound", "The instance IDs '{id}' do not exist"),
		Malformed: engine.Refuse("InvalidInstanceID.Malformed", `Invalid id: "{id}"`),
		States:    instanceStates(), First: "pending",
		New: []engine.Field{
			engine.Make("LaunchTime", engine.Now()), engine.Be("AmiLaunchIndex", 0), engine.Be("Hypervisor", "xen"),
			engine.Be("EbsOptimized", false), engine.Be("EnaSupport", true), engine.Be("SourceDestCheck", true),
			engine.Be("RootDeviceType", "ebs"), engine.Be("VirtualizationType", "hvm"),
			engine.Be("ClientToken", ""), engine.Be("PublicDnsName", ""), engine.Be("StateTransitionReason", ""),
			engine.Make("ProductCodes", engine.Empty()),
			engine.Be("StateReason", map[string]any{"Code": "pending", "Message": "pending"}),
			engine.Be("CapacityReservationSpecification", map[string]any{"CapacityReservationPreference": "open"}),
			engine.Be("CurrentInstanceBootMode", "legacy-bios"),
			engine.Be("EnclaveOptions.Enabled", false), engine.Be("HibernationOptions.Configured", false),
			engine.Be("MaintenanceOptions.AutoRecovery", "default"), engine.Be("MaintenanceOptions.RebootMigration", "default"),
			engine.Be("NetworkPerformanceOptions.BandwidthWeighting", "default"),
			engine.Be("MetadataOptions.State", "pending"), engine.Be("MetadataOptions.HttpTokens", "optional"),
			engine.Be("MetadataOptions.HttpPutResponseHopLimit", 1), engine.Be("MetadataOptions.HttpEndpoint", "enabled"),
			engine.Be("MetadataOptions.HttpProtocolIpv6", "disabled"), engine.Be("MetadataOptions.InstanceMetadataTags", "disabled"),
			engine.Be("Monitoring.State", "disabled"), engine.Be("Placement.Tenancy", "default"), engine.Be("Placement.GroupName", ""),
			engine.Be("PrivateDnsNameOptions", map[string]any{
				"HostnameType": "ip-name", "EnableResourceNameDnsARecord": false, "EnableResourceNameDnsAAAARecord": false,
			}),
			engine.Make("UsageOperationUpdateTime", engine.Now()),
			engine.Be(".DisableApiTermination", false), engine.Be(".DisableApiStop", false),
			engine.Be(".InstanceInitiatedShutdownBehavior", "stop"),
		},
		Filters: map[string]string{
			"availability-zone": "Placement.AvailabilityZone", "tenancy": "Placement.Tenancy",
			"placement-group-name": "Placement.GroupName", "host-id": "Placement.HostId", "affinity": "Placement.Affinity",
			"availability-zone-id": "Placement.AvailabilityZoneId",
			"instance-state-name":  "State.Name", "instance-state-code": "State.Code",
			"instance.group-id": "SecurityGroups.GroupId", "instance.group-name": "SecurityGroups.GroupName",
			"group-id": "SecurityGroups.GroupId", "group-name": "SecurityGroups.GroupName",
			"dns-name": "PublicDnsName", "ip-address": "PublicIpAddress", "launch-index": "AmiLaunchIndex",
			"monitoring-state": "Monitoring.State", "reason": "StateTransitionReason", "state-reason-code": "StateReason.Code",
			"owner-id": "NetworkInterfaces.OwnerId", "reservation-id": reservationID,
			"iam-instance-profile.arn":                  "IamInstanceProfile.Arn",
			"block-device-mapping.volume-id":            "BlockDeviceMappings.Ebs.VolumeId",
			"block-device-mapping.status":               "BlockDeviceMappings.Ebs.Status",
			"network-interface.attachment.device-index": "NetworkInterfaces.Attachment.DeviceIndex",
			"network-interface.group-id":                "NetworkInterfaces.Groups.GroupId",
		},
		View: viewInstance,
	}}
}

func instanceStates() *engine.States {
	return &engine.States{
		Path: "State.Name", Code: "State.Code",
		Codes: map[string]int64{
			"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80,
		},
		Next: map[string]engine.Step{
			"pending":       {To: "running", After: 8 * time.Second},
			"stopping":      {To: "stopped", After: 20 * time.Second},
			"shutting-down": {To: "terminated", After: 20 * time.Second},
			"terminated":    {After: time.Hour, Keep: true},
		},
		Enter: map[string]map[string]any{
			"running": {"StateReason": nil, "StateTransitionReason": "", "MetadataOptions.State": "applied"},
		},
	}
}

func instanceOps() []engine.Op {
	return []engine.Op{
		{Name: "RunInstances", Do: engine.Write(runInstances), Free: []string{"ImageId", "InstanceType"}},
		{Name: "DescribeInstances", Do: engine.Describe{Kind: "instance", Out: reservations}},
		{Name: "DescribeInstanceStatus", Do: engine.Describe{
			Kind: "instance", Out: instanceStatus,
			Only: func(x *engine.Exec, a engine.Attrs) bool {
				return x.Params.Bool("IncludeAllInstances") || a.Str("State.Name") == "running"
			},
		}},
		{Name: "StartInstances", Do: engine.Write(turn(start()))},
		{Name: "StopInstances", Do: engine.Write(turn(stop()))},
		{Name: "TerminateInstances", Do: engine.Write(turn(terminate()))},
		{Name: "RebootInstances", Do: engine.Write(reboot)},
		{Name: "MonitorInstances", Do: engine.Write(monitor("enabled", "pending"))},
		{Name: "UnmonitorInstances", Do: engine.Write(monitor("disabled", "disabling"))},
		{Name: "DescribeInstanceAttribute", Do: engine.Read(describeInstanceAttribute)},
		{Name: "ModifyInstanceAttribute", Do: engine.Write(modifyInstanceAttribute)},
		{Name: "ModifyInstanceMetadataOptions", Do: engine.Write(modifyMetadataOptions)},
		{Name: "GetConsoleOutput", Do: engine.Read(consoleOutput)},
	}
}

// viewInstance shows what an instance has in its state: no volumes and no
// public address while it is pending, no network when it is terminated.
func viewInstance(x *engine.Exec, a engine.Attrs) {
	switch state := a.Str("State.Name"); state {
	case "pending":
		a.Set("BlockDeviceMappings", []any{})
	case "running":
		for _, eni := range a.Subs("NetworkInterfaces") {
			eni.Set("Attachment.Status", "attached")
		}
		ip := a.Str(publicIP)
		if ip == "" {
			return
		}
		name := publicName(x.Call.Region, ip)
		a.Set("PublicIpAddress", ip)
		a.Set("PublicDnsName", name)
		for _, eni := range a.Subs("NetworkInterfaces") {
			associate(eni, association(x, ip))
		}
	case "terminated":
		a.Set("VpcId", nil)
		a.Set("PrivateIpAddress", nil)
		a.Set("PrivateDnsName", "")
	}
}

// association shows a public address with an interface, or with its primary
// private address.
func association(x *engine.Exec, ip string) map[string]any {
	return map[string]any{"IpOwnerId": "amazon", "PublicIp": ip, "PublicDnsName": publicName(x.Call.Region, ip)}
}

func associate(eni engine.Attrs, a map[string]any) {
	eni.Set("Association", a)
	for _, private := range eni.Subs("PrivateIpAddresses") {
		private.Set("Association", map[string]any(engine.Attrs(a).Clone()))
	}
}

// reservations groups instances by the call that launched them.
func reservations(x *engine.Exec, page []engine.Attrs) map[string]any {
	list := []any{}
	at := make(map[string]map[string]any)
	for _, a := range page {
		id := a.Str(reservationID)
		r := at[id]
		if r == nil {
			r = map[string]any{"ReservationId": id, "OwnerId": x.Call.AccountID, "Groups": []any{}, "Instances": []any{}}
			at[id] = r
			list = append(list, r)
		}
		r["Instances"] = append(r["Instances"].([]any), project(x, "Instance", a))
	}
	return map[string]any{"Reservations": list}
}

func instanceStatus(x *engine.Exec, page []engine.Attrs) map[string]any {
	list := []any{}
	for _, a := range page {
		summary := map[string]any{"Status": "not-applicable"}
		if a.Str("State.Name") == "running" {
			status, check := "ok", "passed"
			if x.Now().Sub(a.Time("LaunchTime")) < 0 {
				status, check = "initializing", "initializing"
			}
			summary = map[string]any{"Status": status, "Details": []any{map[string]any{"Name": "reachability", "Status": check}}}
		}
		list = append(list, map[string]any{
			"InstanceId": a.Str("InstanceId"), "AvailabilityZone": a.Str("Placement.AvailabilityZone"),
			"InstanceState": a.Sub("State"), "InstanceStatus": summary, "SystemStatus": engine.Attrs(summary).Clone(),
		})
	}
	out := engine.Attrs{}
	out.Set("InstanceStatuses", list)
	return out
}
