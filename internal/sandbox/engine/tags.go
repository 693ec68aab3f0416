package engine

import (
	"slices"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// Tagging is how tags come with a request.
type Tagging struct {
	// Param is the request member with the tags, or with the specifications
	// of tags by type of resource.
	Param string
	// ByType says that Param holds specifications.
	ByType bool
	// Key and Value are the members of a tag.
	Key, Value string
}

// tag gives a new resource the tags that come with the request.
func (x *Exec) tag(k *Kind, a Attrs) {
	if k.Tags == "" {
		return
	}
	t := x.service.Tagging
	if t.ByType {
		if tags := x.TagsFor(k.Name); len(tags) > 0 {
			a.Set(k.Tags, tags)
		}
		return
	}
	if tags := x.Params.Get(t.Param); tags != nil {
		a.Set(k.Tags, clone(tags))
	}
}

// TagsFor returns the tags that the request specifies for a type of resource.
func (x *Exec) TagsFor(resourceType string) []any {
	var tags []any
	for _, spec := range x.Params.Subs(x.service.Tagging.Param) {
		if spec.Str("ResourceType") == resourceType {
			tags = append(tags, spec.All("Tags")...)
		}
	}
	list, _ := clone(tags).([]any)
	return list
}

// PutTags adds the tags to the resource, in place of those with the same key.
func (x *Exec) PutTags(kind string, r *Resource, tags []any) {
	k, t := x.Kind(kind), x.service.Tagging
	r = x.edit(k, r)
	have, _ := r.Get(k.Tags).([]any)
	for _, tag := range tags {
		fresh, ok := asMap(tag)
		if !ok {
			continue
		}
		at := slices.IndexFunc(have, func(v any) bool {
			old, _ := asMap(v)
			return old.Str(t.Key) == fresh.Str(t.Key)
		})
		if at >= 0 {
			have[at] = clone(tag)
			continue
		}
		have = append(have, clone(tag))
	}
	r.Set(k.Tags, have)
}

// DropTags removes the tags for which drop says so.
func (x *Exec) DropTags(kind string, r *Resource, drop func(key, value string) bool) {
	k, t := x.Kind(kind), x.service.Tagging
	r = x.edit(k, r)
	have, _ := r.Get(k.Tags).([]any)
	r.Set(k.Tags, slices.DeleteFunc(have, func(v any) bool {
		tag, _ := asMap(v)
		return drop(tag.Str(t.Key), tag.Str(t.Value))
	}))
}

// tagMatch returns what a filter on tags looks at, or nil where the filter is
// not about tags.
func (k *Kind) tagMatch(t Tagging, name string) func(a Attrs) []string {
	if k.Tags == "" {
		return nil
	}
	if len(name) > 4 && name[:4] == "tag:" {
		return func(a Attrs) []string {
			var values []string
			for _, tag := range a.Subs(k.Tags) {
				if tag.Str(t.Key) == name[4:] {
					values = append(values, tag.Str(t.Value))
				}
			}
			return values
		}
	}
	switch name {
	case "tag-key":
		return func(a Attrs) []string { return a.Strs(k.Tags + "." + t.Key) }
	case "tag-value":
		return func(a Attrs) []string { return a.Strs(k.Tags + "." + t.Value) }
	}
	return nil
}

// shape returns the kind's shape in the model of the call's service.
func (x *Exec) shape(k *Kind) *awsapi.Shape { return x.Call.Operation.Service.Shape(k.Shape) }
