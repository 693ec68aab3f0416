// Package channel keeps the channels of CloudTrail: the ways in for what
// programs outside AWS tell of themselves. A channel belongs to an account and a
// Region.
//
// AWS's channels lead to event data stores of CloudTrail Lake. Cairn has one
// store, the event history, and no others: whatever destinations a channel
// names stand for it, and are kept to be shown again.
package channel

import (
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/region"
)

// MaxChannels is how many channels an account can have in a Region ("Quotas in
// AWS CloudTrail").
const MaxChannels = 25

// Channel is a way in. What its members may be is for the API to say.
type Channel struct {
	// AccountID, Region and ID make the ARN. ID is a UUID.
	AccountID    string        `json:"accountId"`
	Region       string        `json:"region"`
	ID           string        `json:"id"`
	Name         string        `json:"name"`
	Source       string        `json:"source"`
	Destinations []Destination `json:"destinations"`
	Tags         []Tag         `json:"tags,omitempty"`
	// Policy is the channel's resource policy, a JSON document, or "".
	Policy  string    `json:"policy,omitempty"`
	Created time.Time `json:"created"`
}

// Destination is where the events of a channel are said to go.
type Destination struct {
	Type     string `json:"type"`
	Location string `json:"location"`
}

// Tag is a label. Value is empty where only the key was given.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value,omitempty"`
}

// ARN names the channel everywhere.
func (c *Channel) ARN() string { return c.Reference().ARN() }

// Reference is how a call names a channel: by its ARN, or by the id that ends
// the ARN. AccountID and Region are those of the call where it gives the id.
type Reference struct{ AccountID, Region, ID string }

// ARN is that of the channel that has the reference.
func (r Reference) ARN() string {
	return "arn:" + region.Partition(r.Region) + ":cloudtrail:" + r.Region + ":" + r.AccountID + ":channel/" + r.ID
}

// ParseReference reads an ARN or an id. It reports whether it has the form of
// one; the channel need not exist.
func ParseReference(s, accountID, inRegion string) (Reference, bool) {
	if !strings.HasPrefix(s, "arn:") {
		return Reference{accountID, inRegion, s}, isID(s)
	}
	parts := strings.Split(s, ":")
	if len(parts) != 6 || parts[1] != region.Partition(parts[3]) || parts[2] != "cloudtrail" {
		return Reference{}, false
	}
	id, ok := strings.CutPrefix(parts[5], "channel/")
	if !ok || !isID(id) || !isAccount(parts[4]) || !isWord(parts[3]) {
		return Reference{}, false
	}
	return Reference{AccountID: parts[4], Region: parts[3], ID: id}, true
}

// isID takes more than UUIDs, as AWS's documentation shows them shortened.
func isID(s string) bool { return len(s) <= 64 && isWord(s) }

func isWord(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}

func isAccount(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789") == "" }
