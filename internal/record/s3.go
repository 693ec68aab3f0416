package record

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// s3Namespace is the xmlns of a body whose model gives none.
const s3Namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// s3Request writes what S3 records of a request: bucketName, key and Host, the
// sub-resource and query parameters as text, x-amz- headers by their names,
// and an XML body as org.json renders it.
func s3Request(rules *serviceRules, c *Call) json.RawMessage {
	w := s3Writer{rules: rules, op: c.Operation}
	w.open('{')
	w.path(c.Params)
	if c.HTTP.Host != "" {
		w.name("Host")
		w.str(c.HTTP.Host)
	}
	w.query(c.Params, c.HTTP.Query)
	w.headers(c.Params)
	w.body(c.Params)
	w.close('}')
	return orNull(w.buffer)
}

// s3Answer writes the answer's x-amz- headers; S3 records no bodies.
func s3Answer(rules *serviceRules, c *Call) json.RawMessage {
	if c.Operation.Output == nil {
		return null
	}
	var w buffer
	w.open('{')
	for _, m := range c.Operation.Output.Members {
		if v, ok := c.Output[m.Name]; ok && m.Location == awsapi.InHeader && recordedHeader(rules, m) {
			w.name(m.LocationName)
			w.str(headerText(v))
		}
	}
	w.close('}')
	return orNull(w)
}

// s3HeadError is what S3 records of an error of which the answer told the status
// only; the code is empty where the rows have none.
func s3HeadError(rules *serviceRules, c *Call) (code, message string) {
	if rules.style == styleS3 && c.Operation != nil {
		for _, row := range s3HeadErrors {
			if row.op == c.Operation.Name && row.seen == c.Error.Code {
				return row.code, row.message
			}
		}
	}
	return "", ""
}

type s3Writer struct {
	buffer
	rules *serviceRules
	op    *awsapi.Operation
}

// path writes the members of the URL's path.
func (w *s3Writer) path(params map[string]any) {
	if w.op.Input == nil {
		return
	}
	for _, m := range w.op.Input.Members {
		v, ok := params[m.Name]
		if !ok || m.Location != awsapi.InURI || s3Unrecorded[m.Name] {
			continue
		}
		name, ok := s3PathNames[m.Name]
		if !ok {
			name = lowerFirst(m.Name)
		}
		w.name(name)
		w.str(headerText(v))
	}
}

// query writes the sub-resource that is part of the operation's URL, the query
// parameters of the model, and what a presigned URL adds.
func (w *s3Writer) query(params map[string]any, raw url.Values) {
	if _, fixed, ok := strings.Cut(w.op.URI, "?"); ok {
		for part := range strings.SplitSeq(fixed, "&") {
			name, value, _ := strings.Cut(part, "=")
			w.name(name)
			w.str(value)
		}
	}
	if w.op.Input != nil {
		for _, m := range w.op.Input.Members {
			v, ok := params[m.Name]
			if !ok || m.Location != awsapi.InQueryString {
				continue
			}
			w.name(m.LocationName)
			if list, ok := v.([]any); ok {
				w.any(list)
				continue
			}
			w.str(headerText(v))
		}
	}
	for _, name := range s3PresignedQuery {
		if v, ok := raw[name]; ok && len(v) > 0 {
			w.name(name)
			w.str(v[0])
		}
	}
}

// headers writes x-amz- headers; those that grant access stand in an object of
// their own (a6b19ef7).
func (w *s3Writer) headers(params map[string]any) {
	if w.op.Input == nil {
		return
	}
	grants := false
	for _, m := range w.op.Input.Members {
		v, ok := params[m.Name]
		if !ok || m.Location != awsapi.InHeader || !recordedHeader(w.rules, m) {
			continue
		}
		if strings.HasPrefix(m.LocationName, s3GrantPrefix) {
			grants = true
			continue
		}
		w.name(m.LocationName)
		w.str(headerText(v))
	}
	if !grants {
		return
	}
	w.name("accessControlList")
	w.open('{')
	for _, m := range w.op.Input.Members {
		if v, ok := params[m.Name]; ok && strings.HasPrefix(m.LocationName, s3GrantPrefix) {
			w.name(m.LocationName)
			w.str(headerText(v))
		}
	}
	w.close('}')
}

