package record

import (
	"encoding/json"
	"maps"
	"strconv"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// legacyRequest writes the parameters of a legacy EC2 operation; null where
// there is nothing to write (CreateInternetGateway, 2b2a87bf).
func (b *Builder) legacyRequest(rules *serviceRules, c *Call) json.RawMessage {
	plan := b.legacyPlan(rules, c.Operation)
	var w legacyWriter
	w.open('{')
	w.fields(plan.request, permissionParams(c.Operation.Name, c.Params))
	w.extras(plan.defaults)
	w.close('}')
	return orNull(w.buffer)
}

// legacyAnswer writes {"requestId": …, "_return": true, …}.
func (b *Builder) legacyAnswer(rules *serviceRules, c *Call) json.RawMessage {
	plan := b.legacyPlan(rules, c.Operation)
	w := legacyWriter{rules: rules}
	w.open('{')
	w.name("requestId")
	w.str(c.RequestID)
	if plan.returns {
		w.name("_return")
		w.bool(true)
	}
	w.fields(plan.answer, c.Output)
	w.close('}')
	return json.RawMessage(w.buffer)
}

// legacyWriter writes values along a plan.
type legacyWriter struct {
	buffer
	rules *serviceRules // of answers, for what AWS adds to them
}

func (w *legacyWriter) object(n *legacyNode, value map[string]any) {
	w.open('{')
	w.fields(n, value)
	w.close('}')
}

func (w *legacyWriter) fields(n *legacyNode, value map[string]any) {
	for _, f := range n.fields {
		switch {
		case f.gathered != nil:
			w.gather(f, value)
		case f.form == hoisted:
			if inner, ok := value[f.parts[0].member.Name].(map[string]any); ok {
				w.fields(f.parts[0].node, inner)
			}
		default:
			w.field(f, value)
		}
	}
}

// gather writes {"items":[{…}]} of the members that belong together, unless
// none is there.
func (w *legacyWriter) gather(f *legacyField, value map[string]any) {
	start := len(w.buffer)
	w.name(f.name)
	w.raw(`{"items":[`)
	inner := len(w.buffer)
	w.object(f.gathered, value)
	if string(w.buffer[inner:]) == "{}" {
		w.buffer = w.buffer[:start]
		return
	}
	w.raw("]}")
}

func (w *legacyWriter) field(f *legacyField, value map[string]any) {
	var list []any
	lists := false
	for _, p := range f.parts {
		v, ok := value[p.member.Name]
		if !ok || p.secret == dropped {
			continue
		}
		if p.list {
			elements, _ := v.([]any)
			list, lists = append(list, elements...), true
			continue
		}
		w.name(f.name)
		w.single(f, p, v)
		return
	}
	switch {
	case lists && len(list) > 0:
		w.name(f.name)
		w.list(f, value)
	case lists:
		w.name(f.name)
		w.raw("{}")
	case f.absent != "":
		w.name(f.name)
		w.raw(f.absent)
	}
}

func (w *legacyWriter) single(f *legacyField, p legacyPart, v any) {
	switch {
	case p.secret != kept:
		w.str(string(p.secret))
	case f.form == asEmpty:
		w.raw("{}")
	case f.form == asText:
		w.text(p, v)
	case f.form == asNumber:
		w.number(p, v)
	default:
		w.legacyValue(p, v)
	}
}

func (w *legacyWriter) text(p legacyPart, v any) {
	n, ok := v.(int64)
	if !ok {
		w.legacyValue(p, v)
		return
	}
	w.str(strconv.FormatInt(n, 10))
}

func (w *legacyWriter) number(p legacyPart, v any) {
	text, _ := v.(string)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		w.legacyValue(p, v)
		return
	}
	w.int(n)
}

func (w *legacyWriter) list(f *legacyField, value map[string]any) {
	switch f.form {
	case asBare:
		w.open('[')
	case asItem:
		w.raw(`{"item":[`)
	default:
		w.raw(`{"items":[`)
	}
	for _, p := range f.parts {
		elements, _ := value[p.member.Name].([]any)
		for _, e := range elements {
			w.separate()
			w.element(p, e)
		}
	}
	w.close(']')
	if f.form != asBare {
		w.close('}')
	}
}

func (w *legacyWriter) element(p legacyPart, e any) {
	if p.secret != kept {
		w.str(string(p.secret))
		return
	}
	if _, ok := e.(map[string]any); ok || p.item == "" {
		w.legacyValue(p, e)
		return
	}
	w.open('{')
	w.name(p.item)
	w.legacyValue(p, e)
	w.close('}')
}

func (w *legacyWriter) legacyValue(p legacyPart, v any) {
	switch v := v.(type) {
	case map[string]any:
		if p.node == nil {
			w.any(v)
			return
		}
		w.open('{')
		w.fields(p.node, v)
		if w.rules != nil {
			w.extras(w.rules.extras[p.structure().Name])
		}
		w.close('}')
	case time.Time:
		w.buffer = epochMillis(w.buffer, v)
	default:
		w.any(v)
	}
}

// structure is the shape of the part, or of its elements.
func (p legacyPart) structure() *awsapi.Shape {
	if p.list {
		return p.member.Shape.Elem.Shape
	}
	return p.member.Shape
}

func (w *legacyWriter) extras(extras []extra) {
	for _, extra := range extras {
		w.name(extra.name)
		w.raw(extra.json)
	}
}

// permissionParams brings a change of permissions into its one recorded form
// and returns the parameters of any other call as they are.
func permissionParams(op string, params map[string]any) map[string]any {
	row, ok := permissionRows[op]
	if !ok {
		return params
	}
	_, structured := params[row.structure]
	attribute, _ := params["Attribute"].(string)
	operation, _ := params["OperationType"].(string)
	if !structured && (attribute != row.attribute || operation == "") {
		return params
	}
	params = maps.Clone(params)
	if !structured {
		params[row.structure] = map[string]any{upperFirst(operation): permissionItems(params)}
	}
	for _, gone := range []string{"OperationType", "UserIds", "UserGroups", "GroupNames"} {
		delete(params, gone)
	}
	params["Attribute"] = row.recorded
	return params
}

func permissionItems(params map[string]any) []any {
	var items []any
	for _, from := range []struct{ list, key string }{
		{"UserIds", "UserId"}, {"UserGroups", "Group"}, {"GroupNames", "Group"},
	} {
		values, _ := params[from.list].([]any)
		for _, v := range values {
			items = append(items, map[string]any{from.key: v})
		}
	}
	return items
}
