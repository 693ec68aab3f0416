package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/gateway"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/region"
	"github.com/cairn-audit/cairn/internal/upstream"
)

// ConfigService is a service that trails deliver to, and who Cairn is there.
type ConfigService struct {
	// Endpoint is its URL; empty is AWS's.
	Endpoint string `yaml:"endpoint"`
	// Region signs the requests; empty is that of the topic or the log group,
	// and for S3 the server's.
	Region string `yaml:"region"`
	// Credentials stand beside the rest in the file.
	Credentials servicesCredentials `yaml:",inline"`
}

// servicesCredentials are Credentials that cannot be "none": the method of those
// would read the keys beside them too.
type servicesCredentials Credentials

func (c *ConfigService) validate() error {
	if c == nil {
		return nil
	}
	if c.Endpoint != "" {
		if _, err := endpointURL(c.Endpoint); err != nil {
			return fmt.Errorf("endpoint: %w", err)
		}
	}
	if c.Region != "" && !regionName.MatchString(c.Region) {
		return fmt.Errorf("region %q does not look like us-east-1", c.Region)
	}
	return (*Credentials)(&c.Credentials).validate()
}

// place is where a service is that trails deliver to, and who Cairn is there.
type place struct {
	endpoint, region string
	credentials      aws.CredentialsProvider
}

// outside is the place of a service: the one for deliveries, else the one that
// clients' calls of it go to. ok is false where that is the built-in one.
//
// Keys for deliveries have to be there at the start. Others are looked for when
// they are first needed: a server whose clients have all the credentials of their
// own needs none while no trail delivers.
func (s *Server) outside(ctx context.Context, service string, given *ConfigService) (p place, ok bool, err error) {
	c := &s.options.Config
	if given != nil {
		p = place{endpoint: given.Endpoint, region: given.Region}
		at, err := s.addressOf(given)
		if err != nil {
			return p, false, err
		}
		source, err := s.source(ctx, at, (*Credentials)(&given.Credentials))
		p.credentials = s.own(source)
		return p, err == nil, err
	}
	keys := c.UpstreamCredentials
	route, routed := c.Routes[service]
	switch {
	case route.builtIn():
		return p, false, nil
	case routed:
		p.endpoint = route.URL
		if route.Credentials != nil {
			keys = route.Credentials
		}
	case s.options.Upstream != "":
		p.endpoint = s.options.Upstream
	default:
		return p, false, nil
	}
	if s.options.Auth == gateway.AuthOpen {
		// Any key will do there.
		p.credentials = credentials.NewStaticCredentialsProvider("cairn", "cairn", "")
		return p, true, nil
	}
	at, err := endpointURL(p.endpoint)
	if keys == nil {
		keys = &Credentials{}
	}
	p.credentials = s.own(&late{find: func(ctx context.Context) (upstream.Source, error) { return s.source(ctx, at, keys) }})
	return p, true, err
}

// isOutside reports whether deliveries go to another service than the built-in one.
func (s *Server) isOutside(service string, given *ConfigService) bool {
	return given != nil || s.options.elsewhere(service)
}

// addressOf is the URL of a service; AWS's own has one for each Region, of which any
// says where STS is.
func (s *Server) addressOf(c *ConfigService) (*url.URL, error) {
	if c.Endpoint != "" {
		return endpointURL(c.Endpoint)
	}
	host := "sts." + s.options.Region + ".amazonaws.com"
	if region.Partition(s.options.Region) == "aws-cn" {
		host += ".cn"
	}
	return &url.URL{Scheme: "https", Host: host}, nil
}

// own gives what a source has for Cairn itself, whose sessions are named so.
func (s *Server) own(source upstream.Source) aws.CredentialsProvider {
	cairn := identity.Credential{AccountID: s.endpoint.Account, Identity: event.UserIdentity{
		Type: event.IAMUser, UserName: "cairn", PrincipalID: "cairn",
	}}
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		c, ok, err := source.Credentials(ctx, cairn)
		if err == nil && !ok {
			err = errors.New("the configuration gives Cairn no credentials there")
		}
		return c, err
	})
}

// late is a source that is looked for when it is first needed, until it is found.
type late struct {
	find func(context.Context) (upstream.Source, error)

	mu     sync.Mutex
	source upstream.Source // guarded by mu
}

// Credentials implements upstream.Source.
func (l *late) Credentials(ctx context.Context, caller identity.Credential) (aws.Credentials, bool, error) {
	source, err := l.found(ctx)
	if err != nil {
		return aws.Credentials{}, false, err
	}
	return source.Credentials(ctx, caller)
}

func (l *late) found(ctx context.Context) (_ upstream.Source, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.source == nil {
		l.source, err = l.find(ctx)
	}
	return l.source, err
}
