package seeds

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// member is a member of a JSON object, in the object's order.
type member struct {
	name  string
	value json.RawMessage
}

func members(raw json.RawMessage) []member {
	d := json.NewDecoder(bytes.NewReader(raw))
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return nil
	}
	var all []member
	for d.More() {
		name, err := d.Token()
		m := member{name: fmt.Sprint(name)}
		if err != nil || d.Decode(&m.value) != nil {
			return nil
		}
		all = append(all, m)
	}
	return all
}

func elements(raw json.RawMessage) []json.RawMessage {
	var all []json.RawMessage
	_ = json.Unmarshal(raw, &all)
	return all
}

// width is how much of a value stands in a line.
const width = 110

// layOut writes JSON with its members in their order, and what fits in a line
// in a line.
func layOut(raw json.RawMessage, indent string) string {
	line := flat(raw)
	if len(indent)+len(line) <= width {
		return line
	}
	var parts []string
	inner := indent + "  "
	for _, m := range members(raw) {
		parts = append(parts, inner+quote(m.name)+": "+layOut(m.value, inner))
	}
	for _, e := range elements(raw) {
		parts = append(parts, inner+layOut(e, inner))
	}
	if len(parts) == 0 {
		return line // a long text
	}
	return line[:1] + "\n" + strings.Join(parts, ",\n") + "\n" + indent + line[len(line)-1:]
}

func flat(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	var parts []string
	switch raw[0] {
	case '{':
		for _, m := range members(raw) {
			parts = append(parts, quote(m.name)+": "+flat(m.value))
		}
	case '[':
		for _, e := range elements(raw) {
			parts = append(parts, flat(e))
		}
	default:
		return string(raw)
	}
	return string(raw[0]) + strings.Join(parts, ", ") + string(raw[len(raw)-1])
}

func quote(s string) string { return `"` + s + `"` }

// made are the parts of a record that are new in every run, and what stands for
// them in the page: the form stays, and the same text is replaced by the same.
var made = []struct {
	pattern *regexp.Regexp
	form    string // of what stands for the nth; empty: the replacement below
}{
	{regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`), "00000000-0000-4000-8000-%012d"},
	{regexp.MustCompile(`\bAKIA[A-Z0-9]{16}\b`), "AKIAEXAMPLE%09d"},
	{regexp.MustCompile(`\bASIA[A-Z0-9]{16}\b`), "ASIAEXAMPLE%09d"},
	{regexp.MustCompile(`\bAIDA[A-Z0-9]{17}\b`), "AIDAEXAMPLE%010d"},
	{regexp.MustCompile(`\bAROA[A-Z0-9]{17}\b`), "AROAEXAMPLE%010d"},
	{regexp.MustCompile(`\b[0-9a-f]{17}\b`), "%017d"},
	{regexp.MustCompile(`\b[0-9a-f]{16}\b`), "%016d"},
}

var moments = []struct{ pattern, with string }{
	{`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d((?:\.\d+)?Z)`, "2026-01-31T12:00:00$1"},
	{`\b[A-Z][a-z]{2} \d{1,2}, \d{4}(,?) \d{1,2}:\d\d:\d\d(.)[AP]M`, "Jan 31, 2026$1 12:00:00${2}PM"},
}

// steady makes records comparable between runs, in the order in which they are
// given.
func steady(t *testing.T, names []string, recorded map[string]json.RawMessage) map[string]json.RawMessage {
	t.Helper()
	known, count := map[string]string{}, map[string]int{}
	out := map[string]json.RawMessage{}
	for _, name := range names {
		record := string(recorded[name])
		if record == "" {
			t.Fatalf("there is no record of %s", name)
		}
		for _, m := range made {
			record = m.pattern.ReplaceAllStringFunc(record, func(s string) string {
				if known[s] == "" {
					count[m.form]++
					known[s] = fmt.Sprintf(m.form, count[m.form])
				}
				return known[s]
			})
		}
		for _, m := range moments {
			record = regexp.MustCompile(m.pattern).ReplaceAllString(record, m.with)
		}
		out[name] = json.RawMessage(record)
	}
	return out
}
