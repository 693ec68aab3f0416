package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"go.yaml.in/yaml/v3"

	"github.com/cairn-audit/cairn/internal/upstream"
)

// Credentials are those with which requests are signed at another endpoint:
// fixed keys, the keys of a profile, or a role that is assumed with either. The
// zero value is what the AWS SDK's default chain finds.
type Credentials struct {
	// None is for principals who have nothing there: "none" in the file.
	None bool `yaml:"-"`

	// Profile is one of the shared AWS configuration.
	Profile string `yaml:"profile"`

	// AccessKeyID is that of a fixed key. Its secret is in a file, in an
	// environment variable, or, with a warning, in the configuration itself.
	AccessKeyID         string `yaml:"access_key_id"`
	SecretAccessKeyFile string `yaml:"secret_access_key_file"`
	SecretAccessKeyEnv  string `yaml:"secret_access_key_env"`
	SecretAccessKey     Secret `yaml:"secret_access_key"`

	// RoleARN is assumed with the keys above. SessionName and SourceIdentity
	// are templates, see upstream.Template.
	RoleARN        string        `yaml:"role_arn"`
	SessionName    string        `yaml:"session_name"`
	SourceIdentity string        `yaml:"source_identity"`
	ExternalID     Secret        `yaml:"external_id"`
	Duration       time.Duration `yaml:"duration"`
	// STSEndpoint answers AssumeRole; "" is the endpoint that is signed for
	// or, where that is one of AWS's, AWS's STS.
	STSEndpoint string `yaml:"sts_endpoint"`
}

// PrincipalCredentials are those of the principals that a pattern matches, see
// upstream.Pattern.
type PrincipalCredentials struct {
	Principal   string       `yaml:"principal"`
	Credentials *Credentials `yaml:"credentials"`
}

// Secret is a text that is not shown.
type Secret string

const hidden = "(hidden)"

// String hides the secret.
func (s Secret) String() string { return hidden }

// GoString hides the secret.
func (s Secret) GoString() string { return hidden }

// LogValue hides the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// UnmarshalYAML lets "none" stand for no credentials.
func (c *Credentials) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode && n.Value == "none" {
		*c = Credentials{None: true}
		return nil
	}
	type plain Credentials
	return decodeStrictly(n, (*plain)(c))
}

const defaultSessionName = "{userName}"

// validate names the first thing that is wrong, and fills defaults.
func (c *Credentials) validate() error {
	if c == nil || c.None {
		return nil
	}
	secrets := 0
	for _, given := range []bool{c.SecretAccessKeyFile != "", c.SecretAccessKeyEnv != "", c.SecretAccessKey != ""} {
		if given {
			secrets++
		}
	}
	switch {
	case c.Profile != "" && c.AccessKeyID != "":
		return errors.New("a profile and an access_key_id are given: give one")
	case c.AccessKeyID != "" && secrets != 1:
		return errors.New("an access_key_id needs its secret in one of secret_access_key_file, secret_access_key_env and secret_access_key")
	case c.AccessKeyID == "" && secrets > 0:
		return errors.New("a secret is given without its access_key_id")
	case c.RoleARN == "" && (c.SessionName != "" || c.SourceIdentity != "" || c.ExternalID != "" || c.Duration != 0 || c.STSEndpoint != ""):
		return errors.New("session_name, source_identity, external_id, duration and sts_endpoint are for a role, and no role_arn is given")
	}
	if c.STSEndpoint != "" {
		if _, err := endpointURL(c.STSEndpoint); err != nil {
			return fmt.Errorf("sts_endpoint: %w", err)
		}
	}
	if c.SecretAccessKeyFile != "" {
		// The built-in S3 server changes the working directory.
		path, err := filepath.Abs(c.SecretAccessKeyFile)
		if err != nil {
			return err
		}
		c.SecretAccessKeyFile = path
	}
	if c.RoleARN == "" {
		return nil
	}
	if c.SessionName == "" {
		c.SessionName = defaultSessionName
	}
	_, err := c.sessions(nil)
	return err
}

// sessions are those of the role.
func (c *Credentials) sessions(client *sts.Client) (*upstream.Sessions, error) {
	role := upstream.Role{ARN: c.RoleARN, ExternalID: string(c.ExternalID), Duration: c.Duration}
	var err error
	if role.SessionName, err = upstream.ParseTemplate(c.SessionName); err != nil {
		return nil, fmt.Errorf("session_name: %w", err)
	}
	if c.SourceIdentity != "" {
		source, err := upstream.ParseTemplate(c.SourceIdentity)
		if err != nil {
			return nil, fmt.Errorf("source_identity: %w", err)
		}
		role.SourceIdentity = &source
	}
	return upstream.NewSessions(role, client)
}

