package app

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/net/netutil"

	"github.com/cairn-audit/cairn/internal/durable"
)

// Limits of the endpoint that no configuration changes. Time within a body is
// the gateway's to bound.
const (
	maxHeaderBytes    = 64 << 10
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
)

// serve starts the HTTP server.
func (s *Server) serve(listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		MaxHeaderBytes:    maxHeaderBytes,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          slog.NewLogLogger(s.options.Logger.Handler(), slog.LevelDebug),
	}
	listener = netutil.LimitListener(listener, s.options.Config.Limits.Connections)
	if s.options.TLSCert != "" {
		certificate, err := tls.LoadX509KeyPair(s.options.TLSCert, s.options.TLSKey)
		if err != nil {
			return fmt.Errorf("load the TLS certificate: %w", err)
		}
		server.TLSConfig = &tls.Config{
			Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12,
			NextProtos: []string{"h2", "http/1.1"},
		}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var err error
		if server.TLSConfig != nil {
			err = server.ServeTLS(listener, "", "")
		} else {
			err = server.Serve(listener)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			s.fail(fmt.Errorf("serve: %w", err))
		}
	}()
	s.cleanups.add("the endpoint", func(ctx context.Context) error {
		err := server.Shutdown(ctx)
		if err != nil {
			err = errors.Join(err, server.Close())
		}
		<-ended
		return err
	})
	return nil
}

// announce writes endpoint.json.
func (s *Server) announce(a *net.TCPAddr) error {
	scheme := "http"
	if s.options.TLSCert != "" {
		scheme, s.endpoint.CABundle = "https", s.options.TLSCert
	}
	s.endpoint.URL = scheme + "://" + reachable(a)
	s.endpoint.PID = os.Getpid()
	s.endpoint.Region = s.options.Region
	b, err := json.MarshalIndent(s.endpoint, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(s.options.Data, endpointFile)
	if err := durable.WriteFile(durable.OS{}, path, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("write %s: %w", endpointFile, err)
	}
	return nil
}
