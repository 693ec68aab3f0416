package saml

import (
	"crypto/x509"
	"errors"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// signedBy returns what a key of the provider's signed of an element: the
// element anew, made of the very bytes that the signature is over. It is nil
// where the element has no signature of its own.
func (p *Provider) signedBy(el *etree.Element, now time.Time) (*etree.Element, error) {
	if signature := child(el, signatureSpace, "Signature"); signature == nil {
		return nil, nil
	}
	el, err := detached(el)
	if err != nil {
		return nil, invalid("%v", err)
	}
	// Which key it was is tried, not read: what the response says of its key
	// is not signed.
	signature := child(el, signatureSpace, "Signature")
	for _, key := range children(signature, signatureSpace, "KeyInfo") {
		signature.RemoveChild(key)
	}
	var failures []error
	for _, c := range p.certificates {
		context := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{c}})
		context.IdAttribute = "ID"
		context.Clock = dsig.NewFakeClockAt(now) // of the call
		verified, err := context.Validate(el)
		if err == nil {
			return verified, nil
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(append([]error{ErrSignature}, failures...)...)
}

// detached is a copy of an element with the name spaces that it has from those
// around it.
func detached(el *etree.Element) (*etree.Element, error) {
	context, err := etreeutils.NSBuildParentContext(el)
	if err != nil {
		return nil, err
	}
	if context, err = context.SubContext(el); err != nil {
		return nil, err
	}
	return etreeutils.NSDetatch(context, el)
}

// children are the direct children of a name.
func children(el *etree.Element, space, tag string) []*etree.Element {
	var found []*etree.Element
	for _, c := range el.ChildElements() {
		if c.Tag == tag && c.NamespaceURI() == space {
			found = append(found, c)
		}
	}
	return found
}

// child is the first of children, or nil.
func child(el *etree.Element, space, tag string) *etree.Element {
	if found := children(el, space, tag); len(found) > 0 {
		return found[0]
	}
	return nil
}
