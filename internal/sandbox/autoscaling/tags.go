package autoscaling

import (
	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func tagKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "tag", Shape: "TagDescription", ID: ".Tag",
		Filters: map[string]string{"auto-scaling-group": "ResourceId"},
		Static: func(x *engine.Exec) []engine.Attrs {
			var all []engine.Attrs
			for _, g := range x.List("group") {
				all = append(all, g.Clone().Subs("Tags")...)
			}
			return all
		},
	}}
}

func tagOps() []engine.Op {
	return []engine.Op{
		{Name: "CreateOrUpdateTags", Do: engine.Write(putTags)},
		{Name: "DeleteTags", Do: engine.Write(deleteTags)},
		{Name: "DescribeTags", Do: engine.Describe{Kind: "tag", IDs: []string{}}},
	}
}

// described shows a tag of the request as one of a group.
func described(tag engine.Attrs, group string) engine.Attrs {
	return engine.Attrs{
		"ResourceId": group, "ResourceType": "auto-scaling-group", "Key": tag.Str("Key"), "Value": tag.Str("Value"),
		"PropagateAtLaunch": tag.Bool("PropagateAtLaunch"),
	}
}

func groupTags(x *engine.Exec, a engine.Attrs) (any, error) {
	list := []any{}
	for _, tag := range x.Params.Subs("Tags") {
		list = append(list, map[string]any(described(tag, a.Str("AutoScalingGroupName"))))
	}
	return list, nil
}

func putTags(x *engine.Exec) (map[string]any, error) {
	for _, tag := range x.Params.Subs("Tags") {
		g, err := x.Find("group", tag.Str("ResourceId"))
		if err != nil {
			return nil, err
		}
		x.PutTags("group", g, []any{map[string]any(described(tag, g.ID))})
	}
	return nil, nil
}

func deleteTags(x *engine.Exec) (map[string]any, error) {
	for _, tag := range x.Params.Subs("Tags") {
		g, err := x.Find("group", tag.Str("ResourceId"))
		if err != nil {
			return nil, err
		}
		x.DropTags("group", g, func(key, _ string) bool { return key == tag.Str("Key") })
	}
	return nil, nil
}
