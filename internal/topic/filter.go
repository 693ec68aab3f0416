package topic

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/cairn-audit/cairn/internal/eventpattern"
)

// Limits of a filter policy ("Filter policy constraints", SNS Developer Guide).
const (
	maxFilterBytes        = 256 << 10
	maxFilterKeys         = 5
	maxFilterCombinations = 150
	maxFilters            = 200 // of a topic
)

// The scopes of a filter policy.
const (
	scopeAttributes = "MessageAttributes"
	scopeBody       = "MessageBody"
)

// checkFilter holds a filter policy to the rules of its scope.
func checkFilter(text, scope string) error {
	if text == "" {
		return nil
	}
	if len(text) > maxFilterBytes {
		return invalid("FilterPolicy: the policy is longer than %d bytes", maxFilterBytes)
	}
	p, err := eventpattern.Parse([]byte(text), eventpattern.FilterPolicy)
	var syntax *eventpattern.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return invalid("FilterPolicy: %s", syntax.Message)
	case err != nil:
		return err
	case p.Keys() > maxFilterKeys:
		return invalid("FilterPolicy: Filter policy can not have more than %d keys", maxFilterKeys)
	case p.Combinations() > maxFilterCombinations:
		return invalid("FilterPolicy: Filter policy is too complex")
	case p.Nested() && scope != scopeBody:
		return invalid("Filter policy scope %s does not support nested filter policy", scopeAttributes)
	}
	return nil
}

// wants reports whether a subscription's filter lets a publication through.
func (s *Subscription) wants(p *Publication) bool {
	text := s.Attributes["FilterPolicy"]
	if text == "" {
		return true
	}
	pattern, err := eventpattern.Parse([]byte(text), eventpattern.FilterPolicy)
	if err != nil {
		return false // it was checked when it was set
	}
	if s.Attributes["FilterPolicyScope"] == scopeBody {
		return pattern.Match([]byte(p.body(s.Protocol)))
	}
	return pattern.MatchObject(p.filterable())
}

// filterable are the attributes in the form in which filters look at them. Those
// of type Binary are not looked at.
func (p *Publication) filterable() map[string]any {
	out := map[string]any{}
	for name, a := range p.Attributes {
		switch kind, _, _ := strings.Cut(a.Type, "."); {
		case a.Type == "String.Array":
			d := json.NewDecoder(strings.NewReader(a.Value))
			d.UseNumber()
			var list []any
			if d.Decode(&list) == nil {
				out[name] = list
			}
		case kind == "String":
			out[name] = a.Value
		case kind == "Number":
			out[name] = json.Number(a.Value)
		}
	}
	return out
}
