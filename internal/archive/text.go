package archive

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/cairn-audit/cairn/digest"
)

// WriteText writes a report for people: a line for each finding and one that
// says what is proven. Notes that say the same of several files, as of the
// Regions of a trail, share a line, and so do the newest digests of a copy, which
// no copy proves; the JSON has them all.
func WriteText(w io.Writer, r *digest.Report) error {
	var b strings.Builder
	alike := make(map[note]int)
	for _, f := range r.Findings {
		if sharesLine(f) {
			alike[noteOf(f)]++
		}
	}
	for _, f := range r.Findings {
		label, about := strings.ToUpper(f.Verdict.String()), subject(f)
		if f.Verdict == digest.Proven {
			label = "NOTE"
		}
		if sharesLine(f) {
			n := alike[noteOf(f)]
			if n == 0 {
				continue // told with the first of its kind
			}
			if n > 1 {
				about += fmt.Sprintf(" and %d more", n-1)
			}
			delete(alike, noteOf(f))
		}
		fmt.Fprintf(&b, "%-10s  %s: %s\n", label, about, clean(f.Message))
	}
	switch n := count(r.Findings, r.Verdict); r.Verdict {
	case digest.Tampered:
		fmt.Fprintf(&b, "Tampered: %s. ", plural(n, "thing is", "things are")+" wrong")
	case digest.Incomplete:
		fmt.Fprintf(&b, "Incomplete: %s. ", plural(n, "thing is", "things are")+" not proven")
	}
	b.WriteString(proven(r))
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

// note is what a note says, without the file that it says it of.
type note struct {
	kind                    digest.Kind
	trail, account, message string
}

func noteOf(f digest.Finding) note { return note{f.Kind, f.Trail, f.Account, f.Message} }

func sharesLine(f digest.Finding) bool {
	return f.Verdict == digest.Proven || f.Kind == digest.SignatureNotCopied
}

// clean takes out of what came from outside all that would not be seen, or would
// move or turn what is: a terminal obeys it.
func clean(s string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return '?'
		}
		return c
	}, s)
}

// subject is what a finding is about.
func subject(f digest.Finding) string {
	if f.Key != "" {
		return clean("s3://" + f.Bucket + "/" + f.Key)
	}
	return clean(strings.Join(slices.DeleteFunc([]string{f.Trail, f.Account, f.Region}, func(s string) bool { return s == "" }), " "))
}

func count(findings []digest.Finding, v digest.Verdict) int {
	n := 0
	for _, f := range findings {
		if f.Verdict == v {
			n++
		}
	}
	return n
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// proven is one line about what is proven, and for which time. Chains of which
// nothing is are only counted.
func proven(r *digest.Report) string {
	trails, accounts, regions := set{}, set{}, set{}
	chains := slices.DeleteFunc(slices.Clone(r.Chains), func(c digest.Chain) bool { return len(c.Proven) == 0 })
	if len(chains) == 0 {
		return "Nothing is proven."
	}
	for _, c := range chains {
		trails.add(fmt.Sprintf("%s (%s)", c.Trail, c.HomeRegion))
		accounts.add(c.Account)
		regions.add(c.Region)
	}
	rest := ""
	if n := len(r.Chains) - len(chains); n > 0 {
		rest = fmt.Sprintf(" Of %d of %d chains nothing is proven.", n, len(r.Chains))
	}
	return fmt.Sprintf("Proven: %s, %s, %s, %s: %s, %s, %s."+rest,
		trails.list("trail", "trails"), accounts.list("account", "accounts"), regions.list("Region", "Regions"), times(chains),
		plural(r.Digests, "digest", "digests"), plural(r.LogFiles, "log file", "log files"), plural(r.Records, "record", "records"))
}

// set is names, each once, in the order in which they came.
type set struct{ names []string }

func (s *set) add(name string) {
	if !slices.Contains(s.names, name) {
		s.names = append(s.names, name)
	}
}

// list names a few and counts many.
func (s *set) list(one, many string) string {
	switch n := len(s.names); {
	case n == 1:
		return one + " " + clean(s.names[0])
	case n <= 4:
		return many + " " + clean(strings.Join(s.names, " "))
	}
	return fmt.Sprintf("%d %s", len(s.names), many)
}

// times is the time that is proven in all chains.
func times(chains []digest.Chain) string {
	common := chains[0].Proven
	for _, c := range chains[1:] {
		common = intersect(common, c.Proven)
	}
	if len(common) == 0 {
		return "at no time in all of them"
	}
	var parts []string
	for i, t := range common {
		if i == 3 {
			parts = append(parts, fmt.Sprintf("and %d more times", len(common)-i))
			break
		}
		parts = append(parts, "from "+t.From.Format(time.RFC3339)+" to "+t.To.Format(time.RFC3339))
	}
	return strings.Join(parts, ", ")
}

// intersect is the time in both of two lists, each in order.
func intersect(a, b []digest.Interval) []digest.Interval {
	var both []digest.Interval
	for i, j := 0, 0; i < len(a) && j < len(b); {
		from, to := a[i].From, a[i].To
		if b[j].From.After(from) {
			from = b[j].From
		}
		if b[j].To.Before(to) {
			to = b[j].To
		}
		if from.Before(to) {
			both = append(both, digest.Interval{From: from, To: to})
		}
		if a[i].To.Before(b[j].To) {
			i++
		} else {
			j++
		}
	}
	return both
}
