package rule

import (
	"fmt"

	"github.com/cairn-audit/cairn/internal/eventpattern"
	"github.com/cairn-audit/cairn/internal/state"
)

// compiled are all rules that are not disabled, ready to match, as of a version
// of the Store. Nobody changes them.
type compiled struct {
	version uint64
	rules   map[Scope][]*matcher
}

// matcher is a rule with its pattern.
type matcher struct {
	Rule
	pattern *eventpattern.Pattern
}

// current returns the rules as they are now: a change is seen by whoever asks
// after the method that made it has returned.
func (s *Store) current() (*compiled, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	version := s.version.Load()
	if s.compiled != nil && s.compiled.version == version {
		return s.compiled, nil
	}
	c := &compiled{version: version, rules: map[Scope][]*matcher{}}
	err := s.state.View(func(tx *state.Tx) error {
		for item, err := range rules.List(tx, "") {
			if err != nil {
				return err
			}
			r := item.Value
			if r.State == Disabled || len(r.Targets) == 0 {
				continue
			}
			p, err := eventpattern.Parse([]byte(r.Pattern), eventpattern.EventBridge)
			if err != nil {
				return fmt.Errorf("read the pattern of rule %s: %w", r.ARN(), err)
			}
			c.rules[r.Scope] = append(c.rules[r.Scope], &matcher{r, p})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.compiled = c
	return c, nil
}
