package journal

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/internal/durable/faultfs"
)

var errInjected = errors.New("injected")

// session plays a fixed story on a journal: appends of one and of several
// records, intents and what settles them, segments that fill up and are sealed,
// and retention. It goes on after failures, as a server would, and stops only
// when the file system is dead.
func session(m *model, j *Journal, rounds int, dead func() bool) {
	ctx := context.Background()
	var open []Seq
	for i := range rounds {
		if dead() {
			return
		}
		if seq, err := m.append(j, m.record(Intent, 0)); err == nil {
			open = append(open, seq)
		}
		_, _ = m.append(j, m.record(Event, 0), m.record(Event, 0), m.record(Event, 0))
		// Every third intent stays open.
		if len(open) > 0 && i%3 != 0 {
			if _, err := m.append(j, m.record(Event, open[0])); err == nil {
				open = open[1:]
			}
		}
		if i%4 == 3 {
			_ = j.sealAll(ctx)
		}
		if i == 10 {
			_, _ = j.Retain(ctx, time.Now().Add(time.Hour), 15)
		}
	}
}

// way is one in which an operation fails.
type way struct {
	name  string
	fault faultfs.Fault
	times int // how many operations in a row
}

var ways = []way{
	{"before", faultfs.Fault{}, 1},
	{"after", faultfs.Fault{Done: true}, 1},
	{"half", faultfs.Fault{Half: true}, 1},
	{"before, four times", faultfs.Fault{}, 4},
	{"after, four times", faultfs.Fault{Done: true}, 4},
	{"crash before", faultfs.Fault{Dead: true}, 1},
	{"crash after", faultfs.Fault{Dead: true, Done: true}, 1},
	{"crash in between", faultfs.Fault{Dead: true, Half: true}, 1},
}

// TestFaults fails each operation of a session in turn, in every way, goes on or
// crashes, and checks all that is in the journal afterwards. Under the race
// detector it takes every fourth case.
func TestFaults(t *testing.T) {
	for n, op := range record(t) {
		for i, w := range ways {
			if w.fault.Half && op.Kind != "write" {
				continue
			}
			if raceEnabled && (n+i)%4 != 0 {
				// What they find has nothing to do with races.
				continue
			}
			w.fault.Err = errInjected
			t.Run(fmt.Sprintf("%03d %v/%s", n, op, w.name), func(t *testing.T) {
				t.Parallel()
				testFault(t, n, w)
			})
		}
	}
}

// record returns the operations of a session in which nothing fails.
func record(t *testing.T) []faultfs.Op {
	var ops []faultfs.Op
	fsys := faultfs.New(func(op faultfs.Op) faultfs.Fault {
		ops = append(ops, op)
		return faultfs.Fault{}
	})
	j, err := Open("/j", newMemIndex(t, nil), small(fsys))
	if err != nil {
		t.Fatal(err)
	}
	m := newModel(t)
	session(m, j, 12, func() bool { return false })
	m.check(j, false)
	if len(m.refused) > 0 || j.First() == 1 || len(j.Segments()) < 3 {
		t.Fatalf("the session is not what it should be: %d refused, segments %v", len(m.refused), j.Segments())
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return ops
}

func testFault(t *testing.T, n int, w way) {
	i, died := 0, false
	fsys := faultfs.New(func(op faultfs.Op) faultfs.Fault {
		i++
		if i-1 < n || i-1 >= n+w.times {
			return faultfs.Fault{}
		}
		died = w.fault.Dead
		fault := w.fault
		if w.times > 1 && op.Kind == "truncate" {
			fault.Done = false
		}
		return fault
	})
	m := newModel(t)
	idx := newMemIndex(t, nil)
	j, err := Open("/j", idx, small(fsys))
	if err == nil {
		session(m, j, 12, func() bool { return died })
		if !died {
			m.check(j, false)
			idx.check(j)
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}
	// What is left is found by another process, after a power cut as well as
	// after an exit, or after both.
	rng := rand.New(rand.NewPCG(uint64(n), 3))
	reopen(t, m.clone(), idx, fsys.Crash(rng))
	seen := m.clone()
	exited := fsys.Exit()
	j, err = Open("/j", newMemIndex(t, idx), small(exited))
	if err != nil {
		t.Fatal(err)
	}
	seen.check(j, true)
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	reopen(t, seen.clone(), idx, exited.Crash(rng))
	reopen(t, seen, idx, exited)
}

// reopen opens what a crash left, checks it, and goes on working with it.
func reopen(t *testing.T, m *model, before *memIndex, fsys *faultfs.FS) {
	t.Helper()
	for again := range 2 {
		idx := newMemIndex(t, before)
		j, err := Open("/j", idx, small(fsys))
		if err != nil {
			t.Fatal(err)
		}
		m.check(j, again == 0)
		idx.check(j)
		if again == 0 {
			session(m, j, 4, func() bool { return false })
			m.check(j, false)
			idx.check(j)
		}
		for _, s := range j.Segments() {
			if s.Damage != nil {
				t.Error(s.Damage)
			}
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
		before = idx
	}
}

// TestLargeBatchesSurviveCrashes has many appends wait for one write, so that it
// holds several frames, and crashes in it.
func TestLargeBatchesSurviveCrashes(t *testing.T) {
	seeds := uint64(30)
	if raceEnabled {
		seeds = 8
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 4))
			fsys := faultfs.New(nil)
			o := small(fsys)
			o.SegmentRecords = 500
			idx := newMemIndex(t, nil)
			j, err := Open("/j", idx, o)
			if err != nil {
				t.Fatal(err)
			}
			syncs, crashAt := 0, 2+rng.IntN(4)
			fault := faultfs.Fault{Err: errInjected, Dead: true, Half: rng.IntN(2) == 0, Done: true}
			fsys.SetHook(func(op faultfs.Op) faultfs.Fault {
				switch op.Kind {
				case "datasync":
					if syncs++; syncs >= crashAt && !fault.Half {
						return fault
					}
				case "write":
					if syncs+1 >= crashAt && fault.Half {
						return fault
					}
				}
				// Let the appends gather.
				time.Sleep(time.Millisecond)
				return faultfs.Fault{}
			})
			m := newModel(t)
			var mu sync.Mutex
			var wg sync.WaitGroup
			for range 600 {
				recs := []Record{m.record(Event, 0), m.record(Event, 0)}
				wg.Go(func() {
					seq, err := j.Append(t.Context(), recs...)
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						m.refused = append(m.refused, recs)
						return
					}
					m.acked[seq], m.acked[seq+1] = recs[0], recs[1]
					m.last = max(m.last, seq+1)
				})
			}
			wg.Wait()
			if err := j.Close(); err != nil {
				t.Error(err)
			}
			for range 3 {
				reopen(t, m.clone(), idx, fsys.Crash(rng))
			}
			reopen(t, m, idx, fsys.Exit())
		})
	}
}
