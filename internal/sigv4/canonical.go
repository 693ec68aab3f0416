package sigv4

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// s3Services are the services, by signing name, that follow S3's rules: the
// canonical path is the path encoded once and not normalised, and
// x-amz-content-sha256 is what is signed of the body. Evidence:
// "disableDoubleEncoding" in the endpoint rules of botocore's s3 and s3control;
// no other rule set has it.
var s3Services = map[string]bool{
	"s3":               true,
	"s3express":        true,
	"s3-outposts":      true,
	"s3-object-lambda": true,
}

// canonicalRequests yields the forms of the request that a correct client may
// have signed: the published form first, then those where widespread signers
// read the publication differently. Nearly always there is one. Each form is a
// function of the request alone, so none lets a signature cover another
// request than the one that its client sent.
func (s *Signature) canonicalRequests(payload string) iter.Seq[string] {
	return func(yield func(string) bool) {
		query := canonicalQuery(s.query)
		names := strings.Join(s.SignedHeaders, ";")
		paths := canonicalPaths(s.req.Path, s3Services[s.Service])
		for headers := range s.canonicalHeaders() {
			for _, path := range paths {
				form := strings.Join([]string{s.req.Method, path, query, headers, names, payload}, "\n")
				if !yield(form) {
					return
				}
			}
		}
	}
}

// canonicalPaths returns the spellings of a path that are signed.
func canonicalPaths(path string, s3 bool) []string {
	if path == "" {
		path = "/"
	}
	var forms []string
	if s3 {
		// S3 decodes the key and encodes it again (its documentation signs
		// "/test$file.text" as "/test%24file.text"). Clients that encode the
		// slashes of a key sign one or the other; some sign what they send.
		forms = []string{recode(path, true), recode(path, false), path}
	} else {
		// aws-sdk-go-v2 escapes again but does not remove dot segments.
		forms = []string{escape(normalize(path), true), escape(path, true)}
	}
	return unique(forms)
}

// normalize removes dot segments and empty segments, as botocore and AWS's
// test suite do.
func normalize(path string) string {
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
		default:
			kept = append(kept, segment)
		}
	}
	out := "/" + strings.Join(kept, "/")
	if strings.HasSuffix(path, "/") && len(kept) > 0 {
		out += "/"
	}
	return out
}

// pair is a name and value of a query, decoded.
type pair struct{ name, value string }

func parseQuery(raw string) []pair {
	var pairs []pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, pair{decode(name, true), decode(value, true)})
	}
	return pairs
}

// canonicalQuery encodes and sorts a query, without the signature itself. It
// sorts what is encoded: "a/b" comes before "a-b".
func canonicalQuery(pairs []pair) string {
	encoded := make([]pair, 0, len(pairs))
	for _, p := range pairs {
		if p.name == querySignature {
			continue
		}
		encoded = append(encoded, pair{escape(p.name, false), escape(p.value, false)})
	}
	slices.SortFunc(encoded, func(a, b pair) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.value, b.value))
	})
	var b strings.Builder
	for i, p := range encoded {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name)
		b.WriteByte('=')
		b.WriteString(p.value)
	}
	return b.String()
}

// canonicalHeaders yields the header blocks that may have been signed: values
// with inner white space as sent but for runs of spaces, or with each run of
// any white space made one space (botocore); and a host with or without the
// default port, which clients add or drop between signing and sending.
func (s *Signature) canonicalHeaders() iter.Seq[string] {
	hosts := []string{s.req.Host}
	if bare, ok := trimDefaultPort(s.req.Host); ok {
		hosts = append(hosts, bare)
	}
	return func(yield func(string) bool) {
		var seen []string
		for _, host := range hosts {
			for _, clean := range []func(string) string{collapseSpaces, collapseWhiteSpace} {
				block := s.headerBlock(host, clean)
				if slices.Contains(seen, block) {
					continue
				}
				seen = append(seen, block)
				if !yield(block) {
					return
				}
			}
		}
	}
}

func (s *Signature) headerBlock(host string, clean func(string) string) string {
	var b strings.Builder
	for _, name := range s.SignedHeaders {
		b.WriteString(name)
		b.WriteByte(':')
		values := s.req.values(name)
		if name == "host" {
			values = []string{host}
		}
		for i, v := range values {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(clean(v))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func trimDefaultPort(host string) (string, bool) {
	if bare, ok := strings.CutSuffix(host, ":443"); ok {
		return bare, true
	}
	return strings.CutSuffix(host, ":80")
}

// collapseSpaces trims v and makes each run of spaces one space.
func collapseSpaces(v string) string {
	v = strings.TrimSpace(v)
	if !strings.Contains(v, "  ") {
		return v
	}
	var b strings.Builder
	for i := range len(v) {
		if v[i] == ' ' && i > 0 && v[i-1] == ' ' {
			continue
		}
		b.WriteByte(v[i])
	}
	return b.String()
}

// collapseWhiteSpace trims v and makes each run of any white space one space.
func collapseWhiteSpace(v string) string { return strings.Join(strings.Fields(v), " ") }

// recode decodes a path and encodes it as SigV4 does, segment by segment, or
// with encoded slashes taken for slashes.
func recode(path string, segments bool) string {
	if !segments {
		return escape(decode(path, false), true)
	}
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = escape(decode(p, false), false)
	}
	return strings.Join(parts, "/")
}

const upperHex = "0123456789ABCDEF"

// escape is SigV4's UriEncode: all but the unreserved characters of RFC 3986,
// and the slash if it is kept.
func escape(s string, keepSlash bool) string {
	plain := func(c byte) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			c == '-' || c == '_' || c == '.' || c == '~' || c == '/' && keepSlash
	}
	i := 0
	for i < len(s) && plain(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	b := make([]byte, i, len(s)+16)
	copy(b, s)
	for ; i < len(s); i++ {
		if c := s[i]; plain(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return string(b)
}

// decode undoes percent-encoding. What is not an escape stands for itself, so
// nothing that can be sent is refused here; it merely will not match.
func decode(s string, plus bool) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		case c == '+' && plus:
			b = append(b, ' ')
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	}
	return c - 'A' + 10
}

// unique drops repeated forms and keeps the order.
func unique(forms []string) []string {
	out := forms[:0]
	for _, f := range forms {
		if !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}
