package saml

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
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
	if !strong(el) {
		return nil, fmt.Errorf("%w: it was made with an algorithm that is not taken", ErrSignature)
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

// algorithms are those of signatures and of digests that are taken. The library
// takes SHA-1 as well.
var algorithms = map[string][]string{
	"SignatureMethod": {
		dsig.RSASHA256SignatureMethod, dsig.RSASHA384SignatureMethod, dsig.RSASHA512SignatureMethod,
		dsig.ECDSASHA256SignatureMethod, dsig.ECDSASHA384SignatureMethod, dsig.ECDSASHA512SignatureMethod,
	},
	"DigestMethod": {
		"http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmldsig-more#sha384", "http://www.w3.org/2001/04/xmlenc#sha512",
	},
}

// strong reports whether no signature in an element, wherever it is and whatever
// it is of, names another algorithm: which of them the library takes for the
// element's own does not matter then.
func strong(el *etree.Element) bool {
	if taken := algorithms[el.Tag]; taken != nil {
		if a := el.SelectAttr("Algorithm"); a == nil || !slices.Contains(taken, a.Value) {
			return false
		}
	}
	for _, c := range el.ChildElements() {
		if !strong(c) {
			return false
		}
	}
	return true
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
