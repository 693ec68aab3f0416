package loggroup

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/internal/state"
)

var scope = Scope{Account: "111122223333", Region: "us-east-1"}

func open(t *testing.T) *Store {
	t.Helper()
	kept, err := state.Open(filepath.Join(t.TempDir(), "logs.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kept.Close() })
	s, err := New(kept)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *Store) with(t *testing.T, group string, streams ...string) *Store {
	t.Helper()
	if err := s.CreateGroup(scope, Group{Name: group, Created: noon}); err != nil {
		t.Fatal(err)
	}
	for _, name := range streams {
		if err := s.CreateStream(scope, group, name, noon); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func at(ms int64, message string) Event {
	return Event{Time: noon.Add(time.Duration(ms) * time.Millisecond), Message: message}
}

func put(t *testing.T, s *Store, group, stream string, events ...Event) {
	t.Helper()
	if err := s.Put(scope, group, stream, noon, events); err != nil {
		t.Fatal(err)
	}
}

func only(t *testing.T, s *Store, group string) *Stream {
	t.Helper()
	all, err := s.Streams(scope, group, "")
	if err != nil || len(all) != 1 {
		t.Fatalf("streams: %v, %v", all, err)
	}
	return &all[0]
}

func messages(t *testing.T, seq func(func(Read, error) bool)) (all []string) {
	t.Helper()
	for r, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r.Message)
	}
	return all
}

func TestEventsAreReadInTheOrderOfTheirTimesWhateverTheOrderOfTheirBatches(t *testing.T) {
	s := open(t).with(t, "g", "s")
	put(t, s, "g", "s", at(0, "a"), at(50, "d"), at(90, "f"))
	put(t, s, "g", "s", at(20, "b"), at(70, "e"))
	put(t, s, "g", "s", at(20, "c"), at(100, "g"))
	got := messages(t, s.Events(only(t, s, "g"), Span{}, Position{}))
	if want := []string{"a", "b", "c", "d", "e", "f", "g"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestReadsAgreeWithAPlainList plays random batches against a sorted slice.
func TestReadsAgreeWithAPlainList(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := open(t).with(t, "g", "s")
	var all []Event
	for n := range 40 {
		var batch []Event
		ms := random.Int64N(3 * MaxSpan.Milliseconds())
		for i := range 1 + random.IntN(8) {
			batch = append(batch, at(ms, fmt.Sprintf("%d.%d", n, i)))
			ms += random.Int64N(MaxSpan.Milliseconds() / 8)
		}
		put(t, s, "g", "s", batch...)
		all = append(all, batch...)
	}
	slices.SortStableFunc(all, func(a, b Event) int { return a.Time.Compare(b.Time) })
	st := only(t, s, "g")
	for range 200 {
		from := noon.Add(time.Duration(random.Int64N(int64(4 * MaxSpan))))
		span := Span{From: from, To: from.Add(time.Duration(random.Int64N(int64(2 * MaxSpan))))}
		var want []string
		for _, e := range all {
			if ms := e.Time.UnixMilli(); ms >= span.From.UnixMilli() && ms < span.To.UnixMilli() {
				want = append(want, e.Message)
			}
		}
		if got := messages(t, s.Events(st, span, Position{})); !slices.Equal(got, want) {
			t.Fatalf("%v: got %q, want %q", span, got, want)
		}
		limit := 1 + random.IntN(20)
		latest, err := s.Latest(st, span, Position{Millis: 1 << 61}, limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range latest {
			got = append(got, r.Message)
		}
		if tail := want[max(0, len(want)-limit):]; !slices.Equal(got, tail) {
			t.Fatalf("%v: the latest %d are %q, want %q", span, limit, got, tail)
		}
	}
}

func TestReadingGoesOnAfterAnyEvent(t *testing.T) {
	s := open(t).with(t, "g", "s")
	put(t, s, "g", "s", at(0, "a"), at(0, "b"), at(1, "c"))
	put(t, s, "g", "s", at(0, "d"), at(2, "e"))
	st := only(t, s, "g")
	var all []Read
	for r, err := range s.Events(st, Span{}, Position{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	for i, r := range all {
		rest := messages(t, s.Events(st, Span{}, r.Position))
		if len(rest) != len(all)-i-1 {
			t.Errorf("after %q come %q", r.Message, rest)
		}
		before, err := s.Latest(st, Span{}, r.Position, 100)
		if err != nil || len(before) != i {
			t.Errorf("before %q come %d events, %v", r.Message, len(before), err)
		}
	}
}

func TestStreamsAreMergedByTime(t *testing.T) {
	s := open(t).with(t, "g", "x", "y")
	put(t, s, "g", "x", at(0, "a"), at(2, "c"))
	put(t, s, "g", "y", at(1, "b"), at(2, "d"))
	all, err := s.Streams(scope, "g", "")
	if err != nil {
		t.Fatal(err)
	}
	got := messages(t, s.Merge(all, Span{}, func(*Stream) Position { return Position{} }))
	if want := []string{"a", "b", "c", "d"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestADeletedStreamLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t).with(t, "g", "s")
		for range 3 {
			put(t, s, "g", "s", at(0, "old"))
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx, func(err error) { t.Error(err) }) }()
		synctest.Wait()
		if err := s.DeleteStream(scope, "g", "s"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := s.count(t); n != 0 {
			t.Errorf("%d batches are left", n)
		}
		if err := s.CreateStream(scope, "g", "s", noon); err != nil {
			t.Fatal(err)
		}
		if got := messages(t, s.Events(only(t, s, "g"), Span{}, Position{})); got != nil {
			t.Errorf("a new stream has %q", got)
		}
		cancel()
		<-ended
	})
}

func TestEventsEndWithTheirRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t).with(t, "g", "s")
		err := s.ChangeGroup(scope, "g", func(g *Group) error { g.RetentionDays = 1; return nil })
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		for _, age := range []time.Duration{26 * time.Hour, 30 * time.Minute} {
			e := Event{Time: now.Add(-age), Message: age.String()}
			if err := s.Put(scope, "g", "s", now, []Event{e}); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx, func(err error) { t.Error(err) }) }()
		synctest.Wait()
		if n := s.count(t); n != 1 {
			t.Errorf("%d batches are left, want the one that is no day old", n)
		}
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if n := s.count(t); n != 0 {
			t.Errorf("%d batches are left after a day", n)
		}
		cancel()
		<-ended
	})
}

