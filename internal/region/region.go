// Package region is the table of AWS's Regions.
package region

import (
	"maps"
	"slices"
	"strings"
)

// Global is where the events of global services are recorded, since 22 November
// 2021 (CloudTrail User Guide, "Region and global service events").
const Global = "us-east-1"

// enabled says of every Region ("AWS Regions", 2026) whether an account of the
// standard partition has it without asking for it.
func enabled() map[string]bool {
	return map[string]bool{
		"ap-northeast-1": true, "ap-northeast-2": true, "ap-northeast-3": true, "ap-south-1": true,
		"ap-southeast-1": true, "ap-southeast-2": true, "ca-central-1": true, "eu-central-1": true,
		"eu-north-1": true, "eu-west-1": true, "eu-west-2": true, "eu-west-3": true, "sa-east-1": true,
		"us-east-1": true, "us-east-2": true, "us-west-1": true, "us-west-2": true,

		"af-south-1": false, "ap-east-1": false, "ap-east-2": false, "ap-south-2": false,
		"ap-southeast-3": false, "ap-southeast-4": false, "ap-southeast-5": false, "ap-southeast-6": false,
		"ap-southeast-7": false, "ca-west-1": false, "eu-central-2": false, "eu-south-1": false,
		"eu-south-2": false, "il-central-1": false, "me-central-1": false, "me-south-1": false,
		"mx-central-1": false,

		"cn-north-1": false, "cn-northwest-1": false, "eusc-de-east-1": false,
		"us-gov-east-1": false, "us-gov-west-1": false,
	}
}

// Table answers for the Regions that AWS has.
type Table struct{ enabled map[string]bool }

// Open returns the table.
func Open() Table { return Table{enabled()} }

// Known reports whether AWS has the Region.
func (t Table) Known(name string) bool {
	_, known := t.enabled[name]
	return known
}

// Enabled lists, sorted, the Regions that an account has without asking for
// them. Those are the Regions in which a multi-Region trail delivers whether
// anything happens there or not.
func (t Table) Enabled() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(t.enabled)) {
		if t.enabled[name] {
			names = append(names, name)
		}
	}
	return names
}

// Partition is the second part of the ARNs of a Region's resources.
func Partition(name string) string {
	switch {
	case strings.HasPrefix(name, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(name, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(name, "eusc-"):
		return "aws-eusc"
	default:
		return "aws"
	}
}
