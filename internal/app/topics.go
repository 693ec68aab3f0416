package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/cairn-audit/cairn/internal/gateway"
	"github.com/cairn-audit/cairn/internal/services/sns"
	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/topic"
)

// ConfigTopics changes how the built-in SNS delivers.
type ConfigTopics struct {
	// PublicOnly refuses to deliver to loopback and private addresses.
	PublicOnly bool `yaml:"public_only"`
}

func (c *Config) validateTopics() error {
	if c.PublicURL == "" {
		return nil
	}
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	u, err := endpointURL(c.PublicURL)
	if err == nil && u.Path != "" {
		err = errors.New("public_url has a path")
	}
	return err
}

// topicsFile keeps topics and what is on its way from them, which is written with
// every message: not in the file of the small state, each of whose changes waits
// for the others.
const topicsFile = "topics.db"

// openTopics opens the topics, which trails and others publish to, and delivers
// what is published.
func (s *Server) openTopics(_ context.Context, p *parts) error {
	kept, err := state.Open(filepath.Join(s.options.Data, topicsFile))
	if err != nil {
		return fmt.Errorf("open the topics: %w", err)
	}
	s.cleanups.add("the topics", func(context.Context) error { return kept.Close() })
	url := s.options.Config.PublicURL
	if url == "" {
		url = s.endpoint.URL
	}
	o := topic.Options{
		URL: url, PublicOnly: s.options.Config.Topics.PublicOnly, Own: s.addresses,
		Logger: s.options.Logger.With("component", "sns"),
	}
	if s.ownIdentities() {
		o.Principals = p.directory
	}
	p.topics = topic.New(kept, p.key, o)
	s.certificates = http.HandlerFunc(p.topics.ServeCertificate)
	s.background("the deliveries of topics", p.topics.Run)
	return nil
}

// routeTopics lets Cairn's own SNS answer where nothing else does.
func routeTopics(p *parts, r *gateway.Routes) {
	if r.StandsIn("sns") {
		p.policies["sns"] = p.topics
	}
	p.inventories["sns"] = taggedTopics(p.topics)
	r.BuiltIn["sns"] = gateway.BuiltIn(gateway.Validated(sns.New(p.topics)))
}
