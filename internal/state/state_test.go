package state_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cairn-audit/cairn/internal/state"
)

func open(t *testing.T, path string) *state.Store {
	t.Helper()
	s, err := state.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func update(t *testing.T, s *state.Store, f func(tx *state.Tx) error) {
	t.Helper()
	if err := s.Update(f); err != nil {
		t.Fatal(err)
	}
}

func TestFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	open(t, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Fatalf("mode is %v, want 0600", info.Mode())
	}
}

func TestChangesSurviveReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	s := open(t, path)
	var version uint64
	update(t, s, func(tx *state.Tx) (err error) {
		version, err = tx.Create("trails", "a", []byte("one"))
		return err
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	err := s.View(func(tx *state.Tx) error {
		item, err := tx.Get("trails", "a")
		if err != nil {
			return err
		}
		if string(item.Value) != "one" || item.Version != version || item.Key != "a" {
			t.Errorf("got %+v, want one at version %d", item, version)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCreateRefusesWhatExists(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state"))
	create := func(tx *state.Tx) error {
		_, err := tx.Create("k", "a", []byte("x"))
		return err
	}
	update(t, s, create)
	if err := s.Update(create); !errors.Is(err, state.ErrExists) {
		t.Fatalf("second create: %v, want ErrExists", err)
	}
}

func TestMissingValuesAreNotFound(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state"))
	for name, f := range map[string]func(tx *state.Tx) error{
		"get":    func(tx *state.Tx) error { _, err := tx.Get("k", "a"); return err },
		"update": func(tx *state.Tx) error { _, err := tx.Update("k", "a", 1, nil); return err },
		"delete": func(tx *state.Tx) error { return tx.Delete("k", "a", 1) },
	} {
		for _, kind := range []string{"absent", "present"} {
			t.Run(name+" in "+kind+" kind", func(t *testing.T) {
				if kind == "present" {
					update(t, s, func(tx *state.Tx) error { _, err := tx.Put("k", "other", nil); return err })
				}
				if err := s.Update(f); !errors.Is(err, state.ErrNotFound) {
					t.Fatalf("%v, want ErrNotFound", err)
				}
			})
		}
	}
}

func TestStaleVersionConflicts(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state"))
	var first uint64
	update(t, s, func(tx *state.Tx) (err error) { first, err = tx.Create("k", "a", []byte("1")); return err })
	update(t, s, func(tx *state.Tx) error {
		second, err := tx.Update("k", "a", first, []byte("2"))
		if second == first {
			t.Error("the version did not change")
		}
		return err
	})
	err := s.Update(func(tx *state.Tx) error { _, err := tx.Update("k", "a", first, []byte("3")); return err })
	if !errors.Is(err, state.ErrConflict) {
		t.Errorf("update: %v, want ErrConflict", err)
	}
	err = s.Update(func(tx *state.Tx) error { return tx.Delete("k", "a", first) })
	if !errors.Is(err, state.ErrConflict) {
		t.Errorf("delete: %v, want ErrConflict", err)
	}
}

// A version read before a deletion must not match the value created after it.
func TestVersionsAreNeverUsedAgain(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state"))
	seen := map[uint64]bool{}
	for range 5 {
		update(t, s, func(tx *state.Tx) error {
			v, err := tx.Create("k", "a", nil)
			if err != nil {
				return err
			}
			if v == 0 || seen[v] {
				t.Errorf("version %d is 0 or used again", v)
			}
			seen[v] = true
			return tx.Delete("k", "a", v)
		})
	}
}

func TestFailedTransactionChangesNothing(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state"))
	stop := errors.New("stop")
	err := s.Update(func(tx *state.Tx) error {
		if _, err := tx.Create("k", "a", nil); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatalf("got %v, want the callback's error", err)
	}
	err = s.View(func(tx *state.Tx) error { _, err := tx.Get("k", "a"); return err })
	if !errors.Is(err, state.ErrNotFound) {
		t.Fatalf("got %v, want ErrNotFound", err)
	}
}

func TestViewCannotWrite(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state"))
	err := s.View(func(tx *state.Tx) error { _, err := tx.Put("k", "a", nil); return err })
	if err == nil {
		t.Fatal("a put within a view succeeded")
	}
}

func TestCompareAndSetLosesNoIncrement(t *testing.T) {
	type counter struct{ N int }
	const counters = state.Kind[counter]("counters")
	s := open(t, filepath.Join(t.TempDir(), "state"))
	update(t, s, func(tx *state.Tx) error { _, err := counters.Create(tx, "n", counter{}); return err })

	const workers, each = 4, 10
	increment := func() error {
		for {
			var c counter
			var version uint64
			err := s.View(func(tx *state.Tx) (err error) { c, version, err = counters.Get(tx, "n"); return err })
			if err != nil {
				return err
			}
			c.N++
			err = s.Update(func(tx *state.Tx) error { _, err := counters.Update(tx, "n", version, c); return err })
			if !errors.Is(err, state.ErrConflict) {
				return err
			}
		}
	}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				if err := increment(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	err := s.View(func(tx *state.Tx) error {
		c, _, err := counters.Get(tx, "n")
		if c.N != workers*each {
			t.Errorf("counted %d, want %d", c.N, workers*each)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestStoreBehavesLikeAMap runs random operations against a store and a map.
func TestStoreBehavesLikeAMap(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state"))
	rng := rand.New(rand.NewPCG(1, 2))
	want := map[string]state.Item{}
	for range 60 {
		update(t, s, func(tx *state.Tx) error {
			for range 20 {
				step(t, tx, rng, want)
			}
			return nil
		})
		prefix := []string{"", "a", "ab", "b/"}[rng.IntN(4)]
		err := s.View(func(tx *state.Tx) error {
			var got []string
			for item, err := range tx.List("k", prefix) {
				if err != nil {
					return err
				}
				w := want[item.Key]
				if item.Version != w.Version || !bytes.Equal(item.Value, w.Value) {
					t.Errorf("listed %+v, want %+v", item, w)
				}
				got = append(got, item.Key)
			}
			keys := slices.DeleteFunc(slices.Sorted(maps.Keys(want)), func(k string) bool { return !strings.HasPrefix(k, prefix) })
			if !slices.Equal(got, keys) {
				t.Errorf("listed %q, want %q", got, keys)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func step(t *testing.T, tx *state.Tx, rng *rand.Rand, want map[string]state.Item) {
	t.Helper()
	key := []string{"a", "ab", "abc", "b", "b/1", "b/2", "c"}[rng.IntN(7)]
	value := fmt.Append(nil, rng.Uint64())
	old, there := want[key]
	version := old.Version + uint64(rng.IntN(2))*1000 // every other is stale
	var err, wantErr error
	switch {
	case !there:
		wantErr = state.ErrNotFound
	case version != old.Version:
		wantErr = state.ErrConflict
	}
	next := state.Item{Key: key, Value: value}
	switch op := rng.IntN(4); op {
	case 0:
		wantErr = nil
		if there {
			wantErr = state.ErrExists
		}
		next.Version, err = tx.Create("k", key, value)
	case 1:
		next.Version, err = tx.Update("k", key, version, value)
	case 2:
		wantErr = nil
		next.Version, err = tx.Put("k", key, value)
	case 3:
		if err = tx.Delete("k", key, version); err == nil {
			delete(want, key)
			return
		}
	}
	if !errors.Is(err, wantErr) {
		t.Fatalf("%s: got %v, want %v", key, err, wantErr)
	}
	if err == nil {
		want[key] = next
	}
}

func TestKindReportsDamagedValues(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state"))
	const numbers = state.Kind[int]("numbers")
	update(t, s, func(tx *state.Tx) error { _, err := tx.Put("numbers", "a", []byte("{")); return err })
	err := s.View(func(tx *state.Tx) error {
		if _, _, err := numbers.Get(tx, "a"); err == nil {
			t.Error("get of a damaged value succeeded")
		}
		n := 0
		for _, err := range numbers.List(tx, "") {
			if err == nil {
				t.Error("list of a damaged value succeeded")
			}
			n++
		}
		if n != 1 {
			t.Errorf("listed %d items, want 1", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFileInUseIsRefused needs a second process: the lock belongs to a process
// on some systems.
func TestFileInUseIsRefused(t *testing.T) {
	if path := os.Getenv("CAIRN_STATE_TEST_OPEN"); path != "" {
		_, err := state.Open(path)
		if errors.Is(err, state.ErrLocked) {
			fmt.Println("refused: locked")
		}
		return
	}
	path := filepath.Join(t.TempDir(), "state")
	open(t, path)
	cmd := exec.Command(os.Args[0], "-test.run=^TestFileInUseIsRefused$", "-test.v")
	cmd.Env = append(os.Environ(), "CAIRN_STATE_TEST_OPEN="+path)
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("refused: locked")) {
		t.Fatalf("second process: %v\n%s", err, out)
	}
}

func TestOpenRefusesAnotherKindOfFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(path, bytes.Repeat([]byte("not a state file "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := state.Open(path); err == nil {
		s.Close()
		t.Fatal("opened a file that is no state file")
	}
}
