package topic

import (
	"net/mail"
	"net/url"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/seal"
)

// maxEndpoint is the longest endpoint in bytes.
const maxEndpoint = 2048

// elsewhere are the protocols that SNS has and this package has not.
var elsewhere = []string{"sqs", "lambda", "sms", "application", "firehose"}

// endpoint is where a subscription's messages go, without the password that its
// URL may have; that is sealed.
type endpoint struct {
	Protocol string
	URL      string // as it is shown
	Sealed   []byte `json:",omitempty"` // the whole, where URL is not
}

// newEndpoint reads what a caller gives. The context is the record's that the
// endpoint will be in.
func newEndpoint(protocol, text string, key *seal.Key, context string) (endpoint, error) {
	e := endpoint{Protocol: protocol, URL: text}
	switch {
	case slices.Contains(elsewhere, protocol):
		return e, invalid("Protocol Reason: this endpoint delivers by http and https, not by %s", protocol)
	case text == "" || len(text) > maxEndpoint:
		return e, invalid("Endpoint")
	case protocol == "email" || protocol == "email-json":
		if _, err := mail.ParseAddress(text); err != nil {
			return e, invalid("Email address")
		}
		return e, nil
	case protocol != "http" && protocol != "https":
		return e, invalid("Amazon SNS does not support this protocol string: %s", protocol)
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Opaque != "" || u.Fragment != "" {
		return e, invalid("HTTP(S)  Endpoint")
	}
	if u.Scheme != protocol {
		return e, invalid("Endpoint must match the specified protocol")
	}
	if _, has := u.User.Password(); has {
		e.Sealed = key.Seal([]byte(text), []byte(context))
		e.URL = strings.Replace(u.Redacted(), ":xxxxx@", ":****@", 1)
	}
	return e, nil
}

// open is the whole URL.
func (e *endpoint) open(key *seal.Key, context string) (string, error) {
	if e.Sealed == nil {
		return e.URL, nil
	}
	text, err := key.Open(e.Sealed, []byte(context))
	return string(text), err
}

// deliverable reports whether messages can be sent there. Those by e-mail stay
// unconfirmed.
func (e *endpoint) deliverable() bool { return e.Protocol == "http" || e.Protocol == "https" }
