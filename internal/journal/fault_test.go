package journal

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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

// TestFaults fails each operation of a session in turn, in every way, goes on or
// crashes, and checks all that is in the journal afterwards.
func TestFaults(t *testing.T) {
	ops := record(t)
	ways := map[string]faultfs.Fault{
		"before":           {},
		"after":            {Done: true},
		"half":             {Half: true},
		"crash before":     {Dead: true},
		"crash after":      {Dead: true, Done: true},
		"crash in between": {Dead: true, Half: true},
	}
	for n, op := range ops {
		for name, fault := range ways {
			if fault.Half && op.Kind != "write" {
				continue
			}
			fault.Err = errInjected
			t.Run(fmt.Sprintf("%03d %v/%s", n, op, name), func(t *testing.T) {
				t.Parallel()
				testFault(t, n, fault)
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

func testFault(t *testing.T, n int, fault faultfs.Fault) {
	i, died := 0, false
	fsys := faultfs.New(func(faultfs.Op) faultfs.Fault {
		i++
		if i-1 != n {
			return faultfs.Fault{}
		}
		died = fault.Dead
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
	// after an exit.
	rng := rand.New(rand.NewPCG(uint64(n), 3))
	left := []*faultfs.FS{fsys.Exit()}
	for range 2 {
		left = append(left, fsys.Crash(rng))
	}
	for _, fsys := range left {
		again := *m
		again.acked = cloneMap(m.acked)
		reopen(t, &again, idx, fsys)
	}
}

func cloneMap(m map[Seq]Record) map[Seq]Record {
	c := make(map[Seq]Record, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}

// reopen opens what a crash left, checks it, and goes on working with it.
func reopen(t *testing.T, m *model, before *memIndex, fsys *faultfs.FS) {
	t.Helper()
	for range 2 {
		idx := newMemIndex(t, before)
		j, err := Open("/j", idx, small(fsys))
		if err != nil {
			t.Fatal(err)
		}
		m.check(j, true)
		idx.check(j)
		session(m, j, 4, func() bool { return false })
		m.check(j, false)
		idx.check(j)
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
