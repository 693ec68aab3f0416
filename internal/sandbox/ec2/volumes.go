package ec2

import (
	"slices"
	"time"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func volumeKinds() []*engine.Kind {
	return []*engine.Kind{
		{
			Name: "volume", Shape: "Volume", ID: "VolumeId", NewID: engine.Hex("vol-", 17), Prefix: "vol-", Tags: "Tags",
			Unknown:   engine.Refuse("InvalidVolume.NotFound", "The volume '{id}' does not exist."),
			Unknowns:  engine.Refuse("InvalidVolume.NotFound", "The volumes '{id}' do not exist."),
			Malformed: engine.Refuse("InvalidParameterValue", "Value ({id}) for parameter volumeId is invalid. Expected: 'vol-...'."),
			States: &engine.States{
				Path: "State", Next: map[string]engine.Step{"creating": {To: "available", After: 3 * time.Second}},
			},
			First: "creating",
			New: []engine.Field{
				engine.Make("CreateTime", engine.Now()), engine.Be("VolumeType", "gp2"),
				engine.Make("Iops", engine.Func(volumeIOPS)), engine.Make("Throughput", engine.Func(volumeThroughput)),
				engine.Be("Encrypted", false), engine.Be("MultiAttachEnabled", false), engine.Be("SnapshotId", ""),
				engine.Make("AvailabilityZoneId", engine.Func(subnetZoneID)),
				engine.Make("Attachments", engine.Empty()),
			},
			Filters: map[string]string{"status": "State", "attachment.status": "Attachments.State"},
		},
		{
			Name: "snapshot", Shape: "Snapshot", ID: "SnapshotId", NewID: engine.Hex("snap-", 17), Prefix: "snap-", Tags: "Tags",
			Unknown:   engine.Refuse("InvalidSnapshot.NotFound", "The snapshot '{id}' does not exist."),
			Malformed: engine.Refuse("InvalidParameterValue", "Value ({id}) for parameter snapshotId is invalid. Expected: 'snap-...'."),
			States: &engine.States{
				Path: "State", Next: map[string]engine.Step{"pending": {To: "completed", After: 30 * time.Second}},
				Enter: map[string]map[string]any{"completed": {"Progress": "100%"}},
			},
			First: "pending",
			New: []engine.Field{
				engine.Make("OwnerId", engine.Text("{account}")), engine.Make("StartTime", engine.Now()),
				engine.Be("Progress", ""), engine.Be("Encrypted", false), engine.Be("Description", ""),
				engine.Be("StorageTier", "standard"), engine.Make("Tags", engine.Empty()),
			},
			HeldBy: []engine.Hold{{
				Kind: "image", Path: "BlockDeviceMappings.Ebs.SnapshotId",
				InUse: engine.Refuse("InvalidSnapshot.InUse", "The snapshot {id} is currently in use by an AMI"),
			}},
			Filters: map[string]string{"status": "State"},
		},
	}
}

func volumeOps() []engine.Op {
	volumeIs := func(state string) engine.Fault {
		return engine.Refuse("IncorrectState", "The volume '{id}' is not '"+state+"'.")
	}
	return []engine.Op{
		{Name: "CreateVolume", Do: engine.Create{Kind: "volume", Check: checkVolume, Set: []engine.Field{
			engine.Make("Size", engine.Or(engine.Param("Size"), engine.Of("snapshot", engine.Param("SnapshotId"), "VolumeSize"))),
			engine.Make("AvailabilityZone", engine.Or(engine.Param("AvailabilityZone"), engine.Func(subnetZone, "AvailabilityZoneId"))),
		}}},
		{Name: "DescribeVolumes", Do: engine.Describe{Kind: "volume"}},
		{Name: "DeleteVolume", Do: engine.Delete{
			Kind: "volume", In: []string{"creating", "available", "error"},
			Wrong: engine.Refuse("VolumeInUse", "Volume {id} is currently attached to {Attachments.InstanceId}"),
		}},
		{Name: "AttachVolume", Do: engine.Write(attachVolume)},
		{Name: "DetachVolume", Do: engine.Write(detachVolume)},
		{Name: "ModifyVolume", Do: engine.Write(modifyVolume)},
		{Name: "DescribeVolumeStatus", Do: engine.Describe{Kind: "volume", Out: volumeStatus}},
		{Name: "CreateSnapshot", Do: engine.Create{Kind: "snapshot", Set: []engine.Field{
			engine.Make("VolumeId", engine.Param("VolumeId")),
			engine.Make("VolumeSize", engine.Of("volume", engine.Param("VolumeId"), "Size")),
			engine.Make("Encrypted", engine.Of("volume", engine.Param("VolumeId"), "Encrypted")),
		}}},
		{Name: "CreateSnapshots", Do: engine.Write(createSnapshots)},
		{Name: "CopySnapshot", Do: engine.Create{Kind: "snapshot", Set: []engine.Field{
			engine.Be("VolumeId", "vol-ffffffff"),
			engine.Make("VolumeSize", engine.Of("snapshot", engine.Param("SourceSnapshotId"), "VolumeSize")),
		}}},
		{Name: "DescribeSnapshots", Do: engine.Describe{Kind: "snapshot", Only: snapshotWanted}},
		{Name: "DeleteSnapshot", Do: engine.Delete{Kind: "snapshot"}},
		{Name: "EnableVolumeIO", Do: engine.Update{Kind: "volume", In: []string{"in-use", "available"}, Wrong: volumeIs("available")}},
	}
}

func volumeIOPS(_ *engine.Exec, a engine.Attrs) (any, error) {
	switch a.Str("VolumeType") {
	case "gp3":
		return int64(3000), nil
	case "gp2":
		return min(max(3*a.Int("Size"), 100), 16000), nil
	}
	return nil, nil
}

func volumeThroughput(_ *engine.Exec, a engine.Attrs) (any, error) {
	if a.Str("VolumeType") == "gp3" {
		return int64(125), nil
	}
	return nil, nil
}

func checkVolume(x *engine.Exec) error {
	if !x.Params.Has("Size") && !x.Params.Has("SnapshotId") {
		return missing("size/snapshot").With()
	}
	if x.Params.Has("Size") && (x.Params.Int("Size") < 1 || x.Params.Int("Size") > 65536) {
		return invalidValue("Volume of this size is not supported.").With()
	}
	if !x.Params.Has("AvailabilityZone") && !x.Params.Has("AvailabilityZoneId") {
		return missing("AvailabilityZone").With()
	}
	if name := x.Params.Str("AvailabilityZone"); name != "" && zoneID(x.Call.Region, name) == "" {
		return engine.Refuse("InvalidZone.NotFound", "The zone '"+name+"' does not exist.").With()
	}
	return nil
}

// attachment is how a volume shows that an instance has it.
func attachment(x *engine.Exec, volumeID, instanceID, device string, deleted bool) engine.Attrs {
	return engine.Attrs{
		"VolumeId": volumeID, "InstanceId": instanceID, "Device": device, "State": "attached",
		"AttachTime": x.Now(), "DeleteOnTermination": deleted,
	}
}

func mapping(device, volumeID string, a engine.Attrs) engine.Attrs {
	return engine.Attrs{"DeviceName": device, "Ebs": map[string]any{
		"VolumeId": volumeID, "Status": a.Str("State"), "AttachTime": a.Time("AttachTime"),
		"DeleteOnTermination": a.Bool("DeleteOnTermination"),
	}}
}

// changing is the answer to a call that begins to attach or detach a volume. It
// does not say what happens with the volume when the instance ends (bf863178).
func changing(x *engine.Exec, a engine.Attrs, state string) map[string]any {
	out := project(x, "VolumeAttachment", a)
	out["State"] = state
	delete(out, "DeleteOnTermination")
	return out
}

func attachVolume(x *engine.Exec) (map[string]any, error) {
	volume, err := x.Find("volume", x.Params.Str("VolumeId"))
	if err != nil {
		return nil, err
	}
	instance, err := x.Find("instance", x.Params.Str("InstanceId"))
	if err != nil {
		return nil, err
	}
	device := x.Params.Str("Device")
	switch {
	case volume.Str("State") == "in-use":
		return nil, engine.Refuse("VolumeInUse", volume.ID+" is already attached to an instance").With()
	case volume.Str("State") != "available":
		return nil, engine.Refuse("IncorrectState", "Volume '"+volume.ID+"' is not 'available'.").With()
	case !slices.Contains([]string{"running", "stopped", "stopping"}, instance.Str("State.Name")):
		return nil, engine.Refuse("IncorrectState", "Instance '"+instance.ID+"' is not 'running'.").With()
	case volume.Str("AvailabilityZone") != instance.Str("Placement.AvailabilityZone"):
		return nil, engine.Refuse("InvalidVolume.ZoneMismatch",
			"The volume '"+volume.ID+"' is not in the same availability zone as instance '"+instance.ID+"'").With()
	case slices.Contains(instance.Strs("BlockDeviceMappings.DeviceName"), device):
		return nil, invalidValue("Invalid value '" + device + "' for unixDevice. Attachment point " + device + " is already in use").With()
	}
	a := attachment(x, volume.ID, instance.ID, device, false)
	volume = x.Edit("volume", volume)
	x.Enter("volume", volume, "in-use")
	volume.Append("Attachments", a)
	x.Edit("instance", instance).Append("BlockDeviceMappings", mapping(device, volume.ID, a))
	return changing(x, a, "attaching"), nil
}

func detachVolume(x *engine.Exec) (map[string]any, error) {
	volume, err := x.Find("volume", x.Params.Str("VolumeId"))
	if err != nil {
		return nil, err
	}
	if volume.Str("State") != "in-use" {
		return nil, engine.Refuse("IncorrectState", "Volume '"+volume.ID+"' is in the 'available' state.").With()
	}
	a := volume.Subs("Attachments")[0]
	if want := x.Params.Str("InstanceId"); want != "" && want != a.Str("InstanceId") {
		return nil, engine.Refuse("InvalidAttachment.NotFound", "The volume '"+volume.ID+"' is not attached to instance '"+want+"' as device '"+a.Str("Device")+"'.").With()
	}
	out := changing(x, a, "detaching")
	release(x, volume)
	if instance := x.Look("instance", a.Str("InstanceId")); instance != nil {
		instance = x.Edit("instance", instance)
		instance.Set("BlockDeviceMappings", slices.DeleteFunc(instance.All("BlockDeviceMappings"), func(m any) bool {
			return engine.Attrs(m.(map[string]any)).Str("Ebs.VolumeId") == volume.ID
		}))
	}
	return out, nil
}

// release makes an attached volume available.
func release(x *engine.Exec, volume *engine.Resource) {
	volume = x.Edit("volume", volume)
	x.Enter("volume", volume, "available")
	volume.Set("Attachments", []any{})
}

func modifyVolume(x *engine.Exec) (map[string]any, error) {
	volume, err := x.Find("volume", x.Params.Str("VolumeId"))
	if err != nil {
		return nil, err
	}
	change := engine.Attrs{
		"VolumeId": volume.ID, "ModificationState": "modifying", "Progress": int64(0), "StartTime": x.Now(),
		"TargetMultiAttachEnabled": false, "OriginalMultiAttachEnabled": false,
	}
	volume = x.Edit("volume", volume)
	for _, member := range []string{"Size", "Iops", "VolumeType", "Throughput"} {
		change.Set("Original"+member, volume.Get(member))
		volume.Set(member, first(x.Params.Get(member), volume.Get(member)))
		change.Set("Target"+member, volume.Get(member))
	}
	return map[string]any{"VolumeModification": project(x, "VolumeModification", change)}, nil
}

func first(values ...any) any {
	for _, v := range values {
		if v != nil {
			return v
		}
	}
	return nil
}

func volumeStatus(_ *engine.Exec, page []engine.Attrs) map[string]any {
	out := []any{}
	for _, a := range page {
		out = append(out, map[string]any{
			"VolumeId": a.Str("VolumeId"), "AvailabilityZone": a.Str("AvailabilityZone"), "Actions": []any{}, "Events": []any{},
			"VolumeStatus": map[string]any{"Status": "ok", "Details": []any{
				map[string]any{"Name": "io-enabled", "Status": "passed"},
				map[string]any{"Name": "io-performance", "Status": "not-applicable"},
			}},
		})
	}
	return map[string]any{"VolumeStatuses": out}
}

// createSnapshots makes a snapshot of each volume of an instance.
func createSnapshots(x *engine.Exec) (map[string]any, error) {
	instance, err := x.Find("instance", x.Params.Str("InstanceSpecification.InstanceId"))
	if err != nil {
		return nil, err
	}
	made := []any{}
	for _, m := range instance.Subs("BlockDeviceMappings") {
		boot := m.Str("DeviceName") == instance.Str("RootDeviceName")
		volume := x.Look("volume", m.Str("Ebs.VolumeId"))
		if volume == nil || boot && x.Params.Bool("InstanceSpecification.ExcludeBootVolume") {
			continue
		}
		tags := x.TagsFor("snapshot")
		if x.Params.Str("CopyTagsFromSource") == "volume" {
			tags = append(tags, volume.Clone().All("Tags")...)
		}
		snapshot, err := x.Add("snapshot", engine.Attrs{
			"VolumeId": volume.ID, "VolumeSize": volume.Int("Size"), "Encrypted": volume.Bool("Encrypted"),
			"Description": x.Params.Str("Description"), "Tags": tags,
		})
		if err != nil {
			return nil, err
		}
		made = append(made, project(x, "SnapshotInfo", snapshot.Attrs))
	}
	return map[string]any{"Snapshots": made}, nil
}

func snapshotWanted(x *engine.Exec, a engine.Attrs) bool {
	owners := x.Params.Strs("OwnerIds")
	return len(owners) == 0 || slices.Contains(owners, a.Str("OwnerId")) || slices.Contains(owners, "self")
}
