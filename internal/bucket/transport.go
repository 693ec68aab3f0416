package bucket

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// transport carries requests to the server and makes the changes durable that
// they have made.
type transport struct {
	*http.Transport
	dir    *os.File
	syncer *syncer
}

func newTransport(socket, dir string) (*transport, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	t := &transport{dir: f, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", socket)
		},
		MaxConnsPerHost:     maxConnections / 2,
		MaxIdleConnsPerHost: 32,
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true, // what a client did not ask for it does not get
	}}
	t.syncer = newSyncer(func() error { return syncFileSystem(f) })
	return t, nil
}

// RoundTrip implements http.RoundTripper. An error after the server has
// answered means that the change was made and may not survive a crash.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := t.Transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if !changes(r) || res.StatusCode >= 300 {
		return res, nil
	}
	if err := t.syncer.Sync(); err != nil {
		res.Body.Close()
		return nil, fmt.Errorf("sync the object store: %w", err)
	}
	return res, nil
}

func (t *transport) close() error {
	t.CloseIdleConnections()
	return t.dir.Close()
}

func changes(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions
}
