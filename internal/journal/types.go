package journal

import (
	"context"
	"iter"
	"time"
)

// Seq is the number of a record: dense, from 1, in order of commit.
type Seq uint64

// Kind says what a record is.
type Kind uint8

// Kinds of record. The numbers are on disk: do not change them.
const (
	// Event is something that happened.
	Event Kind = 1
	// Intent is something about to happen. It is open until a later record
	// settles it.
	Intent Kind = 2
)

// Record is what the journal keeps.
type Record struct {
	Kind Kind
	// Settles is the intent whose outcome this record tells, 0 for none.
	Settles Seq
	// Data is the record's content. The journal does not look into it. Callers
	// do not change it while an Append runs, nor what a read returned.
	Data []byte
}

// Entry is a record with its number.
type Entry struct {
	Seq Seq
	Record
}

// SegmentID names a segment: it is the number of its first record.
type SegmentID = Seq

// Hash is a value of the running hash.
type Hash [32]byte

// SegmentInfo describes a segment.
type SegmentInfo struct {
	ID SegmentID
	// Path is the segment's file. Whatever belongs to the segment (an index)
	// takes a name derived from it, by adding a suffix other than ".tmp".
	Path string
	// First and Last are the numbers of its records. Last is First-1 where there
	// are none.
	First, Last Seq
	// Sealed segments are immutable.
	Sealed bool
	// Bytes is what its file holds, without the space that is kept ahead.
	Bytes int64
	// Created is when the segment began, LastCommit when its last record was
	// committed (Created where there are none).
	Created, LastCommit time.Time
	// Hash is the running hash after the last record.
	Hash Hash
	// Damage is what is known to be wrong with it, a [*CorruptError]; nil if
	// nothing is.
	Damage error
}

// Indexer is told of every record. Open calls it from one goroutine; later
// Committed is called from one, and Seal and Removed, one at a time, from others
// beside it. These methods must not call the Journal; look-ups in the index may,
// at any time.
//
// An index holds record numbers only, never file offsets: segments are repacked.
//
// Open calls, for each segment from the oldest: Load if it is sealed, Committed
// (any number of times) if it is not. So an unsealed segment's index lives in
// memory, from Committed until Seal has returned nil, and what is on disk for a
// segment for which Load was not called is a leftover.
type Indexer interface {
	// Load takes the stored index of a sealed segment into use. If it returns an
	// error (there is none, it is damaged or of another version), Open calls
	// Seal for the segment, and fails if that fails.
	Load(ctx context.Context, seg SegmentInfo) error

	// Committed tells of records that have just become durable, in order:
	// recs[i] has the number first+i. They are readable already; their appends
	// return after Committed does, so it must be quick. recs and the Data in it
	// are not to be kept. Numbers are left out only where Open found records
	// that are damaged.
	Committed(seg SegmentID, first Seq, recs []Record)

	// Seal builds and durably stores the index of a segment that will not change
	// any more, from its records in order. It runs beside commits. When it
	// returns nil, the stored index is in use. The sealed file takes its place
	// afterwards, so after a crash Seal may come again for the same segment,
	// and replaces what is there. After an error it is called again later.
	Seal(ctx context.Context, seg SegmentInfo, recs iter.Seq2[Entry, error]) error

	// Removed tells that retention has dropped a segment: its index can go.
	Removed(seg SegmentInfo)
}

// NoIndex is an [Indexer] that does nothing.
type NoIndex struct{}

var _ Indexer = NoIndex{}

// Load does nothing.
func (NoIndex) Load(context.Context, SegmentInfo) error { return nil }

// Committed does nothing.
func (NoIndex) Committed(SegmentID, Seq, []Record) {}

// Seal does nothing.
func (NoIndex) Seal(context.Context, SegmentInfo, iter.Seq2[Entry, error]) error { return nil }

// Removed does nothing.
func (NoIndex) Removed(SegmentInfo) {}
