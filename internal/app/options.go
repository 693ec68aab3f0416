package app

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"time"

	"github.com/cairn-audit/cairn/internal/gateway"
)

// Options are what a server is started with.
type Options struct {
	// Data is the directory that holds everything; it is made if absent.
	Data string
	// Listen is the address of the endpoint, host:port. Port 0 takes a free
	// one; DATA/endpoint.json says which.
	Listen string
	// TLSCert and TLSKey are PEM files; with them the endpoint speaks TLS.
	TLSCert, TLSKey string
	// Upstream answers the services that Cairn itself is not; empty: the
	// built-in sandbox does.
	Upstream string
	Auth     gateway.Auth
	// Account is the id of the account made at the first start; empty: the
	// one that Data already has, else DefaultAccount.
	Account string
	// Region is where calls are recorded whose signature names none.
	Region string
	// LookupTPS is how many LookupEvents calls an account may make per
	// second and Region; 0 is no limit. AWS allows 2.
	LookupTPS float64
	// DeliveryInterval is how often trails' log files are delivered, and
	// DigestInterval how often digests are; 0 is 5 minutes and an hour.
	DeliveryInterval, DigestInterval time.Duration
	Config                           Config
	Logger                           *slog.Logger
}

// Defaults of Options.
const (
	DefaultAccount = "123456789012"
	DefaultRegion  = "us-east-1"
	DefaultListen  = "127.0.0.1:4566"
	DefaultData    = ".data"
)

