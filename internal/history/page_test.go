package history

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// TestLaterEventsDoNotShiftPages appends, between two pages, newer events, late
// ones that belong on the second page, and ones of the very second of the border.
func TestLaterEventsDoNotShiftPages(t *testing.T) {
	j, h := newFake(t)
	add := func(second int, id string) {
		j.appendEntry(&Entry{Time: epoch.Add(time.Duration(second) * time.Second), Category: Management, Attributes: Attributes{EventID: id}})
	}
	for i := range 10 {
		add(i, fmt.Sprint(i))
	}
	q := Query{Limit: 5}
	first, err := h.Lookup(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, second := range []int{-1, 0, 3, 4, 5, 6, 20} {
		add(second, "later")
	}
	j.seal(j.roll())
	q.After = first.Next
	second, err := h.Lookup(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range append(first.Entries, second.Entries...) {
		got = append(got, e.EventID)
	}
	if fmt.Sprint(got) != "[9 8 7 6 5 4 3 2 1 0]" || second.Next != nil {
		t.Fatalf("pages show %v, next %v", got, second.Next)
	}
}

// TestEventsOfOneSecondArePagedBySequence has more events in one second than a
// block holds, in a file and in memory.
func TestEventsOfOneSecondArePagedBySequence(t *testing.T) {
	j, h := newFake(t)
	const n = 2*blockLen + 100
	for range n {
		j.appendEntry(&Entry{Time: epoch, Category: Management})
	}
	check := func() {
		t.Helper()
		if got := count(t, h); got != n {
			t.Errorf("found %d events, want %d", got, n)
		}
	}
	check()
	j.seal(j.roll())
	check()
}

func TestTimeBoundsAreInclusive(t *testing.T) {
	j, h := newFake(t)
	for i := range 10 {
		j.appendEntry(&Entry{Time: epoch.Add(time.Duration(i) * time.Second), Category: Management})
	}
	at := func(s float64) time.Time { return epoch.Add(time.Duration(s * float64(time.Second))) }
	for _, c := range []struct {
		from, to time.Time
		want     int
	}{
		{time.Time{}, time.Time{}, 10},
		{at(3), at(5), 3},
		{at(3), at(3), 1},
		{at(2.5), at(5.5), 3},
		{at(2.2), at(2.8), 0},
		{at(5), at(4), 0},
		{at(9), time.Time{}, 1},
		{time.Time{}, at(0), 1},
		{time.Time{}, at(-1), 0},
		{at(10), time.Time{}, 0},
	} {
		for _, where := range []string{"memory", "file"} {
			page, err := h.Lookup(context.Background(), Query{From: c.from, To: c.to, Limit: 50})
			if err != nil || len(page.Entries) != c.want {
				t.Errorf("%v to %v in %s: %d events, %v, want %d", c.from, c.to, where, len(page.Entries), err, c.want)
			}
			if where == "memory" {
				j.seal(j.roll())
			}
		}
	}
}

func TestMalformedQueriesAreRefused(t *testing.T) {
	_, h := newFake(t)
	for name, q := range map[string]Query{
		"no limit":                {},
		"negative limit":          {Limit: -1},
		"limit too large":         {Limit: MaxLimit + 1},
		"unknown attribute":       {Limit: 1, Attribute: endOfAttributes, Value: "x"},
		"attribute without value": {Limit: 1, Attribute: EventName},
		"value without attribute": {Limit: 1, Value: "x"},
		"account too long":        {Limit: 1, Account: string(make([]byte, 256))},
	} {
		if _, err := h.Lookup(context.Background(), q); !errors.Is(err, ErrQuery) {
			t.Errorf("%s: got %v, want ErrQuery", name, err)
		}
	}
}

// TestCollidingHashesAreToldApart puts the postings of one value under another's
// prefix, as a collision of their hashes would.
func TestCollidingHashesAreToldApart(t *testing.T) {
	j, h := newFake(t)
	for i := range 100 {
		j.appendEntry(&Entry{Time: epoch, Category: Management, Attributes: Attributes{Username: []string{"alice", "mallory"}[i%2]}})
	}
	m := h.segments[0].mem
	hash := newHasher(m.key)
	hash.setScope(Management, nil, nil)
	m.heads[hash.prefix(Username, []byte("alice"))] = m.heads[hash.prefix(Any, nil)]
	for _, where := range []string{"memory", "file"} {
		q := Query{Attribute: Username, Value: "alice", Limit: 30}
		var n int
		for pages := 1; ; pages++ {
			page, err := h.Lookup(context.Background(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page.Entries {
				if e.Username != "alice" {
					t.Errorf("found an event of %s", e.Username)
				}
			}
			n += len(page.Entries)
			if q.After = page.Next; q.After == nil {
				if pages != 2 {
					t.Errorf("%d pages, want 2", pages)
				}
				break
			}
		}
		if n != 50 {
			t.Errorf("in %s: found %d events, want 50", where, n)
		}
		if where == "memory" {
			j.seal(j.roll())
		}
	}
}

// TestHugeEntriesMakeShortPages: what a page has in memory is bounded.
func TestHugeEntriesMakeShortPages(t *testing.T) {
	j, h := newFake(t)
	const n = 4 * readBatch
	record := make([]byte, maxPageBytes/readBatch)
	for range n {
		j.appendEntry(&Entry{Time: epoch, Category: Management, JSON: record})
	}
	q := Query{Limit: 3 * readBatch}
	total := 0
	for {
		page, err := h.Lookup(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Entries) > readBatch {
			t.Fatalf("a page of %d entries of %d bytes", len(page.Entries), len(record))
		}
		total += len(page.Entries)
		if q.After = page.Next; q.After == nil {
			break
		}
	}
	if total != n {
		t.Fatalf("found %d entries, want %d", total, n)
	}
}