func validatePrincipals(rules []PrincipalCredentials) error {
	for _, r := range rules {
		if _, err := upstream.ParsePattern(r.Principal); err != nil {
			return err
		}
		if r.Credentials == nil {
			return fmt.Errorf("principal %s: no credentials are given; write none if it has none", r.Principal)
		}
		if err := r.Credentials.validate(); err != nil {
			return fmt.Errorf("principal %s: %w", r.Principal, err)
		}
	}
	return nil
}

// credentialsAt says what the principals have at an endpoint: what the rules give
// them, else the default. Without either it is what the SDK's default chain
// finds. It fails where there are no keys, so that a server that cannot work does
// not start; whether a role may be assumed shows when it is.
func (s *Server) credentialsAt(ctx context.Context, at *url.URL, rules []PrincipalCredentials, c *Credentials) (upstream.Rules, error) {
	var out upstream.Rules
	for _, r := range rules {
		pattern, err := upstream.ParsePattern(r.Principal)
		if err != nil {
			return nil, err
		}
		source, err := s.source(ctx, at, r.Credentials)
		if err != nil {
			return nil, fmt.Errorf("principal %s: %w", r.Principal, err)
		}
		out = append(out, upstream.Rule{Principal: pattern, Source: source})
	}
	if c == nil && len(rules) > 0 {
		return out, nil
	}
	if c == nil {
		c = &Credentials{}
	}
	source, err := s.source(ctx, at, c)
	if err != nil {
		return nil, err
	}
	return append(out, upstream.Rule{Principal: upstream.Everybody(), Source: source}), nil
}

func (s *Server) source(ctx context.Context, at *url.URL, c *Credentials) (upstream.Source, error) {
	if c.None {
		return upstream.None{}, nil
	}
	if c.SecretAccessKey != "" {
		s.options.Logger.Warn("a secret access key stands in the configuration; secret_access_key_file keeps it apart", "accessKeyId", c.AccessKeyID)
	}
	keys, err := c.keys(ctx)
	if err != nil || c.RoleARN == "" {
		return upstream.Fixed{Provider: keys}, err
	}
	endpoint := stsEndpoint(at, c.STSEndpoint, s.options.Region)
	return c.sessions(sts.New(sts.Options{
		Region: s.options.Region, Credentials: keys, BaseEndpoint: &endpoint,
		HTTPClient: httpClient(), RetryMaxAttempts: 2,
	}))
}

// httpClient is the SDK's own, which takes AWS_CA_BUNDLE.
func httpClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTimeout(5 * time.Second)
}

// keys are the fixed ones, or those that the AWS SDK finds.
func (c *Credentials) keys(ctx context.Context) (aws.CredentialsProvider, error) {
	if c.AccessKeyID != "" {
		secret, err := c.secret()
		if err != nil {
			return nil, fmt.Errorf("the secret of %s: %w", c.AccessKeyID, err)
		}
		return credentials.NewStaticCredentialsProvider(c.AccessKeyID, secret, ""), nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	options := []func(*config.LoadOptions) error{config.WithHTTPClient(httpClient())}
	if c.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(c.Profile))
	}
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, err
	}
	if _, err := loaded.Credentials.Retrieve(ctx); err != nil {
		return nil, err
	}
	return loaded.Credentials, nil
}

// maxSecret is longer than any secret access key, in bytes.
const maxSecret = 4096

func (c *Credentials) secret() (string, error) {
	secret := string(c.SecretAccessKey)
	switch {
	case c.SecretAccessKeyEnv != "":
		secret = os.Getenv(c.SecretAccessKeyEnv)
		if secret == "" {
			return "", fmt.Errorf("the environment variable %s is not set", c.SecretAccessKeyEnv)
		}
	case c.SecretAccessKeyFile != "":
		f, err := os.Open(c.SecretAccessKeyFile)
		if err != nil {
			return "", err
		}
		defer f.Close()
		b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
		if err != nil {
			return "", err
		}
		if secret = string(bytes.TrimSpace(b)); secret == "" || len(b) > maxSecret {
			return "", fmt.Errorf("%s does not hold a secret access key", c.SecretAccessKeyFile)
		}
	}
	return secret, nil
}

// stsEndpoint is where the roles of an endpoint are assumed. AWS's endpoints each
// have one service; other ones have all.
func stsEndpoint(at *url.URL, configured, region string) string {
	if configured != "" {
		return configured
	}
	for _, suffix := range []string{"amazonaws.com", "amazonaws.com.cn"} {
		if strings.HasSuffix(at.Hostname(), "."+suffix) {
			return "https://sts." + region + "." + suffix
		}
	}
	return at.String()
}
