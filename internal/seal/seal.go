// Package seal encrypts secrets for keeping: access keys, session secrets,
// tokens. A sealed value opens only with the same master key and the same
// context, so that it can be neither read nor moved to another record.
//
// Sealed values are AES-256-GCM with a random nonce: a format byte, the nonce,
// the ciphertext, the tag. Random nonces are safe for 2³² values under one key.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
)

// KeySize is the length of a master key in bytes.
const KeySize = 32

// ErrOpen means that a sealed value is damaged, was sealed with another key, or
// belongs to another context. It does not say which: that would help an attacker.
var ErrOpen = errors.New("sealed value cannot be opened")

// format is the first byte of a sealed value; it is authenticated by being
// checked, as another format would be another cipher.
const format = 1

// Key is a master key. It may be used from any goroutine.
type Key struct {
	raw  []byte
	aead cipher.AEAD
}

// NewKey makes a key of 32 bytes.
func NewKey(raw []byte) (*Key, error) {
	if len(raw) != KeySize {
		return nil, fmt.Errorf("a master key has %d bytes, not %d", KeySize, len(raw))
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, fmt.Errorf("making a master key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("making a master key: %w", err)
	}
	return &Key{raw: slices.Clone(raw), aead: aead}, nil
}

// Seal encrypts a secret for a context, which is not stored: it names the place
// where the value is kept, such as the kind and the key of its record, and Open
// needs the same. The result is 29 bytes longer than the secret.
func (k *Key) Seal(plaintext, context []byte) []byte {
	return k.aead.Seal([]byte{format}, nil, plaintext, context)
}

// Open returns the secret that was sealed for the context, or ErrOpen.
func (k *Key) Open(sealed, context []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != format {
		return nil, ErrOpen
	}
	plaintext, err := k.aead.Open(nil, nil, sealed[1:], context)
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}

// Derive returns a key of 32 bytes for one purpose, the same at every call. It
// tells nothing of the master key or of those for other purposes.
func (k *Key) Derive(purpose string) []byte {
	derived, err := hkdf.Expand(sha256.New, k.raw, "cairn "+purpose, sha256.Size)
	if err != nil {
		panic("seal: " + err.Error()) // only for keys longer than 255 hashes
	}
	return derived
}
