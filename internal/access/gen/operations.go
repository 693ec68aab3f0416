package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// operations are the rows of a service: those that the rules give, and those that
// follow from the types of resources in the reference.
func (g *generator) operations(s *awsapi.Service) (map[string][]requirement, error) {
	all := map[string][]requirement{}
	own := g.rules.Operations[s.ID]
	for name := range own {
		if s.Operation(name) == nil {
			return nil, fmt.Errorf("the rules have an operation %q", name)
		}
	}
	if g.rules.Types[s.ID] == nil && own == nil && s.ID != "ec2" {
		return all, nil
	}
	actions := g.reference[g.prefix(s)].Actions
	for _, op := range s.Operations {
		rows := own[op.Name]
		if rows == nil {
			types := slices.Sorted(slices.Values(actions[strings.ToLower(op.Name)].Resources))
			if resources := g.resources(op, types); len(resources) > 0 {
				rows = []requirement{{Resources: resources}}
			}
			if s.ID == "ec2" && op.Input.Member("TagSpecifications") != nil {
				if len(rows) == 0 {
					rows = []requirement{{Resources: []string{"*"}}}
				}
				rows = append(rows, g.rules.EC2Tagged)
			}
		}
		if rows != nil {
			all[op.Name] = rows
		}
	}
	return all, nil
}

// resources are the templates of an operation that is decided on the types.
func (g *generator) resources(op *awsapi.Operation, types []string) []string {
	var found []string
	add := func(template string) {
		if !slices.Contains(found, template) {
			found = append(found, template)
		}
	}
	for _, t := range types {
		t = strings.ToLower(t)
		if op.Service.ID == "ec2" {
			for _, template := range g.ec2(op, t) {
				add(template)
			}
			continue
		}
		for _, template := range g.rules.Types[op.Service.ID][t] {
			if fits(op, template) {
				add(template)
			}
		}
	}
	if len(types) == 0 || len(found) > 0 {
		return found
	}
	for _, member := range g.rules.AnyResource {
		if op.Input.Member(member) != nil {
			add("{" + member + "}")
		}
	}
	return found
}

var place = regexp.MustCompile(`\{@?([^}|!]+)[^}]*\}`)

// fits reports whether the operation's request has the members of a template, in
// each of its places.
func fits(op *awsapi.Operation, template string) bool {
	for _, m := range place.FindAllStringSubmatch(template, -1) {
		if !has(op.Input, strings.Split(m[1], ".")) {
			return false
		}
	}
	return true
}

// has reports whether a shape has the member that a path names.
func has(shape *awsapi.Shape, path []string) bool {
	for shape != nil && shape.Kind == awsapi.List {
		shape = shape.Elem.Shape
	}
	if len(path) == 0 || shape == nil {
		return shape != nil
	}
	m := shape.Member(path[0])
	return m != nil && has(m.Shape, path[1:])
}

// ec2 are the templates of a type of EC2's resources.
func (g *generator) ec2(op *awsapi.Operation, kind string) []string {
	formats := g.reference["ec2"].Resources[kind].ARNFormats
	if len(formats) != 1 || !strings.HasPrefix(formats[0], "arn:${Partition}:ec2:") {
		return nil
	}
	form := strings.NewReplacer("${Partition}", "$partition", "${Region}", "$region", "${Account}", "$account").Replace(formats[0])
	base, ok := strings.CutSuffix(form, ".*")
	if !ok {
		return nil
	}
	members, ok := g.rules.EC2Members[kind]
	if !ok {
		members = []string{pascal(kind) + "Id", pascal(kind) + "Ids"}
	}
	made := g.rules.EC2Creates[op.Name] == kind || op.Name == "Create"+pascal(kind) || op.Name == "Create"+pascal(kind)+"s"
	if !made {
		members = slices.Concat(members, g.rules.EC2Names[kind])
	}
	var templates []string
	for _, m := range members {
		if op.Input.Member(m) != nil {
			templates = append(templates, base+"{"+m+"}")
		}
	}
	if made && kind != "key-pair" && kind != "placement-group" {
		// A copy is made of one of its kind, whose id stands in the request.
		templates = append(templates, base+"*")
	}
	return templates
}

// pascal is the form of a type in the names of operations and members.
func pascal(kind string) string {
	switch kind {
	case "natgateway":
		return "NatGateway"
	}
	var b strings.Builder
	for word := range strings.SplitSeq(kind, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
