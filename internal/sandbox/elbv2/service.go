// Package elbv2 is the sandbox's Elastic Load Balancing: Application, Network
// and Gateway Load Balancers.
package elbv2

import (
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

const arn = "arn:aws:elasticloadbalancing:{region}:{account}:"

// Service returns the table of Elastic Load Balancing, version 2.
func Service() *engine.Service {
	return &engine.Service{
		ID:      "elbv2",
		Kinds:   slices.Concat(loadBalancerKinds(), targetKinds(), listenerKinds(), policyKinds()),
		Ops:     slices.Concat(loadBalancerOps(), targetOps(), listenerOps(), policyOps(), tagOps()),
		Paging:  engine.Paging{Size: "PageSize", In: "Marker", Out: "NextMarker", Default: 400, BadToken: invalid("The marker is not valid")},
		Tagging: engine.Tagging{Param: "Tags", Key: "Key", Value: "Value"},
		Lacks:   engine.Refuse("UnsupportedOperation", "The sandbox does not have the operation {name} of Elastic Load Balancing."),
	}
}

func invalid(text string) engine.Fault { return engine.Refuse("ValidationError", text) }

func tagOps() []engine.Op {
	return []engine.Op{
		{Name: "AddTags", Do: engine.Write(addTags)},
		{Name: "RemoveTags", Do: engine.Write(removeTags)},
		{Name: "DescribeTags", Do: engine.Read(describeTags)},
	}
}

// tagged returns the resource of an ARN, with its kind.
func tagged(x *engine.Exec, ref string) (string, *engine.Resource, error) {
	parts := strings.SplitN(ref, ":", 6)
	if len(parts) == 6 {
		kinds := map[string]string{
			"loadbalancer": "load-balancer", "targetgroup": "target-group", "listener": "listener", "listener-rule": "rule",
		}
		what, _, _ := strings.Cut(parts[5], "/")
		if kind, ok := kinds[what]; ok {
			r, err := x.Find(kind, ref)
			return kind, r, err
		}
	}
	return "", nil, invalid("'" + ref + "' is not a valid ARN").With()
}

func addTags(x *engine.Exec) (map[string]any, error) {
	tags, _ := x.Params["Tags"].([]any)
	seen := make(map[string]bool)
	for _, tag := range x.Params.Subs("Tags") {
		if seen[tag.Str("Key")] {
			return nil, engine.Refuse("DuplicateTagKeysException", "Tag keys must be unique").With()
		}
		seen[tag.Str("Key")] = true
	}
	for _, ref := range x.Params.Strs("ResourceArns") {
		kind, r, err := tagged(x, ref)
		if err != nil {
			return nil, err
		}
		x.PutTags(kind, r, tags)
	}
	return nil, nil
}

func removeTags(x *engine.Exec) (map[string]any, error) {
	keys := x.Params.Strs("TagKeys")
	for _, ref := range x.Params.Strs("ResourceArns") {
		kind, r, err := tagged(x, ref)
		if err != nil {
			return nil, err
		}
		x.DropTags(kind, r, func(key, _ string) bool { return slices.Contains(keys, key) })
	}
	return nil, nil
}

func describeTags(x *engine.Exec) (map[string]any, error) {
	list := []any{}
	for _, ref := range x.Params.Strs("ResourceArns") {
		_, r, err := tagged(x, ref)
		if err != nil {
			return nil, err
		}
		tags := r.Clone().All(".Tags")
		if tags == nil {
			tags = []any{}
		}
		list = append(list, map[string]any{"ResourceArn": r.ID, "Tags": tags})
	}
	return map[string]any{"TagDescriptions": list}, nil
}
