package cloudtraildata

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"
)

// fault is why an event is not accepted, in the words of the answer. The codes
// are those of ResultErrorEntry's documentation; which goes with what is told
// there by the names only.
type fault struct{ code, message string }

func faultf(code, format string, args ...any) *fault {
	return &fault{code, fmt.Sprintf(format, args...)}
}

// kind is what a member of eventData has to be.
type kind int

const (
	text kind = iota
	object
)

// rule says what a member of eventData has to be.
type rule struct {
	// in is the object that has the member: "" is eventData itself.
	in, name string
	kind     kind
	required bool
	// limit is the most characters of a text, or bytes of an object; 0 is none.
	limit int
}

// rules are those of "CloudTrail Lake integrations event schema" in the
// CloudTrail User Guide. Members that it does not know are kept as they are.
var rules = []rule{
	{name: "version", required: true, limit: 256},
	{name: "userIdentity", kind: object, required: true},
	{in: "userIdentity", name: "type", required: true, limit: 128},
	{in: "userIdentity", name: "principalId", required: true, limit: 1024},
	{in: "userIdentity", name: "details", kind: object},
	{name: "userAgent", limit: 1024},
	{name: "eventSource", required: true, limit: 1024},
	{name: "eventName", required: true, limit: 1024},
	{name: "eventTime", required: true},
	{name: "UID", required: true, limit: 1024},
	{name: "requestParameters", kind: object, limit: 100 << 10},
	{name: "responseElements", kind: object, limit: 100 << 10},
	{name: "errorCode", limit: 256},
	{name: "errorMessage", limit: 256},
	{name: "sourceIPAddress"},
	{name: "recipientAccountId", required: true},
	{name: "additionalEventData", kind: object, limit: 28 << 10},
}

// judge reads an event as far as it must be understood, and returns when it
// happened.
func (o *outcome) judge(e entry) (time.Time, *fault) {
	if e.checksum != nil && !sumMatches(e.data, *e.checksum) {
		return time.Time{}, faultf("InvalidChecksum", "eventDataChecksum is not the base64 of the SHA-256 hash of eventData.")
	}
	if err := checkJSON(e.data); err != nil {
		return time.Time{}, faultf("InvalidData", "eventData is not a JSON object that everybody reads alike: %v.", err)
	}
	texts, fault := readMembers(e.data)
	if fault != nil {
		return time.Time{}, fault
	}
	if texts["recipientAccountId"] != o.channel.AccountID {
		return time.Time{}, faultf("InvalidRecipient", "recipientAccountId is not the account that the channel belongs to.")
	}
	if isAWS(texts["eventSource"]) {
		return time.Time{}, faultf("InvalidEventSource", "eventSource is the name of an AWS service.")
	}
	if address := texts["sourceIPAddress"]; address != "" {
		if _, err := netip.ParseAddr(address); err != nil {
			return time.Time{}, faultf("InvalidData", "sourceIPAddress is not an IP address.")
		}
	}
	t, err := parseTime(texts["eventTime"])
	if err != nil {
		return time.Time{}, faultf("InvalidData", "eventTime is not a time of the form 2006-01-02T15:04:05Z.")
	}
	return t, nil
}

func sumMatches(data, sum string) bool {
	want := sha256.Sum256([]byte(data))
	got, err := base64.StdEncoding.Strict().DecodeString(sum)
	return err == nil && subtle.ConstantTimeCompare(got, want[:]) == 1
}

// readMembers holds the rules against eventData, which is valid JSON, and
// returns its texts; those of an inner object are not needed.
func readMembers(data string) (map[string]string, *fault) {
	objects := map[string]map[string]json.RawMessage{}
	texts := make(map[string]string, len(rules))
	top := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(data), &top); err != nil {
		return nil, faultf("InvalidData", "eventData is not a JSON object.")
	}
	objects[""] = top
	for _, r := range rules {
		raw, path := objects[r.in][r.name], r.name
		if r.in != "" {
			path = r.in + "." + r.name
		}
		if raw == nil || string(raw) == "null" {
			if r.required {
				return nil, faultf("FieldNotFound", "%s is required and is not there.", path)
			}
			continue
		}
		if r.kind == object {
			members, fault := r.object(path, raw)
			if fault != nil {
				return nil, fault
			}
			objects[r.name] = members
			continue
		}
		s, fault := r.text(path, raw)
		if fault != nil {
			return nil, fault
		}
		texts[path] = s
	}
	return texts, nil
}

func (r *rule) object(path string, raw json.RawMessage) (map[string]json.RawMessage, *fault) {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return nil, faultf("InvalidData", "%s is not a JSON object.", path)
	}
	if r.limit > 0 && len(raw) > r.limit {
		return nil, faultf("FieldTooLong", "%s has %d bytes and can have %d.", path, len(raw), r.limit)
	}
	return members, nil
}

func (r *rule) text(path string, raw json.RawMessage) (string, *fault) {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "", faultf("InvalidData", "%s is not a string.", path)
	}
	if s == "" && r.required {
		return "", faultf("FieldNotFound", "%s is required and is empty.", path)
	}
	if n := utf8.RuneCountInString(s); r.limit > 0 && n > r.limit {
		return "", faultf("FieldTooLong", "%s has %d characters and can have %d.", path, n, r.limit)
	}
	return s, nil
}

// isAWS reports whether an event source is one of those that AWS's services
// have. A channel is for others: nobody is to forge what an AWS service did.
func isAWS(source string) bool {
	source = strings.TrimRight(strings.ToLower(source), ". ")
	for _, domain := range []string{"amazonaws.com", "amazonaws.com.cn", "aws.internal"} {
		if source == domain || strings.HasSuffix(source, "."+domain) {
			return true
		}
	}
	return false
}

// parseTime reads a time of RFC 3339, to the second. One that names no zone is
// in UTC: the documentation shows the form without and the samples with it.
func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04:05", s)
	}
	t = t.UTC().Truncate(time.Second)
	if err == nil && (t.Year() < 1 || t.Year() > 9999) {
		err = fmt.Errorf("%s is outside the years 1 to 9999", s)
	}
	return t, err
}