// body writes a structured body under its root element.
func (w *s3Writer) body(params map[string]any) {
	input := w.op.Input
	if input == nil || s3Bodiless[w.op.Name] {
		return
	}
	if input.Payload == "" {
		if w.op.InputRoot.LocationName != "" {
			w.element(&w.op.InputRoot, params)
		}
		return
	}
	m := input.Member(input.Payload)
	v, ok := params[input.Payload]
	switch {
	case !ok || m == nil || m.Shape.Streaming || m.Streaming:
	case m.Shape.Kind == awsapi.Structure:
		if value, ok := v.(map[string]any); ok {
			w.element(m, value)
		}
	default:
		w.document(m, v)
	}
}

// element writes a structure as the XML element of a member.
func (w *s3Writer) element(m *awsapi.Member, value map[string]any) {
	x := xmlText{
		buffer:      w.buffer,
		rules:       w.rules,
		memberName:  (*awsapi.Member).WireName,
		elementName: s3ElementName,
		flat:        func(m *awsapi.Member) bool { return m.Flattened || m.Shape.Flattened },
		stamp:       isoMillis,
	}
	x.name(m.WireName())
	x.open('{')
	x.name("xmlns")
	if m.NamespaceURI != "" {
		x.str(m.NamespaceURI)
	} else {
		x.str(s3Namespace)
	}
	x.members(m.Shape, value)
	x.close('}')
	w.buffer = x.buffer
}

// document writes a body that is a JSON document: a bucket policy, as the JSON
// that it holds (ba0bcf69).
func (w *s3Writer) document(m *awsapi.Member, v any) {
	name, ok := s3Documents[m.Name]
	text, isText := v.(string)
	if !ok || !isText {
		return
	}
	w.name(name)
	if compact := compactJSON(text); compact != nil {
		w.buffer = append(w.buffer, compact...)
		return
	}
	w.str(text)
}

func s3ElementName(list *awsapi.Shape) string {
	if list.Elem.LocationName != "" {
		return list.Elem.LocationName
	}
	return "member"
}

func recordedHeader(rules *serviceRules, m *awsapi.Member) bool {
	name := m.LocationName
	if !strings.HasPrefix(name, "x-amz-") || s3Unrecorded[m.Name] || rules.secret(m) != kept {
		return false
	}
	return !slices.ContainsFunc(s3UnrecordedHeaders, func(p string) bool { return strings.HasPrefix(name, p) })
}

// headerText is a value as it stands in a header or a URL.
func headerText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case time.Time:
		return v.UTC().Format(time.RFC1123)
	default:
		var w buffer
		w.any(v)
		return strings.Trim(string(w), `"`)
	}
}

// compactJSON returns a JSON document on one line and with its keys sorted, or
// nil when text is none.
func compactJSON(text string) []byte {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return nil
	}
	var w buffer
	w.any(v)
	return w
}

// s3Additional writes additionalEventData, which tells how the request came.
func s3Additional(c *Call) json.RawMessage {
	var w buffer
	w.open('{')
	text := func(name, value string) {
		if value != "" {
			w.name(name)
			w.str(value)
		}
	}
	text("SignatureVersion", c.HTTP.SignatureVersion)
	if c.TLS != nil {
		text("CipherSuite", c.TLS.CipherSuite)
	}
	w.name("bytesTransferredIn")
	w.int(c.HTTP.BytesIn)
	text("SSEApplied", s3Encryption(c))
	text("AuthenticationMethod", c.HTTP.AuthMethod)
	text("x-amz-id-2", c.HTTP.ExtendedID)
	w.name("bytesTransferredOut")
	w.int(c.HTTP.BytesOut)
	w.close('}')
	return json.RawMessage(w)
}

// s3Encryption names the encryption that the answer says was applied, and
// whether the request had asked for it.
func s3Encryption(c *Call) string {
	applied, _ := c.Output["ServerSideEncryption"].(string)
	name, ok := s3Encryptions[applied]
	if !ok {
		return ""
	}
	if _, asked := c.Params["ServerSideEncryption"]; !asked {
		return "Default_" + name
	}
	return name
}
