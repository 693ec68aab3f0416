package app

import (
	"errors"
	"net/http"
	"strings"

	"github.com/cairn-audit/cairn/internal/gateway"
	"github.com/cairn-audit/cairn/internal/services/sns"
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

// startTopics makes the topics, which trails and others publish to, and delivers
// what is published.
func (s *Server) startTopics(p *parts) {
	url := s.options.Config.PublicURL
	if url == "" {
		url = s.endpoint.URL
	}
	p.topics = topic.New(p.store, p.key, topic.Options{
		URL: url, PublicOnly: s.options.Config.Topics.PublicOnly,
		Logger: s.options.Logger.With("component", "sns"),
	})
	s.certificates = http.HandlerFunc(p.topics.ServeCertificate)
	s.background("the deliveries of topics", p.topics.Run)
}

// routeTopics lets Cairn's own SNS answer where nothing else does.
func routeTopics(p *parts, r *gateway.Routes) {
	if standsIn(r, "sns") {
		p.policies["sns"] = p.topics
	}
	r.BuiltIn["sns"] = gateway.BuiltIn(gateway.Validated(sns.New(p.topics)))
}
