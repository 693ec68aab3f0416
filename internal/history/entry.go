package history

import (
	"fmt"
	"time"

	"github.com/cairn-audit/cairn/internal/journal"
)

// Entry is an event as the journal keeps it: the record and what it is found by.
type Entry struct {
	Seq journal.Seq // place in the journal; not part of the encoded form

	Time     time.Time // the record's eventTime, in whole seconds, UTC
	Account  string    // recipientAccountId
	Region   string    // awsRegion
	Category Category
	Attributes

	JSON []byte // the CloudTrail record
}

// Attributes are what LookupEvents finds an event by; an empty one finds
// nothing. They are stored beside the record, so that an event stays findable as
// it was when the rules of their extraction change, and an index can be rebuilt
// without reading JSON.
type Attributes struct {
	EventID     string
	EventName   string
	ReadOnly    string // "true", "false" or empty
	Username    string
	EventSource string
	AccessKeyID string
	Resources   []Resource
}

// Resource is a resource of LookupEvents.
type Resource struct {
	Type string // AWS::IAM::Role
	Name string
}

// Category is the class of an event. Its numbers are on disk: add at the end.
type Category uint8

// Categories of event.
const (
	Management Category = iota + 1
	Data
	NetworkActivity
	Insight
	ActivityAuditLog
	endOfCategories
)

var categoryNames = [...]string{
	Management: "Management", Data: "Data", NetworkActivity: "NetworkActivity", Insight: "Insight",
	ActivityAuditLog: "ActivityAuditLog",
}

// String returns the eventCategory of the record.
func (c Category) String() string {
	if c.valid() {
		return categoryNames[c]
	}
	return fmt.Sprintf("Category(%d)", uint8(c))
}

// ParseCategory is the reverse of String.
func ParseCategory(eventCategory string) (Category, error) {
	for c := Management; c < endOfCategories; c++ {
		if categoryNames[c] == eventCategory {
			return c, nil
		}
	}
	return 0, fmt.Errorf("unknown eventCategory %q", eventCategory)
}

func (c Category) valid() bool { return c >= Management && c < endOfCategories }

// Limits of an entry.
const (
	// MaxValue is the length in bytes of the longest attribute that is kept: a
	// lookup may name 2,000 characters, of at most four bytes each.
	MaxValue = 8000
	// MaxResources is how many resources of an event are kept; the record has
	// them all.
	MaxResources = 512

	maxScope = 255 // bytes of an account or a Region

	// The seconds of the years 0 to 9999, which RFC 3339 can write.
	minSeconds = -62167219200
	maxSeconds = 253402300799
)

// Encode returns the journal's form of an entry. Attributes longer than MaxValue,
// an account or a Region of more than 255 bytes and resources beyond MaxResources
// are left out, because no lookup can name them and an event must not be refused
// for what a caller sent. An error is a mistake of ours: no category, a readOnly
// that is no truth value, a time outside the years 0 to 9999.
func (e *Entry) Encode() ([]byte, error) {
	seconds := e.Time.Unix()
	switch {
	case !e.Category.valid():
		return nil, fmt.Errorf("encoding event: %v", e.Category)
	case seconds < minSeconds || seconds > maxSeconds:
		return nil, fmt.Errorf("encoding event: time %v is outside the years 0 to 9999", e.Time)
	}
	readOnly, err := encodeReadOnly(e.ReadOnly)
	if err != nil {
		return nil, fmt.Errorf("encoding event: %w", err)
	}
	w := writer{make([]byte, 0, 256+len(e.JSON))}
	w.byte(entryVersion)
	w.byte(byte(e.Category))
	w.byte(readOnly)
	w.varint(seconds)
	w.value(e.Account, maxScope)
	w.value(e.Region, maxScope)
	for _, value := range []string{e.EventID, e.EventName, e.Username, e.EventSource, e.AccessKeyID} {
		w.value(value, MaxValue)
	}
	resources := e.Resources[:min(len(e.Resources), MaxResources)]
	w.uvarint(uint64(len(resources)))
	for _, r := range resources {
		w.value(r.Type, MaxValue)
		w.value(r.Name, MaxValue)
	}
	return append(w.b, e.JSON...), nil
}

// Decode reads the journal's form of an entry. The entry's JSON is a part of
// data, not a copy. Any input that Encode cannot have written is an error.
func Decode(data []byte) (Entry, error) {
	var h header
	if err := h.parse(data); err != nil {
		return Entry{}, fmt.Errorf("decoding event: %w", err)
	}
	e := Entry{
		Time:     time.Unix(h.seconds, 0).UTC(),
		Account:  string(h.account),
		Region:   string(h.region),
		Category: h.category,
		Attributes: Attributes{
			EventID:     string(h.eventID),
			EventName:   string(h.eventName),
			ReadOnly:    string(h.readOnly),
			Username:    string(h.username),
			EventSource: string(h.eventSource),
			AccessKeyID: string(h.accessKeyID),
		},
		JSON: h.json,
	}
	if len(h.resources) > 0 {
		e.Resources = make([]Resource, len(h.resources))
		for i, r := range h.resources {
			e.Resources[i] = Resource{Type: string(r.kind), Name: string(r.name)}
		}
	}
	return e, nil
}
