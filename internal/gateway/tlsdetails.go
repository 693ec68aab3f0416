package gateway

import (
	"crypto/tls"
	"net/http"

	"github.com/cairn-audit/cairn/event"
)

// keyExchanges are CloudTrail's names of the groups, which are IANA's.
var keyExchanges = map[tls.CurveID]string{
	tls.X25519MLKEM768: "X25519MLKEM768",
	tls.X25519:         "x25519",
	tls.CurveP256:      "secp256r1",
	tls.CurveP384:      "secp384r1",
	tls.CurveP521:      "secp521r1",
}

var tlsVersions = map[uint16]string{
	tls.VersionTLS12: "TLSv1.2",
	tls.VersionTLS13: "TLSv1.3",
}

// tlsDetails describes the client's connection, or is nil without TLS.
// OpenSSL's names of TLS 1.2 suites differ from IANA's; CloudTrail has
// OpenSSL's ("ECDHE-RSA-AES128-GCM-SHA256").
func tlsDetails(r *http.Request) *event.TLSDetails {
	if r.TLS == nil {
		return nil
	}
	suite := tls.CipherSuiteName(r.TLS.CipherSuite)
	if name, ok := opensslNames[r.TLS.CipherSuite]; ok {
		suite = name
	}
	return &event.TLSDetails{
		TLSVersion:               tlsVersions[r.TLS.Version],
		CipherSuite:              suite,
		ClientProvidedHostHeader: r.Host,
		KeyExchange:              keyExchanges[r.TLS.CurveID],
	}
}

var opensslNames = map[uint16]string{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256:       "ECDHE-ECDSA-AES128-GCM-SHA256",
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384:       "ECDHE-ECDSA-AES256-GCM-SHA384",
	tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256:         "ECDHE-RSA-AES128-GCM-SHA256",
	tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384:         "ECDHE-RSA-AES256-GCM-SHA384",
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-ECDSA-CHACHA20-POLY1305",
	tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256:   "ECDHE-RSA-CHACHA20-POLY1305",
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA:          "ECDHE-ECDSA-AES128-SHA",
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA:          "ECDHE-ECDSA-AES256-SHA",
	tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA:            "ECDHE-RSA-AES128-SHA",
	tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA:            "ECDHE-RSA-AES256-SHA",
}
