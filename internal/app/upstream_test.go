package app

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"go.yaml.in/yaml/v3"

	"github.com/cairn-audit/cairn/internal/cairntest"
	"github.com/cairn-audit/cairn/internal/gateway"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/sigv4"
)

// signers notes the keys that sign what comes to an endpoint.
type signers struct {
	mu   sync.Mutex
	keys []string // guarded by mu
}

func (s *signers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	signature, err := sigv4.Parse(sigv4.FromHTTP(r))
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, signature.AccessKeyID)
}

// last returns the key that signed the last request.
func (s *signers) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.keys) == 0 {
		return ""
	}
	return s.keys[len(s.keys)-1]
}

// newUser makes a user who may do everything and returns its key.
func newUser(t *testing.T, s *Server, name string) identity.Credential {
	t.Helper()
	client := iam.NewFromConfig(awsConfig(s.Endpoint().URL, administrator(t, s)))
	if _, err := client.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &name}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.AttachUserPolicy(t.Context(), &iam.AttachUserPolicyInput{
		UserName: &name, PolicyArn: aws.String(identity.AdministratorAccess),
	}); err != nil {
		t.Fatal(err)
	}
	out, err := client.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		t.Fatal(err)
	}
	return identity.Credential{AccessKeyID: *out.AccessKey.AccessKeyId, SecretAccessKey: *out.AccessKey.SecretAccessKey}
}

func TestPrincipalsHaveCredentialsOfTheirOwnAtUpstreamsAndRoutes(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("file's secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CI_SECRET", "the environment's secret")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "shared"))
	if err := os.WriteFile(filepath.Join(dir, "shared"), []byte("[upstream]\naws_access_key_id = PROFILEKEY\naws_secret_access_key = s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var upstream, route signers
	other, routed := httptest.NewServer(&upstream), httptest.NewServer(&route)
	defer other.Close()
	defer routed.Close()
	s := start(t, Options{Data: filepath.Join(dir, "data"), Upstream: other.URL, Config: configured(t, `
upstream_credentials: {profile: upstream}
upstream_principals:
  - {principal: "arn:aws:iam::123456789012:user/ci-*", credentials: {access_key_id: CIKEY, secret_access_key_env: CI_SECRET}}
  - {principal: "arn:aws:iam::123456789012:user/nobody", credentials: none}
routes:
  elasticache: `+routed.URL+`
  rds:
    url: `+routed.URL+`
    principals:
      - {principal: "123456789012", credentials: {access_key_id: ROUTEKEY, secret_access_key_file: `+secret+`}}
`)})
	for _, test := range []struct {
		who     identity.Credential
		service string
		at      *signers
		want    string
	}{
		{newUser(t, s, "ci-7"), "ec2", &upstream, "CIKEY"},
		{newUser(t, s, "nobody"), "ec2", &upstream, ""},
		{administrator(t, s), "ec2", &upstream, "PROFILEKEY"},
		{newUser(t, s, "ci-8"), "elasticache", &route, "CIKEY"},
		{administrator(t, s), "rds", &route, "ROUTEKEY"},
	} {
		test.at.keys = nil
		r, err := http.NewRequest("GET", s.Endpoint().URL+"/?Action=DescribeEvents&Version=2014-10-31", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := sigv4.NewSigner().Sign(t.Context(), r, sigv4.Key{
			AccessKeyID: test.who.AccessKeyID, Secret: test.who.SecretAccessKey, Region: DefaultRegion, Service: test.service,
		}, sigv4.HashHex(nil), time.Now()); err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := test.at.last(); got != test.want || (got == "") != (resp.StatusCode == 403) {
			t.Errorf("%s was signed with %q, want %q (status %d)", test.service, got, test.want, resp.StatusCode)
		}
	}
}

// TestARoleIsAssumedAtARealSTS: at moto, which tells the name of the session.
func TestARoleIsAssumedAtARealSTS(t *testing.T) {
	moto := cairntest.StartMoto(t)
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1") // which a shell set up for Cairn has
	s := start(t, Options{Data: filepath.Join(t.TempDir(), "data"), Upstream: moto, Config: configured(t, `
upstream_principals:
  - principal: arn:aws:iam::123456789012:user/ci-*
    credentials:
      role_arn: arn:aws:iam::999988887777:role/ci
      session_name: "cairn-{userName}"
      duration: 15m
      access_key_id: test
      secret_access_key: test
`)})
	// IAM and STS are Cairn's own, so who signed is asked for in another way:
	// moto makes VPCs in the account of the role.
	out, err := ec2.NewFromConfig(awsConfig(s.Endpoint().URL, newUser(t, s, "ci-7"))).DescribeVpcs(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if owner := aws.ToString(out.Vpcs[0].OwnerId); owner != "999988887777" {
		t.Errorf("the call was made in account %s", owner)
	}
	_, err = ec2.NewFromConfig(awsConfig(s.Endpoint().URL, administrator(t, s))).DescribeVpcs(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "because it has no credentials for the service behind this endpoint") {
		t.Errorf("a principal that no rule has: %v", err)
	}
}

func TestAnSTSThatCannotBeReachedFailsTheCallAndIsLogged(t *testing.T) {
	var upstream signers
	other := httptest.NewServer(&upstream)
	defer other.Close()
	var log bytes.Buffer
	s := start(t, Options{
		Data: filepath.Join(t.TempDir(), "data"), Upstream: other.URL, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Config: configured(t, `
upstream_credentials:
  role_arn: arn:aws:iam::999988887777:role/ci
  sts_endpoint: http://127.0.0.1:1
  access_key_id: AKIDEXAMPLE
  secret_access_key: very-secret
`)})
	_, err := ec2.NewFromConfig(awsConfig(s.Endpoint().URL, administrator(t, s))).DescribeVpcs(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "could not be obtained") || upstream.last() != "" {
		t.Errorf("got %v after %q", err, upstream.keys)
	}
	if e := lookup(t, awsConfig(s.Endpoint().URL, administrator(t, s)), "")[0]; e.EventName != "DescribeVpcs" || e.ErrorCode != "Server.Unavailable" {
		t.Errorf("event %+v", e)
	}
	stop(t, s)
	for _, want := range []string{"role/ci as ", "accessKeyId=AKIDEXAMPLE"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
	if strings.Contains(log.String(), "very-secret") {
		t.Error("the log has the secret")
	}
}

func TestSecretsOfTheConfigurationAreNotShown(t *testing.T) {
	c := Credentials{AccessKeyID: "AKID", SecretAccessKey: "very-secret", ExternalID: "very-secret"}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "c", c, "s", c.SecretAccessKey)
	text, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{fmt.Sprintf("%v %+v %#v %q", c, c, c, c.SecretAccessKey), log.String(), string(text)} {
		if strings.Contains(shown, "very-secret") {
			t.Errorf("shown: %s", shown)
		}
	}
}

func TestCredentialsThatCannotWorkAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"{access_key_id: A}": "needs its secret",
		"{access_key_id: A, secret_access_key: s, secret_access_key_env: E}": "needs its secret in one of",
		"{secret_access_key: s}":                               "without its access_key_id",
		"{profile: p, access_key_id: A, secret_access_key: s}": "give one",
		"{session_name: x}":                                    "no role_arn is given",
		"{role_arn: ci}":                                       "not the ARN of a role",
		"{role_arn: 'arn:aws:iam::999988887777:role/ci', session_name: '{user}'}": "no variable {user}",
		"{role_arn: 'arn:aws:iam::999988887777:role/ci', source_identity: 'a b'}": "source_identity",
		"{role_arn: 'arn:aws:iam::999988887777:role/ci', duration: 1m}":           "outside 15m0s to 12h0m0s",
		"{role_arn: 'arn:aws:iam::999988887777:role/ci', sts_endpoint: x}":        "sts_endpoint",
		"{key: x}": "not found",
		"~":        "no credentials are given",
	} {
		for _, config := range []string{
			"upstream_principals: [{principal: '*', credentials: " + text + "}]",
			"routes: {ec2: {url: 'http://a', principals: [{principal: '*', credentials: " + text + "}]}}",
		} {
			if _, err := parseConfig([]byte(config)); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %q", config, err, want)
			}
		}
	}
	if _, err := parseConfig([]byte("upstream_principals: [{principal: bob, credentials: none}]")); err == nil || !strings.Contains(err.Error(), "no pattern of principals") {
		t.Errorf("got %v", err)
	}
}

