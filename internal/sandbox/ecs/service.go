// Package ecs is the sandbox's Amazon ECS. Tasks run nowhere: they take the
// states that they would have.
package ecs

import (
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

const arn = "arn:aws:ecs:{region}:{account}:"

// Service returns the table of Amazon ECS.
func Service() *engine.Service {
	return &engine.Service{
		ID:    "ecs",
		Kinds: slices.Concat(clusterKinds(), instanceKinds(), definitionKinds(), taskKinds(), serviceKinds()),
		Ops:   slices.Concat(clusterOps(), instanceOps(), definitionOps(), taskOps(), serviceOps(), tagOps()),
		Paging: engine.Paging{
			Size: "maxResults", In: "nextToken", Out: "nextToken", Default: 100,
			BadToken: invalid("Invalid token in request"),
		},
		Tagging: engine.Tagging{Param: "tags", Key: "key", Value: "value"},
		Lacks:   engine.Refuse("UnsupportedFeatureException", "The sandbox does not have the operation {name} of Amazon ECS."),
		Settle:  settle,
		TokenReused: engine.Refuse("ConflictException",
			"The client token was used before with other parameters."),
	}
}

func invalid(text string) engine.Fault { return engine.Refuse("InvalidParameterException", text) }

func client(text string) engine.Fault { return engine.Refuse("ClientException", text) }

// caller is who makes the call, as resources show it.
func caller(x *engine.Exec) string {
	if x.Call.Caller != nil && x.Call.Caller.ARN != "" {
		return x.Call.Caller.ARN
	}
	return x.Expand("arn:aws:iam::{account}:root", nil)
}

// described answers a Describe operation of the kind: what is there in the
// member, and the others as failures.
func described(kind, member string, show func(x *engine.Exec, a engine.Attrs)) engine.Action {
	return engine.Read(func(x *engine.Exec) (map[string]any, error) {
		var found []*engine.Resource
		failures := []any{}
		refs := x.Params.Strs(member)
		if len(refs) == 0 && kind == "cluster" {
			refs = []string{"default"}
		}
		if kind != "cluster" {
			if _, err := x.Find("cluster", clusterRef(x)); err != nil {
				return nil, err
			}
		}
		for _, ref := range refs {
			r := x.Look(kind, ref)
			if r == nil {
				id := ref
				if resolve := x.Kind(kind).Resolve; resolve != nil {
					id = resolve(x, ref)
				}
				failures = append(failures, map[string]any{"arn": id, "reason": "MISSING"})
				continue
			}
			if !slices.Contains(found, r) {
				found = append(found, r)
			}
		}
		list := []any{}
		for _, r := range found {
			a := x.Shown(kind, r)
			if show != nil {
				show(x, a)
			}
			list = append(list, engine.Project(x.Call.Operation.Service.Shape(x.Kind(kind).Shape), a))
		}
		return map[string]any{member: list, "failures": failures}, nil
	})
}

// included leaves out what a Describe shows only when it is asked for.
func included(what map[string]string) func(x *engine.Exec, a engine.Attrs) {
	return func(x *engine.Exec, a engine.Attrs) {
		for word, path := range what {
			if !slices.Contains(x.Params.Strs("include"), word) {
				a.Set(path, []any{})
			}
		}
	}
}

func clusterRef(x *engine.Exec) string {
	if ref := x.Params.Str("cluster"); ref != "" {
		return ref
	}
	return "default"
}

// clusterName is the name of the cluster that the call names. What policies decide
// on is made of the same name, so only a cluster's own ARN is taken apart.
func clusterName(x *engine.Exec) string {
	name, _ := strings.CutPrefix(clusterRef(x), x.Expand(arn+"cluster/", nil))
	return name
}

// last is what follows the last slash.
func last(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

func tagOps() []engine.Op {
	return []engine.Op{
		{Name: "TagResource", Do: engine.Write(func(x *engine.Exec) (map[string]any, error) {
			kind, r, err := tagged(x)
			if err == nil {
				tags, _ := x.Params["tags"].([]any)
				x.PutTags(kind, r, tags)
			}
			return nil, err
		})},
		{Name: "UntagResource", Do: engine.Write(func(x *engine.Exec) (map[string]any, error) {
			kind, r, err := tagged(x)
			if err == nil {
				keys := x.Params.Strs("tagKeys")
				x.DropTags(kind, r, func(key, _ string) bool { return slices.Contains(keys, key) })
			}
			return nil, err
		})},
		{Name: "ListTagsForResource", Do: engine.Read(func(x *engine.Exec) (map[string]any, error) {
			kind, r, err := tagged(x)
			if err != nil {
				return nil, err
			}
			tags := r.Clone().All(x.Kind(kind).Tags)
			return map[string]any{"tags": append([]any{}, tags...)}, nil
		})},
	}
}

// tagged returns the resource that the request's ARN names, with its kind.
func tagged(x *engine.Exec) (string, *engine.Resource, error) {
	ref := x.Params.Str("resourceArn")
	kinds := map[string]string{"cluster": "cluster", "task-definition": "task-definition", "task": "task", "service": "service", "container-instance": "container-instance"}
	if parts := strings.SplitN(ref, ":", 6); len(parts) == 6 {
		what, _, _ := strings.Cut(parts[5], "/")
		if kind, ok := kinds[what]; ok {
			r := x.Look(kind, ref)
			if r == nil {
				return "", nil, invalid("The specified " + what + " is not found.").With()
			}
			return kind, r, nil
		}
	}
	return "", nil, invalid("The specified resource ARN is not valid: " + ref).With()
}
