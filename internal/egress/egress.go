// Package egress is the way out to addresses that callers name, such as the
// endpoints of subscriptions and API destinations: HTTP clients that cannot be
// led where they must not go.
//
// Nothing is sent to link-local and multicast addresses: clouds serve their
// machines' credentials at the former. Redirects are not followed. Certificates
// are verified.
package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
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
			return mayDial(address, o.PublicOnly)
		}}
		t := &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
			MaxIdleConns: 256, MaxIdleConnsPerHost: o.PerHost, IdleConnTimeout: time.Minute,
			TLSHandshakeTimeout: o.Timeout, MaxResponseHeaderBytes: maxHeaderBytes, DisableCompression: true,
		}
		if o.PublicOnly {
			t.Proxy = nil // it would look the address up itself
		}
		transport = t
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// mayDial looks at an address after names were looked up, so that no name can
// hide it.
func mayDial(address string, publicOnly bool) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrForbidden, address)
	}
	ip := at.Addr().Unmap()
	if ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsInterfaceLocalMulticast() ||
		publicOnly && (!ip.IsGlobalUnicast() || ip.IsPrivate() || sharedSpace.Contains(ip)) {
		return fmt.Errorf("%w: %s", ErrForbidden, ip)
	}
	return nil
}

// sharedSpace is that of carrier-grade NAT (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")
