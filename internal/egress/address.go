package egress

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// Own are addresses at which a server listens. One that is unspecified stands for
// all of the machine's.
type Own []netip.AddrPort

// mayDial looks at an address after names were looked up, so that no name can
// hide it.
func (o *Options) mayDial(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrForbidden, address)
	}
	ip := behind(at.Addr())
	if ip.IsLinkLocalUnicast() || ip.IsMulticast() || within(credentials, ip) ||
		o.PublicOnly && (!ip.IsGlobalUnicast() || ip.IsPrivate() || within(special, ip)) {
		return fmt.Errorf("%w: %s", ErrForbidden, ip)
	}
	if o.Own.has(netip.AddrPortFrom(ip, at.Port())) {
		return fmt.Errorf("%w: %s is this server's own", ErrForbidden, at)
	}
	return nil
}

// behind is the address to which packets for another are brought: the IPv4 address
// that is in one of IPv6.
func behind(ip netip.Addr) netip.Addr {
	ip = ip.Unmap().WithZone("")
	if !ip.Is6() {
		return ip
	}
	b := ip.As16()
	switch {
	case translated.Contains(ip):
		return netip.AddrFrom4([4]byte(b[12:16]))
	case sixToFour.Contains(ip):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return ip
}

var (
	translated = netip.MustParsePrefix("64:ff9b::/96") // NAT64, RFC 6052
	sixToFour  = netip.MustParsePrefix("2002::/16")    // RFC 3056
)

// credentials are where clouds tell their machines secrets, beside link-local
// addresses.
var credentials = []netip.Prefix{
	netip.MustParsePrefix("fd00:ec2::/32"),          // AWS: metadata, and EKS Pod Identity
	netip.MustParsePrefix("fd20:ce::254/128"),       // Google Cloud
	netip.MustParsePrefix("fd00:c1::a9fe:a9fe/128"), // Oracle Cloud
	netip.MustParsePrefix("168.63.129.16/32"),       // Azure's WireServer
	netip.MustParsePrefix("100.100.100.200/32"),     // Alibaba Cloud
}

// special are the addresses for special purposes that are not reached over the
// Internet, beside those that netip knows (IANA's registries).
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // carrier-grade NAT, RFC 6598
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), // measurements, RFC 2544
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"),          // IPv4-compatible, RFC 4291
	netip.MustParsePrefix("64:ff9b:1::/48"), // NAT64 of one's own, RFC 8215
	netip.MustParsePrefix("fec0::/10"),      // site-local, RFC 3879
}

func within(all []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(all, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// has reports whether a connection to an address would come to one of them.
func (o Own) has(at netip.AddrPort) bool {
	return slices.ContainsFunc(o, func(own netip.AddrPort) bool {
		if own.Port() != at.Port() {
			return false
		}
		ip, self := at.Addr(), own.Addr().Unmap()
		return ip == self || ip.IsUnspecified() || self.IsUnspecified() && isMachine(ip)
	})
}

// isMachine reports whether an address is one of this machine's. It asks each
// time, for they change.
func isMachine(ip netip.Addr) bool {
	if ip.IsLoopback() {
		return true
	}
	all, err := net.InterfaceAddrs()
	return err != nil || slices.ContainsFunc(all, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(net.IP(ip.AsSlice()))
	})
}
