package digest

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Verdict is what a Report comes to.
type Verdict int

const (
	// Proven: every digest and log file of the time asked for is there,
	// unchanged, and signed; where there are none, a recorded call says why.
	Proven Verdict = iota
	// Incomplete: nothing is wrong, but some of it is not proven or could not
	// be checked.
	Incomplete
	// Tampered: something is missing, changed, added or otherwise wrong.
	Tampered
)

func (v Verdict) String() string {
	return [...]string{"proven", "incomplete", "tampered"}[v]
}

// MarshalText writes the verdict as String does.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (v *Verdict) UnmarshalText(text []byte) error {
	for _, known := range []Verdict{Proven, Incomplete, Tampered} {
		if known.String() == string(text) {
			*v = known
			return nil
		}
	}
	return fmt.Errorf("there is no verdict %q", text)
}

// Kind is a kind of finding.
type Kind string

// What is found. The verdict that a finding of each kind leads to is with it;
// where two stand, the finding says which.
const (
	DigestMissing      Kind = "digest-missing"        // Tampered: the chain names it and it is not there
	DigestDamaged      Kind = "digest-damaged"        // Tampered: not gzip, not JSON, too large, or a member is missing
	DigestMoved        Kind = "digest-moved"          // Tampered: it says that it lies elsewhere
	DigestMisnamed     Kind = "digest-misnamed"       // Tampered: its name tells another account or time than it does
	DigestUnsigned     Kind = "digest-unsigned"       // Tampered: its metadata has no signature
	DigestSignature    Kind = "digest-signature"      // Tampered: the signature is not that of the digest
	DigestKeyUnknown   Kind = "digest-key-unknown"    // Tampered: the Region has no such key; Incomplete: none of its keys is known
	DigestKeyNotValid  Kind = "digest-key-not-valid"  // Tampered: the key was not in use at the time
	DigestAlgorithm    Kind = "digest-algorithm"      // Tampered: another algorithm than SHA-256 with RSA
	DigestReplaced     Kind = "digest-replaced"       // Tampered: the one after it was chained to another
	DigestOutsideChain Kind = "digest-outside-chain"  // Tampered: the chain passes it by
	DigestTimes        Kind = "digest-times"          // Tampered: it ends before it starts, or was made at no such time
	DigestEventTimes   Kind = "digest-event-times"    // Tampered: its oldest and newest event are not its log files'
	DigestOverlap      Kind = "digest-overlap"        // Tampered: it starts before the one before it ends
	ChainEndsEarly     Kind = "chain-ends-early"      // Tampered, Proven if a recorded call explains it
	ChainBegins        Kind = "chain-begins"          // Proven: the first digest, within the time asked for
	ChainGap           Kind = "chain-gap"             // Incomplete, Proven if a recorded call explains it; Tampered within a chain
	ChainMoved         Kind = "chain-moved"           // Proven: the trail delivers elsewhere now, and its chain was followed
	NoDigests          Kind = "no-digests"            // Tampered if the trail has them in other Regions, else Incomplete
	LogMissing         Kind = "log-missing"           // Tampered: a digest names it and it is not there
	LogChanged         Kind = "log-changed"           // Tampered: it has another hash
	LogDamaged         Kind = "log-damaged"           // Tampered: not gzip, not JSON, or too large
	LogAlgorithm       Kind = "log-algorithm"         // Tampered: its hash is not SHA-256
	LogMisnamed        Kind = "log-misnamed"          // Tampered: its digest is of another account or Region
	LogListedTwice     Kind = "log-listed-twice"      // Tampered: two digests of the trail name it
	LogUnnamed         Kind = "log-unnamed"           // Tampered: no digest names it
	LogEventTimes      Kind = "log-event-times"       // Tampered: its oldest and newest event are not as the digest says
	LogForeignRecords  Kind = "log-foreign-records"   // Tampered: records of another account or Region
	LogLate            Kind = "log-late"              // Incomplete: stored after the newest digest, with an older name, or perhaps named where nobody could look
	LogsUnproven       Kind = "logs-unproven"         // log files in a time without digests; as the time is judged
	LogsPending        Kind = "logs-pending"          // Proven: younger than the newest digest; Incomplete: of a time to come
	UnexpectedObject   Kind = "unexpected-object"     // Incomplete: among the digests or log files, and named like neither
	SignatureNotCopied Kind = "signature-not-in-copy" // Incomplete: the copy has no metadata and no later digest
	NotChecked         Kind = "not-checked"           // Incomplete: it could not be read
)

