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
	"github.com/cairn-audit/cairn/internal/gateway"
)

// Limits of each endpoint that no configuration changes. Time within a body is
// the gateway's to bound.
const (
	maxHeaderBytes    = 64 << 10
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
)

// door is an address at which requests come in.
type door struct {
	listener net.Listener
	through  *gateway.VPCEndpoint // nil for the server's own
	metadata bool                 // it is that of the instances' metadata, and never speaks TLS
}

// listen takes the addresses of the server, the first, of its VPC endpoints and
// of the instances' metadata.
func (s *Server) listen() ([]door, error) {
	doors := []door{{}}
	addresses := []string{s.options.Listen}
	for _, e := range s.options.Config.VPCEndpoints {
		through, err := e.gateway()
		if err != nil {
			return nil, fmt.Errorf("VPC endpoint %s: %w", e.ID, err)
		}
		doors, addresses = append(doors, door{through: through}), append(addresses, e.Listen)
	}
	if address := s.options.Config.InstanceMetadata.Listen; address != "" {
		doors, addresses = append(doors, door{metadata: true}), append(addresses, address)
	}
	for i, address := range addresses {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return nil, fmt.Errorf("listen: %w", err)
		}
		s.cleanups.add("the listener at "+address, func(context.Context) error {
			if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
				return err
			}
			return nil // the endpoint has closed it
		})
		if doors[i].listener = listener; i == 0 {
			s.endpoint.URL = s.urlOf(listener)
		}
	}
	return doors, nil
}

// open lets requests in, at all addresses, until the server stops: they are
// closed together.
func (s *Server) open(front *gateway.Gateway, doors []door) error {
	var stops []func(context.Context) error
	s.cleanups.add("the endpoints", func(ctx context.Context) error {
		var stopping sync.WaitGroup
		errs := make([]error, len(stops))
		for i, stop := range stops {
			stopping.Go(func() { errs[i] = stop(ctx) })
		}
		stopping.Wait()
		return errors.Join(errs...)
	})
	for _, d := range doors {
		handler := s.withSignIn(front)
		if d.through != nil {
			if d.through.AccountID == "" {
				d.through.AccountID = s.endpoint.Account
			}
			handler = front.Through(*d.through)
		}
		if d.metadata {
			handler = s.metadata
		}
		stop, err := s.serve(d.listener, handler, s.options.TLSCert != "" && !d.metadata)
		if err != nil {
			return err
		}
		stops = append(stops, stop)
	}
	return nil
}

// serve starts an HTTP server, and returns what stops it.
func (s *Server) serve(listener net.Listener, handler http.Handler, secure bool) (stop func(context.Context) error, err error) {
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
	if secure {
		certificate, err := tls.LoadX509KeyPair(s.options.TLSCert, s.options.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("load the TLS certificate: %w", err)
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
	return func(ctx context.Context) error {
		err := s.shut(ctx, server, &handling)
		<-ended
		return err
	}, nil
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
func (s *Server) announce(doors []door) error {
	s.endpoint.CABundle = s.options.TLSCert
	for _, d := range doors {
		if d.metadata {
			s.endpoint.InstanceMetadata = "http://" + reachable(d.listener.Addr().(*net.TCPAddr))
		}
		if d.through != nil {
			s.endpoint.VPCEndpoints = append(s.endpoint.VPCEndpoints, EndpointVPC{ID: d.through.ID, URL: s.urlOf(d.listener)})
		}
	}
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

// urlOf is where clients on this machine reach a listener.
func (s *Server) urlOf(l net.Listener) string {
	scheme := "http"
	if s.options.TLSCert != "" {
		scheme = "https"
	}
	return scheme + "://" + reachable(l.Addr().(*net.TCPAddr))
}
