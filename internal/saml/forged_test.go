package saml

import (
	"strings"
	"testing"

	"github.com/beevik/etree"
)

// forgeries make of a signed response others that say "mallory". The first ones
// are the eight of "On Breaking SAML: Be Whoever You Want to Be" (Somorovsky and
// others, 2012), where the signed element is moved to where it is verified but
// not read.
var forgeries = map[string]func(t testing.TB, signed string) string{
	"XSW1: the signed response in the signature of a forged one": func(t testing.TB, signed string) string {
		r, evil := root(t, signed), root(t, mallory(signed))
		signature := take(evil, r)
		signature.AddChild(withoutSignature(r))
		evil.InsertChildAt(1, signature)
		return text(t, evil)
	},
	"XSW2: the signed response before the signature of a forged one": func(t testing.TB, signed string) string {
		r, evil := root(t, signed), root(t, mallory(signed))
		signature := take(evil, r)
		evil.InsertChildAt(0, withoutSignature(r))
		evil.InsertChildAt(1, signature)
		return text(t, evil)
	},
	"XSW3: a forged assertion before the signed one": func(t testing.TB, signed string) string {
		return beside(t, signed, 0)
	},
	"XSW4: the signed assertion in a forged one": func(t testing.TB, signed string) string {
		r, evil := root(t, signed), forgedAssertion(t, signed)
		a := child(r, assertionSpace, "Assertion")
		r.RemoveChild(a)
		evil.AddChild(a)
		r.AddChild(evil)
		return text(t, r)
	},
	"XSW5: a forged assertion with the signature, and the signed one after it": func(t testing.TB, signed string) string {
		r, evil := root(t, signed), forgedAssertion(t, signed)
		a := child(r, assertionSpace, "Assertion")
		if s := child(a, signatureSpace, "Signature"); s != nil {
			a.RemoveChild(s)
			evil.InsertChildAt(1, s)
		}
		r.InsertChildAt(a.Index(), evil)
		return text(t, r)
	},
	"XSW6: the signed assertion in the signature of a forged one": func(t testing.TB, signed string) string {
		return assertionInSignature(t, signed, "")
	},
	"XSW7: a forged assertion in an extension": func(t testing.TB, signed string) string {
		r := root(t, signed)
		extension := r.CreateElement("samlp:Extensions")
		extension.AddChild(forgedAssertion(t, signed))
		r.InsertChildAt(0, extension)
		return text(t, r)
	},
	"XSW8: the signed assertion in an object of the signature of a forged one": func(t testing.TB, signed string) string {
		return assertionInSignature(t, signed, "ds:Object")
	},
	"a forged assertion after the signed one": func(t testing.TB, signed string) string {
		return beside(t, signed, -1)
	},
	"another subject": func(_ testing.TB, signed string) string { return mallory(signed) },
	"a comment in the subject": func(_ testing.TB, signed string) string {
		return strings.Replace(signed, ">alice<", ">mallory<!--alice--><", 1)
	},
	"another subject before it": func(_ testing.TB, signed string) string {
		return strings.Replace(signed, "<saml:Subject>", "<saml:Subject><saml:NameID>mallory</saml:NameID></saml:Subject><saml:Subject>", 1)
	},
	"no signature": func(t testing.TB, signed string) string {
		r := root(t, mallory(signed))
		for _, el := range append(children(r, assertionSpace, "Assertion"), r) {
			withoutSignature(el)
		}
		return text(t, r)
	},
	"an empty signature": func(t testing.TB, signed string) string {
		r := root(t, mallory(signed))
		a := withoutSignature(child(r, assertionSpace, "Assertion"))
		a.CreateElement("ds:Signature").CreateAttr("xmlns:ds", signatureSpace)
		return text(t, withoutSignature(r))
	},
	"a reference to the whole document": func(_ testing.TB, signed string) string {
		return strings.NewReplacer(`URI="#_a"`, `URI=""`, `URI="#_r"`, `URI=""`).Replace(mallory(signed))
	},
	"a reference to nothing": func(_ testing.TB, signed string) string {
		return strings.NewReplacer(`URI="#_a"`, `URI="#"`, `URI="#_r"`, `URI="#"`, `ID="_a"`, "", `ID="_r"`, "").Replace(mallory(signed))
	},
	"a shared secret": func(_ testing.TB, signed string) string {
		return strings.ReplaceAll(mallory(signed), "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#hmac-sha1")
	},
	"a transform that selects": func(_ testing.TB, signed string) string {
		return strings.ReplaceAll(mallory(signed), "http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/TR/1999/REC-xpath-19991116")
	},
	"a document type": func(_ testing.TB, signed string) string {
		return `<!DOCTYPE r [<!ENTITY who "mallory">]>` + strings.Replace(signed, ">alice<", ">&who;<", 1)
	},
	"an attribute twice": func(_ testing.TB, signed string) string {
		return strings.Replace(signed, `ID="_a"`, `ID="_a" x:ID="_a"`, 1)
	},
	"too deep": func(_ testing.TB, signed string) string { return strings.Repeat("<a>", 20_000) + signed },
	"deep and well formed": func(_ testing.TB, signed string) string {
		return strings.Replace(signed, "</samlp:Response>", strings.Repeat("<a>", 5000)+strings.Repeat("</a>", 5000)+"</samlp:Response>", 1)
	},
	"too much": func(_ testing.TB, signed string) string {
		return strings.Replace(signed, "</samlp:Response>", strings.Repeat("<a/>", 10_000)+"</samlp:Response>", 1)
	},
}

