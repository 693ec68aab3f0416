package history

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"testing"

	"github.com/cairn-audit/cairn/internal/durable"
	"github.com/cairn-audit/cairn/internal/journal"
)

// sealed returns a harness with one sealed segment, and some queries.
func sealed(t *testing.T, seed uint64) (*harness, journal.SegmentInfo, []Query) {
	x := newHarness(t, seed)
	x.append(1600)
	x.seal()
	seg := x.j.segs[0]
	x.append(50)
	queries := make([]Query, 25)
	for i := range queries {
		queries[i] = x.gen.query(x.gen.n)
	}
	return x, seg, queries
}

func (x *harness) checkAll(queries []Query) {
	x.t.Helper()
	for _, q := range queries {
		x.check(q, func() {})
	}
	// This one reads every block of the segment.
	for a := range []string{"111122223333", "444455556666"} {
		for _, region := range []string{"us-east-1", "eu-west-1"} {
			q := Query{Account: []string{"111122223333", "444455556666"}[a], Region: region, Limit: MaxLimit}
			q.Categories = In(Management, Data, NetworkActivity, Insight)
			x.check(q, func() {})
		}
	}
}

// whole reads all of an index file.
func whole(path string, seg journal.SegmentInfo) error {
	x, err := openFile(durable.OS{}, path, seg)
	if err != nil {
		return err
	}
	defer x.release()
	for i := range x.order {
		if _, err := x.readOrder(i); err != nil {
			return err
		}
	}
	for i := range x.postings {
		if _, err := x.readPostings(i); err != nil {
			return err
		}
	}
	return nil
}

var damages = map[string]func(path string, at int) error{
	"flipped bit": func(path string, at int) error {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		b[at%len(b)] ^= 1 << (at % 8)
		return os.WriteFile(path, b, 0o600)
	},
	"cut": func(path string, at int) error {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		return os.Truncate(path, int64(at)%info.Size())
	},
	"empty":   func(path string, _ int) error { return os.Truncate(path, 0) },
	"missing": func(path string, _ int) error { return os.Remove(path) },
}

func TestDamagedIndexIsBuiltAgainAtStart(t *testing.T) {
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			x, seg, queries := sealed(t, 5)
			for range 4 {
				if err := damage(indexPath(seg), x.gen.IntN(1<<30)); err != nil {
					t.Fatal(err)
				}
				x.h.Close()
				x.h = x.j.open()
				x.checkAll(queries)
				if name == "flipped bit" {
					continue // may be in a block that no query reads
				}
				if err := whole(indexPath(seg), seg); err != nil {
					t.Fatalf("after the start: %v", err)
				}
			}
		})
	}
}

func TestIndexDamagedInUseIsBuiltAgain(t *testing.T) {
	for _, name := range []string{"flipped bit", "cut", "empty"} {
		t.Run(name, func(t *testing.T) {
			x, seg, queries := sealed(t, 6)
			for range 4 {
				if err := damages[name](indexPath(seg), x.gen.IntN(1<<30)); err != nil {
					t.Fatal(err)
				}
				x.checkAll(queries)
			}
		})
	}
}

func TestEveryFlippedBitIsNoticed(t *testing.T) {
	x, seg, _ := sealed(t, 7)
	path := indexPath(seg)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := whole(path, seg); err != nil {
		t.Fatal(err)
	}
	for range 300 {
		at := x.gen.IntN(len(good))
		if at >= len(good)-footerSize-40 {
			at = len(good) - 1 - x.gen.IntN(footerSize)
		}
		bad := append([]byte(nil), good...)
		bad[at] ^= 1 << x.gen.IntN(8)
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		var damaged *DamagedError
		if err := whole(path, seg); !errors.As(err, &damaged) {
			t.Fatalf("byte %d of %d: got %v, want a DamagedError", at, len(good), err)
		}
	}
}

