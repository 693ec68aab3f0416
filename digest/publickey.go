package digest

import (
	"crypto/md5" // a name for a key, chosen by AWS, and no protection
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// PublicKey is a key that checks digests, as ListPublicKeys returns it.
type PublicKey struct {
	// Value is the key as a PKCS #1 RSAPublicKey in DER. AWS's documentation
	// also shows one as a SubjectPublicKeyInfo, which RSA reads as well; no
	// AWS CLI does.
	Value []byte
	// Fingerprint is the MD5 of Value in hex. It names the key and protects
	// nothing.
	Fingerprint string
	// ValidFrom and ValidTo bound the end times of the digests that the key
	// signs, both included.
	ValidFrom, ValidTo time.Time
}

// Fingerprint is the name of a key in digests.
func Fingerprint(key *rsa.PublicKey) string {
	return fingerprint(x509.MarshalPKCS1PublicKey(key))
}

func fingerprint(der []byte) string {
	sum := md5.Sum(der)
	return hex.EncodeToString(sum[:])
}

// NewPublicKey describes a key that signs digests that end in the given time.
func NewPublicKey(key *rsa.PublicKey, from, to time.Time) PublicKey {
	der := x509.MarshalPKCS1PublicKey(key)
	return PublicKey{Value: der, Fingerprint: fingerprint(der), ValidFrom: from, ValidTo: to}
}

// minKeyBits is the size below which a key proves nothing. AWS's have 2048.
const minKeyBits = 2048

// RSA is the key itself.
func (k PublicKey) RSA() (*rsa.PublicKey, error) {
	key, err := x509.ParsePKCS1PublicKey(k.Value)
	if err != nil {
		general, pkixErr := x509.ParsePKIXPublicKey(k.Value)
		if pkixErr != nil {
			return nil, fmt.Errorf("read the public key %s: %w", k.Fingerprint, err)
		}
		var ok bool
		if key, ok = general.(*rsa.PublicKey); !ok {
			return nil, fmt.Errorf("read the public key %s: it is not an RSA key", k.Fingerprint)
		}
	}
	if key.N.BitLen() < minKeyBits {
		return nil, fmt.Errorf("read the public key %s: it has %d bits, fewer than %d", k.Fingerprint, key.N.BitLen(), minKeyBits)
	}
	return key, nil
}

// ValidAt says whether the key signs a digest that ends at t.
func (k PublicKey) ValidAt(t time.Time) bool {
	return !t.Before(k.ValidFrom) && !t.After(k.ValidTo)
}

// maxPublicKeys limits what ParsePublicKeys reads: more than fifty years of
// monthly keys of thirty Regions.
const maxPublicKeys = 20_000

// ParsePublicKeys reads what ListPublicKeys answers and `aws cloudtrail
// list-public-keys` prints. Every key must be readable and have its own
// fingerprint.
func ParsePublicKeys(data []byte) ([]PublicKey, error) {
	var answer struct {
		PublicKeyList []struct {
			Value             string
			Fingerprint       string
			ValidityStartTime timestamp
			ValidityEndTime   timestamp
		}
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, fmt.Errorf("parse public keys: %w", err)
	}
	if answer.PublicKeyList == nil {
		return nil, errors.New("parse public keys: there is no PublicKeyList")
	}
	if n := len(answer.PublicKeyList); n > maxPublicKeys {
		return nil, fmt.Errorf("parse public keys: %d keys, more than %d", n, maxPublicKeys)
	}
	var keys []PublicKey
	for i, k := range answer.PublicKeyList {
		der, err := base64.StdEncoding.DecodeString(k.Value)
		if err != nil {
			return nil, fmt.Errorf("parse public key %d: %w", i, err)
		}
		key := PublicKey{
			Value: der, Fingerprint: k.Fingerprint,
			ValidFrom: k.ValidityStartTime.Time, ValidTo: k.ValidityEndTime.Time,
		}
		if err := key.check(); err != nil {
			return nil, fmt.Errorf("parse public key %d: %w", i, err)
		}
		keys = append(keys, key)
	}
	return slices.Clip(keys), nil
}

func (k PublicKey) check() error {
	if own := fingerprint(k.Value); own != k.Fingerprint {
		return fmt.Errorf("its fingerprint is %s and not %s", own, k.Fingerprint)
	}
	if k.ValidFrom.IsZero() || k.ValidTo.Before(k.ValidFrom) {
		return fmt.Errorf("the public key %s is valid from %v to %v", k.Fingerprint, k.ValidFrom, k.ValidTo)
	}
	_, err := k.RSA()
	return err
}

// timestamp is a moment as the API writes it, in seconds since 1970, or as the
// AWS CLI may, in ISO 8601.
type timestamp struct{ time.Time }

func (t *timestamp) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		parsed, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return err
		}
		t.Time = parsed.UTC()
		return nil
	}
	var seconds float64
	if err := json.Unmarshal(b, &seconds); err != nil {
		return err
	}
	if math.Abs(seconds) > 1e11 {
		return fmt.Errorf("%v is not a time in seconds since 1970", seconds)
	}
	whole, fraction := math.Modf(seconds)
	t.Time = time.Unix(int64(whole), int64(fraction*1e9)).UTC()
	return nil
}
