package history

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/cairn-audit/cairn/internal/journal"
)

// MaxLimit is the largest page. LookupEvents allows 50.
const MaxLimit = 1000

// Categories is a set of categories.
type Categories uint8

// In returns the set of the given categories.
func In(categories ...Category) Categories {
	var s Categories
	for _, c := range categories {
		s |= 1 << c
	}
	return s
}

// Has says whether the category is in the set.
func (s Categories) Has(c Category) bool { return s&(1<<c) != 0 }

// Query asks for a page of the history of one account in one Region.
type Query struct {
	Account, Region string

	// Attribute and Value are what an event must have. Any goes with no value.
	Attribute Attribute
	Value     string

	// Categories of the events; Management if none.
	Categories Categories

	// From and To bound the events' times, both inclusive; zero is no bound.
	From, To time.Time

	// Limit is the number of entries of a page, from 1 to MaxLimit.
	Limit int

	// After continues after an earlier page of the same query.
	After *Position
}

// Position is where a page ended. It stays valid as long as the journal exists:
// nothing is kept for it.
type Position struct {
	Time time.Time   // of the last entry, whole seconds
	Seq  journal.Seq // of the last entry
	// Newest is the newest record when the first page was made. Later pages show
	// nothing that came after it, however old its time, so that no page shifts.
	Newest journal.Seq
}

// Page is an answer.
type Page struct {
	// Entries from the newest to the oldest, by (time, sequence). There are as
	// many as the limit if there are more, or fewer if these are over 16 MiB.
	Entries []Entry
	// Next is where the next page begins, nil if there is none.
	Next *Position
	// Unreadable counts events that belong to the page but that the journal
	// could not read, because its file is damaged there.
	Unreadable int
}

// ErrQuery means that a query is not well-formed.
var ErrQuery = errors.New("invalid query")

func (q *Query) check() error {
	switch {
	case q.Limit < 1 || q.Limit > MaxLimit:
		return fmt.Errorf("%w: a limit of %d is outside 1 to %d", ErrQuery, q.Limit, MaxLimit)
	case q.Attribute >= endOfAttributes:
		return fmt.Errorf("%w: no such attribute: %d", ErrQuery, q.Attribute)
	case (q.Attribute == Any) != (q.Value == ""):
		return fmt.Errorf("%w: attribute %v with value %q", ErrQuery, q.Attribute, q.Value)
	case len(q.Account) > maxScope || len(q.Region) > maxScope:
		return fmt.Errorf("%w: account or Region is longer than %d bytes", ErrQuery, maxScope)
	}
	return nil
}

func (q *Query) categories() Categories {
	if q.Categories == 0 {
		return In(Management)
	}
	return q.Categories
}

// span returns what the page may contain, where newest is the newest record.
func (q *Query) span(newest journal.Seq) span {
	s := span{from: math.MinInt64, before: position{time: math.MaxInt64}, newest: newest}
	if !q.From.IsZero() {
		s.from = q.From.Unix()
		if q.From.Nanosecond() > 0 {
			s.from++
		}
	}
	if !q.To.IsZero() {
		s.before = position{time: q.To.Unix() + 1}
	}
	if q.After != nil {
		s.newest = min(s.newest, q.After.Newest)
		if after := (position{q.After.Time.Unix(), q.After.Seq}); after.compare(s.before) < 0 {
			s.before = after
		}
	}
	return s
}

// matches is the query's own word on an entry, whatever the index said.
func (q *Query) matches(e *Entry) bool {
	return e.Account == q.Account && e.Region == q.Region &&
		q.categories().Has(e.Category) && e.Has(q.Attribute, q.Value)
}

// prefixes returns, for each category of the query, the prefix of its postings
// in a segment.
func (q *Query) prefixes(key hashKey) []uint64 {
	h := newHasher(key)
	var out []uint64
	for c := Management; c < endOfCategories; c++ {
		if q.categories().Has(c) {
			h.setScope(c, []byte(q.Account), []byte(q.Region))
			out = append(out, h.prefix(q.Attribute, []byte(q.Value)))
		}
	}
	return out
}
