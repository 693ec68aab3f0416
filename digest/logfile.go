package digest

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	// MaxLogFile is the largest log file, uncompressed, in bytes, that is
	// read. AWS ends a file at 50 MB.
	MaxLogFile = 1 << 30
	// maxRecord is the largest record, in bytes: what is in memory of a log
	// file at a time.
	maxRecord = 64 << 20
)

var errTooLarge = errors.New("it is too large")

// ReadAll uncompresses a gzip file, up to limit bytes.
func ReadAll(r io.Reader, limit int64) ([]byte, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("uncompress: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(z, limit+1))
	if err != nil {
		return nil, fmt.Errorf("uncompress: %w", err)
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("uncompress: %w: more than %d bytes", errTooLarge, limit)
	}
	return raw, nil
}

// record is what is looked at of a record.
type record struct {
	EventTime          time.Time `json:"eventTime"`
	EventSource        string    `json:"eventSource"`
	EventName          string    `json:"eventName"`
	EventID            string    `json:"eventID"`
	ErrorCode          string    `json:"errorCode"`
	AWSRegion          string    `json:"awsRegion"`
	RecipientAccountID string    `json:"recipientAccountId"`
	UserIdentity       struct {
		ARN string `json:"arn"`
	} `json:"userIdentity"`
	RequestParameters json.RawMessage `json:"requestParameters"`
}

// logContents is what a log file has.
type logContents struct {
	hash    string
	size    int64
	damaged error // why its JSON is not a log file's
	records int
	// oldest and newest are zero if no record has a time.
	oldest, newest time.Time
	// foreign is the first record that the file's name does not cover.
	foreign string
	changes []Change
}

// readLogFile reads a log file, which name names, once and in pieces. The error
// says that it could not be read or uncompressed.
func readLogFile(body io.Reader, name LogFileKey) (logContents, error) {
	var c logContents
	z, err := gzip.NewReader(bufio.NewReaderSize(body, 64<<10))
	if err != nil {
		return c, fmt.Errorf("uncompress: %w", err)
	}
	hash := sha256.New()
	limited := &budget{r: io.TeeReader(z, hash), total: MaxLogFile, piece: maxRecord}
	c.damaged = c.scan(limited, name)
	// What the decoder left is still part of the hash.
	limited.piece = MaxLogFile
	limited.used = 0
	if _, err := io.Copy(io.Discard, limited); err != nil {
		return c, fmt.Errorf("uncompress: %w", err)
	}
	c.size = MaxLogFile - limited.total
	c.hash = hex.EncodeToString(hash.Sum(nil))
	return c, nil
}

// budget ends reading after total bytes, and after piece bytes since used was
// last set to zero.
type budget struct {
	r           io.Reader
	total       int64
	piece, used int64
}

func (b *budget) Read(p []byte) (int, error) {
	if b.used >= b.piece {
		return 0, errTooLarge
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.piece-b.used)])
	b.used += int64(n)
	if b.total -= int64(n); b.total < 0 {
		return n, errTooLarge
	}
	return n, err
}

// scan reads {"Records":[…]} record by record.
func (c *logContents) scan(limited *budget, name LogFileKey) error {
	d := json.NewDecoder(limited)
	if err := expect(d, json.Delim('{')); err != nil {
		return err
	}
	seen := false
	for d.More() {
		member, err := d.Token()
		if err != nil {
			return err
		}
		if member != "Records" {
			if err := d.Decode(new(json.RawMessage)); err != nil {
				return err
			}
			continue
		}
		if seen {
			return errors.New("it has Records twice")
		}
		seen = true
		if err := expect(d, json.Delim('[')); err != nil {
			return err
		}
		for d.More() {
			var r record
			if err := d.Decode(&r); err != nil {
				return err
			}
			limited.used = 0
			c.add(&r, name)
		}
		if err := expect(d, json.Delim(']')); err != nil {
			return err
		}
	}
	if err := expect(d, json.Delim('}')); err != nil {
		return err
	}
	if !seen {
		return errors.New("it has no Records")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows its Records")
	}
	return nil
}

