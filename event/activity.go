package event

import "encoding/json"

// ActivityVersion is the eventVersion of the records that Activity describes.
// AWS documents the field and not its value.
const ActivityVersion = "1.0"

// Activity is the record of something that a program outside AWS did and told
// of itself, by PutAuditEvents. The program's own words are in EventData, as it
// sent them; the rest is said by whoever took them in.
//
// Source: "CloudTrail Lake integrations event schema" in the CloudTrail User
// Guide. The order of the fields is the one shown there.
type Activity struct {
	EventVersion       string           `json:"eventVersion"`
	EventCategory      string           `json:"eventCategory"`
	EventType          string           `json:"eventType"`
	EventID            string           `json:"eventID"`
	EventTime          Time             `json:"eventTime"`
	AWSRegion          string           `json:"awsRegion"`
	RecipientAccountID string           `json:"recipientAccountId"`
	Metadata           ActivityMetadata `json:"metadata"`
	// EventData is a JSON object.
	EventData json.RawMessage `json:"eventData"`
}

// ActivityMetadata says how an activity came in.
type ActivityMetadata struct {
	IngestionTime Time   `json:"ingestionTime"`
	ChannelARN    string `json:"channelARN"`
}

// AppendJSON appends the record as one line of JSON. EventData must hold valid
// JSON or nothing.
func (a *Activity) AppendJSON(b []byte) []byte {
	b = append(b, '{')
	b = appendMember(b, "eventVersion", a.EventVersion)
	b = appendMember(b, "eventCategory", a.EventCategory)
	b = appendMember(b, "eventType", a.EventType)
	b = appendMember(b, "eventID", a.EventID)
	b = a.EventTime.appendJSON(appendName(b, "eventTime"))
	b = appendMember(b, "awsRegion", a.AWSRegion)
	b = appendMember(b, "recipientAccountId", a.RecipientAccountID)
	b = append(appendName(b, "metadata"), '{')
	b = a.Metadata.IngestionTime.appendJSON(appendName(b, "ingestionTime"))
	b = appendMember(b, "channelARN", a.Metadata.ChannelARN)
	b = append(b, '}')
	b = appendRaw(appendName(b, "eventData"), a.EventData)
	return append(b, '}')
}

// Attributes derives the lookup attributes: the name and the source that the
// program gave, the actor's principalId as the user's name, and the channel as
// a resource. LookupEvents of AWS does not show activities, so there is no rule
// of AWS's to follow. What cannot be read is absent.
func (a *Activity) Attributes() Attributes {
	told := members(a.EventData)
	return Attributes{
		EventID:     a.EventID,
		EventName:   text(told["eventName"]),
		EventSource: text(told["eventSource"]),
		Username:    text(members(told["userIdentity"])["principalId"]),
		Resources:   []LookupResource{{Type: "AWS::CloudTrail::Channel", Name: a.Metadata.ChannelARN}},
	}
}

// members returns the members of a JSON object, none of anything else. Unlike a
// struct's fields they are told apart by case.
func members(raw json.RawMessage) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	return m
}

// text returns a JSON string, "" for anything else.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}
