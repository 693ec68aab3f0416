package app

import (
	"net/http"
	"strings"

	"github.com/cairn-audit/cairn/internal/gateway"
	"github.com/cairn-audit/cairn/internal/services/signin"
	"github.com/cairn-audit/cairn/internal/topic"
)

// ownPaths begins the paths that are Cairn's and not AWS's: the underscore can
// be in no bucket's name, and no service's paths begin like it.
const ownPaths = "/_cairn/"

func (s *Server) newSignIn(p *parts) http.Handler {
	logger := s.options.Logger.With("component", "sign-in")
	return signin.NewHandler(signin.New(p.directory, p.recorder, s.endpoint.Account, logger), s.client, logger)
}

// withSignIn puts the sign-in in front of the gateway. A signed request is a call
// to AWS's API wherever it goes, so no path keeps one from being recorded.
func (s *Server) withSignIn(calls http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !strings.HasPrefix(r.URL.Path, ownPaths) || claimsSignature(r):
			calls.ServeHTTP(w, r)
		case r.URL.Path == signin.Path:
			s.signIn.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, topic.CertificatePath):
			s.certificates.ServeHTTP(w, r)
		default:
			signin.NotFound(w)
		}
	})
}

// claimsSignature reports whether the request has what AWS's signatures of any
// version have, right or not.
func claimsSignature(r *http.Request) bool {
	if strings.HasPrefix(r.Header.Get("Authorization"), "AWS") {
		return true
	}
	q := r.URL.Query()
	return q.Has("X-Amz-Signature") || q.Has("X-Amz-Credential") || q.Has("Signature")
}

// client says where a request comes from.
func (s *Server) client(r *http.Request) signin.Client {
	c := gateway.ClientOf(r, s.options.Config.TrustedProxies)
	return signin.Client{SourceIP: c.SourceIP, UserAgent: c.UserAgent, TLS: c.TLS}
}
