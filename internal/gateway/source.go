package gateway

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// sourceAddress is where a request came from: the peer of the connection, or,
// when the peer is one of the trusted proxies, the last address in
// X-Forwarded-For that is not. Addresses further left are a client's claim.
func sourceAddress(r *http.Request, trusted []netip.Prefix) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	addr = addr.Unmap().WithZone("")
	isTrusted := func(a netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !isTrusted(addr) {
			break
		}
		forwarded, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		addr = forwarded.Unmap().WithZone("")
	}
	return addr.String()
}
