package event

import "encoding/json"

// maxDepth bounds how deep walkStrings follows JSON.
const maxDepth = 64

// walkStrings calls visit for every string of a JSON value with the key that it
// stands under: its own in an object, the list's in a list, and the element's
// for the "content" of an XML element. The key's first letter is in lower case.
// It runs for every event before it is committed, so it makes no tree; it
// stops without complaint where the JSON does.
func walkStrings(raw json.RawMessage, visit func(key, value string)) {
	w := walker{raw: raw, visit: visit}
	w.value("", 0)
}

type walker struct {
	raw   []byte
	at    int
	visit func(key, value string)
}

func (w *walker) value(key string, depth int) bool {
	w.space()
	if w.at >= len(w.raw) || depth > maxDepth {
		return false
	}
	switch w.raw[w.at] {
	case '{':
		return w.object(key, depth+1)
	case '[':
		return w.array(key, depth+1)
	case '"':
		s, ok := w.text()
		if ok && key != "" {
			w.visit(key, s)
		}
		return ok
	default:
		return w.literal()
	}
}

func (w *walker) object(outer string, depth int) bool {
	w.at++
	if w.closes('}') {
		return true
	}
	for {
		w.space()
		if w.at >= len(w.raw) || w.raw[w.at] != '"' {
			return false
		}
		key, ok := w.text()
		if !ok || !w.takes(':') {
			return false
		}
		if key == "content" && outer != "" {
			key = outer
		}
		if !w.value(lowerFirst(key), depth) {
			return false
		}
		if w.closes('}') {
			return true
		}
		if !w.takes(',') {
			return false
		}
	}
}

func (w *walker) array(key string, depth int) bool {
	w.at++
	if w.closes(']') {
		return true
	}
	for {
		if !w.value(key, depth) {
			return false
		}
		if w.closes(']') {
			return true
		}
		if !w.takes(',') {
			return false
		}
	}
}

// text reads the string that begins here. One without escapes shares the
// record's bytes no longer than the copy that the conversion makes.
func (w *walker) text() (string, bool) {
	start := w.at
	escaped := false
	for w.at++; w.at < len(w.raw); w.at++ {
		switch w.raw[w.at] {
		case '\\':
			escaped = true
			w.at++
		case '"':
			w.at++
			if !escaped {
				return string(w.raw[start+1 : w.at-1]), true
			}
			var s string
			err := json.Unmarshal(w.raw[start:w.at], &s)
			return s, err == nil
		}
	}
	w.at = len(w.raw)
	return "", false
}

// literal passes over a number, true, false or null.
func (w *walker) literal() bool {
	start := w.at
	for w.at < len(w.raw) {
		switch w.raw[w.at] {
		case ',', '}', ']', ' ', '\t', '\n', '\r':
			return w.at > start
		}
		w.at++
	}
	return w.at > start
}

func (w *walker) space() {
	for w.at < len(w.raw) {
		switch w.raw[w.at] {
		case ' ', '\t', '\n', '\r':
			w.at++
		default:
			return
		}
	}
}

func (w *walker) takes(c byte) bool {
	w.space()
	if w.at >= len(w.raw) || w.raw[w.at] != c {
		return false
	}
	w.at++
	return true
}

// closes passes over c if it comes next.
func (w *walker) closes(c byte) bool { return w.takes(c) }

func lowerFirst(s string) string {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return s
	}
	return string(s[0]+'a'-'A') + s[1:]
}
