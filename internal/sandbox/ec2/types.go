package ec2

import (
	"strings"
	"sync"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// family is a row of instance families: the processor's architecture, threads
// of a core, GiB of memory for a virtual processor, and the sizes.
type family struct {
	name, arch string
	threads    int64
	perCPU     float64
	sizes      string
}

// burstable families have as much memory as their size says, not their
// processors: they are in sizes as name:processors:MiB.
const (
	t2Sizes  = "nano:1:512 micro:1:1024 small:1:2048 medium:2:4096 large:2:8192 xlarge:4:16384 2xlarge:8:32768"
	t3Sizes  = "nano:2:512 micro:2:1024 small:2:2048 medium:2:4096 large:2:8192 xlarge:4:16384 2xlarge:8:32768"
	general  = "large:2 xlarge:4 2xlarge:8 4xlarge:16 8xlarge:32 12xlarge:48 16xlarge:64 24xlarge:96"
	graviton = "medium:1 large:2 xlarge:4 2xlarge:8 4xlarge:16 8xlarge:32 12xlarge:48 16xlarge:64"
)

func families() []family {
	return []family{
		{"t1", "x86_64", 1, 0, "micro:1:627"},
		{"t2", "x86_64", 1, 0, t2Sizes},
		{"t3", "x86_64", 2, 0, t3Sizes},
		{"t3a", "x86_64", 2, 0, t3Sizes},
		{"t4g", "arm64", 1, 0, t3Sizes},
		{"a1", "arm64", 1, 2, "medium:1 large:2 xlarge:4 2xlarge:8 4xlarge:16"},
		{"m1", "x86_64", 1, 0, "small:1:1740 medium:1:3788 large:2:7680 xlarge:4:15360"},
		{"m3", "x86_64", 2, 3.75, "medium:1 large:2 xlarge:4 2xlarge:8"},
		{"m4", "x86_64", 2, 4, "large:2 xlarge:4 2xlarge:8 4xlarge:16 10xlarge:40 16xlarge:64"},
		{"m5", "x86_64", 2, 4, general},
		{"m5a", "x86_64", 2, 4, general},
		{"m6i", "x86_64", 2, 4, general},
		{"m6a", "x86_64", 2, 4, general},
		{"m6g", "arm64", 1, 4, graviton},
		{"m7i", "x86_64", 2, 4, general},
		{"m7g", "arm64", 1, 4, graviton},
		{"c4", "x86_64", 2, 1.875, "large:2 xlarge:4 2xlarge:8 4xlarge:16 8xlarge:36"},
		{"c5", "x86_64", 2, 2, "large:2 xlarge:4 2xlarge:8 4xlarge:16 9xlarge:36 12xlarge:48 18xlarge:72 24xlarge:96"},
		{"c6i", "x86_64", 2, 2, general},
		{"c6g", "arm64", 1, 2, graviton},
		{"c7g", "arm64", 1, 2, graviton},
		{"r4", "x86_64", 2, 7.625, "large:2 xlarge:4 2xlarge:8 4xlarge:16 8xlarge:32 16xlarge:64"},
		{"r5", "x86_64", 2, 8, general},
		{"r6i", "x86_64", 2, 8, general},
		{"r6g", "arm64", 1, 8, graviton},
		{"i3", "x86_64", 2, 7.625, "large:2 xlarge:4 2xlarge:8 4xlarge:16 8xlarge:32 16xlarge:64"},
		{"g4dn", "x86_64", 2, 4, "xlarge:4 2xlarge:8 4xlarge:16 8xlarge:32 12xlarge:48 16xlarge:64"},
		{"g5", "x86_64", 2, 4, "xlarge:4 2xlarge:8 4xlarge:16 8xlarge:32 12xlarge:48 16xlarge:64 24xlarge:96 48xlarge:192"},
		{"p3", "x86_64", 2, 7.625, "2xlarge:8 8xlarge:32 16xlarge:64"},
		{"p4d", "x86_64", 2, 12, "24xlarge:96"},
		{"p5", "x86_64", 2, 10.6667, "48xlarge:192"},
		{"trn1", "x86_64", 2, 4, "2xlarge:8 32xlarge:128"},
	}
}

func typeKinds() []*engine.Kind {
	all := sync.OnceValue(allTypes)
	types := &engine.Kind{
		Name: "instance-type", Shape: "InstanceTypeInfo", ID: "InstanceType",
		Unknown: engine.Refuse("InvalidInstanceType", "The following supplied instance types do not exist: [{id}]"),
		Static:  func(*engine.Exec) []engine.Attrs { return all() },
	}
	return []*engine.Kind{types, {
		Name: "instance-type-offering", Shape: "InstanceTypeOffering", ID: ".Offering", Static: offerings,
	}}
}

func allTypes() []engine.Attrs {
	var all []engine.Attrs
	for _, f := range families() {
		for size := range strings.FieldsSeq(f.sizes) {
			all = append(all, f.describe(strings.Split(size, ":")))
		}
	}
	return all
}

func (f family) describe(size []string) engine.Attrs {
	cpus := number(size[1])
	memory := int64(float64(cpus) * f.perCPU * 1024)
	if len(size) > 2 {
		memory = number(size[2])
	}
	threads := min(f.threads, cpus)
	old := strings.HasSuffix(f.name, "1") && f.name != "a1" && f.name != "trn1" || f.name == "m3"
	hypervisor := "nitro"
	if old || strings.Contains("t2 m4 c4 r4 i3 p3", f.name) {
		hypervisor = "xen"
	}
	return engine.Attrs{
		"InstanceType": f.name + "." + size[0], "CurrentGeneration": !old,
		"FreeTierEligible":         f.name == "t2" && size[0] == "micro" || f.name == "t3" && size[0] == "micro",
		"SupportedUsageClasses":    []any{"on-demand", "spot"},
		"SupportedRootDeviceTypes": []any{"ebs"}, "SupportedVirtualizationTypes": []any{"hvm"},
		"BareMetal": false, "Hypervisor": hypervisor,
		"ProcessorInfo": map[string]any{
			"SupportedArchitectures": []any{f.arch}, "SustainedClockSpeedInGhz": 2.5, "Manufacturer": f.manufacturer(),
		},
		"VCpuInfo": map[string]any{
			"DefaultVCpus": cpus, "DefaultCores": cpus / threads, "DefaultThreadsPerCore": threads,
		},
		"MemoryInfo":               map[string]any{"SizeInMiB": memory},
		"InstanceStorageSupported": f.name == "i3" || f.name == "m3",
		"EbsInfo": map[string]any{
			"EbsOptimizedSupport": "default", "EncryptionSupport": "supported", "NvmeSupport": "required",
			"AttachmentLimitType": "shared", "MaximumEbsAttachments": int64(27),
		},
		"NetworkInfo": map[string]any{
			"MaximumNetworkInterfaces": int64(4), "Ipv4AddressesPerInterface": int64(15), "Ipv6AddressesPerInterface": int64(15),
			"Ipv6Supported": true, "EnaSupport": "required", "EfaSupported": false, "EncryptionInTransitSupported": hypervisor == "nitro",
			"EnaSrdSupported": false, "NetworkPerformance": "Up to 5 Gigabit", "MaximumNetworkCards": int64(1),
			"DefaultNetworkCardIndex": int64(0), "NetworkCards": []any{map[string]any{
				"NetworkCardIndex": int64(0), "NetworkPerformance": "Up to 5 Gigabit", "MaximumNetworkInterfaces": int64(4),
			}},
		},
		"NitroEnclavesSupport": "unsupported", "NitroTpmSupport": "unsupported", "PhcSupport": "unsupported",
		"RebootMigrationSupport":        "supported",
		"PlacementGroupInfo":            map[string]any{"SupportedStrategies": []any{"partition", "spread"}},
		"HibernationSupported":          !old,
		"BurstablePerformanceSupported": strings.HasPrefix(f.name, "t"),
		"DedicatedHostsSupported":       !strings.HasPrefix(f.name, "t"),
		"AutoRecoverySupported":         true,
		"SupportedBootModes":            []any{"legacy-bios", "uefi"},
	}
}

func (f family) manufacturer() string {
	switch {
	case f.arch == "arm64":
		return "AWS"
	case strings.HasSuffix(f.name, "a"):
		return "AMD"
	}
	return "Intel"
}

func number(digits string) int64 {
	var n int64
	for _, d := range digits {
		n = n*10 + int64(d-'0')
	}
	return n
}

func typeOps() []engine.Op {
	return []engine.Op{
		{Name: "DescribeInstanceTypes", Do: engine.Describe{
			Kind: "instance-type", IDs: []string{"InstanceTypes"}, Page: 100,
		}},
		{Name: "DescribeInstanceTypeOfferings", Do: engine.Describe{Kind: "instance-type-offering", IDs: []string{}}},
	}
}

// offerings are where the instance types are offered: everywhere.
func offerings(x *engine.Exec) []engine.Attrs {
	kind := x.Params.Str("LocationType")
	places := []string{x.Call.Region}
	if kind == "" {
		kind = "region"
	}
	if kind != "region" {
		places = nil
		for _, z := range zonesOf(x.Call.Region) {
			if kind == "availability-zone-id" {
				z.name = z.id
			}
			places = append(places, z.name)
		}
	}
	var all []engine.Attrs
	for _, t := range x.List("instance-type") {
		for _, place := range places {
			all = append(all, engine.Attrs{"InstanceType": t.ID, "LocationType": kind, "Location": place})
		}
	}
	return all
}
