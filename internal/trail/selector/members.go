package selector

import (
	"bytes"
	"encoding/json"
	"iter"
)

// members yields the members of a JSON object: their names, and their values as
// they stand there. It looks at no more than it must to find where each ends, which makes
// it several times as fast as a decoder: of a record, selectors need little. It
// stops where b is not JSON, and does not find all that is not.
func members(b []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		b = bytes.TrimLeft(b, space)
		if len(b) == 0 || b[0] != '{' {
			return
		}
		for {
			b = bytes.TrimLeft(b[1:], space) // after { or ,
			n := stringEnd(b)
			if n < 0 {
				return
			}
			name := b[:n]
			b = bytes.TrimLeft(b[n:], space)
			if len(b) == 0 || b[0] != ':' {
				return
			}
			b = bytes.TrimLeft(b[1:], space)
			n = valueEnd(b)
			if n <= 0 || !yield(unquoted(name), b[:n]) {
				return
			}
			b = bytes.TrimLeft(b[n:], space)
			if len(b) == 0 || b[0] != ',' {
				return
			}
		}
	}
}

const space = " \t\r\n"

// stringEnd is the length of the string that b begins with, -1 if it does not.
func stringEnd(b []byte) int {
	if len(b) == 0 || b[0] != '"' {
		return -1
	}
	for end := 1; ; end++ {
		n := bytes.IndexByte(b[end:], '"')
		if n < 0 {
			return -1
		}
		end += n
		escapes := 0
		for b[end-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return end + 1
		}
	}
}

// valueEnd is the length of the value that b begins with, -1 if it is cut off.
func valueEnd(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			n := stringEnd(b[i:])
			if n < 0 {
				return -1
			}
			if i += n - 1; depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return i // after a number or a word
			}
			if depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
	}
	return -1
}

// elements yields the values of a JSON array, with the limits of members.
func elements(b []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if len(b) == 0 || b[0] != '[' {
			return
		}
		for {
			b = bytes.TrimLeft(b[1:], space) // after [ or ,
			n := valueEnd(b)
			if n <= 0 || !yield(b[:n]) {
				return
			}
			b = bytes.TrimLeft(b[n:], space)
			if len(b) == 0 || b[0] != ',' {
				return
			}
		}
	}
}

// unquoted is what a JSON string says; nothing, if the value is no string.
func unquoted(raw []byte) []byte {
	if len(raw) < 2 || raw[0] != '"' {
		return nil
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return nil
	}
	return []byte(s)
}

// text is the string that a JSON value is, or "".
func text(raw []byte) string { return string(unquoted(raw)) }

// textOf is the string that a member of a JSON object is, or "".
func textOf(raw []byte, member string) string {
	for name, value := range members(raw) {
		if string(name) == member {
			return text(value)
		}
	}
	return ""
}
