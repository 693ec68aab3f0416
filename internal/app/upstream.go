package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/cairn-audit/cairn/internal/gateway"
)

// validateUpstreams names what is wrong with the credentials of other endpoints.
func (c *Config) validateUpstreams() error {
	if err := c.UpstreamCredentials.validate(); err != nil {
		return fmt.Errorf("upstream_credentials: %w", err)
	}
	if err := validatePrincipals(c.UpstreamPrincipals); err != nil {
		return fmt.Errorf("upstream_principals: %w", err)
	}
	for service, route := range c.Routes {
		if route.builtIn() {
			if route.Credentials != nil || len(route.Principals) > 0 {
				return fmt.Errorf("route of %s: what is built in takes no credentials", service)
			}
			continue
		}
		if _, err := endpointURL(route.URL); err != nil {
			return fmt.Errorf("route of %s: %w", service, err)
		}
		if err := errors.Join(route.Credentials.validate(), validatePrincipals(route.Principals)); err != nil {
			return fmt.Errorf("route of %s: %w", service, err)
		}
	}
	return nil
}

// mapsPrincipals reports whether anything depends on who calls.
func (c *Config) mapsPrincipals() bool {
	for _, route := range c.Routes {
		if len(route.Principals) > 0 {
			return true
		}
	}
	return len(c.UpstreamPrincipals) > 0
}

// routeUpstreams makes the destinations that are other endpoints.
func (s *Server) routeUpstreams(ctx context.Context, r *gateway.Routes) error {
	c := &s.options.Config
	for service, route := range c.Routes {
		if route.builtIn() {
			r.Preferred[service] = true
			continue
		}
		principals, fallback := route.Principals, route.Credentials
		if len(principals) == 0 && fallback == nil {
			principals, fallback = c.UpstreamPrincipals, c.UpstreamCredentials
		}
		d, err := s.upstream(ctx, route.URL, principals, fallback)
		if err != nil {
			return fmt.Errorf("route of %s: %w", service, err)
		}
		r.Configured[service] = d
	}
	if s.options.Upstream == "" {
		return nil
	}
	d, err := s.upstream(ctx, s.options.Upstream, c.UpstreamPrincipals, c.UpstreamCredentials)
	if err != nil {
		return fmt.Errorf("upstream: %w", err)
	}
	r.Upstream = d
	return nil
}

// upstream makes one of them. In --auth verify the client's signature is worth
// nothing there, so requests are signed anew.
func (s *Server) upstream(ctx context.Context, endpoint string, principals []PrincipalCredentials, fallback *Credentials) (gateway.Destination, error) {
	u, err := endpointURL(endpoint)
	if err != nil {
		return nil, err
	}
	limits := gateway.Limits{
		Answer: s.options.Config.Limits.AnswerBytes, Call: s.options.Config.Limits.Call,
	}
	transport := gateway.NewTransport(limits)
	s.cleanups.add("the way to "+u.Host, func(context.Context) error {
		transport.CloseIdleConnections()
		return nil
	})
	up := &gateway.Upstream{URL: u, Transport: transport, Limits: limits}
	if s.options.Auth == gateway.AuthOpen {
		return up, nil
	}
	rules, err := s.credentialsAt(ctx, u, principals, fallback)
	if err != nil {
		return nil, fmt.Errorf("signing anew for %s needs credentials there (or use --auth open): %w", u.Host, err)
	}
	up.Credentials = rules
	return up, nil
}