func TestIndexOfOtherRecordsIsRefused(t *testing.T) {
	_, seg, _ := sealed(t, 8)
	for name, change := range map[string]func(*journal.SegmentInfo){
		"first": func(s *journal.SegmentInfo) { s.First++ },
		"last":  func(s *journal.SegmentInfo) { s.Last++ },
		"hash":  func(s *journal.SegmentInfo) { s.Hash[31]++ },
	} {
		other := seg
		change(&other)
		var damaged *DamagedError
		if _, err := openFile(durable.OS{}, indexPath(seg), other); !errors.As(err, &damaged) {
			t.Errorf("another %s: got %v, want a DamagedError", name, err)
		}
	}
}

func TestSegmentWithoutEventsIsSealed(t *testing.T) {
	j, h := newFake(t)
	j.append(journal.Record{Kind: journal.Intent, Data: []byte("x")})
	j.seal(j.roll())
	h.Close()
	h = j.open()
	page, err := h.Lookup(context.Background(), Query{Limit: 1})
	if err != nil || len(page.Entries) > 0 || page.Next != nil {
		t.Fatalf("got %+v, %v", page, err)
	}
}

func TestRecordThatIsNoEntryIsNotFoundAndHindersNothing(t *testing.T) {
	x := newHarness(t, 9)
	x.append(10)
	x.j.append(journal.Record{Kind: journal.Event, Data: []byte{99}}, journal.Record{Kind: journal.Event})
	x.append(10)
	x.checkAll(nil)
	x.seal()
	x.h = x.j.open()
	x.checkAll(nil)
}

// damagedJournal cannot read some of its records.
type damagedJournal struct {
	*fakeJournal
	first, next journal.Seq
}

func (j *damagedJournal) Get(ctx context.Context, seqs []journal.Seq) ([]journal.Record, error) {
	for _, s := range seqs {
		if s >= j.first && s < j.next {
			return nil, fmt.Errorf("reading: %w", &journal.CorruptError{First: j.first, Next: j.next, Err: errors.New("bad")})
		}
	}
	return j.fakeJournal.Get(ctx, seqs)
}

func (j *damagedJournal) Read(ctx context.Context, from journal.Seq) iter.Seq2[journal.Entry, error] {
	return func(yield func(journal.Entry, error) bool) {
		for e, err := range j.fakeJournal.Read(ctx, from) {
			if e.Seq >= j.first && e.Seq < j.next {
				yield(journal.Entry{}, &journal.CorruptError{First: e.Seq, Next: j.next, Err: errors.New("bad")})
				return
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func TestIndexIsBuiltAgainOfWhatTheJournalCanRead(t *testing.T) {
	for _, damage := range [][2]journal.Seq{{1, 4}, {11, 14}, {18, 21}, {18, 23}} {
		j, h := newFake(t)
		for i := range 20 {
			j.appendEntry(&Entry{Time: epoch, Category: Management, Attributes: Attributes{EventID: fmt.Sprint(i)}})
		}
		j.seal(j.roll())
		j.appendEntry(&Entry{Time: epoch, Category: Data})
		h.Attach(&damagedJournal{j, damage[0], damage[1]})
		if err := os.Truncate(indexPath(j.segs[0]), 0); err != nil {
			t.Fatal(err)
		}
		page, err := h.Lookup(context.Background(), Query{Limit: 20})
		if err != nil || len(page.Entries) != 17 || page.Unreadable != 0 {
			t.Errorf("damage at %v: got %d entries, %d unreadable, %v; want 17", damage, len(page.Entries), page.Unreadable, err)
		}
	}
}

func TestUnreadableEventsAreCountedAndTheRestIsShown(t *testing.T) {
	j, h := newFake(t)
	for i := range 20 {
		j.appendEntry(&Entry{Time: epoch, Category: Management, Attributes: Attributes{EventID: fmt.Sprint(i)}})
	}
	h.Attach(&damagedJournal{j, 11, 14})
	page, err := h.Lookup(context.Background(), Query{Limit: 20})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Entries) != 17 || page.Unreadable != 3 || page.Next != nil {
		t.Fatalf("got %d entries, %d unreadable, next %v; want 17, 3, none", len(page.Entries), page.Unreadable, page.Next)
	}
}
