package digest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// The algorithms that digests name. There are no others: a digest that names
// another one is not to be trusted.
const (
	SignatureAlgorithm = "SHA256withRSA"
	HashAlgorithm      = "SHA-256"
)

// MaxSize is the largest digest, uncompressed, in bytes, that Parse reads. It
// is room for forty thousand log files.
const MaxSize = 16 << 20

// timeLayout is how a digest writes a moment. The signature covers the text of
// the end time, so no other spelling of it can be right.
const timeLayout = "2006-01-02T15:04:05Z"

// Digest is the contents of a digest file. Times are whole seconds.
type Digest struct {
	AccountID string
	// StartTime and EndTime bound the time in which the log files were
	// delivered. The next digest of a chain starts where this one ends.
	StartTime, EndTime time.Time
	// Bucket and Key are where the digest itself is stored.
	Bucket, Key string
	// KeyFingerprint names the public key that checks the signature.
	KeyFingerprint string
	// SignatureAlgorithm is SignatureAlgorithm, or the digest is not valid.
	SignatureAlgorithm string
	// NewestEvent and OldestEvent are those of all the log files; both are
	// zero if there are none.
	NewestEvent, OldestEvent time.Time
	// Previous is nil in a starting digest: the first of a trail, or the first
	// after logging or validation was switched on again.
	Previous *Previous
	LogFiles []LogFile
}

// Previous names the digest before another one.
type Previous struct {
	Bucket, Key string
	// Hash is the hash of its uncompressed bytes, in hex.
	Hash          string
	HashAlgorithm string
	// Signature is its signature, in hex.
	Signature string
}

// LogFile is what a digest says of a log file.
type LogFile struct {
	Bucket, Key string
	// Hash is the hash of its uncompressed bytes, in hex.
	Hash          string
	HashAlgorithm string
	// NewestEvent and OldestEvent are the times of its records.
	NewestEvent, OldestEvent time.Time
}

// digestJSON is the form of a digest file. The order of the members is that in
// which AWS writes them.
type digestJSON struct {
	AccountID          *string        `json:"awsAccountId"`
	StartTime          *string        `json:"digestStartTime"`
	EndTime            *string        `json:"digestEndTime"`
	Bucket             *string        `json:"digestS3Bucket"`
	Key                *string        `json:"digestS3Object"`
	KeyFingerprint     *string        `json:"digestPublicKeyFingerprint"`
	SignatureAlgorithm *string        `json:"digestSignatureAlgorithm"`
	NewestEvent        *string        `json:"newestEventTime"`
	OldestEvent        *string        `json:"oldestEventTime"`
	PreviousBucket     *string        `json:"previousDigestS3Bucket"`
	PreviousKey        *string        `json:"previousDigestS3Object"`
	PreviousHash       *string        `json:"previousDigestHashValue"`
	PreviousAlgorithm  *string        `json:"previousDigestHashAlgorithm"`
	PreviousSignature  *string        `json:"previousDigestSignature"`
	LogFiles           *[]logFileJSON `json:"logFiles"`
}

type logFileJSON struct {
	Bucket        *string `json:"s3Bucket"`
	Key           *string `json:"s3Object"`
	Hash          *string `json:"hashValue"`
	HashAlgorithm *string `json:"hashAlgorithm"`
	NewestEvent   *string `json:"newestEventTime"`
	OldestEvent   *string `json:"oldestEventTime"`
}

