package ec2

import (
	"maps"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func tagKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "tag", Shape: "TagDescription", ID: ".Tag", Tags: ".Tags",
		Static: func(x *engine.Exec) []engine.Attrs {
			var all []engine.Attrs
			for _, prefix := range slices.Sorted(maps.Keys(taggable())) {
				kind := taggable()[prefix]
				for _, r := range x.List(kind) {
					for _, tag := range r.Subs(x.Kind(kind).Tags) {
						all = append(all, engine.Attrs{
							"ResourceId": r.ID, "ResourceType": kind, "Key": tag.Str("Key"), "Value": tag.Str("Value"),
							".Tags": []any{map[string]any(tag)},
						})
					}
				}
			}
			return all
		},
	}}
}

func tagOps() []engine.Op {
	return []engine.Op{
		{Name: "CreateTags", Do: engine.Write(createTags)},
		{Name: "DeleteTags", Do: engine.Write(deleteTags)},
		{Name: "DescribeTags", Do: engine.Describe{Kind: "tag", IDs: []string{}}},
	}
}

// taggable are the kinds whose resources tags are put on by id, with what the
// ids begin with.
func taggable() map[string]string {
	return map[string]string{
		"ami": "image", "cb": "capacity-block", "cr": "capacity-reservation", "eipalloc": "elastic-ip", "eni": "network-interface",
		"i": "instance", "igw": "internet-gateway", "key": "key-pair", "lt": "launch-template", "acl": "network-acl",
		"rtb": "route-table", "sg": "security-group", "sgr": "security-group-rule", "snap": "snapshot",
		"nat": "natgateway", "pcx": "vpc-peering-connection", "vpce": "vpc-endpoint",
		"subnet": "subnet", "vol": "volume", "vpc": "vpc",
	}
}

// tagged returns the resources that the request names, with their kinds.
func tagged(x *engine.Exec) (kinds []string, rs []*engine.Resource, err error) {
	for _, id := range x.Params.Strs("Resources") {
		prefix, _, _ := strings.Cut(id, "-")
		kind, ok := taggable()[prefix]
		if !ok {
			return nil, nil, engine.Refuse("InvalidID", "The ID '"+id+"' is not valid").With()
		}
		r, err := x.Find(kind, id)
		if err != nil {
			return nil, nil, err
		}
		kinds, rs = append(kinds, kind), append(rs, r)
	}
	return kinds, rs, nil
}

// maxTags is how many tags a resource may have.
const maxTags = 50

func createTags(x *engine.Exec) (map[string]any, error) {
	kinds, rs, err := tagged(x)
	if err != nil {
		return nil, err
	}
	for _, tag := range x.Params.Subs("Tags") {
		if strings.HasPrefix(strings.ToLower(tag.Str("Key")), "aws:") {
			return nil, invalidValue("Tag keys starting with 'aws:' are reserved for internal use").With()
		}
		if len(tag.Str("Key")) > 127*4 || len(tag.Str("Value")) > 256*4 {
			return nil, invalidValue("Tag key or value exceeds the maximum length").With()
		}
	}
	for i, r := range rs {
		tags, _ := x.Params.Clone()["Tags"].([]any)
		for _, tag := range tags {
			if t, ok := tag.(map[string]any); ok && t["Value"] == nil {
				t["Value"] = ""
			}
		}
		r = x.Edit(kinds[i], r)
		x.PutTags(kinds[i], r, tags)
		if len(r.All("Tags"))+len(r.All("TagSet")) > maxTags {
			return nil, engine.Refuse("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.").With()
		}
	}
	return nil, nil
}

// deleteTags removes the tags that the request names, with any value where it
// gives none, or all.
func deleteTags(x *engine.Exec) (map[string]any, error) {
	kinds, rs, err := tagged(x)
	if err != nil {
		return nil, err
	}
	named := x.Params.Subs("Tags")
	for i, r := range rs {
		x.DropTags(kinds[i], r, func(key, value string) bool {
			for _, tag := range named {
				if tag.Str("Key") == key && (!tag.Has("Value") || tag.Str("Value") == value) {
					return true
				}
			}
			return len(named) == 0 && !strings.HasPrefix(key, "aws:")
		})
	}
	return nil, nil
}
