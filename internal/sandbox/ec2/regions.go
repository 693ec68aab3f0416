package ec2

import (
	"strings"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// region is a row of AWS's Regions: the name, the code that zone ids begin
// with, the letters of its zones with the numbers of their ids, and whether an
// account must opt in. Which number a letter has differs between accounts in
// AWS; here it does not.
type region struct {
	name, code, zones string
	optIn             bool
}

func regions() []region {
	return []region{
		{"ap-south-1", "aps1", "a1 b3 c2", false},
		{"eu-north-1", "eun1", "a1 b2 c3", false},
		{"eu-west-3", "euw3", "a1 b2 c3", false},
		{"eu-west-2", "euw2", "a2 b3 c1", false},
		{"eu-west-1", "euw1", "a1 b2 c3", false},
		{"ap-northeast-3", "apne3", "a3 b1 c2", false},
		{"ap-northeast-2", "apne2", "a1 b2 c3 d4", false},
		{"ap-northeast-1", "apne1", "a4 c1 d2", false},
		{"ca-central-1", "cac1", "a1 b2 d4", false},
		{"sa-east-1", "sae1", "a1 b2 c3", false},
		{"ap-southeast-1", "apse1", "a1 b2 c3", false},
		{"ap-southeast-2", "apse2", "a1 b3 c2", false},
		{"eu-central-1", "euc1", "a2 b3 c1", false},
		{"us-east-1", "use1", "a1 b2 c4 d6 e3 f5", false},
		{"us-east-2", "use2", "a1 b2 c3", false},
		{"us-west-1", "usw1", "a1 c3", false},
		{"us-west-2", "usw2", "a1 b2 c3 d4", false},
		{"af-south-1", "afs1", "a1 b2 c3", true},
		{"ap-east-1", "ape1", "a1 b2 c3", true},
		{"ap-south-2", "aps2", "a1 b2 c3", true},
		{"ap-southeast-3", "apse3", "a1 b2 c3", true},
		{"ap-southeast-4", "apse4", "a1 b2 c3", true},
		{"ca-west-1", "caw1", "a1 b2 c3", true},
		{"eu-central-2", "euc2", "a1 b2 c3", true},
		{"eu-south-1", "eus1", "a1 b2 c3", true},
		{"eu-south-2", "eus2", "a1 b2 c3", true},
		{"il-central-1", "ilc1", "a1 b2 c3", true},
		{"me-central-1", "mec1", "a1 b2 c3", true},
		{"me-south-1", "mes1", "a1 b2 c3", true},
	}
}

// zone is an Availability Zone of a Region.
type zone struct{ name, id string }

// zonesOf returns a Region's zones. One that AWS does not have has three.
func zonesOf(name string) []zone {
	at := region{name: name, code: strings.ReplaceAll(name, "-", ""), zones: "a1 b2 c3"}
	for _, r := range regions() {
		if r.name == name {
			at = r
		}
	}
	var zones []zone
	for z := range strings.FieldsSeq(at.zones) {
		zones = append(zones, zone{name: name + z[:1], id: at.code + "-az" + z[1:]})
	}
	return zones
}

func zoneID(region, name string) string {
	for _, z := range zonesOf(region) {
		if z.name == name {
			return z.id
		}
	}
	return ""
}

func zoneName(region, id string) string {
	for _, z := range zonesOf(region) {
		if z.id == id {
			return z.name
		}
	}
	return ""
}

func regionKinds() []*engine.Kind {
	return []*engine.Kind{
		{
			Name: "region", Shape: "Region", ID: "RegionName",
			Unknown: invalidValue("Invalid region '{id}'"),
			Static: func(*engine.Exec) []engine.Attrs {
				var all []engine.Attrs
				for _, r := range regions() {
					status := "opt-in-not-required"
					if r.optIn {
						status = "not-opted-in"
					}
					all = append(all, engine.Attrs{
						"RegionName": r.name, "Endpoint": "ec2." + r.name + ".amazonaws.com", "OptInStatus": status,
					})
				}
				return all
			},
		},
		{
			Name: "availability-zone", Shape: "AvailabilityZone", ID: "ZoneName",
			Unknown: invalidValue("Invalid availability zone: [{id}]"),
			Resolve: func(x *engine.Exec, ref string) string {
				if name := zoneName(x.Call.Region, ref); name != "" {
					return name
				}
				return ref
			},
			Static: func(x *engine.Exec) []engine.Attrs {
				var all []engine.Attrs
				for _, z := range zonesOf(x.Call.Region) {
					all = append(all, engine.Attrs{
						"ZoneName": z.name, "ZoneId": z.id, "RegionName": x.Call.Region, "State": "available",
						"OptInStatus": "opt-in-not-required", "GroupName": x.Call.Region + "-zg-1",
						"NetworkBorderGroup": x.Call.Region, "ZoneType": "availability-zone", "Messages": []any{},
					})
				}
				return all
			},
		},
	}
}

func regionOps() []engine.Op {
	return []engine.Op{
		{Name: "DescribeRegions", Do: engine.Describe{
			Kind: "region", IDs: []string{"RegionNames"},
			Only: func(x *engine.Exec, a engine.Attrs) bool {
				return a.Str("OptInStatus") != "not-opted-in" || x.Params.Bool("AllRegions") || x.Params.Has("RegionNames")
			},
		}},
		{Name: "DescribeAvailabilityZones", Do: engine.Describe{
			Kind: "availability-zone", IDs: []string{"ZoneNames", "ZoneIds"},
		}},
	}
}
