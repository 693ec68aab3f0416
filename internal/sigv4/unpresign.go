package sigv4

import (
	"net/http"
	"slices"
	"strings"
)

// Unpresign returns the headers and the query of what a presigned URL stands
// for: without the signature, and with the headers that the signer had moved
// into the query back among the headers, where a header that was sent comes
// first. It knows Version 2's parameters too. Other parameters stay as they
// were sent, and h is not changed.
func Unpresign(h http.Header, rawQuery string) (http.Header, string) {
	out := h.Clone()
	if out == nil {
		out = http.Header{}
	}
	var kept []string
	version2 := has(rawQuery, "AWSAccessKeyId") && has(rawQuery, "Signature") && !has(rawQuery, querySignature)
	for part := range strings.SplitSeq(rawQuery, "&") {
		name, value, _ := strings.Cut(part, "=")
		name = decode(name, true)
		switch header := http.CanonicalHeaderKey(name); {
		case version2 && version2Params[name] || signatureParams[header]:
		case !strings.HasPrefix(header, "X-Amz-"):
			kept = append(kept, part)
		case len(h.Values(header)) == 0:
			out.Add(header, decode(value, true))
		}
	}
	return out, strings.Join(kept, "&")
}

func has(rawQuery, name string) bool {
	return slices.ContainsFunc(parseQuery(rawQuery), func(p pair) bool { return p.name == name })
}

// version2Params are the signature of Version 2 in a query.
var version2Params = map[string]bool{"AWSAccessKeyId": true, "Signature": true, "Expires": true}

// signatureParams are the signature of Version 4, as header names.
var signatureParams = map[string]bool{
	http.CanonicalHeaderKey(queryAlgorithm):     true,
	http.CanonicalHeaderKey(queryCredential):    true,
	http.CanonicalHeaderKey(queryDate):          true,
	http.CanonicalHeaderKey(queryExpires):       true,
	http.CanonicalHeaderKey(querySignedHeaders): true,
	http.CanonicalHeaderKey(querySignature):     true,
	// SDKs that presign an upload name the checksum that they would have made
	// of a body. Whoever uses the URL sends none; S3 does not mind.
	"X-Amz-Sdk-Checksum-Algorithm": true,
}
