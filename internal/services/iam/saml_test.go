package iam_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/app"
	"github.com/cairn-audit/cairn/internal/apptest"
)

// samlProvider signs assertions as a SAML identity provider does.
type samlProvider struct {
	t           *testing.T
	key         *rsa.PrivateKey
	certificate []byte
	arn         string
}

const samlEntity = "https://idp.example.com/metadata"

func (w *world) samlProvider() *samlProvider {
	w.t.Helper()
	key := must(rsa.GenerateKey(rand.Reader, 2048))(w.t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idp"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	p := &samlProvider{t: w.t, key: key, certificate: must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))(w.t)}
	made := must(w.iam(w.Admin).CreateSAMLProvider(w.t.Context(), &iam.CreateSAMLProviderInput{
		Name: aws.String("Okta"), SAMLMetadataDocument: aws.String(p.metadata()),
	}))(w.t)
	p.arn = *made.SAMLProviderArn
	return p
}

func (p *samlProvider) metadata() string {
	return `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + samlEntity + `">` +
		`<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing">` +
		`<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>` +
		base64.StdEncoding.EncodeToString(p.certificate) + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>` +
		`</md:IDPSSODescriptor></md:EntityDescriptor>`
}

// response is a signed response with attributes by the end of their names.
func (p *samlProvider) response(id string, issued time.Time, attributes map[string]string) string {
	p.t.Helper()
	at := func(d time.Duration) string { return issued.Add(d).UTC().Format(time.RFC3339) }
	var list strings.Builder
	for name, value := range attributes {
		fmt.Fprintf(&list, `<saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/%s"><saml:AttributeValue>%s</saml:AttributeValue></saml:Attribute>`, name, value)
	}
	doc := etree.NewDocument()
	err := doc.ReadFromString(`<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="` + id + `" Version="2.0" IssueInstant="` + at(0) + `">` +
		`<saml:Issuer>` + samlEntity + `</saml:Issuer><saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">carol</saml:NameID>` +
		`<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="` + at(5*time.Minute) +
		`" Recipient="https://signin.aws.amazon.com/saml"/></saml:SubjectConfirmation></saml:Subject>` +
		`<saml:Conditions NotOnOrAfter="` + at(5*time.Minute) + `"><saml:AudienceRestriction><saml:Audience>https://signin.aws.amazon.com/saml</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
		`<saml:AttributeStatement>` + list.String() + `</saml:AttributeStatement></saml:Assertion>`)
	if err != nil {
		p.t.Fatal(err)
	}
	context := must(dsig.NewSigningContext(p.key, [][]byte{p.certificate}))(p.t)
	context.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	signed := must(context.SignEnveloped(doc.Root()))(p.t)
	response := etree.NewDocument()
	if err := response.ReadFromString(`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r" Version="2.0"/>`); err != nil {
		p.t.Fatal(err)
	}
	response.Root().AddChild(signed)
	return must(response.WriteToString())(p.t)
}

