// Package saml reads the metadata of SAML 2.0 identity providers and checks what
// they assert of who signs in with them. It is pure: it is given bytes and the
// time.
//
// What is taken from a response is read from the element that the signature was
// verified over, as the signature library returns it, and never from the
// document as it came. So it does not matter what else a response holds, or
// where ("signature wrapping").
package saml

import (
	"errors"
	"fmt"
	"time"
)

// Why an assertion is not taken, beside ErrInvalid.
var (
	// ErrInvalid is every reason that has no error of its own.
	ErrInvalid = errors.New("the response is not a valid SAML response")
	// ErrSignature says that no key of the provider's signed it.
	ErrSignature = errors.New("the signature is not valid")
	// ErrIssuer says that it is another provider's.
	ErrIssuer = errors.New("the issuer is another one than the metadata's")
	// ErrAudience says that it is for another service.
	ErrAudience = errors.New("the audience or the recipient is another one")
	// ErrExpired says that it is too old.
	ErrExpired = errors.New("the assertion has expired")
)

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

// Names that AWS has as a service provider ("Configure SAML assertions for the
// authentication response", IAM User Guide).
const (
	// SignIn is where a response is to be sent.
	SignIn = "https://signin.aws.amazon.com/saml"
	// webServices is the other name of the audience.
	webServices = "urn:amazon:webservices"
)

const (
	// redeemable is how long after it was issued an assertion is taken.
	redeemable = 5 * time.Minute
	// leeway is how far a provider's clock may be off.
	leeway = time.Minute
)

// Name spaces.
const (
	protocolSpace  = "urn:oasis:names:tc:SAML:2.0:protocol"
	assertionSpace = "urn:oasis:names:tc:SAML:2.0:assertion"
	signatureSpace = "http://www.w3.org/2000/09/xmldsig#"
)
