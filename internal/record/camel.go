package record

import (
	"maps"
	"slices"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// camel writes parameters and answers of query, JSON and REST-JSON services:
// the model's members in its order, each with the first letter of its name in
// lower case and otherwise as the model spells it.
type camel struct {
	buffer
	rules *serviceRules
}

func (c *camel) structure(shape *awsapi.Shape, value map[string]any) {
	c.open('{')
	c.members(shape, value)
	c.close('}')
}

func (c *camel) members(shape *awsapi.Shape, value map[string]any) {
	for _, m := range shape.Members {
		v, ok := value[m.Name]
		if !ok {
			continue
		}
		secret := c.rules.secret(m)
		if secret == dropped {
			continue
		}
		c.lowerName(m.Name)
		if secret != "" {
			c.str(string(secret))
			continue
		}
		c.value(m.Shape, v)
	}
	for _, extra := range c.rules.extras[shape.Name] {
		c.name(extra.name)
		c.raw(extra.json)
	}
}

func (c *camel) value(shape *awsapi.Shape, v any) {
	switch v := v.(type) {
	case map[string]any:
		switch {
		case shape.Kind == awsapi.Structure && !shape.Document:
			c.structure(shape, v)
		case shape.Kind == awsapi.Map:
			c.mapping(shape, v)
		default:
			c.any(v)
		}
	case []any:
		if shape.Kind != awsapi.List {
			c.any(v)
			return
		}
		c.open('[')
		for _, e := range v {
			c.separate()
			c.element(shape.Elem.Shape, e)
		}
		c.close(']')
	case time.Time:
		c.buffer = c.rules.stamp(c.buffer, v)
	default:
		c.any(v)
	}
}

// mapping writes a map with its keys sorted: a Go map has no order, and the
// same call must give the same bytes.
func (c *camel) mapping(shape *awsapi.Shape, v map[string]any) {
	c.open('{')
	for _, k := range slices.Sorted(maps.Keys(v)) {
		c.name(k)
		c.element(shape.Value.Shape, v[k])
	}
	c.close('}')
}

// element writes an element of a list or map. Sensitivity is a trait of its
// shape: there is no member whose name a rule could know.
func (c *camel) element(shape *awsapi.Shape, v any) {
	if shape.Sensitive && !c.rules.keepsElements {
		c.str(string(c.rules.mark))
		return
	}
	c.value(shape, v)
}
