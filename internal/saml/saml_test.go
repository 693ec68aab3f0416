package saml

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

const entityID = "https://idp.example.com/metadata"

var now = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// idp is an identity provider.
type idp struct {
	t           testing.TB
	key         crypto.Signer
	certificate []byte
	hash        crypto.Hash // 0 is SHA-256
}

func newIDP(t testing.TB, key crypto.Signer) *idp {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idp"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &idp{t: t, key: key, certificate: der}
}

func rsaKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func metadata(entity string, certificates ...[]byte) []byte {
	var keys strings.Builder
	for _, c := range certificates {
		fmt.Fprintf(&keys, `<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
			base64.StdEncoding.EncodeToString(c))
	}
	return fmt.Appendf(nil, `<?xml version="1.0"?><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="%s">`+
		`<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">%s</md:IDPSSODescriptor></md:EntityDescriptor>`, entity, keys.String())
}

func (i *idp) provider() *Provider {
	i.t.Helper()
	p, err := ParseMetadata(metadata(entityID, i.certificate))
	if err != nil {
		i.t.Fatal(err)
	}
	return p
}

const unsigned = `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xs="http://www.w3.org/2001/XMLSchema" ID="_r" Version="2.0" IssueInstant="2026-07-01T11:59:30Z">` +
	`<saml:Issuer>https://idp.example.com/metadata</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>` +
	`<saml:Assertion ID="_a" Version="2.0" IssueInstant="2026-07-01T11:59:30Z"><saml:Issuer>https://idp.example.com/metadata</saml:Issuer>` +
	`<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">alice</saml:NameID>` +
	`<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="2026-07-01T12:04:30Z" Recipient="https://signin.aws.amazon.com/saml"/></saml:SubjectConfirmation></saml:Subject>` +
	`<saml:Conditions NotBefore="2026-07-01T11:59:30Z" NotOnOrAfter="2026-07-01T12:04:30Z"><saml:AudienceRestriction><saml:Audience>urn:amazon:webservices</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
	`<saml:AuthnStatement AuthnInstant="2026-07-01T11:59:30Z" SessionNotOnOrAfter="2026-07-01T20:00:00Z"/>` +
	`<saml:AttributeStatement><saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/RoleSessionName"><saml:AttributeValue>alice@example.com</saml:AttributeValue></saml:Attribute>` +
	`<saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/Role"><saml:AttributeValue>one</saml:AttributeValue><saml:AttributeValue>two</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>` +
	`</saml:Assertion></samlp:Response>`

func root(t testing.TB, text string) *etree.Element {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

func text(t testing.TB, el *etree.Element) string {
	t.Helper()
	doc := etree.NewDocument()
	doc.SetRoot(el.Copy())
	s, err := doc.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (i *idp) signElement(el *etree.Element) *etree.Element {
	i.t.Helper()
	context, err := dsig.NewSigningContext(i.key, [][]byte{i.certificate})
	if err != nil {
		i.t.Fatal(err)
	}
	if i.hash != 0 {
		context.Hash = i.hash
	}
	context.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	signed, err := context.SignEnveloped(el)
	if err != nil {
		i.t.Fatal(err)
	}
	return signed
}

// sign signs the assertion of a response.
func (i *idp) sign(response string) string {
	i.t.Helper()
	r := root(i.t, response)
	a := child(r, assertionSpace, "Assertion")
	alone, err := detached(a)
	if err != nil {
		i.t.Fatal(err)
	}
	at := a.Index()
	r.RemoveChildAt(at)
	r.InsertChildAt(at, i.signElement(alone))
	return text(i.t, r)
}

// signWhole signs a response.
func (i *idp) signWhole(response string) string {
	i.t.Helper()
	return text(i.t, i.signElement(root(i.t, response)))
}

func TestASignedAssertionSaysWho(t *testing.T) {
	i := newIDP(t, rsaKey(t))
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	e := newIDP(t, ec)
	for name, test := range map[string]struct {
		provider *Provider
		response string
	}{
		"the assertion is signed": {i.provider(), i.sign(unsigned)},
		"all is signed":           {i.provider(), i.signWhole(unsigned)},
		"both are signed":         {i.provider(), i.signWhole(i.sign(unsigned))},
		"with an elliptic curve":  {e.provider(), e.sign(unsigned)},
		"for a Region":            {i.provider(), i.sign(strings.Replace(unsigned, "https://signin", "https://eu-west-1.signin", 1))},
		"for the sign-in":         {i.provider(), i.sign(strings.Replace(unsigned, "urn:amazon:webservices", SignIn, 1))},
	} {
		a, err := test.provider.Verify([]byte(test.response), now)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if a.ID != "_a" || a.Issuer != entityID || a.Subject != "alice" || a.SubjectType != "persistent" || !isSignIn(a.Recipient) ||
			!a.SessionEnds.Equal(time.Date(2026, 7, 1, 20, 0, 0, 0, time.UTC)) ||
			fmt.Sprint(a.Attributes) != fmt.Sprintf("map[%s:[one two] %s:[alice@example.com]]", RoleAttribute, SessionNameAttribute) {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// TestOldHashesAreRefused has a provider sign rightly, with SHA-1: whoever can have
// it sign some text of theirs can find another text with the same hash.
func TestOldHashesAreRefused(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []crypto.Signer{rsaKey(t), ec} {
		i := newIDP(t, key)
		i.hash = crypto.SHA1
		for name, response := range map[string]string{"the assertion": i.sign(unsigned), "all": i.signWhole(unsigned)} {
			if a, err := i.provider().Verify([]byte(response), now); a != nil || !errors.Is(err, ErrSignature) {
				t.Errorf("%T, %s is signed: %+v, %v", key, name, a, err)
			}
		}
		i.hash = crypto.SHA512
		if _, err := i.provider().Verify([]byte(i.sign(unsigned)), now); err != nil {
			t.Errorf("%T with SHA-512: %v", key, err)
		}
	}
}

func TestKeysAreRolledOver(t *testing.T) {
	old, next := newIDP(t, rsaKey(t)), newIDP(t, rsaKey(t))
	p, err := ParseMetadata(metadata(entityID, old.certificate, next.certificate))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []*idp{old, next} {
		if _, err := p.Verify([]byte(i.sign(unsigned)), now); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatIsNotForUsNowIsRefused(t *testing.T) {
	i := newIDP(t, rsaKey(t))
	p := i.provider()
	for name, test := range map[string]struct {
		change [2]string
		at     time.Duration
		err    error
	}{
		"too late":                         {[2]string{}, 5*time.Minute + time.Second, ErrExpired},
		"five minutes old":                 {[2]string{"12:04:30Z", "18:04:30Z"}, 5 * time.Minute, ErrExpired},
		"too early":                        {[2]string{}, -5 * time.Minute, ErrExpired},
		"after the session":                {[2]string{"2026-07-01T20:00:00Z", "2026-07-01T11:00:00Z"}, 0, ErrExpired},
		"another audience":                 {[2]string{"urn:amazon:webservices", "https://elsewhere.example.com"}, 0, ErrAudience},
		"no audience":                      {[2]string{"<saml:AudienceRestriction><saml:Audience>urn:amazon:webservices</saml:Audience></saml:AudienceRestriction>", ""}, 0, ErrAudience},
		"a second audience":                {[2]string{"</saml:Conditions>", "<saml:AudienceRestriction><saml:Audience>x</saml:Audience></saml:AudienceRestriction></saml:Conditions>"}, 0, ErrAudience},
		"another recipient":                {[2]string{"https://signin.aws.amazon.com/saml", "https://signin.aws.amazon.com.evil.com/saml"}, 0, ErrAudience},
		"no end of the recipient":          {[2]string{`NotOnOrAfter="2026-07-01T12:04:30Z" Recipient`, "Recipient"}, 0, ErrExpired},
		"one of two confirmations is over": {[2]string{"<saml:SubjectConfirmation Method", `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="2026-07-01T11:00:00Z" Recipient="https://signin.aws.amazon.com/saml"/></saml:SubjectConfirmation><saml:SubjectConfirmation Method`}, 0, nil},
		"no confirmation":                  {[2]string{"cm:bearer", "cm:holder-of-key"}, 0, ErrAudience},
		"another issuer":                   {[2]string{"Z\"><saml:Issuer>https://idp.example.com", "Z\"><saml:Issuer>https://evil.example.com"}, 0, nil},
		"no subject":                       {[2]string{"alice</saml:NameID>", "</saml:NameID>"}, 0, ErrInvalid},
		"two subjects":                     {[2]string{"</saml:Subject>", "</saml:Subject><saml:Subject><saml:NameID>bob</saml:NameID></saml:Subject>"}, 0, ErrInvalid},
		"an old version":                   {[2]string{`ID="_a" Version="2.0"`, `ID="_a" Version="1.1"`}, 0, ErrInvalid},
		"no id":                            {[2]string{`ID="_a"`, `ID=""`}, 0, ErrInvalid},
		"a refusal":                        {[2]string{"status:Success", "status:Responder"}, 0, ErrInvalid},
	} {
		changed := unsigned
		if test.change[0] != "" {
			if changed = strings.ReplaceAll(unsigned, test.change[0], test.change[1]); changed == unsigned {
				t.Fatalf("%s: nothing is changed", name)
			}
		}
		if name == "another issuer" {
			test.err = ErrIssuer
		}
		a, err := p.Verify([]byte(i.sign(changed)), now.Add(test.at))
		if !errors.Is(err, test.err) {
			t.Errorf("%s: %v, want %v", name, err, test.err)
		}
		if named := err == nil || errors.Is(err, ErrExpired) || errors.Is(err, ErrAudience); (a != nil) != named {
			t.Errorf("%s: assertion %+v", name, a)
		}
	}
}

func TestMetadataThatHaveExpiredVouchForNobody(t *testing.T) {
	i := newIDP(t, rsaKey(t))
	text := strings.Replace(string(metadata(entityID, i.certificate)), "entityID=", `validUntil="2026-07-01T11:59:59Z" entityID=`, 1)
	p, err := ParseMetadata([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if a, err := p.Verify([]byte(i.sign(unsigned)), now); a != nil || !errors.Is(err, ErrSignature) {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestMetadataNeedANameAndAKey(t *testing.T) {
	i := newIDP(t, rsaKey(t))
	p, err := ParseMetadata(metadata(entityID, i.certificate))
	if err != nil || p.EntityID != entityID || !p.ValidUntil.Equal(now.Add(24*time.Hour)) {
		t.Errorf("got %+v, %v", p, err)
	}
	good := string(metadata(entityID, i.certificate))
	for name, bad := range map[string]string{
		"nothing":                "",
		"no XML":                 "metadata",
		"no name":                string(metadata("", i.certificate)),
		"no key":                 string(metadata(entityID)),
		"a key for encryption":   strings.Replace(good, `use="signing"`, `use="encryption"`, 1),
		"no certificate":         string(metadata(entityID, []byte("x"))),
		"a service provider's":   strings.ReplaceAll(good, "IDPSSODescriptor", "SPSSODescriptor"),
		"of many":                "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">" + good[strings.Index(good, "<md:"):] + "</md:EntitiesDescriptor>",
		"with a document type":   "<!DOCTYPE x [<!ENTITY e 'x'>]>" + good[strings.Index(good, "<md:"):],
		"a key too many":         string(metadata(entityID, slices.Repeat([][]byte{i.certificate}, maxKeys+1)...)),
		"an element too many":    strings.Replace(good, "</md:IDPSSODescriptor>", strings.Repeat("<x/>", metadataBounds.elements)+"</md:IDPSSODescriptor>", 1),
		"in another name space":  strings.Replace(good, "SAML:2.0:metadata", "SAML:1.1:metadata", 1),
		"a key of another space": strings.Replace(good, signatureSpace, "urn:x", 1),
	} {
		if _, err := ParseMetadata([]byte(bad)); !errors.Is(err, ErrMetadata) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
