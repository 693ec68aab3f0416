package iam_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/app"
	"github.com/cairn-audit/cairn/internal/apptest"
)

const issuerURL = "https://id.example.com/ci"

// tokenIssuer signs tokens as an OpenID Connect issuer does.
type tokenIssuer struct {
	key  *ecdsa.PrivateKey
	file string
}

func newIssuer(t *testing.T) *tokenIssuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "one", Algorithm: "ES256", Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(file, set, 0o600); err != nil {
		t.Fatal(err)
	}
	return &tokenIssuer{key, file}
}

func (i *tokenIssuer) config() app.Config {
	return app.Config{OIDCIssuers: []app.Issuer{{Issuer: issuerURL, Audiences: []string{"sts.amazonaws.com"}, JWKSFile: i.file}}}
}

func (i *tokenIssuer) token(t *testing.T, claims jwt.Claims) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: i.key},
		(&jose.SignerOptions{}).WithHeader("kid", "one"))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// claims are those of a valid token.
func claims() jwt.Claims {
	return jwt.Claims{
		Issuer: issuerURL, Subject: "repo:cairn/cairn", Audience: jwt.Audience{"sts.amazonaws.com"},
		IssuedAt: jwt.NewNumericDate(time.Now()), Expiry: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	}
}

// role makes a role that trusts a principal, with AdministratorAccess.
func (w *world) role(name, principal, action string) string {
	w.t.Helper()
	out, err := w.iam(w.Admin).CreateRole(w.t.Context(), &iam.CreateRoleInput{
		RoleName: &name, AssumeRolePolicyDocument: aws.String(fmt.Sprintf(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":%s,"Action":[%s]}]}`, principal, action)),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = w.iam(w.Admin).AttachRolePolicy(w.t.Context(), &iam.AttachRolePolicyInput{
		RoleName: &name, PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess"),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return *out.Role.Arn
}

// code is the code that a device with the seed shows.
func code(seed []byte, at time.Time) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(at.Unix()/30))
	h := hmac.New(sha1.New, seed)
	h.Write(counter[:])
	sum := h.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[19]&0xf:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}

const anySession = `"sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"`

// device gives the administrator an MFA device and returns its serial number and
// a code that was not used yet.
func (w *world) device() (serial, unused string) {
	w.t.Helper()
	made := must(w.iam(w.Admin).CreateVirtualMFADevice(w.t.Context(),
		&iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String("phone")}))(w.t)
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(string(made.VirtualMFADevice.Base32StringSeed))
	if err != nil {
		w.t.Fatal(err)
	}
	serial = *made.VirtualMFADevice.SerialNumber
	now := time.Now()
	must(w.iam(w.Admin).EnableMFADevice(w.t.Context(), &iam.EnableMFADeviceInput{
		UserName: aws.String("administrator"), SerialNumber: &serial,
		AuthenticationCode1: aws.String(code(seed, now.Add(-30*time.Second))), AuthenticationCode2: aws.String(code(seed, now)),
	}))(w.t)
	return serial, code(seed, now.Add(30*time.Second))
}

// TestEveryKindOfIdentityIsProvenAndRecorded makes one call with each kind of
// credentials. {account} and the like stand for what differs between runs.
func TestEveryKindOfIdentityIsProvenAndRecorded(t *testing.T) {
	issuer := newIssuer(t)
	w := start(t, issuer.config())
	roleARN := w.role("deploy", fmt.Sprintf(`{"AWS":"arn:aws:iam::%s:root"}`, w.Account), anySession)
	webARN := w.role("ci", fmt.Sprintf(`{"Federated":"arn:aws:iam::%s:oidc-provider/id.example.com/ci"}`, w.Account), `"sts:AssumeRoleWithWebIdentity"`)
	serial, mfaCode := w.device()
	admin := w.sts(w.Admin)
	withMFA := must(admin.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{SerialNumber: &serial, TokenCode: &mfaCode}))(t).Credentials
	for _, test := range []struct {
		kind string
		open func() *ststypes.Credentials
		key  aws.CredentialsProvider
		want string
	}{
		{kind: "root user", key: w.Root, want: `{"type":"Root","principalId":"{account}","arn":"arn:aws:iam::{account}:root","accountId":"{account}","accessKeyId":"AKIA…"}`},
		{kind: "IAM user", key: w.Admin, want: `{"type":"IAMUser","principalId":"AIDA…","arn":"arn:aws:iam::{account}:user/administrator","accountId":"{account}","accessKeyId":"AKIA…","userName":"administrator"}`},
		{kind: "session of a user", open: func() *ststypes.Credentials {
			return must(admin.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{}))(t).Credentials
		}, want: `{"type":"IAMUser","principalId":"AIDA…","arn":"arn:aws:iam::{account}:user/administrator","accountId":"{account}","accessKeyId":"ASIA…","userName":"administrator",` +
			`"sessionContext":{"attributes":{"creationDate":"{time}","mfaAuthenticated":"false"}}}`},
		{kind: "session of a user with MFA", open: func() *ststypes.Credentials { return withMFA }, want: `{"type":"IAMUser","principalId":"AIDA…","arn":"arn:aws:iam::{account}:user/administrator","accountId":"{account}","accessKeyId":"ASIA…","userName":"administrator",` +
			`"sessionContext":{"attributes":{"creationDate":"{time}","mfaAuthenticated":"true"}}}`},
		{kind: "session of the root user", open: func() *ststypes.Credentials {
			return must(w.sts(w.Root).GetSessionToken(t.Context(), &sts.GetSessionTokenInput{}))(t).Credentials
		}, want: `{"type":"Root","principalId":"{account}","arn":"arn:aws:iam::{account}:root","accountId":"{account}","accessKeyId":"ASIA…","sessionContext":{"attributes":{"creationDate":"{time}","mfaAuthenticated":"false"}}}`},
		{kind: "role", open: func() *ststypes.Credentials {
			return must(admin.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &roleARN, RoleSessionName: aws.String("release"), SourceIdentity: aws.String("alice")}))(t).Credentials
		}, want: `{"type":"AssumedRole","principalId":"AROA…:release","arn":"arn:aws:sts::{account}:assumed-role/deploy/release","accountId":"{account}","accessKeyId":"ASIA…",` +
			`"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA…","arn":"arn:aws:iam::{account}:role/deploy","accountId":"{account}","userName":"deploy"},` +
			`"attributes":{"creationDate":"{time}","mfaAuthenticated":"false"},"sourceIdentity":"alice"}}`},
		{kind: "role assumed by a role", open: func() *ststypes.Credentials {
			first := must(admin.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &roleARN, RoleSessionName: aws.String("release"), SourceIdentity: aws.String("alice")}))(t).Credentials
			return must(w.sts(apptest.Session(first)).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &roleARN, RoleSessionName: aws.String("again")}))(t).Credentials
		}, want: `{"type":"AssumedRole","principalId":"AROA…:again","arn":"arn:aws:sts::{account}:assumed-role/deploy/again","accountId":"{account}","accessKeyId":"ASIA…",` +
			`"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA…","arn":"arn:aws:iam::{account}:role/deploy","accountId":"{account}","userName":"deploy"},` +
			`"attributes":{"creationDate":"{time}","mfaAuthenticated":"false"},"sourceIdentity":"alice"}}`},
		{kind: "role assumed with MFA", open: func() *ststypes.Credentials {
			return must(w.sts(apptest.Session(withMFA)).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &roleARN, RoleSessionName: aws.String("careful")}))(t).Credentials
		}, want: `{"type":"AssumedRole","principalId":"AROA…:careful","arn":"arn:aws:sts::{account}:assumed-role/deploy/careful","accountId":"{account}","accessKeyId":"ASIA…",` +
			`"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA…","arn":"arn:aws:iam::{account}:role/deploy","accountId":"{account}","userName":"deploy"},` +
			`"attributes":{"creationDate":"{time}","mfaAuthenticated":"true"}}}`},
		{kind: "role of another account", open: func() *ststypes.Credentials {
			return must(admin.AssumeRole(t.Context(), &sts.AssumeRoleInput{
				RoleArn: aws.String("arn:aws:iam::" + other + ":role/OrganizationAccountAccessRole"), RoleSessionName: aws.String("visit"),
			}))(t).Credentials
		}, want: `{"type":"AssumedRole","principalId":"AROA…:visit","arn":"arn:aws:sts::{other}:assumed-role/OrganizationAccountAccessRole/visit","accountId":"{other}","accessKeyId":"ASIA…",` +
			`"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA…","arn":"arn:aws:iam::{other}:role/OrganizationAccountAccessRole","accountId":"{other}","userName":"OrganizationAccountAccessRole"},` +
			`"attributes":{"creationDate":"{time}","mfaAuthenticated":"false"}}}`},
		{kind: "federated user", open: func() *ststypes.Credentials {
			return must(admin.GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("bob")}))(t).Credentials
		}, want: `{"type":"FederatedUser","principalId":"{account}:bob","arn":"arn:aws:sts::{account}:federated-user/bob","accountId":"{account}","accessKeyId":"ASIA…",` +
			`"sessionContext":{"sessionIssuer":{"type":"IAMUser","principalId":"AIDA…","arn":"arn:aws:iam::{account}:user/administrator","accountId":"{account}","userName":"administrator"},` +
			`"attributes":{"creationDate":"{time}","mfaAuthenticated":"false"}}}`},
		{kind: "federated user of the root user", open: func() *ststypes.Credentials {
			return must(w.sts(w.Root).GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("bob")}))(t).Credentials
		}, want: `{"type":"FederatedUser","principalId":"{account}:bob","arn":"arn:aws:sts::{account}:federated-user/bob","accountId":"{account}","accessKeyId":"ASIA…",` +
			`"sessionContext":{"sessionIssuer":{"type":"Root","principalId":"{account}","arn":"arn:aws:iam::{account}:root","accountId":"{account}"},` +
			`"attributes":{"creationDate":"{time}","mfaAuthenticated":"false"}}}`},
		{kind: "web identity", open: func() *ststypes.Credentials {
			token := issuer.token(t, claims())
			return must(w.sts(nil).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{RoleArn: &webARN, RoleSessionName: aws.String("build"), WebIdentityToken: &token}))(t).Credentials
		}, want: `{"type":"AssumedRole","principalId":"AROA…:build","arn":"arn:aws:sts::{account}:assumed-role/ci/build","accountId":"{account}","accessKeyId":"ASIA…",` +
			`"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA…","arn":"arn:aws:iam::{account}:role/ci","accountId":"{account}","userName":"ci"},` +
			`"webIdFederationData":{"federatedProvider":"arn:aws:iam::{account}:oidc-provider/id.example.com/ci"},"attributes":{"creationDate":"{time}","mfaAuthenticated":"false"}}}`},
	} {
		t.Run(test.kind, func(t *testing.T) {
			w := *w
			w.t = t
			key := test.key
			if test.open != nil {
				key = apptest.Session(test.open())
			}
			got, said := w.identity(key)
			if text := w.redact(got); text != test.want {
				t.Errorf("userIdentity\n%s\nwant\n%s", text, test.want)
			}
			if *said.Arn != got.ARN || *said.UserId != got.PrincipalID || *said.Account != got.AccountID {
				t.Errorf("GetCallerIdentity says %s, %s", *said.Arn, *said.UserId)
			}
		})
	}
}

