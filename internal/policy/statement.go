package policy

import (
	"slices"
	"strings"
)

// readStatement reads a statement whose strings may hold variables or not.
func readStatement(n node, variables bool) (*Statement, error) {
	if n.kind != objectNode {
		return nil, malformed("not an object")
	}
	s := &Statement{}
	for _, f := range n.fields {
		if err := s.readElement(f.name, f.value, variables); err != nil {
			return nil, err
		}
	}
	switch {
	case s.Effect == "":
		return nil, malformed("no Effect")
	case s.Actions != nil && s.NotActions != nil:
		return nil, malformed("both Action and NotAction")
	case s.Resources != nil && s.NotResources != nil:
		return nil, malformed("both Resource and NotResource")
	case s.Principals != nil && s.NotPrincipals != nil:
		return nil, malformed("both Principal and NotPrincipal")
	}
	for _, action := range slices.Concat(s.Actions, s.NotActions) {
		s.actions = append(s.actions, newPattern(strings.ToLower(action), false))
	}
	for _, resource := range slices.Concat(s.Resources, s.NotResources) {
		s.resources = append(s.resources, newARNPattern(resource, variables, false))
	}
	return s, nil
}

func (s *Statement) readElement(name string, n node, variables bool) error {
	var err error
	switch name {
	case "Sid":
		if n.kind != stringNode {
			return malformed("Sid is not a string")
		}
		s.Sid = n.text
	case "Effect":
		return s.readEffect(n)
	case "Action":
		s.Actions, err = readPatterns(name, n)
	case "NotAction":
		s.NotActions, err = readPatterns(name, n)
	case "Resource":
		s.Resources, err = readPatterns(name, n)
	case "NotResource":
		s.NotResources, err = readPatterns(name, n)
	case "Principal":
		s.Principals, err = readPrincipals(n)
	case "NotPrincipal":
		s.NotPrincipals, err = readPrincipals(n)
	case "Condition":
		err = s.readConditions(n, variables)
	default:
		return malformed("no element %q in a statement", name)
	}
	return err
}

func (s *Statement) readEffect(n node) error {
	if n.kind != stringNode {
		return malformed("Effect is not a string")
	}
	for _, effect := range []Effect{Allow, Deny} {
		switch {
		case n.text == string(effect):
			s.Effect = effect
			return nil
		case strings.EqualFold(n.text, string(effect)):
			return &SyntaxError{Message: legacyParsing, Detail: "Effect is written " + string(effect)}
		}
	}
	return malformed("Effect is neither Allow nor Deny")
}

// readPatterns reads a string or a list of them. The result is not nil.
func readPatterns(element string, n node) ([]string, error) {
	list, err := n.strings()
	if err != nil {
		return nil, malformed("%s: %v", element, err)
	}
	for _, text := range list {
		if len(text) > maxPattern {
			return nil, malformed("%s: a string of %d bytes, more than %d", element, len(text), maxPattern)
		}
	}
	return list, nil
}

func (s *Statement) readConditions(n node, variables bool) error {
	if n.kind != objectNode {
		return malformed("Condition is not an object")
	}
	for _, op := range n.fields {
		if op.value.kind != objectNode {
			return malformed("Condition: %s is not an object", op.name)
		}
		for _, key := range op.value.fields {
			values, err := key.value.scalars()
			if err != nil {
				return malformed("Condition: %s of %s: %v", op.name, key.name, err)
			}
			for _, value := range values {
				if len(value) > maxPattern {
					return malformed("Condition: a value of %d bytes, more than %d", len(value), maxPattern)
				}
			}
			c, err := newCondition(op.name, key.name, values, variables)
			if err != nil {
				return err
			}
			s.Conditions = append(s.Conditions, c)
		}
	}
	return nil
}

// covers reports whether the statement's actions, resources and conditions are
// those of the request. Whom it is for is another matter. action is r's, in
// lower case.
func (s *Statement) covers(r *Request, action string) bool {
	named := slices.ContainsFunc(s.actions, func(p pattern) bool { return p.matches(nil, action) })
	if named == (s.NotActions != nil) {
		return false
	}
	// A statement without the element, in the policy of a resource, is about
	// that resource.
	if s.Resources != nil || s.NotResources != nil {
		named := slices.ContainsFunc(s.resources, func(p arnPattern) bool { return p.matches(&r.Context, r.Resource) })
		if named == (s.NotResources != nil) {
			return false
		}
	}
	for i := range s.Conditions {
		if !s.Conditions[i].holds(&r.Context) {
			return false
		}
	}
	return true
}
