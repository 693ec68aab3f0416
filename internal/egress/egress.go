// Package egress is the way out to addresses that callers name, such as the
// endpoints of subscriptions and API destinations: HTTP clients that cannot be
// led where they must not go.
//
// Nothing is sent to where clouds serve their machines' credentials, which are
// link-local addresses and some others, nor to this server itself: what is sent
// there would be a call from this machine, and each could lead to the next.
// Redirects are not followed. Certificates are verified.
package egress

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"
)

// ErrForbidden is for addresses to which nothing is sent.
var ErrForbidden = errors.New("nothing is sent to this address")

// maxHeaderBytes bounds the header of an answer.
const maxHeaderBytes = 64 << 10

// Options are what a client may be given.
type Options struct {
	// PublicOnly refuses loopback and private addresses as well, and uses no
	// proxy.
	PublicOnly bool
	// Own are the addresses at which this server listens.
	Own Own
	// Timeout bounds each of the steps before a request is sent.
	Timeout time.Duration
	// PerHost is how many idle connections to a host are kept.
	PerHost int
	// Transport replaces the way out, for tests.
	Transport http.RoundTripper
}

// NewClient makes a client. It hands on an answer that is a redirect.
func NewClient(o Options) *http.Client {
	transport := o.Transport
	if transport == nil {
		dialer := &net.Dialer{Timeout: o.Timeout, ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			return o.mayDial(address)
		}}
		t := &http.Transport{
			Proxy: o.through(http.ProxyFromEnvironment), DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
			MaxIdleConns: 256, MaxIdleConnsPerHost: o.PerHost, IdleConnTimeout: time.Minute,
			TLSHandshakeTimeout: o.Timeout, MaxResponseHeaderBytes: maxHeaderBytes, DisableCompression: true,
		}
		if o.PublicOnly {
			t.Proxy = nil // it would look names up itself
		}
		transport = t
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// through is a way to find proxies that does not lead forbidden addresses to one,
// where URLs name them: what a proxy dials is not seen here.
func (o *Options) through(proxyOf func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(r *http.Request) (*url.URL, error) {
		proxy, err := proxyOf(r)
		if proxy == nil || err != nil || net.ParseIP(r.URL.Hostname()) == nil {
			return proxy, err
		}
		return proxy, o.mayDial(net.JoinHostPort(r.URL.Hostname(), cmp.Or(r.URL.Port(), "80")))
	}
}
