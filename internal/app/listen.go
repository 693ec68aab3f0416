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
	"sync"
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
	var handling sync.RWMutex // each request holds it for reading
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handling.RLock()
			defer handling.RUnlock()
			handler.ServeHTTP(w, r)
		}),
		DisableGeneralOptionsHandler: true, // every request is the gateway's

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
		err := s.shut(ctx, server, &handling)
		<-ended
		return err
	})
	return nil
}

// shut ends the HTTP server. Requests may come to their end for three quarters
// of the time that is left; the rest is for those that are then cut off, to be
// recorded as that, and for the parts that stop after this one.
func (s *Server) shut(ctx context.Context, server *http.Server, handling *sync.RWMutex) error {
	patience := stopWithin
	if deadline, ok := ctx.Deadline(); ok {
		patience = time.Until(deadline)
	}
	patient, cancel := context.WithTimeout(ctx, patience*3/4)
	defer cancel()
	err := server.Shutdown(patient)
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	s.options.Logger.Warn("requests are cut off: they did not end in time")
	if err := server.Close(); err != nil {
		return err
	}
	finished := make(chan struct{})
	go func() {
		handling.Lock() // when the last request has given it back
		defer handling.Unlock()
		close(finished)
	}()
	select {
	case <-finished:
	case <-time.After(patience / 8):
		// Their intents stay open, and become events at the next start.
	}
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
