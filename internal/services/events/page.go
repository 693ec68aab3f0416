package events

import (
	"encoding/base64"
	"strings"
)

// maxPage is the largest page of a list, and the one that is given unasked.
const maxPage = 100

// tokenPrefix begins what NextToken encodes: the place after which a list goes
// on. It proves nothing: who holds a token may read what it points to anyway.
const tokenPrefix = "after:"

// after is where the page that is asked for begins.
func (r *request) after() (string, error) {
	token := r.params.text("NextToken")
	if token == "" {
		return "", nil
	}
	after, ok := readToken(token)
	if !ok {
		return "", invalid("NextToken is not valid.")
	}
	return after, nil
}

func writeToken(after string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(tokenPrefix + after))
}

func readToken(token string) (after string, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	after, ok = strings.CutPrefix(string(b), tokenPrefix)
	return after, ok && err == nil && after != "" && token == writeToken(after)
}

// page lists a page of what find returns, as show shows it, under a name.
func page[T any](r *request, name string, find func(after string, limit int) ([]T, bool, error), show func(*T) (key string, shown any, err error)) (answer, error) {
	after, err := r.after()
	if err != nil {
		return nil, err
	}
	found, more, err := find(after, r.params.number("Limit", maxPage))
	if err != nil {
		return nil, err
	}
	all := make([]any, len(found))
	last := ""
	for i := range found {
		if last, all[i], err = show(&found[i]); err != nil {
			return nil, err
		}
	}
	out := answer{name: all}
	if more {
		out["NextToken"] = writeToken(last)
	}
	return out, nil
}

// setText adds a member that is shown only where it is not empty.
func setText(to answer, name, value string) {
	if value != "" {
		to[name] = value
	}
}