var redactions = []struct {
	pattern *regexp.Regexp
	by      string
}{
	{regexp.MustCompile(`"(AKIA|ASIA)[A-Z2-7]{16}"`), `"$1…"`},
	{regexp.MustCompile(`"(AIDA|AROA)[A-Z2-7]{17}`), `"$1…`},
	{regexp.MustCompile(`"creationDate":"20[^"]{18}"`), `"creationDate":"{time}"`},
	{regexp.MustCompile(other), "{other}"},
}

// redact puts names in place of what differs between runs.
func (w *world) redact(id *event.UserIdentity) string {
	w.t.Helper()
	b, err := json.Marshal(id)
	if err != nil {
		w.t.Fatal(err)
	}
	text := regexp.MustCompile(w.Account).ReplaceAllString(string(b), "{account}")
	for _, r := range redactions {
		text = r.pattern.ReplaceAllString(text, r.by)
	}
	return text
}

// TestEveryKindOfIdentityThatIsNoCredentialIsRecorded looks at the events of
// calls that nobody's key signed, and at what happens without a call.
func TestEveryKindOfIdentityThatIsNoCredentialIsRecorded(t *testing.T) {
	issuer := newIssuer(t)
	config := issuer.config()
	config.Sandbox.Clock = 1e6
	w := start(t, config)
	webARN := w.role("ci", fmt.Sprintf(`{"Federated":"arn:aws:iam::%s:oidc-provider/id.example.com/ci"}`, w.Account), `"sts:AssumeRoleWithWebIdentity"`)
	token := issuer.token(t, claims())
	must(w.sts(nil).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{RoleArn: &webARN, RoleSessionName: aws.String("build"), WebIdentityToken: &token}))(t)
	visitor := w.In(other)
	w.scaled()
	w.purchased()
	w.send(must(http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/?Action=GetCallerIdentity&Version=2011-06-15", nil))(t))
	const roleOfService = `"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA…","arn":"arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",` +
		`"accountId":"{account}","userName":"AWSServiceRoleForAutoScaling"},"attributes":{"creationDate":"{time}","mfaAuthenticated":"false"}},"invokedBy":"autoscaling.amazonaws.com"}`
	for kind, test := range map[string]struct {
		reader aws.CredentialsProvider
		event  string
		want   string
	}{
		"a web identity": {w.Admin, "AssumeRoleWithWebIdentity", `{"type":"WebIdentityUser","principalId":"arn:aws:iam::{account}:oidc-provider/id.example.com/ci:sts.amazonaws.com:repo:cairn/cairn",` +
			`"userName":"repo:cairn/cairn","identityProvider":"arn:aws:iam::{account}:oidc-provider/id.example.com/ci"}`},
		"another account":                     {visitor, "AssumeRole", `{"type":"AWSAccount","principalId":"AIDA…","accountId":"{account}"}`},
		"a service that opens a session":      {w.Admin, "AssumeRole", `{"type":"AWSService","invokedBy":"autoscaling.amazonaws.com"}`},
		"a service in EC2":                    {w.Admin, "RunInstances", `{"type":"AssumedRole","principalId":"AROA…:AutoScaling","arn":"arn:aws:sts::{account}:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling","accountId":"{account}",` + roleOfService},
		"what happens without a call":         {w.Admin, "CapacityBlockScheduled", `{"accountId":"{account}","invokedBy":"AWS Internal"}`},
		"nobody, where a signature has to be": {w.Admin, "GetCallerIdentity", `{"type":"Unknown"}`},
	} {
		t.Run(kind, func(t *testing.T) {
			w := *w
			w.t = t
			var got []string
			for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
				got = nil
				for _, e := range w.events(test.reader, "EventName", test.event) {
					got = append(got, w.redact(e.UserIdentity))
				}
				if slices.Contains(got, test.want) {
					return
				}
				time.Sleep(25 * time.Millisecond) // services act by themselves
			}
			t.Errorf("%s by\n%s\nwant\n%s", test.event, strings.Join(got, "\n"), test.want)
		})
	}
}

