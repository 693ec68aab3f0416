package awsapi

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// encodePath fills in the labels of a template.
func (b *bindings) encodePath(r *route, v map[string]any) (string, error) {
	var path strings.Builder
	for _, s := range r.segments {
		path.WriteByte('/')
		if s.kind == segLiteral {
			path.WriteString(s.text)
			continue
		}
		m := b.labels[s.text]
		if m == nil {
			return "", fmt.Errorf("no member is the label %q", s.text)
		}
		text, err := formatScalar(m.Shape, v[m.Name], iso8601)
		if err != nil {
			return "", fmt.Errorf("label %s: %w", m.Name, err)
		}
		if text == "" {
			return "", fmt.Errorf("label %s is empty", m.Name)
		}
		escape(&path, text, s.kind == segGreedy)
	}
	if path.Len() == 0 || r.slash {
		path.WriteByte('/')
	}
	return path.String(), nil
}

// escape percent-encodes all but the unreserved characters, as a signature's
// canonical path has it.
func escape(b *strings.Builder, text string, keepSlash bool) {
	const hex = "0123456789ABCDEF"
	for i := range len(text) {
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '-', c == '.', c == '_', c == '~', c == '/' && keepSlash:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
}

func (b *bindings) encodeQuery(r *route, v map[string]any) (string, error) {
	values := url.Values{}
	for _, m := range b.query {
		value, ok := v[m.Name]
		if !ok || value == nil {
			continue
		}
		if err := addQuery(values, m.WireName(), m.Shape, value); err != nil {
			return "", fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	if m := b.queryMap; m != nil && v[m.Name] != nil {
		entries, ok := v[m.Name].(map[string]any)
		if !ok {
			return "", typeError(m.Shape, v[m.Name])
		}
		for key, value := range entries {
			if err := addQuery(values, key, m.Shape.Value.Shape, value); err != nil {
				return "", fmt.Errorf("%s: %w", m.Name, err)
			}
		}
	}
	var parts []string
	for _, l := range r.literals {
		if l.anyValue {
			parts = append(parts, l.key)
		} else {
			parts = append(parts, l.key+"="+l.value)
		}
	}
	if len(values) > 0 {
		parts = append(parts, strings.ReplaceAll(values.Encode(), "+", "%20"))
	}
	return strings.Join(parts, "&"), nil
}

func addQuery(values url.Values, key string, s *Shape, v any) error {
	if list, ok := v.([]any); ok && s.Kind == List {
		for _, item := range list {
			if err := addQuery(values, key, s.Elem.Shape, item); err != nil {
				return err
			}
		}
		return nil
	}
	text, err := formatScalar(s, v, iso8601)
	if err != nil {
		return err
	}
	values.Add(key, text)
	return nil
}

func (b *bindings) decodeQuery(r *route, query url.Values, into map[string]any) error {
	for _, m := range b.query {
		texts, ok := query[m.WireName()]
		if !ok {
			continue
		}
		v, err := parseTexts(m.Shape, texts)
		if err != nil {
			return &memberError{m.Name, err}
		}
		if v != nil {
			into[m.Name] = v
		}
	}
	if b.queryMap == nil {
		return nil
	}
	entries := map[string]any{}
	for key, texts := range query {
		if b.isQuery(key, r.literals) {
			continue
		}
		v, err := parseTexts(b.queryMap.Shape.Value.Shape, texts)
		if err != nil {
			return &memberError{b.queryMap.Name, err}
		}
		entries[key] = v
	}
	if len(entries) > 0 {
		into[b.queryMap.Name] = entries
	}
	return nil
}

// parseTexts reads the values that a parameter has in a query: all of them for
// a list; anything else has one. Nothing is no value, except of a string.
func parseTexts(s *Shape, texts []string) (any, error) {
	if s.Kind != List {
		if differ(texts) {
			return nil, errFormTwin
		}
		if texts[0] == "" && s.Kind != String {
			return nil, nil
		}
		return parseScalar(s, texts[0])
	}
	list := make([]any, 0, len(texts))
	for _, text := range texts {
		v, err := parseScalar(s.Elem.Shape, text)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// differ reports whether a value is given several times and not the same.
func differ(texts []string) bool {
	return slices.ContainsFunc(texts, func(text string) bool { return text != texts[0] })
}

func (b *bindings) encodeHeaders(h http.Header, v map[string]any) error {
	for _, m := range b.headers {
		value, ok := v[m.Name]
		if !ok || value == nil {
			continue
		}
		text, err := formatHeader(m.Member, value)
		if err != nil {
			return fmt.Errorf("header %s: %w", m.Name, err)
		}
		if text != "" || m.Shape.Kind == String {
			h[m.key] = []string{text}
		}
	}
	for _, m := range b.prefixed {
		entries, ok := v[m.Name].(map[string]any)
		if !ok && v[m.Name] != nil {
			return typeError(m.Shape, v[m.Name])
		}
		for key, value := range entries {
			text, err := formatScalar(m.Shape.Value.Shape, value, rfc822)
			if err != nil {
				return fmt.Errorf("header %s: %w", m.Name, err)
			}
			h[http.CanonicalHeaderKey(m.LocationName+key)] = []string{oneLine(text)}
		}
	}
	return nil
}

// oneLine keeps a value from ending its header.
func oneLine(text string) string {
	if !strings.ContainsAny(text, "\r\n\x00") {
		return text
	}
	return strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ").Replace(text)
}

func formatHeader(m *Member, v any) (string, error) {
	if list, ok := v.([]any); ok && m.Shape.Kind == List {
		texts := make([]string, 0, len(list))
		for _, item := range list {
			text, err := formatScalar(m.Shape.Elem.Shape, item, rfc822)
			if err != nil {
				return "", err
			}
			if strings.ContainsAny(text, `",`) {
				text = `"` + strings.ReplaceAll(text, `"`, `\"`) + `"`
			}
			texts = append(texts, oneLine(text))
		}
		return strings.Join(texts, ","), nil
	}
	text, err := formatScalar(m.Shape, v, rfc822)
	if m.JSONValue {
		return base64.StdEncoding.EncodeToString([]byte(text)), err
	}
	return oneLine(text), err
}

func (b *bindings) decodeHeaders(h http.Header, into map[string]any) error {
	for _, m := range b.headers {
		texts := h[m.key]
		if len(texts) == 0 {
			continue
		}
		v, err := parseHeader(m.Member, texts)
		if err != nil {
			return &memberError{m.Name, err}
		}
		if v != nil {
			into[m.Name] = v
		}
	}
	for _, m := range b.prefixed {
		entries := map[string]any{}
		for key, texts := range h {
			if len(key) > len(m.LocationName) && strings.EqualFold(key[:len(m.LocationName)], m.LocationName) {
				// HTTP has lost the case of the name; S3 gives metadata in lower case.
				entries[strings.ToLower(key[len(m.LocationName):])] = strings.Join(texts, ",")
			}
		}
		if len(entries) > 0 {
			into[m.Name] = entries
		}
	}
	return nil
}

func parseHeader(m *Member, texts []string) (any, error) {
	switch {
	case m.Shape.Kind == List:
		list := []any{}
		for _, text := range splitHeader(strings.Join(texts, ",")) {
			v, err := parseScalar(m.Shape.Elem.Shape, text)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case differ(texts):
		return nil, errFormTwin
	case m.JSONValue:
		b, err := parseBlob(texts[0])
		return string(b), err
	case texts[0] == "" && m.Shape.Kind != String:
		return nil, nil
	}
	return parseScalar(m.Shape, texts[0])
}

// splitHeader cuts a list at its commas, except at those within quotes.
func splitHeader(text string) []string {
	var items []string
	var item strings.Builder
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quoted && i+1 < len(text):
			i++
			item.WriteByte(text[i])
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			items = append(items, strings.TrimSpace(item.String()))
			item.Reset()
		default:
			item.WriteByte(c)
		}
	}
	return append(items, strings.TrimSpace(item.String()))
}
