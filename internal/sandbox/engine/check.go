package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// Check reports where a service's table does not agree with its API model: an
// operation, shape or member that does not exist, or a constant of the wrong
// type. The services are those that the table's kinds refer to.
func Check(model *awsapi.Service, table *Service, services ...*Service) []error {
	e := &Engine{services: make(map[string]*Service)}
	for _, s := range append(services, table) {
		s.index()
		e.services[s.ID] = s
	}
	c := &checker{model: model, table: table, engine: e}
	for _, k := range table.Kinds {
		c.kind(k)
	}
	for member, kind := range table.Refs {
		if table.kinds[kind] == nil {
			c.fail("Refs: %s names no kind %q", member, kind)
		}
	}
	seen := make(map[string]bool)
	for _, op := range table.Ops {
		c.row, c.op = op.Name, model.Operation(op.Name)
		if c.op == nil {
			c.fail("the model has no such operation")
			continue
		}
		if seen[op.Name] {
			c.fail("has two rows")
		}
		seen[op.Name] = true
		for _, member := range op.Free {
			c.param(member)
		}
		op.Do.check(c)
	}
	return c.errs
}

// checker compares a table with the API model.
type checker struct {
	model  *awsapi.Service
	table  *Service
	engine *Engine
	op     *awsapi.Operation
	row    string
	errs   []error
}

func (c *checker) fail(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%s: %s: %s", c.table.ID, c.row, fmt.Sprintf(format, args...)))
}

func (c *checker) kind(k *Kind) {
	c.row, c.op = "kind "+k.Name, nil
	shape := c.model.Shape(k.Shape)
	if shape == nil {
		c.fail("no shape %q", k.Shape)
		return
	}
	c.path(shape, k.ID)
	if k.Tags != "" {
		c.path(shape, k.Tags)
	}
	if k.Unknown.isZero() && k.Static == nil {
		c.fail("has no answer for an unknown id")
	}
	c.value(shape, k.ID, k.NewID)
	for _, f := range k.New {
		c.field(shape, f)
	}
	for name, path := range k.Filters {
		if c.at(shape, path) == nil && !strings.HasPrefix(path, ".") {
			c.fail("filter %s: no attribute %q", name, path)
		}
	}
	for _, u := range k.Unique {
		for _, path := range u.Paths {
			c.path(shape, path)
		}
	}
	for _, h := range k.HeldBy {
		if c.engine.kind(c.table, h.Kind) == nil {
			c.fail("is held by no kind %q", h.Kind)
		}
	}
	c.states(shape, k)
}

func (c *checker) states(shape *awsapi.Shape, k *Kind) {
	s := k.States
	if s == nil {
		return
	}
	c.path(shape, s.Path)
	if s.Code != "" {
		c.path(shape, s.Code)
	}
	if k.First == "" {
		c.fail("has states but no first one")
	}
	for state, fields := range s.Enter {
		for path, v := range fields {
			if m := c.at(shape, path); m == nil && !strings.HasPrefix(path, ".") {
				c.fail("state %s: no attribute %q", state, path)
			} else if v != nil && m != nil && project(m, normal(v)) == nil {
				c.fail("state %s: %s cannot be %v", state, path, v)
			}
		}
	}
}

// path wants the attribute to exist, unless it is one that is never shown.
func (c *checker) path(shape *awsapi.Shape, path string) {
	if !strings.HasPrefix(path, ".") && c.at(shape, path) == nil {
		c.fail("shape %s has no %q", shape.Name, path)
	}
}

// at returns the shape at the path, or nil.
func (c *checker) at(shape *awsapi.Shape, path string) *awsapi.Shape {
	for path != "" {
		var head string
		head, path, _ = strings.Cut(path, ".")
		for shape.Kind == awsapi.List {
			shape = shape.Elem.Shape
		}
		m := shape.Member(head)
		if m == nil {
			return nil
		}
		shape = m.Shape
	}
	return shape
}

func (c *checker) field(shape *awsapi.Shape, f Field) {
	c.path(shape, f.Path)
	c.value(shape, f.Path, f.Value)
}

func (c *checker) value(shape *awsapi.Shape, path string, v Value) {
	for _, attr := range v.attrs {
		c.path(shape, attr)
	}
	for _, param := range v.params {
		c.param(param)
	}
	at := c.at(shape, path)
	if v.lit != nil && at != nil && project(at, v.lit) == nil {
		c.fail("%s cannot be %v", path, v.lit)
	}
}

// param wants the request to have the member. A kind's own fields may look for
// members that only some of its operations have.
func (c *checker) param(path string) {
	if c.op == nil {
		for _, op := range c.model.Operations {
			if op.Input != nil && c.at(op.Input, path) != nil {
				return
			}
		}
		c.fail("no request has a member %q", path)
		return
	}
	if c.op.Input == nil || c.at(c.op.Input, path) == nil {
		c.fail("the request has no member %q", path)
	}
}

// subject returns the kind and its shape.
func (c *checker) subject(kind string) (*Kind, *awsapi.Shape) {
	k := c.engine.kind(c.table, kind)
	if k == nil {
		c.fail("no kind %q", kind)
		return nil, nil
	}
	return k, c.model.Shape(k.Shape)
}

// answers wants the answer to follow from the resource.
func (c *checker) answers(k *Kind, extra []Field) {
	out := c.op.Output
	if out == nil || len(out.Members) == 0 || out.Name == k.Shape {
		return
	}
	shape := c.model.Shape(k.Shape)
	for _, m := range out.Members {
		elem := m.Shape
		if elem.Kind == awsapi.List {
			elem = elem.Elem.Shape
		}
		if elem.Name == k.Shape || m.Name == "Return" || shape.Member(m.Name) != nil {
			return
		}
	}
	if !slices.ContainsFunc(extra, func(f Field) bool { return c.at(out, f.Path) != nil }) {
		c.fail("nothing of the answer follows from a %s", k.Name)
	}
}

func (a Create) check(c *checker) {
	k, shape := c.subject(a.Kind)
	if k == nil {
		return
	}
	if k.NewID.make == nil {
		c.param(k.ID)
	}
	for _, f := range a.Set {
		c.field(shape, f)
	}
	for _, f := range a.Out {
		if c.op.Output == nil || c.at(c.op.Output, f.Path) == nil {
			c.fail("the answer has no %q", f.Path)
		}
		for _, p := range f.Value.params {
			c.param(p)
		}
	}
	c.answers(k, a.Out)
}

func (d Describe) check(c *checker) {
	k, shape := c.subject(d.Kind)
	if k == nil {
		return
	}
	for _, member := range d.IDs {
		c.param(member)
	}
	if d.Filters != "" {
		c.param(d.Filters)
	}
	for _, m := range d.Where {
		c.param(m.Param)
		c.path(shape, m.Path)
		if m.Kind != "" {
			c.subject(m.Kind)
		}
	}
	if d.List != "" && c.op.Output.Member(d.List) == nil {
		c.fail("the answer has no %q", d.List)
	}
	if d.Out == nil && d.List == "" {
		c.answers(k, nil)
	}
}

func (u Update) check(c *checker) {
	k, shape := c.subject(u.Kind)
	if k == nil {
		return
	}
	c.param(target(u.Target, k))
	for _, f := range u.Set {
		c.field(shape, f)
	}
	c.answers(k, nil)
}

func (d Delete) check(c *checker) {
	k, _ := c.subject(d.Kind)
	if k == nil {
		return
	}
	c.param(target(d.Target, k))
	c.answers(k, nil)
}
