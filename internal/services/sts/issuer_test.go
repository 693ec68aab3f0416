package sts

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// provider is an issuer's endpoint that can change its keys and go away.
type provider struct {
	*httptest.Server
	set   atomic.Pointer[jose.JSONWebKeySet]
	down  atomic.Bool
	asked atomic.Int64
}

func newProvider(t *testing.T) *provider {
	p := &provider{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.asked.Add(1)
		if p.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(w).Encode(p.set.Load())
	}))
	t.Cleanup(p.Close)
	return p
}

// change makes a new key the only one and returns it.
func (p *provider) change(t *testing.T, id string) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p.set.Store(&jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: id, Algorithm: "ES256", Use: "sig"}}})
	return key
}

func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, id string, c jwt.Claims) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", id))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(c).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestAnIssuersKeysAreFollowedAndKeptWhileItIsAway(t *testing.T) {
	p := newProvider(t)
	first := p.change(t, "one")
	i := &Issuer{URL: "https://id.example.com", Audiences: []string{"sts.amazonaws.com"}, KeysURL: p.URL}
	now := time.Now()
	claims := func(at time.Time) jwt.Claims {
		return jwt.Claims{Issuer: i.URL, Subject: "s", Audience: jwt.Audience{"sts.amazonaws.com"}, Expiry: jwt.NewNumericDate(at.Add(time.Minute))}
	}
	verify := func(at time.Time, key *ecdsa.PrivateKey, id string) error {
		_, err := i.verify(t.Context(), sign(t, jose.ES256, key, id, claims(at)), at)
		return err
	}
	for range 3 {
		if err := verify(now, first, "one"); err != nil {
			t.Fatal(err)
		}
	}
	if n := p.asked.Load(); n != 1 {
		t.Errorf("the keys were read %d times for one key", n)
	}
	second := p.change(t, "two")
	// Unknown keys make the issuer be asked again, but not by every request.
	if err := verify(now.Add(time.Second), second, "two"); err == nil {
		t.Error("a new key is read at once: anyone could make Cairn ask without end")
	}
	now = now.Add(keysPause + time.Second)
	if err := verify(now, second, "two"); err != nil {
		t.Errorf("a new key is not followed: %v", err)
	}
	if err := verify(now, first, "one"); err == nil {
		t.Error("a key that was withdrawn is taken")
	}
	p.down.Store(true)
	if err := verify(now.Add(2*keysAge), second, "two"); err != nil {
		t.Errorf("with the issuer away: %v", err)
	}
	fresh := &Issuer{URL: i.URL, Audiences: i.Audiences, KeysURL: p.URL}
	if _, err := fresh.verify(t.Context(), sign(t, jose.ES256, second, "two", claims(now)), now); !errors.Is(err, errNoKeys) {
		t.Errorf("keys that were never read: %v", err)
	}
}

func TestATokenSignedWithAPublicKeyAsASharedSecretIsRefused(t *testing.T) {
	p := newProvider(t)
	key := p.change(t, "one")
	i := &Issuer{URL: "https://id.example.com", Audiences: []string{"a"}, KeysURL: p.URL}
	public, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	c := jwt.Claims{Issuer: i.URL, Subject: "s", Audience: jwt.Audience{"a"}, Expiry: jwt.NewNumericDate(time.Now().Add(time.Minute))}
	if _, err := i.verify(t.Context(), sign(t, jose.HS256, public, "one", c), time.Now()); err == nil {
		t.Error("the token is taken")
	}
	if _, err := unverifiedIssuer("eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIn0."); err == nil {
		t.Error("a token without a signature is read")
	}
}

func FuzzWebIdentityToken(f *testing.F) {
	i := &Issuer{URL: "https://id.example.com", Audiences: []string{"a"}, KeysFile: "/nonexistent"}
	f.Add("")
	f.Add("a.b.c")
	f.Add("eyJhbGciOiJFUzI1NiIsImtpZCI6Im9uZSJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIn0.AAAA")
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := unverifiedIssuer(token); err != nil {
			return
		}
		if _, err := i.verify(t.Context(), token, time.Now()); err == nil {
			t.Error("a token is taken without any key")
		}
	})
}
