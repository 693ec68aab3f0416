package awsapi

// Names on the wire that the query protocols and XML share. A locationName of
// the shape holds where its use gives none.

// wireName is the name of a member, or of an element, key or value, for which
// the protocol has a name of its own.
func wireName(m *Member, byDefault string) string {
	if m.LocationName != "" {
		return m.LocationName
	}
	if m.Shape.LocationName != "" {
		return m.Shape.LocationName
	}
	return byDefault
}

// flattened reports whether the elements stand in place of the list or map.
func flattened(m *Member) bool { return m.Flattened || m.Shape.Flattened }

// maxDepth bounds how deep values nest. The deepest of a real request, a filter
// of Cost Explorer, has fewer than twenty levels.
const maxDepth = 64