func TestAServerWithoutItsUpstreamKeysDoesNotStart(t *testing.T) {
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	for want, credentials := range map[string]*Credentials{
		"no such file":                {AccessKeyID: "A", SecretAccessKeyFile: "/nowhere/at/all"},
		"NO_SUCH_VARIABLE is not set": {AccessKeyID: "A", SecretAccessKeyEnv: "NO_SUCH_VARIABLE"},
		"profile":                     {Profile: "missing", RoleARN: "arn:aws:iam::999988887777:role/ci"},
	} {
		_, err := Start(t.Context(), Options{
			Data: filepath.Join(t.TempDir(), "data"), Listen: "127.0.0.1:0", Upstream: "http://127.0.0.1:1",
			Config: Config{UpstreamPrincipals: []PrincipalCredentials{{Principal: "*", Credentials: credentials}}},
		})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	_, err := Start(t.Context(), Options{
		Data: filepath.Join(t.TempDir(), "data"), Listen: "127.0.0.1:0", Auth: gateway.AuthOpen,
		Config: Config{UpstreamPrincipals: []PrincipalCredentials{{Principal: "*", Credentials: &Credentials{None: true}}}},
	})
	if err == nil || !strings.Contains(err.Error(), "use --auth verify") {
		t.Errorf("in open mode: %v", err)
	}
}

func TestRolesAreAssumedAtTheUpstreamUnlessItIsAWS(t *testing.T) {
	for _, test := range []struct{ upstream, configured, want string }{
		{"http://127.0.0.1:5000", "", "http://127.0.0.1:5000"},
		{"http://127.0.0.1:5000", "https://sts.internal", "https://sts.internal"},
		{"https://ec2.eu-west-1.amazonaws.com", "", "https://sts.eu-central-1.amazonaws.com"},
		{"https://ec2.cn-north-1.amazonaws.com.cn", "", "https://sts.eu-central-1.amazonaws.com.cn"},
		{"https://notamazonaws.com", "", "https://notamazonaws.com"},
	} {
		u, err := endpointURL(test.upstream)
		if err != nil {
			t.Fatal(err)
		}
		if got := stsEndpoint(u, test.configured, "eu-central-1"); got != test.want {
			t.Errorf("%s: %s, want %s", test.upstream, got, test.want)
		}
	}
}
