// Package trail is what accounts have asked to be delivered where: trails, their
// selectors, and what becomes of them. The work is done below it: package
// delivery brings log files and digests to S3.
package trail

import (
	"crypto/sha256"
	"regexp"
	"time"

	"github.com/cairn-audit/cairn/internal/region"
	"github.com/cairn-audit/cairn/internal/trail/selector"
)

// Trail is a trail as it is now.
type Trail struct {
	// ID tells a trail from another that has, or had, its name.
	ID                          string
	AccountID, HomeRegion, Name string
	Created                     time.Time

	// Where it delivers to; "" is nowhere, but for Bucket, which each has.
	Bucket, Prefix           string
	TopicARN                 string
	TopicName                string // the topic as the caller named it, which answers show again
	LogGroupARN, LogsRoleARN string
	KMSKeyID                 string

	// Validation says whether digests are delivered.
	Validation bool
	Scope
	// Logging says whether events are delivered at all.
	Logging          bool
	Started, Stopped time.Time // the last StartLogging and StopLogging

	Insights     []Insight
	Aggregations []Aggregation
	Tags         []Tag

	// OrganizationID is that of the organization whose accounts an
	// organization trail covers.
	OrganizationID string

	// Deleted is when DeleteTrail was called, zero if it was not. A deleted
	// trail is no longer to be seen, and lives on until what it still has to
	// deliver is delivered.
	Deleted time.Time

	// Epochs say what the trail wants of each record of the journal, oldest
	// first; the last goes on. They are what delivery follows: a change of
	// the settings never concerns events that are older than it.
	Epochs []Epoch
}

// Scope says which events a trail is about.
type Scope struct {
	MultiRegion, GlobalServiceEvents, Organization bool
	Selectors                                      selector.Set
}

// Ref is what a trail that is not deleted is found by.
type Ref struct{ AccountID, HomeRegion, Name string }

// Ref names the trail.
func (t *Trail) Ref() Ref { return Ref{t.AccountID, t.HomeRegion, t.Name} }

// ARN is the trail's.
func (t *Trail) ARN() string { return t.Ref().ARN() }

// ARN is that of the trail that has the reference.
func (r Ref) ARN() string {
	return "arn:" + region.Partition(r.HomeRegion) + ":cloudtrail:" + r.HomeRegion + ":" + r.AccountID + ":trail/" + r.Name
}

var arnForm = regexp.MustCompile(`^arn:(aws[a-z-]*):cloudtrail:([a-z0-9-]+):([0-9]{12}):trail/(.+)$`)

// ParseARN reads a trail's ARN. It reports whether it has the form of one; the
// name in it may be one that no trail can have.
func ParseARN(arn string) (Ref, bool) {
	m := arnForm.FindStringSubmatch(arn)
	if m == nil || m[1] != region.Partition(m[2]) {
		return Ref{}, false
	}
	return Ref{AccountID: m[3], HomeRegion: m[2], Name: m[4]}, true
}

// OrganizationID is the id of the organization that an account manages. Each
// account has one of its own, always the same.
func OrganizationID(managementAccount string) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	sum := sha256.Sum256([]byte("organization of " + managementAccount))
	id := []byte("o-")
	for _, b := range sum[:10] {
		id = append(id, letters[int(b)%len(letters)])
	}
	return string(id)
}

// Tag is a tag of a trail.
type Tag struct{ Key, Value string }

// Insight is what PutInsightSelectors stores.
type Insight struct {
	Type       string
	Categories []string `json:",omitempty"`
}

// Aggregation is what PutEventConfiguration stores.
type Aggregation struct {
	Category  string
	Templates []string
}

// Status is what GetTrailStatus tells of a trail in a Region, beside the
// settings. A zero time is one that has not come.
type Status struct {
	Delivery, DeliveryAttempt         time.Time
	Notification, NotificationAttempt time.Time
	Digest, Logs                      time.Time
	// The errors of the last attempts, in the destination's words
	// ("AccessDenied"); "" after a success.
	DeliveryError, NotificationError, DigestError, LogsError string
}
