package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a document; the deepest one that means
// something, a list of a condition's values, has seven levels.
const maxDepth = 12

type nodeKind byte

const (
	nullNode nodeKind = iota
	boolNode
	numberNode
	stringNode
	listNode
	objectNode
)

// node is a JSON value. Objects keep the order of their members, which have
// different names.
type node struct {
	kind   nodeKind
	text   string // of a string, number or boolean
	items  []node
	fields []field
	// from and to are where a string is in the document, from the end of what
	// is before it.
	from, to int
}

type field struct {
	name  string
	value node
}

var errDeep = errors.New("nested too deeply")

// readJSON reads one JSON value of at most maxDepth levels, in which no object
// has the same name twice.
func readJSON(b []byte) (node, error) {
	if !utf8.Valid(b) {
		return node{}, errors.New("not valid UTF-8")
	}
	// The depth comes first: json.Valid, too, works level by level.
	if depth(b) > maxDepth {
		return node{}, errDeep
	}
	// Valid sees what a stream of tokens would let pass, such as text after
	// the value.
	if !json.Valid(b) {
		return node{}, errors.New("not valid JSON")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return readValue(d)
}

// depth is the deepest level of brackets outside of strings.
func depth(b []byte) int {
	level, deepest, quoted := 0, 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			level++
			deepest = max(deepest, level)
		case c == '}' || c == ']':
			level--
		}
	}
	return deepest
}

func readValue(d *json.Decoder) (node, error) {
	from := int(d.InputOffset())
	token, err := d.Token()
	if err != nil {
		return node{}, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '[' {
			return readList(d)
		}
		return readObject(d)
	case string:
		return node{kind: stringNode, text: t, from: from, to: int(d.InputOffset())}, nil
	case json.Number:
		return node{kind: numberNode, text: t.String()}, nil
	case bool:
		return node{kind: boolNode, text: fmt.Sprint(t)}, nil
	default:
		return node{kind: nullNode}, nil
	}
}

func readList(d *json.Decoder) (node, error) {
	list := node{kind: listNode}
	for d.More() {
		v, err := readValue(d)
		if err != nil {
			return node{}, err
		}
		list.items = append(list.items, v)
	}
	_, err := d.Token()
	return list, err
}

func readObject(d *json.Decoder) (node, error) {
	object := node{kind: objectNode}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return node{}, err
		}
		name, _ := token.(string)
		if seen[name] {
			return node{}, fmt.Errorf("the name %q occurs twice in an object", name)
		}
		seen[name] = true
		v, err := readValue(d)
		if err != nil {
			return node{}, err
		}
		object.fields = append(object.fields, field{name, v})
	}
	_, err := d.Token()
	return object, err
}

// strings returns a string, or a list of strings, as a list.
func (n node) strings() ([]string, error) {
	switch n.kind {
	case stringNode:
		return []string{n.text}, nil
	case listNode:
		list := make([]string, 0, len(n.items))
		for _, item := range n.items {
			if item.kind != stringNode {
				return nil, errors.New("a list holds something else than strings")
			}
			list = append(list, item.text)
		}
		return list, nil
	}
	return nil, errors.New("neither a string nor a list of strings")
}

// scalars is strings for the values of a condition, which may also be numbers
// and booleans.
func (n node) scalars() ([]string, error) {
	items := n.items
	if n.kind != listNode {
		items = []node{n}
	}
	list := make([]string, 0, len(items))
	for _, item := range items {
		switch item.kind {
		case stringNode, numberNode, boolNode:
			list = append(list, item.text)
		default:
			return nil, errors.New("a condition's value is neither string, number nor boolean")
		}
	}
	return list, nil
}

// Size is the length of a document as AWS's quotas count it: in characters,
// without white space.
func Size(document []byte) int {
	n := 0
	for _, r := range string(document) {
		if !strings.ContainsRune(" \t\r\n", r) {
			n++
		}
	}
	return n
}