// TestASAMLAssertionOpensASessionOnce compares with a published record
// (423fa918): who the event says called, its parameters, its resources.
func TestASAMLAssertionOpensASessionOnce(t *testing.T) {
	w := start(t, app.Config{})
	p := w.samlProvider()
	roleARN := w.role("sso", fmt.Sprintf(`{"Federated":%q}`, p.arn), `"sts:AssumeRoleWithSAML","sts:TagSession"`)
	assume := func(role, response string) (*sts.AssumeRoleWithSAMLOutput, error) {
		return w.sts(nil).AssumeRoleWithSAML(t.Context(), &sts.AssumeRoleWithSAMLInput{
			RoleArn: &role, PrincipalArn: &p.arn, SAMLAssertion: aws.String(base64.StdEncoding.EncodeToString([]byte(response))),
		})
	}
	attributes := map[string]string{"Role": p.arn + "," + roleARN, "RoleSessionName": "carol@example.com", "PrincipalTag:team": "red"}
	response := p.response("_1", time.Now(), attributes)
	out := must(assume(roleARN, response))(t)
	if *out.Subject != "carol" || *out.SubjectType != "persistent" || *out.Issuer != samlEntity || *out.Audience != "https://signin.aws.amazon.com/saml" {
		t.Errorf("answer %+v", out)
	}
	e := w.newest(w.Admin, "EventName", "AssumeRoleWithSAML", 1)[0]
	if id := *e.UserIdentity; id.Type != event.SAMLUser || id.PrincipalID != *out.NameQualifier+":carol" || id.UserName != "carol" ||
		id.IdentityProvider != *out.NameQualifier || len(*out.NameQualifier) != 28 {
		t.Errorf("identity %+v, qualifier %s", id, *out.NameQualifier)
	}
	if want := fmt.Sprintf(`{"sAMLAssertionID":"_1","roleSessionName":"carol@example.com","principalTags":{"team":"red"},"roleArn":%q,"principalArn":%q}`, roleARN, p.arn); string(e.RequestParameters) != want {
		t.Errorf("parameters %s, want %s", e.RequestParameters, want)
	}
	if len(e.Resources) != 2 || e.Resources[0].ARN != roleARN || e.Resources[1].ARN != p.arn || e.Resources[1].Type != "AWS::IAM::SAMLProvider" {
		t.Errorf("resources %v", e.Resources)
	}
	got, said := w.identity(apptest.Session(out.Credentials))
	if want := `{"type":"AssumedRole","principalId":"AROA…:carol@example.com","arn":"arn:aws:sts::{account}:assumed-role/sso/carol@example.com","accountId":"{account}","accessKeyId":"ASIA…",` +
		`"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA…","arn":"arn:aws:iam::{account}:role/sso","accountId":"{account}","userName":"sso"},` +
		`"attributes":{"creationDate":"{time}","mfaAuthenticated":"false"}}}`; w.redact(got) != want || *said.UserId != got.PrincipalID {
		t.Errorf("userIdentity\n%s\nwant\n%s", w.redact(got), want)
	}
	for name, test := range map[string]struct {
		role, response string
		code           string
		named          bool // the event says who
	}{
		"again":                         {roleARN, response, "InvalidIdentityToken", true},
		"changed":                       {roleARN, strings.ReplaceAll(p.response("_2", time.Now(), attributes), ">carol<", ">mallory<"), "InvalidIdentityToken", false},
		"too old":                       {roleARN, p.response("_3", time.Now().Add(-6*time.Minute), attributes), "ExpiredTokenException", true},
		"no role of his":                {roleARN, p.response("_4", time.Now(), map[string]string{"Role": p.arn + "," + roleARN + "2", "RoleSessionName": "carol"}), "AccessDenied", true},
		"no session name":               {roleARN, p.response("_5", time.Now(), map[string]string{"Role": p.arn + "," + roleARN}), "InvalidIdentityToken", true},
		"a hostile name":                {roleARN, p.response("_6", time.Now(), map[string]string{"Role": p.arn + "," + roleARN, "RoleSessionName": "a b"}), "InvalidIdentityToken", true},
		"a source identity":             {roleARN, p.response("_7", time.Now(), map[string]string{"Role": roleARN + "," + p.arn, "RoleSessionName": "carol", "SourceIdentity": "carol"}), "AccessDenied", true},
		"a role that is none":           {roleARN + "2", p.response("_8", time.Now(), map[string]string{"Role": roleARN + "2," + p.arn, "RoleSessionName": "carol"}), "AccessDenied", true},
		"of a provider in another case": {roleARN, p.response("_10", time.Now(), map[string]string{"Role": strings.ToLower(p.arn) + "," + roleARN, "RoleSessionName": "carol"}), "AccessDenied", true},
		"nonsense":                      {roleARN, "nonsense", "InvalidIdentityToken", false},
		"nested":                        {roleARN, strings.Repeat("<a>", 20_000), "InvalidIdentityToken", false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := assume(test.role, test.response)
			mustRefuse(t, err, test.code)
			e := w.newest(w.Admin, "EventName", "AssumeRoleWithSAML", 1)[0]
			kind, user := event.Unknown, ""
			if test.named {
				kind, user = event.SAMLUser, "carol"
			}
			if e.ErrorCode == "" || e.UserIdentity.Type != kind || e.UserIdentity.UserName != user {
				t.Errorf("event: error %s, identity %+v", e.ErrorCode, e.UserIdentity)
			}
		})
	}
	must(w.iam(w.Admin).DeleteSAMLProvider(t.Context(), &iam.DeleteSAMLProviderInput{SAMLProviderArn: &p.arn}))(t)
	_, err := assume(roleARN, p.response("_9", time.Now(), attributes))
	mustRefuse(t, err, "InvalidIdentityToken")
}

func TestSAMLProvidersAreKept(t *testing.T) {
	w := start(t, app.Config{})
	p := w.samlProvider()
	client := w.iam(w.Admin)
	got := must(client.GetSAMLProvider(t.Context(), &iam.GetSAMLProviderInput{SAMLProviderArn: &p.arn}))(t)
	if *got.SAMLMetadataDocument != p.metadata() || !got.ValidUntil.After(time.Now()) || p.arn != "arn:aws:iam::"+w.Account+":saml-provider/Okta" {
		t.Errorf("%s: %+v", p.arn, got)
	}
	list := must(client.ListSAMLProviders(t.Context(), &iam.ListSAMLProvidersInput{}))(t).SAMLProviderList
	if len(list) != 1 || *list[0].Arn != p.arn {
		t.Errorf("list %v", list)
	}
	_, err := client.GetSAMLProvider(t.Context(), &iam.GetSAMLProviderInput{SAMLProviderArn: aws.String(strings.ToLower(p.arn))})
	mustRefuse(t, err, "NoSuchEntity")
	_, err = client.CreateSAMLProvider(t.Context(), &iam.CreateSAMLProviderInput{Name: aws.String("okta"), SAMLMetadataDocument: aws.String(p.metadata())})
	mustRefuse(t, err, "EntityAlreadyExists")
	for _, bad := range []string{strings.Repeat("x", 1000), strings.ReplaceAll(p.metadata(), "IDPSSO", "SPSSO")} {
		_, err := client.UpdateSAMLProvider(t.Context(), &iam.UpdateSAMLProviderInput{SAMLProviderArn: &p.arn, SAMLMetadataDocument: &bad})
		mustRefuse(t, err, "InvalidInput")
	}
	_, err = client.UpdateSAMLProvider(t.Context(), &iam.UpdateSAMLProviderInput{SAMLProviderArn: &p.arn, SAMLMetadataDocument: aws.String(strings.Repeat(" ", 2<<20))})
	mustRefuse(t, err, "LimitExceeded")
	must(client.DeleteSAMLProvider(t.Context(), &iam.DeleteSAMLProviderInput{SAMLProviderArn: &p.arn}))(t)
	_, err = client.GetSAMLProvider(t.Context(), &iam.GetSAMLProviderInput{SAMLProviderArn: &p.arn})
	mustRefuse(t, err, "NoSuchEntity")
}
