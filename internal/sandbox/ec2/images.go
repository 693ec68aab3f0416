package ec2

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// public is a row of the images that everybody has. An empty id is made of the
// Region and the name.
type public struct {
	id, name, owner, alias, arch, root, platform, details, description string
	size                                                               int64
}

const (
	amazon    = "137112412989"
	canonical = "099720109477"
	windows   = "801119661308"
	ecsTeam   = "591542846629"
)

// publicImages begins with those that documentation and tutorials name, which
// stand for Amazon Linux.
func publicImages() []public {
	const linux = "Linux/UNIX"
	rows := []public{
		{"", "al2023-ami-2023.8.20250818.0-kernel-6.1-x86_64", amazon, "amazon", "x86_64", "/dev/xvda", "", linux, "Amazon Linux 2023 AMI 2023.8.20250818.0 x86_64 HVM kernel-6.1", 8},
		{"", "al2023-ami-2023.8.20250818.0-kernel-6.1-arm64", amazon, "amazon", "arm64", "/dev/xvda", "", linux, "Amazon Linux 2023 AMI 2023.8.20250818.0 arm64 HVM kernel-6.1", 8},
		{"", "amzn2-ami-kernel-5.10-hvm-2.0.20250818.2-x86_64-gp2", amazon, "amazon", "x86_64", "/dev/xvda", "", linux, "Amazon Linux 2 Kernel 5.10 AMI 2.0.20250818.2 x86_64 HVM gp2", 8},
		{"", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20250821", canonical, "", "x86_64", "/dev/sda1", "", linux, "Canonical, Ubuntu, 24.04, amd64 noble image", 8},
		{"", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20250821", canonical, "", "arm64", "/dev/sda1", "", linux, "Canonical, Ubuntu, 24.04, arm64 noble image", 8},
		{"", "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20250821", canonical, "", "x86_64", "/dev/sda1", "", linux, "Canonical, Ubuntu, 22.04, amd64 jammy image", 8},
		{"", "Windows_Server-2022-English-Full-Base-2025.08.13", windows, "amazon", "x86_64", "/dev/sda1", "windows", "Windows", "Microsoft Windows Server 2022 Full Locale English AMI provided by Amazon", 30},
		{"", "al2023-ami-ecs-hvm-2023.0.20250820-kernel-6.1-x86_64", ecsTeam, "amazon", "x86_64", "/dev/xvda", "", linux, "Amazon Linux AMI 2023.0.20250820 x86_64 ECS HVM GP3", 30},
	}
	for _, id := range []string{"ami-0abcdef1234567890", "ami-1234567890abcdef0", "ami-0123456789abcdef0", "ami-12345678", "ami-1a2b3c4d"} {
		example := rows[0]
		example.id, example.name = id, "example-"+id
		example.description = "Stands for the image that documentation names"
		rows = append(rows, example)
	}
	return rows
}

// publicParameters are the parameters of Systems Manager that name the newest
// image of a kind, with the index of its row in publicImages.
func publicParameters() map[string]int {
	const linux = "/aws/service/ami-amazon-linux-latest/"
	const ubuntu = "/aws/service/canonical/ubuntu/server/"
	return map[string]int{
		linux + "al2023-ami-kernel-default-x86_64": 0, linux + "al2023-ami-kernel-6.1-x86_64": 0,
		linux + "al2023-ami-kernel-default-arm64": 1, linux + "al2023-ami-kernel-6.1-arm64": 1,
		linux + "amzn2-ami-hvm-x86_64-gp2": 2, linux + "amzn2-ami-kernel-5.10-hvm-x86_64-gp2": 2,
		ubuntu + "24.04/stable/current/amd64/hvm/ebs-gp3/ami-id":                3,
		ubuntu + "24.04/stable/current/arm64/hvm/ebs-gp3/ami-id":                4,
		ubuntu + "22.04/stable/current/amd64/hvm/ebs-gp2/ami-id":                5,
		"/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base": 6,
	}
}

// publicImageOf returns the image that a public parameter names in a Region.
func publicImageOf(region, parameter string) (id string, ok bool) {
	row, ok := publicParameters()[parameter]
	if !ok {
		return "", false
	}
	return publicImages()[row].attrs(region).Str("ImageId"), true
}

func (p public) attrs(region string) engine.Attrs {
	id := p.id
	if id == "" {
		id = "ami-" + hash17(region, p.name)
	}
	ebs := map[string]any{
		"DeleteOnTermination": true, "SnapshotId": "snap-" + hash17(region, id), "VolumeSize": p.size,
		"VolumeType": "gp3", "Encrypted": false, "Iops": 3000, "Throughput": 125,
	}
	a := engine.Attrs{
		"ImageId": id, "Name": p.name, "OwnerId": p.owner, "Architecture": p.arch, "RootDeviceName": p.root,
		"PlatformDetails": p.details, "Description": p.description, "Public": true,
		"CreationDate": "2025-08-21T00:00:00.000Z", "ImageLocation": "amazon/" + p.name, "BootMode": "uefi-preferred",
		"UsageOperation": "RunInstances", "State": "available",
		"BlockDeviceMappings": []any{map[string]any{"DeviceName": p.root, "Ebs": ebs}},
	}
	if p.alias != "" {
		a["ImageOwnerAlias"] = p.alias
	}
	if p.platform != "" {
		a["Platform"], a["UsageOperation"] = p.platform, "RunInstances:0002"
	}
	if p.owner == amazon {
		a["ImdsSupport"] = "v2.0"
	}
	return a
}

func hash17(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "/")))
	return hex.EncodeToString(sum[:])[:17]
}

func imageKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "image", Shape: "Image", ID: "ImageId", NewID: engine.Hex("ami-", 17), Prefix: "ami-", Tags: "Tags",
		Unknown:   engine.Refuse("InvalidAMIID.NotFound", "The image id '[{id}]' does not exist"),
		Unknowns:  engine.Refuse("InvalidAMIID.NotFound", "The image ids '[{id}]' do not exist"),
		Malformed: engine.Refuse("InvalidAMIID.Malformed", `Invalid id: "{id}" (expecting "ami-...")`),
		States: &engine.States{
			Path: "State", Next: map[string]engine.Step{"pending": {To: "available", After: 2 * time.Minute}},
		},
		First: "pending",
		New: []engine.Field{
			engine.Make("OwnerId", engine.Text("{account}")),
			engine.Make("ImageLocation", engine.Text("{OwnerId}/{Name}")),
			engine.Make("CreationDate", engine.Func(func(x *engine.Exec, _ engine.Attrs) (any, error) {
				return x.Now().Format("2006-01-02T15:04:05.000Z"), nil
			})),
			engine.Be("Public", false), engine.Be("ImageType", "machine"), engine.Be("EnaSupport", true),
			engine.Be("Hypervisor", "xen"), engine.Be("RootDeviceType", "ebs"), engine.Be("VirtualizationType", "hvm"),
			engine.Be("SriovNetSupport", "simple"), engine.Be("Architecture", "x86_64"),
			engine.Be("PlatformDetails", "Linux/UNIX"), engine.Be("UsageOperation", "RunInstances"),
			engine.Make("BlockDeviceMappings", engine.Empty()),
			engine.Be("DeregistrationProtection", "disabled"),
		},
		Unique: []engine.Unique{{
			Paths: []string{"OwnerId", "Name"},
			Taken: engine.Refuse("InvalidAMIName.Duplicate", "AMI name {Name} is already in use by AMI {ImageId}"),
		}},
		Filters: map[string]string{"is-public": "Public", "owner-alias": "ImageOwnerAlias"},
		Fresh: func(x *engine.Exec) []engine.Attrs {
			var all []engine.Attrs
			for _, p := range publicImages() {
				all = append(all, p.attrs(x.Call.Region))
			}
			return all
		},
	}}
}

