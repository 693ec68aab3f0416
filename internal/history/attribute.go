package history

import "fmt"

// Attribute says by what a lookup finds events. Its numbers are hashed into
// index files.
type Attribute uint8

// The attributes of LookupEvents, and Any, which finds every event.
const (
	Any Attribute = iota
	EventID
	EventName
	ReadOnly
	Username
	ResourceType
	ResourceName
	EventSource
	AccessKeyID
	endOfAttributes
)

var attributeNames = [...]string{
	Any: "Any", EventID: "EventId", EventName: "EventName", ReadOnly: "ReadOnly", Username: "Username",
	ResourceType: "ResourceType", ResourceName: "ResourceName", EventSource: "EventSource", AccessKeyID: "AccessKeyId",
}

// String returns the AttributeKey of LookupEvents.
func (a Attribute) String() string {
	if a < endOfAttributes {
		return attributeNames[a]
	}
	return fmt.Sprintf("Attribute(%d)", uint8(a))
}

// ParseAttribute returns the attribute of an AttributeKey, which is
// case-sensitive.
func ParseAttribute(key string) (Attribute, error) {
	for a := EventID; a < endOfAttributes; a++ {
		if attributeNames[a] == key {
			return a, nil
		}
	}
	return 0, fmt.Errorf("unknown attribute key %q", key)
}

// Has says whether a lookup by an attribute and its value finds the entry. The
// value is compared whole and exactly.
func (e *Entry) Has(a Attribute, value string) bool {
	if a == Any {
		return true
	}
	if value == "" {
		return false
	}
	switch a {
	case EventID:
		return e.EventID == value
	case EventName:
		return e.EventName == value
	case ReadOnly:
		return e.ReadOnly == value
	case Username:
		return e.Username == value
	case EventSource:
		return e.EventSource == value
	case AccessKeyID:
		return e.AccessKeyID == value
	}
	for _, r := range e.Resources {
		if a == ResourceType && r.Type == value || a == ResourceName && r.Name == value {
			return true
		}
	}
	return false
}
