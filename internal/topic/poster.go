package topic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// Limits on an attempt. An endpoint that takes longer has failed, as in SNS.
const (
	attemptTime    = 15 * time.Second
	maxAnswer      = 64 << 10 // read, so that the connection can be used again
	maxHeaderBytes = 64 << 10
)

// poster sends parcels.
type poster struct{ client *http.Client }

// errForbidden is for addresses to which nothing is sent.
var errForbidden = errors.New("nothing is sent to this address")

func newPoster(o Options) *poster {
	transport := o.Transport
	if transport == nil {
		dialer := &net.Dialer{Timeout: attemptTime, ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			return mayDial(address, o.PublicOnly)
		}}
		t := &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
			MaxIdleConns: 256, MaxIdleConnsPerHost: perLine, IdleConnTimeout: time.Minute,
			TLSHandshakeTimeout: attemptTime, MaxResponseHeaderBytes: maxHeaderBytes, DisableCompression: true,
		}
		if o.PublicOnly {
			t.Proxy = nil // it would look the address up itself
		}
		transport = t
	}
	return &poster{client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// mayDial looks at an address after names were looked up, so that no name can
// hide it.
func mayDial(address string, publicOnly bool) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", errForbidden, address)
	}
	ip := at.Addr().Unmap()
	if ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsInterfaceLocalMulticast() ||
		publicOnly && (!ip.IsGlobalUnicast() || ip.IsPrivate() || sharedSpace.Contains(ip)) {
		return fmt.Errorf("%w: %s", errForbidden, ip)
	}
	return nil
}

// sharedSpace is that of carrier-grade NAT (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// rejection is an answer after which an attempt is not made again.
type rejection struct{ status int }

func (r *rejection) Error() string { return fmt.Sprintf("the endpoint answered %d", r.status) }

// send delivers a parcel. The error is a *rejection or errForbidden where it is
// of no use to try again: "client-side errors are not retried", but for 429 (SNS
// Developer Guide, "Message delivery retries").
func (p *poster) send(ctx context.Context, out *parcel) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, out.url, strings.NewReader(out.body))
	if err != nil {
		return fmt.Errorf("%w: %w", errForbidden, err)
	}
	request.Header = out.header
	answer, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer)
	switch status := answer.StatusCode; {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusTooManyRequests || status >= 500:
		return fmt.Errorf("the endpoint answered %d", status)
	default:
		return &rejection{status}
	}
}

// final reports whether an attempt that failed so is not to be made again.
func final(err error) bool {
	var r *rejection
	return errors.As(err, &r) || errors.Is(err, errForbidden)
}
