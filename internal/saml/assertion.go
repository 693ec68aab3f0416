package saml

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// Assertion is what a provider says of who signed in.
type Assertion struct {
	ID, Issuer string
	// Subject is who; SubjectType is the last part of the format of its name
	// ("persistent", "transient").
	Subject, SubjectType string
	// Recipient is where the response was to be sent.
	Recipient string
	// SessionEnds is when the provider wants sessions to end; zero where it
	// does not say.
	SessionEnds time.Time
	// Attributes are by their names.
	Attributes map[string][]string
}

// Attributes of AWS's.
const (
	RoleAttribute           = "https://aws.amazon.com/SAML/Attributes/Role"
	SessionNameAttribute    = "https://aws.amazon.com/SAML/Attributes/RoleSessionName"
	DurationAttribute       = "https://aws.amazon.com/SAML/Attributes/SessionDuration"
	SourceIdentityAttribute = "https://aws.amazon.com/SAML/Attributes/SourceIdentity"
	// TagAttribute is followed by a tag's key.
	TagAttribute           = "https://aws.amazon.com/SAML/Attributes/PrincipalTag:"
	TransitiveTagAttribute = "https://aws.amazon.com/SAML/Attributes/TransitiveTagKeys"
)

// assertion is the element.
type assertion struct {
	XMLName xml.Name  `xml:"urn:oasis:names:tc:SAML:2.0:assertion Assertion"`
	ID      string    `xml:"ID,attr"`
	Version string    `xml:"Version,attr"`
	Issued  time.Time `xml:"IssueInstant,attr"`
	Issuers []string  `xml:"urn:oasis:names:tc:SAML:2.0:assertion Issuer"`

	Subjects []struct {
		Names []struct {
			Format string `xml:"Format,attr"`
			Value  string `xml:",chardata"`
		} `xml:"urn:oasis:names:tc:SAML:2.0:assertion NameID"`
		Confirmations []struct {
			Method string `xml:"Method,attr"`
			Data   []struct {
				Recipient    string    `xml:"Recipient,attr"`
				NotBefore    time.Time `xml:"NotBefore,attr"`
				NotOnOrAfter time.Time `xml:"NotOnOrAfter,attr"`
			} `xml:"urn:oasis:names:tc:SAML:2.0:assertion SubjectConfirmationData"`
		} `xml:"urn:oasis:names:tc:SAML:2.0:assertion SubjectConfirmation"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:assertion Subject"`

	Conditions []struct {
		NotBefore    time.Time `xml:"NotBefore,attr"`
		NotOnOrAfter time.Time `xml:"NotOnOrAfter,attr"`
		Restrictions []struct {
			Audiences []string `xml:"urn:oasis:names:tc:SAML:2.0:assertion Audience"`
		} `xml:"urn:oasis:names:tc:SAML:2.0:assertion AudienceRestriction"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:assertion Conditions"`

	Authentications []struct {
		SessionEnds time.Time `xml:"SessionNotOnOrAfter,attr"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:assertion AuthnStatement"`

	Attributes []struct {
		Name   string   `xml:"Name,attr"`
		Values []string `xml:"urn:oasis:names:tc:SAML:2.0:assertion AttributeValue"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:assertion AttributeStatement>Attribute"`
}

const (
	bearer  = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
	success = "urn:oasis:names:tc:SAML:2.0:status:Success"
)

// Verify reads a response that a key of the provider's signed, or of which it
// signed the assertion: one, now valid, for AWS, of somebody. The error is, or
// wraps, one of the package's.
//
// Where the error is ErrExpired or ErrAudience the signature was verified all
// the same, and the assertion is returned with it.
func (p *Provider) Verify(response []byte, now time.Time) (*Assertion, error) {
	root, err := parse(response, responseBounds)
	if err != nil {
		return nil, err
	}
	if root.Tag != "Response" || root.NamespaceURI() != protocolSpace {
		return nil, invalid("it is no response")
	}
	if now.After(p.ValidUntil) {
		return nil, fmt.Errorf("%w: the metadata have expired", ErrSignature)
	}
	signed, err := p.signedAssertion(root, now)
	if err != nil {
		return nil, err
	}
	if status := child(root, protocolSpace, "Status"); status != nil {
		code := child(status, protocolSpace, "StatusCode")
		if code == nil || code.SelectAttrValue("Value", "") != success {
			return nil, invalid("the provider refused")
		}
	}
	doc := etree.NewDocument()
	doc.SetRoot(signed)
	b, err := doc.WriteToBytes()
	if err != nil {
		return nil, invalid("%v", err)
	}
	var a assertion
	if err := xml.Unmarshal(b, &a); err != nil {
		return nil, invalid("%v", err)
	}
	return p.accept(&a, now)
}

// signedAssertion finds the assertion of a response in what is signed of it: all,
// or the assertion. A signature of all that is not good is not made up for by one
// of the assertion.
func (p *Provider) signedAssertion(root *etree.Element, now time.Time) (*etree.Element, error) {
	if child(root, assertionSpace, "EncryptedAssertion") != nil {
		return nil, invalid("its assertion is encrypted")
	}
	whole, err := p.signedBy(root, now)
	if err != nil {
		return nil, err
	}
	in := root
	if whole != nil {
		in = whole
	}
	found := children(in, assertionSpace, "Assertion")
	if len(found) != 1 {
		return nil, invalid("it has %d assertions", len(found))
	}
	if whole != nil {
		return detached(found[0])
	}
	signed, err := p.signedBy(found[0], now)
	if err == nil && signed == nil {
		err = ErrSignature
	}
	return signed, err
}

// accept judges an assertion that is signed.
func (p *Provider) accept(a *assertion, now time.Time) (*Assertion, error) {
	if a.Version != "2.0" || a.ID == "" || len(a.Issuers) != 1 || len(a.Subjects) != 1 || len(a.Conditions) != 1 {
		return nil, invalid("it has not one issuer, subject and set of conditions")
	}
	if strings.TrimSpace(a.Issuers[0]) != p.EntityID {
		return nil, ErrIssuer
	}
	subject := a.Subjects[0]
	if len(subject.Names) != 1 || subject.Names[0].Value == "" {
		return nil, invalid("its subject has not one name")
	}
	out := &Assertion{
		ID: a.ID, Issuer: p.EntityID, Subject: subject.Names[0].Value, Attributes: map[string][]string{},
		SubjectType: subject.Names[0].Format[strings.LastIndex(subject.Names[0].Format, ":")+1:],
	}
	for _, attribute := range a.Attributes {
		out.Attributes[attribute.Name] = append(out.Attributes[attribute.Name], attribute.Values...)
	}
	for _, s := range a.Authentications {
		if e := s.SessionEnds; !e.IsZero() && (out.SessionEnds.IsZero() || e.Before(out.SessionEnds)) {
			out.SessionEnds = e
		}
	}
	if err := a.current(out, now); err != nil {
		return out, err
	}
	return out, a.forAWS()
}

// current judges the times, and finds the confirmation that makes the bearer of
// the assertion its subject.
func (a *assertion) current(out *Assertion, now time.Time) error {
	c := a.Conditions[0]
	early := a.Issued.After(now.Add(leeway)) || c.NotBefore.After(now.Add(leeway))
	over := func(end time.Time) bool { return !end.IsZero() && !now.Before(end.Add(leeway)) }
	if early || over(c.NotOnOrAfter) || over(a.Issued.Add(redeemable-leeway)) || over(out.SessionEnds) {
		return ErrExpired
	}
	err := ErrAudience
	for _, confirmation := range a.Subjects[0].Confirmations {
		if confirmation.Method != bearer || len(confirmation.Data) != 1 {
			continue
		}
		d := confirmation.Data[0]
		if !isSignIn(d.Recipient) {
			continue
		}
		if d.NotOnOrAfter.IsZero() || over(d.NotOnOrAfter) || d.NotBefore.After(now.Add(leeway)) {
			err = ErrExpired
			continue
		}
		out.Recipient = d.Recipient
		return nil
	}
	return err
}

// forAWS reports whether AWS is of every audience that there is.
func (a *assertion) forAWS() error {
	restrictions := a.Conditions[0].Restrictions
	if len(restrictions) == 0 {
		return ErrAudience
	}
	for _, r := range restrictions {
		if !slices.ContainsFunc(r.Audiences, func(audience string) bool {
			return audience == webServices || isSignIn(audience)
		}) {
			return ErrAudience
		}
	}
	return nil
}

// isSignIn reports whether a URL is that of the sign-in, or of a Region's:
// "https://eu-west-1.signin.aws.amazon.com/saml".
func isSignIn(url string) bool {
	if url == SignIn {
		return true
	}
	region, ok := strings.CutSuffix(strings.TrimPrefix(url, "https://"), ".signin.aws.amazon.com/saml")
	return ok && strings.HasPrefix(url, "https://") && strings.Trim(region, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && region != ""
}
