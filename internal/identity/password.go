package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// Cost of a password's hash: OWASP's "Password Storage Cheat Sheet" for
// argon2id. Memory is in KiB.
const (
	hashMemory = 19 << 10
	hashPasses = 2
	hashLanes  = 1
	hashSize   = 32
	saltSize   = 16
)

// hashers bounds how many passwords are hashed at once, and so their memory.
const hashers = 2

const hashForm = "$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s"

// CheckPassword refuses a password that IAM's default policy does not allow: 8
// to 128 characters, of at least three of upper case, lower case, digits and
// other characters.
func CheckPassword(password string) error {
	if n := utf8.RuneCountInString(password); n < 8 {
		return Refuse(PasswordRefused, "Password should have a minimum length of 8")
	} else if n > 128 {
		return Refuse(PasswordRefused, "Password should have a maximum length of 128")
	}
	var upper, lower, digit, other int
	for _, r := range password {
		switch {
		case unicode.IsUpper(r):
			upper = 1
		case unicode.IsLower(r):
			lower = 1
		case unicode.IsDigit(r):
			digit = 1
		default:
			other = 1
		}
	}
	if upper+lower+digit+other < 3 {
		return Refuse(PasswordRefused, "Password should have at least three of: uppercase letter, lowercase letter, number, symbol")
	}
	return nil
}

// HashPassword makes what is kept of a password. It takes some 30 ms, and waits
// while others hash: never call it in a transaction.
func (d *Directory) HashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltSize)
	rand.Read(salt)
	sum, err := d.hash(ctx, password, salt)
	if err != nil {
		return "", err
	}
	enc := base64.RawStdEncoding
	return fmt.Sprintf(hashForm, argon2.Version, hashMemory, hashPasses, hashLanes, enc.EncodeToString(salt), enc.EncodeToString(sum)), nil
}

// MatchPassword reports whether a password is the one that was hashed. An empty
// hash matches nothing, and takes as long.
func (d *Directory) MatchPassword(ctx context.Context, hash, password string) (bool, error) {
	var salt, want []byte
	if parts := strings.Split(hash, "$"); len(parts) == 6 && parts[1] == "argon2id" {
		salt, _ = base64.RawStdEncoding.DecodeString(parts[4])
		want, _ = base64.RawStdEncoding.DecodeString(parts[5])
	}
	sum, err := d.hash(ctx, password, salt)
	if err != nil {
		return false, err
	}
	return len(want) == hashSize && subtle.ConstantTimeCompare(sum, want) == 1, nil
}

func (d *Directory) hash(ctx context.Context, password string, salt []byte) ([]byte, error) {
	select {
	case d.hashing <- struct{}{}:
		defer func() { <-d.hashing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, hashPasses, hashMemory, hashLanes, hashSize), nil
}
