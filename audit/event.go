package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Event is something that a program did, or refused to do. Source, Name and
// Actor are required. The limits are CloudTrail's; lengths are in characters.
type Event struct {
	// ID identifies the event: 1 to 128 letters, digits, hyphens and
	// underscores. Where it is empty, one is made.
	ID string
	// Time is when it happened, to the second; now, where it is zero.
	Time time.Time
	// Source is the program, best by a domain name: "payments.example.com". It
	// cannot be one of AWS's. At most 1,024.
	Source string
	// Name is what was done: "RefundPayment". At most 1,024.
	Name string
	// Actor is who did it.
	Actor Actor
	// Version is that of the program's events, "1.0" where it is empty. At
	// most 256.
	Version string
	// UserAgent and SourceIP say with what and from where the actor asked for
	// it. SourceIP is an IPv4 or IPv6 address, UserAgent has at most 1,024.
	UserAgent, SourceIP string
	// Parameters, Response and Additional tell more. What they hold must become
	// JSON objects: structs or maps. Parameters and Response can have 100 KiB
	// of JSON, Additional 28 KiB. Put no secrets there.
	Parameters, Response, Additional any
	// ErrorCode and ErrorMessage say why it was refused or failed; empty if it
	// was done. At most 256 each.
	ErrorCode, ErrorMessage string
}

// Actor is who did something.
type Actor struct {
	// Type is what the actor is: "Employee", "CronJob". Required, at most 128.
	Type string
	// ID identifies the actor; events are found by it as their Username.
	// Required, at most 1,024.
	ID string
	// Details become a JSON object; nil is none.
	Details any
}

// defaultVersion is the version of events that name none.
const defaultVersion = "1.0"

// auditEvent is an element of the request.
type auditEvent struct {
	ID       string `json:"id"`
	Data     string `json:"eventData"`
	Checksum string `json:"eventDataChecksum"`
}

// size is what the event counts for in a request.
func (e *auditEvent) size() int { return len(e.ID) + len(e.Data) + len(e.Checksum) }

// eventData is the content of an event: "CloudTrail Lake integrations event
// schema" in the CloudTrail User Guide.
type eventData struct {
	Version             string          `json:"version"`
	UserIdentity        identity        `json:"userIdentity"`
	UserAgent           string          `json:"userAgent,omitempty"`
	EventSource         string          `json:"eventSource"`
	EventName           string          `json:"eventName"`
	EventTime           string          `json:"eventTime"`
	UID                 string          `json:"UID"`
	RequestParameters   json.RawMessage `json:"requestParameters,omitempty"`
	ResponseElements    json.RawMessage `json:"responseElements,omitempty"`
	ErrorCode           string          `json:"errorCode,omitempty"`
	ErrorMessage        string          `json:"errorMessage,omitempty"`
	SourceIPAddress     string          `json:"sourceIPAddress,omitempty"`
	RecipientAccountID  string          `json:"recipientAccountId"`
	AdditionalEventData json.RawMessage `json:"additionalEventData,omitempty"`
}

type identity struct {
	Type        string          `json:"type"`
	PrincipalID string          `json:"principalId"`
	Details     json.RawMessage `json:"details,omitempty"`
}

// encode makes the element of the request. It is not for the client to judge an
// event: what is wrong with it, the service says.
func (e Event) encode(accountID string, now time.Time) (auditEvent, error) {
	if e.ID == "" {
		e.ID = uuid.NewString()
	}
	if e.Time.IsZero() {
		e.Time = now
	}
	if e.Version == "" {
		e.Version = defaultVersion
	}
	data := eventData{
		Version: e.Version, UserIdentity: identity{Type: e.Actor.Type, PrincipalID: e.Actor.ID}, UserAgent: e.UserAgent,
		EventSource: e.Source, EventName: e.Name, EventTime: e.Time.UTC().Format(time.RFC3339), UID: e.ID,
		ErrorCode: e.ErrorCode, ErrorMessage: e.ErrorMessage, SourceIPAddress: e.SourceIP, RecipientAccountID: accountID,
	}
	for _, part := range []struct {
		name  string
		value any
		to    *json.RawMessage
	}{
		{"Actor.Details", e.Actor.Details, &data.UserIdentity.Details},
		{"Parameters", e.Parameters, &data.RequestParameters},
		{"Response", e.Response, &data.ResponseElements},
		{"Additional", e.Additional, &data.AdditionalEventData},
	} {
		var err error
		if *part.to, err = objectOf(part.value); err != nil {
			return auditEvent{}, fmt.Errorf("encode %s of event %s: %w", part.name, e.ID, err)
		}
	}
	b, err := marshal(&data)
	if err != nil {
		return auditEvent{}, fmt.Errorf("encode event %s: %w", e.ID, err)
	}
	sum := sha256.Sum256(b)
	return auditEvent{ID: e.ID, Data: string(b), Checksum: base64.StdEncoding.EncodeToString(sum[:])}, nil
}

// objectOf encodes a value that must be a JSON object; null is nothing.
func objectOf(v any) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	b, err := marshal(v)
	switch {
	case err != nil:
		return nil, err
	case string(b) == "null":
		return nil, nil
	case b[0] != '{':
		return nil, fmt.Errorf("%T is not a JSON object", v)
	}
	return b, nil
}

// marshal is json.Marshal that leaves <, > and & as they are: a record is to be
// read by people.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
