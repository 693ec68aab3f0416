package history

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/journal"
)

// model is the history done naively: a list that is searched and sorted.
type model []Entry

func (m model) lookup(q Query, newest journal.Seq) []Entry {
	var out []Entry
	for _, e := range m {
		if e.Seq <= newest && q.matches(&e) &&
			(q.From.IsZero() || !e.Time.Before(q.From)) && (q.To.IsZero() || !e.Time.After(q.To)) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b Entry) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.Seq, a.Seq))
	})
	return out
}

var epoch = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// generator makes events whose values occur once, seldom and often.
type generator struct {
	*rand.Rand
	n int
}

func pick(g *generator, of ...string) string { return of[g.IntN(len(of))] }

func (g *generator) entry() *Entry {
	g.n++
	// Events come in the order of time but for a few seconds, some of them late.
	at := epoch.Add(time.Duration(g.n/4+g.IntN(3)) * time.Second)
	switch g.IntN(20) {
	case 0:
		at = epoch.Add(time.Duration(g.IntN(1+g.n/4)) * time.Second)
	case 1:
		at = epoch.Add(-time.Duration(g.IntN(1000)) * time.Hour)
	}
	e := &Entry{
		Time: at, Account: pick(g, "111122223333", "444455556666"), Region: pick(g, "us-east-1", "us-east-1", "eu-west-1"),
		Category: Category(cmp.Or(max(0, g.IntN(12)-8), int(Management))),
		Attributes: Attributes{
			EventID:     fmt.Sprintf("id-%d", g.n),
			EventName:   pick(g, "RunInstances", "PutObject", "GetObject", ""),
			ReadOnly:    pick(g, "true", "false", "false", ""),
			Username:    pick(g, "alice", "bob", ""),
			EventSource: pick(g, "ec2.amazonaws.com", "s3.amazonaws.com"),
			AccessKeyID: fmt.Sprintf("AKIA%d", g.IntN(40)),
		},
		JSON: fmt.Appendf(nil, `{"eventID":"id-%d"}`, g.n),
	}
	for range g.IntN(4) {
		e.Resources = append(e.Resources, Resource{pick(g, "AWS::EC2::Instance", "AWS::S3::Bucket", ""), fmt.Sprintf("r-%d", g.IntN(50))})
	}
	return e
}

func (g *generator) query(events int) Query {
	q := Query{
		Account: pick(g, "111122223333", "444455556666", "777788889999"), Region: pick(g, "us-east-1", "eu-west-1"),
		Limit: 1 + g.IntN(60), Attribute: Attribute(g.IntN(int(endOfAttributes))),
	}
	switch q.Attribute {
	case EventID:
		q.Value = fmt.Sprintf("id-%d", g.IntN(events+1))
	case EventName:
		q.Value = pick(g, "RunInstances", "PutObject", "GetObject", "Never")
	case ReadOnly:
		q.Value = pick(g, "true", "false")
	case Username:
		q.Value = pick(g, "alice", "bob", "root")
	case ResourceType:
		q.Value = pick(g, "AWS::EC2::Instance", "AWS::S3::Bucket")
	case ResourceName:
		q.Value = fmt.Sprintf("r-%d", g.IntN(52))
	case EventSource:
		q.Value = pick(g, "ec2.amazonaws.com", "s3.amazonaws.com")
	case AccessKeyID:
		q.Value = fmt.Sprintf("AKIA%d", g.IntN(42))
	}
	switch g.IntN(4) {
	case 0:
		q.Categories = In(Management, Data, NetworkActivity, Insight)
	case 1:
		q.Categories = In(Data)
	}
	when := func() time.Time { return epoch.Add(time.Duration(g.IntN(events*300)) * time.Millisecond) }
	if g.IntN(2) == 0 {
		q.From = when()
	}
	if g.IntN(2) == 0 {
		q.To = when()
	}
	return q
}

// harness drives a history and its model together.
type harness struct {
	t     *testing.T
	j     *fakeJournal
	h     *History
	gen   *generator
	model model
}

func newHarness(t *testing.T, seed uint64) *harness {
	j, h := newFake(t)
	return &harness{t: t, j: j, h: h, gen: &generator{Rand: rand.New(rand.NewPCG(seed, 7))}}
}

func (x *harness) append(n int) {
	for range n {
		if x.gen.IntN(5) == 0 {
			x.j.append(journal.Record{Kind: journal.Intent, Data: []byte("about to call")})
		}
		e := x.gen.entry()
		e.Seq = x.j.appendEntry(e)
		x.model = append(x.model, *e)
	}
}

func (x *harness) seal() { x.j.seal(x.j.roll()) }

// check pages through a query to its end and compares with the model. Between
// pages, meanwhile is called.
func (x *harness) check(q Query, meanwhile func()) {
	x.t.Helper()
	newest := journal.Seq(len(x.j.records))
	want := x.model.lookup(q, newest)
	var got []Entry
	first := q
	for {
		page, err := x.h.Lookup(context.Background(), q)
		if err != nil {
			x.t.Fatalf("%+v: %v", q, err)
		}
		got = append(got, page.Entries...)
		if len(page.Entries) > q.Limit || page.Next != nil && len(page.Entries) != q.Limit {
			x.t.Fatalf("%+v: a page of %d, next %v", q, len(page.Entries), page.Next)
		}
		if page.Next == nil {
			break
		}
		q.After = page.Next
		meanwhile()
	}
	if !slices.EqualFunc(got, want, sameEntry) {
		x.t.Fatalf("%+v\ngot  %v\nwant %v", first, brief(got), brief(want))
	}
}

func sameEntry(a, b Entry) bool {
	return a.Seq == b.Seq && a.Time.Equal(b.Time) && a.Account == b.Account && a.Region == b.Region && a.Category == b.Category &&
		string(a.JSON) == string(b.JSON) && slices.Equal(a.Resources, b.Resources) &&
		a.EventID == b.EventID && a.EventName == b.EventName && a.ReadOnly == b.ReadOnly && a.Username == b.Username &&
		a.EventSource == b.EventSource && a.AccessKeyID == b.AccessKeyID
}

func brief(entries []Entry) []string {
	out := make([]string, len(entries))
	for i, e := range entries {
		out[i] = fmt.Sprintf("%d@%d", e.Seq, e.Time.Unix())
	}
	return out
}
