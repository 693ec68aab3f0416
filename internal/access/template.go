package access

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// call is what templates are filled from.
type call struct {
	params                     map[string]any
	account, region, partition string
}

// template is an ARN in pieces.
type template []piece

// piece is text, or a member's place.
type piece struct {
	text     string
	path     []string // nil for text
	fallback string
	optional bool // fallback stands for a member that is missing, of each element of a list
	arn      bool // the member may be an ARN
	change   transform
}

// parseTemplate reads a template as the package's documentation describes it.
func parseTemplate(s string) (template, error) {
	var t template
	for s != "" {
		text, rest, found := strings.Cut(s, "{")
		if text != "" {
			t = append(t, piece{text: text})
		}
		if !found {
			break
		}
		place, after, closed := strings.Cut(rest, "}")
		if !closed || place == "" {
			return nil, fmt.Errorf("template %q: no member in braces", s)
		}
		p := piece{change: same}
		place, p.fallback, p.optional = strings.Cut(place, "|")
		place, name, changed := strings.Cut(place, "!")
		if changed {
			if p.change = transforms[name]; p.change == nil {
				return nil, fmt.Errorf("template %q: no transform %q", s, name)
			}
		}
		place, p.arn = strings.CutPrefix(place, "@")
		p.path = strings.Split(place, ".")
		t = append(t, p)
		s = after
	}
	return t, nil
}

// expand returns the resources that the template stands for in a call.
func (t template) expand(c *call) []string {
	last := -1
	for i, p := range t {
		if p.path != nil {
			last = i
		}
	}
	resources := []string{""}
	for i, p := range t {
		var next []string
		for _, before := range resources {
			for _, v := range p.values(c) {
				switch {
				case !p.arn || !strings.HasPrefix(v, "arn:"):
					v = before + v
				case i != last || strings.Count(v, "/") < strings.Count(before, "/"):
					// In another place, or in an old form of ARNs that says
					// less than the template does, it is only a name.
					v = before + nameOf(v)
				}
				next = append(next, v)
			}
		}
		resources = next
	}
	return resources
}

// nameOf is the name at the end of an ARN.
func nameOf(arn string) string { return arn[strings.LastIndexAny(arn, ":/")+1:] }

func (p piece) values(c *call) []string {
	if p.path == nil {
		return []string{c.fill(p.text)}
	}
	var values []string
	missing := false
	for _, v := range places(c.params, p.path) {
		if v == "" {
			missing = true
			continue
		}
		values = append(values, p.change(v, c))
	}
	if p.optional && (missing || len(values) == 0) {
		values = append(values, c.fill(p.fallback))
	}
	return values
}

// fill replaces what the template says of the call itself. It is for the table's
// text only, never for a value of the request.
func (c *call) fill(text string) string {
	return strings.NewReplacer("$partition", c.partition, "$region", c.region, "$account", c.account).Replace(text)
}

// given reports whether the request has the member, with a value that is not
// empty or false, or a transform of it that is not empty.
func (c *call) given(member string) bool {
	member, name, _ := strings.Cut(member, "!")
	change := same
	if name != "" {
		change = transforms[name]
	}
	return slices.ContainsFunc(lookup(c.params, strings.Split(member, ".")), func(v string) bool { return change(v, c) != "" })
}

// lookup returns the values of a member.
func lookup(params map[string]any, path []string) []string {
	return slices.DeleteFunc(places(params, path), func(v string) bool { return v == "" })
}

// places are the values of a member, "" for one that is missing, empty or false.
func places(value any, path []string) []string {
	switch v := value.(type) {
	case map[string]any:
		if len(path) == 0 {
			return slices.Sorted(maps.Keys(v))
		}
		return places(v[path[0]], path[1:])
	case []any:
		var all []string
		for _, element := range v {
			all = append(all, places(element, path)...)
		}
		return all
	}
	if len(path) > 0 || value == nil || value == "" || value == false {
		return []string{""}
	}
	return []string{fmt.Sprint(value)}
}