func imageOps() []engine.Op {
	return []engine.Op{
		{Name: "CreateImage", Do: engine.Create{
			Kind: "image", Check: checkImage, Set: []engine.Field{
				engine.Make("SourceInstanceId", engine.Param("InstanceId")),
				engine.Make("Architecture", engine.Of("instance", engine.Param("InstanceId"), "Architecture")),
				engine.Make("PlatformDetails", engine.Of("instance", engine.Param("InstanceId"), "PlatformDetails")),
				engine.Make("RootDeviceName", engine.Of("instance", engine.Param("InstanceId"), "RootDeviceName")),
			},
			Then: imageVolumes,
		}},
		{Name: "RegisterImage", Do: engine.Create{Kind: "image"}},
		{Name: "CopyImage", Do: engine.Create{Kind: "image", Set: []engine.Field{
			engine.Make("SourceImageId", engine.Param("SourceImageId")),
			engine.Make("SourceImageRegion", engine.Param("SourceRegion")),
			engine.Be("RootDeviceName", "/dev/xvda"),
		}}},
		{Name: "DescribeImages", Do: engine.Describe{Kind: "image", Only: imageWanted}},
		{Name: "DeregisterImage", Do: engine.Delete{Kind: "image", Check: ownImage}},
	}
}

func checkImage(x *engine.Exec) error {
	instance, err := x.Find("instance", x.Params.Str("InstanceId"))
	if err != nil {
		return err
	}
	if s := instance.Str("State.Name"); s == "shutting-down" || s == "terminated" {
		return engine.Refuse("IncorrectInstanceState", "Instance is not in state 'running' or 'stopped'.").With()
	}
	if n := len(x.Params.Str("Name")); n < 3 || n > 128 {
		return engine.Refuse("InvalidAMIName.Malformed", "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, "+
			"'(', ')', '.', '-', '/' and '_'").With()
	}
	return nil
}

// imageVolumes makes a snapshot of each volume of the instance.
func imageVolumes(x *engine.Exec, image *engine.Resource) error {
	instance, err := x.Find("instance", x.Params.Str("InstanceId"))
	if err != nil {
		return err
	}
	mappings := []any{}
	for _, m := range instance.Subs("BlockDeviceMappings") {
		volume := x.Look("volume", m.Str("Ebs.VolumeId"))
		if volume == nil {
			continue
		}
		snapshot, err := x.Add("snapshot", engine.Attrs{
			"VolumeId": volume.ID, "VolumeSize": volume.Int("Size"), "Encrypted": volume.Bool("Encrypted"),
			"Description": "Created by CreateImage(" + instance.ID + ") for " + image.ID,
			"Tags":        x.TagsFor("snapshot"),
		})
		if err != nil {
			return err
		}
		ebs := engine.Attrs{
			"SnapshotId": snapshot.ID, "VolumeSize": volume.Int("Size"), "VolumeType": volume.Str("VolumeType"),
			"DeleteOnTermination": m.Bool("Ebs.DeleteOnTermination"), "Encrypted": volume.Bool("Encrypted"),
		}
		for _, want := range x.Params.Subs("BlockDeviceMappings") {
			if want.Str("DeviceName") == m.Str("DeviceName") {
				for k, v := range want.Sub("Ebs") {
					ebs[k] = v
				}
			}
		}
		mappings = append(mappings, map[string]any{"DeviceName": m.Str("DeviceName"), "Ebs": map[string]any(ebs)})
	}
	image.Set("BlockDeviceMappings", mappings)
	return nil
}

// imageWanted says whether an image is of the owners that the caller names.
func imageWanted(x *engine.Exec, a engine.Attrs) bool {
	if len(x.Params.Strs("ExecutableUsers")) > 0 && !a.Bool("Public") && a.Str("OwnerId") != x.Call.AccountID {
		return false
	}
	owners := x.Params.Strs("Owners")
	return len(owners) == 0 || slices.ContainsFunc(owners, func(owner string) bool {
		return owner == a.Str("OwnerId") || owner == a.Str("ImageOwnerAlias") || owner == "self" && a.Str("OwnerId") == x.Call.AccountID
	})
}

func ownImage(x *engine.Exec, r *engine.Resource) error {
	if r.Str("OwnerId") != x.Call.AccountID {
		return engine.Refuse("AuthFailure", "Not authorized for image:"+r.ID).With()
	}
	return nil
}