// scaled lets Auto Scaling launch an instance.
func (w *world) scaled() {
	w.t.Helper()
	client := autoscaling.New(autoscaling.Options{BaseEndpoint: &w.URL, Region: region, Credentials: w.Admin})
	images := must(w.ec2().DescribeImages(w.t.Context(), &ec2.DescribeImagesInput{Owners: []string{"amazon"}}))(w.t).Images
	must(client.CreateLaunchConfiguration(w.t.Context(), &autoscaling.CreateLaunchConfigurationInput{
		LaunchConfigurationName: aws.String("web"), ImageId: images[0].ImageId, InstanceType: aws.String("t3.micro"),
	}))(w.t)
	must(client.CreateAutoScalingGroup(w.t.Context(), &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String("web"), LaunchConfigurationName: aws.String("web"),
		MinSize: aws.Int32(1), MaxSize: aws.Int32(1), AvailabilityZones: []string{region + "a"},
	}))(w.t)
}

// purchased buys a Capacity Block.
func (w *world) purchased() {
	w.t.Helper()
	offers := must(w.ec2().DescribeCapacityBlockOfferings(w.t.Context(), &ec2.DescribeCapacityBlockOfferingsInput{
		InstanceType: aws.String("p4d.24xlarge"), InstanceCount: aws.Int32(1), CapacityDurationHours: aws.Int32(24),
	}))(w.t).CapacityBlockOfferings
	must(w.ec2().PurchaseCapacityBlock(w.t.Context(), &ec2.PurchaseCapacityBlockInput{
		CapacityBlockOfferingId: offers[0].CapacityBlockOfferingId, InstancePlatform: ec2types.CapacityReservationInstancePlatformLinuxUnix,
	}))(w.t)
}

