package faultfs_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/cairn-audit/cairn/internal/durable"
	"github.com/cairn-audit/cairn/internal/durable/faultfs"
)

func write(t *testing.T, fsys durable.FS, path, p string) durable.File {
	t.Helper()
	f, err := fsys.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(p), 0); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestCrashKeepsWhatIsSyncedAndOnlyThatForSure looks at many crashes after the
// same story.
func TestCrashKeepsWhatIsSyncedAndOnlyThatForSure(t *testing.T) {
	fsys := faultfs.New(nil)
	if err := fsys.MkdirAll("/d", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(fsys, "/d/safe", []byte("safe"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, fsys, "/d/unsynced", "lost?")
	outcomes := make(map[string]int)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		after := fsys.Crash(rng)
		names, err := after.ReadDir("/d")
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(names, "safe") {
			t.Fatal("a file that was synced is lost")
		}
		outcome := "no file"
		if f, err := after.OpenFile("/d/unsynced", os.O_RDONLY, 0); err == nil {
			size, _ := f.Size()
			outcome = map[bool]string{true: "empty file", false: "whole file"}[size == 0]
		}
		outcomes[outcome]++
	}
	if len(outcomes) != 3 {
		t.Errorf("outcomes are %v, want all of none, empty and whole", outcomes)
	}
	exit := fsys.Exit()
	if names, _ := exit.ReadDir("/d"); !slices.Equal(names, []string{"safe", "unsynced"}) {
		t.Errorf("after an exit there is %q", names)
	}
}

// TestFailedSyncIsNotMadeGoodByTheNext is what Linux does, and what a log has to
// reckon with.
func TestFailedSyncIsNotMadeGoodByTheNext(t *testing.T) {
	fail := false
	fsys := faultfs.New(func(op faultfs.Op) faultfs.Fault {
		if fail && op.Kind == "datasync" {
			return faultfs.Fault{Err: syscall.EIO}
		}
		return faultfs.Fault{}
	})
	if err := fsys.MkdirAll("/d", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(fsys, "/d/f", []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := write(t, fsys, "/d/f", "after!")
	fail = true
	if err := f.Datasync(); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	fail = false
	if err := f.Datasync(); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	rng := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		g, err := fsys.Crash(rng).OpenFile("/d/f", os.O_RDONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 6)
		if _, err := g.ReadAt(p, 0); err != nil {
			t.Fatal(err)
		}
		seen[string(p)] = true
	}
	if !seen["before"] || !seen["after!"] {
		t.Errorf("after crashes there was %v, want either", seen)
	}
}

func TestFullDiskTakesWhatFits(t *testing.T) {
	fsys := faultfs.New(nil)
	f := write(t, fsys, "/f", "1234")
	fsys.SetLimit(6)
	if n, err := f.WriteAt([]byte("5678"), 4); n != 2 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("wrote %d, %v, want 2 and ENOSPC", n, err)
	}
	if _, err := f.WriteAt([]byte("abcd"), 0); err != nil {
		t.Errorf("overwriting on a full disk: %v", err)
	}
	fsys.SetLimit(0)
	if _, err := f.WriteAt([]byte("5678"), 4); err != nil {
		t.Errorf("with space again: %v", err)
	}
}
