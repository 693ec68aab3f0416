package seal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/cairn-audit/cairn/internal/seal"
)

func key(t *testing.T, fill byte) *seal.Key {
	t.Helper()
	k, err := seal.NewKey(bytes.Repeat([]byte{fill}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealedValueOpensInItsContext(t *testing.T) {
	k := key(t, 1)
	for _, secret := range []string{"", "x", "wJalrXUtnFEMI/K7MDENG"} {
		sealed := k.Seal([]byte(secret), []byte("users/alice"))
		if len(secret) > 4 && bytes.Contains(sealed, []byte(secret)) {
			t.Errorf("%q shows in its sealed form", secret)
		}
		got, err := k.Open(sealed, []byte("users/alice"))
		if err != nil || string(got) != secret {
			t.Errorf("opened %q, %v, want %q", got, err, secret)
		}
	}
}

func TestSameSecretSealsDifferently(t *testing.T) {
	k := key(t, 1)
	if bytes.Equal(k.Seal([]byte("s"), nil), k.Seal([]byte("s"), nil)) {
		t.Fatal("two seals of a secret are equal")
	}
}

func TestTamperingIsRefused(t *testing.T) {
	k := key(t, 1)
	context := []byte("users/alice")
	sealed := k.Seal([]byte("secret"), context)
	refused := func(what string, k *seal.Key, sealed, context []byte) {
		t.Helper()
		if _, err := k.Open(sealed, context); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("%s: got %v, want ErrOpen", what, err)
		}
	}
	refused("another context", k, sealed, []byte("users/bob"))
	refused("no context", k, sealed, nil)
	refused("another key", key(t, 2), sealed, context)
	refused("one byte more", k, append(bytes.Clone(sealed), 0), context)
	for i := range sealed {
		refused("cut", k, sealed[:i], context)
		for bit := range 8 {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1 << bit
			refused("changed bit", k, changed, context)
		}
	}
}

func FuzzOpen(f *testing.F) {
	k, err := seal.NewKey(make([]byte, seal.KeySize))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{}, []byte{})
	f.Add([]byte{1}, []byte("c"))
	f.Add(make([]byte, 64), []byte("c"))
	f.Fuzz(func(t *testing.T, sealed, context []byte) {
		if _, err := k.Open(sealed, context); err == nil {
			t.Fatal("opened what was never sealed")
		}
	})
}

func TestKeyFileIsMadeOnceAndKept(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "master.key")
	first, err := seal.LoadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 || info.Size() != seal.KeySize {
		t.Errorf("key file has mode %v and %d bytes", info.Mode(), info.Size())
	}
	second, err := seal.LoadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Open(first.Seal([]byte("s"), nil), nil); err != nil {
		t.Errorf("the key changed between two loads: %v", err)
	}
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 1 {
		t.Errorf("left in the directory: %v, %v", names, err)
	}
}

func TestRacingFirstUsesAgreeOnOneKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	keys := make([]*seal.Key, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = seal.LoadKey(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	sealed := keys[0].Seal([]byte("s"), nil)
	for i, k := range keys {
		if _, err := k.Open(sealed, nil); err != nil {
			t.Errorf("key %d is another one", i)
		}
	}
}

func TestUnsafeKeyFilesAreRefused(t *testing.T) {
	good := bytes.Repeat([]byte{7}, seal.KeySize)
	for name, make := range map[string]func(path string) error{
		"readable by the group": func(p string) error { return os.WriteFile(p, good, 0o640) },
		"readable by others":    func(p string) error { return os.WriteFile(p, good, 0o604) },
		"too short":             func(p string) error { return os.WriteFile(p, good[1:], 0o600) },
		"too long":              func(p string) error { return os.WriteFile(p, append(good, 1), 0o600) },
		"empty":                 func(p string) error { return os.WriteFile(p, nil, 0o600) },
		"directory":             func(p string) error { return os.Mkdir(p, 0o700) },
		"symbolic link": func(p string) error {
			if err := os.WriteFile(p+".real", good, 0o600); err != nil {
				return err
			}
			return os.Symlink(p+".real", p)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "master.key")
			if err := make(path); err != nil {
				t.Fatal(err)
			}
			if _, err := seal.LoadKey(path); err == nil {
				t.Fatal("the key file was accepted")
			}
		})
	}
}

func TestDerivedKeysDependOnTheMasterKeyAndThePurpose(t *testing.T) {
	derive := func(fill byte, purpose string) string {
		k, err := seal.NewKey(bytes.Repeat([]byte{fill}, seal.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		return string(k.Derive(purpose))
	}
	if first, second := derive(1, "a"), derive(1, "a"); first != second {
		t.Error("the same purpose gives two keys")
	}
	if derive(1, "a") == derive(1, "b") || derive(1, "a") == derive(2, "a") {
		t.Error("two purposes, or two master keys, give one key")
	}
}
