package topic

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/cairn-audit/cairn/internal/seal"
	"github.com/cairn-audit/cairn/internal/state"
)

// signings has the key pair that messages are signed with, under signingKey.
const (
	signings   = state.Kind[signing]("sns.signing")
	signingKey = "current"
)

// A certificate is good for certificateLife. A server that starts when less than
// renewBefore of it is left makes another.
const (
	certificateLife = 10 * 365 * 24 * time.Hour
	renewBefore     = 30 * 24 * time.Hour
)

// signing is the key pair as it is kept.
type signing struct {
	Sealed      []byte // the private key, in PKCS #8
	Certificate []byte // DER
}

func sealContext() []byte { return []byte(string(signings) + "/" + signingKey) }

// signer signs messages. It may be used from any goroutine.
type signer struct {
	key         *rsa.PrivateKey
	certificate *x509.Certificate
}

// loadSigner reads the key pair, or makes it.
func loadSigner(store *state.Store, key *seal.Key) (s *signer, err error) {
	err = store.Update(func(tx *state.Tx) error {
		kept, _, err := signings.Get(tx, signingKey)
		if err == nil {
			if s, err = kept.open(key); err != nil || time.Until(s.certificate.NotAfter) > renewBefore {
				return err
			}
		} else if !errors.Is(err, state.ErrNotFound) {
			return err
		}
		made, err := newSigning(key, time.Now())
		if err != nil {
			return err
		}
		if s, err = made.open(key); err != nil {
			return err
		}
		_, err = signings.Put(tx, signingKey, *made)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load the key that signs messages: %w", err)
	}
	return s, nil
}

func newSigning(key *seal.Key, now time.Time) (*signing, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "sns.amazonaws.com"},
		// Clocks of receivers may be behind.
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature, DNSNames: []string{"sns.amazonaws.com"},
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	return &signing{Sealed: key.Seal(pkcs8, sealContext()), Certificate: der}, nil
}

func (k *signing) open(key *seal.Key) (*signer, error) {
	pkcs8, err := key.Open(k.Sealed, sealContext())
	if err != nil {
		return nil, err
	}
	private, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil, err
	}
	rsaKey, ok := private.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the key is of type %T", private)
	}
	certificate, err := x509.ParseCertificate(k.Certificate)
	if err != nil {
		return nil, err
	}
	return &signer{key: rsaKey, certificate: certificate}, nil
}

// file is the name under which the certificate is served.
func (s *signer) file() string {
	sum := sha256.Sum256(s.certificate.Raw)
	return "SimpleNotificationService-" + hex.EncodeToString(sum[:16]) + ".pem"
}

func (s *signer) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.certificate.Raw})
}

// sign signs a string to sign, with SHA-1 in version "1" and SHA-256 in "2".
func (s *signer) sign(version, text string) (string, error) {
	var b []byte
	var err error
	if version == "2" {
		sum := sha256.Sum256([]byte(text))
		b, err = rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, sum[:])
	} else {
		sum := sha1.Sum([]byte(text))
		b, err = rsa.SignPKCS1v15(nil, s.key, crypto.SHA1, sum[:])
	}
	return base64.StdEncoding.EncodeToString(b), err
}
