package gateway

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
)

func TestOnlyTrustedProxiesSayWhereARequestCameFrom(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, test := range []struct{ peer, forwarded, want string }{
		{"198.51.100.1:1234", "", "198.51.100.1"},
		{"198.51.100.1:1234", "203.0.113.9", "198.51.100.1"},
		{"10.1.2.3:1234", "203.0.113.9", "203.0.113.9"},
		{"10.1.2.3:1234", "", "10.1.2.3"},
		{"10.1.2.3:1234", "203.0.113.9, 10.9.9.9", "203.0.113.9"},
		{"10.1.2.3:1234", "203.0.113.9, 198.51.100.7", "198.51.100.7"},
		{"10.1.2.3:1234", "<script>, 10.9.9.9", "10.9.9.9"},
		{"10.1.2.3:1234", "203.0.113.9, garbage", "10.1.2.3"},
		{"[fd00::1]:1234", "2001:db8::1", "2001:db8::1"},
		{"[::ffff:198.51.100.1]:1234", "", "198.51.100.1"},
		{"[fe80::1%eth0]:1234", "", "fe80::1"},
		{"@", "203.0.113.9", "@"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = test.peer
		if test.forwarded != "" {
			r.Header.Set("X-Forwarded-For", test.forwarded)
		}
		if got := sourceAddress(r, trusted); got != test.want {
			t.Errorf("peer %s, forwarded %q: got %s, want %s", test.peer, test.forwarded, got, test.want)
		}
	}
}

func TestTLSDetailsAreThoseOfTheConnection(t *testing.T) {
	var calls atomic.Int64
	f := newFront(t, keys(&calls, nil))
	tlsServer := httptest.NewTLSServer(f.server.Config.Handler)
	defer tlsServer.Close()
	req := f.http(request{service: "ec2", operation: "DescribeKeyPairs"})
	req.URL.Scheme, req.URL.Host = "https", strings.TrimPrefix(tlsServer.URL, "https://")
	req.Host = req.URL.Host
	f.sign(req, []byte("Action=DescribeKeyPairs&Version=2016-11-15"), "ec2", testKey)
	resp, err := tlsServer.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d", resp.StatusCode)
	}
	d := f.journal.only().TLSDetails
	if d == nil || d.TLSVersion != "TLSv1.3" || !strings.HasPrefix(d.CipherSuite, "TLS_") || d.ClientProvidedHostHeader != req.Host || d.KeyExchange == "" {
		t.Errorf("tlsDetails %+v", d)
	}
}
