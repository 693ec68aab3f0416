package digest

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Kinds of file, which are folders of a trail's bucket.
const (
	KindLog             = "CloudTrail"
	KindInsight         = "CloudTrail-Insight"
	KindNetworkActivity = "CloudTrail-NetworkActivity"
	KindAggregated      = "CloudTrail-Aggregated"
	kindDigest          = "CloudTrail-Digest"
)

// Owner is what the names of log files and digests begin with.
type Owner struct {
	// Prefix is the trail's, without slashes at its ends; usually empty.
	Prefix string
	// OrganizationID, as in o-exampleorgid, is only in organization trails.
	OrganizationID string
	// Account and Region are those of the events, and of who delivers them.
	Account, Region string
}

// root is the S3 prefix of all accounts' files, with a slash at its end.
func (o Owner) root() string {
	if o.Prefix == "" {
		return "AWSLogs/"
	}
	return o.Prefix + "/AWSLogs/"
}

// folder is the S3 prefix of a kind of file, with a slash at its end.
func (o Owner) folder(kind string) string {
	var b strings.Builder
	b.WriteString(o.root())
	for _, part := range []string{o.OrganizationID, o.Account, kind, o.Region} {
		if part != "" {
			b.WriteString(part)
			b.WriteByte('/')
		}
	}
	return b.String()
}

// LogFileKey is the name of a log file.
type LogFileKey struct {
	Owner
	// Kind is KindLog or another of the kinds.
	Kind string
	// Time is when the file was delivered, in whole minutes.
	Time time.Time
	// Unique tells apart the files of a minute: 16 letters and digits.
	Unique string
}

const (
	dayLayout     = "2006/01/02"
	logLayout     = "20060102T1504Z"
	digestLayout  = "20060102T150405Z"
	logFileSuffix = ".json.gz"
	backfillMark  = "_backfill"
)

// String is the S3 key.
func (k LogFileKey) String() string {
	t := k.Time.UTC()
	return fmt.Sprintf("%s%s/%s_%s_%s_%s_%s%s", k.folder(k.Kind), t.Format(dayLayout),
		k.Account, k.Kind, k.Region, t.Format(logLayout), k.Unique, logFileSuffix)
}

// DigestKey is the name of a digest.
type DigestKey struct {
	Owner
	Trail string
	// HomeRegion is the Region that the trail was made in.
	HomeRegion string
	// Time is the digest's end time, in whole seconds.
	Time time.Time
	// Backfill marks a digest that was delivered later than its time, beside
	// the chain of the others.
	Backfill bool
}

// String is the S3 key.
func (k DigestKey) String() string {
	t, backfill := k.Time.UTC(), ""
	if k.Backfill {
		backfill = backfillMark
	}
	return fmt.Sprintf("%s%s/%s_%s_%s_%s_%s_%s%s%s", k.folder(kindDigest), t.Format(dayLayout),
		k.Account, kindDigest, k.Region, k.Trail, k.HomeRegion, t.Format(digestLayout), backfill, logFileSuffix)
}

// keyPattern is the common form of the names: prefix, organization, account,
// kind, Region, day, and the rest of the file's name after those that repeat.
var keyPattern = regexp.MustCompile(`^(?:(.*)/)?AWSLogs/(?:(o-[a-z0-9]{1,32})/)?(\d{12})/(CloudTrail(?:-[A-Za-z]+)?)/` +
	`([a-z0-9-]+)/(\d{4}/\d\d/\d\d)/([^/]+)$`)

// maxKey is the longest name that S3 stores, in bytes.
const maxKey = 1024

// splitKey splits a name into owner, kind, day and what the file's own name
// says beyond them.
func splitKey(key string) (o Owner, kind, day, rest string, ok bool) {
	if len(key) > maxKey {
		return o, "", "", "", false
	}
	m := keyPattern.FindStringSubmatch(key)
	if m == nil {
		return o, "", "", "", false
	}
	o = Owner{Prefix: m[1], OrganizationID: m[2], Account: m[3], Region: m[5]}
	rest, begins := strings.CutPrefix(m[7], o.Account+"_"+m[4]+"_"+o.Region+"_")
	rest, ends := strings.CutSuffix(rest, logFileSuffix)
	return o, m[4], m[6], rest, begins && ends
}

// Older log files have no underscore before the unique part.
var logRest = regexp.MustCompile(`^(\d{8}T\d{4}Z)_?([A-Za-z0-9]{1,64})$`)

// ParseLogFileKey reads the name of a log file, of any kind, and says whether it
// is one.
func ParseLogFileKey(key string) (LogFileKey, bool) {
	o, kind, _, rest, ok := splitKey(key)
	m := logRest.FindStringSubmatch(rest)
	if !ok || m == nil || kind == kindDigest {
		return LogFileKey{}, false
	}
	t, err := time.Parse(logLayout, m[1])
	if err != nil {
		return LogFileKey{}, false
	}
	return LogFileKey{Owner: o, Kind: kind, Time: t, Unique: m[2]}, true
}

// A trail's name may have underscores; no Region's has.
var digestRest = regexp.MustCompile(`^([A-Za-z0-9._-]{1,128})_([a-z0-9-]+)_(\d{8}T\d{6}Z)$`)

// ParseDigestKey reads the name of a digest and says whether it is one. Its
// String is the name that was read.
func ParseDigestKey(key string) (DigestKey, bool) {
	o, kind, _, rest, ok := splitKey(key)
	rest, backfill := strings.CutSuffix(rest, backfillMark)
	m := digestRest.FindStringSubmatch(rest)
	if !ok || m == nil || kind != kindDigest {
		return DigestKey{}, false
	}
	t, err := time.Parse(digestLayout, m[3])
	if err != nil {
		return DigestKey{}, false
	}
	k := DigestKey{Owner: o, Trail: m[1], HomeRegion: m[2], Time: t, Backfill: backfill}
	return k, k.String() == key
}
