package bucket

import (
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Config names an S3 service and who to be there. The zero value is AWS with
// the SDK's usual way to find credentials.
type Config struct {
	// Endpoint is the URL of the service; empty is AWS's own.
	Endpoint string
	// Region signs the requests; empty is us-east-1.
	Region string
	// Profile names a profile of the shared configuration files.
	Profile string
	// AccessKeyID, SecretAccessKey and SessionToken take the place of all
	// other credentials where they are set.
	AccessKeyID, SecretAccessKey, SessionToken string
	// Credentials, where it is not nil, takes their place.
	Credentials aws.CredentialsProvider
	// PathStyle puts buckets into the path and not the host's name.
	PathStyle bool
}

// NewClient makes a client of the service that c names. It makes no call.
func NewClient(ctx context.Context, c Config) (*s3.Client, error) {
	if c.Region == "" {
		c.Region = region
	}
	load := []func(*config.LoadOptions) error{config.WithRegion(c.Region)}
	if c.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(c.Profile))
	}
	if c.AccessKeyID != "" {
		load = append(load, config.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken)))
	}
	if c.Credentials != nil {
		load = append(load, config.WithCredentialsProvider(c.Credentials))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fmt.Errorf("configure the S3 client: %w", err)
	}
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		// The environment's endpoint, as in the shell of `cairn env`, may be
		// Cairn's own.
		o.UsePathStyle, o.BaseEndpoint = c.PathStyle, nil
		if c.Endpoint != "" {
			o.BaseEndpoint = aws.String(c.Endpoint)
		}
	}), nil
}

// Client is a client of the built-in server, for Cairn's own use: its calls
// pass no gateway, so nobody records them. It sees the buckets of all accounts.
func (s *Server) Client() *s3.Client {
	return s3.New(s3.Options{
		Region:       region,
		BaseEndpoint: aws.String("http://s3"),
		UsePathStyle: true,
		Credentials:  s.Credentials(),
		HTTPClient:   &http.Client{Transport: direct{s}},
	})
}
