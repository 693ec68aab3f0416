// Package selector says which events a trail wants: the basic and the advanced
// event selectors of CloudTrail's API.
package selector

// Set is a trail's selectors: basic ones or advanced ones.
type Set struct {
	Basic    []Basic    `json:",omitempty"`
	Advanced []Advanced `json:",omitempty"`
}

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
	Field                                                               string
	Equals, StartsWith, EndsWith, NotEquals, NotStartsWith, NotEndsWith []string
}
