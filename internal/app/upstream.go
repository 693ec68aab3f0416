package app

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/cairn-audit/cairn/internal/gateway"
)

// routeUpstreams makes the destinations that are other endpoints.
func (s *Server) routeUpstreams(ctx context.Context, r *gateway.Routes) error {
	for service, route := range s.options.Config.Routes {
		credentials := route.Credentials
		if credentials == nil {
			credentials = s.options.Config.UpstreamCredentials
		}
		d, err := s.upstream(ctx, route.URL, credentials)
		if err != nil {
			return fmt.Errorf("route of %s: %w", service, err)
		}
		r.Configured[service] = d
	}
	if s.options.Upstream == "" {
		return nil
	}
	d, err := s.upstream(ctx, s.options.Upstream, s.options.Config.UpstreamCredentials)
	if err != nil {
		return fmt.Errorf("upstream: %w", err)
	}
	r.Upstream = d
	return nil
}

// upstream makes one of them. In --auth verify the client's signature is worth
// nothing there, so requests are signed anew.
func (s *Server) upstream(ctx context.Context, endpoint string, c *Credentials) (gateway.Destination, error) {
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
	provider, err := credentialsProvider(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("signing anew for %s needs credentials there (or use --auth open): %w", u.Host, err)
	}
	up.Credentials = provider
	return up, nil
}

// credentialsProvider finds keys the way the AWS SDKs do, and fails where there
// are none, so that a server that cannot work does not start.
func credentialsProvider(ctx context.Context, c *Credentials) (aws.CredentialsProvider, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	options := []func(*config.LoadOptions) error{
		// The SDK's own client is the one that takes AWS_CA_BUNDLE.
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(5 * time.Second)),
	}
	if c != nil && c.Profile != "" {
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