func TestAssumingARoleOfAnotherAccountIsRecordedInBoth(t *testing.T) {
	w := start(t, app.Config{})
	visitor := w.In(other)
	id := keyID(t, w.Admin)
	byCaller := w.events(w.Admin, "EventName", "AssumeRole")
	inOther := w.events(visitor, "EventName", "AssumeRole")
	if len(byCaller) != 1 || len(inOther) != 1 {
		t.Fatalf("%d and %d events, want one in each account", len(byCaller), len(inOther))
	}
	a, b := byCaller[0], inOther[0]
	if a.SharedEventID == "" || a.SharedEventID != b.SharedEventID || a.EventID == b.EventID {
		t.Errorf("shared ids %q, %q, event ids %q, %q", a.SharedEventID, b.SharedEventID, a.EventID, b.EventID)
	}
	if a.RecipientAccountID != w.Account || b.RecipientAccountID != other {
		t.Errorf("recipients %s, %s", a.RecipientAccountID, b.RecipientAccountID)
	}
	if a.UserIdentity.AccessKeyID != id || a.UserIdentity.Type != event.IAMUser {
		t.Errorf("caller's copy: %+v", a.UserIdentity)
	}
	want := event.UserIdentity{Type: event.AWSAccount, PrincipalID: a.UserIdentity.PrincipalID, AccountID: w.Account}
	if got := *b.UserIdentity; got.Type != want.Type || got.PrincipalID != want.PrincipalID || got.AccountID != want.AccountID || got.ARN != "" || got.AccessKeyID != "" {
		t.Errorf("other account's copy: %+v", got)
	}
	if string(a.ResponseElements) != string(b.ResponseElements) || len(b.Resources) != 1 || b.Resources[0].AccountID != other {
		t.Errorf("copies differ: %s, %s, %v", a.ResponseElements, b.ResponseElements, b.Resources)
	}
}

