package egress

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"testing"
)

func TestNothingIsSentWhereItMustNot(t *testing.T) {
	for address, test := range map[string]struct{ always, publicOnly bool }{
		"127.0.0.1:80":                {true, false},
		"[::1]:80":                    {true, false},
		"[::ffff:127.0.0.1]:80":       {true, false},
		"[64:ff9b::127.0.0.1]:80":     {true, false},
		"10.1.2.3:80":                 {true, false},
		"192.168.0.1:443":             {true, false},
		"100.64.0.1:80":               {true, false},
		"198.19.0.1:80":               {true, false},
		"240.0.0.1:80":                {true, false},
		"0.1.2.3:80":                  {true, false},
		"[fd00::1]:80":                {true, false},
		"[fec0::1]:80":                {true, false},
		"[::10.0.0.1]:80":             {true, false},
		"[2002:a00:1::]:80":           {true, false},
		"[64:ff9b:1::1]:80":           {true, false},
		"0.0.0.0:80":                  {true, false},
		"93.184.216.34:80":            {true, true},
		"[2606:4700::1]:443":          {true, true},
		"[64:ff9b::93.184.216.34]:80": {true, true},
		"169.254.169.254:80":          {false, false},
		"[fe80::1%eth0]:80":           {false, false},
		"[::ffff:169.254.1.1]:80":     {false, false},
		"[64:ff9b::a9fe:a9fe]:80":     {false, false},
		"[2002:a9fe:a9fe::1]:80":      {false, false},
		"[fd00:ec2::254]:80":          {false, false},
		"[fd00:ec2::254%eth0]:80":     {false, false},
		"100.100.100.200:80":          {false, false},
		"224.0.0.1:80":                {false, false},
		"[ff01::1]:80":                {false, false},
		"nonsense":                    {false, false},
	} {
		if got := (&Options{}).mayDial(address) == nil; got != test.always {
			t.Errorf("%s: %v", address, got)
		}
		if got := (&Options{PublicOnly: true}).mayDial(address) == nil; got != test.publicOnly {
			t.Errorf("%s with PublicOnly: %v", address, got)
		}
	}
}

func TestNothingIsSentToTheServerItself(t *testing.T) {
	machine := "127.0.0.1"
	if all, err := net.InterfaceAddrs(); err == nil {
		for _, a := range all {
			if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
				machine = n.IP.String()
			}
		}
	}
	for _, test := range []struct {
		own, address string
		want         bool
	}{
		{"127.0.0.1:4566", "127.0.0.1:4566", false},
		{"127.0.0.1:4566", "[::ffff:127.0.0.1]:4566", false},
		{"127.0.0.1:4566", "0.0.0.0:4566", false},
		{"127.0.0.1:4566", "127.0.0.1:4567", true},
		{"127.0.0.1:4566", "127.0.0.2:4566", true},
		{"[::]:4566", "127.0.0.2:4566", false},
		{"[::]:4566", "[::1]:4566", false},
		{"0.0.0.0:4566", machine + ":4566", false},
		{"[::]:4566", machine + ":4566", false},
		{"[::]:4566", "93.184.216.34:4566", true},
		{"[::ffff:0.0.0.0]:4566", "127.0.0.1:4566", false},
	} {
		o := Options{Own: Own{netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort(test.own)}}
		if got := o.mayDial(test.address) == nil; got != test.want {
			t.Errorf("%s where %s is the server: %v", test.address, test.own, got)
		}
	}
}

func TestTheClientKeepsToIt(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer server.Close()
	answer, err := NewClient(Options{}).Get(server.URL)
	if err != nil || answer.StatusCode != http.StatusFound || asked != 1 {
		t.Fatalf("%v, %v, asked %d times", answer, err, asked)
	}
	answer.Body.Close()
	own := Own{netip.MustParseAddrPort(server.Listener.Addr().String())}
	for _, o := range []Options{{Own: own}, {PublicOnly: true}} {
		if _, err := NewClient(o).Get(server.URL); !errors.Is(err, ErrForbidden) || asked != 1 {
			t.Errorf("%v, asked %d times", err, asked)
		}
	}
}

func TestAProxyIsNoWayAround(t *testing.T) {
	o := Options{}
	proxyOf := o.through(func(*http.Request) (*url.URL, error) { return &url.URL{Host: "proxy.test"}, nil })
	for target, want := range map[string]bool{
		"http://example.com/": true, "http://93.184.216.34/": true, "https://[2606:4700::1]:8443/": true,
		"http://169.254.169.254/": false, "http://[fd00:ec2::254]/": false,
	} {
		proxy, err := proxyOf(httptest.NewRequest(http.MethodGet, target, nil))
		if got := err == nil && proxy.Host == "proxy.test"; got != want {
			t.Errorf("%s: %v, %v", target, proxy, err)
		}
	}
}
