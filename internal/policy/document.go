package policy

import (
	"errors"
	"fmt"
)

// Effect is what a statement does to the requests that it applies to.
type Effect string

// The effects.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// The versions of the policy language. A document that names none is of the
// older one, which has no variables.
const (
	Version2008 = "2008-10-17"
	Version2012 = "2012-10-17"
)

// MaxBytes is the longest document that Parse reads: the largest that IAM's API
// takes, and more than any service keeps.
const MaxBytes = 131072

// The limits of a document's parts.
const (
	maxStatements = 2000
	maxPattern    = 4096 // bytes of a string that is matched
)

// Document is a policy. It is not to be changed.
type Document struct {
	Version    string // "" if the document names none
	ID         string
	Statements []*Statement
}

// Statement is a statement of a document. Of the pairs (Actions and NotActions,
// …) at most one is not nil.
type Statement struct {
	Index                     int // in the document, from 0
	Sid                       string
	Effect                    Effect
	Actions, NotActions       []string
	Resources, NotResources   []string
	Principals, NotPrincipals []PrincipalID
	Conditions                []Condition

	actions   []pattern // of Actions or NotActions, in lower case
	resources []arnPattern
}

// Sentences that AWS's services give for a document that is refused.
const (
	syntaxErrors  = "Syntax errors in policy."
	legacyParsing = "The policy failed legacy parsing"
)

// SyntaxError says why a document is no policy, or none for its place. Services
// answer with MalformedPolicyDocument or MalformedPolicy.
type SyntaxError struct {
	// Message is AWS's sentence for the caller.
	Message string
	// Detail, if not empty, says more precisely what is wrong.
	Detail string
}

func (e *SyntaxError) Error() string {
	if e.Detail == "" {
		return e.Message
	}
	return e.Message + " (" + e.Detail + ")"
}

func malformed(format string, args ...any) error {
	return &SyntaxError{Message: syntaxErrors, Detail: fmt.Sprintf(format, args...)}
}

// Parse reads a document. The error is a *SyntaxError.
func Parse(b []byte) (*Document, error) {
	if len(b) > MaxBytes {
		return nil, malformed("the document has %d bytes, more than %d", len(b), MaxBytes)
	}
	root, err := readJSON(b)
	if err != nil {
		return nil, malformed("%v", err)
	}
	if root.kind != objectNode {
		return nil, malformed("the document is not an object")
	}
	d := &Document{}
	var statements *node
	for _, f := range root.fields {
		switch f.name {
		case "Version":
			if v := f.value; v.kind != stringNode || v.text != Version2008 && v.text != Version2012 {
				return nil, malformed("Version is neither %s nor %s", Version2012, Version2008)
			}
			d.Version = f.value.text
		case "Id":
			if f.value.kind != stringNode {
				return nil, malformed("Id is not a string")
			}
			d.ID = f.value.text
		case "Statement":
			statements = &f.value
		default:
			return nil, malformed("no element %q in a policy", f.name)
		}
	}
	if statements == nil {
		return nil, malformed("no Statement")
	}
	// Only now: the version, which the variables depend on, may come last.
	if err := d.readStatements(*statements); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *Document) readStatements(n node) error {
	items := n.items
	if n.kind == objectNode {
		items = []node{n}
	}
	if len(items) == 0 {
		return malformed("no Statement")
	}
	if len(items) > maxStatements {
		return malformed("%d statements, more than %d", len(items), maxStatements)
	}
	for i, item := range items {
		s, err := readStatement(item, d.Version == Version2012)
		if err != nil {
			var syntax *SyntaxError
			if errors.As(err, &syntax) {
				syntax.Detail = fmt.Sprintf("statement %d: %s", i+1, syntax.Detail)
			}
			return err
		}
		s.Index = i
		d.Statements = append(d.Statements, s)
	}
	return nil
}