func TestAWebIdentityCallIsRecordedAsTheWebIdentitys(t *testing.T) {
	issuer := newIssuer(t)
	w := start(t, issuer.config())
	roleARN := w.role("ci", fmt.Sprintf(`{"Federated":"arn:aws:iam::%s:oidc-provider/id.example.com/ci"}`, w.Account), `"sts:AssumeRoleWithWebIdentity"`)
	assume := func(token string) error {
		_, err := w.sts(nil).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: &roleARN, RoleSessionName: aws.String("build"), WebIdentityToken: &token,
		})
		return err
	}
	if err := assume(issuer.token(t, claims())); err != nil {
		t.Fatal(err)
	}
	provider := "arn:aws:iam::" + w.Account + ":oidc-provider/id.example.com/ci"
	id := w.events(w.Admin, "EventName", "AssumeRoleWithWebIdentity")[0].UserIdentity
	if id.Type != event.WebIdentityUser || id.PrincipalID != provider+":sts.amazonaws.com:repo:cairn/cairn" ||
		id.UserName != "repo:cairn/cairn" || id.IdentityProvider != provider || id.AccessKeyID != "" {
		t.Errorf("identity %+v", id)
	}
	for name, test := range map[string]struct {
		change func(*jwt.Claims)
		by     *tokenIssuer
		code   string
		proven bool // the issuer signed it
	}{
		"expired":          {func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(time.Now().Add(-time.Hour)) }, nil, "ExpiredTokenException", true},
		"another audience": {func(c *jwt.Claims) { c.Audience = jwt.Audience{"elsewhere"} }, nil, "InvalidIdentityToken", true},
		"no end":           {func(c *jwt.Claims) { c.Expiry = nil }, nil, "InvalidIdentityToken", false},
		"no audience":      {func(c *jwt.Claims) { c.Audience = nil }, nil, "InvalidIdentityToken", false},
		"another issuer":   {func(c *jwt.Claims) { c.Issuer = "https://evil.example.com" }, nil, "InvalidIdentityToken", false},
		"another key":      {func(*jwt.Claims) {}, newIssuer(t), "InvalidIdentityToken", false},
	} {
		t.Run(name, func(t *testing.T) {
			c, by := claims(), issuer
			test.change(&c)
			if test.by != nil {
				by = test.by
			}
			mustRefuse(t, assume(by.token(t, c)), test.code)
			e := w.events(w.Admin, "EventName", "AssumeRoleWithWebIdentity")[0]
			kind, name := event.Unknown, ""
			if test.proven {
				kind, name = event.WebIdentityUser, "repo:cairn/cairn"
			}
			if e.ErrorCode == "" || e.UserIdentity.Type != kind || e.UserIdentity.UserName != name {
				t.Errorf("event: error %q, identity %+v", e.ErrorCode, e.UserIdentity)
			}
		})
	}
	mustRefuse(t, assume("not a token at all"), "InvalidIdentityToken")
}