func mallory(signed string) string {
	return strings.NewReplacer(">alice<", ">mallory<", ">alice@example.com<", ">mallory@example.com<").Replace(signed)
}

// forgedAssertion is the assertion of a response that says "mallory", with
// another id and no signature.
func forgedAssertion(t testing.TB, signed string) *etree.Element {
	t.Helper()
	a := child(root(t, mallory(signed)), assertionSpace, "Assertion")
	a.CreateAttr("ID", "_evil")
	return withoutSignature(a)
}

func withoutSignature(el *etree.Element) *etree.Element {
	if s := child(el, signatureSpace, "Signature"); s != nil {
		el.RemoveChild(s)
	}
	return el
}

// take takes the signature out of a forged response, or makes one of the real
// one's.
func take(evil, real *etree.Element) *etree.Element {
	evil.CreateAttr("ID", "_evil")
	withoutSignature(evil)
	if s := child(real, signatureSpace, "Signature"); s != nil {
		return s.Copy()
	}
	return etree.NewElement("x")
}

// beside puts a forged assertion beside the signed one.
func beside(t testing.TB, signed string, at int) string {
	r := root(t, signed)
	if at < 0 {
		at = len(r.Child)
	}
	r.InsertChildAt(at, forgedAssertion(t, signed))
	return text(t, r)
}

// assertionInSignature moves the signed assertion into its signature, which is a
// forged one's then.
func assertionInSignature(t testing.TB, signed, wrapper string) string {
	r, evil := root(t, signed), forgedAssertion(t, signed)
	a := child(r, assertionSpace, "Assertion")
	r.RemoveChild(a)
	s := child(a, signatureSpace, "Signature")
	if s == nil {
		s = etree.NewElement("x")
	}
	into := s
	a.RemoveChild(s)
	if wrapper != "" {
		into = s.CreateElement(wrapper)
	}
	into.AddChild(a)
	evil.InsertChildAt(1, s)
	r.AddChild(evil)
	return text(t, r)
}

func TestForgeriesSayNothing(t *testing.T) {
	i := newIDP(t, rsaKey(t))
	p := i.provider()
	for how, signed := range map[string]string{"assertion": i.sign(unsigned), "all": i.signWhole(unsigned), "both": i.signWhole(i.sign(unsigned))} {
		for name, forge := range forgeries {
			forged := forge(t, signed)
			if forged == signed {
				t.Errorf("%s (%s is signed): nothing is forged", name, how)
			}
			a, err := p.Verify([]byte(forged), now)
			if a != nil && (a.Subject != "alice" || a.Attributes[SessionNameAttribute][0] != "alice@example.com") {
				t.Errorf("%s (%s is signed) says %+v", name, how, a)
			}
			// An extension that is not signed changes nothing that is read.
			if err == nil && (how != "assertion" || !strings.HasPrefix(name, "XSW7")) {
				t.Errorf("%s (%s is signed) is taken", name, how)
			}
		}
	}
}

func TestAnotherKeysSignatureIsNotOurProviders(t *testing.T) {
	i, other := newIDP(t, rsaKey(t)), newIDP(t, rsaKey(t))
	p := i.provider()
	// It brings its own certificate, in KeyInfo.
	for _, response := range []string{other.sign(unsigned), other.signWhole(unsigned), other.signWhole(i.sign(unsigned))} {
		if a, err := p.Verify([]byte(response), now); err == nil || a != nil {
			t.Errorf("taken: %+v", a)
		}
	}
	if _, err := p.Verify([]byte(i.sign(unsigned)), now.Add(48*3600e9)); err == nil {
		t.Error("a key is used whose certificate is over")
	}
}

func FuzzVerify(f *testing.F) {
	i := newIDP(f, rsaKey(f))
	p := i.provider()
	signed := i.sign(unsigned)
	f.Add(signed)
	f.Add(unsigned)
	for _, forge := range forgeries {
		f.Add(forge(f, signed))
	}
	f.Fuzz(func(t *testing.T, response string) {
		a, err := p.Verify([]byte(response), now)
		if err == nil && (a.Subject != "alice" || a.ID != "_a") {
			t.Errorf("a response that nobody signed says %+v", a)
		}
	})
}

func FuzzMetadata(f *testing.F) {
	f.Add(string(metadata(entityID, []byte("x"))))
	f.Add("<a/>")
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := ParseMetadata([]byte(text)); err == nil && (p.EntityID == "" || len(p.certificates) == 0) {
			t.Errorf("metadata without a name or a key: %+v", p)
		}
	})
}
