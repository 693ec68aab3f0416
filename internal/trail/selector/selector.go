// Package selector says which events a trail wants: the basic and the advanced
// event selectors of CloudTrail's API. A trail wants an event that any of its
// selectors matches; one without selectors wants all management events.
package selector

import "slices"

// Set is a trail's selectors: basic ones or advanced ones.
type Set struct {
	Basic    []Basic    `json:",omitempty"`
	Advanced []Advanced `json:",omitempty"`
}

// Values of Basic.ReadWriteType.
const (
	All       = "All"
	ReadOnly  = "ReadOnly"
	WriteOnly = "WriteOnly"
)

// Basic is an EventSelector of the API.
type Basic struct {
	ReadWriteType            string // ReadOnly, WriteOnly, All
	IncludeManagementEvents  bool
	ExcludeManagementSources []string
	DataResources            []DataResource
}

// DataResource names the resources whose data events a Basic selector wants.
type DataResource struct {
	Type   string
	Values []string
}

// Advanced is an AdvancedEventSelector of the API.
type Advanced struct {
	Name   string
	Fields []Field
}

// Field is an AdvancedFieldSelector of the API. An operator without values is
// not there.
type Field struct {
	Field         string
	Equals        []string `json:",omitempty"`
	StartsWith    []string `json:",omitempty"`
	EndsWith      []string `json:",omitempty"`
	NotEquals     []string `json:",omitempty"`
	NotStartsWith []string `json:",omitempty"`
	NotEndsWith   []string `json:",omitempty"`
}

// Default is what a trail without selectors shows.
func Default() Basic { return Basic{ReadWriteType: All, IncludeManagementEvents: true} }

// IsDefault reports whether the set wants what a new trail wants: all management
// events and nothing else.
func (s *Set) IsDefault() bool {
	if len(s.Advanced) > 0 {
		return false
	}
	return !slices.ContainsFunc(s.Basic, func(b Basic) bool {
		return b.ReadWriteType != All || !b.IncludeManagementEvents ||
			len(b.ExcludeManagementSources) > 0 || len(b.DataResources) > 0
	})
}

// Categories of event that selectors know.
const (
	management      = "Management"
	data            = "Data"
	networkActivity = "NetworkActivity"
)

// LogsManagement reports whether the set wants management events of some kind:
// those that write, or any.
func (s *Set) LogsManagement(writes bool) bool {
	if len(s.Basic)+len(s.Advanced) == 0 {
		return true
	}
	return slices.ContainsFunc(s.Basic, func(b Basic) bool {
		return b.IncludeManagementEvents && !(writes && b.ReadWriteType == ReadOnly)
	}) || slices.ContainsFunc(s.Advanced, func(a Advanced) bool {
		return a.names("eventCategory", management) && !(writes && a.names("readOnly", "true"))
	})
}

// LogsData reports whether the set wants any data events.
func (s *Set) LogsData() bool {
	return slices.ContainsFunc(s.Basic, func(b Basic) bool { return len(b.DataResources) > 0 }) ||
		slices.ContainsFunc(s.Advanced, func(a Advanced) bool { return a.names("eventCategory", data) })
}

// names reports whether a field must have a value.
func (a *Advanced) names(field, value string) bool {
	return slices.ContainsFunc(a.Fields, func(f Field) bool {
		return f.Field == field && slices.Contains(f.Equals, value)
	})
}

// Bytes is about how much memory the selectors' values take.
func (s *Set) Bytes() int {
	n := 0
	for _, b := range s.Basic {
		n += total(b.ExcludeManagementSources)
		for _, d := range b.DataResources {
			n += len(d.Type) + total(d.Values)
		}
	}
	for _, a := range s.Advanced {
		n += len(a.Name)
		for _, f := range a.Fields {
			n += len(f.Field)
			for _, values := range f.Operators() {
				n += total(*values)
			}
		}
	}
	return n
}

func total(values []string) int {
	n := 0
	for _, v := range values {
		n += len(v)
	}
	return n
}
