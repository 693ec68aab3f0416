package awsapi

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// parseScalar reads a value that travels as text: in a form, in XML, in a URI,
// in a header.
func parseScalar(s *Shape, text string) (any, error) {
	switch s.Kind {
	case String:
		return text, nil
	case Boolean:
		switch strings.TrimSpace(text) {
		case "true", "True", "TRUE", "1":
			return true, nil
		case "false", "False", "FALSE", "0":
			return false, nil
		}
		return nil, fmt.Errorf("%.64q is not a boolean", text)
	case Integer, Long:
		return parseInteger(s.Kind, strings.TrimSpace(text))
	case Float, Double:
		return parseFloat(strings.TrimSpace(text))
	case Blob:
		return parseBlob(text)
	case Timestamp:
		return parseTimestamp(text)
	}
	return nil, fmt.Errorf("a %s cannot be written as text", s.Kind)
}

// formatScalar writes a value as text. A timestamp whose shape names no format
// has the usual one.
func formatScalar(s *Shape, v any, usual string) (string, error) {
	switch v := v.(type) {
	case string:
		if s.Kind == String {
			return v, nil
		}
	case bool:
		if s.Kind == Boolean {
			return strconv.FormatBool(v), nil
		}
	case int64:
		if s.Kind == Integer || s.Kind == Long {
			return strconv.FormatInt(v, 10), nil
		}
	case float64:
		if s.Kind == Float || s.Kind == Double {
			return formatFloat(v), nil
		}
	case []byte:
		if s.Kind == Blob {
			return base64.StdEncoding.EncodeToString(v), nil
		}
	case time.Time:
		if s.Kind == Timestamp {
			return formatTimestamp(s, v, usual), nil
		}
	}
	return "", typeError(s, v)
}

// typeError says that a value given to an encoder is not of its shape's kind,
// which is a mistake of the caller, not of a client.
func typeError(s *Shape, v any) error {
	return fmt.Errorf("shape %s is a %s, not a Go %T", s.Name, s.Kind, v)
}

// parseInteger reads an integer of 32 or 64 bits. A fraction is cut off, as
// AWS's parsers do.
func parseInteger(kind Kind, text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		f, ferr := strconv.ParseFloat(text, 64)
		if ferr != nil || !(math.Abs(f) < 1<<63) || strings.ContainsAny(text, "xXpPiInN_") {
			return 0, fmt.Errorf("%.64q is not an integer", text)
		}
		n = int64(f)
	}
	if kind == Integer && (n > math.MaxInt32 || n < math.MinInt32) {
		return 0, fmt.Errorf("%d is more than an integer holds", n)
	}
	return n, nil
}

func parseFloat(text string) (float64, error) {
	switch text {
	case "NaN":
		return math.NaN(), nil
	case "Infinity", "inf":
		return math.Inf(1), nil
	case "-Infinity", "-inf":
		return math.Inf(-1), nil
	}
	if strings.ContainsAny(text, "xXpPiInN_") { // forms of Go, not of AWS
		return 0, fmt.Errorf("%.64q is not a number", text)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%.64q is not a number", text)
	}
	return f, nil
}

func formatFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// parseBlob reads base64, with or without line breaks and padding.
func parseBlob(text string) ([]byte, error) {
	text = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == ' ' || r == '\t' {
			return -1
		}
		return r
	}, text)
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil, fmt.Errorf("a blob is not base64: %w", err)
	}
	return b, nil
}