func (s *Store) count(t *testing.T) (n int) {
	t.Helper()
	err := s.state.View(func(tx *state.Tx) error {
		for _, err := range tx.List(batches, "") {
			if err != nil {
				return err
			}
			n++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWhatIsNotThereIsNamed(t *testing.T) {
	s := open(t).with(t, "g", "s")
	for name, c := range map[string]struct {
		err, want error
	}{
		"a group twice":          {s.CreateGroup(scope, Group{Name: "g"}), ErrGroupExists},
		"a stream twice":         {s.CreateStream(scope, "g", "s", noon), ErrStreamExists},
		"a stream of no group":   {s.CreateStream(scope, "h", "s", noon), ErrNoGroup},
		"events for no stream":   {s.Put(scope, "g", "t", noon, []Event{at(0, "a")}), ErrNoStream},
		"events for no group":    {s.Put(scope, "h", "s", noon, []Event{at(0, "a")}), ErrNoGroup},
		"another Region's":       {s.DeleteGroup(Scope{Account: scope.Account, Region: "eu-west-1"}, "g"), ErrNoGroup},
		"no stream to delete":    {s.DeleteStream(scope, "g", "t"), ErrNoStream},
		"a group of a like name": {s.DeleteGroup(scope, "g/"), ErrNoGroup},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", name, c.err, c.want)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	s, err := New(nil)
	if err != nil {
		f.Fatal(err)
	}
	packed, _ := s.pack([]Event{at(0, "a"), at(5, "bc")}, noon)
	f.Add(packed)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, packed []byte) {
		if _, err := s.unpack(packed, 0); err != nil && !errors.Is(err, errBatch) {
			t.Error(err)
		}
	})
}
