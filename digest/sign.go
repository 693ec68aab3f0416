package digest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// The names of a digest object's metadata, without x-amz-meta-, as S3 keeps
// them. MetadataBackfill is only at backfill digests.
const (
	MetadataSignature          = "signature"
	MetadataSignatureAlgorithm = "signature-algorithm"
	MetadataBackfill           = "backfill-generation-timestamp"
)

// Hash is the hash, in hex, of a file's uncompressed bytes.
func Hash(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// SigningString is what is signed: of the digest d, whose uncompressed bytes are
// raw. Those must be the very bytes that are stored.
func SigningString(d *Digest, raw []byte) []byte {
	return signingString(d, Hash(raw))
}

func signingString(d *Digest, hash string) []byte {
	previous := "null"
	if d.Previous != nil {
		previous = d.Previous.Signature
	}
	return fmt.Appendf(nil, "%s\n%s/%s\n%s\n%s",
		d.EndTime.UTC().Format(timeLayout), d.Bucket, d.Key, hash, previous)
}

// Sign signs the digest d, whose uncompressed bytes are raw, and returns the
// signature in hex, for MetadataSignature. The digest must name the key's
// fingerprint. The same digest and key give the same signature.
func Sign(key *rsa.PrivateKey, d *Digest, raw []byte) (string, error) {
	if f := Fingerprint(&key.PublicKey); f != d.KeyFingerprint {
		return "", fmt.Errorf("sign the digest %s: it names the key %s and is signed with %s", d.Key, d.KeyFingerprint, f)
	}
	if d.SignatureAlgorithm != SignatureAlgorithm {
		return "", fmt.Errorf("sign the digest %s: it names the algorithm %q", d.Key, d.SignatureAlgorithm)
	}
	sum := sha256.Sum256(SigningString(d, raw))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign the digest %s: %w", d.Key, err)
	}
	return hex.EncodeToString(signature), nil
}

// ErrSignature is returned by Check for a signature that is not that of the
// digest.
var ErrSignature = errors.New("the signature does not match")

// Check checks a signature that Sign or AWS made. It returns ErrSignature if it
// is another's, was made for other bytes or with another hash, or is no
// signature at all.
func Check(key *rsa.PublicKey, d *Digest, raw []byte, signature string) error {
	return checkHash(key, d, Hash(raw), signature)
}

func checkHash(key *rsa.PublicKey, d *Digest, hash, signature string) error {
	b, err := hex.DecodeString(signature)
	if err != nil {
		return ErrSignature
	}
	sum := sha256.Sum256(signingString(d, hash))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], b) != nil {
		return ErrSignature
	}
	return nil
}