// TestAWebIdentityThatARoleDoesNotTrustIsRecordedByName: the event keeps the
// parameters, as published ones do (899f0a00), but not the token. In an account
// that there is not nobody would see it: it is the server's then.
func TestAWebIdentityThatARoleDoesNotTrustIsRecordedByName(t *testing.T) {
	issuer := newIssuer(t)
	w := start(t, issuer.config())
	own := w.role("ci", fmt.Sprintf(`{"AWS":"%s"}`, w.Account), `"sts:AssumeRole"`)
	token := issuer.token(t, claims())
	for _, role := range []string{own, "arn:aws:iam::999999999999:role/ci"} {
		_, err := w.sts(nil).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: &role, RoleSessionName: aws.String("build"), WebIdentityToken: &token,
		})
		mustRefuse(t, err, "AccessDenied")
		e := w.events(w.Admin, "EventName", "AssumeRoleWithWebIdentity")[0]
		if e.ErrorCode != "AccessDenied" || e.UserIdentity.Type != event.WebIdentityUser || e.UserIdentity.UserName != "repo:cairn/cairn" {
			t.Errorf("error %s, identity %+v", e.ErrorCode, e.UserIdentity)
		}
		if want := fmt.Sprintf(`{"roleArn":%q,"roleSessionName":"build"}`, role); string(e.RequestParameters) != want {
			t.Errorf("parameters %s, want %s", e.RequestParameters, want)
		}
		if e.RecipientAccountID != w.Account || len(e.Resources) != 1 || e.Resources[0].ARN != role {
			t.Errorf("account %s, resources %v", e.RecipientAccountID, e.Resources)
		}
	}
}

func TestCredentialsThatProveNothingAreRefused(t *testing.T) {
	w := start(t, app.Config{})
	good := must(w.sts(w.Admin).GetSessionToken(t.Context(), &sts.GetSessionTokenInput{}))(t).Credentials
	another := must(w.sts(w.Admin).GetSessionToken(t.Context(), &sts.GetSessionTokenInput{}))(t).Credentials
	for name, test := range map[string]struct {
		key, secret, token string
		code               string
	}{
		"no token":          {*good.AccessKeyId, *good.SecretAccessKey, "", "InvalidClientTokenId"},
		"another's token":   {*good.AccessKeyId, *good.SecretAccessKey, *another.SessionToken, "InvalidClientTokenId"},
		"a changed token":   {*good.AccessKeyId, *good.SecretAccessKey, "A" + (*good.SessionToken)[1:] + "=", "InvalidClientTokenId"},
		"the wrong secret":  {*good.AccessKeyId, "wrong", *good.SessionToken, "SignatureDoesNotMatch"},
		"another's secret":  {*good.AccessKeyId, *another.SecretAccessKey, *good.SessionToken, "SignatureDoesNotMatch"},
		"a token and AKIA…": {keyID(t, w.Admin), "wrong", *good.SessionToken, "InvalidClientTokenId"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.sts(credentials.NewStaticCredentialsProvider(test.key, test.secret, test.token)).
				GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
			mustRefuse(t, err, test.code)
			e := w.events(w.Admin, "AccessKeyId", test.key)[0]
			if e.UserIdentity.Type != event.Unknown || e.UserIdentity.ARN != "" || e.ErrorCode == "" {
				t.Errorf("event: error %q, identity %+v", e.ErrorCode, e.UserIdentity)
			}
		})
	}
}
