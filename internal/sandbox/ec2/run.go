package ec2

import (
	"maps"
	"strconv"
	"strings"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// launch is a request to run instances, with what its launch template adds.
type launch struct {
	engine.Attrs
	image, subnet *engine.Resource
	groups        []any
	tags          func(resourceType string) []any
}

// runInstances launches instances with their volumes and network interfaces.
func runInstances(x *engine.Exec) (map[string]any, error) {
	made, err := x.Replayed("instance")
	if err != nil {
		return nil, err
	}
	if len(made) == 0 {
		l, err := plan(x)
		if err != nil {
			return nil, err
		}
		reservation := x.Hex("r-", 17)
		for i := range l.Int("MaxCount") {
			instance, err := l.run(x, reservation, i)
			if err != nil {
				return nil, err
			}
			made = append(made, instance)
		}
	}
	shown := []any{}
	for _, r := range made {
		a := x.Shown("instance", r)
		shown = append(shown, project(x, "Instance", a))
	}
	return map[string]any{
		"ReservationId": made[0].Str(reservationID), "OwnerId": x.Call.AccountID, "Groups": []any{}, "Instances": shown,
	}, nil
}

// plan checks the request, and finds what it refers to.
func plan(x *engine.Exec) (*launch, error) {
	l := &launch{Attrs: x.Params.Clone(), tags: x.TagsFor}
	if err := l.useTemplate(x); err != nil {
		return nil, err
	}
	least, most := l.Int("MinCount"), l.Int("MaxCount")
	if least < 1 || most < least || most > 1000 {
		return nil, invalidValue("Invalid value '" + strconv.FormatInt(most, 10) + "' for maxCount. Must be greater than or equal to minCount, and both at least 1.").With()
	}
	if !l.Has("InstanceType") {
		l.Set("InstanceType", "m1.small")
	}
	if x.Look("instance-type", l.Str("InstanceType")) == nil {
		return nil, invalidValue("Invalid value '" + l.Str("InstanceType") + "' for InstanceType.").With()
	}
	if err := l.findImage(x); err != nil {
		return nil, err
	}
	if err := l.findSubnet(x); err != nil {
		return nil, err
	}
	refs := append(l.Strs("SecurityGroupIds"), l.Strs("SecurityGroups")...)
	refs = append(refs, l.Strs("NetworkInterfaces.Groups")...)
	var err error
	if l.groups, err = groupsIn(x, l.subnet.Str("VpcId"), refs); err != nil {
		return nil, err
	}
	return l, l.useReservation(x)
}

func (l *launch) findImage(x *engine.Exec) error {
	id := l.Str("ImageId")
	if id == "" {
		return missing("ImageId").With()
	}
	if path, ok := strings.CutPrefix(id, "resolve:ssm:"); ok {
		if id, ok = publicImageOf(x.Call.Region, path); !ok {
			return engine.Refuse("InvalidParameterValue", "The parameter "+path+" was not found.").With()
		}
	}
	var err error
	l.image, err = x.Find("image", id)
	if refused := engine.Refusal(err); refused != nil && refused.Code == "InvalidAMIID.NotFound" && x.AnyImage() {
		l.image = &engine.Resource{ID: id, Attrs: publicImages()[0].attrs(x.Call.Region)}
		return nil
	}
	if err == nil && l.image.Str("State") != "available" {
		return engine.Refuse("InvalidAMIID.Unavailable", "The image ID '"+id+"' is not available").With()
	}
	return err
}

// findSubnet takes the subnet that the request names, or a default one.
func (l *launch) findSubnet(x *engine.Exec) error {
	id, zone := l.Str("SubnetId"), l.Str("Placement.AvailabilityZone")
	if id == "" {
		id = l.Str("NetworkInterfaces.SubnetId")
	}
	if id == "" && l.Has("NetworkInterfaces.NetworkInterfaceId") {
		eni, err := x.Find("network-interface", l.Str("NetworkInterfaces.NetworkInterfaceId"))
		if err != nil {
			return err
		}
		id = eni.Str("SubnetId")
	}
	if id != "" {
		var err error
		l.subnet, err = x.Find("subnet", id)
		return err
	}
	if err := checkZone(x, zone); err != nil {
		return err
	}
	for _, s := range x.List("subnet") {
		if s.Bool("DefaultForAz") && (zone == "" || s.Str("AvailabilityZone") == zone) {
			l.subnet = s
			return nil
		}
	}
	if defaultVpc(x) == nil {
		return noVpc().With()
	}
	return engine.Refuse("MissingInput", "No subnets found for the default VPC '"+defaultVpc(x).ID+"'. Please specify a subnet.").With()
}

// run launches one instance.
func (l *launch) run(x *engine.Exec, reservation string, index int64) (*engine.Resource, error) {
	kind := x.Look("instance-type", l.Str("InstanceType"))
	a := engine.Attrs{
		"ImageId": l.image.ID, "InstanceType": l.Str("InstanceType"), "AmiLaunchIndex": index, reservationID: reservation,
		"SubnetId": l.subnet.ID, "VpcId": l.subnet.Str("VpcId"), "SecurityGroups": l.groups,
		"RootDeviceName": l.image.Str("RootDeviceName"), "Architecture": l.image.Str("Architecture"),
		"PlatformDetails": l.image.Str("PlatformDetails"), "UsageOperation": l.image.Str("UsageOperation"),
		"Placement": map[string]any{
			"AvailabilityZone": l.subnet.Str("AvailabilityZone"), "AvailabilityZoneId": l.subnet.Str("AvailabilityZoneId"),
		},
		"CpuOptions": map[string]any{
			"CoreCount":      kind.Int("VCpuInfo.DefaultCores"),
			"ThreadsPerCore": kind.Int("VCpuInfo.DefaultThreadsPerCore"),
		},
		"BlockDeviceMappings": []any{},
	}
	a = a.Clone()
	l.options(x, a)
	x.Remember(a)
	if tags := l.tags("instance"); len(tags) > 0 {
		a["Tags"] = tags
	}
	instance, err := x.Add("instance", a)
	if err != nil {
		return nil, err
	}
	if profile := l.Sub("IamInstanceProfile"); profile != nil {
		if _, err := give(x, instance, profile, "associated"); err != nil {
			return nil, err
		}
	}
	if err := l.attachInterface(x, instance); err != nil {
		return nil, err
	}
	return instance, l.attachVolumes(x, instance)
}

// options copies what the instance shows as it was asked for.
func (l *launch) options(x *engine.Exec, a engine.Attrs) {
	for _, member := range []string{"KeyName", "KernelId", "RamdiskId", "ClientToken", "EbsOptimized"} {
		a.Set(member, l.Get(member))
	}
	a.Set("Platform", l.image.Get("Platform"))
	a.Set("BootMode", l.image.Get("BootMode"))
	for _, member := range []string{
		"CpuOptions", "MetadataOptions", "EnclaveOptions", "MaintenanceOptions", "PrivateDnsNameOptions",
		"CapacityReservationSpecification", "NetworkPerformanceOptions", "Placement",
	} {
		if sub := l.Sub(member); sub != nil {
			have := a.Sub(member)
			if have == nil {
				have = engine.Attrs{}
			}
			maps.Copy(have, sub.Clone())
			a.Set(member, have)
		}
	}
	if l.Bool("HibernationOptions.Configured") {
		a.Set("HibernationOptions.Configured", true)
	}
	if l.Bool("Monitoring.Enabled") {
		a.Set("Monitoring.State", "pending")
	}
	if l.Str("InstanceMarketOptions.MarketType") == "spot" {
		a.Set("InstanceLifecycle", "spot")
		a.Set("SpotInstanceRequestId", x.Hex("sir-", 8))
	}
	if id := l.Str("CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId"); id != "" {
		a.Set("CapacityReservationId", id)
		if l.Str("InstanceMarketOptions.MarketType") == "capacity-block" {
			a.Set("InstanceLifecycle", "capacity-block")
		}
	}
	for _, member := range []string{"UserData", "DisableApiTermination", "DisableApiStop", "InstanceInitiatedShutdownBehavior"} {
		a.Set("."+member, l.Get(member))
	}
}

func (l *launch) attachInterface(x *engine.Exec, instance *engine.Resource) error {
	var spec engine.Attrs
	if specs := l.Subs("NetworkInterfaces"); len(specs) > 0 {
		spec = specs[0]
	}
	eni := x.Look("network-interface", spec.Str("NetworkInterfaceId"))
	if eni == nil {
		a := engine.Attrs{"SubnetId": l.subnet.ID, "Groups": engine.Attrs{"g": l.groups}.Clone()["g"], "TagSet": l.tags("network-interface")}
		a.Set("PrivateIpAddress", first(l.Get("PrivateIpAddress"), spec.Get("PrivateIpAddress")))
		a.Set("Description", spec.Get("Description"))
		var err error
		if eni, err = x.Add("network-interface", a); err != nil {
			return err
		}
	} else if eni.Str("Status") == "in-use" {
		return engine.Refuse("InvalidNetworkInterface.InUse", "Interface: ["+eni.ID+"] in use.").With()
	}
	eni = x.Edit("network-interface", eni)
	eni.Set("Status", "in-use")
	eni.Set("Attachment", map[string]any{
		"AttachmentId": x.Hex("eni-attach-", 17), "AttachTime": x.Now(), "DeviceIndex": int64(0), "NetworkCardIndex": int64(0),
		"DeleteOnTermination": !spec.Has("NetworkInterfaceId"), "InstanceId": instance.ID, "InstanceOwnerId": x.Call.AccountID,
		"Status": "attached",
	})
	instance.Set("PrivateIpAddress", eni.Str("PrivateIpAddress"))
	instance.Set("PrivateDnsName", eni.Str("PrivateDnsName"))
	shown := x.Shown("network-interface", eni)
	shown.Set("Attachment.Status", "attaching")
	instance.Set("NetworkInterfaces", []any{map[string]any(shownInterface(x, shown))})
	public := l.subnet.Bool("MapPublicIpOnLaunch")
	if spec.Has("AssociatePublicIpAddress") {
		public = spec.Bool("AssociatePublicIpAddress")
	}
	if public {
		ip, _ := publicAddress(x, nil)
		instance.Set(publicIP, ip)
	}
	return nil
}

func shownInterface(x *engine.Exec, a engine.Attrs) engine.Attrs {
	shape := x.Call.Operation.Service.Shape("InstanceNetworkInterface")
	return engine.Project(shape, a)
}

// attachVolumes makes the volumes of the image, as the request changes them,
// and those that the request adds.
func (l *launch) attachVolumes(x *engine.Exec, instance *engine.Resource) error {
	wanted := l.image.Clone().Subs("BlockDeviceMappings")
	for _, change := range l.Subs("BlockDeviceMappings") {
		at := -1
		for i, m := range wanted {
			if m.Str("DeviceName") == change.Str("DeviceName") {
				at = i
			}
		}
		if at < 0 {
			wanted = append(wanted, change.Clone())
			continue
		}
		if change.Has("NoDevice") {
			wanted[at].Set("Ebs", nil)
			continue
		}
		for k, v := range change.Sub("Ebs") {
			wanted[at].Set("Ebs."+k, v)
		}
	}
	for _, m := range wanted {
		if m.Sub("Ebs") == nil {
			continue
		}
		if err := l.attachVolume(x, instance, m); err != nil {
			return err
		}
	}
	return nil
}

func (l *launch) attachVolume(x *engine.Exec, instance *engine.Resource, m engine.Attrs) error {
	ebs := m.Sub("Ebs")
	a := engine.Attrs{"AvailabilityZone": l.subnet.Str("AvailabilityZone"), "Tags": l.tags("volume"), "Size": int64(8)}
	if size := ebs.Int("VolumeSize"); size > 0 {
		a["Size"] = size
	}
	for _, member := range []string{"VolumeType", "Iops", "Throughput", "SnapshotId", "Encrypted", "KmsKeyId"} {
		a.Set(member, ebs.Get(member))
	}
	volume, err := x.Add("volume", a)
	if err != nil {
		return err
	}
	x.Enter("volume", volume, "in-use")
	kept := ebs.Has("DeleteOnTermination") && !ebs.Bool("DeleteOnTermination")
	at := attachment(x, volume.ID, instance.ID, m.Str("DeviceName"), !kept)
	volume.Append("Attachments", at)
	instance.Append("BlockDeviceMappings", mapping(m.Str("DeviceName"), volume.ID, at))
	return nil
}

// useTemplate fills in what the request leaves to its launch template.
func (l *launch) useTemplate(x *engine.Exec) error {
	spec := l.Sub("LaunchTemplate")
	if spec == nil {
		return nil
	}
	_, version, err := templateVersion(x, spec)
	if err != nil {
		return err
	}
	data := version.Sub("LaunchTemplateData")
	for member, v := range data.Clone() {
		if member != "TagSpecifications" && !l.Has(member) {
			l.Set(member, v)
		}
	}
	own := l.tags
	l.tags = func(resourceType string) []any {
		tags := own(resourceType)
		for _, spec := range data.Subs("TagSpecifications") {
			if spec.Str("ResourceType") == resourceType {
				tags = append(tags, spec.Clone().All("Tags")...)
			}
		}
		return tags
	}
	return nil
}
