package sigv2

import (
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/smithy-go/encoding/httpbinding"
)

// subresources are the parameters that are part of what is signed. The first
// group is in the S3 developer guide ("Signing and authenticating REST
// requests") and in the signers of AWS's SDKs. Those of the second came later,
// and select an operation or what it is about. Signers leave them out and so
// cannot presign such a call: were it taken, whoever has a URL for an object
// could make it one for the object's retention.
var subresources = set(`
	acl cors delete lifecycle location logging notification partNumber policy
	replication requestPayment restore select select-type tagging torrent uploadId
	uploads versionId versioning versions website accelerate analytics inventory
	metrics object-lock defaultObjectAcl storageClass
	response-cache-control response-content-disposition response-content-encoding
	response-content-language response-content-type response-expires

	abac attributes encryption id intelligent-tiering legal-hold
	metadataConfiguration metadataInventoryTable metadataJournalTable
	metadataTable ownershipControls policyStatus publicAccessBlock renameObject
	retention session
`)

func set(names string) map[string]bool {
	m := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		m[name] = true
	}
	return m
}

// param is a parameter of the query, decoded.
type param struct {
	name, value string
	equals      bool // "name=" rather than "name"
}

// parseQuery is as strict as what reads the query later, so that both see the
// same parameters.
func parseQuery(raw string) ([]param, error) {
	if _, err := url.ParseQuery(raw); err != nil {
		return nil, err
	}
	var params []param
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, equals := strings.Cut(part, "=")
		name, _ = url.QueryUnescape(name)
		value, _ = url.QueryUnescape(value)
		params = append(params, param{name, value, equals})
	}
	return params, nil
}

// stringsToSign yields what a client may have signed for the request: nearly
// always there is one form. Each is a function of what the request means, so
// none lets a signature stand for another request than its client's. path is
// the escaped path with the bucket in it.
func (s *Signature) stringsToSign(path string) iter.Seq[string] {
	return func(yield func(string) bool) {
		head := strings.Join([]string{
			s.req.Method, s.header("Content-Md5"), s.header("Content-Type"), s.date, s.amzHeaders(),
		}, "\n")
		for _, path := range paths(path) {
			for _, query := range s.signedQueries() {
				if !yield(head + path + query) {
					return
				}
			}
		}
	}
}

// paths returns the spellings of a path that are signed: as it is sent, and as
// AWS's SDKs encode it, since some HTTP libraries change the spelling between
// signing and sending. SDKs sign a bucket with a slash that they do not send.
func paths(path string) []string {
	if path == "" {
		path = "/"
	}
	forms := []string{path}
	if again := respell(path); again != path {
		forms = append(forms, again)
	}
	if bucket := strings.TrimPrefix(path, "/"); bucket != "" && !strings.Contains(bucket, "/") {
		for _, form := range forms[:len(forms):len(forms)] {
			forms = append(forms, form+"/")
		}
	}
	return forms
}

// respell decodes each segment of a path and encodes it as the SDKs do.
func respell(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if plain, err := url.PathUnescape(segment); err == nil {
			segments[i] = httpbinding.EscapePath(plain, true)
		}
	}
	return strings.Join(segments, "/")
}

// signedQueries returns the sub-resources in the forms that are signed. Their
// values are not encoded. Of one that is sent as "acl=", some signers drop the
// sign, and others do not.
func (s *Signature) signedQueries() []string {
	var signed []param
	bare := false
	for _, p := range s.query {
		if subresources[p.name] {
			signed = append(signed, p)
			bare = bare || p.equals && p.value == ""
		}
	}
	if len(signed) == 0 {
		return []string{""}
	}
	slices.SortStableFunc(signed, func(a, b param) int { return strings.Compare(a.name, b.name) })
	forms := []string{joinQuery(signed, true)}
	if bare {
		forms = append(forms, joinQuery(signed, false))
	}
	return forms
}

func joinQuery(params []param, keepEquals bool) string {
	var b strings.Builder
	for i, p := range params {
		b.WriteByte("?&"[min(i, 1)])
		b.WriteString(p.name)
		if p.value != "" || p.equals && keepEquals {
			b.WriteString("=" + p.value)
		}
	}
	return b.String()
}

// amzHeaders is the block of all x-amz- headers of the request, each with its
// line end. Signers move such headers into the query, where they mean the same.
func (s *Signature) amzHeaders() string {
	lines := s.amz()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		b.WriteString(name + ":" + strings.Join(lines[name], ",") + "\n")
	}
	return b.String()
}

// amz are the values of the x-amz- headers by their names in lower case. A
// header stands for a parameter of its name; Parse refuses two that differ.
func (s *Signature) amz() map[string][]string {
	values := s.amzParams()
	for name, sent := range s.req.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, amzPrefix) {
			values[name] = trimmed(sent)
		}
	}
	return values
}

// amzParams are those of them that are in the query.
func (s *Signature) amzParams() map[string][]string {
	values := map[string][]string{}
	for _, p := range s.query {
		if name := strings.ToLower(p.name); strings.HasPrefix(name, amzPrefix) {
			values[name] = append(values[name], strings.TrimSpace(p.value))
		}
	}
	return values
}

func (s *Signature) header(name string) string {
	return strings.Join(trimmed(s.req.Header.Values(name)), ",")
}

func trimmed(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strings.TrimSpace(v)
	}
	return out
}
