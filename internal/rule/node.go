package rule

import (
	"bytes"
	"encoding/json"
	"strings"
)

// node is a JSON value in the text of an event. The text is read once, however
// many paths lead through it and however deep. Events can have half a million
// values, so a node is small.
type node struct {
	start, end int32
	in         *inside // nil where there is nothing inside
}

// inside are the values of an object or a list.
type inside struct {
	names  []string // of an object's members
	values []node
}

// parseNode reads a JSON text of less than 2 GB.
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
		if n.in, err = readInside(d, text, open == '{'); err != nil {
			return n, err
		}
	}
	n.start, n.end = int32(start), int32(d.InputOffset())
	return n, nil
}

// readInside reads what comes after an opening bracket, and the closing one.
func readInside(d *json.Decoder, text json.RawMessage, named bool) (*inside, error) {
	in := &inside{}
	for d.More() {
		if named {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			in.names = append(in.names, name.(string))
		}
		value, err := readNode(d, text)
		if err != nil {
			return nil, err
		}
		in.values = append(in.values, value)
	}
	_, err := d.Token()
	return in, err
}

// raw is the value as it stands in the text.
func (n *node) raw(text json.RawMessage) json.RawMessage { return text[n.start:n.end] }

// step returns what a step of a path leads to.
func (n *node) step(s step) []node {
	switch {
	case n.in == nil:
		return nil
	case s.all:
		return n.in.values
	case s.name == "" && len(n.in.names) == 0 && s.index < len(n.in.values):
		return n.in.values[s.index : s.index+1]
	}
	for i := len(n.in.names) - 1; i >= 0 && s.name != ""; i-- { // of two of a name the last counts
		if n.in.names[i] == s.name {
			return n.in.values[i : i+1]
		}
	}
	return nil
}