var (
	accountID  = regexp.MustCompile(`^[0-9]{12}$`)
	regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`)
)

// validate names the first thing that is wrong, and fills defaults.
func (o *Options) validate() error {
	if o.Data == "" {
		return errors.New("no data directory is given")
	}
	if o.Listen == "" {
		o.Listen = DefaultListen
	}
	if _, _, err := net.SplitHostPort(o.Listen); err != nil {
		return fmt.Errorf("listen address: %w", err)
	}
	if (o.TLSCert == "") != (o.TLSKey == "") {
		return errors.New("TLS needs both a certificate and a key")
	}
	if o.Account != "" && !accountID.MatchString(o.Account) {
		return fmt.Errorf("account id %q is not 12 digits", o.Account)
	}
	if o.Region == "" {
		o.Region = DefaultRegion
	}
	if !regionName.MatchString(o.Region) {
		return fmt.Errorf("region %q does not look like us-east-1", o.Region)
	}
	if o.Auth == "" {
		o.Auth = gateway.AuthVerify
	}
	if o.Auth != gateway.AuthVerify && o.Auth != gateway.AuthOpen {
		return fmt.Errorf("auth is %q; it can be %s or %s", o.Auth, gateway.AuthVerify, gateway.AuthOpen)
	}
	if o.Upstream != "" {
		if _, err := endpointURL(o.Upstream); err != nil {
			return fmt.Errorf("upstream: %w", err)
		}
	}
	if o.DeliveryInterval < 0 || o.DigestInterval < 0 || o.DigestInterval > 0 && o.DigestInterval < time.Second {
		return errors.New("the delivery and digest intervals are a second or more")
	}
	if o.LookupTPS < 0 {
		return errors.New("the LookupEvents rate is below zero")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Auth == gateway.AuthOpen && o.Config.mapsPrincipals() {
		return errors.New("principals are mapped to credentials of an upstream, and --auth open sends requests on as they came: use --auth verify")
	}
	if err := o.validateMetadata(); err != nil {
		return fmt.Errorf("instance_metadata: %w", err)
	}
	return o.Config.validate()
}

// endpointURL reads the URL of an upstream.
func endpointURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, err
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("%q is not the URL of an endpoint, like http://127.0.0.1:5000", s)
	}
	return u, nil
}

// Config is the configuration file: what rarely changes and would crowd a
// command line.
type Config struct {
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix `yaml:"trusted_proxies"`
	// Routes give services destinations of their own, by the service's name
	// in the AWS CLI or its signing name.
	Routes map[string]Route `yaml:"routes"`
	// UpstreamCredentials sign what goes to the upstream, in --auth verify, for
	// callers whom no rule of UpstreamPrincipals matches. Without both, it is
	// the AWS SDK's default chain; without it only, such callers are refused.
	UpstreamCredentials *Credentials           `yaml:"upstream_credentials"`
	UpstreamPrincipals  []PrincipalCredentials `yaml:"upstream_principals"`
	// RetentionDays is how long the history reaches back; default 90.
	RetentionDays int `yaml:"retention_days"`
	// Accounts are further accounts, made at the start where they are not
	// there. The server's own account enters them through the role
	// OrganizationAccountAccessRole.
	Accounts []string `yaml:"accounts"`
	// RootSignIn lets root users sign in to the console.
	RootSignIn []RootSignIn `yaml:"root_sign_in"`
	// OIDCIssuers are whose tokens AssumeRoleWithWebIdentity takes.
	OIDCIssuers []Issuer `yaml:"oidc_issuers"`
	// VPCEndpoints are further listeners; see VPCEndpoint.
	VPCEndpoints []VPCEndpoint `yaml:"vpc_endpoints"`
	Limits       ConfigLimits  `yaml:"limits"`
	Sandbox      ConfigSandbox `yaml:"sandbox"`
	// PublicURL is where others reach this server, in the URLs that it hands
	// out; empty: the address that it listens on.
	PublicURL        string                 `yaml:"public_url"`
	Topics           ConfigTopics           `yaml:"topics"`
	Rules            ConfigRules            `yaml:"rules"`
	Delivery         ConfigDelivery         `yaml:"delivery"`
	InstanceMetadata ConfigInstanceMetadata `yaml:"instance_metadata"`
}

// ConfigSandbox changes how the built-in sandbox works.
type ConfigSandbox struct {
	// Pace multiplies how long the states of resources last: 1 is about as
	// long as in AWS; 0, the default, ends them before the next call.
	Pace float64 `yaml:"pace"`
	// Clock is how many times as fast as ours the clock of a Capacity Block
	// goes, which starts at its purchase; default 1.
	Clock float64 `yaml:"clock"`
	// AnyImage takes well-formed ids of machine images that do not exist.
	AnyImage bool `yaml:"any_image"`
}

// Route is a service's destination. In the file it may also be just the URL, which
// is "builtin" for what Cairn itself has.
// Without credentials and principals of its own, those of the upstream are meant.
type Route struct {
	URL         string                 `yaml:"url"`
	Credentials *Credentials           `yaml:"credentials"`
	Principals  []PrincipalCredentials `yaml:"principals"`
}

// elsewhere reports whether the configuration has another answer a service that is
// built in.
func (o *Options) elsewhere(service string) bool {
	route, routed := o.Config.Routes[service]
	return !route.builtIn() && (routed || o.Upstream != "")
}

// builtIn says that Cairn itself answers the service, whatever the upstream is.
func (r Route) builtIn() bool { return r.URL == "builtin" }

// ConfigLimits override the gateway's; zero keeps a default.
type ConfigLimits struct {
	BodyBytes   int64         `yaml:"body_bytes"`
	AnswerBytes int64         `yaml:"answer_bytes"`
	Connections int           `yaml:"connections"`
	Idle        time.Duration `yaml:"idle"`
	Call        time.Duration `yaml:"call"`
}

// Defaults of Config.
const (
	defaultRetentionDays = 90
	defaultConnections   = 4096
)

func (c *Config) validate() error {
	if c.RetentionDays == 0 {
		c.RetentionDays = defaultRetentionDays
	}
	if c.RetentionDays < 1 {
		return errors.New("retention_days is below one day")
	}
	if c.Limits.Connections == 0 {
		c.Limits.Connections = defaultConnections
	}
	if !(c.Sandbox.Pace >= 0) || math.IsInf(c.Sandbox.Pace, 0) {
		return errors.New("the sandbox's pace is below zero, or no number")
	}
	if !(c.Sandbox.Clock >= 0) || math.IsInf(c.Sandbox.Clock, 0) {
		return errors.New("the sandbox's clock is below zero, or no number")
	}
	if c.Limits.BodyBytes < 0 || c.Limits.AnswerBytes < 0 || c.Limits.Connections < 0 || c.Limits.Idle < 0 || c.Limits.Call < 0 {
		return errors.New("a limit is below zero")
	}
	if err := c.validateUpstreams(); err != nil {
		return err
	}
	if err := c.validateVPCEndpoints(); err != nil {
		return err
	}
	if err := c.validateTopics(); err != nil {
		return err
	}
	if err := c.Delivery.validate(); err != nil {
		return err
	}
	return c.validateIdentities()
}
