package policy

import (
	"bytes"
	"encoding/json"
)

// UnknownPrincipalError says that a policy of a resource names a user or a role
// that there is not.
type UnknownPrincipalError struct{ Principal PrincipalID }

func (e *UnknownPrincipalError) Error() string {
	return `Invalid principal in policy: "` + string(e.Principal.Kind) + `":"` + e.Principal.ID + `"`
}

// RewritePrincipals returns a document that Parse reads with what f returns in
// place of each entry of its Principal and NotPrincipal elements, and else as it
// is written. The error is f's, or a *SyntaxError.
func RewritePrincipals(document []byte, f func(PrincipalID) (string, error)) ([]byte, error) {
	root, err := readJSON(document)
	if err != nil {
		return nil, malformed("%v", err)
	}
	var out []byte
	done := 0
	for _, entry := range principalEntries(root) {
		id := PrincipalID{PrincipalKind(entry.name), entry.value.text}
		text, err := f(id)
		if err != nil {
			return nil, err
		}
		if text == id.ID {
			continue
		}
		written, err := json.Marshal(text)
		if err != nil {
			return nil, err
		}
		// A separator may stand before the string.
		from := entry.value.from + bytes.IndexByte(document[entry.value.from:], '"')
		out = append(append(out, document[done:from]...), written...)
		done = entry.value.to
	}
	return append(out, document[done:]...), nil
}

// principalEntries are the strings in the elements that name principals, in the
// document's order, each under its kind.
func principalEntries(root node) []field {
	var entries []field
	for _, statement := range root.member("Statement").list() {
		for _, element := range statement.fields {
			if element.name != "Principal" && element.name != "NotPrincipal" {
				continue
			}
			for _, kind := range element.value.fields {
				for _, id := range kind.value.list() {
					if id.kind == stringNode {
						entries = append(entries, field{kind.name, id})
					}
				}
			}
		}
	}
	return entries
}

// member is an object's member, or nothing.
func (n node) member(name string) node {
	for _, f := range n.fields {
		if f.name == name {
			return f.value
		}
	}
	return node{}
}

// list is a list's items, or the value itself where it is none.
func (n node) list() []node {
	if n.kind == listNode {
		return n.items
	}
	return []node{n}
}
