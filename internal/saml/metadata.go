package saml

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrMetadata says that a document is no metadata of an identity provider.
var ErrMetadata = errors.New("the metadata of the identity provider cannot be read")

// Provider is an identity provider as its metadata tell of it.
type Provider struct {
	// EntityID is its name, the issuer of its assertions.
	EntityID string
	// ValidUntil is when its last certificate ends, or the metadata.
	ValidUntil   time.Time
	certificates []*x509.Certificate
}

// maxKeys is how many keys metadata may have: each is tried. IAM takes as many.
const maxKeys = 10

type entityDescriptor struct {
	XMLName    xml.Name  `xml:"urn:oasis:names:tc:SAML:2.0:metadata EntityDescriptor"`
	EntityID   string    `xml:"entityID,attr"`
	ValidUntil time.Time `xml:"validUntil,attr"`
	Roles      []struct {
		Keys []struct {
			Use          string   `xml:"use,attr"`
			Certificates []string `xml:"http://www.w3.org/2000/09/xmldsig# KeyInfo>X509Data>X509Certificate"`
		} `xml:"urn:oasis:names:tc:SAML:2.0:metadata KeyDescriptor"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:metadata IDPSSODescriptor"`
}

// ParseMetadata reads the metadata of one identity provider, which must have a
// certificate to sign with.
func ParseMetadata(b []byte) (*Provider, error) {
	if _, err := parse(b, metadataBounds); err != nil {
		return nil, errors.Join(ErrMetadata, err)
	}
	var d entityDescriptor
	if err := xml.Unmarshal(b, &d); err != nil {
		return nil, errors.Join(ErrMetadata, err)
	}
	p := &Provider{EntityID: d.EntityID}
	for _, role := range d.Roles {
		for _, key := range role.Keys {
			if key.Use != "" && key.Use != "signing" {
				continue
			}
			for _, text := range key.Certificates {
				c, err := certificate(text)
				if err != nil {
					return nil, errors.Join(ErrMetadata, err)
				}
				if p.certificates = append(p.certificates, c); len(p.certificates) > maxKeys {
					return nil, fmt.Errorf("%w: it has more than %d keys", ErrMetadata, maxKeys)
				}
				if c.NotAfter.After(p.ValidUntil) {
					p.ValidUntil = c.NotAfter
				}
			}
		}
	}
	if p.EntityID == "" || len(p.certificates) == 0 {
		return nil, ErrMetadata
	}
	if !d.ValidUntil.IsZero() && d.ValidUntil.Before(p.ValidUntil) {
		p.ValidUntil = d.ValidUntil
	}
	return p, nil
}

func certificate(text string) (*x509.Certificate, error) {
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}
