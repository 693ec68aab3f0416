// Package app puts a server together, starts it and stops it.
package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/cairn-audit/cairn/internal/egress"
)

// Server is a running Cairn.
type Server struct {
	options   Options
	endpoint  Endpoint
	made      string
	addresses egress.Own // where it listens
	cleanups  cleanups
	signIn    http.Handler
	// certificates answers for the certificates that messages are signed with.
	certificates http.Handler
	// metadata answers for the sandbox's instances; nil where it is not asked for.
	metadata http.Handler
	// failed gets the error of a part that ends by itself.
	failed chan error
}

// stopWithin bounds a clean stop.
const stopWithin = 10 * time.Second

// Start starts a server and returns when it answers. Where it fails, what was
// started is stopped again. The context bounds the start only.
func Start(ctx context.Context, o Options) (_ *Server, err error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	// The built-in S3 server changes the working directory.
	for _, path := range []*string{&o.Data, &o.TLSCert, &o.TLSKey} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return nil, err
		}
	}
	s := &Server{options: o, failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
			defer cancel()
			err = errors.Join(err, s.cleanups.run(stopCtx))
		}
	}()
	// The addresses come first: a server that cannot have them leaves no trace.
	doors, err := s.listen()
	if err != nil {
		return nil, err
	}
	for _, d := range doors {
		s.addresses = append(s.addresses, d.listener.Addr().(*net.TCPAddr).AddrPort())
	}
	front, err := s.assemble(ctx, new(parts))
	if err != nil {
		return nil, err
	}
	if err := s.open(front, doors); err != nil {
		return nil, err
	}
	return s, s.announce(doors)
}

// Endpoint says where the server is.
func (s *Server) Endpoint() Endpoint { return s.endpoint }

// FirstStart is the file of the keys that this start made, or "" if the account
// was there already.
func (s *Server) FirstStart() string { return s.made }

// Run waits until the context ends or a part of the server fails, and stops the
// server.
func (s *Server) Run(ctx context.Context) error {
	var failure error
	select {
	case <-ctx.Done():
		s.options.Logger.Info("stopping")
	case failure = <-s.failed:
	}
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	return errors.Join(failure, s.Stop(stopCtx))
}

// Stop answers the calls that are under way, as long as the context lasts, and
// stops everything. It may be called again.
func (s *Server) Stop(ctx context.Context) error { return s.cleanups.run(ctx) }

// reachable is an address that a client on this machine can use.
func reachable(a *net.TCPAddr) string {
	host := a.IP.String()
	if a.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, fmt.Sprint(a.Port))
}
