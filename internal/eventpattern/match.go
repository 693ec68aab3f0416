package eventpattern

// Match reports whether a JSON object matches. A text that is none, or no JSON
// at all, does not.
func (p *Pattern) Match(event []byte) bool {
	v, err := decode(event)
	if err != nil {
		return false
	}
	o, ok := v.(map[string]any)
	return ok && p.MatchObject(o)
}

// MatchObject reports whether a decoded JSON object matches. Its numbers are of
// type json.Number.
func (p *Pattern) MatchObject(event map[string]any) bool { return p.root.matches(event, 0) }

func (o *object) matches(event map[string]any, depth int) bool {
	if depth > maxDepth {
		return false
	}
	for i := range o.members {
		if !o.members[i].matches(event, depth) {
			return false
		}
	}
	for _, alternatives := range o.alternatives {
		if !oneMatches(alternatives, event, depth) {
			return false
		}
	}
	return true
}

func oneMatches(alternatives []object, event map[string]any, depth int) bool {
	for i := range alternatives {
		if alternatives[i].matches(event, depth+1) {
			return true
		}
	}
	return false
}

func (m *member) matches(event map[string]any, depth int) bool {
	v, there := event[m.name]
	if m.inside != nil {
		return m.inside.matchesIn(v, depth+1)
	}
	var values []any
	if there {
		values = leaves(nil, v, depth)
	}
	for _, match := range m.matchers {
		if match(values) {
			return true
		}
	}
	return false
}

// matchesIn looks into an object, or into the objects of a list. Where there is
// none it looks into one without members, in which what must not exist does not.
func (o *object) matchesIn(v any, depth int) bool {
	if depth > maxDepth {
		return false
	}
	switch v := v.(type) {
	case map[string]any:
		return o.matches(v, depth)
	case []any:
		found := false
		for _, item := range v {
			switch item.(type) {
			case map[string]any, []any:
				found = true
				if o.matchesIn(item, depth+1) {
					return true
				}
			}
		}
		if found {
			return false
		}
	}
	return o.matches(nil, depth)
}

// leaves appends the scalars of a value.
func leaves(to []any, v any, depth int) []any {
	switch v := v.(type) {
	case map[string]any:
		return to
	case []any:
		if depth > maxDepth {
			return to
		}
		for _, item := range v {
			to = leaves(to, item, depth+1)
		}
		return to
	}
	return append(to, v)
}
