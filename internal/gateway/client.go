package gateway

import (
	"net/http"
	"net/netip"

	"github.com/cairn-audit/cairn/event"
)

// Client is what an event tells of where a request came from.
type Client struct {
	SourceIP, UserAgent string
	// TLS is nil without TLS.
	TLS *event.TLSDetails
}

// ClientOf reads it from a request. The X-Forwarded-For of trusted networks is
// believed, and of no others.
func ClientOf(r *http.Request, trusted []netip.Prefix) Client {
	return Client{SourceIP: sourceAddress(r, trusted), UserAgent: r.UserAgent(), TLS: tlsDetails(r)}
}
