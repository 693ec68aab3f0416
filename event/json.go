package event

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// AppendJSON appends the record as one line of JSON, with its fields in
// CloudTrail's order. Unlike encoding/json it leaves <, > and & as they are:
// redaction marks and URLs must read as CloudTrail writes them. The raw
// members must hold valid JSON or nothing.
func (e *Event) AppendJSON(b []byte) []byte {
	b = append(b, '{')
	b = appendMember(b, "eventVersion", e.EventVersion)
	if e.UserIdentity != nil {
		b = e.UserIdentity.appendJSON(appendName(b, "userIdentity"))
	}
	b = e.EventTime.appendJSON(appendName(b, "eventTime"))
	b = appendOptional(b, "eventSource", e.EventSource)
	b = appendOptional(b, "eventName", e.EventName)
	b = appendMember(b, "awsRegion", e.AWSRegion)
	b = appendOptional(b, "sourceIPAddress", e.SourceIPAddress)
	b = appendOptional(b, "userAgent", e.UserAgent)
	b = appendOptional(b, "errorCode", e.ErrorCode)
	b = appendOptional(b, "errorMessage", e.ErrorMessage)
	if e.hasElements() {
		b = appendRaw(appendName(b, "requestParameters"), e.RequestParameters)
		b = appendRaw(appendName(b, "responseElements"), e.ResponseElements)
	}
	b = appendOptionalRaw(b, "additionalEventData", e.AdditionalEventData)
	b = appendOptional(b, "requestID", e.RequestID)
	b = appendMember(b, "eventID", e.EventID)
	b = appendOptionalBool(b, "readOnly", e.ReadOnly)
	if len(e.Resources) > 0 {
		b = append(appendName(b, "resources"), '[')
		for i := range e.Resources {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.Resources[i].appendJSON(b)
		}
		b = append(b, ']')
	}
	b = appendMember(b, "eventType", e.EventType)
	b = appendOptional(b, "apiVersion", e.APIVersion)
	b = appendOptionalBool(b, "managementEvent", e.ManagementEvent)
	b = appendMember(b, "recipientAccountId", e.RecipientAccountID)
	b = appendOptional(b, "sharedEventID", e.SharedEventID)
	b = appendOptional(b, "vpcEndpointId", e.VPCEndpointID)
	b = appendOptional(b, "vpcEndpointAccountId", e.VPCEndpointAccountID)
	b = appendOptionalRaw(b, "serviceEventDetails", e.ServiceEventDetails)
	if e.Addendum != nil {
		b = e.Addendum.appendJSON(appendName(b, "addendum"))
	}
	b = appendOptionalRaw(b, "edgeDeviceDetails", e.EdgeDeviceDetails)
	b = appendOptionalRaw(b, "insightDetails", e.InsightDetails)
	b = appendMember(b, "eventCategory", e.EventCategory)
	if e.TLSDetails != nil {
		b = e.TLSDetails.appendJSON(appendName(b, "tlsDetails"))
	}
	b = appendOptional(b, "sessionCredentialFromConsole", e.SessionCredentialFromConsole)
	return append(b, '}')
}

// hasElements reports whether the record tells of a call's parameters and answer,
// if only that there are none. Published network activity and Insights events
// have neither member.
func (e *Event) hasElements() bool {
	switch e.EventCategory {
	case CategoryNetworkActivity, CategoryInsight:
		return len(e.RequestParameters) > 0 || len(e.ResponseElements) > 0
	}
	return true
}

func (r *Resource) appendJSON(b []byte) []byte {
	b = append(b, '{')
	b = appendOptional(b, "accountId", r.AccountID)
	b = appendOptional(b, "type", r.Type)
	b = appendOptional(b, "ARN", r.ARN)
	b = appendOptional(b, "ARNPrefix", r.ARNPrefix)
	return append(b, '}')
}

func (d *TLSDetails) appendJSON(b []byte) []byte {
	b = append(b, '{')
	b = appendOptional(b, "tlsVersion", d.TLSVersion)
	b = appendOptional(b, "cipherSuite", d.CipherSuite)
	b = appendOptional(b, "clientProvidedHostHeader", d.ClientProvidedHostHeader)
	b = appendOptional(b, "keyExchange", d.KeyExchange)
	return append(b, '}')
}

func (a *Addendum) appendJSON(b []byte) []byte {
	b = append(b, '{')
	b = appendMember(b, "reason", a.Reason)
	b = appendOptional(b, "updatedFields", a.UpdatedFields)
	b = appendOptional(b, "originalRequestID", a.OriginalRequestID)
	b = appendOptional(b, "originalEventID", a.OriginalEventID)
	return append(b, '}')
}

func (t Time) appendJSON(b []byte) []byte {
	return t.UTC().AppendFormat(b, `"2006-01-02T15:04:05Z"`)
}

func appendName(b []byte, name string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, name...)
	return append(b, '"', ':')
}

func appendMember(b []byte, name, value string) []byte {
	return AppendString(appendName(b, name), value)
}

func appendOptional(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendMember(b, name, value)
}

func appendOptionalBool(b []byte, name string, value *bool) []byte {
	switch {
	case value == nil:
		return b
	case *value:
		return append(appendName(b, name), "true"...)
	default:
		return append(appendName(b, name), "false"...)
	}
}

func appendOptionalRaw(b []byte, name string, raw json.RawMessage) []byte {
	if len(raw) == 0 {
		return b
	}
	return appendRaw(appendName(b, name), raw)
}

// appendRaw appends JSON that is already written. A record must stay on one
// line, so white space that holds a line break is taken out: inside a JSON
// string such a byte cannot occur.
func appendRaw(b []byte, raw json.RawMessage) []byte {
	if len(raw) == 0 {
		return append(b, "null"...)
	}
	if !bytes.ContainsAny(raw, "\n\r\t") {
		return append(b, raw...)
	}
	buf := bytes.NewBuffer(b)
	if err := json.Compact(buf, raw); err != nil {
		return append(b, "null"...)
	}
	return buf.Bytes()
}

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string. It escapes what JSON demands and
// the two line separators that break JavaScript, no more; bytes that are not
// UTF-8 become U+FFFD.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			b = append(b, s[start:i]...)
			b = appendEscape(b, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(append(b, s[start:i]...), `\ufffd`...)
			start = i + size
		case r == '\u2028' || r == '\u2029':
			b = append(append(b, s[start:i]...), `\u202`...)
			b = append(b, hexDigits[r&0xf])
			start = i + size
		}
		i += size
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	default:
		return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
	}
}
