package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// A segment file is a header, frames, and, once it is sealed, a table of the
// frames and a footer. Numbers are little-endian. The header:
//
//	 0  8  magic
//	 8  2  version, 1
//	10  1  1 if sealed
//	11  5  zero
//	16  8  number of the first record
//	24  8  when the segment began, nanoseconds since 1970
//	32 16  salt
//	48 32  running hash before the first record
//	80  8  where the frames of records begin
//	88 36  zero
//	124 4  CRC-32C of the 124 bytes before
//
// Before the frames of records there are carryFrames, which hold the intents that
// were open when the segment began. The table has for each frame of records the distance of its
// start from that of the one before (uvarint), its size (uvarint) and the number
// of its records (uvarint). The footer ends the file:
//
//	 0  8  magic
//	 8  8  where the table begins
//	16  8  number of the last record
//	24  8  time of the commit of the last record, nanoseconds since 1970
//	32 32  running hash after the last record
//	64  8  number of entries of the table
//	72 20  zero
//	92  4  CRC-32C of the salt, the table, and the 92 bytes before
const (
	headerMagic = "CAIRNSEG"
	footerMagic = "CAIRNEND"
	version     = 1
	headerLen   = 128
	footerLen   = 96

	segmentSuffix = ".seg"
	lockName      = "LOCK"
)

var (
	errBadHeader = errors.New("malformed segment header")
	errBadFooter = errors.New("malformed segment footer")
	errVersion   = errors.New("segment of an unknown version")
)

// segmentName is the file name of the segment that begins with a record.
func segmentName(first Seq) string { return fmt.Sprintf("%020d%s", first, segmentSuffix) }

func parseSegmentName(name string) (Seq, bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok || len(digits) != 20 {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	return Seq(n), err == nil && n > 0
}

type header struct {
	sealed   bool
	first    Seq
	created  time.Time
	salt     salt
	prevHash Hash
	// start is where the frames of records begin.
	start int64
}

func (h *header) encode() []byte {
	p := make([]byte, headerLen)
	le := binary.LittleEndian
	copy(p, headerMagic)
	le.PutUint16(p[8:], version)
	if h.sealed {
		p[10] = 1
	}
	le.PutUint64(p[16:], uint64(h.first))
	le.PutUint64(p[24:], uint64(h.created.UnixNano()))
	copy(p[32:], h.salt[:])
	copy(p[48:], h.prevHash[:])
	le.PutUint64(p[80:], uint64(h.start))
	le.PutUint32(p[124:], new(salt).crc(p[:124]))
	return p
}

func readHeader(r io.ReaderAt, want Seq) (header, error) {
	p := make([]byte, headerLen)
	if _, err := r.ReadAt(p, 0); err != nil {
		return header{}, shortAsTruncated(err)
	}
	le := binary.LittleEndian
	if string(p[:8]) != headerMagic {
		return header{}, errBadHeader
	}
	if le.Uint32(p[124:]) != new(salt).crc(p[:124]) {
		return header{}, fmt.Errorf("%w: %w", errBadHeader, errChecksum)
	}
	if v := le.Uint16(p[8:]); v != version {
		return header{}, fmt.Errorf("%w: %d", errVersion, v)
	}
	h := header{
		sealed:   p[10] == 1,
		first:    Seq(le.Uint64(p[16:])),
		created:  time.Unix(0, int64(le.Uint64(p[24:]))).UTC(),
		salt:     salt(p[32:48]),
		prevHash: Hash(p[48:80]),
		start:    int64(le.Uint64(p[80:])),
	}
	if h.start < headerLen {
		return header{}, errBadHeader
	}
	if h.first != want {
		return header{}, fmt.Errorf("%w: begins with record %d, its name says %d", errBadHeader, h.first, want)
	}
	return h, nil
}

// frameRef says where a frame of records is.
type frameRef struct {
	first Seq
	off   int64
	size  uint32
	count uint32
}

func (r *frameRef) end() Seq { return r.first + Seq(r.count) }

// tail is what the end of a sealed segment says of it.
type tail struct {
	frames     []frameRef
	end        int64 // of the frames
	last       Seq
	lastCommit time.Time
	hash       Hash
}

func (t *tail) encode(s *salt) []byte {
	var p []byte
	at := int64(headerLen)
	for _, f := range t.frames {
		p = binary.AppendUvarint(p, uint64(f.off-at))
		p = binary.AppendUvarint(p, uint64(f.size))
		p = binary.AppendUvarint(p, uint64(f.count))
		at = f.off
	}
	n := len(p)
	p = append(p, make([]byte, footerLen)...)
	foot := p[n:]
	le := binary.LittleEndian
	copy(foot, footerMagic)
	le.PutUint64(foot[8:], uint64(t.end))
	le.PutUint64(foot[16:], uint64(t.last))
	le.PutUint64(foot[24:], uint64(t.lastCommit.UnixNano()))
	copy(foot[32:], t.hash[:])
	le.PutUint64(foot[64:], uint64(len(t.frames)))
	le.PutUint32(foot[92:], s.crc(p[:n+92]))
	return p
}

// readTail reads the end of a sealed segment of the given size.
func readTail(r io.ReaderAt, size int64, h *header) (tail, error) {
	if size < headerLen+footerLen {
		return tail{}, errTruncated
	}
	foot := make([]byte, footerLen)
	if _, err := r.ReadAt(foot, size-footerLen); err != nil {
		return tail{}, shortAsTruncated(err)
	}
	le := binary.LittleEndian
	start := int64(le.Uint64(foot[8:]))
	if string(foot[:8]) != footerMagic || start < headerLen || start > size-footerLen {
		return tail{}, errBadFooter
	}
	p := make([]byte, size-start)
	if _, err := r.ReadAt(p, start); err != nil {
		return tail{}, shortAsTruncated(err)
	}
	if le.Uint32(p[len(p)-4:]) != h.salt.crc(p[:len(p)-4]) {
		return tail{}, fmt.Errorf("%w: %w", errBadFooter, errChecksum)
	}
	t := tail{
		end:        start,
		last:       Seq(le.Uint64(foot[16:])),
		lastCommit: time.Unix(0, int64(le.Uint64(foot[24:]))).UTC(),
		hash:       Hash(foot[32:64]),
	}
	err := t.parseTable(p[:len(p)-footerLen], le.Uint64(foot[64:]), h.first)
	return t, err
}

func (t *tail) parseTable(p []byte, n uint64, first Seq) error {
	// An entry takes three bytes at least.
	if n > uint64(len(p))/3 {
		return errBadFooter
	}
	t.frames = make([]frameRef, 0, n)
	at := int64(headerLen)
	for range n {
		var v [3]uint64
		for i := range v {
			x, k := binary.Uvarint(p)
			if k <= 0 {
				return errBadFooter
			}
			v[i], p = x, p[k:]
		}
		if v[0] > uint64(t.end) || v[1] > frameHeaderLen+maxFramePacked || v[2] > maxFrameRaw || v[2] == 0 {
			return errBadFooter
		}
		at += int64(v[0])
		if at+int64(v[1]) > t.end {
			return errBadFooter
		}
		t.frames = append(t.frames, frameRef{first: first, off: at, size: uint32(v[1]), count: uint32(v[2])})
		first += Seq(v[2])
	}
	if len(p) != 0 || t.last != first-1 {
		return errBadFooter
	}
	return nil
}

func shortAsTruncated(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errTruncated
	}
	return err
}
