package signing_test

import (
	"crypto/rand"
	"crypto/rsa"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-audit/cairn/digest"
	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/trail/signing"
)

const tokyo = "ap-northeast-1"

func openState(t *testing.T) *state.Store {
	t.Helper()
	store, err := state.Open(filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func master(t *testing.T, fill byte) *seal.Key {
	t.Helper()
	raw := make([]byte, seal.KeySize)
	raw[0] = fill
	key, err := seal.NewKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// madeKeys are made once for all tests: to make one takes long.
var madeKeys = sync.OnceValue(func() []*rsa.PrivateKey {
	keys := make([]*rsa.PrivateKey, 4)
	for i := range keys {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys[i] = key
	}
	return keys
})

func counted() (signing.Option, *int) {
	made := new(int)
	return signing.WithKeys(func() (*rsa.PrivateKey, error) {
		*made++
		return madeKeys()[*made-1], nil
	}), made
}

func signWith(t *testing.T, s *signing.Signer, region string, at time.Time) string {
	t.Helper()
	key, err := s.Key(region, at)
	if err != nil {
		t.Fatal(err)
	}
	return digest.Fingerprint(&key.PublicKey)
}

func TestEachRegionHasAKeyThatSurvivesARestart(t *testing.T) {
	store, m := openState(t), master(t, 1)
	option, made := counted()
	s := signing.New(store, m, option)
	at := time.Now()
	first := signWith(t, s, tokyo, at)
	if other := signWith(t, s, "us-east-1", at); other == first {
		t.Error("two Regions have one key")
	}
	again := signing.New(store, m, option)
	if got := signWith(t, again, tokyo, at.Add(time.Hour)); got != first {
		t.Errorf("after a restart the key is %s, not %s", got, first)
	}
	if *made != 2 {
		t.Errorf("%d keys were made for 2 Regions", *made)
	}
	if _, err := signing.New(store, master(t, 2), option).Key(tokyo, at); err == nil {
		t.Error("a key opened with another master key")
	}
}

func TestKeysRotateWithOverlapAndPublicKeysStay(t *testing.T) {
	madeKeys()
	synctest.Test(t, func(t *testing.T) {
		store, m := openState(t), master(t, 1)
		option, made := counted()
		s := signing.New(store, m, option)
		began := time.Now()
		used := map[string]int{}
		for range 65 * 4 {
			at := time.Now()
			name := signWith(t, s, tokyo, at)
			used[name]++
			valid, err := s.PublicKeys(tokyo, at, at)
			if err != nil {
				t.Fatal(err)
			}
			known := false
			for _, k := range valid {
				known = known || k.Fingerprint == name && k.ValidAt(at)
			}
			if !known {
				t.Fatalf("the key that signs at %v is not listed for that moment", at)
			}
			time.Sleep(6 * time.Hour)
		}
		if *made != 3 || len(used) != 3 {
			t.Errorf("65 days took %d keys, %d of them used; want 3", *made, len(used))
		}
		all, err := s.PublicKeys(tokyo, began, time.Now())
		if err != nil || len(all) != 3 {
			t.Fatalf("%d public keys are kept (%v), want 3", len(all), err)
		}
		for i, k := range all[1:] {
			if !k.ValidFrom.Before(all[i].ValidTo) {
				t.Errorf("key %d begins at %v, after the one before has ended", i+1, k.ValidFrom)
			}
		}
		// The private part of the first is destroyed: what would need it gets
		// a new key.
		restarted := signing.New(store, m, option)
		if got := signWith(t, restarted, tokyo, began); got == all[0].Fingerprint {
			t.Error("a key whose time is over still signs")
		}
	})
}

func TestPublicKeysAreThoseOfTheRange(t *testing.T) {
	option, _ := counted()
	s := signing.New(openState(t), master(t, 1), option)
	at := time.Now().UTC().Truncate(time.Second)
	signWith(t, s, tokyo, at)
	for _, c := range []struct {
		name     string
		from, to time.Duration
		want     int
	}{
		{"before", -2 * time.Hour, -time.Second, 0},
		{"touching the beginning", -time.Hour, 0, 1},
		{"inside", time.Hour, 2 * time.Hour, 1},
		{"around", -time.Hour, signing.Validity + time.Hour, 1},
		{"touching the end", signing.Validity, signing.Validity + time.Hour, 1},
		{"after", signing.Validity + time.Second, signing.Validity + time.Hour, 0},
	} {
		got, err := s.PublicKeys(tokyo, at.Add(c.from), at.Add(c.to))
		if err != nil || len(got) != c.want {
			t.Errorf("%s: %d keys (%v), want %d", c.name, len(got), err, c.want)
		}
	}
	if got, err := s.PublicKeys("us-east-1", at, at); err != nil || len(got) != 0 {
		t.Errorf("another Region has %d keys (%v)", len(got), err)
	}
	if _, err := s.PublicKeys(tokyo, at, at.Add(-time.Second)); err == nil {
		t.Error("a range that ends before it begins was taken")
	}
}
