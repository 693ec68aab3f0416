package policy

import (
	"strings"
	"testing"
)

// A resource's name may be as long as a request, and who asks for a session writes
// a policy for it.
func TestALongNameIsMatchedInTimeForAHostilePattern(t *testing.T) {
	name := strings.Repeat("a", 1<<20)
	for pattern, want := range map[string]bool{
		"*" + strings.Repeat("a", 2000) + "b":              false,
		"*" + strings.Repeat("a?", 1000) + "b*":            false,
		"*" + strings.Repeat("?a", 1000) + "*" + "a":       true,
		"a*" + strings.Repeat("a", 2000) + "b*a":           false,
		"*" + strings.Repeat("a*", 1000) + "b":             false,
		"?*" + strings.Repeat("?", 64) + "b*":              false,
		"*" + strings.Repeat("a", 63) + "?":                true,
		"*" + strings.Repeat("a", 64):                      true,
		"*b" + strings.Repeat("a", 1<<12) + "*":            false,
		strings.Repeat("*a", 130) + strings.Repeat("b", 1): false,
	} {
		if got := newGlob(pattern).match(name); got != want {
			t.Errorf("%.20q… matches: %v", pattern, got)
		}
	}
	for pattern, want := range map[string]bool{"*ab": true, "*aab": true, "*bb": false, "*a?b": true, "a*b*": true, "*é": false} {
		if got := newGlob(pattern).match(name + "b"); got != want {
			t.Errorf("%q matches: %v", pattern, got)
		}
	}
}