// Encode returns the digest file's uncompressed bytes, which are what Sign
// signs. They are the same for the same digest.
func (d *Digest) Encode() ([]byte, error) {
	w := digestJSON{
		AccountID:          &d.AccountID,
		StartTime:          formatTime(d.StartTime),
		EndTime:            formatTime(d.EndTime),
		Bucket:             &d.Bucket,
		Key:                &d.Key,
		KeyFingerprint:     &d.KeyFingerprint,
		SignatureAlgorithm: &d.SignatureAlgorithm,
		NewestEvent:        formatTime(d.NewestEvent),
		OldestEvent:        formatTime(d.OldestEvent),
	}
	if p := d.Previous; p != nil {
		w.PreviousBucket, w.PreviousKey = &p.Bucket, &p.Key
		w.PreviousHash, w.PreviousAlgorithm, w.PreviousSignature = &p.Hash, &p.HashAlgorithm, &p.Signature
	}
	files := make([]logFileJSON, len(d.LogFiles))
	for i := range d.LogFiles {
		f := &d.LogFiles[i]
		files[i] = logFileJSON{
			Bucket: &f.Bucket, Key: &f.Key, Hash: &f.Hash, HashAlgorithm: &f.HashAlgorithm,
			NewestEvent: formatTime(f.NewestEvent), OldestEvent: formatTime(f.OldestEvent),
		}
	}
	w.LogFiles = &files
	if _, err := w.digest(); err != nil {
		return nil, fmt.Errorf("encode a digest: %w", err)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // keys are written as they are
	if err := e.Encode(w); err != nil {
		return nil, fmt.Errorf("encode a digest: %w", err)
	}
	if b.Len() > MaxSize {
		return nil, fmt.Errorf("encode a digest: it has %d bytes, more than %d", b.Len(), MaxSize)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Parse reads the uncompressed bytes of a digest file. All members that a
// verifier relies on must be there and well-formed; others are ignored. That
// the algorithms are the right ones is for the verifier to say.
func Parse(raw []byte) (*Digest, error) {
	if len(raw) > MaxSize {
		return nil, fmt.Errorf("parse a digest: it has %d bytes, more than %d", len(raw), MaxSize)
	}
	var w digestJSON
	if err := json.Unmarshal(raw, &w); err != nil {
		return nil, fmt.Errorf("parse a digest: %w", err)
	}
	d, err := w.digest()
	if err != nil {
		return nil, fmt.Errorf("parse a digest: %w", err)
	}
	return d, nil
}

func (w *digestJSON) digest() (*Digest, error) {
	var m members
	d := &Digest{
		AccountID:          m.text("awsAccountId", w.AccountID),
		StartTime:          m.time("digestStartTime", w.StartTime),
		EndTime:            m.time("digestEndTime", w.EndTime),
		Bucket:             m.text("digestS3Bucket", w.Bucket),
		Key:                m.text("digestS3Object", w.Key),
		KeyFingerprint:     m.text("digestPublicKeyFingerprint", w.KeyFingerprint),
		SignatureAlgorithm: m.text("digestSignatureAlgorithm", w.SignatureAlgorithm),
		NewestEvent:        m.optionalTime("newestEventTime", w.NewestEvent),
		OldestEvent:        m.optionalTime("oldestEventTime", w.OldestEvent),
	}
	// A digest is a starting one or names its predecessor; nothing in between.
	if w.PreviousBucket != nil || w.PreviousKey != nil || w.PreviousHash != nil || w.PreviousSignature != nil {
		d.Previous = &Previous{
			Bucket:        m.text("previousDigestS3Bucket", w.PreviousBucket),
			Key:           m.text("previousDigestS3Object", w.PreviousKey),
			Hash:          m.text("previousDigestHashValue", w.PreviousHash),
			HashAlgorithm: m.text("previousDigestHashAlgorithm", w.PreviousAlgorithm),
			Signature:     m.text("previousDigestSignature", w.PreviousSignature),
		}
	}
	if w.LogFiles == nil {
		m.fail("logFiles", errors.New("is missing"))
		return nil, m.err
	}
	for i := range *w.LogFiles {
		f := &(*w.LogFiles)[i]
		d.LogFiles = append(d.LogFiles, LogFile{
			Bucket:        m.text("s3Bucket", f.Bucket),
			Key:           m.text("s3Object", f.Key),
			Hash:          m.text("hashValue", f.Hash),
			HashAlgorithm: m.text("hashAlgorithm", f.HashAlgorithm),
			NewestEvent:   m.optionalTime("newestEventTime", f.NewestEvent),
			OldestEvent:   m.optionalTime("oldestEventTime", f.OldestEvent),
		})
	}
	if m.err != nil {
		return nil, m.err
	}
	return d, nil
}

// members reads the members of a digest and keeps the first error.
type members struct{ err error }

func (m *members) fail(name string, err error) {
	if m.err == nil {
		m.err = fmt.Errorf("%s %w", name, err)
	}
}

func (m *members) text(name string, s *string) string {
	if s == nil || *s == "" {
		m.fail(name, errors.New("is missing"))
		return ""
	}
	return *s
}

func (m *members) time(name string, s *string) time.Time {
	if s == nil {
		m.fail(name, errors.New("is missing"))
		return time.Time{}
	}
	return m.optionalTime(name, s)
}

func (m *members) optionalTime(name string, s *string) time.Time {
	if s == nil {
		return time.Time{}
	}
	t, err := time.Parse(timeLayout, *s)
	if err != nil || t.Format(timeLayout) != *s || t.IsZero() {
		m.fail(name, fmt.Errorf("is %q, not a time as in %s", *s, timeLayout))
	}
	return t
}

// formatTime writes a moment, and the zero one as null.
func formatTime(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format(timeLayout)
	return &s
}
