package rule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// path leads to a part of an event: the part of JSONPath that EventBridge
// documents ("Amazon EventBridge input transformation"): names after dots,
// indices and asterisks.
type path []step

// step is one of a path: to a member, to an element where the name is empty, or
// to all of either.
type step struct {
	name  string
	index int
	all   bool
}

// maxIndex bounds an index; no event has as many elements.
const maxIndex = 1 << 20

var errPath = errors.New("it is not a path such as $.detail.items[0]")

// parsePath reads a path.
func parsePath(text string) (path, error) {
	rest, ok := strings.CutPrefix(text, "$")
	if !ok || len(text) > maxPath {
		return nil, errPath
	}
	var p path
	for rest != "" {
		var s step
		var err error
		switch rest[0] {
		case '.':
			s, rest, err = parseMember(rest[1:])
		case '[':
			s, rest, err = parseIndex(rest[1:])
		default:
			err = errPath
		}
		if err != nil {
			return nil, err
		}
		p = append(p, s)
	}
	return p, nil
}

func parseMember(text string) (step, string, error) {
	end := strings.IndexAny(text, ".[")
	if end < 0 {
		end = len(text)
	}
	name, rest := text[:end], text[end:]
	if name == "*" {
		return step{all: true}, rest, nil
	}
	for _, c := range []byte(name) {
		if !strings.ContainsRune("-_/", rune(c)) && !isAlphanumeric(c) {
			return step{}, "", fmt.Errorf("%w: %q", errPath, name)
		}
	}
	if name == "" {
		return step{}, "", errPath
	}
	return step{name: name}, rest, nil
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func parseIndex(text string) (step, string, error) {
	inside, rest, ok := strings.Cut(text, "]")
	if ok && inside == "*" {
		return step{all: true}, rest, nil
	}
	index, err := strconv.ParseUint(inside, 10, 32)
	if !ok || err != nil || index > maxIndex {
		return step{}, "", errPath
	}
	return step{index: int(index)}, rest, nil
}

// in returns what the path leads to in the text of an event, as it stands there;
// with an asterisk a list of all that it leads to. found is false where there is
// nothing.
func (p path) in(text json.RawMessage, event *node) (value json.RawMessage, found bool) {
	nodes, many := []*node{event}, false
	for _, s := range p {
		many = many || s.all
		var next []*node
		for _, n := range nodes {
			to := n.step(s)
			for i := range to {
				next = append(next, &to[i])
			}
		}
		nodes = next
	}
	if !many {
		if len(nodes) == 0 {
			return nil, false
		}
		return nodes[0].raw(text), true
	}
	var list bytes.Buffer
	list.WriteByte('[')
	for i, n := range nodes {
		if i > 0 {
			list.WriteByte(',')
		}
		list.Write(n.raw(text))
	}
	list.WriteByte(']')
	return list.Bytes(), true
}
