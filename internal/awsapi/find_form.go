package awsapi

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// guessProtocol tells from a request alone in which protocol to refuse it.
func guessProtocol(r *Request) Protocol {
	contentType := r.Header.Get("Content-Type")
	switch {
	case strings.EqualFold(r.Header.Get("Smithy-Protocol"), smithyProtocol):
		return RPCv2
	case r.Header.Get("X-Amz-Target") != "" || strings.HasPrefix(contentType, "application/x-amz-json-"):
		return JSON
	case strings.HasPrefix(contentType, formType) || strings.Contains(r.RawQuery, "Action="):
		return Query
	case strings.Contains(contentType, "xml"):
		return RestXML
	}
	return RestJSON
}

func jsonVersion(contentType string) string {
	version, ok := strings.CutPrefix(contentType, "application/x-amz-json-")
	version, _, _ = strings.Cut(version, ";")
	if ok && (version == "1.0" || version == "1.1") {
		return version
	}
	return ""
}

func mayBeForm(r *Request) bool { return isForm(r) || hasAction(r.RawQuery) }

// hasAction reports whether a query names an action, or cannot be read.
func hasAction(rawQuery string) bool {
	if !strings.Contains(rawQuery, "%") { // an escape may hide the name
		return strings.Contains(rawQuery, "Action")
	}
	query, err := parseQuery(rawQuery)
	return err != nil || query.Has("Action")
}

// isForm reports whether the body is a form. Some old clients do not say so.
// Clients send forms with POST, but servers take them with any method.
func isForm(r *Request) bool {
	if saysForm(r) {
		return r.Method == http.MethodPost || len(r.Body) > 0
	}
	return r.Header.Get("Content-Type") == "" && r.Method == http.MethodPost && len(r.Body) > 0
}

func saysForm(r *Request) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Type"))), formType)
}

// readForm reads the parameters of a Query request, from its URL and its body.
func readForm(r *Request) (url.Values, error) {
	form, err := parseQuery(r.RawQuery)
	if err != nil || !isForm(r) {
		return form, err
	}
	body, err := r.plainBody()
	if err != nil {
		return nil, err
	}
	return form, addQueryTo(form, string(body))
}

// printable shortens and quotes what a client sent, unless it is a plain word.
func printable(text string) string {
	const longest = 200
	if len(text) > longest {
		text = text[:longest]
	}
	for _, c := range []byte(text) {
		if c <= ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return fmt.Sprintf("%q", text)
		}
	}
	return text
}
