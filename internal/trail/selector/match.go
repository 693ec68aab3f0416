package selector

import (
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/history"
)

// Wants reports whether any selector matches the event.
func (s *Set) Wants(e *Event) bool {
	for i := range s.Advanced {
		if s.Advanced[i].wants(e) {
			return true
		}
	}
	for i := range s.Basic {
		if s.Basic[i].wants(e) {
			return true
		}
	}
	return len(s.Advanced)+len(s.Basic) == 0 && e.Entry.Category == history.Management
}

func (b *Basic) wants(e *Event) bool {
	switch b.ReadWriteType {
	case ReadOnly:
		if e.readOnly() != "true" {
			return false
		}
	case WriteOnly:
		if e.readOnly() == "true" {
			return false
		}
	}
	switch e.Entry.Category {
	case history.Management:
		return b.IncludeManagementEvents && !slices.Contains(b.ExcludeManagementSources, e.Entry.EventSource)
	case history.Data:
		return slices.ContainsFunc(b.DataResources, func(d DataResource) bool { return d.wants(e) })
	}
	return false
}

func (d *DataResource) wants(e *Event) bool {
	if len(d.Values) == 0 {
		return false
	}
	return slices.ContainsFunc(e.read().resources, func(r resource) bool {
		return r.kind == d.Type && slices.ContainsFunc(d.Values, func(v string) bool { return d.covers(v, r.arn) })
	})
}

// covers reports whether a value of the selector stands for a resource: for all
// of the type, for those whose ARNs begin with it (S3), or for one.
func (d *DataResource) covers(value, arn string) bool {
	if isAll(value) || d.Type == s3Object {
		return strings.HasPrefix(arn, value)
	}
	return arn == value
}

// wants reports whether each field selector accepts the event. Those of the
// resources' type and ARN are about one resource: the event must have one that
// all of them accept.
func (a *Advanced) wants(e *Event) bool {
	for i := range a.Fields {
		if value, ok := e.indexed(a.Fields[i].Field); ok && !a.Fields[i].accepts(value) {
			return false
		}
	}
	resources := false
	for i := range a.Fields {
		f := &a.Fields[i]
		if f.ofResource() {
			resources = true
		} else if value, ok := e.recorded(f.Field); ok && !f.accepts(value) {
			return false
		}
	}
	return !resources || slices.ContainsFunc(e.read().resources, a.wantsResource)
}

func (a *Advanced) wantsResource(r resource) bool {
	for i := range a.Fields {
		switch f := &a.Fields[i]; f.Field {
		case resourceType:
			if !f.accepts(r.kind) {
				return false
			}
		case resourceARN:
			if !f.accepts(r.arn) {
				return false
			}
		}
	}
	return true
}

// The fields that are about a resource.
const (
	resourceType = "resources.type"
	resourceARN  = "resources.ARN"
)

func (f *Field) ofResource() bool { return f.Field == resourceType || f.Field == resourceARN }

// indexed is a field's value where the entry holds it.
func (e *Event) indexed(field string) (value string, ok bool) {
	switch field {
	case "eventCategory":
		return e.Entry.Category.String(), true
	case "readOnly":
		return e.readOnly(), true
	case "eventSource":
		return e.Entry.EventSource, true
	case "eventName":
		return e.Entry.EventName, true
	}
	return "", false
}

// recorded is a field's value where only the record has it: empty if it is not
// there, so that what must not be something holds and what must be does not.
func (e *Event) recorded(field string) (value string, ok bool) {
	switch field {
	case "eventType":
		return text(e.read().eventType), true
	case "errorCode":
		return text(e.read().errorCode), true
	case "userIdentity.arn":
		return textOf(e.read().userIdentity, "arn"), true
	case "vpcEndpointId":
		return text(e.read().vpcEndpointID), true
	case "sessionCredentialFromConsole":
		return text(e.read().fromConsole), true
	}
	return "", false
}

// accepts reports whether a value satisfies the field's operators: one of those
// that include, if there are any, and all of those that exclude.
func (f *Field) accepts(value string) bool {
	if len(f.Equals)+len(f.StartsWith)+len(f.EndsWith) > 0 &&
		!slices.Contains(f.Equals, value) && !begins(value, f.StartsWith) && !ends(value, f.EndsWith) {
		return false
	}
	return !slices.Contains(f.NotEquals, value) && !begins(value, f.NotStartsWith) && !ends(value, f.NotEndsWith)
}

func begins(value string, with []string) bool {
	return slices.ContainsFunc(with, func(prefix string) bool { return strings.HasPrefix(value, prefix) })
}

func ends(value string, with []string) bool {
	return slices.ContainsFunc(with, func(suffix string) bool { return strings.HasSuffix(value, suffix) })
}
