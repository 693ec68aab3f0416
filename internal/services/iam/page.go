package iam

import (
	"cmp"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/identity"
)

// defaultPage is how many items a page has where the call does not say.
const defaultPage = 100

// page cuts one page out of a list and words it. A marker names the last item of
// the page before it, so that what comes and goes meanwhile shifts nothing.
func page[T any](r *request, member string, items []T, key func(*T) string, describe func(*T) any) (answer, error) {
	slices.SortStableFunc(items, func(a, b T) int { return cmp.Compare(sortKey(key(&a)), sortKey(key(&b))) })
	if marker := r.text("Marker"); marker != "" {
		after, err := base64.RawURLEncoding.DecodeString(marker)
		if err != nil {
			return nil, identity.Refuse(identity.ValidationError, "Invalid Marker.")
		}
		at, found := slices.BinarySearchFunc(items, string(after), func(v T, after string) int {
			return cmp.Compare(sortKey(key(&v)), after)
		})
		if found {
			at++
		}
		items = items[at:]
	}
	size := int(r.number("MaxItems"))
	if size == 0 {
		size = defaultPage
	}
	out := answer{"IsTruncated": len(items) > size}
	if len(items) > size {
		items = items[:size]
		out["Marker"] = base64.RawURLEncoding.EncodeToString([]byte(sortKey(key(&items[size-1]))))
	}
	list := make([]any, len(items))
	for i := range items {
		list[i] = describe(&items[i])
	}
	out[member] = list
	return out, nil
}

// lookedUp is page for items whose description may need more reads.
func lookedUp[T any](r *request, member string, items []T, key func(*T) string, describe func(*T) (answer, error)) (answer, error) {
	var failed error
	out, err := page(r, member, items, key, func(v *T) any {
		described, err := describe(v)
		if err != nil {
			failed = err
		}
		return described
	})
	return out, errors.Join(err, failed)
}

func sortKey(name string) string { return strings.ToLower(name) }

// itself is the key, and the description, of a list of strings.
func itself(s *string) string { return *s }

func asIs(s *string) any { return *s }

func tagKey(t *identity.Tag) string { return t.Key }

// below accepts entities whose path begins with the call's PathPrefix.
func (r *request) below(e *identity.Entity) bool {
	return strings.HasPrefix(e.Path, cmp.Or(r.text("PathPrefix"), "/"))
}
