// Package sshkey reads public keys in the form of an authorized_keys line, and
// makes the fingerprints that Amazon EC2 shows of keys.
package sshkey

import (
	"crypto/md5" //nolint:gosec // what EC2 shows of imported RSA keys
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // what EC2 shows of RSA keys that it made
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// Public is a public key.
type Public struct {
	// Type is the algorithm as SSH names it: "ssh-rsa", "ssh-ed25519" …
	Type string
	// Blob is the key in SSH's wire form.
	Blob []byte
}

// maxBits bounds an RSA key, whose length comes from outside.
const maxBits = 16384

// Parse reads a line "type base64 [comment]".
func Parse(line string) (Public, error) {
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return Public{}, errors.New("not an OpenSSH public key")
	}
	blob, err := base64.StdEncoding.DecodeString(fields[1])
	if err != nil {
		return Public{}, fmt.Errorf("decode an OpenSSH public key: %w", err)
	}
	name, rest, ok := cut(blob)
	if !ok || string(name) != fields[0] || len(rest) == 0 {
		return Public{}, errors.New("not an OpenSSH public key: its type and its content differ")
	}
	return Public{Type: fields[0], Blob: blob}, nil
}

// RSA returns the RSA key, or an error for another type.
func (p Public) RSA() (*rsa.PublicKey, error) {
	name, rest, _ := cut(p.Blob)
	e, rest, ok := cut(rest)
	n, _, ok2 := cut(rest)
	if string(name) != "ssh-rsa" || !ok || !ok2 || len(e) == 0 || len(e) > 4 || len(n) == 0 || len(n) > maxBits/8+1 {
		return nil, errors.New("not an RSA key")
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, nil
}

// Fingerprint is what EC2 shows of an imported key: MD5 of an RSA key, SHA-256
// of any other.
func (p Public) Fingerprint() string {
	if key, err := p.RSA(); err == nil {
		if der, err := x509.MarshalPKIXPublicKey(key); err == nil {
			sum := md5.Sum(der) //nolint:gosec // see above
			return colons(sum[:])
		}
	}
	sum := sha256.Sum256(p.Blob)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// OfPrivate is what EC2 shows of an RSA key that it made, given in PKCS #8.
func OfPrivate(der []byte) string {
	sum := sha1.Sum(der) //nolint:gosec // see above
	return colons(sum[:])
}

// cut splits off a string of SSH's wire form.
func cut(b []byte) (s, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return nil, nil, false
	}
	return b[4 : 4+n], b[4+n:], true
}

func colons(b []byte) string {
	parts := make([]string, len(b))
	for i := range b {
		parts[i] = hex.EncodeToString(b[i : i+1])
	}
	return strings.Join(parts, ":")
}