// Finding is one thing that is wrong, not proven or worth to know.
type Finding struct {
	Kind Kind `json:"kind"`
	// Verdict is the verdict that the finding leads to; Proven is a note.
	Verdict Verdict `json:"verdict"`
	Account string  `json:"account,omitempty"`
	Region  string  `json:"region,omitempty"`
	Trail   string  `json:"trail,omitempty"`
	// Bucket and Key name the file that it is about; Key is empty if it is
	// about a time.
	Bucket string `json:"bucket,omitempty"`
	Key    string `json:"key,omitempty"`
	// From and To bound the time that is not proven for it.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// Message is a sentence without the name of the file.
	Message string `json:"message"`
	// Cause is the recorded call that explains it.
	Cause *Change `json:"cause,omitempty"`
}

// Change is a recorded call that stops or changes a trail, in a log file that is
// proven.
type Change struct {
	EventName string    `json:"eventName"`
	EventTime time.Time `json:"eventTime"`
	EventID   string    `json:"eventID"`
	// Who is the ARN of the caller, if the record has it.
	Who    string `json:"who,omitempty"`
	Bucket string `json:"bucket"`
	Key    string `json:"key"`

	trail    trailARN
	settings settings // of UpdateTrail
	// named is when the digest ends that names the log file.
	named time.Time
}

// Interval is a time.
type Interval struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Counts are what was checked and found to be right.
type Counts struct {
	Digests  int   `json:"digests"`
	LogFiles int   `json:"logFiles"`
	Records  int   `json:"records"`
	Bytes    int64 `json:"bytes"` // of the log files, uncompressed
}

func (c *Counts) add(o Counts) {
	c.Digests += o.Digests
	c.LogFiles += o.LogFiles
	c.Records += o.Records
	c.Bytes += o.Bytes
}

// Chain is what was found of the digests of one trail, account and Region.
type Chain struct {
	Trail          string `json:"trail"`
	HomeRegion     string `json:"homeRegion"`
	OrganizationID string `json:"organizationId,omitempty"`
	Account        string `json:"account"`
	Region         string `json:"region"`
	Counts
	// Proven is the time whose log files are all there and unchanged.
	Proven []Interval `json:"proven"`
	// Newest is the newest digest that is proven. Who keeps its signature
	// elsewhere can tell later that it was deleted.
	Newest          string `json:"newest,omitempty"`
	NewestSignature string `json:"newestSignature,omitempty"`
}

// Report is the result of Verify. It is the same for the same archive.
type Report struct {
	Bucket string `json:"bucket"`
	Prefix string `json:"prefix,omitempty"`
	// Start and End are the time asked for; a zero Start is the beginning.
	Start   time.Time `json:"start,omitzero"`
	End     time.Time `json:"end"`
	Verdict Verdict   `json:"verdict"`
	Counts
	Chains   []Chain   `json:"chains"`
	Findings []Finding `json:"findings"`
}

func (r *Report) finish() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(
			-cmp.Compare(a.Verdict, b.Verdict),
			cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Trail, b.Trail),
			cmp.Compare(a.Key, b.Key), a.From.Compare(b.From), cmp.Compare(a.Kind, b.Kind),
		)
	})
	for _, f := range r.Findings {
		r.Verdict = max(r.Verdict, f.Verdict)
	}
	for i := range r.Chains {
		r.add(r.Chains[i].Counts)
		if r.Chains[i].Proven == nil {
			r.Chains[i].Proven = []Interval{}
		}
	}
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
}

// merge joins intervals that touch or overlap.
func merge(intervals []Interval) []Interval {
	slices.SortFunc(intervals, func(a, b Interval) int { return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To)) })
	var merged []Interval
	for _, i := range intervals {
		if n := len(merged); n > 0 && !i.From.After(merged[n-1].To) {
			if i.To.After(merged[n-1].To) {
				merged[n-1].To = i.To
			}
			continue
		}
		merged = append(merged, i)
	}
	return merged
}
