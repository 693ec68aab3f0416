package record

import (
	"strings"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// legacyPlan is how one legacy operation is written, worked out once from its
// model and the rows.
type legacyPlan struct {
	request, answer *legacyNode
	// defaults end the request.
	defaults []extra
	// returns: the answer has "_return".
	returns bool
}

// legacyNode is how a structure is written, member by member.
type legacyNode struct{ fields []*legacyField }

// legacyField is one member of the record. Several members of the call may
// meet in it: the parts of a list.
type legacyField struct {
	name   string
	absent string
	form   legacyForm
	parts  []legacyPart
	// gathered holds members of the same level that stand in a list of one.
	gathered *legacyNode
}

// legacyPart is a member of the call.
type legacyPart struct {
	member *awsapi.Member
	secret secrecy
	list   bool
	item   string
	// node is how the member, or its elements, are written when they are
	// structures.
	node *legacyNode
}

func (b *Builder) legacyPlan(rules *serviceRules, op *awsapi.Operation) *legacyPlan {
	if p, ok := b.legacy.Load(op); ok {
		return p.(*legacyPlan)
	}
	plan := &legacyPlan{
		request:  (&legacyPlanner{rules: rules, op: op.Name, rows: legacyRequestRows, request: true}).top(op.Input),
		answer:   (&legacyPlanner{rules: rules, op: op.Name, rows: legacyAnswerRows}).top(op.Output),
		defaults: legacyDefaults[op.Name],
		returns:  legacyReturns[op.Name] || returnsBoolean(b.historic.Operation(op.Name)),
	}
	p, _ := b.legacy.LoadOrStore(op, plan)
	return p.(*legacyPlan)
}

// returnsBoolean reports whether an operation answered with <return>true</return>
// in the model of 2014, or with nothing, which is the same.
func returnsBoolean(op *awsapi.Operation) bool {
	if op == nil || op.Output == nil || len(op.Output.Members) == 0 {
		return true
	}
	for _, m := range op.Output.Members {
		if m.LocationName == "return" {
			return true
		}
	}
	return false
}

// legacyPlanner works out the nodes of one direction of an operation.
type legacyPlanner struct {
	rules   *serviceRules
	op      string
	rows    []legacyRow
	request bool
	nodes   map[*awsapi.Shape]*legacyNode
}

func (p *legacyPlanner) top(shape *awsapi.Shape) *legacyNode {
	p.nodes = make(map[*awsapi.Shape]*legacyNode)
	node := &legacyNode{}
	if shape == nil {
		return node
	}
	gather, gathers := legacyGathers[p.op]
	gathered := &legacyField{name: gather.name, gathered: &legacyNode{}}
	for _, m := range shape.Members {
		if gathers && p.request && gather.members[m.Name] {
			p.add(gathered.gathered, "", m)
			continue
		}
		p.add(node, "", m)
	}
	if len(gathered.gathered.fields) > 0 {
		node.fields = append([]*legacyField{gathered}, node.fields...)
	}
	return node
}

func (p *legacyPlanner) node(shape *awsapi.Shape) *legacyNode {
	if shape.Kind != awsapi.Structure {
		return nil
	}
	if n := p.nodes[shape]; n != nil {
		return n
	}
	n := &legacyNode{}
	p.nodes[shape] = n
	for _, m := range shape.Members {
		p.add(n, shape.Name, m)
	}
	return n
}

// add puts a member into a node: as a field of its own, as part of a list that
// is there already, or, when it is hoisted, as its members.
func (p *legacyPlanner) add(n *legacyNode, shape string, m *awsapi.Member) {
	row := p.row(shape, m)
	switch {
	case row.form == leftOut || !p.request && m.LocationName == "return":
		return
	case row.form == hoisted:
		n.fields = append(n.fields, &legacyField{form: hoisted, parts: []legacyPart{{member: m, node: p.node(m.Shape)}}})
		return
	}
	part := legacyPart{member: m, secret: p.rules.secret(m), item: row.item}
	name := m.WireName()
	if p.request {
		name = lowerFirst(name)
	}
	if m.Shape.Kind == awsapi.List {
		part.list = true
		part.node = p.node(m.Shape.Elem.Shape)
		if p.request && row.item == "" {
			part.item = name
		}
		if p.request && !strings.HasSuffix(name, "Set") {
			name += "Set"
		}
	} else {
		part.node = p.node(m.Shape)
	}
	if row.name != "" {
		name = row.name
	}
	for _, f := range n.fields {
		if f.name == name {
			f.parts = append(f.parts, part)
			return
		}
	}
	absent := row.absent
	switch {
	case absent == notPrinted:
		absent = ""
	case p.request && part.list && shape == "" && absent == "" && strings.HasPrefix(p.op, "Describe"):
		absent = "{}"
	}
	n.fields = append(n.fields, &legacyField{name: name, absent: absent, form: row.form, parts: []legacyPart{part}})
}

func (p *legacyPlanner) row(shape string, m *awsapi.Member) legacyRow {
	for _, r := range p.rows {
		if r.member == m.Name && r.shape == shape && matches(r.op, p.op) {
			return r
		}
	}
	return legacyRow{}
}

// matches reports whether a row's operation is op: itself, or a * and the rest
// of its name, or the beginning and a *; empty is any.
func matches(row, op string) bool {
	switch {
	case row == "":
		return true
	case strings.HasSuffix(row, "*"):
		return strings.HasPrefix(op, row[:len(row)-1])
	case strings.HasPrefix(row, "*"):
		return strings.HasSuffix(op, row[1:])
	default:
		return row == op
	}
}
