package policy

import (
	"strings"
	"unicode/utf8"
)

// The wildcards of a glob. No character has a negative code.
const (
	anyRun rune = -1
	anyOne rune = -2
)

// part is a piece of a pattern: text of the document, or what stands for a
// variable.
type part struct {
	text     string
	variable bool // text is a context key
	fixed    bool // text is no pattern (${*})
	fallback *string
}

// template is a string of a document with its variables found.
type template []part

// newTemplate finds the variables of s; without them the whole is text.
func newTemplate(s string, variables bool) template {
	var t template
	for variables {
		start := strings.Index(s, "${")
		if start < 0 {
			break
		}
		length := strings.IndexByte(s[start:], '}')
		if length < 0 {
			break
		}
		if start > 0 {
			t = append(t, part{text: s[:start]})
		}
		t = append(t, newVariable(s[start+2:start+length]))
		s = s[start+length+1:]
	}
	if s != "" || len(t) == 0 {
		t = append(t, part{text: s})
	}
	return t
}

// newVariable reads what stands between ${ and }.
func newVariable(name string) part {
	switch name {
	case "*", "?", "$":
		return part{text: name, fixed: true}
	}
	key, fallback, found := strings.Cut(name, ",")
	p := part{text: foldKey(strings.TrimSpace(key)), variable: true}
	fallback = strings.TrimSpace(fallback)
	if found && len(fallback) >= 2 && fallback[0] == '\'' && fallback[len(fallback)-1] == '\'' {
		fallback = fallback[1 : len(fallback)-1]
		p.fallback = &fallback
	}
	return p
}

// constant reports whether the template is the same in every context.
func (t template) constant() bool {
	for _, p := range t {
		if p.variable {
			return false
		}
	}
	return true
}

// value is what a part stands for. ok is false for a variable without a value.
func (p part) value(c *Context) (v string, ok bool) {
	if !p.variable {
		return p.text, true
	}
	// "You can use any available single-valued context key as a policy
	// variable. You cannot use a multivalued context key"
	// (reference_policies_condition-single-vs-multi-valued-context-keys).
	if values := c.values[p.text]; len(values) == 1 {
		return values[0], true
	}
	if p.fallback != nil {
		return *p.fallback, true
	}
	return "", false
}

// expand is the string that the template stands for.
func (t template) expand(c *Context) (s string, ok bool) {
	if len(t) == 1 && !t[0].variable {
		return t[0].text, true
	}
	var b strings.Builder
	for _, p := range t {
		v, ok := p.value(c)
		if !ok {
			return "", false
		}
		b.WriteString(v)
	}
	return b.String(), true
}

// glob is the pattern that the template stands for. Wildcards are those of the
// document; the value of a variable has none.
func (t template) glob(c *Context) (g glob, ok bool) {
	for _, p := range t {
		v, ok := p.value(c)
		if !ok {
			return nil, false
		}
		if p.variable || p.fixed {
			g = append(g, []rune(v)...)
			continue
		}
		g = append(g, newGlob(v)...)
	}
	return g, true
}

// pattern is a template used as a glob.
type pattern struct {
	template template
	ready    glob // if the template is constant
}

func newPattern(s string, variables bool) pattern {
	p := pattern{template: newTemplate(s, variables)}
	if p.template.constant() {
		p.ready, _ = p.template.glob(nil)
	}
	return p
}

func (p pattern) matches(c *Context, s string) bool {
	if p.ready != nil {
		return p.ready.match(s)
	}
	g, ok := p.template.glob(c)
	return ok && g.match(s)
}

// glob is a pattern as characters and wildcards.
type glob []rune

func newGlob(s string) glob {
	g := make(glob, 0, len(s))
	for _, r := range s {
		switch r {
		case '*':
			// Two stars are one, and cost as much.
			if len(g) > 0 && g[len(g)-1] == anyRun {
				continue
			}
			r = anyRun
		case '?':
			r = anyOne
		}
		g = append(g, r)
	}
	return g
}

// maxAgain is how many bytes match reads again before it leaves the rest to
// matchWide. With the patterns that people write it reads a few.
const maxAgain = 4 << 10

// match reports whether the glob stands for s. It goes back to the last star
// only, for an earlier one could match no more than that.
func (g glob) match(s string) bool {
	at, star, resume, again := 0, -1, 0, 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case at < len(g) && g[at] == anyRun:
			star, resume = at, i
			at++
			continue
		case at < len(g) && (g[at] == anyOne || g[at] == r):
			at++
			i += size
			continue
		case star < 0:
			return false
		}
		if again += i - resume; again > maxAgain {
			return g[star:].matchWide(s[resume:])
		}
		_, size = utf8.DecodeRuneInString(s[resume:])
		resume += size
		i, at = resume, star+1
	}
	for at < len(g) && g[at] == anyRun {
		at++
	}
	return at == len(g)
}
