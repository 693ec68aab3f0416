package rule

import (
	"bytes"
	"encoding/json"
	"strings"
)

// node is a JSON value of an event, as it stands there. The event is read once,
// however many paths lead through it and however deep.
type node struct {
	raw    json.RawMessage
	names  []string // of an object's members, in the order of inside
	inside []node   // the values of an object or a list
}

// parseNode reads a JSON text.
func parseNode(text json.RawMessage) (node, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return readNode(d, text)
}

func readNode(d *json.Decoder, text json.RawMessage) (n node, err error) {
	start := d.InputOffset()
	t, err := d.Token()
	if err != nil {
		return n, err
	}
	for strings.IndexByte(" \t\r\n:,", text[start]) >= 0 {
		start++
	}
	if open, ok := t.(json.Delim); ok {
		for d.More() {
			if open == '{' {
				name, err := d.Token()
				if err != nil {
					return n, err
				}
				n.names = append(n.names, name.(string))
			}
			value, err := readNode(d, text)
			if err != nil {
				return n, err
			}
			n.inside = append(n.inside, value)
		}
		if _, err := d.Token(); err != nil {
			return n, err
		}
	}
	n.raw = text[start:d.InputOffset()]
	return n, nil
}

// isList reports whether the value is a list; is it an object, it has names.
func (n *node) isList() bool { return n.raw[0] == '[' }

// step returns what a step of a path leads to.
func (n *node) step(s step) []node {
	switch {
	case s.all:
		return n.inside
	case s.name == "" && n.isList() && s.index < len(n.inside):
		return n.inside[s.index : s.index+1]
	case s.name == "":
		return nil
	}
	for i := len(n.names) - 1; i >= 0; i-- { // of two of a name the last counts
		if n.names[i] == s.name {
			return n.inside[i : i+1]
		}
	}
	return nil
}
