// Package signing keeps the keys that sign digests: one RSA key at a time for
// each Region, another one every month.
//
// A digest is signed with a key of the Region whose log files it names, because
// that is the Region whose keys `aws cloudtrail validate-logs --region` asks for.
package signing

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cairn-audit/cairn/digest"
	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/state"
)

const (
	// Validity is how long a key is valid, as AWS's are.
	Validity = 30 * 24 * time.Hour
	// overlap is how long before its end a key is no longer chosen, so that
	// none is used at the very edge of its time.
	overlap = 24 * time.Hour

	keyBits = 2048
)

// stored is a key in the state. Its key there is the Region and the fingerprint.
type stored struct {
	Public              []byte // PKCS #1
	ValidFrom, ValidTo  time.Time
	Private             []byte `json:",omitempty"` // PKCS #1, sealed; nil once the key is over
	Region, Fingerprint string
}

const keys state.Kind[stored] = "trail-signing-key"

func (k *stored) name() string { return k.Region + "/" + k.Fingerprint }

// context is what a private key is sealed for.
func (k *stored) context() []byte { return []byte("trail-signing-key/" + k.name()) }

func (k *stored) public() digest.PublicKey {
	return digest.PublicKey{Value: k.Public, Fingerprint: k.Fingerprint, ValidFrom: k.ValidFrom, ValidTo: k.ValidTo}
}

// Signer gives out keys. Its methods may be called from any goroutine.
type Signer struct {
	store    *state.Store
	master   *seal.Key
	generate func() (*rsa.PrivateKey, error)

	// mu is held while a key is made, so that one is made and not two.
	mu sync.Mutex
	// last is the last key that each Region used. Guarded by mu.
	last map[string]lastKey
}

type lastKey struct {
	stored
	key *rsa.PrivateKey
}

// Option changes how a Signer works.
type Option func(*Signer)

// WithKeys makes keys with a function. Each call must return another key, of
// 2,048 bits.
func WithKeys(generate func() (*rsa.PrivateKey, error)) Option {
	return func(s *Signer) { s.generate = generate }
}

// New opens the keys that are kept in a store. Their private parts are sealed
// with the master key.
func New(store *state.Store, master *seal.Key, options ...Option) *Signer {
	s := &Signer{store: store, master: master, last: map[string]lastKey{}}
	s.generate = func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, keyBits) }
	for _, o := range options {
		o(s)
	}
	return s
}

// Key returns the key that signs a Region's digests that end at a time, and makes
// it if there is none. Before it is returned, its public part is durable.
func (s *Signer) Key(region string, at time.Time) (*rsa.PrivateKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, ok := s.last[region]; ok && last.signs(at) {
		return last.key, nil
	}
	key, err := s.find(region, at)
	if err == nil && key.key == nil {
		key, err = s.make(region, at)
	}
	if err != nil {
		return nil, fmt.Errorf("the key that signs the digests of %s: %w", region, err)
	}
	s.last[region] = key
	return key.key, nil
}

// signs reports whether the key is the right one for a digest that ends at a
// time.
func (k *stored) signs(at time.Time) bool {
	return k.Private != nil && !at.Before(k.ValidFrom) && !at.After(k.ValidTo.Add(-overlap))
}

// find returns the stored key for a time, or none.
func (s *Signer) find(region string, at time.Time) (lastKey, error) {
	var found lastKey
	err := s.store.View(func(tx *state.Tx) error {
		for k, err := range keys.List(tx, region+"/") {
			if err != nil {
				return err
			}
			if k.Value.signs(at) && (found.Private == nil || k.Value.ValidTo.After(found.ValidTo)) {
				found.stored = k.Value
			}
		}
		return nil
	})
	if err != nil || found.Private == nil {
		return lastKey{}, err
	}
	der, err := s.master.Open(found.Private, found.context())
	if err != nil {
		return lastKey{}, fmt.Errorf("open the private key %s: %w", found.name(), err)
	}
	if found.key, err = x509.ParsePKCS1PrivateKey(der); err != nil {
		return lastKey{}, fmt.Errorf("read the private key %s: %w", found.name(), err)
	}
	if !bytes.Equal(x509.MarshalPKCS1PublicKey(&found.key.PublicKey), found.Public) {
		return lastKey{}, fmt.Errorf("the private key %s is not that of its public key", found.name())
	}
	return found, nil
}

// make makes a key and stores it. Private keys whose time is over are destroyed
// with the same transaction.
func (s *Signer) make(region string, at time.Time) (lastKey, error) {
	private, err := s.generate()
	if err != nil {
		return lastKey{}, err
	}
	from := at.UTC().Truncate(time.Second)
	public := digest.NewPublicKey(&private.PublicKey, from, from.Add(Validity))
	k := stored{
		Public: public.Value, ValidFrom: public.ValidFrom, ValidTo: public.ValidTo,
		Region: region, Fingerprint: public.Fingerprint,
	}
	k.Private = s.master.Seal(x509.MarshalPKCS1PrivateKey(private), k.context())
	err = s.store.Update(func(tx *state.Tx) error {
		if err := destroy(tx, time.Now()); err != nil {
			return err
		}
		_, err := keys.Create(tx, k.name(), k)
		return err
	})
	return lastKey{k, private}, err
}

// destroy removes the private keys whose time is over.
func destroy(tx *state.Tx, now time.Time) error {
	var over []state.Typed[stored]
	for k, err := range keys.List(tx, "") {
		if err != nil {
			return err
		}
		if k.Value.Private != nil && now.After(k.Value.ValidTo) {
			over = append(over, k)
		}
	}
	for _, k := range over {
		k.Value.Private = nil
		if _, err := keys.Update(tx, k.Key, k.Version, k.Value); err != nil {
			return err
		}
	}
	return nil
}

// PublicKeys returns the public keys of a Region that are or were valid at some
// moment from one time to another, both included, oldest first. They are kept for
// good: a digest can be verified as long as it exists.
func (s *Signer) PublicKeys(region string, from, to time.Time) ([]digest.PublicKey, error) {
	if to.Before(from) {
		return nil, errors.New("list public keys: the time ends before it begins")
	}
	var found []digest.PublicKey
	err := s.store.View(func(tx *state.Tx) error {
		for k, err := range keys.List(tx, region+"/") {
			if err != nil {
				return err
			}
			if !k.Value.ValidTo.Before(from) && !k.Value.ValidFrom.After(to) {
				found = append(found, k.Value.public())
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the public keys of %s: %w", region, err)
	}
	slices.SortFunc(found, func(a, b digest.PublicKey) int { return a.ValidFrom.Compare(b.ValidFrom) })
	return found, nil
}