func expect(d *json.Decoder, want json.Delim) error {
	got, err := d.Token()
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%v where %v has to be", got, want)
	}
	return nil
}

func (c *logContents) add(r *record, name LogFileKey) {
	c.records++
	if at := r.EventTime.UTC().Truncate(time.Second); !r.EventTime.IsZero() {
		if c.oldest.IsZero() || at.Before(c.oldest) {
			c.oldest = at
		}
		if at.After(c.newest) {
			c.newest = at
		}
	}
	if c.foreign == "" {
		switch {
		case r.RecipientAccountID != "" && r.RecipientAccountID != name.Account:
			c.foreign = fmt.Sprintf("record %s is of account %s", r.EventID, r.RecipientAccountID)
		case r.AWSRegion != "" && r.AWSRegion != name.Region:
			c.foreign = fmt.Sprintf("record %s is of Region %s", r.EventID, r.AWSRegion)
		}
	}
	if change, ok := r.change(name); ok {
		c.changes = append(c.changes, change)
	}
}

// unknownOutcome is what Cairn writes, after its next start, of a call in which it
// was killed.
const unknownOutcome = "OutcomeUnknown"

// change says whether a record is that of a call after which a trail may be
// without digests.
func (r *record) change(name LogFileKey) (Change, bool) {
	if r.EventSource != "cloudtrail.amazonaws.com" || r.ErrorCode != "" && r.ErrorCode != unknownOutcome {
		return Change{}, false
	}
	switch r.EventName {
	case "StopLogging", "DeleteTrail", "UpdateTrail":
	default:
		return Change{}, false
	}
	var parameters struct {
		Name string `json:"name"`
		settings
	}
	if json.Unmarshal(r.RequestParameters, &parameters) != nil || parameters.Name == "" {
		return Change{}, false
	}
	given := parameters.settings
	if r.EventName == "UpdateTrail" && given == (settings{}) {
		return Change{}, false
	}
	trail := trailARN{trailID: trailID{name: parameters.Name, home: name.Region}, account: name.Account}
	if arn, ok := parseTrailARN(parameters.Name); ok {
		trail = arn
	}
	return Change{
		EventName: r.EventName, EventTime: r.EventTime.UTC(), EventID: r.EventID, Who: r.UserIdentity.ARN,
		trail: trail, settings: given,
	}, true
}

// settings are those that a call of UpdateTrail names and after which there may be
// no digests where there were some.
type settings struct {
	Validation   *bool   `json:"enableLogFileValidation"`
	MultiRegion  *bool   `json:"isMultiRegionTrail"`
	Organization *bool   `json:"isOrganizationTrail"`
	Bucket       *string `json:"s3BucketName"`
	Prefix       *string `json:"s3KeyPrefix"`
}

// ends says whether the call can be why a chain has no digests after one. Many
// clients name all settings in every call; one that is as it was is no reason.
func (c *Change) ends(h *chain, last *node) bool {
	if c.EventName != "UpdateTrail" {
		return true
	}
	off := func(b *bool) bool { return b != nil && !*b }
	s := c.settings
	return off(s.Validation) || off(s.MultiRegion) && h.Region != h.trail.home || off(s.Organization) && h.OrganizationID != "" ||
		s.Bucket != nil && *s.Bucket != last.bucket || s.Prefix != nil && strings.Trim(*s.Prefix, "/") != last.name.Prefix
}

// trailID names a trail among those of an account.
type trailID struct{ name, home string }

type trailARN struct {
	trailID
	account string
}

func parseTrailARN(s string) (trailARN, bool) {
	parts := strings.Split(s, ":")
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "cloudtrail" {
		return trailARN{}, false
	}
	name, ok := strings.CutPrefix(parts[5], "trail/")
	return trailARN{trailID: trailID{name: name, home: parts[3]}, account: parts[4]}, ok && name != ""
}
