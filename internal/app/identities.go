package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/cairn-audit/cairn/internal/gateway"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/services/iam"
	"github.com/cairn-audit/cairn/internal/services/sts"
)

// Issuer is an OpenID Connect issuer whose tokens AssumeRoleWithWebIdentity
// takes, for roles that trust it.
type Issuer struct {
	// Issuer is its URL, as its tokens have it in "iss".
	Issuer string `yaml:"issuer"`
	// Audiences are for whom its tokens must be.
	Audiences []string `yaml:"audiences"`
	// JWKSFile or JWKSURL is where its keys are.
	JWKSFile string `yaml:"jwks_file"`
	JWKSURL  string `yaml:"jwks_url"`
}

func (i *Issuer) validate() error {
	if _, err := endpointURL(i.Issuer); err != nil {
		return err
	}
	if len(i.Audiences) == 0 {
		return errors.New("no audience is given")
	}
	if (i.JWKSFile == "") == (i.JWKSURL == "") {
		return errors.New("its keys are in a jwks_file or at a jwks_url: give one")
	}
	if i.JWKSURL != "" {
		_, err := endpointURL(i.JWKSURL)
		return err
	}
	// The built-in S3 server changes the working directory.
	path, err := filepath.Abs(i.JWKSFile)
	i.JWKSFile = path
	return err
}

func (c *Config) validateIdentities() error {
	for i := range c.OIDCIssuers {
		if err := c.OIDCIssuers[i].validate(); err != nil {
			return fmt.Errorf("issuer %s: %w", c.OIDCIssuers[i].Issuer, err)
		}
	}
	if err := c.validateRootSignIns(); err != nil {
		return err
	}
	for _, id := range c.Accounts {
		if !accountID.MatchString(id) {
			return fmt.Errorf("account id %q is not 12 digits", id)
		}
	}
	return nil
}

// openIdentities makes the further accounts of the configuration and keeps the
// last uses of keys.
func (s *Server) openIdentities(ctx context.Context, p *parts) error {
	for _, id := range s.options.Config.Accounts {
		if id == s.endpoint.Account {
			continue
		}
		if err := p.directory.AddAccount(id, s.endpoint.Account, time.Now()); err != nil {
			return err
		}
	}
	if err := s.openRootSignIns(ctx, p); err != nil {
		return err
	}
	s.background("the last uses of keys", func(ctx context.Context) error {
		p.directory.KeepUses(ctx, func(err error) {
			s.options.Logger.Error("the last uses of keys could not be kept", "error", err)
		})
		return ctx.Err()
	})
	return nil
}

// ownIdentities reports whether Cairn's own IAM answers, as routeIdentities and
// the routes of the configuration have it.
func (s *Server) ownIdentities() bool {
	route, routed := s.options.Config.Routes["iam"]
	return route.builtIn() || !routed && (s.options.Auth != gateway.AuthOpen || s.options.Upstream == "")
}

// routeIdentities makes Cairn's own IAM and STS the destinations of their calls:
// always where it checks signatures, for who is who is then its own to say; in
// --auth open where nothing else answers them.
func (s *Server) routeIdentities(r *gateway.Routes, directory *identity.Directory) {
	open := s.options.Auth == gateway.AuthOpen
	var issuers []*sts.Issuer
	for _, i := range s.options.Config.OIDCIssuers {
		issuers = append(issuers, &sts.Issuer{
			URL: i.Issuer, Audiences: i.Audiences, KeysFile: i.JWKSFile, KeysURL: i.JWKSURL,
		})
	}
	for id, backend := range map[string]gateway.Backend{
		"iam": iam.New(directory),
		"sts": sts.New(directory, sts.Options{Issuers: issuers, Open: open}),
	} {
		r.BuiltIn[id] = gateway.BuiltIn(gateway.Validated(backend))
		if !open && r.Configured[id] == nil {
			r.Preferred[id] = true
		}
	}
}
