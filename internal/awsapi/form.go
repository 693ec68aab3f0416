package awsapi

import (
	"errors"
	"iter"
	"net/url"
	"slices"
	"strings"
)

// A form is what a request of the query protocols carries: names of several
// parts ("Filter.1.Value.2") and their values. It is read as a tree, without
// building one: the names are sorted so that a branch is a run of neighbours.
// All the work on a form is linear in its size, but for that sort, and what is
// allocated does not depend on the numbers in it.

// maxFormFields bounds the work on a form. The largest real one is CloudWatch's
// PutMetricData, whose 1 MB hold some 25,000 fields.
const maxFormFields = 100_000

type formField struct{ name, value string }

// A formBranch is the fields whose names begin alike, sorted. The rest of each
// name begins at; the branch's own value, if it has one, is the first field,
// whose name ends before at.
type formBranch struct {
	fields []formField
	at     int
}

var (
	errFormSize = errors.New("too many parameters")
	errFormTwin = errors.New("given more than once")
)

// newForm sorts a form. The error is nil, errFormSize or errFormTwin, and comes
// with the name at fault.
func newForm(values url.Values) (root formBranch, name string, err error) {
	if len(values) > maxFormFields {
		return formBranch{}, "", errFormSize
	}
	fields := make([]formField, 0, len(values))
	for name, given := range values {
		if len(given) == 0 {
			continue
		}
		// Which of several values a service takes is its secret: a record
		// that names the wrong one would be a lie.
		if differ(given) {
			return formBranch{}, name, errFormTwin
		}
		fields = append(fields, formField{name, given[0]})
	}
	slices.SortFunc(fields, func(a, b formField) int { return compareParts(a.name, b.name) })
	return formBranch{fields: fields}, "", nil
}

// compareParts orders names by their parts: the dot counts as the lowest byte.
func compareParts(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			continue
		}
		if a[i] == '.' {
			return -1
		}
		if b[i] == '.' {
			return 1
		}
		return int(a[i]) - int(b[i])
	}
	return len(a) - len(b)
}

// name is the branch's full name, as the client wrote it.
func (b formBranch) name() string {
	if len(b.fields) == 0 || b.at == 0 {
		return ""
	}
	return b.fields[0].name[:b.at-1]
}

// value is what stands at the branch itself.
func (b formBranch) value() (string, bool) {
	if len(b.fields) > 0 && len(b.fields[0].name) < b.at {
		return b.fields[0].value, true
	}
	return "", false
}

// hasParts reports whether anything stands below the branch.
func (b formBranch) hasParts() bool {
	_, own := b.value()
	return len(b.fields) > 1 || len(b.fields) == 1 && !own
}

// parts gives the next part of the names, each once, with its branch.
func (b formBranch) parts() iter.Seq2[string, formBranch] {
	return func(yield func(string, formBranch) bool) {
		rest := b.fields
		if _, own := b.value(); own {
			rest = rest[1:]
		}
		for len(rest) > 0 {
			part, _, _ := strings.Cut(rest[0].name[b.at:], ".")
			end := b.at + len(part)
			n := 1
			for n < len(rest) && strings.HasPrefix(rest[n].name[b.at:], part) &&
				(len(rest[n].name) == end || rest[n].name[end] == '.') {
				n++
			}
			if !yield(part, formBranch{fields: rest[:n], at: end + 1}) {
				return
			}
			rest = rest[n:]
		}
	}
}
