package eventpattern

import "strings"

// wildcard tests strings against a pattern in which * stands for any
// characters; \* and \\ are the characters themselves. It returns nil where the
// pattern has another escape or two * in a row.
func wildcard(pattern string) func(string) bool {
	var pieces []string // between the stars
	var piece strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '\\':
			i++
			if i == len(pattern) || pattern[i] != '*' && pattern[i] != '\\' {
				return nil
			}
			piece.WriteByte(pattern[i])
		case '*':
			if len(pieces) > 0 && piece.Len() == 0 {
				return nil
			}
			pieces = append(pieces, piece.String())
			piece.Reset()
		default:
			piece.WriteByte(c)
		}
	}
	pieces = append(pieces, piece.String())
	return func(s string) bool { return inOrder(pieces, s) }
}

// inOrder reports whether a string is the pieces with anything between them.
// Taking each piece where it first occurs leaves the most to the others.
func inOrder(pieces []string, s string) bool {
	first, last := pieces[0], pieces[len(pieces)-1]
	if len(pieces) == 1 {
		return s == first
	}
	if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, p := range pieces[1 : len(pieces)-1] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return true
}
