package delivery

import (
	"fmt"
	"time"

	"github.com/cairn-audit/cairn/digest"
	"github.com/cairn-audit/cairn/internal/journal"
	"github.com/cairn-audit/cairn/internal/state"
	"github.com/cairn-audit/cairn/internal/trail"
)

// What is kept in the state. Every key begins with the trail's ID and a slash,
// but those of a position and of losses, which are the ID alone, and of a horizon,
// which is the trail's ARN.
const (
	positions state.Kind[position]      = "trail-position"
	files     state.Kind[file]          = "trail-file"
	periods   state.Kind[period]        = "trail-period"
	delivered state.Kind[deliveredFile] = "trail-delivered"
	chains    state.Kind[chain]         = "trail-chain"
	digests   state.Kind[signedDigest]  = "trail-digest"
	notes     state.Kind[note]          = "trail-notification"
	statuses  state.Kind[trail.Status]  = "trail-status"
	losses    state.Kind[Losses]        = "trail-losses"
	horizons  state.Kind[horizon]       = "trail-digest-horizon"
)

// position is how far the worker of a trail has decided.
type position struct {
	// Next is the first record that nothing is decided about.
	Next journal.Seq
	// Made is the number of the last file, digest or period.
	Made uint64
	// Logging and Period are what the record before Next was taken under: a
	// Period of 0 is none, that is, no digests.
	Logging bool
	Period  uint64
	// Ending is set when logging or the period ends, until the event of the
	// call that ended it has come.
	Ending *ending
}

// ending is the time between a call that ends logging or validation and its own
// event, which still belongs to what has ended.
type ending struct {
	From  journal.Seq
	By    string // the call's request id
	Until time.Time
}

// Losses count what a trail will never deliver.
type Losses struct {
	// Records could not be read from the journal before anything was decided
	// about them. Some may not have been wanted.
	Records uint64
	// Files and Events were decided and then not delivered for 30 days.
	Files, Events uint64
	// Digests were not delivered for 30 days.
	Digests uint64
}

// file is a log file that is decided and not delivered.
type file struct {
	Bucket, Key, KMSKeyID string
	Account, Region       string
	// Period is that whose digests name the file; 0: none does.
	Period uint64
	// First is the first record of the file, Records the numbers of all.
	First   journal.Seq
	Records numbers
	Events  int
	// Hash is that of the uncompressed bytes, in hex, Size their number.
	Hash           string
	Size           int64
	Oldest, Newest time.Time
	Decided        time.Time
}

// deliveredFile is a file that the next digest of its chain will name.
type deliveredFile struct {
	File digest.LogFile
	At   time.Time
}

// period is a time in which a trail logs and validates.
type period struct {
	Number uint64
	// Start is where the next digests begin.
	Start time.Time
	// End is where the last digests end, zero while the period goes on.
	End time.Time
}

// chain is the digests of an account and Region in a period.
type chain struct {
	Account, Region string
	Previous        *digest.Previous
}

// signedDigest is a digest that is decided and not delivered.
type signedDigest struct {
	Bucket, Key, KMSKeyID string
	Account, Region       string
	Body                  []byte // gzip
	Signature             string
	Decided               time.Time
}

// note is a notification of a delivered file that is not sent.
type note struct {
	Topic, Bucket, Key, Region string
	At                         time.Time
}

// horizon is where the digests of the trail that has a name have come to. It
// outlives the trail, so that the digests of the next one with that name never
// take the place of another's.
type horizon struct {
	ID  string
	End time.Time
}

// after is a moment at which digests of a trail may begin: not before another
// trail of its name has ended, which can happen after it began itself.
func (h *horizon) after(id string, start time.Time) time.Time {
	if h.ID != id && h.End.After(start) {
		return h.End
	}
	return start
}

// fileKey, and those that follow, sort by the order in which things were made.
func fileKey(id string, n uint64) string   { return fmt.Sprintf("%s/%016x", id, n) }
func periodKey(id string, n uint64) string { return fileKey(id, n) }

// chainKey names a chain, and with a slash and more what belongs to it.
func chainKey(id string, period uint64, account, region string) string {
	return fmt.Sprintf("%s/%016x/%s/%s", id, period, account, region)
}

func statusKey(id, region string) string { return id + "/" + region }
