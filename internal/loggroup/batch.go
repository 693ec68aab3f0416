package loggroup

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/state"
)

// Limits of a Put (API Reference, PutLogEvents). EventOverhead is what each event
// counts beside its message.
const (
	MaxEvents     = 10_000
	MaxBytes      = 1 << 20
	EventOverhead = 26
	MaxSpan       = 24 * time.Hour
	MaxAge        = 14 * 24 * time.Hour
	MaxAhead      = 2 * time.Hour
)

// maxUnpacked is the most that a batch takes.
const maxUnpacked = 8 << 20

// Event is a log event.
type Event struct {
	Time     time.Time // in milliseconds
	Ingested time.Time
	Message  string
}

// Put adds events to a stream; they are in the order of their times and span
// MaxSpan at most. The error is ErrNoGroup or ErrNoStream where there is none.
func (s *Store) Put(in Scope, groupName, streamName string, now time.Time, events []Event) error {
	if len(events) == 0 {
		return nil
	}
	packed, bytes := s.pack(events, now)
	oldest, newest := events[0].Time, events[len(events)-1].Time
	return s.state.Update(func(tx *state.Tx) error {
		g, _, err := group(tx, in, groupName)
		if err != nil {
			return err
		}
		st, version, err := stream(tx, &g, streamName)
		if err != nil {
			return err
		}
		st.Batches++
		st.Bytes += bytes
		st.Stored = now
		if st.First.IsZero() || oldest.Before(st.First) {
			st.First = oldest
		}
		if newest.After(st.Last) {
			st.Last = newest
		}
		if _, err := streams.Update(tx, g.ID+":"+streamName, version, st); err != nil {
			return err
		}
		_, err = tx.Create(batches, batchKey(st.ID, oldest.UnixMilli(), st.Batches), packed)
		return err
	})
}

func batchKey(streamID string, oldest int64, number uint64) string {
	return fmt.Sprintf("%s:%016x:%016x", streamID, oldest, number)
}

// parseKey reads the key of a batch: the time of its oldest event, in
// milliseconds, and its number.
func parseKey(key string) (oldest int64, number uint64, err error) {
	_, rest, _ := strings.Cut(key, ":")
	if _, err := fmt.Sscanf(rest, "%016x:%016x", &oldest, &number); err != nil {
		return 0, 0, fmt.Errorf("read the name of the batch %s: %w", key, err)
	}
	return oldest, number, nil
}

// A batch is, big-endian: the time of its newest event (8 bytes), the time of
// ingestion (8), and packed by zstd, for each event the varint of its
// milliseconds after the event before, the uvarint of the message's length, and
// the message. The time of the oldest event is in the key.
const batchHeader = 16

func (s *Store) pack(events []Event, now time.Time) (packed []byte, size int64) {
	var raw []byte
	last := events[0].Time.UnixMilli()
	for _, e := range events {
		ms := e.Time.UnixMilli()
		raw = binary.AppendVarint(raw, ms-last)
		raw = binary.AppendUvarint(raw, uint64(len(e.Message)))
		raw = append(raw, e.Message...)
		last = ms
		size += int64(len(e.Message)) + EventOverhead
	}
	packed = binary.BigEndian.AppendUint64(nil, uint64(last))
	packed = binary.BigEndian.AppendUint64(packed, uint64(now.UnixMilli()))
	return s.packer.EncodeAll(raw, packed), size
}

// newest is the time of a batch's newest event, in milliseconds.
func newest(packed []byte) int64 {
	if len(packed) < batchHeader {
		return 0
	}
	return int64(binary.BigEndian.Uint64(packed))
}

var errBatch = errors.New("a batch of log events is damaged")

// unpack reads a batch whose oldest event is at a time, in milliseconds.
func (s *Store) unpack(packed []byte, oldest int64) ([]Event, error) {
	if len(packed) < batchHeader {
		return nil, errBatch
	}
	ingested := time.UnixMilli(int64(binary.BigEndian.Uint64(packed[8:]))).UTC()
	raw, err := s.opener.DecodeAll(packed[batchHeader:], nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBatch, err)
	}
	var events []Event
	for ms := oldest; len(raw) > 0; {
		after, n := binary.Varint(raw)
		if n <= 0 {
			return nil, errBatch
		}
		length, m := binary.Uvarint(raw[n:])
		if raw = raw[n:]; m <= 0 || length > uint64(len(raw)-m) {
			return nil, errBatch
		}
		ms += after
		raw = raw[m:]
		events = append(events, Event{
			Time: time.UnixMilli(ms).UTC(), Ingested: ingested, Message: string(raw[:length]),
		})
		raw = raw[length:]
	}
	return events, nil
}
