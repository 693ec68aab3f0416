package journal

import (
	"errors"
	"syscall"
	"testing"

	"github.com/cairn-audit/cairn/internal/durable/faultfs"
)

// TestFullDiskRefusesIntentsBeforeOutcomes fills the disk: what would need an
// outcome later is refused first, and what was admitted can still be settled.
// When there is space again, the same journal goes on.
func TestFullDiskRefusesIntentsBeforeOutcomes(t *testing.T) {
	fsys := faultfs.New(nil)
	o := small(fsys)
	o.SegmentRecords, o.OutcomeReserve = 1000, 1024
	j := open(t, "/j", o)
	m := newModel(t)
	fsys.SetLimit(64 << 10)
	var intents []Seq
	for {
		seq, err := m.append(j, m.record(Intent, 0))
		if err != nil {
			var unavailable *UnavailableError
			if !errors.As(err, &unavailable) || !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("refused with %v, want UnavailableError for ENOSPC", err)
			}
			break
		}
		intents = append(intents, seq)
	}
	if len(intents) < 10 {
		t.Fatalf("only %d intents were admitted", len(intents))
	}
	if err := j.Ready(t.Context()); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("Ready: %v, want ENOSPC", err)
	}
	for _, seq := range intents {
		if _, err := m.append(j, m.record(Event, seq)); err != nil {
			t.Fatalf("outcome of an admitted intent was refused: %v", err)
		}
	}
	m.check(j, false)

	fsys.SetLimit(0)
	if err := j.Ready(t.Context()); err != nil {
		t.Fatalf("Ready with space: %v", err)
	}
	if _, err := m.append(j, m.record(Intent, 0)); err != nil {
		t.Fatalf("append with space: %v", err)
	}
	m.check(j, false)
}

// TestFullDiskKeepsWritingToAFullSegment has no room for a successor: the segment
// is written on as long as it has room itself.
func TestFullDiskKeepsWritingToAFullSegment(t *testing.T) {
	fsys := faultfs.New(nil)
	j := open(t, "/j", small(fsys))
	m := newModel(t)
	seq, err := m.append(j, m.record(Intent, 0))
	if err != nil {
		t.Fatal(err)
	}
	for range 9 {
		if _, err := m.append(j, m.record(Event, 0)); err != nil {
			t.Fatal(err)
		}
	}
	fsys.SetLimit(fsys.Used())
	if _, err := m.append(j, m.record(Event, seq)); err != nil {
		t.Fatalf("outcome: %v", err)
	}
	if n := len(j.Segments()); n != 1 {
		t.Fatalf("%d segments on a full disk", n)
	}
	fsys.SetLimit(0)
	if _, err := m.append(j, m.record(Event, 0)); err != nil {
		t.Fatal(err)
	}
	if n := len(j.Segments()); n != 2 {
		t.Fatalf("%d segments, want 2: the first is full", n)
	}
	m.check(j, false)
}

// TestFailedWriteIsVoidEvenIfItReachedTheDisk has a sync fail whose bytes were
// written all the same and could not be removed: the records of that append must
// not come back, because their numbers went to others.
func TestFailedWriteIsVoidEvenIfItReachedTheDisk(t *testing.T) {
	fsys := faultfs.New(nil)
	j := open(t, "/j", small(fsys))
	m := newModel(t)
	if _, err := m.append(j, m.record(Event, 0)); err != nil {
		t.Fatal(err)
	}
	failing := true
	fsys.SetHook(func(op faultfs.Op) faultfs.Fault {
		switch {
		case op == faultfs.Op{Kind: "truncate", Path: "/j/" + segmentName(1)}:
			return faultfs.Fault{Err: syscall.EIO}
		case failing && op.Kind == "datasync":
			failing = false
			return faultfs.Fault{Err: syscall.EIO, Done: true}
		}
		return faultfs.Fault{}
	})
	if _, err := m.append(j, m.record(Event, 0)); !errors.Is(err, syscall.EIO) {
		t.Fatalf("append: %v, want EIO", err)
	}
	for range 3 {
		if _, err := m.append(j, m.record(Event, 0)); err != nil {
			t.Fatal(err)
		}
	}
	m.check(j, false)
	again := open(t, "/j", small(fsys.Exit()))
	m.check(again, false)
	if again.Last() != 4 {
		t.Fatalf("last is %d, want 4", again.Last())
	}
}

// TestDoubleSettlementIsRefused keeps the pairing of intents and outcomes one to
// one.
func TestDoubleSettlementIsRefused(t *testing.T) {
	j := open(t, "/j", small(faultfs.New(nil)))
	m := newModel(t)
	seq, err := m.append(j, m.record(Intent, 0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.append(j, m.record(Event, seq), m.record(Event, seq)); !errors.Is(err, ErrNotOpen) {
		t.Errorf("two at once: %v, want ErrNotOpen", err)
	}
	if _, err := m.append(j, m.record(Event, seq)); err != nil {
		t.Error(err)
	}
	for _, s := range []Seq{seq, seq + 1, 99} {
		if _, err := m.append(j, m.record(Event, s)); !errors.Is(err, ErrNotOpen) {
			t.Errorf("settling %d: %v, want ErrNotOpen", s, err)
		}
	}
	m.check(j, false)
}
