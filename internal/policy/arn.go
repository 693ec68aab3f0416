package policy

import "strings"

// arnParts is how many parts an ARN has: arn:partition:service:region:account:resource.
const arnParts = 6

// arnPattern is a pattern for ARNs, matched part by part.
type arnPattern struct {
	parts []pattern
	// open patterns have fewer parts than an ARN and end in a star, which
	// stands for all that follows.
	open bool
}

// newARNPattern reads a pattern. Variables are found in the last part of six,
// and, if early, in those before it.
func newARNPattern(s string, variables, early bool) arnPattern {
	texts := splitPattern(s, variables && early)
	p := arnPattern{open: len(texts) < arnParts && strings.HasSuffix(s, "*")}
	for i, text := range texts {
		p.parts = append(p.parts, newPattern(text, variables && (early || i == arnParts-1)))
	}
	return p
}

// splitPattern splits at the first five colons, but not within ${...} where
// there may be variables.
func splitPattern(s string, variables bool) []string {
	var texts []string
	start := 0
	for i := 0; i < len(s) && len(texts) < arnParts-1; i++ {
		if variables && strings.HasPrefix(s[i:], "${") {
			end := strings.IndexByte(s[i:], '}')
			if end < 0 {
				break
			}
			i += end
			continue
		}
		if s[i] == ':' {
			texts = append(texts, s[start:i])
			start = i + 1
		}
	}
	return append(texts, s[start:])
}

func (p arnPattern) matches(c *Context, arn string) bool {
	for i, part := range p.parts {
		value, rest, more := strings.Cut(arn, ":")
		if i == len(p.parts)-1 {
			if more && !p.open && len(p.parts) < arnParts {
				return false
			}
			return part.matches(c, arn)
		}
		if !more || !part.matches(c, value) {
			return false
		}
		arn = rest
	}
	return false
}
