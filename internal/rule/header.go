package rule

import (
	"net/textproto"
	"strings"
)

// checkHeader refuses what cannot be a header. It does not say the value, which
// may be secret.
func checkHeader(name, value string) error {
	if name == "" || len(name) > maxHTTPText || strings.ContainsFunc(name, notToken) {
		return invalid("The header name %q is not valid.", name)
	}
	if len(value) > maxHTTPText || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return invalid("The value of header %q is not valid.", name)
	}
	return nil
}

// notToken reports what no name of a header has in it (RFC 9110, section 5.6.2).
func notToken(r rune) bool {
	return r > 0x7f || !isAlphanumeric(byte(r)) && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// reservedHeaders are those that nobody sets but the sender of a request, by
// canonical name; EventBridge leaves them out of what it is given ("Connections
// for HTTP endpoint targets", EventBridge User Guide).
var reservedHeaders = map[string]bool{
	"A-Im": true, "Accept-Charset": true, "Accept-Datetime": true, "Accept-Encoding": true, "Cache-Control": true,
	"Connection": true, "Content-Encoding": true, "Content-Length": true, "Content-Md5": true, "Date": true,
	"Expect": true, "Forwarded": true, "From": true, "Host": true, "Http2-Settings": true, "If-Match": true,
	"If-Modified-Since": true, "If-None-Match": true, "If-Range": true, "If-Unmodified-Since": true,
	"Keep-Alive": true, "Max-Forwards": true, "Origin": true, "Pragma": true, "Proxy-Authorization": true,
	"Range": true, "Referer": true, "Te": true, "Trailer": true, "Transfer-Encoding": true, "User-Agent": true,
	"Upgrade": true, "Via": true, "Warning": true,
}

func reserved(header string) bool { return reservedHeaders[textproto.CanonicalMIMEHeaderKey(header)] }
